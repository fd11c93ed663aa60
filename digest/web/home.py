"""The first page: what the newsletter is, its latest edition, and the form to get it."""

from __future__ import annotations

from flask import Blueprint, Response

from digest.adapters.store.archive import Headline, Listed
from digest.app import App
from digest.mailer.view import shown
from digest.model import Newsletter
from digest.web.dates import language_name, when_it_comes
from digest.web.pages import Pages
from digest.web.public import Card, Publisher, etag_of, kept_for, one_line

#: Headlines of the latest edition.
_SHOWN = 8


def blueprint(app: App, pages: Pages) -> Blueprint:
    """Return the first page."""
    part = Blueprint("home", __name__)
    publisher = Publisher(app, pages)

    def latest(newsletter: Newsletter) -> tuple[Listed, list[Headline]] | None:
        newest = publisher.archive.newest([newsletter.id], 1)
        if not newest:
            return None
        return newest[0], publisher.archive.headlines([newest[0].id])[newest[0].id]

    @part.get("/")
    def home() -> Response:
        newsletter = app.newsletter()
        language = pages.language(newsletter)
        title, tagline = shown(newsletter.title), shown(newsletter.tagline)
        found = latest(newsletter)
        others = [one for one in app.newsletters() if one.id != newsletter.id]
        page = publisher.page(
            "home.html.j2",
            newsletter,
            Card(title=title, description=one_line([tagline or title]), path="/"),
            tagline=tagline,
            when=when_it_comes(newsletter, language),
            written_in=language_name(language),
            edition=found and found[0],
            date=found and language.long_date(found[0].local_date),
            headlines=found[1][:_SHOWN] if found else [],
            others=[(one, shown(one.title), latest(one)) for one in others],
        )
        # The form may hold what is only for now.
        answer = kept_for(page, 0, etag_of(page.get_data()))
        answer.cache_control.no_cache = True
        return answer

    return part

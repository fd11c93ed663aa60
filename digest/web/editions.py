"""An edition in the browser: what the mail told, without anything that is a reader's own.

Emails lead here. What was composed and not sent is nobody's to read. Pictures and logos lie with others, and pages ask
nobody else for anything: they stay in the mail.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Response, abort

from digest.adapters.store.archive import Standing
from digest.app import App
from digest.mailer.harmless import NO_LINK, harmless_edition, harmless_newsletter, harmless_regions
from digest.mailer.view import EditionView, view_edition
from digest.model import Edition, Newsletter
from digest.web.pages import Pages
from digest.web.public import A_DAY, MINUTES, Card, PageCache, Publisher, one_line, sent_page


@dataclass(frozen=True, slots=True, kw_only=True)
class OnSite:
    """A story's own places on the site."""

    #: Where it stands in its edition's page; emails lead there.
    anchor: str
    #: Of the article that its headline comes from.
    language: str
    #: Its own page.
    path: str
    #: Where an earlier edition told of it; empty for none.
    told_path: str


def blueprint(app: App, pages: Pages) -> Blueprint:
    """Return the page of each opened edition."""
    part = Blueprint("editions", __name__)
    publisher, cache = Publisher(app, pages), PageCache()

    def render(standing: Standing, newsletter: Newsletter) -> Response:
        edition = told_edition(publisher, standing.edition.id)
        view = edition_view(app, pages, edition, newsletter)
        headlines = [story.headline for story in view.headlines]
        card = Card(
            title=view.date,
            description=one_line([pages.language(newsletter).list(headlines)]),
            path=f"/editions/{edition.id}",
            kind="article",
            published=standing.edition.opened_at,
        )
        return publisher.page(
            "edition.html.j2",
            newsletter,
            card,
            edition=view,
            edition_id=edition.id,
            day=edition.local_date,
            on_site=on_site(edition),
            before=standing.before,
            after=standing.after,
            no_link=NO_LINK,
        )

    @part.get("/editions/<edition_id>")
    def edition(edition_id: str) -> Response:
        standing = publisher.archive.standing(edition_id) or abort(404)
        newsletter = publisher.newsletter(standing.edition.newsletter_id)
        kept = cache.page((edition_id, standing.before, standing.after), lambda: render(standing, newsletter))
        # The newest one still gets its link to the day after.
        return sent_page(kept, A_DAY if standing.after else MINUTES)

    return part


def edition_view(app: App, pages: Pages, edition: Edition, newsletter: Newsletter) -> EditionView:
    """Return an edition as its newsletter's own readers got it."""
    return view_edition(
        harmless_edition(edition),
        harmless_newsletter(newsletter),
        newsletter.regions,
        harmless_regions(app.settings.regions),
        pages.language(newsletter),
    )


def told_edition(publisher: Publisher, edition_id: str) -> Edition:
    """Return an opened edition with something in it; without that there is no page."""
    edition = publisher.archive.edition(edition_id)
    if edition is None or not any(section.stories for section in edition.sections):
        abort(404)
    return edition


def on_site(edition: Edition) -> dict[str, OnSite]:
    """Return what a page adds to a view, by the view's anchor."""
    return {
        f"s-{story.id}": OnSite(
            anchor=f"story-{story.id}",
            language=story.articles[0].language,
            path=f"/editions/{edition.id}/{story.id}",
            told_path=(
                f"/editions/{story.update_of.edition_id}#story-{story.update_of.story_id}"
                if story.update_of
                else ""
            ),
        )
        for story in edition.stories()
    }

"""Search over the headlines of opened editions."""

from __future__ import annotations

from flask import Blueprint, Response, request

from digest.adapters.store.archive import DatedHeadline
from digest.adapters.store.headlines import query_words
from digest.app import App
from digest.mailer.view import shown
from digest.model import Newsletter
from digest.web.pages import Pages
from digest.web.public import MINUTES, Card, Publisher, etag_of, kept_for, page_number

#: Letters of a query that are read.
MOST_LETTERS = 200
#: Headlines on a page.
A_PAGE = 20


def blueprint(app: App, pages: Pages) -> Blueprint:
    """Return the search page."""
    part = Blueprint("searching", __name__)
    publisher = Publisher(app, pages)

    def found_of(query: str, number: int) -> list[DatedHeadline]:
        return publisher.archive.search(
            query, publisher.newsletter_ids(), A_PAGE + 1, offset=(number - 1) * A_PAGE
        )

    @part.get("/search")
    def search() -> Response:
        number, newsletter = page_number(), app.newsletter()
        query = shown(request.args.get("q", "")[:MOST_LETTERS])
        found = found_of(query, number) if query else []
        language = pages.language(newsletter)
        page = publisher.page(
            "search.html.j2",
            newsletter,
            _card(query, newsletter, pages),
            query=query,
            asks=bool(query_words(query)),
            found=found[:A_PAGE],
            dates={one.local_date: language.long_date(one.local_date) for one in found},
            titles={one.id: shown(one.title) for one in app.newsletters()},
            number=number,
            more=len(found) > A_PAGE,
        )
        return kept_for(page, MINUTES, etag_of(page.get_data()))

    return part


def _card(query: str, newsletter: Newsletter, pages: Pages) -> Card:
    say = pages.language(newsletter).say
    return Card(
        title=say("Search: {query}", query=query) if query else say("Search"),
        description=say("Search the headlines of {title}.", title=shown(newsletter.title)),
        path="/search",
        # Addresses without end that say nothing of their own.
        indexed=False,
    )

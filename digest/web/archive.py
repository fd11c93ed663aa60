"""The archive: every edition by date and newsletter."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, abort

from digest.adapters.store.archive import Headline, Listed
from digest.app import App
from digest.mailer.view import shown
from digest.model import Newsletter
from digest.web.dates import month_name
from digest.web.pages import Pages
from digest.web.public import A_DAY, MINUTES, Card, Publisher, etag_of, kept_for, page_number

#: Editions on a page of the archive's first list.
A_PAGE = 30
#: Headlines that an edition is shown with.
_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """An edition as the archive lists it."""

    path: str
    #: For machines, and in the words of the page.
    local_date: str
    date: str
    newsletter: str
    headlines: tuple[Headline, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """A month that has editions."""

    path: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """A newsletter with its months."""

    id: str
    title: str
    months: tuple[Month, ...]


def blueprint(app: App, pages: Pages) -> Blueprint:
    """Return the archive's pages."""
    part = Blueprint("archive", __name__)
    publisher = Publisher(app, pages)

    def days_of(listed: Sequence[Listed], of: Newsletter) -> list[Day]:
        headlines = publisher.archive.headlines([one.id for one in listed])
        language = pages.language(of)
        return [
            Day(
                path=f"/editions/{one.id}",
                local_date=one.local_date.isoformat(),
                date=language.long_date(one.local_date),
                newsletter=shown(app.newsletter(one.newsletter_id).title),
                headlines=tuple(headlines[one.id][:_SHOWN]),
            )
            for one in listed
        ]

    def shelf(newsletter: Newsletter, of: Newsletter) -> Shelf:
        language = pages.language(of)
        return Shelf(
            id=newsletter.id,
            title=shown(newsletter.title),
            months=tuple(
                Month(path=_path(newsletter, month), name=month_name(month, of, language))
                for month in publisher.archive.months(newsletter.id)
            ),
        )

    @part.get("/archive")
    def everything() -> Response:
        number, newsletter = page_number(), app.newsletter()
        wanted = publisher.archive.newest(
            publisher.newsletter_ids(), A_PAGE + 1, offset=(number - 1) * A_PAGE
        )
        if number > 1 and not wanted:
            abort(404)
        say = pages.language(newsletter).say
        card = Card(
            title=say("Archive"),
            description=say("Every edition of {title}, by date.", title=shown(newsletter.title)),
            path="/archive" if number == 1 else f"/archive?page={number}",
        )
        page = publisher.page(
            "archive.html.j2",
            newsletter,
            card,
            days=days_of(wanted[:A_PAGE], newsletter),
            shelves=[shelf(one, newsletter) for one in app.newsletters()],
            number=number,
            more=len(wanted) > A_PAGE,
        )
        return kept_for(page, MINUTES, etag_of(page.get_data()))

    @part.get("/archive/<newsletter_id>/<int:year>/<int:month>")
    def month(newsletter_id: str, year: int, month: int) -> Response:
        newsletter = publisher.newsletter(newsletter_id)
        try:
            first = dt.date(year, month, 1)
        except (ValueError, OverflowError):
            abort(404)
        listed = publisher.archive.of_month(newsletter.id, first) or abort(404)
        language = pages.language(newsletter)
        months = publisher.archive.months(newsletter.id)
        card = Card(
            title=month_name(first, newsletter, language),
            description=language.say("Every edition of {title}, by date.", title=shown(newsletter.title)),
            path=_path(newsletter, first),
        )
        earlier = next((one for one in months if one < first), None)
        later = next((one for one in reversed(months) if one > first), None)
        page = publisher.page(
            "archive_month.html.j2",
            newsletter,
            card,
            days=days_of(listed, newsletter),
            earlier=earlier
            and Month(path=_path(newsletter, earlier), name=month_name(earlier, newsletter, language)),
            later=later
            and Month(path=_path(newsletter, later), name=month_name(later, newsletter, language)),
        )
        return kept_for(page, A_DAY if later else MINUTES, etag_of(page.get_data()))

    return part


def _path(newsletter: Newsletter, month: dt.date) -> str:
    return f"/archive/{newsletter.id}/{month.year}/{month.month:02}"

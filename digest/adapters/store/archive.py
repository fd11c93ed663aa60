"""What the public pages read: opened editions by date, their headlines, a story's earlier and later days, and search.

Of each newsletter and date one edition is listed: the newsletter's own, or, where only readers of other zones got
one, theirs. The others can be read where somebody has their address.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa
from pydantic import TypeAdapter
from sqlalchemy.engine import Engine

from digest.adapters.store.engine import reading
from digest.adapters.store.headlines import query_words
from digest.adapters.store.schema import edition, headline, headline_word
from digest.model import Edition

#: Days of one story that are told of, each way.
LONGEST_THREAD = 60

_document = TypeAdapter(Edition)
_LISTED = (
    edition.c.id,
    edition.c.newsletter_id,
    edition.c.local_date,
    edition.c.cohort,
    edition.c.opened_at,
)
_HEADLINE = (headline.c.edition_id, headline.c.story_id, headline.c.headline)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """An opened edition, as a list shows it."""

    id: str
    newsletter_id: str
    local_date: dt.date
    cohort: str
    opened_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """A story of an opened edition, as a list shows it."""

    edition_id: str
    story_id: str
    headline: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedHeadline:
    """A story with the newsletter and the day that told it."""

    edition_id: str
    story_id: str
    headline: str
    newsletter_id: str
    local_date: dt.date


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An opened edition between its neighbours, of the same newsletter and for the same readers."""

    edition: Listed
    #: Ids; None at an end.
    before: str | None
    after: str | None


class SqlArchive:
    """Opened editions; what was composed and not sent is not here."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def edition(self, edition_id: str) -> Edition | None:
        """Return an opened edition, whole."""
        query = sa.select(edition.c.document).where(edition.c.id == edition_id, _is_open(edition))
        with reading(self._engine) as connection:
            document = connection.scalar(query)
        return None if document is None else _document.validate_json(document)

    def standing(self, edition_id: str) -> Standing | None:
        """Return where an opened edition stands."""
        with reading(self._engine) as connection:
            row = connection.execute(
                sa.select(*_LISTED).where(edition.c.id == edition_id, _is_open(edition))
            ).mappings()
            found = row.first()
            if found is None:
                return None
            day = edition.c.local_date
            beside = (
                sa.select(edition.c.id)
                .where(
                    edition.c.newsletter_id == found["newsletter_id"],
                    edition.c.cohort == found["cohort"],
                    _is_open(edition),
                )
                .limit(1)
            )
            before = beside.where(day < found["local_date"]).order_by(day.desc())
            after = beside.where(day > found["local_date"]).order_by(day)
            return Standing(
                edition=Listed(**found), before=connection.scalar(before), after=connection.scalar(after)
            )

    def newest(self, newsletters: Collection[str], limit: int, offset: int = 0) -> list[Listed]:
        """Return the listed editions of these newsletters, the newest first."""
        query = (
            sa.select(*_LISTED)
            .where(edition.c.newsletter_id.in_(newsletters), _is_open(edition), _is_listed())
            .order_by(edition.c.local_date.desc(), edition.c.newsletter_id)
            .limit(limit)
            .offset(offset)
        )
        return self._listed(query)

    def of_month(self, newsletter_id: str, first: dt.date) -> list[Listed]:
        """Return a month's listed editions, the newest first; `first` is the month's first day."""
        last = first.replace(day=calendar.monthrange(first.year, first.month)[1])
        query = (
            sa.select(*_LISTED)
            .where(
                edition.c.newsletter_id == newsletter_id,
                edition.c.local_date.between(first, last),
                _is_open(edition),
                _is_listed(),
            )
            .order_by(edition.c.local_date.desc())
        )
        return self._listed(query)

    def months(self, newsletter_id: str) -> list[dt.date]:
        """Return the first day of each month that has an edition, the newest first."""
        year, month = (sa.extract(part, edition.c.local_date) for part in ("year", "month"))
        query = (
            sa.select(year, month)
            .where(edition.c.newsletter_id == newsletter_id, _is_open(edition))
            .group_by(year, month)
            .order_by(year.desc(), month.desc())
        )
        with reading(self._engine) as connection:
            return [
                dt.date(int(of_year), int(of_month), 1) for of_year, of_month in connection.execute(query)
            ]

    def headlines(self, edition_ids: Collection[str]) -> dict[str, list[Headline]]:
        """Return the headlines of editions, each edition's in the order in which it is read."""
        query = (
            sa.select(*_HEADLINE)
            .where(headline.c.edition_id.in_(edition_ids))
            .order_by(headline.c.edition_id, headline.c.number)
        )
        found: dict[str, list[Headline]] = {edition_id: [] for edition_id in edition_ids}
        with reading(self._engine) as connection:
            for row in connection.execute(query).mappings():
                found[row["edition_id"]].append(Headline(**row))
        return found

    def earlier_days(self, edition_id: str, story_id: str) -> list[DatedHeadline]:
        """Return what earlier editions told of a story, the newest first."""
        start = _of_story(edition_id, story_id).cte("earlier", recursive=True)
        step = sa.select(headline.c.told_edition, headline.c.told_story, start.c.step + 1).where(
            headline.c.edition_id == start.c.edition_id, headline.c.story_id == start.c.story_id
        )
        thread = start.union_all(step.where(start.c.step < LONGEST_THREAD))
        return self._dated(_of_thread(thread).order_by(edition.c.local_date.desc()))

    def later_days(self, edition_id: str, story_id: str) -> list[DatedHeadline]:
        """Return what later editions for the same readers told of a story, the oldest first."""
        start = _of_story(edition_id, story_id).cte("later", recursive=True)
        step = sa.select(headline.c.edition_id, headline.c.story_id, start.c.step + 1).where(
            headline.c.told_edition == start.c.edition_id, headline.c.told_story == start.c.story_id
        )
        thread = start.union_all(step.where(start.c.step < LONGEST_THREAD))
        own = edition.alias("own")
        theirs = sa.select(own.c.cohort).where(own.c.id == edition_id).scalar_subquery()
        told = _of_thread(thread).where(edition.c.cohort == theirs)
        return self._dated(told.order_by(edition.c.local_date))

    def search(
        self, query: str, newsletters: Collection[str], limit: int, offset: int = 0
    ) -> list[DatedHeadline]:
        """Return the headlines that hold every word of a query, the newest first; none where it has no words."""
        words = query_words(query)
        if not words:
            return []
        wanted = _with_days().where(edition.c.newsletter_id.in_(newsletters), _is_listed())
        for word in words:
            one = headline_word.alias()
            wanted = wanted.join(
                one,
                sa.and_(
                    one.c.word == word,
                    one.c.edition_id == headline.c.edition_id,
                    one.c.story_id == headline.c.story_id,
                ),
            )
        order = (edition.c.local_date.desc(), headline.c.edition_id, headline.c.number)
        return self._dated(wanted.order_by(*order).limit(limit).offset(offset))

    def _dated(self, query: sa.Select[*tuple[object, ...]]) -> list[DatedHeadline]:
        with reading(self._engine) as connection:
            return [DatedHeadline(**row) for row in connection.execute(query).mappings()]

    def _listed(self, query: sa.Select[*tuple[object, ...]]) -> list[Listed]:
        with reading(self._engine) as connection:
            return [Listed(**row) for row in connection.execute(query).mappings()]


def _is_open(table: sa.FromClause) -> sa.ColumnElement[bool]:
    return table.c.opened_at.is_not(None)


def _is_listed() -> sa.ColumnElement[bool]:
    """Say that no other edition of the newsletter and date comes before it; the newsletter's own has no cohort."""
    other = edition.alias("other")
    return ~sa.exists().where(
        other.c.local_date == edition.c.local_date,
        other.c.newsletter_id == edition.c.newsletter_id,
        other.c.cohort < edition.c.cohort,
        _is_open(other),
    )


def _with_days() -> sa.Select[*tuple[object, ...]]:
    columns = (*_HEADLINE, edition.c.newsletter_id, edition.c.local_date)
    return sa.select(*columns).join_from(headline, edition, edition.c.id == headline.c.edition_id)


def _of_thread(thread: sa.CTE) -> sa.Select[*tuple[object, ...]]:
    """Return the stories of a thread without the one that it starts from."""
    meant = sa.and_(
        thread.c.edition_id == headline.c.edition_id,
        thread.c.story_id == headline.c.story_id,
        thread.c.step > 0,
    )
    return _with_days().join(thread, meant).distinct()


def _of_story(edition_id: str, story_id: str) -> sa.Select[str, str, int]:
    return sa.select(
        sa.literal(edition_id).label("edition_id"),
        sa.literal(story_id).label("story_id"),
        sa.literal(0).label("step"),
    )

"""Editions, in SQL. Implements `ports.EditionStore`."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from pydantic import TypeAdapter
from sqlalchemy.engine import Connection, Engine

from digest.adapters.store.articles import upsert
from digest.adapters.store.engine import reading
from digest.adapters.store.schema import edition as table
from digest.model import Edition, Slot

_document = TypeAdapter(Edition)


class SqlEditionStore:
    """Editions as they were frozen, whole."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def edition(self, edition_id: str) -> Edition | None:
        """See `ports.EditionStore`."""
        with reading(self._engine) as connection:
            return _one(connection, table.c.id == edition_id)

    def edition_of(self, slot: Slot) -> Edition | None:
        """See `ports.EditionStore`."""
        with reading(self._engine) as connection:
            return _one(connection, *_of(slot.newsletter_id, slot.local_date, slot.cohort))

    def freeze(self, edition: Edition) -> Edition:
        """See `ports.EditionStore`."""
        row = {
            "id": edition.id,
            "newsletter_id": edition.newsletter_id,
            "local_date": edition.local_date,
            "cohort": edition.cohort,
            "composed_at": edition.composed_at,
            "document": _document.dump_json(edition).decode(),
        }
        with self._engine.begin() as connection:
            # Whoever comes second finds the first one's edition: the constraint decides, not a look beforehand.
            connection.execute(upsert(connection, table).values(row).on_conflict_do_nothing())
            kept = _one(connection, *_of(edition.newsletter_id, edition.local_date, edition.cohort))
        if kept is None:
            raise RuntimeError(f"edition {edition.id} stands in another slot")
        return kept

    def told_since(self, newsletter_id: str, cohort: str, since: dt.datetime) -> list[Edition]:
        """See `ports.EditionStore`."""
        query = (
            sa.select(table.c.local_date, table.c.document)
            .where(
                table.c.newsletter_id == newsletter_id,
                table.c.cohort.in_(("", cohort)),
                table.c.composed_at > since,
                table.c.opened_at.is_not(None),
            )
            .order_by(table.c.local_date, table.c.cohort != "")
        )
        with reading(self._engine) as connection:
            # A date keeps what comes last: the cohort's own.
            by_date = {row.local_date: row.document for row in connection.execute(query)}
        return [_document.validate_json(document) for document in by_date.values()]

    def opened_slots(self, since: dt.date) -> set[tuple[str, dt.date, str]]:
        """See `ports.EditionStore`."""
        query = sa.select(table.c.newsletter_id, table.c.local_date, table.c.cohort).where(
            table.c.local_date >= since, table.c.opened_at.is_not(None)
        )
        with reading(self._engine) as connection:
            return {(row.newsletter_id, row.local_date, row.cohort) for row in connection.execute(query)}

    def latest_edition_id(self) -> str | None:
        """See `ports.EditionStore`."""
        query = sa.select(table.c.id).order_by(table.c.composed_at.desc(), table.c.id.desc()).limit(1)
        with reading(self._engine) as connection:
            return connection.scalar(query)


def _of(newsletter_id: str, local_date: object, cohort: str) -> tuple[sa.ColumnElement[bool], ...]:
    return table.c.newsletter_id == newsletter_id, table.c.local_date == local_date, table.c.cohort == cohort


def _one(connection: Connection, *where: sa.ColumnElement[bool]) -> Edition | None:
    document = connection.scalar(sa.select(table.c.document).where(*where))
    return None if document is None else _document.validate_json(document)

"""Freezing an edition: its messages, and who gets which, chosen inside the database."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from digest.adapters.store.articles import upsert
from digest.adapters.store.headlines import index_headlines
from digest.adapters.store.schema import delivery, edition, edition_message
from digest.adapters.store.subscribers import recipients
from digest.model import Audience, DeliveryState, Message

#: The columns that the choice of recipients fills, in its order.
_COLUMNS = (
    "edition_id",
    "newsletter_id",
    "local_date",
    "subscriber_id",
    "email",
    "name",
    "variant",
    "state",
    "attempts",
    "detail",
    "updated_at",
)


def freeze(
    connection: Connection,
    edition_id: str,
    messages: Mapping[str, Message],
    audience: Audience,
    variants: Mapping[tuple[str, ...], str],
    now: dt.datetime,
) -> int | None:
    """Freeze an edition in the caller's transaction; return its recipients, None where it is frozen already."""
    first = sa.update(edition).where(edition.c.id == edition_id, edition.c.opened_at.is_(None))
    slot = (edition.c.newsletter_id, edition.c.local_date)
    opened = connection.execute(first.values(opened_at=now).returning(*slot)).mappings().first()
    if opened is None:
        return None
    rows = [
        {
            "edition_id": edition_id,
            "variant": name,
            "subject": one.subject,
            "html": one.html,
            "text": one.text,
        }
        for name, one in messages.items()
    ]
    connection.execute(sa.insert(edition_message), rows)
    index_headlines(connection, edition_id)
    insert = _insert(connection, edition_id, opened, audience, variants, now)
    # Of an INSERT the count is kept only where it is asked for.
    count = connection.execute(insert, execution_options={"preserve_rowcount": True}).rowcount
    connection.execute(sa.update(edition).where(edition.c.id == edition_id).values(recipients=count))
    return count


def _insert(
    connection: Connection,
    edition_id: str,
    opened: sa.RowMapping,
    audience: Audience,
    variants: Mapping[tuple[str, ...], str],
    now: dt.datetime,
) -> sa.Insert:
    people = recipients(audience).subquery()
    own = {",".join(choice): name for choice, name in variants.items() if choice}
    variant: sa.ColumnElement[str] = sa.literal(variants[()])
    if own:
        variant = sa.case(own, value=people.c.regions, else_=variants[()])
    chosen = (
        sa.select(
            sa.literal(edition_id),
            sa.literal(opened["newsletter_id"]),
            sa.literal(opened["local_date"], delivery.c.local_date.type),
            people.c.id,
            people.c.email,
            people.c.name,
            variant,
            sa.literal(DeliveryState.PENDING.value),
            sa.literal(0),
            sa.literal(""),
            sa.literal(now, delivery.c.updated_at.type),
        )
        # SQLite reads ON CONFLICT after a SELECT without WHERE as the condition of a join.
        .where(sa.true())
        .order_by(people.c.id)
    )
    # Who had this newsletter's edition of the day already, in another zone's cohort, has had it.
    insert: sa.Insert = upsert(connection, delivery).from_select(_COLUMNS, chosen).on_conflict_do_nothing()
    return insert

"""Looks at the database without changing it: what `digest doctor` and a dry run say of it."""

from __future__ import annotations

import datetime as dt
import pathlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine, make_url

from digest.adapters.store.engine import HEAD, open_engine, reading
from digest.adapters.store.operating import tables_version
from digest.adapters.store.schema import delivery, edition, subscriber, subscription, suppression
from digest.doctor import DatabaseFacts, EditionFigures
from digest.errors import DatabaseError
from digest.model import Audience, DeliveryState

#: Milliseconds that a look waits for another process's transaction.
_BUSY_MILLISECONDS = 3000
_SENDING = (DeliveryState.CLAIMED, DeliveryState.SENDING)


def look_at_database(url: str, now: dt.datetime) -> DatabaseFacts:
    """Return how the database is. Makes and migrates nothing. Raises nothing."""
    file = sqlite_file(url)
    if file and not file.exists():
        return DatabaseFacts(shown=str(file), head=HEAD, exists=False)
    try:
        engine = open_engine(url)
    except DatabaseError as error:
        return DatabaseFacts(shown="of DATABASE_URL", head=HEAD, trouble=_words(error))
    shown = str(file or engine.url.render_as_string(hide_password=True))
    if file:
        sa.event.listen(engine, "connect", _be_impatient)
    try:
        return _look(engine, shown, file, now)
    except (sa.exc.DatabaseError, DatabaseError) as error:
        return DatabaseFacts(shown=shown, head=HEAD, trouble=_words(error))
    finally:
        engine.dispose()


def sqlite_file(url: str) -> pathlib.Path | None:
    """Return the file of a SQLite database; None for other kinds, and where the URL cannot be read."""
    try:
        parsed = make_url(url)
    except (sa.exc.ArgumentError, ValueError):
        return None
    in_file = parsed.get_backend_name() == "sqlite" and parsed.database not in {None, "", ":memory:"}
    return pathlib.Path(str(parsed.database)) if in_file else None


def _be_impatient(connection: Any, _record: Any) -> None:
    connection.execute(f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS:d}")


def _look(engine: Engine, shown: str, file: pathlib.Path | None, now: dt.datetime) -> DatabaseFacts:
    version = tables_version(engine)
    with reading(engine) as connection:
        ahead = 0.0
        if not file:
            theirs = connection.scalar(sa.select(sa.func.clock_timestamp()))
            ahead = (theirs - now).total_seconds() if theirs else 0.0
        journal = connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() if file else ""
    log = file.with_name(f"{file.name}-wal") if file else None
    return DatabaseFacts(
        shown=shown,
        head=HEAD,
        version=version,
        write_trouble=_write_trouble(engine) if version == HEAD else "",
        journal=journal,
        log_bytes=log.stat().st_size if log and log.exists() else 0,
        clock_ahead=ahead,
    )


def _write_trouble(engine: Engine) -> str:
    """Return why nothing can be written; found by a write that meets no row, and is taken back."""
    try:
        with engine.connect() as connection:
            connection.execute(sa.update(delivery).where(sa.false()).values(detail=""))
            connection.rollback()
    except sa.exc.DatabaseError as error:
        return _words(error)
    return ""


def _words(error: Exception) -> str:
    """Return the driver's own words where there are any."""
    driver = error if isinstance(error, sa.exc.DBAPIError) else error.__cause__
    said = driver.orig if isinstance(driver, sa.exc.DBAPIError) else error
    return " ".join(str(said).split()).rstrip(".")


def edition_figures(engine: Engine, since: dt.datetime, now: dt.datetime) -> list[EditionFigures]:
    """Return what the ledger holds of the editions that were opened after `since`, the oldest first."""
    columns = (edition.c.id, edition.c.recipients, edition.c.held_until, edition.c.held_why)
    opened = sa.select(*columns).where(edition.c.opened_at > since).order_by(edition.c.opened_at)
    with reading(engine) as connection:
        rows = connection.execute(opened).mappings().all()
        ids = [row["id"] for row in rows]
        states = _states(connection, ids)
        overdue = _overdue(connection, ids, now)
    return [
        EditionFigures(
            edition_id=row["id"],
            recipients=row["recipients"],
            states=states[row["id"]],
            overdue=overdue.get(row["id"], 0),
            held_until=row["held_until"],
            held_why=row["held_why"],
        )
        for row in rows
    ]


def _states(connection: Connection, ids: Sequence[str]) -> dict[str, dict[DeliveryState, int]]:
    query = (
        sa.select(delivery.c.edition_id, delivery.c.state, sa.func.count())
        .where(delivery.c.edition_id.in_(ids))
        .group_by(delivery.c.edition_id, delivery.c.state)
    )
    states: dict[str, dict[DeliveryState, int]] = defaultdict(dict)
    for edition_id, state, count in connection.execute(query):
        states[edition_id][DeliveryState(state)] = count
    return states


def _overdue(connection: Connection, ids: Sequence[str], now: dt.datetime) -> dict[str, int]:
    query = (
        sa.select(delivery.c.edition_id, sa.func.count())
        .where(delivery.c.edition_id.in_(ids), delivery.c.state.in_(_SENDING), delivery.c.lease_until < now)
        .group_by(delivery.c.edition_id)
    )
    return dict(connection.execute(query).all())


def variant_counts(engine: Engine, edition_id: str) -> dict[str, int]:
    """Return how many of an edition's frozen recipients get each variant."""
    query = (
        sa.select(delivery.c.variant, sa.func.count())
        .where(delivery.c.edition_id == edition_id)
        .group_by(delivery.c.variant)
    )
    with reading(engine) as connection:
        return dict(connection.execute(query).all())


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Subscriptions of an audience that get nothing."""

    #: Of people who have not said yes.
    unconfirmed: int
    #: Of people who have, and whose address must not be written to.
    suppressed: int


def left_out(engine: Engine, audience: Audience) -> LeftOut:
    """Return how many of an audience's subscriptions, of those that did not end, get nothing."""
    barred = subscriber.c.email_key.in_(sa.select(suppression.c.email_key))
    query = (
        sa.select(
            sa.func.count().filter(~subscription.c.confirmed & ~barred),
            sa.func.count().filter(subscription.c.confirmed & barred),
        )
        .select_from(subscription.join(subscriber))
        .where(
            subscription.c.newsletter_id == audience.newsletter_id,
            subscription.c.ended_at.is_(None),
            subscriber.c.timezone.in_(audience.zones),
        )
    )
    with reading(engine) as connection:
        unconfirmed, suppressed = connection.execute(query).one()
    return LeftOut(unconfirmed=unconfirmed, suppressed=suppressed)

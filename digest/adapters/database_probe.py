"""Looks at the database without changing it: what `digest doctor` and a dry run say of it."""

from __future__ import annotations

import contextlib
import datetime as dt
import pathlib
import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine, make_url

from digest.adapters.store.engine import HEAD, open_engine, reading, shown
from digest.adapters.store.operating import tables_version
from digest.adapters.store.schema import delivery, edition, subscriber, subscription, suppression
from digest.doctor import DatabaseFacts, EditionFigures, ServerFacts, TaskFacts
from digest.errors import DatabaseError
from digest.model import Audience, DeliveryState
from digest.ports import Clock

#: Milliseconds that a look waits for another process's transaction.
_BUSY_MILLISECONDS = 3000
_SENDING = (DeliveryState.CLAIMED, DeliveryState.SENDING)
#: Bytes of a SQLite file up to which it is looked through for damage: that takes some tenths of a second.
_SMALL = 50_000_000
#: What PostgreSQL tells to everybody.
_SERVER = sa.text("""
    SELECT current_setting('server_version_num')::int AS release,
           pg_database_size(current_database()) AS size,
           current_setting('max_connections')::int
               - current_setting('superuser_reserved_connections')::int AS connections,
           (SELECT count(*) FROM pg_stat_activity WHERE datname IS NOT NULL) AS used,
           coalesce(ledger.n_dead_tup, 0) AS dead,
           coalesce(ledger.n_live_tup, 0) AS live,
           to_regclass('procrastinate_jobs') IS NOT NULL AS has_tasks
    FROM (SELECT 1) AS once
    LEFT JOIN pg_stat_user_tables AS ledger
        ON ledger.relname = 'delivery' AND ledger.schemaname = current_schema()
""")
#: The engine's own names; a worker without a heartbeat for a minute is dead.
_TASKS = sa.text("""
    SELECT count(*) FILTER (WHERE job.status = 'doing' AND (worker.id IS NULL
               OR worker.last_heartbeat < now() - interval '60 seconds')) AS stalled,
           count(*) FILTER (WHERE job.status = 'failed' AND told.at > :since) AS failed,
           count(*) FILTER (WHERE job.status = 'todo' AND coalesce(job.scheduled_at, now()) <= now()) AS waiting,
           now() - min(greatest(job.scheduled_at, told.at)) FILTER (WHERE job.status = 'todo'
               AND coalesce(job.scheduled_at, now()) <= now()) AS waited
    FROM procrastinate_jobs AS job
    LEFT JOIN procrastinate_workers AS worker ON worker.id = job.worker_id
    LEFT JOIN LATERAL (SELECT max(event.at) AS at FROM procrastinate_events AS event
                       WHERE event.job_id = job.id) AS told ON true
    WHERE job.status IN ('todo', 'doing', 'failed')
""")


def look_at_database(url: str, clock: Clock, var: pathlib.Path | None = None) -> DatabaseFacts:
    """Return how the database is. Makes and migrates nothing. Raises nothing.

    `var` is where a database of Mujaz's is usual: one that lies there is told of where this one is empty.
    """
    file = sqlite_file(url)
    if file and not _is_there(file):
        return DatabaseFacts(shown=str(file), head=HEAD, exists=False, elsewhere=_elsewhere(file, var))
    try:
        engine = open_engine(url)
    except DatabaseError as error:
        return DatabaseFacts(shown="of DATABASE_URL", head=HEAD, trouble=_words(error))
    name = str(file or shown(engine.url.set(drivername=engine.dialect.name)))
    if file:
        sa.event.listen(engine, "connect", _be_impatient)
    try:
        found = _look(engine, name, file, clock)
        is_empty = found.version is None or (found.version == HEAD and _is_empty(engine))
        return replace(found, elsewhere=_elsewhere(file, var) if is_empty else "")
    except (sa.exc.SQLAlchemyError, DatabaseError, OSError) as error:
        return DatabaseFacts(shown=name, head=HEAD, trouble=_words(error))
    finally:
        engine.dispose()


def _is_there(file: pathlib.Path) -> bool:
    try:
        return file.exists()
    except OSError:
        # In a folder that nobody lets us into: opening it says so.
        return True


def _is_empty(engine: Engine) -> bool:
    with reading(engine) as connection:
        return not any(
            connection.scalar(sa.select(sa.exists().select_from(one))) for one in (subscriber, edition)
        )


def _elsewhere(file: pathlib.Path | None, var: pathlib.Path | None) -> str:
    """Return another database that lies where one is usual, or beside this one."""
    folders = [folder for folder in (var, file.parent if file else None) if folder]
    with contextlib.suppress(OSError):
        others = (one for folder in folders for one in sorted(folder.glob("*.db")))
        return next((str(one) for one in others if one != file and one.stat().st_size), "")
    return ""


def sqlite_file(url: str) -> pathlib.Path | None:
    """Return the file of a SQLite database; None for other kinds, and where the URL cannot be read."""
    try:
        parsed = make_url(url)
    except (sa.exc.ArgumentError, ValueError):
        return None
    in_file = (
        parsed.get_backend_name() == "sqlite"
        and not parsed.host
        and parsed.database not in {None, "", ":memory:"}
    )
    return pathlib.Path(str(parsed.database)) if in_file else None


def _be_impatient(connection: Any, _record: Any) -> None:
    connection.execute(f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS:d}")


def _look(engine: Engine, shown: str, file: pathlib.Path | None, clock: Clock) -> DatabaseFacts:
    version = tables_version(engine)
    with reading(engine) as connection:
        server = _sqlite(connection, file) if file else _server(connection)
        theirs = None if server.kind == "sqlite" else connection.scalar(sa.select(sa.func.clock_timestamp()))
        ahead = (theirs - clock.now()).total_seconds() if theirs else 0.0
    return DatabaseFacts(
        shown=shown,
        head=HEAD,
        version=version,
        write_trouble=_write_trouble(engine) if version == HEAD else "",
        server=server,
        clock_ahead=ahead,
    )


def _sqlite(connection: Connection, file: pathlib.Path) -> ServerFacts:
    def pragma(name: str) -> Any:
        return connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()

    log = file.with_name(f"{file.name}-wal")
    size, found = pragma("page_count") * pragma("page_size"), "ok"
    if size < _SMALL:
        found = str(pragma("quick_check(1)"))
    return ServerFacts(
        kind="sqlite",
        release=sqlite3.sqlite_version_info,
        size=size,
        journal=pragma("journal_mode"),
        log_bytes=log.stat().st_size if log.exists() else 0,
        damage="" if found == "ok" else " ".join(found.split()),
    )


def _server(connection: Connection) -> ServerFacts:
    if connection.dialect.name != "postgresql":
        # A SQLite database in memory.
        return ServerFacts(kind=connection.dialect.name)
    row = connection.execute(_SERVER).mappings().one()
    return ServerFacts(
        kind="postgresql",
        release=(row["release"] // 10_000, row["release"] % 10_000),
        size=row["size"],
        connections=row["connections"],
        connections_used=row["used"],
        dead_rows=row["dead"],
        live_rows=row["live"],
        has_tasks=row["has_tasks"],
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
    return " ".join(str(said).split()).rstrip(".?")


def edition_figures(engine: Engine, since: dt.datetime, now: dt.datetime) -> list[EditionFigures]:
    """Return what the ledger holds of the editions that were opened after `since`, the oldest first."""
    names = ("id", "recipients", "opened_at", "held_until", "held_why")
    columns = [edition.c[name] for name in names]
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
            opened_at=row["opened_at"],
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


def task_facts(engine: Engine, since: dt.datetime) -> TaskFacts:
    """Return how the engine's tasks stand; `since` is from when on those that were given up count.

    On SQLite, and before the migration that brings its tables, there are none.
    """
    if engine.dialect.name != "postgresql":
        return TaskFacts()
    with reading(engine) as connection:
        if not connection.scalar(sa.text("SELECT to_regclass('procrastinate_jobs') IS NOT NULL")):
            return TaskFacts()
        row = connection.execute(_TASKS, {"since": since}).mappings().one()
    return TaskFacts(
        stalled=row["stalled"],
        failed=row["failed"],
        waiting=row["waiting"],
        waited=max(row["waited"] or dt.timedelta(), dt.timedelta()),
    )


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

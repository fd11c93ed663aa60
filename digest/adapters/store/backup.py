"""Copies of a running SQLite database, putting one back, and what a restored ledger of either kind can still be trusted with."""

from __future__ import annotations

import datetime as dt
import itertools
import os
import pathlib
import shutil
import sqlite3
import uuid
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import REGCLASS
from sqlalchemy.engine import Connection, Engine

from digest.adapters.store.engine import reading
from digest.adapters.store.moving import refuse_running
from digest.adapters.store.schema import delivery, subscriber, worker
from digest.errors import DatabaseError
from digest.model import DeliveryState
from digest.ports import Progress

#: What a copy of the ledger says of a delivery that may have left since.
MAY_HAVE_LEFT = "restored from a backup: it may have left since"
#: Ids that are left out after a restore: those given since the backup stand in links and events that are still about.
ID_GAP = 1_000_000_000
#: Pages that are copied between two signs of progress.
_PAGES = 2000


# --------------------------------------------------------------------------- SQLite: copying


def back_up(database: pathlib.Path, to: pathlib.Path, progress: Progress) -> int:
    """Copy a SQLite database as it is at one moment, while others write to it; return the copy's size in bytes.

    The copy is one file, readable by its owner alone, and there only when it is whole. Raises DatabaseError where there
    is no database or the copy is not sound, FileExistsError where the file is there, OSError and sqlite3.Error where it
    cannot be written.
    """
    if to.exists():
        raise FileExistsError(f"{to} is there already; name another file.")
    part = to.with_name(f".{to.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        _copy(database, part, progress)
        part.replace(to)
    finally:
        part.unlink(missing_ok=True)
    return to.stat().st_size


def _copy(database: pathlib.Path, to: pathlib.Path, progress: Progress) -> None:
    """Copy a database into a new file, which its owner alone can read; look whether the copy is sound."""
    if not database.is_file():
        raise DatabaseError(f"There is no database {database}.")
    handle = os.open(to, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    # Not read-only: such a connection would leave an empty log behind, beside a database that nobody else has open.
    address = f"{database.resolve().as_uri()}?mode=rw"
    try:
        with (
            closing(sqlite3.connect(address, uri=True, timeout=30, isolation_level=None)) as source,
            closing(sqlite3.connect(to, isolation_level=None)) as copy,
        ):
            # In one snapshot: the copying would begin anew whenever somebody writes.
            source.execute("BEGIN")
            source.execute("SELECT count(*) FROM sqlite_master").fetchone()
            source.backup(
                copy, pages=_PAGES, progress=lambda _, left, all_: progress("copy", all_ - left, all_)
            )
            # One file, without a log beside it.
            copy.execute("PRAGMA journal_mode = DELETE")
            [[said], *_] = copy.execute("PRAGMA quick_check").fetchall()
        os.fsync(handle)
    except sqlite3.DatabaseError as error:
        raise DatabaseError(f"The database {database} cannot be copied: {error}.") from error
    finally:
        os.close(handle)
    if said != "ok":
        raise DatabaseError(f"The database {database} is damaged: {said}")


# --------------------------------------------------------------------------- SQLite: putting back


@contextmanager
def put_back(
    backup: pathlib.Path, database: pathlib.Path, now: dt.datetime, progress: Progress
) -> Iterator[tuple[str, pathlib.Path | None]]:
    """Give the URL of a copy of the backup, to be settled, and the name that the present database will have.

    When the context ends well, the copy takes the database's place, and the database is kept under that name; None
    where there is none. Otherwise nothing is changed. Raises DatabaseError where the backup is none, or where somebody
    works on the database.
    """
    _check(backup)
    kept = _name_aside(database, now) if database.exists() else None
    if kept:
        _release(database, now)
    database.parent.mkdir(parents=True, exist_ok=True)
    copy = database.with_name(f".{database.name}.{uuid.uuid4().hex[:8]}.restoring")
    try:
        _copy(backup, copy, progress)
        yield f"sqlite:///{copy}", kept
        if kept:
            _release(database, now)
            shutil.copymode(database, copy)
            _set_aside(database, kept)
        copy.replace(database)
    finally:
        for end in ("", "-wal", "-shm"):
            pathlib.Path(f"{copy}{end}").unlink(missing_ok=True)


def _check(backup: pathlib.Path) -> None:
    if not backup.is_file():
        raise DatabaseError(f"There is no backup {backup}.")
    address = f"{backup.resolve().as_uri()}?mode=ro"
    try:
        with closing(sqlite3.connect(address, uri=True)) as connection:
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    except sqlite3.DatabaseError as error:
        raise DatabaseError(f"The backup {backup} cannot be read: {error}.") from error
    if "alembic_version" not in tables:
        raise DatabaseError(f"{backup} holds no tables of Mujaz.")


def _release(database: pathlib.Path, now: dt.datetime) -> None:
    """Bring the database into its one file. Raises DatabaseError where somebody works on it; a damaged one stays as it is."""
    try:
        with closing(sqlite3.connect(database, timeout=1, isolation_level=None)) as connection:
            # Only who is alone with a database may change this.
            connection.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
            raise DatabaseError(
                f"Another process has {database} open: stop all workers and the web pages first."
            ) from error
    except sqlite3.DatabaseError:
        return
    _refuse_workers(database, now)


def _refuse_workers(database: pathlib.Path, now: dt.datetime) -> None:
    engine = sa.create_engine(f"sqlite:///{database}", poolclass=sa.pool.NullPool)
    try:
        with engine.connect() as connection:
            if sa.inspect(connection).has_table(worker.name):
                refuse_running(connection, now)
    except sa.exc.DatabaseError:
        # Damaged: its workers cannot be asked for.
        return


def _name_aside(database: pathlib.Path, now: dt.datetime) -> pathlib.Path:
    """Return a name that is free: what is put aside takes nothing else's place."""
    first = f"{database.name}.before-{now:%Y%m%dT%H%M%S}Z"
    names = itertools.chain([first], (f"{first}-{number}" for number in itertools.count(2)))
    return next(file for name in names if not (file := database.with_name(name)).exists())


def _set_aside(database: pathlib.Path, kept: pathlib.Path) -> None:
    """Rename a database with its log, where it has one: a log must never meet another database."""
    for end in ("-wal", "-shm", ""):
        file = pathlib.Path(f"{database}{end}")
        if file.exists():
            file.rename(f"{kept}{end}")


# --------------------------------------------------------------------------- either kind: what is in doubt


def doubt_in_place(engine: Engine, now: dt.datetime) -> Mapping[str, int]:
    """See `doubt`. Raises DatabaseError where a worker is at work."""
    with reading(engine) as connection:
        refuse_running(connection, now)
    return doubt(engine, now)


def doubt(engine: Engine, now: dt.datetime) -> Mapping[str, int]:
    """Take for unknown whatever a restored ledger takes for unsent; return how many deliveries, by edition.

    What was on its way when the backup was made may have left since. Nobody is written to twice: it is the operator's
    to settle.
    """
    unsent = delivery.c.state.in_([state for state in DeliveryState if state.open])
    count = sa.select(delivery.c.edition_id, sa.func.count()).where(unsent).group_by(delivery.c.edition_id)
    values = {"state": DeliveryState.UNKNOWN, "detail": MAY_HAVE_LEFT, "updated_at": now}
    free: dict[str, object] = {"fence": None, "lease_until": None, "retry_at": None}
    with engine.begin() as connection:
        found: dict[str, int] = dict(connection.execute(count.order_by(delivery.c.edition_id)).all())
        connection.execute(sa.update(delivery).where(unsent).values(values | free))
        # They are not here any more; nobody is to be told that they ended without a word.
        gone = sa.update(worker).where(worker.c.stopped_at.is_(None))
        connection.execute(gone.values(stopped_at=worker.c.beat_at))
        _leave_ids_out(connection, now)
    return found


def _leave_ids_out(connection: Connection, now: dt.datetime) -> None:
    """Have new people, and on PostgreSQL new deliveries, numbered far above those that came after the backup.

    A link that was mailed since names its reader by number: it must not open what is somebody else's by then.
    """
    if connection.dialect.name == "postgresql":
        for table in (subscriber, delivery):
            highest = sa.func.coalesce(sa.func.max(table.c.id), 0)
            sequence = sa.func.pg_get_serial_sequence(table.name, "id")
            moved = sa.func.setval(sa.cast(sequence, REGCLASS), highest + ID_GAP)
            connection.execute(sa.select(moved).select_from(table))
        return
    # SQLite counts on from the highest row: one of nobody, as is left of who was forgotten.
    highest_id = connection.scalar(sa.select(sa.func.max(subscriber.c.id))) or 0
    nobody = {"email": "", "email_key": f"restored {now.isoformat()}", "name": "", "timezone": ""}
    row = {"id": highest_id + ID_GAP, "created_at": now} | nobody
    connection.execute(sa.insert(subscriber).values(row))

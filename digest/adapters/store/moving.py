"""Moving a whole database from SQLite to PostgreSQL: one snapshot, one transaction, each column measured on both sides.

The tables are those of `schema.metadata`, in the order of their foreign keys, so that a new one is moved as well.
"""

from __future__ import annotations

import datetime as dt
import pathlib
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import REGCLASS
from sqlalchemy.engine import Connection, Engine

from digest.adapters.store.engine import HEAD, migrate, open_engine, shown, unhurried
from digest.adapters.store.operating import DEAD_AFTER, tables_version
from digest.adapters.store.schema import metadata, worker
from digest.errors import DatabaseError, DatabaseFailed
from digest.ports import Progress

#: Rows that are in memory at a time.
_BATCH = 1000


def move(file: pathlib.Path, url: str, now: dt.datetime, progress: Progress) -> Mapping[str, int]:
    """Copy a SQLite database into an empty PostgreSQL; return how many rows each table has.

    The source is only read. Raises DatabaseError where one of the two cannot be reached or is not fit for it, and
    DatabaseFailed where the copying breaks off: then nothing of it is in the target.
    """
    target = open_engine(url)
    source = _open_to_read(file)
    try:
        if target.dialect.name != "postgresql":
            raise DatabaseError("The target is no PostgreSQL database: give postgresql://USER@HOST/NAME.")
        _check_version(source, file)
        _make_tables(target)
        return _move(source, target, now, progress)
    finally:
        source.dispose()
        target.dispose()


def _move(source: Engine, target: Engine, now: dt.datetime, progress: Progress) -> Mapping[str, int]:
    with _said(), source.connect() as reader, target.begin() as writer:
        before = _data_version(reader)
        refuse_running(reader, now)
        _lock(writer)
        _refuse_rows(writer)
        rows = {table.name: _count(reader, table) for table in metadata.sorted_tables}
        done = 0
        for table in metadata.sorted_tables:
            with _said(f"Table {table.name} cannot be moved"):
                for copied in _copy(reader, writer, table):
                    done += copied
                    progress(f"move {table.name}", done, sum(rows.values()))
                _set_sequence(writer, table)
        for table in metadata.sorted_tables:
            _compare(reader, writer, table)
            writer.exec_driver_sql(f"ANALYZE {_quoted(writer, table)}")
        # The snapshot has to end first: in it nothing ever changes.
        reader.rollback()
        if _data_version(reader) != before:
            raise DatabaseError(
                "The source was changed while it was read: stop the worker, the web pages and whatever else writes to "
                "it, and try again. Nothing was moved."
            )
    return rows


@contextmanager
def _said(what: str = "The database fails") -> Iterator[None]:
    """Have what a driver says raised as DatabaseFailed. The rows' own words stay out of it: they may name readers."""
    try:
        yield
    except (sa.exc.DBAPIError, sqlite3.Error, psycopg.Error, UnicodeError) as error:
        cause = error.orig if isinstance(error, sa.exc.DBAPIError) else error
        said = cause.diag.message_primary if isinstance(cause, psycopg.Error) else None
        words = said or str(cause).partition("\n")[0]
        raise DatabaseFailed(f"{what}: {words}. Nothing was moved.") from error


# --------------------------------------------------------------------------- the source


def _open_to_read(file: pathlib.Path) -> Engine:
    """Return an engine that reads a SQLite file in one snapshot and cannot change it."""
    if not file.is_file():
        raise DatabaseError(f"There is no database {file}.")
    address = f"{file.resolve().as_uri()}?mode=ro"
    # Without transactions of the driver's own: BEGIN below opens the one snapshot.
    engine = sa.create_engine(
        "sqlite://",
        creator=lambda: sqlite3.connect(address, uri=True, timeout=30, isolation_level=None),
        poolclass=sa.pool.NullPool,
        hide_parameters=True,
    )
    sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    return engine


def _check_version(source: Engine, file: pathlib.Path) -> None:
    try:
        version = tables_version(source)
    except DatabaseError as error:
        raise DatabaseError(f"The database {file} cannot be opened: {_driver_words(error)}") from error
    if version is None:
        raise DatabaseError(f"{file} holds no tables of Mujaz.")
    if version != HEAD:
        raise DatabaseError(
            f"{file} is at migration {version}, and this program at {HEAD}. Bring the file to it first with "
            f"`DATABASE_URL=sqlite:///{file.resolve()} digest migrate`; if the file is the newer one, update the program."
        )


def _driver_words(error: Exception) -> str:
    cause = error.__cause__
    return str(cause.orig) if isinstance(cause, sa.exc.DBAPIError) else str(error)


def _data_version(reader: Connection) -> int:
    """Return a number that another one's commit changes. On the bare connection, so that it begins no transaction."""
    raw: Any = reader.connection.driver_connection
    [version] = raw.execute("PRAGMA data_version").fetchone()
    return int(version)


def refuse_running(connection: Connection, now: dt.datetime) -> None:
    """Raise DatabaseError where a worker has given a sign of life in the last minute, and has not ended."""
    alive = sa.select(worker.c.host, worker.c.pid).where(
        worker.c.stopped_at.is_(None), worker.c.beat_at > now - DEAD_AFTER
    )
    places = [f"{row.host}:{row.pid}" for row in connection.execute(alive)]
    if places:
        raise DatabaseError(
            f"A worker is at work on this database: {', '.join(places)}. Stop all workers and the web pages first; one "
            f"that was killed counts as dead after {DEAD_AFTER.seconds} seconds."
        )


# --------------------------------------------------------------------------- the target


def _make_tables(target: Engine) -> None:
    """Bring an empty target to this program's tables. Raises DatabaseError where it is not empty."""
    try:
        with target.connect() as connection:
            _refuse_rows(connection)
    except sa.exc.DBAPIError as error:
        raise DatabaseError(f"The database {shown(target.url)} cannot be opened: {error.orig}") from error
    migrate(target)


def _refuse_rows(connection: Connection) -> None:
    there = set(sa.inspect(connection).get_table_names())
    tables = [table for table in metadata.sorted_tables if table.name in there]
    one = [sa.select(sa.literal(1)).select_from(table).limit(1) for table in tables]
    full = [table.name for table, query in zip(tables, one, strict=True) if connection.scalar(query)]
    if full:
        raise DatabaseError(
            f"The target is not empty: there are rows in {', '.join(full)}. Give a new database (`createdb NAME`)."
        )


def _lock(writer: Connection) -> None:
    """Keep all others from writing to the target until we are done; they wait."""
    names = ", ".join(_quoted(writer, table) for table in metadata.sorted_tables)
    # It says nothing while we look through the source.
    unhurried(writer).exec_driver_sql(f"LOCK TABLE {names} IN SHARE ROW EXCLUSIVE MODE")


def _copy(reader: Connection, writer: Connection, table: sa.Table) -> Iterator[int]:
    """Copy a table; yield after each batch how many rows it had."""
    quote = writer.dialect.identifier_preparer.quote
    columns = ", ".join(quote(column.name) for column in table.columns)
    rows = reader.execute(sa.select(table), execution_options={"yield_per": _BATCH})
    raw: Any = writer.connection.driver_connection
    with (
        raw.cursor() as cursor,
        cursor.copy(f"COPY {_quoted(writer, table)} ({columns}) FROM STDIN") as copy,
    ):
        for batch in rows.partitions():
            for row in batch:
                copy.write_row(row)
            yield len(batch)


def _set_sequence(writer: Connection, table: sa.Table) -> None:
    """Have new rows counted on from the highest id."""
    column = table.autoincrement_column
    if column is None:
        return
    sequence = writer.scalar(sa.select(sa.func.pg_get_serial_sequence(table.name, column.name)))
    highest = writer.scalar(sa.select(sa.func.max(column)))
    if sequence and highest:
        writer.execute(sa.select(sa.func.setval(sa.cast(sequence, REGCLASS), highest)))


def _quoted(connection: Connection, table: sa.Table) -> str:
    return connection.dialect.identifier_preparer.format_table(table)


# --------------------------------------------------------------------------- both sides


def _count(connection: Connection, table: sa.Table) -> int:
    return connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def _compare(reader: Connection, writer: Connection, table: sa.Table) -> None:
    """Raise DatabaseFailed where a table is not the same on both sides, by its rows and its columns' measures."""
    measures = [(measure, column.name) for column in table.columns for measure in _measures(column)]
    query = sa.select(sa.func.count(), *(measure for measure, _ in measures)).select_from(table)
    there, here = reader.execute(query).one(), writer.execute(query).one()
    names = ["rows", *(name for _, name in measures)]
    differ = [name for name, one, other in zip(names, there, here, strict=True) if one != other]
    if differ:
        raise DatabaseFailed(
            f"Table {table.name} differs after the copying, in {', '.join(dict.fromkeys(differ))}. Nothing was moved."
        )


def _measures(column: sa.Column[Any]) -> Sequence[sa.ColumnElement[Any]]:
    """Return what is the same of a column on both sides and cheap to know: sums, lengths, the least and the greatest."""
    if isinstance(column.type, (sa.String, sa.LargeBinary)):
        return [sa.func.sum(sa.func.length(column))]
    if isinstance(column.type, sa.Boolean):
        return [sa.func.sum(sa.cast(column, sa.Integer))]
    if isinstance(column.type, sa.Integer):
        return [sa.func.sum(column)]
    return [sa.func.min(column), sa.func.max(column)]

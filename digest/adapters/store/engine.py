"""Opening a database and bringing its tables up to date."""

from __future__ import annotations

import importlib
import os
import pathlib
import random
import sqlite3
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, Engine, make_url

from digest.errors import DatabaseError, DatabaseFailed, DatabaseUnreachable

if TYPE_CHECKING:
    import psycopg

#: The migration that this program's tables are at; a test holds it equal to the newest script.
HEAD = "0008"
#: Seconds that a SQLite connection waits for another process's transaction.
_BUSY_SECONDS = 30
#: PostgreSQL advisory lock that one migrating process holds; any constant of our own.
_MIGRATION_LOCK = 0x6D756A617A
#: How soon a connection whose other end is gone is noticed: 10 + 3 x 5 seconds, where nobody says it is.
KEEPALIVES = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}
#: The same at the server's end: of a machine that is gone, no transaction may hold its rows for hours.
SERVER_KEEPALIVES = tuple(f"SET tcp_{name} = {value}" for name, value in KEEPALIVES.items())
#: A process that is stopped, by Ctrl-Z or with its container, answers those, and its open transaction would hold up all
#: others for as long: the server ends one in which nothing was said for 30 seconds.
_NO_IDLING = "SET idle_in_transaction_session_timeout = '30s'"
_IDLING = sa.text("SET LOCAL idle_in_transaction_session_timeout = 0")


def open_engine(url: str) -> Engine:
    """Return an engine for `sqlite:///...`, `postgresql://...` or Heroku's `postgres://...`.

    Raises DatabaseError where the URL cannot be read, names another kind of database or a folder that cannot be made.
    """
    try:
        parsed = make_url(
            url.replace("postgres://", "postgresql://", 1) if url.startswith("postgres://") else url
        )
    except (sa.exc.ArgumentError, ValueError) as error:
        raise DatabaseError(
            f"DATABASE_URL cannot be read: {error}. Use sqlite:///path or postgresql://..."
        ) from error
    backend = parsed.get_backend_name()
    _check_host(parsed)
    if backend == "sqlite":
        if parsed.database and parsed.database != ":memory:":
            _make_folder(pathlib.Path(parsed.database).parent)
        # What fails must not name readers: parameters stay out of the error's words.
        engine = sa.create_engine(parsed, connect_args={"timeout": _BUSY_SECONDS}, hide_parameters=True)
        sa.event.listen(engine, "do_connect", _make_private)
        sa.event.listen(engine, "connect", _prepare_sqlite)
        sa.event.listen(engine, "begin", _begin_sqlite)
        return engine
    if backend == "postgresql":
        driver = parsed.set(drivername="postgresql+psycopg")
        arguments = {"connect_timeout": 10, **KEEPALIVES}
        engine = sa.create_engine(driver, pool_pre_ping=True, connect_args=arguments, hide_parameters=True)
        # Before SQLAlchemy's own first look, which fails where the server answers in bytes.
        sa.event.listen(engine, "connect", _prepare_postgresql, insert=True)
        return engine
    raise DatabaseError(f"DATABASE_URL names {backend}; Mujaz keeps its data in SQLite or PostgreSQL.")


def _check_host(url: URL) -> None:
    host = url.host or ""
    if url.get_backend_name() == "sqlite" and host:
        raise DatabaseError(
            f"DATABASE_URL cannot be read: behind sqlite: a third slash is missing. Write sqlite:///{host}/... for a "
            "file under the home, and a fourth one for a path from the root."
        )
    if "@" in host:
        # Not shown: what stands there is the end of a password.
        raise DatabaseError(
            "DATABASE_URL cannot be read: its password holds a sign that must be written otherwise: @ is %40, / is %2F, "
            "% is %25."
        )


def shown(url: URL) -> str:
    """Return a database's URL as it may be said and logged: no password, wherever it stands in it."""
    return url.difference_update_query(["password", "sslpassword"]).render_as_string(hide_password=True)


def _make_folder(folder: pathlib.Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatabaseError(f"The database's folder {folder} cannot be made: {error.strerror}.") from error


def _make_private(_dialect: Any, _record: Any, arguments: Sequence[Any], _named: Any) -> None:
    """Make a new database's file one that not everybody on the machine may read: it holds readers' addresses."""
    if arguments[0] == ":memory:":
        return
    try:
        os.close(os.open(arguments[0], os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o660))
    except OSError:
        # It is there, or SQLite says better than we what is wrong with the place.
        return


def _prepare_postgresql(connection: psycopg.Connection[Any], _record: Any) -> None:
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise DatabaseError(
            f"The database {connection.info.dbname} keeps its text as {encoding}, and Arabic wants UTF8. Make another one: "
            "`createdb --encoding=UTF8 --template=template0 NAME`."
        )
    for setting in (*SERVER_KEEPALIVES, _NO_IDLING):
        connection.execute(setting)
    connection.commit()


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    # The driver must not open transactions by itself: BEGIN IMMEDIATE below takes the write lock at once, so
    # that what a transaction has read still holds when it writes.
    connection.isolation_level = None
    cursor = connection.cursor()
    _write_ahead(cursor)
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _write_ahead(cursor: sqlite3.Cursor) -> None:
    # SQLite refuses the switch at once, whatever the timeout, while another process writes to a database that is
    # not in this mode yet: two that open a new database at the same time have to take turns here.
    deadline = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return


def _begin_sqlite(connection: Connection) -> None:
    raw: Any = connection.connection.driver_connection
    if connection.get_execution_options().get("read_only", False):
        _wait_at_most(connection, _BUSY_SECONDS)
        raw.execute("BEGIN")
        return
    # SQLite waits longer and longer between its looks at the lock, up to a tenth of a second: of many writers some
    # would wait for seconds. Looking often, and never in step with the others, serves all of them.
    _wait_at_most(connection, 0)
    deadline = time.monotonic() + _BUSY_SECONDS
    while not _is_ours(raw, last=time.monotonic() > deadline):
        time.sleep(random.uniform(0.0005, 0.003))  # noqa: S311


def _wait_at_most(connection: Connection, seconds: int) -> None:
    """Set how long SQLite itself waits for a lock; said only where it was otherwise, for each statement costs."""
    if connection.info.get("busy_seconds") != seconds:
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {seconds * 1000}")
        connection.info["busy_seconds"] = seconds


def _is_ours(raw: sqlite3.Connection, *, last: bool) -> bool:
    """Begin to write, and say whether that could be done; the last time, what stands in the way is raised."""
    try:
        raw.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or last:
            raise DatabaseFailed(f"The database fails: {error}") from error
        return False
    return True


def reading(engine: Engine) -> Connection:
    """Return a connection that only reads: on SQLite it takes no write lock, so that nobody waits for it."""
    return engine.connect().execution_options(read_only=True)


def unhurried(connection: Connection) -> Connection:
    """Return the connection, whose transaction may take as long as whoever reads its rows, a pager or a download."""
    if connection.dialect.name == "postgresql":
        connection.execute(_IDLING)
    return connection


def _version(connection: Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    version: str | None = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    return version


def migrate(engine: Engine) -> None:
    """Bring the database to this program's tables, creating them where there are none.

    Processes that start at once take turns. Raises DatabaseError where the database cannot be reached, or was
    written by a newer program.
    """
    try:
        with reading(engine) as connection:
            version = _version(connection)
        if version == HEAD:
            return
        with engine.begin() as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
            if _version(connection) != HEAD:
                _upgrade(connection)
    except sa.exc.DatabaseError as error:
        # What SQLite cannot open it cannot open later.
        is_away = isinstance(error, sa.exc.OperationalError) and engine.dialect.name == "postgresql"
        kind = DatabaseUnreachable if is_away else DatabaseError
        raise kind(f"The database {shown(engine.url)} cannot be opened: {error.orig}") from error


def _upgrade(connection: Connection) -> None:
    # Imported here: a command that finds its tables in place need not pay for Alembic.
    command = importlib.import_module("alembic.command")
    exceptions = importlib.import_module("alembic.util.exc")
    config = alembic_config(connection)
    try:
        command.upgrade(config, "head")
    except exceptions.CommandError as error:
        raise DatabaseError(
            f"The database was written by a newer Mujaz ({error}). Update the program, or restore a backup."
        ) from error


def alembic_config(connection: Connection) -> Any:
    """Return Alembic's configuration for our scripts on an open connection."""
    config = importlib.import_module("alembic.config").Config()
    config.set_main_option("script_location", str(pathlib.Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config


def say_failures(engine: Engine) -> None:
    """Have what an operator must mend, a full disk or a server that is gone, raised as DatabaseFailed."""
    sa.event.listen(engine, "handle_error", _in_words, retval=True)


def _in_words(context: sa.engine.ExceptionContext) -> DatabaseFailed | None:
    operational = (sa.exc.OperationalError, sa.exc.InternalError)
    # A ping that fails is answered with a new connection.
    if context.is_pre_ping or not isinstance(context.sqlalchemy_exception, operational):
        return None
    # SQLite says it of a wrong statement as well: that is our own fault, and wants its traceback.
    if getattr(context.original_exception, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR:
        return None
    words = " ".join(str(context.original_exception).split())
    return DatabaseFailed(f"The database fails: {words}")

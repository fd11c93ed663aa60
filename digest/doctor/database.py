"""Whether the database can be worked with. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from digest.doctor.findings import Finding, fault, good, warning
from digest.doctor.place import megabytes

#: Bytes of a write-ahead log that somebody keeps from being folded into its database.
_LARGE_LOG = 500_000_000
#: What the statements need: RETURNING in SQLite; the oldest PostgreSQL that still gets its faults mended.
_LEAST_SQLITE = (3, 35)
_LEAST_POSTGRESQL = (14,)
#: Free connections below which the next process may find none: a worker takes about five.
_FEW_CONNECTIONS = 5
#: Dead rows for each living one, and how many they must be, before the vacuum is said to lag behind.
_DEAD_SHARE, _MANY_DEAD = 0.5, 100_000
#: The migration that brings the engine's tables to PostgreSQL.
_WITH_TASKS = "0007"
_SQLITE, _POSTGRESQL = "sqlite", "postgresql"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFacts:
    """What the database says of itself."""

    #: `sqlite` or `postgresql`; empty where nothing is known.
    kind: str = ""
    #: Its release, as numbers.
    release: tuple[int, ...] = ()
    #: Bytes that the data takes.
    size: int = 0
    #: SQLite's journal; empty for others.
    journal: str = ""
    #: Bytes of SQLite's write-ahead log.
    log_bytes: int = 0
    #: What SQLite's own look at a small file found; empty where it is sound, or was not looked at.
    damage: str = ""
    #: Connections that PostgreSQL takes in all and for us, and those that are open; 0 where it has no limit.
    connections: int = 0
    connections_used: int = 0
    #: Rows of the ledger that were replaced and not yet cleared away, and those that live.
    dead_rows: int = 0
    live_rows: int = 0
    #: Whether the task engine's tables are there.
    has_tasks: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseFacts:
    """The database as it was found."""

    #: Its URL without the password.
    shown: str
    #: The migration that the program is at.
    head: str
    #: That of the database; None where it has no tables.
    version: str | None = None
    #: False for a SQLite file that is not there.
    exists: bool = True
    #: Why it cannot be opened, and why it cannot be written to.
    trouble: str = ""
    write_trouble: str = ""
    server: ServerFacts = ServerFacts()
    #: How far its clock is ahead of ours, in seconds; 0 where it has none of its own.
    clock_ahead: float = 0
    #: Another database of Mujaz that lies nearby; empty where there is none.
    elsewhere: str = ""

    @property
    def usable(self) -> bool:
        """Whether it can be read without being brought up to date first."""
        return self.exists and not self.trouble and self.version == self.head


def database_findings(base: DatabaseFacts) -> list[Finding]:
    """Return whether the database can be worked with."""
    if not base.exists:
        remedy = "The first command that needs it makes it. If there should be one, DATABASE_URL or DIGEST_HOME is wrong."
        missing = warning(
            "database.missing", f"There is no database yet at {base.shown}.", remedy, base.shown
        )
        return [missing, *_elsewhere(base)]
    if base.trouble:
        return [
            fault(
                "database.unreachable",
                f"The database {base.shown} cannot be opened: {base.trouble}.",
                "Check DATABASE_URL, and that the server runs and lets this machine in.",
                base.shown,
            )
        ]
    found = [*_version_findings(base), *_storage_findings(base), *_server_findings(base)]
    return found or [
        good("database.ok", f"{base.shown} can be read and written; {_sizes(base)}.", base.shown)
    ]


def _sizes(base: DatabaseFacts) -> str:
    names = {_SQLITE: "SQLite", _POSTGRESQL: "PostgreSQL"}
    server = base.server
    release = f"{names.get(server.kind, server.kind)} {_dotted(server.release)}, " if server.kind else ""
    return f"{release}{megabytes(server.size)}; its tables are at {base.version}"


def _elsewhere(base: DatabaseFacts) -> Iterator[Finding]:
    if base.elsewhere:
        yield warning(
            "database.elsewhere",
            f"The database {base.shown} is empty, and there is another at {base.elsewhere}.",
            "If your readers are in that one, correct DATABASE_URL before a worker starts; "
            "if you have moved, put the old file away.",
            base.elsewhere,
        )


def _version_findings(base: DatabaseFacts) -> Iterator[Finding]:
    if base.version is not None and base.version > base.head:
        yield fault(
            "database.newer",
            f"A newer Mujaz has written {base.shown}: it is at {base.version}, this program at {base.head}.",
            "Update the program, or restore a backup.",
            base.shown,
        )
    elif base.version != base.head:
        at = f"is at {base.version}" if base.version else "has no tables"
        yield warning(
            "database.older",
            f"The database {base.shown} {at}; this program is at {base.head}.",
            "`digest migrate`, or the next command that needs it, brings it up to date; keep a backup.",
            base.shown,
        )
    yield from _elsewhere(base)


def _storage_findings(base: DatabaseFacts) -> Iterator[Finding]:
    server = base.server
    if base.write_trouble:
        yield fault(
            "database.read-only",
            f"The database {base.shown} cannot be written to: {base.write_trouble}.",
            "Check its rights and the disk, and whether a process holds it for long.",
            base.shown,
        )
    if server.damage:
        yield fault(
            "database.damaged",
            f"The database {base.shown} is damaged: {server.damage}.",
            "Stop all processes, keep a copy of the file, and restore the last backup.",
            base.shown,
        )
    if server.journal not in {"", "wal"}:
        yield warning(
            "database.journal",
            f"The database keeps a journal of the kind {server.journal!r}, in which readers and writers wait for each other.",
            "Put it on a local disk: SQLite's write-ahead log does not work over a network.",
            base.shown,
        )
    if server.log_bytes > _LARGE_LOG:
        yield warning(
            "database.log",
            f"The database's write-ahead log has grown to {megabytes(server.log_bytes)}.",
            "A process reads without end: look for one that hangs, and end it.",
            f"{base.shown}-wal",
        )


def _server_findings(base: DatabaseFacts) -> Iterator[Finding]:
    server = base.server
    least = {_SQLITE: _LEAST_SQLITE, _POSTGRESQL: _LEAST_POSTGRESQL}.get(server.kind, ())
    if server.release and server.release < least:
        judge = fault if server.kind == _SQLITE else warning
        says = f"{base.shown} is served by release {_dotted(server.release)}; {_dotted(least)} or later is wanted."
        yield judge("database.release", says, "Update the database's program; keep a backup.", base.shown)
    free = server.connections - server.connections_used
    if server.connections and free < max(_FEW_CONNECTIONS, server.connections // 10):
        yield warning(
            "database.connections",
            f"Of {server.connections} connections of the database {max(free, 0)} are free.",
            "Run fewer processes, raise max_connections, or put a pooler such as PgBouncer before it.",
            base.shown,
        )
    if server.dead_rows > max(_MANY_DEAD, server.live_rows * _DEAD_SHARE):
        yield warning(
            "database.vacuum",
            f"The ledger holds {server.dead_rows:,} rows that were replaced, beside {server.live_rows:,} that live.",
            "See that autovacuum is on and no transaction stays open for hours; `VACUUM ANALYZE delivery` clears them.",
            base.shown,
        )
    if server.kind == _POSTGRESQL and base.version == base.head >= _WITH_TASKS and not server.has_tasks:
        yield fault(
            "database.tasks",
            "The tables of the task engine (procrastinate) are not there.",
            "They came with a migration and were taken away since: restore a backup, or migrate a fresh database.",
            base.shown,
        )


def _dotted(release: tuple[int, ...]) -> str:
    return ".".join(map(str, release))

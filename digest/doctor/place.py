"""Whether the home, the database and the clock can be worked with. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from digest.collector.health import moment, span
from digest.doctor.findings import Finding, fault, good, warning

#: Free bytes below which the disk is said to fill up, and to be full: an edition for a million readers takes 64 MB.
_LITTLE_SPACE = 1_000_000_000
_NO_SPACE = 200_000_000
#: Bytes of a write-ahead log that somebody keeps from being folded into its database.
_LARGE_LOG = 500_000_000
#: Differences between two clocks, in seconds, that are worth a word and that break leases.
_APART = 10
_FAR_APART = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeFacts:
    """The folder that holds config/, templates/ and var/."""

    path: str
    exists: bool = True
    #: Whether it has a config/ or a var/ of its own.
    used: bool = True
    #: Why nothing can be written in it; empty where it can.
    trouble: str = ""
    #: Free bytes there.
    free: int = _LITTLE_SPACE


def home_findings(home: HomeFacts) -> list[Finding]:
    """Return whether the home is there, and can be written to."""
    check = "home"
    if not home.exists:
        return [
            fault(
                check,
                f"The home {home.path} is not there.",
                "Correct DIGEST_HOME, or make the folder if it is the one that is meant.",
            )
        ]
    if home.trouble:
        return [
            fault(
                check,
                f"The home {home.path} cannot be written to: {home.trouble}.",
                "Give the user that runs Mujaz the right to write to its var/.",
            )
        ]
    found = []
    if not home.used:
        found.append(
            warning(
                check,
                f"The home {home.path} holds neither config/ nor var/.",
                "If Mujaz has run before, DIGEST_HOME names the wrong folder.",
            )
        )
    if home.free < _LITTLE_SPACE:
        judge = fault if home.free < _NO_SPACE else warning
        found.append(
            judge(check, f"The disk of {home.path} has {_megabytes(home.free)} left.", "Make room on it.")
        )
    return found or [good(check, f"{home.path} can be written to.")]


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
    #: SQLite's journal; empty for others.
    journal: str = ""
    #: Bytes of SQLite's write-ahead log.
    log_bytes: int = 0
    #: How far its clock is ahead of ours, in seconds; 0 where it has none of its own.
    clock_ahead: float = 0


def database_findings(base: DatabaseFacts) -> list[Finding]:
    """Return whether the database can be worked with."""
    check = "database"
    if not base.exists:
        return [
            warning(
                check,
                f"There is no database yet at {base.shown}.",
                "The first command that needs it makes it. If there should be one, DATABASE_URL or DIGEST_HOME is wrong.",
            )
        ]
    if base.trouble:
        return [
            fault(
                check,
                f"The database {base.shown} cannot be opened: {base.trouble}.",
                "Check DATABASE_URL, and that the server runs and lets this machine in.",
            )
        ]
    found = [*_version_findings(base), *_storage_findings(base)]
    return found or [good(check, f"{base.shown} can be read and written; its tables are at {base.version}.")]


def _version_findings(base: DatabaseFacts) -> Iterator[Finding]:
    if base.version is not None and base.version > base.head:
        yield fault(
            "database",
            f"A newer Mujaz has written {base.shown}: it is at {base.version}, this program at {base.head}.",
            "Update the program, or restore a backup.",
        )
    elif base.version != base.head:
        at = f"is at {base.version}" if base.version else "has no tables"
        yield warning(
            "database",
            f"The database {base.shown} {at}; this program is at {base.head}.",
            "`digest migrate`, or the next command that needs it, brings it up to date; keep a backup.",
        )


def _storage_findings(base: DatabaseFacts) -> Iterator[Finding]:
    if base.write_trouble:
        yield fault(
            "database",
            f"The database {base.shown} cannot be written to: {base.write_trouble}.",
            "Check its rights and the disk, and whether a process holds it for long.",
        )
    if base.journal not in {"", "wal"}:
        yield warning(
            "database",
            f"The database keeps a journal of the kind {base.journal!r}, in which readers and writers wait for each other.",
            "Put it on a local disk: SQLite's write-ahead log does not work over a network.",
        )
    if base.log_bytes > _LARGE_LOG:
        yield warning(
            "database",
            f"The database's write-ahead log has grown to {_megabytes(base.log_bytes)}.",
            "A process reads without end: look for one that hangs, and end it.",
        )


def clock_findings(
    now: dt.datetime, database_ahead: float, newest_fetch: dt.datetime | None, ahead: int, sources: int
) -> list[Finding]:
    """Return whether the machine's clock can be right.

    `newest_fetch` is the newest moment that was stored of ours; `ahead` of `sources` have articles that are dated more
    than some minutes ahead of now.
    """
    check, remedy = "clock", "Set the machine's clock, and keep it right with NTP."
    found = []
    if abs(database_ahead) > _APART:
        judge = fault if abs(database_ahead) > _FAR_APART else warning
        side = "ahead of" if database_ahead > 0 else "behind"
        found.append(
            judge(
                check, f"The database's clock is {abs(database_ahead):.0f} s {side} this machine's.", remedy
            )
        )
    if newest_fetch and (newest_fetch - now).total_seconds() > _FAR_APART:
        found.append(
            warning(
                check,
                f"The last fetch is dated {span(newest_fetch - now)} ahead: the clock went back.",
                remedy,
            )
        )
    if ahead >= 3 and ahead * 4 >= sources:
        found.append(
            warning(
                check,
                f"{ahead} of {sources} sources are ahead of this machine: its clock seems slow.",
                remedy,
            )
        )
    return found or [good(check, f"It is {moment(now)}, and nothing speaks against that.")]


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:,.0f} MB"

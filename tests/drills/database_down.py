"""The database cannot be written to, or is not there, for minutes: before the slot, and in the middle of a send."""

from __future__ import annotations

import pathlib
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from unittest.mock import patch

import procrastinate
import psycopg_pool

from digest.adapters.store import engine
from tests.cluster import Cluster, running_cluster
from tests.drills.carriers import SmtpCarrier, smtp_carrier
from tests.drills.report import Report
from tests.drills.stage import DAY, DUE, MINUTE, Stage, staged

#: How long the queue of tasks waits for a server that is down.
_PATIENCE_SECONDS = 0.3
#: Letters of a send that have left when the database goes.
_LEFT = 5
#: What may be in doubt then: two on their way, and two that came back and could not be written down.
_MOST_UNKNOWN = 4


def locked(home: pathlib.Path, report: Report) -> None:
    """Somebody else holds SQLite's lock."""
    # Half a minute each time is what a real worker waits.
    impatient = patch.object(engine, "_BUSY_SECONDS", 0.1)
    with impatient, smtp_carrier() as carrier, staged(home, report, carrier) as stage:
        lock = _Lock(home / "var" / "digest.db")
        says = "somebody holds a lock on the SQLite file"
        _drill(stage, carrier, _Trouble(says=says, quote="locked", begin=lock.take, end=lock.give_back))


def stopped(home: pathlib.Path, report: Report) -> None:
    """PostgreSQL is stopped and started again under a running worker."""
    with (
        running_cluster() as server,
        patch.object(procrastinate, "PsycopgConnector", _impatient_connector(server)),
        smtp_carrier() as carrier,
        staged(home, report, carrier, server.url("postgres")) as stage,
    ):
        says = "PostgreSQL is stopped"
        _drill(stage, carrier, _Trouble(says=says, quote="refused", begin=server.stop, end=server.start))


def _impatient_connector(server: Cluster) -> Callable[..., procrastinate.PsycopgConnector]:
    """Return what connects the queue of tasks, and waits no half minute for a server that is known to be down."""
    make = procrastinate.PsycopgConnector

    class Pool(psycopg_pool.AsyncConnectionPool):
        async def open(self, wait: bool = False, timeout: float = 30.0) -> None:
            await super().open(wait, timeout if server.is_up else _PATIENCE_SECONDS)

    return lambda **settings: make(**settings | {"pool_factory": Pool})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trouble:
    #: What is broken, and what the database's own words hold then.
    says: str
    quote: str
    begin: Callable[[], None]
    end: Callable[[], None]


@dataclass(slots=True)
class _Lock:
    """A lock on a SQLite file that another process might hold."""

    path: pathlib.Path
    _held: list[sqlite3.Connection] = field(default_factory=list)

    def take(self) -> None:
        connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        connection.execute("BEGIN IMMEDIATE")
        self._held.append(connection)

    def give_back(self) -> None:
        self._held.pop().close()


def _drill(stage: Stage, carrier: SmtpCarrier, trouble: _Trouble) -> None:
    report = stage.report
    stage.live(DUE - 20 * MINUTE)
    report.breaks(f"day 1, 06:25 to 06:45: {trouble.says}")
    trouble.begin()
    stage.live(DUE - 5 * MINUTE, DUE)
    stage.look()
    report.expect_seen("log", trouble.quote)
    report.expect_seen("mail", "The database fails")
    report.expect_seen("doctor", trouble.quote)
    report.expect(
        not stage.letters(), "day 1: nothing leaves that could not be written down", stage.letters()
    )
    trouble.end()
    stage.live(DUE + 16 * MINUTE, DUE + 18 * MINUTE)
    stage.expect_states(0, {"sent": 12}, "day 1: it goes on by itself, and all have their edition by 06:48")
    _in_the_send(stage, carrier, trouble)
    stage.expect_right_slot(2)


def _in_the_send(stage: Stage, carrier: SmtpCarrier, trouble: _Trouble) -> None:
    due, begin, report = DUE + DAY, len(carrier.arrived), stage.report
    gone: list[int] = []

    def happen(taken: int) -> None:
        if taken >= begin + _LEFT and not gone:
            gone.append(taken)
            trouble.begin()

    stage.live(due - 20 * MINUTE, due - 5 * MINUTE)
    carrier.before = happen
    report.breaks(f"day 2: when {_LEFT} letters have left {trouble.says}, for five minutes")
    stage.live(due, due + 4 * MINUTE)
    report.expect(len(gone) == 1, "day 2: it happens while letters leave")
    trouble.end()
    for minutes in (6, 11):
        stage.live(due + minutes * MINUTE)
    states = stage.states(1)
    unknown = states.get("unknown", 0)
    is_right = states.get("sent", 0) + unknown == 12 and unknown <= _MOST_UNKNOWN
    report.expect(is_right, "day 2: the rest leave when it is back; what was on its way is unknown", states)
    stage.settle(1)
    stage.expect_nobody_twice()

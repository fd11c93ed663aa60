"""The database is locked by somebody else, gone for a moment, or full: delivering waits, goes on, or stops cleanly.

Whatever happens nobody is sent two, nothing is `sent` that did not leave, and the states add up to the recipients.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from digest.adapters.store import Store
from digest.errors import DigestError
from digest.model import DeliveryState
from tests.delivery.sending import LEASE, Desk, addresses, desk_of, smtp_to
from tests.delivery.smtp_sink import Script, smtp_sink

SENT, PENDING, UNKNOWN = DeliveryState.SENT, DeliveryState.PENDING, DeliveryState.UNKNOWN
_CONNECTIONS = 2
#: Longer than a moment, and shorter than anybody's patience.
_LOCKED_SECONDS = 1.5


@dataclass(slots=True)
class Carrier:
    """A server on loopback, and what happens while it takes the message for a certain reader."""

    desk: Desk
    moment: str
    happens: Callable[[], None]
    arrived: list[tuple[str, str]] = field(default_factory=list)
    #: A long answer, that the ledger keeps.
    answer: str = "250 2.0.0 taken " + "by a wordy server " * 20
    _done: bool = False

    def _say(self, stage: str, whom: str) -> str | None:
        if stage != "message":
            return None
        if whom == self.moment and not self._done:
            self._done = True
            self.happens()
        return self.answer

    @contextlib.contextmanager
    def serve(self) -> Iterator[int]:
        """Serve while the context lasts; gives the port."""
        with smtp_sink(Script(keep=lambda *row: self.arrived.append(row), answer=self._say)) as port:
            yield port

    def check_promises(self) -> None:
        """What holds after any fault."""
        got_it = Counter(addresses(self.arrived))
        assert set(got_it.values()) == {1}, "somebody was sent two"
        states = dict(zip(self.desk.readers, self.desk.states(), strict=True))
        assert {email for email, state in states.items() if state is SENT} <= got_it.keys()
        assert len(states) == self.desk.store.ledger.recipients(self.desk.edition_id)

    def send_the_rest(self, port: int) -> None:
        """Send again when the dead run's leases have ended; nobody who may have it is sent another."""
        self.desk.clock.sleep(2 * LEASE.total_seconds())
        assert not self.desk.send(smtp_to(port, connections=_CONNECTIONS)).stopped
        self.check_promises()
        states = Counter(self.desk.states())
        assert states.keys() <= {SENT, UNKNOWN}
        # What was on its way, and what had come back and was not written down yet.
        assert states[UNKNOWN] <= 2 * _CONNECTIONS


def _lock(url: str) -> Callable[[], None]:
    """Have somebody else lock the ledger; return what unlocks it."""
    parsed = sa.make_url(url)
    if parsed.get_backend_name() == "sqlite":
        file = sqlite3.connect(str(parsed.database), isolation_level=None, check_same_thread=False)
        file.execute("BEGIN IMMEDIATE")
        return file.close
    server = psycopg.connect(url)
    server.execute("LOCK TABLE delivery IN ACCESS EXCLUSIVE MODE")
    return server.close


def test_locked_for_longer_than_a_moment_it_waits_and_goes_on(database_url: str, store: Store) -> None:
    desk = desk_of(store, 8)
    seen: list[int] = []

    def lock_for_a_while() -> None:
        unlock = _lock(database_url)
        seen.append(len(carrier.arrived))

        def end() -> None:
            seen.append(len(carrier.arrived))
            unlock()

        threading.Timer(_LOCKED_SECONDS, end).start()

    carrier = Carrier(desk, desk.readers[2], lock_for_a_while)
    with carrier.serve() as port:
        # One connection: while it waits for an answer, nobody holds the ledger, and the lock is got at once.
        assert not desk.send(smtp_to(port, connections=1)).stopped
    # What was `sending` when the lock came, and nothing that could not be written down before.
    locked, unlocked = seen
    assert unlocked <= locked + 1 < 8
    assert desk.states() == [SENT] * 8
    carrier.check_promises()


def _end_all_sessions(url: str) -> None:
    """Do what a restart of the server does to its clients."""
    with psycopg.connect(url, autocommit=True) as operator:
        operator.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_sessions_that_end_between_two_transactions_are_made_anew(database_url: str, store: Store) -> None:
    desk = desk_of(store, 8)
    carrier = Carrier(desk, desk.readers[2], lambda: _end_all_sessions(database_url))
    with carrier.serve() as port:
        assert not desk.send(smtp_to(port, connections=1)).stopped
    assert desk.states() == [SENT] * 8
    carrier.check_promises()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("event", ["before_cursor_execute", "commit"])
def test_a_session_that_ends_within_a_transaction_stops_the_run_cleanly(
    database_url: str, store: Store, event: str
) -> None:
    desk = desk_of(store, 12)
    due = threading.Event()
    carrier = Carrier(desk, desk.readers[4], due.set)

    def end_it(*_: Any) -> None:
        if due.is_set():
            due.clear()
            _end_all_sessions(database_url)

    with carrier.serve() as port:
        sa.event.listen(store.engine, event, end_it)
        with pytest.raises(DigestError):
            desk.send(smtp_to(port, connections=_CONNECTIONS))
        carrier.check_promises()
        assert PENDING in desk.states()
        carrier.send_the_rest(port)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_full_disk_stops_the_run_and_loses_nothing(database_url: str, store: Store) -> None:
    desk = desk_of(store, 60)
    limit: list[int] = []

    def no_more_pages(connection: sqlite3.Connection, _: Any) -> None:
        if limit:
            connection.execute(f"PRAGMA max_page_count = {limit[0]}")

    sa.event.listen(store.engine, "connect", no_more_pages)
    with store.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    carrier = Carrier(desk, "", lambda: None)
    with carrier.serve() as port:
        # Room for some of the server's answers, and not for all.
        limit.append(pages + 2)
        store.engine.dispose()
        with pytest.raises(DigestError, match="full"):
            desk.send(smtp_to(port, connections=_CONNECTIONS))
        limit.clear()
        store.engine.dispose()

        with store.engine.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"
        carrier.check_promises()
        states = Counter(desk.states())
        assert states[SENT] > 0
        assert states[DeliveryState.SENDING] <= 2 * _CONNECTIONS
        carrier.send_the_rest(port)

"""An edition for very many readers on PostgreSQL, the workers that deliver it, and what must be true of it."""

from __future__ import annotations

import json
import pathlib
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import sqlalchemy as sa

from digest.adapters.store import Store, open_store
from digest.model import DeliveryState
from tests.cli.running import environment, write_sources
from tests.scale.arrivals import Arrivals
from tests.worker.processes import due_newsletter, now
from tests.worker.stage import store_news

CONNECTIONS = 4
_PEOPLE = """
INSERT INTO subscriber (email, email_key, name, timezone, created_at)
SELECT name, name, '', '', :since FROM (SELECT 'reader' || n || '@example.org' AS name
                                        FROM generate_series(1, :count) AS n) AS people
"""
_WISHES = """
INSERT INTO subscription (subscriber_id, newsletter_id, regions, confirmed, consent_at, consent_source)
SELECT id, 'daily', '', true, :since, 'a test' FROM subscriber
"""


def subscribe(store: Store, count: int) -> None:
    """Have so many readers, past the store's own way, which is not what is tested."""
    with store.engine.begin() as connection:
        connection.execute(sa.text(_PEOPLE), {"count": count, "since": now()})
        connection.execute(sa.text(_WISHES), {"since": now()})
        connection.execute(sa.text("ANALYZE subscriber, subscription"))


def make_home(home: pathlib.Path, database_url: str, readers: int, **newsletter: object) -> None:
    """Make a home with a newsletter that is due, its readers and its news; the workers make the edition."""
    home.mkdir()
    due_newsletter(home, **newsletter)
    write_sources(home, {})
    store = open_store(database_url)
    try:
        subscribe(store, readers)
        store_news(store, now())
    finally:
        store.close()


@dataclass(slots=True, kw_only=True)
class Fleet:
    """Workers as an operator starts them, each with a log of its own."""

    home: pathlib.Path
    settings: dict[str, str]
    words: Sequence[str] = ()
    #: The workers that nobody has ended yet, and their logs.
    alive: dict[subprocess.Popen[bytes], pathlib.Path] = field(default_factory=dict)
    _logs: list[pathlib.Path] = field(default_factory=list)

    def start(
        self, *, within: Sequence[str] = (), settings: dict[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        """Start a worker, where wanted within another command, as in `ip netns exec NAME`."""
        path = self.home / f"worker-{len(self._logs) + 1}.log"
        self._logs.append(path)
        with path.open("wb") as log:
            process = subprocess.Popen(
                [*within, sys.executable, "-m", "digest", "worker", *self.words],
                env=environment(self.home, self.settings | (settings or {}))
                | {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
                cwd=self.home,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.alive[process] = path
        return process

    def start_unlimited(self, *, within: Sequence[str] = ()) -> None:
        """Start one that keeps no rate, on many connections: what is left when a test has seen enough is soon done."""
        hurry = {"DIGEST_MAIL__RATE_PER_SECOND": "0", "DIGEST_SMTP__CONNECTIONS": "30"}
        self.start(within=within, settings=hurry)

    def kill(self, victim: subprocess.Popen[bytes]) -> None:
        """Kill a worker with signal 9; nobody else was to end it."""
        assert victim.poll() is None, self.said()
        victim.kill()
        victim.wait()
        del self.alive[victim]

    def replace_ended(self) -> None:
        """Start another for each that ended by itself, as a supervisor does: it came up without a database."""
        for worker in [one for one in self.alive if one.poll() is not None]:
            assert worker.returncode in {1, 2}, self.said()
            assert b"The database" in self.alive.pop(worker).read_bytes(), self.said()
            self.start()

    def wait_until_started(self) -> None:
        """Wait until all that live listen to signals."""
        self.wait_until(lambda: all(b"worker started" in log.read_bytes() for log in self.alive.values()))

    def wait_until(self, reached: Callable[[], bool], seconds: float = 90) -> None:
        """Wait for it; longer than a busy machine needs is a failure."""
        end = time.monotonic() + seconds
        while not reached():
            assert time.monotonic() < end, f"it did not come to that: {self.said()}"
            time.sleep(0.05)

    def end(self, *workers: subprocess.Popen[bytes]) -> list[int]:
        """Tell workers to end; return their exit codes. Once each: a second signal ends them in the middle."""
        for worker in workers:
            worker.terminate()
            del self.alive[worker]
        return [worker.wait(timeout=60) for worker in workers]

    def said(self) -> str:
        """Return what the workers logged as wrong, the same words once."""
        words: Counter[str] = Counter()
        for log in self._logs:
            words.update(map(_wrong, log.read_text(encoding="utf-8").splitlines()))
        del words[""]
        return "\n".join(f"{count} times: {one}" for one, count in words.items())


def _wrong(line: str) -> str:
    """Return what a line of the log says of something wrong; empty where all is well."""
    try:
        said = json.loads(line)
    except ValueError:
        # Killed within a line, or no line of ours.
        return line
    if said["level"] == "INFO":
        return ""
    [*_, last] = ["", *str(said.get("traceback", "")).strip().splitlines()]
    return f"{said['message']} {last}".strip()


@contextmanager
def fleet(home: pathlib.Path, settings: dict[str, str], *words: str) -> Iterator[Fleet]:
    """Give a fleet of which nobody outlives the context."""
    workers = Fleet(home=home, settings=settings, words=words)
    try:
        yield workers
    finally:
        for process in workers.alive:
            process.kill()
            process.wait()


def settings_for(
    database_url: str, host: str, port: int, *, lease_seconds: float = 5, rate: float = 0
) -> dict[str, str]:
    """Return the settings of a worker that sends over SMTP, all together at most so many a second."""
    return {
        "DATABASE_URL": database_url,
        "DIGEST_MAIL__TRANSPORT": "smtp",
        "DIGEST_MAIL__RATE_PER_SECOND": str(rate),
        "DIGEST_SMTP__HOST": host,
        "DIGEST_SMTP__PORT": str(port),
        "DIGEST_SMTP__SECURITY": "none",
        "DIGEST_SMTP__CONNECTIONS": str(CONNECTIONS),
        "DIGEST_DELIVERY__LEASE_SECONDS": str(lease_seconds),
        "DIGEST_DELIVERY__DRAIN_SECONDS": "10",
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Many:
    """The one edition that there is, from outside."""

    store: Store
    readers: int
    arrivals: Arrivals
    chance: random.Random

    def edition_id(self) -> str:
        """Return the edition's id; there is one and no other."""
        [edition] = self.store.operations.latest_editions(10)
        return edition.id

    def states(self) -> Counter[DeliveryState]:
        """Return how many deliveries are in each state."""
        return Counter(self.store.ledger.counts(self.edition_id()))

    def left(self) -> int:
        """Return how many deliveries have not come to their end."""
        return sum(count for state, count in self.states().items() if state.open)

    def check(self, most_unknown: int) -> None:
        """Nobody twice, nobody lost, none `sent` that did not leave, and no more in doubt than were in flight."""
        found = Counter(one.email for one in self.arrivals.all())
        twice = {email: count for email, count in found.items() if count > 1}
        assert not twice, f"{len(twice)} were sent more than one: {list(twice.items())[:5]}"
        assert len({one.message_id for one in self.arrivals.all()}) == len(found)
        edition_id, states = self.edition_id(), self.states()
        assert states.keys() <= {DeliveryState.SENT, DeliveryState.UNKNOWN}, f"not all is done: {states}"
        assert states.total() == self.store.ledger.recipients(edition_id) == self.readers
        assert self.store.ledger.unfinished(now()) == []
        by_state = {
            state: {one.email for one in self.store.ledger.deliveries(edition_id, state)} for state in states
        }
        readers = {f"reader{number}@example.org" for number in range(1, self.readers + 1)}
        assert set[str]().union(*by_state.values()) == readers
        sent = by_state.get(DeliveryState.SENT, set())
        assert sent <= found.keys(), "the ledger says `sent` of a message that did not leave"
        unknown = by_state.get(DeliveryState.UNKNOWN, set())
        assert found.keys() - sent <= unknown, "somebody got a message of which the ledger does not know"
        assert len(unknown) <= most_unknown, (
            f"{len(unknown)} are unknown, {most_unknown} were in flight at most"
        )


@contextmanager
def many(database_url: str, readers: int, arrivals: Arrivals, seed: int) -> Iterator[Many]:
    """Look at an edition while the context lasts."""
    print(f"DIGEST_TEST_SEED={seed}")
    store = open_store(database_url)
    try:
        yield Many(store=store, readers=readers, arrivals=arrivals, chance=random.Random(seed))
    finally:
        store.close()

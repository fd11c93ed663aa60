"""`digest worker` on PostgreSQL as processes that are killed, told to end, or lose their database in the middle."""

from __future__ import annotations

import json
import pathlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import sqlalchemy as sa

from digest.app import App
from digest.model import Consent, DeliveryState, Subscriber
from digest.ports.tasks import handle_events
from tests.cli.running import write_sources
from tests.tasks.queues import change, cut, fall_silent, jobs
from tests.worker.processes import (
    due_newsletter,
    end,
    last,
    letters,
    now,
    running_worker,
    wait_until,
)
from tests.worker.stage import store_news

_READERS = 300
#: Slow enough that something happens in the middle.
_SLOWLY = {"DIGEST_MAIL__RATE_PER_SECOND": "100"}
#: The outbox has one lane, with a message at a time.
_IN_FLIGHT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Town:
    """Readers whose edition is due, and what becomes of it."""

    home: pathlib.Path
    app: App

    @property
    def extra(self) -> dict[str, str]:
        """What its workers know beside the home."""
        return {"DATABASE_URL": self.app.environment["DATABASE_URL"], **_SLOWLY}

    def log(self, name: str) -> pathlib.Path:
        """Return where a worker writes its log."""
        return self.home.parent / f"{name}.log"

    def begun(self) -> bool:
        """Say whether it is in the middle of sending."""
        return len(letters(self.home)) > 30

    def states(self) -> dict[str, int]:
        """Return the deliveries by state; each that was sent, was so at the first try."""
        found: Counter[str] = Counter()
        for edition in self.app.store.operations.latest_editions(9):
            for one in self.app.store.ledger.deliveries(edition.id):
                assert one.state is not DeliveryState.SENT or one.attempts == 1
                found[str(one.state)] += 1
        return dict(found)

    def is_over(self) -> bool:
        """Say whether nothing is left but what a dead worker was just sending."""
        found = self.states()
        return bool(found) and not found.keys() - {"sent", "sending", "unknown"}


@pytest.fixture
def town(tmp_path: pathlib.Path, url: str) -> Iterator[Town]:
    home = tmp_path / "home"
    home.mkdir()
    due_newsletter(home)
    write_sources(home, {})
    app = App(home=home, environment={"DATABASE_URL": url})
    for number in range(_READERS):
        person = Subscriber(id=0, email=f"reader{number:03}@example.org", newsletter_id="daily")
        app.store.subscribers.add(person, consent=Consent(at=now(), how="a test"))
    store_news(app.store, now())
    yield Town(home=home, app=app)
    app.close()


def _lines(log: pathlib.Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]


def test_what_a_killed_worker_had_in_hand_is_taken_over(town: Town) -> None:
    first, second = town.log("first"), town.log("second")
    with running_worker(town.home, first, extra=town.extra) as killed:
        assert wait_until(town.begun, [killed]), first.read_text(encoding="utf-8")
        killed.kill()
        killed.wait()
    assert not town.is_over()
    # Half a minute goes by; the leases of what it claimed hold on.
    fall_silent(town.app.store.engine)
    with running_worker(town.home, second, extra=town.extra) as process:
        assert wait_until(town.is_over, [process]), second.read_text(encoding="utf-8")
        assert end(process) == 0
    states = town.states()
    assert states.get("sending", 0) <= _IN_FLIGHT
    assert states["sent"] >= _READERS - _IN_FLIGHT
    assert _READERS - _IN_FLIGHT <= len(letters(town.home)) <= _READERS
    assert len(town.app.store.operations.latest_editions(9)) == 1
    about = {(line.get("task"), line.get("edition", "")[:6]) for line in _lines(second) if "job" in line}
    assert ("deliver_chunk", "daily-") in about


def test_a_worker_that_is_killed_while_it_composes_leaves_the_slot_to_others(town: Town) -> None:
    """Its job is as one that died in the middle leaves it: being done, by nobody."""
    held = town.app.store.engine.connect()
    try:
        # It cannot end what it does: the table of editions is taken.
        held.execute(sa.text("LOCK TABLE edition IN EXCLUSIVE MODE"))
        first = town.log("first")
        with running_worker(town.home, first, extra=town.extra) as killed:
            engine = town.app.store.engine
            assert wait_until(lambda: ("compose_slot", "doing") in jobs(engine), [killed])
            killed.kill()
            killed.wait()
    finally:
        held.rollback()
        held.close()
    fall_silent(town.app.store.engine)
    with running_worker(town.home, town.log("second"), extra=town.extra) as process:
        assert wait_until(town.begun, [process]), town.log("second").read_text(encoding="utf-8")
    assert len(town.app.store.operations.latest_editions(9)) == 1


def test_a_worker_that_is_told_to_end_gives_back_what_it_has(town: Town) -> None:
    log = town.log("worker")
    with running_worker(town.home, log, "--concurrency", "2", extra=town.extra) as process:
        assert wait_until(town.begun, [process]), log.read_text(encoding="utf-8")
        assert end(process) == 0
    states = town.states()
    assert states.keys() == {"sent", "pending"}
    assert states["sent"] == len(letters(town.home)) < _READERS
    assert last(log.read_text(encoding="utf-8")) == "stopped"
    assert not [line for line in _lines(log) if "traceback" in line]
    # The rest of it waits for any worker, from now on.
    assert ("deliver_chunk", "todo") in jobs(town.app.store.engine)
    assert not [job for job in jobs(town.app.store.engine) if job[1] == "doing"]


def test_a_worker_goes_on_when_the_database_was_restarted(town: Town) -> None:
    log = town.log("worker")
    with running_worker(town.home, log, extra=town.extra) as process:
        assert wait_until(town.begun, [process]), log.read_text(encoding="utf-8")
        engine = town.app.store.engine
        # Ours would be cut with the others.
        engine.dispose()
        assert cut(engine) > 2
        assert wait_until(town.is_over, [process]), log.read_text(encoding="utf-8")
        assert end(process) == 0
    states = town.states()
    assert states["sent"] >= _READERS - _IN_FLIGHT
    assert len(letters(town.home)) <= _READERS


def test_events_that_the_web_has_taken_are_handled_by_a_worker(town: Town) -> None:
    app = town.app
    log = town.log("worker")
    with running_worker(town.home, log, extra=town.extra | {"DIGEST_MAIL__RATE_PER_SECOND": "0"}) as process:
        assert wait_until(lambda: town.states() == {"sent": _READERS}, [process])
        [edition] = app.store.operations.latest_editions(9)
        [held, *_] = app.store.ledger.deliveries(edition.id)
        event = {
            "email": held.email,
            "timestamp": int(now().timestamp()),
            "event": "bounce",
            "sg_event_id": "e1",
            "delivery": str(held.id),
        }
        assert app.tasks is not None
        with app.store.engine.begin() as transaction:
            batch = app.store.event_batches.keep(transaction, json.dumps([event]).encode(), now())
            app.tasks.defer(transaction, [handle_events(batch)])
        assert wait_until(lambda: town.states() == {"sent": _READERS - 1, "failed_perm": 1}, [process])
        assert end(process) == 0
    assert app.store.event_batches.waiting(now()) == []
    assert change(app.store.engine, "DELETE FROM procrastinate_jobs") == 0

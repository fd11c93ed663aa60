"""The tasks on a real queue, worked in this process: what is due is done once, whoever does it and however often."""

from __future__ import annotations

import datetime as dt
import json
import pathlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from digest.adapters.store import operating
from digest.model import Pause, ReceiptStatus, Slot, Source
from digest.ports import PutBack, tasks
from digest.worker import Worker
from digest.worker.collecting import shard, shards_of
from digest.worker.tasks import Tasks
from tests.fakes import FakeFetcher, FakeSender, InlineParser
from tests.pipeline.answers import fetched
from tests.samples import source
from tests.tasks.queues import change, fall_silent, jobs
from tests.worker.stage import DUE, MINUTE, Stage, staged

_EDITION = "daily-2026-11-22"
_PEOPLE = [f"reader{number:02}" for number in range(40)]


@pytest.fixture
def stage(url: str, tmp_path: pathlib.Path) -> Iterator[Stage]:
    """A worker with forty readers, whose edition is due."""
    with staged(tmp_path, database_url=url) as made:
        made.subscribe(*_PEOPLE)
        made.news()
        made.set(DUE)
        yield made


def _put(stage: Stage, worker: Worker | None = None) -> list[tuple[str, str]]:
    """Have a worker say what is due; return the jobs."""
    deferring = (worker or stage.worker).deferring
    assert deferring is not None
    deferring.slots()
    return jobs(stage.store.engine)


def _do(worker: Worker) -> None:
    """Have a worker do all tasks that wait."""
    assert worker.tasks is not None
    worker.tasks.run_dry()


def _handle(worker: Worker, task: tasks.Task) -> None:
    """Do a task past the queue, as one whose job was taken over does."""
    assert worker.deferring is not None
    parts = (worker.life, worker.collecting, worker.rounds, worker.sending, worker.deferring)
    Tasks(worker._app, *parts).handlers()[task.name](1, task.arguments)


def _another(stage: Stage) -> Worker:
    """Return another worker on the same store."""
    worker = Worker(stage)
    worker.life.beat()
    worker.collecting.looked.set()
    return worker


@contextmanager
def _both(stage: Stage, work: Callable[[Worker], None]) -> Iterator[None]:
    """Have two workers do the same at the same time."""
    other = _another(stage)
    with ThreadPoolExecutor(2) as threads:
        for done in [threads.submit(work, worker) for worker in (stage.worker, other)]:
            done.result()
    yield
    other.sending.close()


def _got(stage: Stage) -> list[str]:
    return [address.partition("@")[0] for address in stage.got()]


# --------------------------------------------------------------------------- slots and editions


def test_what_is_due_is_put_into_the_queue_and_done_from_there(stage: Stage) -> None:
    assert _put(stage) == [("compose_slot", "todo")]
    assert _put(stage) == [("compose_slot", "todo")]
    _do(stage.worker)
    assert _got(stage) == _PEOPLE
    assert _put(stage) == []


def test_recipients_and_the_tasks_to_write_to_them_are_frozen_together(stage: Stage) -> None:
    other = _another(stage)
    _handle(stage.worker, tasks.compose_slot(_slot(stage)))
    assert stage.states(_EDITION) == {"pending": 40}
    # One for each worker that lives.
    assert jobs(stage.store.engine) == [("deliver_chunk", "todo")] * 2
    other.sending.close()


def test_without_a_task_there_are_no_frozen_recipients(stage: Stage) -> None:
    def fails(*_: object) -> None:
        raise KeyError

    broken = type(stage.store.ledger)(stage.store.engine, 5, fails)
    object.__setattr__(stage.store, "ledger", broken)
    _handle(stage.worker, tasks.compose_slot(_slot(stage)))
    assert not stage.store.ledger.is_open(_EDITION)
    assert jobs(stage.store.engine) == []


def _slot(stage: Stage) -> Slot:
    [slot] = stage.worker.rounds.due_slots()
    return slot


def test_two_that_compose_the_same_slot_make_one_edition(stage: Stage) -> None:
    task = tasks.compose_slot(_slot(stage))
    with _both(stage, lambda worker: _handle(worker, task)):
        assert len(stage.store.operations.latest_editions(9)) == 1
        assert stage.states(_EDITION) == {"pending": 40}


def test_two_that_deliver_the_same_edition_write_to_each_once(stage: Stage) -> None:
    _handle(stage.worker, tasks.compose_slot(_slot(stage)))
    task = tasks.deliver_chunk(_EDITION, "0")
    with _both(stage, lambda worker: _handle(worker, task)):
        assert _got(stage) == _PEOPLE


@pytest.mark.parametrize("why", ["late", "paused", "sent"])
def test_a_slot_whose_task_comes_too_late_is_left_alone(why: str, stage: Stage) -> None:
    task = tasks.compose_slot(_slot(stage))
    if why == "late":
        stage.set(DUE + 181 * MINUTE)
    elif why == "paused":
        stage.store.operations.pause(Pause(newsletter_id="daily", since=DUE))
    else:
        _put(stage)
        _do(stage.worker)
    before = stage.store.operations.latest_editions(9)
    _handle(stage.worker, task)
    assert stage.store.operations.latest_editions(9) == before
    assert _got(stage) == (_PEOPLE if why == "sent" else [])


def test_a_long_edition_is_delivered_in_chunks(stage: Stage) -> None:
    def slowly(_: object) -> ReceiptStatus:
        stage.hand.sleep(1)
        return ReceiptStatus.SENT

    stage.carriers["daily"] = FakeSender(batch=1, answer=slowly)
    _handle(stage.worker, tasks.compose_slot(_slot(stage)))
    change(stage.store.engine, "DELETE FROM procrastinate_jobs")
    _handle(stage.worker, tasks.deliver_chunk(_EDITION, "0"))
    assert 0 < len(stage.got()) < 40
    assert jobs(stage.store.engine) == [("deliver_chunk", "todo")]
    # What was claimed for later was given back, so that anybody can go on.
    assert set(stage.states(_EDITION)) == {"pending", "sent"}


def test_an_edition_that_is_delivered_here_is_offered_to_others(stage: Stage) -> None:
    _handle(stage.worker, tasks.compose_slot(_slot(stage)))
    change(stage.store.engine, "DELETE FROM procrastinate_jobs")
    seen: list[list[tuple[str, str]]] = []

    def look(_: object) -> ReceiptStatus:
        if not seen:
            _handle(stage.worker, tasks.deliver_chunk(_EDITION, "1"))
            _handle(stage.worker, tasks.deliver_chunk(_EDITION, "2", tries=3))
            seen.append(jobs(stage.store.engine))
        return ReceiptStatus.SENT

    stage.carriers["daily"] = FakeSender(answer=look)
    _handle(stage.worker, tasks.deliver_chunk(_EDITION, "0"))
    assert seen == [[("deliver_chunk", "todo")]]


def test_an_edition_of_a_newsletter_that_is_unknown_here_is_offered_to_others(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    _handle(stage.worker, tasks.compose_slot(_slot(stage)))
    change(stage.store.engine, "DELETE FROM procrastinate_jobs")
    with monkeypatch.context() as older:
        older.delitem(stage.settings.newsletters, "daily")
        _handle(stage.worker, tasks.deliver_chunk(_EDITION, "0"))
        assert jobs(stage.store.engine) == [("deliver_chunk", "todo")]
        _handle(stage.worker, tasks.deliver_chunk(_EDITION, "1", tries=3))
    assert [one.key for one in stage.store.operations.alerts()] == [f"sending {_EDITION}"]
    # Nobody's turn is put off by it.
    assert stage.store.ledger.held() == {}
    _handle(stage.worker, tasks.deliver_chunk(_EDITION, "0"))
    assert _got(stage) == _PEOPLE
    assert stage.store.operations.alerts() == []


def test_a_worker_that_is_to_end_puts_its_task_back(stage: Stage) -> None:
    task = tasks.compose_slot(_slot(stage))
    stage.worker.life.stopping = True
    with pytest.raises(PutBack):
        _handle(stage.worker, task)
    assert stage.store.operations.latest_editions(9) == []


def test_a_task_that_fails_is_logged_and_leaves_no_job(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(stage.worker.rounds, "compose_slot", fail)
    _put(stage)
    _do(stage.worker)
    assert jobs(stage.store.engine) == []
    assert "task compose_slot failed" in caplog.text


# --------------------------------------------------------------------------- who died


@pytest.mark.parametrize(
    ("death", "taken_back"),
    [
        pytest.param("silent", True, id="it gives no sign of life"),
        pytest.param("ended", True, id="it has ended"),
        pytest.param("", False, id="it lives"),
    ],
)
def test_what_a_dead_worker_has_claimed_is_others_before_its_lease_ends(
    death: str, taken_back: bool, stage: Stage
) -> None:
    _handle(stage.worker, tasks.compose_slot(_slot(stage)))
    other = _another(stage)
    ledger = stage.store.ledger.of_worker(other.life.id)
    held = ledger.claim(_EDITION, 10, DUE, 2 * MINUTE)
    ledger.advance([], held[:3], DUE, 2 * MINUTE)
    if death == "silent":
        fall_silent(stage.store.engine)
    elif death == "ended":
        other.life.end()
    stage.worker.sending.deliver_chunk(_EDITION)
    # What was leaving is in doubt until the lease ends; the rest is somebody's letter again.
    left = {"sending": 3, "sent": 37} if taken_back else {"sending": 3, "claimed": 7, "sent": 30}
    assert stage.states(_EDITION) == left
    # Should it live after all, it may send none of them.
    lost = ledger.advance([], held[3:], DUE, 2 * MINUTE)
    assert lost == ({one.id for one in held[3:]} if taken_back else frozenset())
    stage.set(DUE + 3 * MINUTE)
    stage.worker.sending.deliver_chunk(_EDITION)
    in_doubt = 3 if taken_back else 10
    assert stage.states(_EDITION) == {"sent": 40 - in_doubt, "unknown": in_doubt}
    other.sending.close()


def test_a_claim_of_no_worker_is_left_to_its_lease(stage: Stage) -> None:
    _handle(stage.worker, tasks.compose_slot(_slot(stage)))
    assert len(stage.store.ledger.claim(_EDITION, 10, DUE, 2 * MINUTE)) == 10
    fall_silent(stage.store.engine)
    stage.worker.sending.deliver_chunk(_EDITION)
    assert stage.states(_EDITION) == {"claimed": 10, "sent": 30}


# --------------------------------------------------------------------------- collecting


def _sources(count: int) -> list[Source]:
    return [
        source(f"s{number:03}", url=f"https://host{number % 40:02}.example/{number}")
        for number in range(count)
    ]


def test_each_source_is_in_one_shard_with_all_others_of_its_host() -> None:
    sources = _sources(170)
    of = shards_of(sources)
    shards = [shard(sources, number, of) for number in range(of)]
    assert of == 4
    assert sorted(one.id for some in shards for one in some) == [one.id for one in sources]
    hosts = [{one.url.rpartition("/")[0] for one in some} for some in shards]
    assert sum(map(len, hosts)) == len(set().union(*hosts)) == 40
    assert shards_of([]) == 1


@pytest.fixture
def collecting(stage: Stage) -> Stage:
    """A stage with a hundred sources, none of them collected."""
    sources = _sources(100)
    stage.settings.sources.update({one.id: one for one in sources})
    stage.fetcher = FakeFetcher({one.id: fetched(one) for one in sources})
    stage.parser = InlineParser()
    return stage


def _collect(stage: Stage) -> list[tuple[str, str]]:
    assert stage.worker.deferring is not None
    stage.worker.deferring.collect()
    return jobs(stage.store.engine)


def test_a_collect_is_shared_and_done_when_all_its_shards_are(collecting: Stage) -> None:
    stage, operations = collecting, collecting.store.operations
    assert _collect(stage) == [("collect_shard", "todo")] * 2
    assert _collect(stage) == [("collect_shard", "todo")] * 2
    turn = operations.turn("collect")
    assert turn is not None
    first, second = (tasks.collect_shard(number, 2, turn.started_at) for number in (0, 1))
    _handle(stage.worker, first)
    # Twice is as good as once, also where the other has not come to its end.
    _handle(stage.worker, first)
    assert stage.worker.collecting.in_progress(stage.hand.now())
    _handle(stage.worker, second)
    assert not stage.worker.collecting.in_progress(stage.hand.now())
    assert len(stage.store.articles.fetch_states()) == 101
    # And one whose turn is over does nothing any more.
    stage.set(DUE + 20 * MINUTE)
    change(stage.store.engine, "DELETE FROM procrastinate_jobs")
    assert _collect(stage) == [("collect_shard", "todo")] * 2
    _handle(stage.worker, first)
    _handle(stage.worker, second)
    assert stage.worker.collecting.in_progress(stage.hand.now())


def test_what_has_waited_for_the_news_is_put_into_the_queue_with_the_last_shard(collecting: Stage) -> None:
    stage = collecting
    _collect(stage)
    assert _put(stage) == [("collect_shard", "todo")] * 2
    _do(stage.worker)
    assert _got(stage) == _PEOPLE


def test_a_shard_of_a_worker_that_ends_is_another_s(collecting: Stage) -> None:
    stage = collecting
    _collect(stage)
    turn = stage.store.operations.turn("collect")
    assert turn is not None
    stage.worker.life.stopping = True
    with pytest.raises(PutBack):
        _handle(stage.worker, tasks.collect_shard(0, 2, turn.started_at))
    other = _another(stage)
    _do(other)
    assert not other.collecting.in_progress(stage.hand.now())
    assert len(stage.store.articles.fetch_states()) == 101
    other.sending.close()


def test_a_worker_that_collects_alone_leaves_a_shared_collect_to_its_shards(collecting: Stage) -> None:
    _collect(collecting)
    assert not collecting.worker.collecting.collect_if_due()
    collecting.set(DUE + operating.LONGEST_TURN)
    collecting.worker.life.beat()
    assert collecting.worker.collecting.collect_if_due()


def test_a_collect_that_takes_too_long_is_begun_anew(collecting: Stage) -> None:
    _collect(collecting)
    collecting.set(DUE + operating.LONGEST_TURN)
    assert not collecting.worker.collecting.in_progress(collecting.hand.now())
    assert len(_collect(collecting)) == 4


# --------------------------------------------------------------------------- events


def _batch(stage: Stage, delivery_id: int) -> int:
    event = {
        "email": "reader00@example.org",
        "timestamp": int(DUE.timestamp()),
        "event": "bounce",
        "sg_event_id": f"id-{delivery_id}",
        "delivery": str(delivery_id),
    }
    with stage.store.engine.begin() as transaction:
        return stage.store.event_batches.keep(transaction, json.dumps([event]).encode(), DUE)


def test_events_that_lost_their_task_are_found_and_have_one_effect(stage: Stage) -> None:
    _put(stage)
    _do(stage.worker)
    [held, *_] = stage.store.ledger.deliveries(_EDITION)
    batch = _batch(stage, held.id)
    stage.set(DUE + 2 * MINUTE)
    assert _put(stage) == [("handle_events", "todo")]
    with _both(stage, lambda worker: _handle(worker, tasks.handle_events(batch))):
        assert stage.states(_EDITION) == {"sent": 39, "failed_perm": 1}
        assert stage.store.event_batches.waiting(stage.hand.now() + dt.timedelta(1)) == []
    _do(stage.worker)
    assert stage.states(_EDITION) == {"sent": 39, "failed_perm": 1}


def test_events_of_a_message_that_is_just_leaving_are_looked_at_again(stage: Stage) -> None:
    _handle(stage.worker, tasks.compose_slot(_slot(stage)))
    [held] = stage.store.ledger.claim(_EDITION, 1, DUE, MINUTE)
    stage.store.ledger.advance([], [held], DUE, MINUTE)
    batch = _batch(stage, held.id)
    change(stage.store.engine, "DELETE FROM procrastinate_jobs")
    _handle(stage.worker, tasks.handle_events(batch))
    assert jobs(stage.store.engine) == [("handle_events", "todo")]
    assert stage.store.event_batches.batch(batch) is not None
    # Not at once: the message needs its time.
    assert change(stage.store.engine, "DELETE FROM procrastinate_jobs WHERE scheduled_at IS NOT NULL") == 1

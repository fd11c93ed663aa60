"""The queue's contract: a task comes and goes with its transaction, is done once, and outlives its worker."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator

import pytest

from digest.adapters.clock import SystemClock
from digest.adapters.store import Store
from digest.adapters.tasks import ProcrastinateQueue, worker
from digest.ports import PutBack, Task
from tests.tasks.queues import Written, came_true, change, cut, defer, jobs, opened_queue, working


@pytest.fixture(scope="module")
def opened(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Store, ProcrastinateQueue]]:
    with opened_queue(request, tmp_path_factory.mktemp("queue")) as there:
        yield there


@pytest.fixture
def store(opened: tuple[Store, ProcrastinateQueue]) -> Store:
    change(opened[0].engine, "DELETE FROM procrastinate_jobs")
    change(opened[0].engine, "DELETE FROM procrastinate_workers")
    return opened[0]


@pytest.fixture
def queue(opened: tuple[Store, ProcrastinateQueue]) -> ProcrastinateQueue:
    return opened[1]


def _task(number: int = 1, once: str = "", **more: object) -> Task:
    return Task(name="task", arguments={"number": number}, once=once, **more)  # type: ignore[arg-type]


def test_a_task_comes_with_its_transaction(store: Store, queue: ProcrastinateQueue) -> None:
    with store.engine.begin() as transaction:
        assert queue.defer(transaction, [_task(1), _task(2)]) == 2
        assert jobs(store.engine) == []
    assert jobs(store.engine) == [("task", "todo"), ("task", "todo")]


def test_and_goes_with_it(store: Store, queue: ProcrastinateQueue) -> None:
    with store.engine.connect() as connection, connection.begin() as transaction:
        assert queue.defer(connection, [_task()]) == 1
        transaction.rollback()
    assert jobs(store.engine) == []


def test_of_those_with_the_same_word_one_waits(store: Store, queue: ProcrastinateQueue) -> None:
    assert defer(store, queue, _task(1, "a"), _task(2, "a"), _task(3, "b")) == 2
    assert defer(store, queue, _task(4, "a"), _task(5, "c")) == 1
    written = Written()
    queue.worker(written.handlers(), 1).run_dry()
    assert sorted(int(one["number"]) for one in written.did) == [2, 3, 5]
    # Once it is being done, another may wait.
    assert defer(store, queue, _task(6, "a")) == 1


def test_two_that_defer_the_same_at_once_keep_the_rest_of_their_transactions(
    store: Store, queue: ProcrastinateQueue
) -> None:
    with store.engine.begin() as first:
        assert queue.defer(first, [_task(1, "a")]) == 1
        second: list[int] = []
        # It cannot see the first one's, and waits at the index for how that ends.
        thread = threading.Thread(target=lambda: second.append(defer(store, queue, _task(2, "a"), _task(3))))
        thread.start()
        blocked = "SELECT pid FROM pg_locks WHERE NOT granted"
        assert came_true(lambda: change(store.engine, blocked) > 0)
    thread.join(60)
    assert second == [1]
    assert len(jobs(store.engine)) == 2


def test_what_is_done_leaves_nothing(store: Store, queue: ProcrastinateQueue) -> None:
    later = SystemClock().now() + dt.timedelta(hours=1)
    defer(store, queue, _task(1), _task(2, not_before=later), _task(3, urgent=True))
    written = Written()
    queue.worker(written.handlers(), 1).run_dry()
    assert [one["number"] for one in written.did] == [3, 1]
    assert jobs(store.engine) == [("task", "todo")]


def test_a_task_that_is_put_back_waits_for_another(store: Store, queue: ProcrastinateQueue) -> None:
    defer(store, queue, _task(1, "a"))
    tried: list[int] = []

    def put_back(job: int, _arguments: object) -> None:
        tried.append(job)
        doing.stop()
        raise PutBack

    doing = queue.worker({"task": put_back}, 1)
    doing.run()
    assert jobs(store.engine) == [("task", "todo")]
    written = Written()
    queue.worker(written.handlers(), 1).run_dry()
    assert (len(tried), len(written.did)) == (1, 1)


_DEAD = "UPDATE procrastinate_jobs SET status = 'doing', worker_id = "


@pytest.mark.parametrize(
    ("of", "silent", "again"),
    [
        pytest.param(
            "(SELECT procrastinate_register_worker_v1())", 31, True, id="of a worker without a sign of life"
        ),
        pytest.param("(SELECT procrastinate_register_worker_v1())", 25, False, id="of one that may live"),
        pytest.param("NULL", 0, True, id="of one that is forgotten"),
    ],
)
def test_a_task_of_a_dead_worker_is_done_again(
    of: str, silent: int, again: bool, store: Store, queue: ProcrastinateQueue
) -> None:
    defer(store, queue, _task(1, "a"))
    change(store.engine, f"{_DEAD}{of}")
    change(
        store.engine,
        "UPDATE procrastinate_workers SET last_heartbeat = now() - make_interval(secs => :silent)",
        silent=silent,
    )
    written = Written()
    queue.worker(written.handlers(), 1).run_dry()
    assert len(written.did) == again
    assert jobs(store.engine) == ([] if again else [("task", "doing")])


def test_a_worker_that_is_at_work_takes_over_the_tasks_of_the_dead(
    store: Store, queue: ProcrastinateQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "RESCUE_SECONDS", 0.2)
    written = Written()
    with working(queue.worker(written.handlers(), 1)):
        defer(store, queue, _task(1))
        # It has looked for the dead as it began, and found none.
        assert came_true(lambda: len(written.did) == 1)
        defer(store, queue, _task(2, not_before=SystemClock().now() + dt.timedelta(hours=1)))
        change(store.engine, f"{_DEAD}NULL WHERE args @> '{{\"number\": 2}}'")
        assert came_true(lambda: len(written.did) == 2)


def test_of_a_dead_worker_s_task_and_its_successor_one_is_done(
    store: Store, queue: ProcrastinateQueue
) -> None:
    defer(store, queue, _task(1, "a"))
    change(store.engine, f"{_DEAD}NULL")
    defer(store, queue, _task(2, "a"))
    written = Written()
    queue.worker(written.handlers(), 1).run_dry()
    assert [one["number"] for one in written.did] == [2]
    assert jobs(store.engine) == []


def test_a_worker_goes_on_after_the_database_was_away(
    store: Store, queue: ProcrastinateQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A dead connection is found with the next sign of life.
    monkeypatch.setattr(worker, "BEAT_SECONDS", 0.2)
    written = Written()
    with working(queue.worker(written.handlers(), 2)):
        defer(store, queue, _task(1))
        # Cut while it says that it is done, the task would be done again when its worker counts as dead.
        assert came_true(lambda: len(written.did) == 1 and jobs(store.engine) == [])
        assert cut(store.engine) > 1
        assert defer(store, queue, _task(2)) == 1
        assert came_true(lambda: len(written.did) == 2)
        assert came_true(lambda: jobs(store.engine) == [])


def test_it_ends_when_what_is_in_hand_has(store: Store, queue: ProcrastinateQueue) -> None:
    go_on = threading.Event()
    written = Written(go_on.wait)
    defer(store, queue, _task(1))
    doing = queue.worker(written.handlers(), 2)
    with working(doing) as thread:
        assert came_true(lambda: len(written.did) == 1)
        doing.stop()
        defer(store, queue, _task(2))
        assert thread.is_alive()
        go_on.set()
    assert [one["number"] for one in written.did] == [1]
    assert jobs(store.engine) == [("task", "todo")]


def test_so_many_connections_and_no_more(store: Store, queue: ProcrastinateQueue) -> None:
    """One that listens, and the pool: whatever the concurrency."""
    others = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    go_on = threading.Event()
    written = Written(go_on.wait)
    defer(store, queue, *map(_task, range(8)))
    with working(queue.worker(written.handlers(), 8)):
        assert came_true(lambda: len(written.did) == 8)
        # Ours would be counted with its own.
        store.engine.dispose()
        go_on.set()
        # As they end, all of them want one; what a pool has opened it keeps for minutes.
        assert came_true(lambda: jobs(store.engine) == [])
        assert change(store.engine, others) <= worker.POOL + 1

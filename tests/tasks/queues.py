"""What the tests of the queue share: tasks that are written down, and a look at the jobs themselves."""

from __future__ import annotations

import pathlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from digest.adapters.store import Store
from digest.adapters.tasks import ProcrastinateQueue
from digest.ports import Handler, Task, TaskWorker
from digest.ports.tasks import Arguments
from tests.adapters.databases import opened_store

#: Long enough for a busy machine; a test that passes never waits that long.
_PATIENCE_SECONDS = 60.0


@contextmanager
def opened_queue(
    request: pytest.FixtureRequest, folder: pathlib.Path
) -> Iterator[tuple[Store, ProcrastinateQueue]]:
    """Give a queue on an empty database, and the store there."""
    with opened_store("postgresql", request, folder) as store:
        yield store, ProcrastinateQueue(store.engine.url.render_as_string(hide_password=False))


def defer(store: Store, queue: ProcrastinateQueue, *tasks: Task) -> int:
    """Defer tasks in a transaction of their own."""
    with store.engine.begin() as transaction:
        return queue.defer(transaction, tasks)


def jobs(engine: Engine) -> list[tuple[str, str]]:
    """Return the name and state of each job, in the order in which they came."""
    with engine.connect() as connection:
        found = connection.execute(
            sa.text("SELECT task_name, status::text FROM procrastinate_jobs ORDER BY id")
        )
        return [(row.task_name, row.status) for row in found]


def change(engine: Engine, statement: str, **values: object) -> int:
    """Change something past the program; return how many rows."""
    with engine.begin() as connection:
        return connection.execute(sa.text(statement), values).rowcount


def fall_silent(engine: Engine) -> None:
    """Have all workers there are without a sign of life for longer than a living one ever is."""
    change(engine, "UPDATE worker SET seen_at = seen_at - interval '31 seconds'")
    change(engine, "UPDATE procrastinate_workers SET last_heartbeat = now() - interval '31 seconds'")


def cut(engine: Engine) -> int:
    """End all connections to the database but our own, as a restart of the server does."""
    others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    with engine.connect() as connection:
        return len(connection.execute(sa.text(f"SELECT pg_terminate_backend(pid) {others}")).all())


class Written:
    """Handlers that write down what they did."""

    def __init__(self, then: Callable[[], object] = lambda: None) -> None:
        self.did: list[Arguments] = []
        self._then = then

    def handlers(self, *names: str) -> Mapping[str, Handler]:
        """Return handlers of tasks with these names."""
        return dict.fromkeys(names or ("task",), self._handle)

    def _handle(self, job: int, arguments: Arguments) -> None:
        assert job > 0
        self.did.append(arguments)
        self._then()


@contextmanager
def working(worker: TaskWorker) -> Iterator[threading.Thread]:
    """Have tasks done meanwhile."""
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        yield thread
    finally:
        worker.stop()
        thread.join(_PATIENCE_SECONDS)
        assert not thread.is_alive()


def came_true(reached: Callable[[], bool]) -> bool:
    """Say whether it came to that in time."""
    until = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < until:
        if reached():
            return True
        time.sleep(0.05)
    return reached()

"""Deferring tasks in the transaction of the rows that they are about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import procrastinate
import sqlalchemy as sa
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.sync_psycopg_connector import SyncPsycopgConnector
from sqlalchemy.engine import Connection, make_url

from digest.adapters.tasks.worker import ProcrastinateWorker
from digest.errors import DatabaseFailed
from digest.ports import Handler, Task

#: Procrastinate's name for all tasks of ours.
QUEUE = "mujaz"
#: How far before the others urgent tasks stand.
_URGENT = 10
_WAITING = sa.text(
    "SELECT queueing_lock FROM procrastinate_jobs WHERE status = 'todo' AND queueing_lock = ANY(:once)"
)


class ProcrastinateQueue:
    """The queue in the database at `url`."""

    def __init__(self, url: str) -> None:
        #: As libpq reads it.
        self._url = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        # It lends its statements only: each task goes through the caller's connection.
        self._app = procrastinate.App(connector=SyncPsycopgConnector())

    def defer(self, transaction: Connection, tasks: Sequence[Task]) -> int:
        """See `ports.TaskQueue`."""
        named = {task.once: task for task in tasks if task.once}
        # Looked at first: the index would refuse a second one as well, with a line in the server's log each time.
        waiting = set(transaction.scalars(_WAITING, {"once": list(named)})) if named else set()
        new = [named[once] for once in named if once not in waiting] + [one for one in tasks if not one.once]
        # In one order for all: of two that defer the same tasks at once, neither may wait for the other.
        return sum(self._defer(transaction, task) for task in sorted(new, key=lambda task: task.once))

    def worker(self, handlers: Mapping[str, Handler], concurrency: int) -> ProcrastinateWorker:
        """See `ports.TaskQueue`."""
        return ProcrastinateWorker(self._url, QUEUE, handlers, concurrency)

    def _defer(self, transaction: Connection, task: Task) -> bool:
        driver: Any = transaction.connection.driver_connection
        deferrer = self._app.configure_task(
            task.name,
            queue=QUEUE,
            queueing_lock=task.once or None,
            priority=_URGENT if task.urgent else 0,
            schedule_at=task.not_before,
            connection=driver,
        )
        try:
            # A statement that fails ends the transaction that it stands in: here only this one.
            with transaction.begin_nested():
                deferrer.defer(**task.arguments)
        except AlreadyEnqueued:
            return False
        except ConnectorException as error:
            raise DatabaseFailed(f"The database fails: {error.__cause__ or error}") from error
        return True

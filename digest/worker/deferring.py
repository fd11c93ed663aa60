"""The tick of a worker that shares a queue with others: it says what is due, and whoever is free does it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from digest.ports import Task, TaskQueue, tasks
from digest.worker.collecting import COLLECT, Collecting, shards_of
from digest.worker.life import Life
from digest.worker.rounds import Rounds
from digest.worker.sending import Sending

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from digest.app import App

#: Events that wait for so long have lost their task.
_FORGOTTEN = dt.timedelta(minutes=1)
#: Characters of a worker's id that name its place among an edition's deliverers.
_PLACE = 8


class Deferring:
    """Puts what is due into the queue, so that nothing that the store says is to be done lacks a task."""

    def __init__(
        self,
        app: App,
        queue: TaskQueue[Connection],
        life: Life,
        collecting: Collecting,
        rounds: Rounds,
        sending: Sending,
    ) -> None:
        self._app = app
        self._queue = queue
        self._life = life
        self._collecting = collecting
        self._rounds = rounds
        self._sending = sending

    def collect(self) -> None:
        """Begin to collect, if it is time: the turn and its shards' tasks in one transaction."""
        app, now = self._app, self._app.clock.now()
        interval = dt.timedelta(minutes=app.settings.collect.interval_minutes)
        of = shards_of(list(app.settings.sources.values()))
        try:
            with app.store.engine.begin() as transaction:
                if app.store.operations.share_turn(transaction, COLLECT, of, now, interval):
                    shards = [tasks.collect_shard(number, of, now) for number in range(of)]
                    self._queue.defer(transaction, shards)
        finally:
            self._collecting.looked.set()

    def slots(self) -> None:
        """Have brought on its way what is due, and delivered what is not finished."""
        # A worker that starts when an edition is due would have it made of yesterday's news.
        self._collecting.looked.wait()
        store, now = self._app.store, self._app.clock.now()
        due = [
            *map(tasks.compose_slot, self._rounds.due_slots()),
            *(self._own_share(one) for one in self._rounds.sendable() if not self._sending.has(one)),
            *map(tasks.handle_events, store.event_batches.waiting(now - _FORGOTTEN)),
        ]
        self.defer(*due)

    def defer(self, *due: Task) -> None:
        """Keep tasks."""
        if due:
            with self._app.store.engine.begin() as transaction:
                self._queue.defer(transaction, due)

    def _own_share(self, edition_id: str) -> Task:
        """Return a task to deliver an edition that has no run in this process: so all machines come to take part."""
        return tasks.deliver_chunk(edition_id, self._life.id[:_PLACE])

"""The tasks: what a worker does when one of the queue that all workers share comes to it.

Each looks at the store for what is to be done by now: one that is done twice, late, or by two at once does no harm.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from digest.adapters.sendgrid_events import read_events
from digest.adapters.store.events import SqlEvents
from digest.ports import Handler, PutBack, tasks
from digest.ports.tasks import Arguments
from digest.worker import metrics
from digest.worker.life import Life, Stopping
from digest.worker.logs import about
from digest.worker.sending import Chunk

if TYPE_CHECKING:
    from digest.app import App
    from digest.worker.collecting import Collecting
    from digest.worker.deferring import Deferring
    from digest.worker.rounds import Rounds
    from digest.worker.sending import Sending

_log = logging.getLogger("digest.worker")

#: Workers that an edition's task is offered to while they deliver it already, and how long after one another.
_MOST_TRIES, _OFFERED_AGAIN = 3, dt.timedelta(seconds=2)
#: When events of messages that were just leaving are looked at again.
_EVENTS_AGAIN = dt.timedelta(seconds=30)


class Tasks:
    """Does the tasks, with the same parts that a worker without a queue uses."""

    def __init__(
        self,
        app: App,
        life: Life,
        collecting: Collecting,
        rounds: Rounds,
        sending: Sending,
        deferring: Deferring,
    ) -> None:
        self._app = app
        self._life = life
        self._collecting = collecting
        self._rounds = rounds
        self._sending = sending
        self._deferring = deferring

    def handlers(self) -> Mapping[str, Handler]:
        """Return what does each task."""
        work: Mapping[str, Callable[[Arguments], None]] = {
            tasks.COLLECT_SHARD: self._collect_shard,
            tasks.COMPOSE_SLOT: self._compose_slot,
            tasks.DELIVER_CHUNK: self._deliver_chunk,
            tasks.HANDLE_EVENTS: self._handle_events,
        }
        return {name: self._in_order(name, do) for name, do in work.items()}

    def _in_order(self, name: str, do: Callable[[Arguments], None]) -> Handler:
        """Return a handler whose failure is logged: what it has left undone is found by the next look at the store."""

        def handle(job: int, arguments: Arguments) -> None:
            with about(task=name, job=str(job)):
                try:
                    with metrics.working(name):
                        do(arguments)
                except Stopping as error:
                    raise PutBack from error
                except Exception:
                    _log.exception("task %s failed; what it left undone is done later", name)
                if self._life.stopping:
                    raise PutBack

        return handle

    def _collect_shard(self, arguments: Arguments) -> None:
        begun = dt.datetime.fromisoformat(str(arguments["begun"]))
        if self._collecting.collect_shard(int(arguments["number"]), int(arguments["of"]), begun):
            # What has waited for the news is composed at once.
            self._deferring.slots()

    def _compose_slot(self, arguments: Arguments) -> None:
        date = dt.date.fromisoformat(str(arguments["date"]))
        self._rounds.compose_slot(str(arguments["newsletter"]), date, str(arguments["cohort"]))

    def _deliver_chunk(self, arguments: Arguments) -> None:
        edition_id, place, tries = (
            str(arguments["edition"]),
            str(arguments["place"]),
            int(arguments["tries"]),
        )
        came = self._sending.deliver_chunk(edition_id)
        if came is Chunk.MORE:
            self._deferring.defer(tasks.deliver_chunk(edition_id, place))
        elif came is Chunk.UNKNOWN_HERE and tries >= _MOST_TRIES:
            self._sending.refuse(edition_id)
        elif came in {Chunk.HERE_ALREADY, Chunk.UNKNOWN_HERE} and tries < _MOST_TRIES:
            # One run takes all lanes of this process: another machine may have some that are free.
            later = self._app.clock.now() + _OFFERED_AGAIN
            self._deferring.defer(tasks.deliver_chunk(edition_id, place, tries=tries + 1, not_before=later))

    def _handle_events(self, arguments: Arguments) -> None:
        batch_id, store, now = int(arguments["batch"]), self._app.store, self._app.clock.now()
        found = store.event_batches.batch(batch_id)
        if found is None:
            return
        with self._life.at(f"handling events {batch_id}"):
            events, odd = read_events(*found)
            recorded = SqlEvents(store.engine, store.ledger.soft_bounces).record(events, now)
            counts = {
                "new": recorded.new,
                "repeated": recorded.repeated,
                "postponed": recorded.postponed,
                "odd": odd,
            }
            _log.info("events handled", extra={"event": "provider_events", **counts})
            if recorded.postponed:
                self._deferring.defer(tasks.handle_events(batch_id, now + _EVENTS_AGAIN))
            else:
                store.event_batches.drop(batch_id)

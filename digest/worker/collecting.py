"""Collecting, by one of all workers in each interval."""

from __future__ import annotations

import datetime as dt
import logging
import threading
from typing import TYPE_CHECKING

from digest.adapters.store.operating import DEAD_AFTER, LONGEST_TURN
from digest.model import Newsletter, Slot
from digest.pipeline import collect, no_progress, read_pages
from digest.worker.life import Life

if TYPE_CHECKING:
    from digest.app import App

_log = logging.getLogger("digest.worker")

#: The turn's name in the store.
COLLECT = "collect"
#: An edition waits for a collect this long at most after it is due, or after the worker has started.
PATIENCE = dt.timedelta(minutes=5)
#: And it is composed while there is still this much time before it is too late.
_RESERVE = dt.timedelta(minutes=1)


class Collecting:
    """Collects when it is time and nobody else does."""

    def __init__(self, app: App, life: Life) -> None:
        self._app = app
        self._life = life
        #: Set when we have looked whether it is time: whoever composes before that would use old news.
        self.looked = threading.Event()

    def collect_if_due(self) -> bool:
        """Collect, if it is time and it is our turn; say whether it was."""
        app, operations = self._app, self._app.store.operations
        interval = dt.timedelta(minutes=app.settings.collect.interval_minutes)
        try:
            ours = operations.take_turn(COLLECT, self._life.id, app.clock.now(), interval)
        finally:
            self.looked.set()
        if not ours:
            return False
        try:
            with self._life.at("collecting"):
                self._collect()
        finally:
            # One that was broken off stays undone: as soon as this worker has ended, another takes it over.
            if not self._life.stopping:
                operations.end_turn(COLLECT, self._life.id, app.clock.now())
        return True

    def in_progress(self, now: dt.datetime) -> bool:
        """Say whether a worker that lives is collecting."""
        operations = self._app.store.operations
        turn = operations.turn(COLLECT)
        if turn is None or turn.done_at is not None or turn.started_at <= now - LONGEST_TURN:
            return False
        alive = [one.id for one in operations.workers(now - DEAD_AFTER) if one.stopped_at is None]
        return turn.holder in alive

    def worth_waiting(self, slot: Slot, newsletter: Newsletter, now: dt.datetime) -> bool:
        """Say whether a slot's edition had better wait for the news that are coming in just now."""
        late = slot.due_at + dt.timedelta(minutes=newsletter.late_minutes)
        until = min(max(slot.due_at, self._life.started_at) + PATIENCE, late - _RESERVE)
        return now < until and self.in_progress(now)

    def wait(self) -> None:
        """Wait for the collect of another worker, with patience."""
        clock, until = self._app.clock, self._life.started_at + PATIENCE
        while self.in_progress(now := clock.now()) and now < until and not self._life.stopping:
            clock.sleep(0.5)

    def _collect(self) -> None:
        app, stopped = self._app, lambda: self._life.stopping
        sources = list(app.settings.sources.values())
        try:
            what = (sources, app.fetcher, app.parser, app.store.articles, app.clock.now(), no_progress)
            report = collect(*what, stopped)
            pages = read_pages(*what, stopped)
        finally:
            # Its processes hold memory that nobody needs until the next time.
            app.parser.close()
        _log.info(
            "collected %d sources, %d failed, %d waiting, %d new articles, %d pages read",
            len(report.outcomes),
            len(report.failed),
            len(report.waiting),
            report.new,
            pages.read,
        )
        if report.outage:
            _log.error("most hosts cannot be reached: is this machine's network or name service down?")
        for outcome in report.at_fault:
            _log.warning("source %s failed: %s", outcome.source.id, outcome.error)

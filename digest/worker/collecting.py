"""Collecting, once in each interval: by one of all workers, or in shards by many."""

from __future__ import annotations

import datetime as dt
import logging
import threading
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from digest.adapters.store.operating import DEAD_AFTER, LONGEST_TURN, SHARED
from digest.collector.manners import host_of
from digest.model import Newsletter, Slot, Source
from digest.pipeline import collect, no_progress, read_pages
from digest.worker import metrics
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


#: Sources that one worker collects at a time, about: of one host all of them, so that it is asked with manners.
_SHARD = 50


def shards_of(sources: Sequence[Source]) -> int:
    """Return in how many shards these sources are collected, at least one."""
    enabled = sum(source.enabled for source in sources)
    return max(-(-enabled // _SHARD), 1)


def shard(sources: Sequence[Source], number: int, of: int) -> list[Source]:
    """Return the sources of one shard of so many; each source is in one, with all others of its host."""
    return [source for source in sources if zlib.crc32(host_of(source.url).encode()) % of == number]


class Collecting:
    """Collects when it is time and nobody else does."""

    def __init__(self, app: App, life: Life) -> None:
        self._app = app
        self._life = life
        #: Threads of this process that collect, and what guards their number.
        self._busy = 0
        self._lock = threading.Lock()
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
                self._collect(list(app.settings.sources.values()))
        finally:
            # One that was broken off stays undone: as soon as this worker has ended, another takes it over.
            if not self._life.stopping:
                operations.end_turn(COLLECT, self._life.id, app.clock.now())
        return True

    def collect_shard(self, number: int, of: int, begun: dt.datetime) -> bool:
        """Collect one shard of the turn that began then; say whether it was the last one. Raises Stopping."""
        turn = self._app.store.operations.turn(COLLECT)
        if turn is None or turn.started_at != begun or turn.done_at is not None:
            # It took so long that another turn has begun.
            return False
        try:
            with self._life.at(f"collecting shard {number + 1} of {of}"):
                self._collect(shard(list(self._app.settings.sources.values()), number, of))
        finally:
            # One that was broken off is another worker's to do again.
            last = not self._life.stopping and self._app.store.operations.end_part(
                COLLECT, number, begun, self._app.clock.now()
            )
        return last

    def in_progress(self, now: dt.datetime) -> bool:
        """Say whether a worker that lives is collecting, or many are."""
        operations = self._app.store.operations
        turn = operations.turn(COLLECT)
        if turn is None or turn.done_at is not None or turn.started_at <= now - LONGEST_TURN:
            return False
        if turn.holder == SHARED:
            return True
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

    def _collect(self, sources: Sequence[Source]) -> None:
        app, stopped = self._app, lambda: self._life.stopping
        with self._parsing(), metrics.collecting():
            what = (sources, app.fetcher, app.parser, app.store.articles, app.clock.now(), no_progress)
            report = collect(*what, stopped)
            pages = read_pages(*what, stopped)
        metrics.collected(report)
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

    @contextmanager
    def _parsing(self) -> Iterator[None]:
        """Have a parser meanwhile; its processes hold memory that nobody needs until the next time."""
        with self._lock:
            self._busy += 1
        try:
            yield
        finally:
            with self._lock:
                self._busy -= 1
                if not self._busy:
                    self._app.parser.close()

"""collect: due sources | fetch | parse | save."""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field, replace

from digest.collector.manners import (
    UNREACHABLE,
    address_of,
    after_failure,
    after_outage,
    after_success,
    is_our_outage,
    resting_hosts,
    state_of,
    wait_until,
)
from digest.errors import FeedError
from digest.model import (
    Failure,
    FetchRequest,
    FetchResult,
    FetchState,
    FetchStatus,
    ParsedFeed,
    SaveCounts,
    Source,
)
from digest.ports import ArticleStore, Fetcher, Parser, Progress

_log = logging.getLogger("digest")

#: Bodies that wait for the parser at most: more would only fill the memory.
_MOST_READING = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceOutcome:
    """What one source's fetch came to."""

    source: Source
    status: FetchStatus
    counts: SaveCounts = field(default_factory=SaveCounts)
    #: Entries of the feed, and those among the new ones that have nothing to show or to go to.
    entries: int = 0
    skipped: int = 0
    error: str = ""
    failure: Failure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectReport:
    """What a collect came to, by source."""

    outcomes: tuple[SourceOutcome, ...]
    #: Sources that are not asked now: they failed before, or their server wants to be left alone.
    waiting: tuple[Source, ...] = ()
    #: Sources whose server has said that they are gone for good.
    retired: tuple[Source, ...] = ()
    #: Most hosts could not be reached: the fault is our network's, and no source is blamed.
    outage: bool = False

    def count(self, status: FetchStatus) -> int:
        """How many sources ended so."""
        return sum(outcome.status is status for outcome in self.outcomes)

    @property
    def new(self) -> int:
        """Articles that were not known before."""
        return sum(outcome.counts.new for outcome in self.outcomes)

    @property
    def updated(self) -> int:
        """Articles whose headline or summary was edited."""
        return sum(outcome.counts.updated for outcome in self.outcomes)

    @property
    def failed(self) -> list[SourceOutcome]:
        """The sources that failed, with their reasons."""
        return [outcome for outcome in self.outcomes if outcome.status is FetchStatus.FAILED]

    @property
    def unreached(self) -> list[SourceOutcome]:
        """The failed sources that could not be reached."""
        return [outcome for outcome in self.failed if outcome.failure in UNREACHABLE]

    @property
    def at_fault(self) -> list[SourceOutcome]:
        """The failed sources whose failure is held against them."""
        return [one for one in self.failed if not (self.outage and one.failure in UNREACHABLE)]


def collect(
    sources: Sequence[Source],
    fetcher: Fetcher,
    parser: Parser,
    store: ArticleStore,
    now: dt.datetime,
    progress: Progress,
    stopped: Callable[[], bool] = lambda: False,
) -> CollectReport:
    """Fetch every enabled source that may be fetched, and store what is new; one failing feed stops no other.

    Once `stopped` says so, what is fetched is stored and no more is asked for.
    """
    known = store.fetch_states()
    enabled = [source for source in sources if source.enabled]
    states = {source.id: state_of(source, known.get(source.id)) for source in enabled}
    rests = resting_hosts(known.values(), now)
    retired = [source for source in enabled if states[source.id].retired_at]
    living = [source for source in enabled if not states[source.id].retired_at]
    waiting = [source for source in living if wait_until(states[source.id], rests, now)]
    due = [source for source in living if not wait_until(states[source.id], rests, now)]
    run = _Run(due, states, parser, store, now)
    progress("collect", 0, len(due))
    for result in fetcher.fetch([_request(states[source.id]) for source in due]):
        run.take(result)
        run.store_read(_MOST_READING)
        progress("collect", run.done, len(due))
        if stopped():
            break
    run.store_read(0)
    outage = run.settle_unreached()
    progress("collect", run.done, len(due))
    return CollectReport(
        outcomes=tuple(run.outcomes),
        waiting=(*waiting, *run.postponed),
        retired=tuple(retired),
        outage=outage,
    )


def _request(state: FetchState) -> FetchRequest:
    return FetchRequest(
        key=state.source_id, url=address_of(state), etag=state.etag, last_modified=state.last_modified
    )


@dataclass(frozen=True, slots=True)
class _Reading:
    """A body that the parser has."""

    source: Source
    result: FetchResult
    body_hash: str


class _Run:
    """One collect: what came back, what is being read, and what became of it."""

    def __init__(
        self,
        due: Sequence[Source],
        states: Mapping[str, FetchState],
        parser: Parser,
        store: ArticleStore,
        now: dt.datetime,
    ) -> None:
        self.outcomes: list[SourceOutcome] = []
        self.postponed: list[Source] = []
        self._sources = {source.id: source for source in due}
        self._states = states
        self._parser = parser
        self._store = store
        self._now = now
        self._reading: dict[Future[ParsedFeed], _Reading] = {}
        self._unreached: list[FetchResult] = []

    @property
    def done(self) -> int:
        """Sources of which nothing more is to come."""
        return len(self.outcomes) + len(self.postponed)

    def take(self, result: FetchResult) -> None:
        """Take in one answer; a body that is new goes to the parser."""
        source = self._sources[result.key]
        try:
            if result.status is FetchStatus.POSTPONED:
                self.postponed.append(source)
            elif result.status is FetchStatus.FAILED:
                self._take_failure(source, result)
            else:
                self._take_answer(source, result)
        except Exception as error:
            self._cannot_store(source, error)

    def _take_failure(self, source: Source, result: FetchResult) -> None:
        if result.failure in UNREACHABLE:
            # Whose fault it is shows when all have answered.
            self._unreached.append(result)
        else:
            self._fail(source, result.failure or Failure.REFUSED, result.error, result)

    def _take_answer(self, source: Source, result: FetchResult) -> None:
        state = self._states[source.id]
        body_hash = hashlib.sha256(result.body).hexdigest()
        if result.status is FetchStatus.UNCHANGED:
            self._store.save_state(after_success(state, result, self._now))
        elif body_hash == state.body_hash:
            self._store.save_state(self._seen(result, body_hash, state.repair))
        else:
            seen = self._store.seen_items(source.id)
            self._reading[self._parser.feed(source, result, seen)] = _Reading(source, result, body_hash)
            return
        self.outcomes.append(SourceOutcome(source=source, status=FetchStatus.UNCHANGED))

    def _seen(self, result: FetchResult, body_hash: str, repair: str) -> FetchState:
        state = after_success(self._states[result.key], result, self._now)
        return replace(
            state,
            etag=result.etag,
            last_modified=result.last_modified,
            body_hash=body_hash,
            repair=repair,
        )

    def store_read(self, most: int) -> None:
        """Store what the parser has read, and wait until it has at most so many left."""
        while self._reading:
            timeout = None if len(self._reading) > most else 0
            done, _ = wait(self._reading, timeout=timeout, return_when=FIRST_COMPLETED)
            for future in done:
                self._store_one(self._reading.pop(future), future)
            if len(self._reading) <= most:
                return

    def _store_one(self, reading: _Reading, future: Future[ParsedFeed]) -> None:
        source = reading.source
        try:
            try:
                feed = future.result()
            except FeedError as error:
                self._fail(source, Failure(error.kind), str(error))
                return
            state = self._seen(reading.result, reading.body_hash, feed.repair)
            if feed.left:
                # So that the server sends it once more, and the next collect reads on.
                state = replace(state, etag=None, last_modified=None, body_hash=None)
            counts = self._store.save_feed(source, feed, state, self._now)
        except Exception as error:
            self._cannot_store(source, error)
            return
        self.outcomes.append(
            SourceOutcome(
                source=source,
                status=FetchStatus.FETCHED,
                counts=counts,
                entries=feed.entries,
                skipped=feed.skipped,
            )
        )

    def _fail(self, source: Source, failure: Failure, error: str, answer: FetchResult | None = None) -> None:
        state = after_failure(
            self._states[source.id],
            failure,
            error,
            self._now,
            retry_after=answer.retry_after if answer else None,
            answered_by=answer.url if answer else "",
        )
        self._store.save_state(state)
        retired = "; it is retired, and not asked for any more" if state.retired_at else ""
        self._failed(source, failure, f"{error}{retired}")

    def _failed(self, source: Source, failure: Failure, error: str) -> None:
        self.outcomes.append(
            SourceOutcome(source=source, status=FetchStatus.FAILED, error=error, failure=failure)
        )

    def _cannot_store(self, source: Source, error: Exception) -> None:
        # A feed that cannot be stored is one failed feed; the others are fetched already.
        _log.error("source %s cannot be stored", source.id, exc_info=error)
        reason = f"cannot be stored: {type(error).__name__}: {error}"
        try:
            self._fail(source, Failure.NOT_STORED, reason)
        except Exception:
            # The store takes nothing at all: said here, where it cannot be kept.
            self._failed(source, Failure.NOT_STORED, reason)

    def settle_unreached(self) -> bool:
        """Record the failures that wait for the whole picture; say whether it is our own network that is down."""
        ended = [
            *((outcome.source.url, outcome.failure) for outcome in self.outcomes),
            *((self._sources[result.key].url, result.failure) for result in self._unreached),
        ]
        outage = is_our_outage(ended)
        for result in self._unreached:
            source, failure = self._sources[result.key], result.failure or Failure.NETWORK
            try:
                if outage:
                    state = self._states[source.id]
                    self._store.save_state(after_outage(state, failure, result.error, self._now))
                    self._failed(source, failure, result.error)
                else:
                    self._fail(source, failure, result.error, result)
            except Exception as error:
                self._cannot_store(source, error)
        return outage

"""Delivering: a thread for each edition that is on its way, so that a long one holds up no other.

One run takes all lanes of the carrier that it can get, so an edition is on its way once in a process at a time.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from enum import Enum, auto
from typing import TYPE_CHECKING

from digest.errors import DatabaseFailed, DigestError, UnknownNewsletter
from digest.model import ReceiptStatus
from digest.pipeline import DeliverReport, deliver, no_progress
from digest.worker import metrics
from digest.worker.lanes import FairLanes
from digest.worker.life import Life, Stopping
from digest.worker.logs import about

if TYPE_CHECKING:
    from digest.app import App
    from digest.ports import Sender

_log = logging.getLogger("digest.worker")

#: Editions on their way at a time.
THREADS = 4
#: One that has been sent for so long gives its thread to another that waits.
_QUANTUM = dt.timedelta(minutes=1)
#: And one that is a task, so that work spreads over machines and editions.
_CHUNK = dt.timedelta(seconds=15)
_TIME_IS_OVER = "others have their turn"
#: Rests after trouble, in minutes, each longer than the last.
_RESTS = (1, 2, 4, 8, 15)
#: Told of trouble with an edition, and None when it goes on.
Tell = Callable[[str, str | None], None]


class Chunk(Enum):
    """What came of a task to deliver an edition for a while."""

    #: Nothing is left to do now.
    OVER = auto()
    #: There is more, and its time is over.
    MORE = auto()
    #: Another thread of this process delivers the edition.
    HERE_ALREADY = auto()
    #: The configuration of this process has no such newsletter: another's, of another version, may.
    UNKNOWN_HERE = auto()


class Sending:
    """Delivers editions side by side, none of them twice in this process."""

    def __init__(
        self, app: App, life: Life, is_paused: Callable[[str], bool], tell: Tell, threads: int = THREADS
    ) -> None:
        """Take what says whether a newsletter is paused, and whom to tell of trouble."""
        self._app = app
        self._life = life
        self._is_paused = is_paused
        self._tell = tell
        self._most = threads
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="edition")
        self._lock = threading.Lock()
        self._running: dict[str, Future[None]] = {}
        #: The carrier's lanes, which all editions on their way share; made when the first one leaves.
        self._lanes: FairLanes | None = None
        #: Troubles in a row, by edition.
        self._troubles: dict[str, int] = {}

    def start(self, edition_ids: Sequence[str]) -> None:
        """Begin to deliver those that are not on their way yet."""
        with self._lock:
            self._running = {one: work for one, work in self._running.items() if not work.done()}
            for edition_id in edition_ids:
                if edition_id not in self._running and not self._life.stopping:
                    self._running[edition_id] = self._threads.submit(self._in_turns, edition_id)

    def deliver_chunk(self, edition_id: str) -> Chunk:
        """Deliver an edition in this thread, for a while."""
        if not self._knows(edition_id):
            return Chunk.UNKNOWN_HERE
        done: Future[None] = Future()
        with self._lock:
            if self.has(edition_id):
                return Chunk.HERE_ALREADY
            self._running[edition_id] = done
        until = self._app.clock.now() + _CHUNK
        try:
            more = self._deliver(edition_id, lambda: self._app.clock.now() >= until)
        finally:
            done.set_result(None)
        return Chunk.MORE if more else Chunk.OVER

    def refuse(self, edition_id: str) -> None:
        """Tell that nobody was found who knows the edition's newsletter. It is not held: somebody may come."""
        why = f"edition {edition_id}: a worker has no such newsletter in its config/digest.toml"
        self._tell(edition_id, why)

    def _knows(self, edition_id: str) -> bool:
        try:
            self._app.newsletter(self._app.edition(edition_id).newsletter_id)
        except UnknownNewsletter:
            return False
        except DigestError:
            # Said where it is delivered.
            return True
        return True

    def has(self, edition_id: str) -> bool:
        """Say whether an edition is on its way in this process."""
        work = self._running.get(edition_id)
        return work is not None and not work.done()

    def wait(self) -> None:
        """Wait until all that was begun has come to its end."""
        with self._lock:
            running = list(self._running.values())
        wait(running)

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown(cancel_futures=True)

    def _in_turns(self, edition_id: str) -> None:
        """Deliver an edition until nothing is left; if others wait for a thread, for a while."""
        until = self._app.clock.now() + _QUANTUM
        self._deliver(edition_id, lambda: self._others_wait() and self._app.clock.now() >= until)

    def _deliver(self, edition_id: str, time_is_over: Callable[[], bool]) -> bool:
        """Deliver an edition; say whether it was its time that ended it."""
        with about(edition=edition_id):
            try:
                with self._life.at(f"delivering {edition_id}"):
                    return self._send(edition_id, time_is_over)
            except Stopping:
                return False
            except DatabaseFailed as error:
                # A server that starts anew is no trouble of this edition's: it goes on as soon as the server is there.
                _log.error("delivering %s breaks off, and goes on with the next look: %s", edition_id, error)
            except DigestError as error:
                self._hold(edition_id, str(error))
            except Exception as error:
                _log.exception("delivering %s failed", edition_id)
                self._hold(edition_id, f"{type(error).__name__}: {error}")
        return False

    def _send(self, edition_id: str, time_is_over: Callable[[], bool]) -> bool:
        app = self._app
        edition = app.edition(edition_id)
        newsletter = app.newsletter(edition.newsletter_id)
        told = ""

        def stopped() -> bool:
            nonlocal told
            told = self._told_why(newsletter.id) or (_TIME_IS_OVER if time_is_over() else "")
            return bool(told)

        sender = metrics.MeasuredSender(app.sender(newsletter), app.settings.transport, newsletter.id)
        try:
            with metrics.delivering(newsletter.id):
                report = deliver(
                    edition_id,
                    app.store.ledger.of_worker(self._life.id),
                    sender,
                    app.reader_of(newsletter),
                    app.clock,
                    dt.timedelta(seconds=app.settings.delivery.lease_seconds),
                    app.pacer(edition, newsletter, spread=True),
                    stopped,
                    no_progress,
                    self._shared(sender),
                )
        finally:
            sender.close()
        if report.receipts or report.stopped:
            words = _words(report, told or report.stopped)
            _log.info("edition %s through %s: %s", edition_id, sender.destination, words)
        if report.stopped and not told:
            self._hold(edition_id, report.stopped, report.retry_at)
        elif report.receipts.get(ReceiptStatus.SENT):
            self._goes_on(edition_id)
        return told == _TIME_IS_OVER

    def _told_why(self, newsletter_id: str) -> str:
        if self._life.stopping:
            return "the worker is told to end"
        return f"{newsletter_id} is paused" if self._is_paused(newsletter_id) else ""

    def _shared(self, sender: Sender) -> FairLanes | None:
        """Return the lanes that this sender shares with those of other editions: connections, not requests."""
        if sender.batch > 1:
            return None
        with self._lock:
            self._lanes = self._lanes or FairLanes(sender.lanes)
            return self._lanes

    def _others_wait(self) -> bool:
        with self._lock:
            return sum(not work.done() for work in self._running.values()) > self._most

    def _hold(self, edition_id: str, why: str, until: dt.datetime | None = None) -> None:
        """Leave an edition alone for a while, each time longer, or until the carrier's own moment."""
        troubles = self._troubles[edition_id] = self._troubles.get(edition_id, 0) + 1
        rest = dt.timedelta(minutes=_RESTS[min(troubles, len(_RESTS)) - 1])
        until = until or self._app.clock.now() + rest
        _log.error("edition %s is left alone until %s UTC: %s", edition_id, f"{until:%Y-%m-%d %H:%M}", why)
        try:
            self._app.store.ledger.hold(edition_id, until, why)
            self._tell(edition_id, why)
        except Exception:
            # The database is the trouble, then; the next look finds the edition as it is.
            _log.exception("edition %s cannot be put on hold", edition_id)

    def _goes_on(self, edition_id: str) -> None:
        self._troubles.pop(edition_id, None)
        self._app.store.ledger.hold(edition_id, None, "")
        self._tell(edition_id, None)


def _words(report: DeliverReport, why: str) -> str:
    done = ", ".join(f"{count} {status}" for status, count in report.receipts.items()) or "nothing sent"
    return f"{done}; stopped: {why}" if report.stopped else done

"""The scheduled process: an APScheduler tick that does what is due, and a signal that ends it in order.

The tick keeps nothing: which slots are due follows from the clock (`schedule.due_slots`), what was done from the
store, so a worker that was killed goes on where it stopped, and two of them make one edition.
"""

from __future__ import annotations

import datetime as dt
import logging
import signal
import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from digest.errors import DigestError, NothingToSay, SenderError
from digest.pipeline import collect, compose, deliver, no_progress, open_edition, read_pages
from digest.schedule import due_slots, next_due

if TYPE_CHECKING:
    from digest.app import App
    from digest.model import Newsletter, Slot

_log = logging.getLogger("digest.worker")

#: Seconds between two looks at the clock.
TICK_SECONDS = 20


class Worker:
    """Collects, composes and delivers by the schedule."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._stop = threading.Event()
        #: Set when the first collect has come to its end.
        self._collected = threading.Event()
        #: Slots of which we said already that there is nothing to say, so that it is logged once.
        self._silent: set[Slot] = set()
        #: Slots whose opening was logged.
        self._begun: set[Slot] = set()

    def run_once(self) -> None:
        """Collect, then do the slots that are due."""
        self.collect()
        self.do_due_slots()

    def run(self) -> None:
        """Work until SIGTERM or SIGINT; then bring what is being sent to its end."""
        _log_to_stdout()
        app = self._app
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: self._stop.set())
        scheduler = BackgroundScheduler(
            timezone=dt.UTC,
            executors={"default": ThreadPoolExecutor(2)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        now = app.clock.now()
        minutes = app.settings.collect.interval_minutes
        scheduler.add_job(
            self._guarded(self.collect), "interval", minutes=minutes, next_run_time=now, id="collect"
        )
        scheduler.add_job(
            self._guarded(self._tick), "interval", seconds=TICK_SECONDS, next_run_time=now, id="slots"
        )
        _log.info("worker started; database %s", self._database())
        for newsletter in app.newsletters():
            slot = next_due(newsletter, now)
            _log.info(
                "newsletter %s: next edition %s, due %s, through %s",
                newsletter.id,
                slot.local_date,
                slot.due_at.isoformat(),
                self._destination(newsletter),
            )
        scheduler.start()
        self._stop.wait()
        _log.info("stopping: work in hand is brought to its end")
        # The jobs see the flag; shutdown waits for them.
        scheduler.shutdown(wait=True)
        _log.info("stopped")

    def _database(self) -> str:
        return str(self._app.store.engine.url.render_as_string(hide_password=True))

    def _destination(self, newsletter: Newsletter) -> str:
        sender = self._app.sender(newsletter)
        sender.close()
        return sender.destination

    def _guarded(self, job: Callable[[], None]) -> Callable[[], None]:
        """Return a job whose failure is logged and tried again at the next tick."""

        def run() -> None:
            try:
                job()
            except DigestError as error:
                _log.error("%s", error)
            except Exception:
                _log.exception("%s failed; it is tried again at the next tick", job.__name__)

        return run

    def collect(self) -> None:
        """Fetch every due source, and the pages of those that ask for it."""
        app = self._app
        sources = list(app.settings.sources.values())
        try:
            what = (sources, app.fetcher, app.parser, app.store.articles, app.clock.now(), no_progress)
            report = collect(*what, self._stop.is_set)
            pages = read_pages(*what, self._stop.is_set)
        finally:
            self._collected.set()
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

    def _tick(self) -> None:
        # A worker that starts when an edition is due would make it of what the first feeds had brought by then.
        self._collected.wait()
        self.do_due_slots()

    def do_due_slots(self) -> None:
        """Compose and open each slot that is due, then send on whatever is open.

        An edition that was begun in time is brought to its end however late it gets; one newsletter's trouble is
        none of the others'.
        """
        app = self._app
        for newsletter, slot in due_slots(app.newsletters(), app.clock.now()):
            self._apart(self._begin, newsletter, slot)
        for edition_id in app.store.ledger.unfinished():
            self._apart(self._deliver, edition_id)

    def _apart(self, work: Callable[..., None], *what: object) -> None:
        """Do one piece of work, so that its failure is logged and stops no other."""
        if self._stop.is_set():
            return
        try:
            work(*what)
        except DigestError as error:
            _log.error("%s", error)
        except Exception:
            _log.exception("%s %s failed; it is tried again at the next tick", work.__name__, what)

    def _begin(self, newsletter: Newsletter, slot: Slot) -> None:
        app, store, now = self._app, self._app.store, self._app.clock.now()
        render = app.renderer(newsletter)
        try:
            edition = compose(
                newsletter, slot, store.articles, store.editions, app.placer, app.rank_settings, now
            )
        except NothingToSay as error:
            if slot not in self._silent:
                self._silent.add(slot)
                _log.warning("slot %s %s: %s", newsletter.id, slot.local_date, error)
            return
        if store.ledger.is_open(edition.id):
            return
        people = store.subscribers.subscribers(newsletter.id)
        open_edition(edition, newsletter, people, store.ledger, render, now)
        if people and slot not in self._begun:
            self._begun.add(slot)
            stories = sum(1 for _ in edition.stories())
            _log.info("edition %s: %d stories for %d subscribers", edition.id, stories, len(people))

    def _deliver(self, edition_id: str) -> None:
        app, ledger = self._app, self._app.store.ledger
        edition = app.edition(edition_id)
        newsletter = app.newsletter(edition.newsletter_id)
        sender = app.sender(newsletter)
        lease = dt.timedelta(seconds=app.settings.delivery.lease_seconds)
        reader_of = app.reader_of(newsletter)
        try:
            report = deliver(edition, ledger, sender, reader_of, app.clock, lease, self._pace(), no_progress)
        finally:
            sender.close()
        if report.receipts or report.stopped:
            counts = [f"{count} {status}" for status, count in report.receipts.items()]
            done = ", ".join(counts) or "nothing sent"
            why = f"; stopped: {report.stopped}" if report.stopped else ""
            _log.info("edition %s through %s: %s%s", edition.id, sender.destination, done, why)

    def _pace(self) -> Callable[[int], None]:
        pace = self._app.pacer()

        def held(count: int) -> None:
            if self._stop.is_set():
                raise SenderError("the worker is stopping")
            pace(count)

        return held


def _log_to_stdout() -> None:
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    root = logging.getLogger("digest")
    root.handlers = [handler]
    root.propagate = False
    root.setLevel(logging.INFO)
    # It warns of each tick that falls into a longer one: that is how a tick is meant to work.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)

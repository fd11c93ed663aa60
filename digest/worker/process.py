"""The worker as a process: its jobs, its signals, and its end in order."""

from __future__ import annotations

import datetime as dt
import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from digest.errors import DigestError
from digest.schedule import next_slot
from digest.worker.alerting import Alerting
from digest.worker.collecting import Collecting
from digest.worker.deferring import Deferring
from digest.worker.housekeeping import Housekeeping
from digest.worker.life import Life, Stopping
from digest.worker.logs import log_to_stdout
from digest.worker.rounds import Rounds
from digest.worker.sending import THREADS, Sending
from digest.worker.tasks import Tasks

if TYPE_CHECKING:
    from digest.app import App
    from digest.model import Newsletter
    from digest.ports import TaskWorker

_log = logging.getLogger("digest.worker")

#: Seconds between two looks at the clock, two signs of life, two looks for troubles, two looks for a signal.
TICK_SECONDS = 20
BEAT_SECONDS = 10
ALERT_SECONDS = 60
#: And two looks at whether it is time to tidy up.
TIDY_SECONDS = 600
_LOOK_SECONDS = 0.2
#: The scheduler's jobs, a thread for each: whatever hangs, the sign of life waits for none.
_JOBS = 5
#: Seconds that the queue has to say that its tasks are done.
_LAST_WORDS_SECONDS = 5
#: By less a clock that is kept right is often put back.
_SET_BACK = dt.timedelta(seconds=1)
_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Worker:
    """Collects, composes and delivers by the schedule.

    Where all workers share a queue, the tick puts there what is due, and each does up to `concurrency` of its tasks at
    a time; else it is done here, up to so many editions at a time.
    """

    def __init__(self, app: App, concurrency: int = THREADS) -> None:
        """Take what is configured. Raises DatabaseError where the store cannot be opened."""
        self._app = app
        self.life = Life(app.store.operations, app.clock)
        self._looking = threading.Lock()
        #: When the clock was last looked at.
        self._looked_at = app.clock.now()
        self.alerting = Alerting(app, self.life)
        self.collecting = Collecting(app, self.life)
        self.housekeeping = Housekeeping(app, self.life)
        self.rounds = Rounds(app, self.life, self.collecting, self.alerting.tell_of_slot)
        self.sending = Sending(
            app,
            self.life,
            lambda newsletter: newsletter in self.rounds.paused,
            self.alerting.tell_of_sending,
            concurrency,
        )
        #: Where all workers share a queue: what fills it, and what does its tasks here.
        self.deferring: Deferring | None = None
        self.tasks: TaskWorker | None = None
        if app.tasks is not None:
            parts = (self.life, self.collecting, self.rounds, self.sending)
            self.deferring = Deferring(app, app.tasks, *parts)
            handlers = Tasks(app, *parts, self.deferring).handlers()
            self.tasks = app.tasks.worker(handlers, concurrency)
        self._doing_tasks = threading.Thread(target=self._do_tasks, name="tasks", daemon=True)

    def run(self) -> None:
        """Work until SIGTERM or SIGINT; then bring what is in hand to its end."""
        tick = self.deferring or self
        with self._living() as scheduler:
            self._doing_tasks.start()
            for job, seconds in (
                (tick.collect, TICK_SECONDS),
                (tick.slots, TICK_SECONDS),
                (self.alerting.look, ALERT_SECONDS),
                (self.housekeeping.tidy, TIDY_SECONDS),
            ):
                self._every(scheduler, seconds, job)
            while not self.life.stopping:
                time.sleep(_LOOK_SECONDS)
                self._keep_time(scheduler)

    def run_once(self) -> None:
        """Do what is due now, and end; a signal ends it in order before that."""
        with self._living() as scheduler:
            # In a thread of its own: this one must see a signal, whatever hangs.
            work = threading.Thread(target=self.do_due, name="once", daemon=True)
            work.start()
            while work.is_alive() and not self.life.stopping:
                work.join(_LOOK_SECONDS)
                self._keep_time(scheduler)

    def do_due(self) -> None:
        """Collect if it is time, bring what is due on its way, and tell of troubles."""
        for job in (
            self.collect,
            self._drain,
            self.collecting.wait,
            self.slots,
            self.sending.wait,
            self._drain,
            self.alerting.look,
            self.housekeeping.tidy,
        ):
            _guarded(job)()

    def collect(self) -> None:
        """Collect if it is time; what has waited for the news is composed at once."""
        if self.collecting.collect_if_due():
            self.slots()

    def slots(self) -> None:
        """Bring on their way the slots that are due, and begin to deliver what is not finished."""
        # A worker that starts when an edition is due would make it of yesterday's news.
        self.collecting.looked.wait()
        with self._looking:
            self.sending.start(self.rounds.look())

    def _do_tasks(self) -> None:
        if self.tasks is not None:
            self.tasks.run()

    def _drain(self) -> None:
        """Do what waits in the queue."""
        if self.tasks is not None:
            self.tasks.run_dry()

    def _every(self, scheduler: BackgroundScheduler, seconds: float, job: Callable[[], None]) -> None:
        """Have this done at once and then every so many seconds, whatever becomes of it."""
        scheduler.add_job(
            _guarded(job),
            "interval",
            seconds=seconds,
            id=job.__name__,
            next_run_time=self._app.clock.now(),
        )

    def _keep_time(self, scheduler: BackgroundScheduler) -> None:
        """Go on with all jobs where the clock was set back: their next times may be hours ahead."""
        before, self._looked_at = self._looked_at, self._app.clock.now()
        if self._looked_at < before - _SET_BACK:
            _log.warning("the clock was set back by %s", before - self._looked_at)
            for job in scheduler.get_jobs():
                job.modify(next_run_time=self._looked_at)

    @contextmanager
    def _living(self) -> Iterator[BackgroundScheduler]:
        """Be known as a worker meanwhile; at the end, what is in hand is brought to its end."""
        log_to_stdout()
        for name in _SIGNALS:
            signal.signal(name, self._on_signal)
        self.life.beat()
        scheduler = BackgroundScheduler(
            timezone=dt.UTC,
            executors={"default": ThreadPoolExecutor(_JOBS)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        self._every(scheduler, BEAT_SECONDS, self.life.beat)
        self._say_start()
        self._looked_at = self._app.clock.now()
        scheduler.start()
        yield scheduler
        self._end(scheduler)

    def _on_signal(self, _name: int, _frame: object) -> None:
        self.life.stopping = True
        # A second one ends the process at once.
        for name in _SIGNALS:
            signal.signal(name, signal.SIG_DFL)

    def _say_start(self) -> None:
        # Imported here: what needs no database starts without SQLAlchemy.
        from digest.adapters.store.engine import shown

        app = self._app
        _log.info("worker started; database %s", shown(app.store.engine.url))
        for newsletter in app.newsletters():
            _guarded(partial(self._say_next, newsletter))()

    def _say_next(self, newsletter: Newsletter) -> None:
        slot = next_slot(newsletter, "", self._app.clock.now())
        sender = self._app.sender(newsletter)
        sender.close()
        _log.info(
            "newsletter %s: next edition %s, due %s, through %s",
            newsletter.id,
            slot.local_date,
            slot.due_at.isoformat(),
            sender.destination,
        )

    def _end(self, scheduler: BackgroundScheduler) -> None:
        for job in scheduler.get_jobs():
            if job.id != self.life.beat.__name__:
                job.remove()
        if self.life.stopping:
            _log.info("stopping: what is in hand is brought to its end")
        self.life.stopping = True
        if self.tasks is not None:
            self.tasks.stop()
        idle = self.life.wait_until_idle(self._app.settings.delivery.drain_seconds)
        if self._doing_tasks.is_alive():
            self._doing_tasks.join(_LAST_WORDS_SECONDS)
        _guarded(self.life.end)()
        if not idle:
            _log.error(
                "what is in hand did not end within delivery.drain_seconds: messages that were leaving become unknown "
                "when their lease runs out; `digest deliveries EDITION` shows them"
            )
        _log.info("stopped")
        if not idle or self._doing_tasks.is_alive():
            # Threads that hang would keep the process for as long as their carrier likes.
            logging.shutdown()
            os._exit(0)
        scheduler.shutdown()
        self.sending.close()


def _guarded(job: Callable[[], None]) -> Callable[[], None]:
    """Return a job whose failure is logged, and that is tried again at its next time."""

    def run() -> None:
        try:
            job()
        except Stopping:
            return
        except DigestError as error:
            _log.error("%s", error)
        except Exception:
            _log.exception("%s failed; it is tried again", getattr(job, "__qualname__", job))

    return run

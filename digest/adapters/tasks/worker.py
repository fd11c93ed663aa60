"""Procrastinate's worker in a thread with an event loop of its own, taken up again whenever the database breaks it off.

Its sign of life goes to the database every ten seconds. A job whose worker has given none for half a minute waits
again, as soon as any worker looks: by the database's clock, so that those of the machines don't matter.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import procrastinate
import psycopg
from procrastinate.exceptions import ConnectorException, UniqueViolation
from procrastinate.jobs import DeleteJobCondition, Job, Status

from digest.adapters.store.engine import KEEPALIVES, SERVER_KEEPALIVES
from digest.ports import Handler, PutBack

_log = logging.getLogger("digest.tasks")

#: Seconds between two signs of life, after how many a worker's jobs are others', and between two looks for those.
BEAT_SECONDS, STALLED_SECONDS, RESCUE_SECONDS = 10.0, 30.0, 10.0
#: Seconds between two looks at what has become due; what is new is told at once.
_POLL_SECONDS = 2.0
#: Seconds before a worker that broke off is taken up again.
_PAUSE_SECONDS = 1.0
#: Connections to the database, and one more that listens.
POOL = 2
#: Threads beside those of the tasks, for the loop's own needs: looking up the database's name must wait for no task.
_SPARE_THREADS = 2
#: Jobs that nothing can be done with, as those of another version, are kept so long.
_KEPT_HOURS = 30 * 24


class ProcrastinateWorker:
    """Does the tasks of a queue. See `ports.TaskWorker`."""

    def __init__(self, url: str, queue: str, handlers: Mapping[str, Handler], concurrency: int) -> None:
        self._url = url
        self._queue = queue
        self._handlers = handlers
        self._concurrency = concurrency
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        #: Tells the loop that runs to stop.
        self._tell: Callable[[], object] = _nobody
        #: Tasks that were begun here.
        self._begun = 0

    def run(self) -> None:
        """See `ports.TaskWorker`."""
        # It logs a traceback of each connection that breaks; here that is a line.
        logging.getLogger("procrastinate").setLevel(logging.CRITICAL)
        while not self._stopping.is_set():
            try:
                asyncio.run(self._work(wait=True))
            except Exception as error:
                # The words of a driver may hold what was sent to it.
                _log.warning("doing tasks breaks off, and goes on soon: %s", _first_line(error))
            self._stopping.wait(_PAUSE_SECONDS)

    def run_dry(self) -> None:
        """See `ports.TaskWorker`."""
        asyncio.run(self._work(wait=False))

    def stop(self) -> None:
        """See `ports.TaskWorker`."""
        with self._lock:
            self._stopping.set()
            self._tell()

    async def _work(self, *, wait: bool) -> None:
        threads = ThreadPoolExecutor(self._concurrency + _SPARE_THREADS, thread_name_prefix="task")
        asyncio.get_running_loop().set_default_executor(threads)
        app = self._app()
        async with app.open_async():
            await _tidy(app, self._queue)
            await _rescue(app, self._queue)
            rescuing = asyncio.create_task(_keep_rescuing(app, self._queue))
            try:
                while await self._do(app, wait=wait) and not wait and not self._stopping.is_set():
                    # What was done has put more into the queue, perhaps.
                    pass
            finally:
                rescuing.cancel()

    async def _do(self, app: procrastinate.App, *, wait: bool) -> bool:
        """Do tasks, and without `wait` only those that are there; say whether there was any."""
        before = self._begun
        working = asyncio.create_task(
            app.run_worker_async(
                queues=[self._queue],
                concurrency=self._concurrency,
                wait=wait,
                fetch_job_polling_interval=_POLL_SECONDS,
                delete_jobs=DeleteJobCondition.SUCCESSFUL,
                install_signal_handlers=False,
                update_heartbeat_interval=BEAT_SECONDS,
                stalled_worker_timeout=STALLED_SECONDS,
            )
        )
        await self._until_done(working)
        return self._begun > before

    async def _until_done(self, working: asyncio.Task[None]) -> None:
        told = asyncio.create_task(self._until_told())
        await asyncio.wait([working, told], return_when=asyncio.FIRST_COMPLETED)
        told.cancel()
        if not working.done():
            # Fetches no more, and ends when its jobs have.
            working.cancel()
            await asyncio.wait([working])
        if not working.cancelled():
            working.result()

    async def _until_told(self) -> None:
        told = asyncio.Event()
        loop = asyncio.get_running_loop()
        with self._lock:
            self._tell = lambda: loop.call_soon_threadsafe(told.set)
            if self._stopping.is_set():
                told.set()
        try:
            await told.wait()
        finally:
            with self._lock:
                self._tell = _nobody

    def _app(self) -> procrastinate.App:
        # Anew each time: a pool that broke is not opened again.
        connector = procrastinate.PsycopgConnector(
            conninfo=self._url,
            kwargs={"connect_timeout": 10, **KEEPALIVES},
            configure=_prepare,
            min_size=1,
            max_size=POOL,
            timeout=15,
        )
        app = procrastinate.App(connector=connector)
        retry = procrastinate.RetryStrategy(retry_exceptions=[PutBack])
        for name, handler in self._handlers.items():
            app.task(name=name, queue=self._queue, pass_context=True, retry=retry)(self._doing(handler))
        return app

    def _doing(self, handler: Handler) -> Callable[..., None]:
        def do(context: procrastinate.JobContext, **arguments: Any) -> None:
            self._begun += 1
            handler(context.job.id or 0, arguments)

        return do


def _nobody() -> None:
    """There is no loop to be told."""


async def _prepare(connection: psycopg.AsyncConnection[Any]) -> None:
    for setting in SERVER_KEEPALIVES:
        await connection.execute(setting)
    await connection.commit()


async def _tidy(app: procrastinate.App, queue: str) -> None:
    await app.job_manager.delete_old_jobs(_KEPT_HOURS, queue, include_failed=True, include_aborted=True)


async def _keep_rescuing(app: procrastinate.App, queue: str) -> None:
    while True:
        await asyncio.sleep(RESCUE_SECONDS)
        try:
            await _rescue(app, queue)
        except (ConnectorException, psycopg.Error) as error:
            _log.warning("the tasks of dead workers cannot be looked for: %s", _first_line(error))


async def _rescue(app: procrastinate.App, queue: str) -> None:
    """Have the jobs of dead workers wait again."""
    for job in await app.job_manager.get_stalled_jobs(queue=queue, seconds_since_heartbeat=STALLED_SECONDS):
        try:
            if await _take_over(app, job):
                _log.warning("task %s %s: its worker has died, it is done again", job.task_name, job.id)
        except UniqueViolation:
            # Another one waits for the same already.
            await app.job_manager.finish_job(job, Status.FAILED, delete_job=True)


async def _take_over(app: procrastinate.App, job: Job) -> bool:
    try:
        await app.job_manager.retry_job(job)
    except UniqueViolation:
        raise
    except ConnectorException as error:
        if isinstance(error.__cause__, psycopg.errors.RaiseException):
            # Somebody else has taken it over between our look and now.
            return False
        raise
    return True


def _first_line(error: BaseException) -> str:
    cause = error.__cause__ or error
    return f"{type(cause).__name__}: {str(cause).partition(chr(10))[0]}"

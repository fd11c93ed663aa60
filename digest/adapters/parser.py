"""Reading feeds and pages in processes that can be killed. Implements `ports.Parser`.

What a feed can do to a parser is not foreseeable: nesting that takes hours, memory without end, a fault in a C
library. In a process of its own, with a deadline, it costs that feed and nothing else; and several processes read
faster than one.

Each process has a pipe of its own, and a thread here that hands it one body after another and watches the clock.
Processes share nothing, no queue and no lock, so that one that dies, at whatever moment, takes nothing with it.
"""

from __future__ import annotations

import multiprocessing
import os
import queue
import resource
import signal
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from digest.errors import FeedError
from digest.model import Article, Failure, FetchResult, PageText, ParsedFeed, Source

_T = TypeVar("_T")

#: Bodies that one process reads before a fresh one takes its place: what libraries leak goes with it.
_BODIES_A_PROCESS = 2000
#: A process that is not there after so long never comes.
_START_SECONDS = 60.0
#: How soon a call to `close` is heard while a body is being read.
_TICK_SECONDS = 0.1
#: Memory that one process may take; the largest honest feeds need half of it.
_MOST_BYTES = 1_000_000_000
#: A process whose parent was killed ends itself so long after its deadline, should all else fail.
_GRACE_SECONDS = 1.0


def read_feed(source: Source, fetched: FetchResult, seen: dict[str, tuple[str, ...]]) -> ParsedFeed:
    """Read a feed, in the process that may be killed."""
    from digest.collector.parse import read_feed

    return read_feed(source, fetched, seen)


def read_page(fetched: FetchResult, title: str, outlet: str) -> PageText:
    """Read a page, in the process that may be killed."""
    # Imported here: few sources ask for pages, and what reads them is heavy.
    from digest.collector.pages import read_page

    return read_page(fetched, title, (outlet,))


@dataclass(frozen=True, slots=True)
class _Job:
    """One body to read."""

    read: Callable[..., Any]
    what: tuple[object, ...]
    answer: Future[Any]


class ProcessParser:
    """Hands bodies to processes, which are started with the first of them."""

    def __init__(
        self,
        *,
        processes: int,
        timeout_seconds: float,
        read_feed: Callable[[Source, FetchResult, dict[str, tuple[str, ...]]], ParsedFeed] = read_feed,
        read_page: Callable[[FetchResult, str, str], PageText] = read_page,
    ) -> None:
        self._processes = processes
        self._timeout = timeout_seconds
        self._read_feed = read_feed
        self._read_page = read_page
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._stopping = threading.Event()
        self._lock = threading.Lock()

    def feed(
        self, source: Source, fetched: FetchResult, seen: Mapping[str, tuple[str, ...]]
    ) -> Future[ParsedFeed]:
        """See `ports.Parser`."""
        return self._submit(self._read_feed, source, fetched, dict(seen))

    def page(self, fetched: FetchResult, article: Article) -> Future[PageText]:
        """See `ports.Parser`."""
        return self._submit(self._read_page, fetched, article.title, article.outlet)

    def close(self) -> None:
        """See `ports.Parser`; what is not read yet fails."""
        with self._lock:
            self._stopping.set()
            for _ in self._threads:
                self._jobs.put(None)
            for thread in self._threads:
                thread.join()
            self._threads = []
            self._stopping.clear()

    def _submit(self, read: Callable[..., _T], *what: object) -> Future[_T]:
        answer: Future[_T] = Future()
        with self._lock:
            if not self._threads:
                self._threads = [
                    threading.Thread(target=self._work, name="parser", daemon=True)
                    for _ in range(self._processes)
                ]
                for thread in self._threads:
                    thread.start()
            self._jobs.put(_Job(read, what, answer))
        return answer

    def _work(self) -> None:
        child: _Child | None = None
        while job := self._jobs.get():
            if not job.answer.set_running_or_notify_cancel():
                continue
            try:
                if child is None or not child.is_fit():
                    if child:
                        child.end()
                    child = _Child(self._timeout)
                answer = child.read(job, self._stopping)
            except Exception as error:
                # No process can be started, or what it should read cannot be sent.
                answer = FeedError(f"cannot be parsed: {type(error).__name__}: {error}", Failure.BROKEN)
            if isinstance(answer, FeedError):
                job.answer.set_exception(answer)
            else:
                job.answer.set_result(answer)
        if child:
            child.end()


class _Child:
    """A process that reads one body after another, and our end of its pipe. Raises OSError where none can start."""

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._left = _BODIES_A_PROCESS
        # From a clean process: to fork one that has threads, as this one has, is not safe.
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["digest.adapters.parser", "digest.collector.parse"])
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, timeout), name="parser", daemon=True)
        self._process.start()
        theirs.close()
        # The deadline is for the reading, and not for the start.
        if not self._pipe.poll(_START_SECONDS) or self._pipe.recv() is not None:
            self.end()
            raise TimeoutError("no process to read it could be started")

    def is_fit(self) -> bool:
        """Say whether it can read another body."""
        return self._left > 0 and self._process.is_alive()

    def read(self, job: _Job, stopping: threading.Event) -> Any:
        """Return what the process makes of a body: what the job's function returns, or a FeedError."""
        self._left -= 1
        try:
            self._pipe.send((job.read, job.what))
            return self._answer(stopping)
        except (EOFError, ConnectionError):
            self.end()
            code = self._process.exitcode
            return FeedError(f"brings the parser down (exit code {code})", Failure.BROKEN)

    def _answer(self, stopping: threading.Event) -> Any:
        deadline = time.monotonic() + self._timeout
        while not self._pipe.poll(min(_TICK_SECONDS, max(deadline - time.monotonic(), 0.0))):
            if stopping.is_set():
                self.end()
                return FeedError("was not read to its end: the program is stopping", Failure.BROKEN)
            if time.monotonic() > deadline:
                self.end()
                return FeedError(f"takes longer than {self._timeout:g} s to read", Failure.BROKEN)
        return self._pipe.recv()

    def end(self) -> None:
        """End the process, whatever it is doing."""
        self._left = 0
        self._process.kill()
        self._process.join()
        self._pipe.close()


# --------------------------------------------------------------------------- in the process that may be killed


def _serve(pipe: Connection, timeout: float) -> None:
    # Ctrl-C and a stopping dyno reach the whole group of processes; to end in order is the parent's business.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    _limit_memory()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        pipe.send(None)
        while True:
            read, what = pipe.recv()
            _set_alarm(timeout + _GRACE_SECONDS)
            answer = _outcome(read, what)
            _set_alarm(0)
            pipe.send(answer)
    except (EOFError, ConnectionError):
        # The parent is gone.
        return


def _outcome(read: Callable[..., object], what: tuple[object, ...]) -> object:
    try:
        return read(*what)
    except FeedError as error:
        return error
    except Exception as error:
        # In words: an error of a foreign class might not survive the way through the pipe.
        return FeedError(f"cannot be parsed: {type(error).__name__}: {error}", Failure.BROKEN)


def _end_with_parent() -> None:
    """Wait for the parent's end and follow it: a body that is read for nobody must not be read on for hours."""
    parent = multiprocessing.parent_process()
    if parent:
        parent.join()
        os._exit(1)


def _set_alarm(seconds: float) -> None:
    # For C code that never lets the thread above run: the signal ends the process by itself.
    signal.setitimer(signal.ITIMER_REAL, seconds)


def _limit_memory() -> None:
    # Else a body that eats memory brings the whole machine down, and us with it.
    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    allowed = _MOST_BYTES if most == resource.RLIM_INFINITY else min(_MOST_BYTES, most)
    resource.setrlimit(resource.RLIMIT_DATA, (allowed, most))

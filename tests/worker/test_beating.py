"""The sign of life: given whatever else a worker does, and whatever its clock does."""

from __future__ import annotations

import datetime as dt
import pathlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import apscheduler.executors.base
import apscheduler.schedulers.base
import apscheduler.triggers.interval
import pytest

from digest.adapters.clock import SystemClock
from digest.worker import process
from tests.worker.stage import staged


class _Moved(dt.datetime):
    """The machine's clock, and how far it was set."""

    by = dt.timedelta()

    @classmethod
    def now(cls, tz: dt.tzinfo | None = None) -> _Moved:
        moved = dt.datetime.now(tz) + cls.by
        return cls.fromtimestamp(moved.timestamp(), tz)


class _MovedClock(SystemClock):
    def now(self) -> dt.datetime:
        return _Moved.now(dt.UTC)


@contextmanager
def _beating(
    home: pathlib.Path, monkeypatch: pytest.MonkeyPatch, job: Callable[[], None]
) -> Iterator[threading.Semaphore]:
    """Have a worker run whose other jobs all do this; gives what counts its signs of life."""
    beaten = threading.Semaphore(0)

    def named(name: str) -> Callable[[], None]:
        def do() -> None:
            job()

        do.__name__ = name
        return do

    def beat() -> None:
        beaten.release()

    # Signals and logs are the whole process's.
    monkeypatch.setattr(process, "_SIGNALS", ())
    monkeypatch.setattr(process, "log_to_stdout", lambda: None)
    monkeypatch.setattr(process, "BEAT_SECONDS", 0.05)
    with staged(home) as stage:
        worker, stage.clock = stage.worker, _MovedClock()
        for part, name in (
            (worker, "collect"),
            (worker, "slots"),
            (worker.alerting, "look"),
            (worker.housekeeping, "tidy"),
        ):
            monkeypatch.setattr(part, name, named(name))
        monkeypatch.setattr(worker.life, "beat", beat)
        running = threading.Thread(target=worker.run)
        running.start()
        try:
            yield beaten
        finally:
            worker.life.stopping = True
            running.join(30)


def _beats_on(beaten: threading.Semaphore) -> bool:
    """Say whether there is a sign of life after those until now."""
    while beaten.acquire(blocking=False):
        pass
    # The first may have been on its way.
    return all(beaten.acquire(timeout=10) for _ in range(2))


def test_it_waits_for_no_job_that_hangs(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hung, over = threading.Semaphore(0), threading.Event()

    def hang() -> None:
        hung.release()
        over.wait(60)

    with _beating(tmp_path, monkeypatch, hang) as beaten:
        try:
            assert all(hung.acquire(timeout=30) for _ in range(4))
            assert _beats_on(beaten)
        finally:
            over.set()


def test_it_goes_on_when_the_clock_is_set_back(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (apscheduler.schedulers.base, apscheduler.executors.base, apscheduler.triggers.interval):
        monkeypatch.setattr(module, "datetime", _Moved)
    with _beating(tmp_path, monkeypatch, lambda: None) as beaten:
        assert _beats_on(beaten)
        monkeypatch.setattr(_Moved, "by", -dt.timedelta(hours=1))
        assert _beats_on(beaten)

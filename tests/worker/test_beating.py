"""The sign of life: given whatever else a worker does."""

from __future__ import annotations

import pathlib
import threading
from collections.abc import Callable

import pytest

from digest.worker import process
from tests.worker.stage import staged


def test_it_waits_for_no_job_that_hangs(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hung, over, beaten = threading.Semaphore(0), threading.Event(), threading.Semaphore(0)

    def hanging(name: str) -> Callable[[], None]:
        def hang() -> None:
            hung.release()
            over.wait(60)

        hang.__name__ = name
        return hang

    def beat() -> None:
        beaten.release()

    # Signals and logs are the whole process's.
    monkeypatch.setattr(process, "_SIGNALS", ())
    monkeypatch.setattr(process, "log_to_stdout", lambda: None)
    monkeypatch.setattr(process, "BEAT_SECONDS", 0.05)
    with staged(tmp_path) as stage:
        worker = stage.worker
        parts = (
            (worker, "collect"),
            (worker, "slots"),
            (worker.alerting, "look"),
            (worker.housekeeping, "tidy"),
        )
        for part, name in parts:
            monkeypatch.setattr(part, name, hanging(name))
        monkeypatch.setattr(worker.life, "beat", beat)
        running = threading.Thread(target=worker.run)
        running.start()
        try:
            assert all(hung.acquire(timeout=30) for _ in parts)
            while beaten.acquire(blocking=False):
                # Of before they hung.
                pass
            assert beaten.acquire(timeout=10)
        finally:
            over.set()
            worker.life.stopping = True
            running.join(30)

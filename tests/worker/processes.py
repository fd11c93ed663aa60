"""`digest worker` as processes of their own."""

from __future__ import annotations

import datetime as dt
import json
import pathlib
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from zoneinfo import ZoneInfo

from digest.adapters.clock import SystemClock
from tests.cli.running import LOOPBACK, environment, write_newsletter

ZONE = "Asia/Riyadh"
#: Long enough for a busy machine; a test that passes never waits that long.
_PATIENCE_SECONDS = 60.0


def now() -> dt.datetime:
    """Return the moment, for what real processes do."""
    return SystemClock().now()


def due_newsletter(home: pathlib.Path, **values: object) -> None:
    """Write a newsletter whose time is this minute."""
    local = now().astimezone(ZoneInfo(ZONE))
    write_newsletter(home, timezone=ZONE, send_at=f"{local:%H:%M}", late_minutes=180, **values)


@contextmanager
def running_worker(
    home: pathlib.Path, log: pathlib.Path, *words: str, extra: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Give a worker that runs while the context lasts."""
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "digest", "worker", *words],
            env=environment(home, {**LOOPBACK, **(extra or {})}),
            cwd=home,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def wait_until(reached: Callable[[], bool], processes: Sequence[subprocess.Popen[bytes]] = ()) -> bool:
    """Say whether it came to that in time, while all processes live."""
    until = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < until and all(process.poll() is None for process in processes):
        if reached():
            return True
        time.sleep(0.1)
    return reached()


def end(process: subprocess.Popen[bytes]) -> int:
    """Tell a process to end; return how it did."""
    process.send_signal(signal.SIGTERM)
    return process.wait(timeout=_PATIENCE_SECONDS)


def letters(home: pathlib.Path) -> list[str]:
    """Return to whom there are letters in the outbox."""
    return sorted(path.stem for path in (home / "var" / "outbox").glob("*/*.eml"))


def rows(home: pathlib.Path, query: str) -> list[tuple[object, ...]]:
    """Return what a home's database says."""
    with closing(sqlite3.connect(home / "var" / "digest.db")) as connection:
        return connection.execute(query).fetchall()


def last(said: str) -> str:
    """Return what the log's last line says."""
    return str(json.loads(said.splitlines()[-1])["message"])

"""Workers to be killed, from the test's side: a process that has all of the program in its memory forks them."""

from __future__ import annotations

import json
import os
import pathlib
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

_REPOSITORY = pathlib.Path(__file__).parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What the workers deliver, and through what."""

    database_url: str
    edition_id: str
    #: `outbox`, `smtp` or `sendgrid`.
    transport: str
    #: A folder for the outbox, a port on loopback for the others.
    where: str
    #: Calls at a time, and messages a call, where the transport has a choice.
    lanes: int = 1
    batch: int = 1
    lease_seconds: float
    #: Messages a second; 0 for as fast as it goes.
    rate: float = 0


class Nursery:
    """Starts and kills workers."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def start(self) -> int:
        """Start a worker; return its process id."""
        return int(self._ask("start"))

    def kill(self, worker: int) -> bool:
        """Kill a worker with signal 9; say whether it was still at work."""
        # It is waited for only here, so that its id is nobody else's.
        os.kill(worker, signal.SIGKILL)
        status = self.wait(worker)
        assert status in {0, -signal.SIGKILL}, f"a worker ended with {status} before it was killed"
        return status != 0

    def wait(self, worker: int) -> int:
        """Wait for a worker's end; return its exit code, or the signal as a negative number."""
        return int(self._ask(f"wait {worker}"))

    def _ask(self, words: str) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(words, file=self._process.stdin, flush=True)
        return self._process.stdout.readline()


@contextmanager
def nursery(order: Order) -> Iterator[Nursery]:
    """Run it while the context lasts; none of its workers outlives that."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.delivery.worker", json.dumps(asdict(order))],
        cwd=_REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        yield Nursery(process)

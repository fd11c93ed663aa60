"""What came to the quick sink, and the process that it is."""

from __future__ import annotations

import pathlib
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

REPOSITORY = pathlib.Path(__file__).parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One message that the sink has taken."""

    email: str
    message_id: str
    #: The address from which it came.
    peer: str
    #: Seconds of Unix time.
    at: float


@dataclass(frozen=True, slots=True)
class Arrivals:
    """The sink's list."""

    path: pathlib.Path

    def all(self) -> list[Arrival]:
        """Return what has come, in its order."""
        # What comes after the last line's end is being written at this moment.
        whole, _, _ = self.path.read_text(encoding="utf-8").rpartition("\n")
        rows = [line.split("\t") for line in whole.splitlines()]
        return [Arrival(email=row[0], message_id=row[1], peer=row[2], at=float(row[3])) for row in rows]

    def count(self) -> int:
        """Return how many have come."""
        return self.path.read_bytes().count(b"\n")


@contextmanager
def quick_sink(arrivals: Arrivals, host: str = "127.0.0.1", latency: float = 0.0) -> Iterator[int]:
    """Run a sink that answers each message so many seconds late; gives its port."""
    command = [sys.executable, "-m", "tests.scale.quick_sink", str(arrivals.path), host, str(latency)]
    sink = subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)
    with sink:
        assert sink.stdout is not None
        try:
            yield int(sink.stdout.readline())
        finally:
            sink.kill()

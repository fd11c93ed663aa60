"""A list on disk that outlives whatever is killed, and the process that keeps it."""

from __future__ import annotations

import os
import pathlib
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

# Not the one of tests.conftest, which imports all of the program: a sink is to be there at once.
_REPOSITORY = pathlib.Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class DurableList:
    """Who was accepted, a line each: the address, a tab, and what names the message."""

    path: pathlib.Path
    #: The longest wait, in seconds, both before and after a row is kept: senders die on either side of the moment.
    slowness: float = 0.0

    def append(self, rows: Iterable[tuple[str, str]]) -> None:
        """Keep rows, all or none of them, and return when they are on the disk."""
        time.sleep(random.uniform(0, self.slowness))
        handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(handle, "".join(f"{address}\t{name}\n" for address, name in rows).encode())
            os.fsync(handle)
        finally:
            os.close(handle)
        time.sleep(random.uniform(0, self.slowness))

    def rows(self) -> list[tuple[str, str]]:
        """Return what was kept, in its order."""
        if not self.path.exists():
            return []
        lines = self.path.read_text(encoding="utf-8").splitlines()
        return [(address, name) for address, _, name in (line.partition("\t") for line in lines)]

    def addresses(self) -> Counter[str]:
        """Return how often each address was accepted."""
        return Counter(address for address, _ in self.rows())

    def count(self) -> int:
        """Return how many were accepted so far."""
        return self.path.read_bytes().count(b"\n") if self.path.exists() else 0


@contextmanager
def sink_process(module: str, path: pathlib.Path) -> Iterator[int]:
    """Run `tests.delivery.<module>` as a process that keeps its list in `path`; gives its port on loopback."""
    sink = subprocess.Popen(
        [sys.executable, "-m", f"tests.delivery.{module}", str(path)],
        cwd=_REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
    )
    with sink:
        assert sink.stdout is not None
        try:
            yield int(sink.stdout.readline())
        finally:
            sink.kill()

"""One worker among all: its sign of life, what it has in hand, and whether it is to end."""

from __future__ import annotations

import os
import platform
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from digest.model import WorkerLife
from digest.ports import Clock, OperationsStore


class Stopping(Exception):
    """The worker is to end: nothing new is taken up."""


class Life:
    """This process, as the others and the operator see it."""

    def __init__(self, operations: OperationsStore, clock: Clock) -> None:
        self.id = uuid.uuid4().hex
        self.started_at = clock.now()
        self._operations = operations
        self._clock = clock
        #: Set by a signal's handler, which must not wait for a lock.
        self.stopping = False
        self._in_hand: list[str] = []
        self._changed = threading.Condition()

    @contextmanager
    def at(self, what: str) -> Iterator[None]:
        """Have this in hand meanwhile. Raises Stopping where the worker is to end."""
        with self._changed:
            if self.stopping:
                raise Stopping
            self._in_hand.append(what)
        try:
            yield
        finally:
            with self._changed:
                self._in_hand.remove(what)
                self._changed.notify_all()

    def beat(self) -> None:
        """Give a sign of life."""
        self._operations.beat(self._life())

    def end(self) -> None:
        """Say that it ended in order."""
        self._operations.beat(self._life(ended=True))

    def wait_until_idle(self, seconds: float) -> bool:
        """Wait until nothing is in hand any more, for so long at most; say whether it came to that."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._in_hand, timeout=seconds)

    def _life(self, ended: bool = False) -> WorkerLife:
        now = self._clock.now()
        with self._changed:
            doing = ", ".join(self._in_hand) or "waiting"
        return WorkerLife(
            id=self.id,
            host=platform.node(),
            pid=os.getpid(),
            started_at=self.started_at,
            beat_at=now,
            doing=("stopping: " if self.stopping and doing != "waiting" else "") + doing,
            stopped_at=now if ended else None,
        )

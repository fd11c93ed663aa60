"""What all of the core needs from the world: the time, and somebody who watches."""

from __future__ import annotations

import datetime as dt
from typing import Protocol


class Clock(Protocol):
    """Tells the moment; replaced by a fixed one with `--at` and in tests."""

    def now(self) -> dt.datetime:
        """Return the moment, aware."""

    def sleep(self, seconds: float) -> None:
        """Let that much time pass."""


class Progress(Protocol):
    """Shows a person how far long work has come."""

    def __call__(self, label: str, done: int, total: int) -> None:
        """Say that `done` of `total` steps are done."""

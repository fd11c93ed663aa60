"""The clock on the wall, and one that stands still."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import dataclass


class SystemClock:
    """The machine's own clock."""

    def now(self) -> dt.datetime:
        """Return the moment, in UTC."""
        return dt.datetime.now(dt.UTC)

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


@dataclass(slots=True)
class SetClock:
    """A clock set by hand: for `--at`, and for tests."""

    moment: dt.datetime

    def now(self) -> dt.datetime:
        """Return the moment that it was set to."""
        return self.moment

    def sleep(self, seconds: float) -> None:
        """Move on without waiting."""
        self.moment += dt.timedelta(seconds=seconds)

"""A database that fails cannot keep the alert about itself: each worker keeps that one, and tells of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

from digest.adapters.store.operating import TELL_AGAIN
from digest.model import Alert

#: A restart, or a lock that somebody holds for a moment, wakes nobody.
PATIENCE = dt.timedelta(minutes=2)

_TEXT = """The database fails
For {minutes} minutes this worker on {host} has not been able to use it: {error}
Nothing is sent that cannot be written down first; all goes on by itself when it is back.
See that the database runs and has room; `digest doctor` says how it stands."""


class Outage:
    """How long the database has failed, as this process sees it."""

    def __init__(self, host: str, tell: Callable[[Sequence[Alert], dt.datetime], bool]) -> None:
        self._host = host
        self._tell = tell
        self._since: dt.datetime | None = None
        self._told_at: dt.datetime | None = None

    def goes_on(self, error: Exception, now: dt.datetime) -> None:
        """Take in that it fails now, and tell the operator when that lasts: once in an hour."""
        # A clock that was set back has these ahead of now.
        self._since = min(self._since or now, now)
        is_long = now - self._since >= PATIENCE
        is_told = self._told_at is not None and abs(now - self._told_at) < TELL_AGAIN
        if not is_long or is_told:
            return
        minutes = int((now - self._since).total_seconds() // 60)
        text = _TEXT.format(minutes=minutes, host=self._host, error=error)
        if self._tell([Alert(key="database", text=text, raised_at=self._since)], now):
            self._told_at = now

    def is_over(self) -> None:
        """Take in that it works."""
        self._since = None

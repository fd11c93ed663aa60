"""How often something was tried lately, counted for all processes together, in SQL."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from digest.adapters.store.articles import upsert
from digest.adapters.store.engine import reading
from digest.adapters.store.schema import attempt

#: No window is longer; older counts say nothing any more and are deleted.
LONGEST = dt.timedelta(days=1)


class SqlAttempts:
    """Counts tries in windows of time that begin at fixed moments: every full hour, where a window is an hour.

    Across the border of two windows twice the limit may pass: a limit is there to stop a flood, not to be exact.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, name: str, now: dt.datetime, window: dt.timedelta) -> int:
        """Count one more try of this name; return how many there are in the window of `now`, this one included.

        Raises ValueError where the window is longer than a day.
        """
        start = _start(now, window)
        with self._engine.begin() as connection:
            insert = upsert(connection, attempt).values(name=name, window_start=start, count=1)
            more = insert.on_conflict_do_update(
                index_elements=["name", "window_start"], set_={"count": attempt.c.count + 1}
            )
            count: int = connection.execute(more.returning(attempt.c.count)).scalar_one()
            if count == 1:
                # A new window: the time to look for old ones.
                connection.execute(sa.delete(attempt).where(attempt.c.window_start < now - LONGEST))
        return count

    def count(self, name: str, now: dt.datetime, window: dt.timedelta) -> int:
        """Return how many tries there are in the window of `now`. Raises ValueError where it is longer than a day."""
        this = (attempt.c.name == name) & (attempt.c.window_start == _start(now, window))
        with reading(self._engine) as connection:
            return connection.scalar(sa.select(attempt.c.count).where(this)) or 0

    def clear(self, name: str) -> None:
        """Forget what was tried under this name."""
        with self._engine.begin() as connection:
            connection.execute(sa.delete(attempt).where(attempt.c.name == name))


def _start(now: dt.datetime, window: dt.timedelta) -> dt.datetime:
    if not dt.timedelta(seconds=1) <= window <= LONGEST:
        raise ValueError(f"a window is a second long, a day, or between: {window}")
    length = int(window.total_seconds())
    return dt.datetime.fromtimestamp(int(now.timestamp()) // length * length, dt.UTC)

"""How fast all processes together may send, in SQL. Implements `ports.PaceStore`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from digest.adapters.store.articles import upsert
from digest.adapters.store.schema import pace, sending_day

#: Nobody has reserved further ahead than so many messages take and so many seconds: a clock did that was ahead.
_MOST_RESERVED, _MOST_SECONDS = 500, 300


class SqlPaceStore:
    """One row for each rate: the first moment that nobody has reserved (a virtual scheduling algorithm, ITU-T I.371)."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def reserve(self, name: str, count: int, per_second: float, now: dt.datetime) -> dt.datetime:
        """See `ports.PaceStore`."""
        begin, cost = now.timestamp(), count / per_second
        with self._engine.begin() as connection:
            insert = upsert(connection, pace).values(name=name, free_at=begin + cost)
            # Time that nobody used is gone: a rate saves nothing up.
            ahead = begin + _MOST_SECONDS + _MOST_RESERVED / per_second
            free = sa.case((pace.c.free_at.between(begin, ahead), pace.c.free_at), else_=begin) + cost
            insert = insert.on_conflict_do_update(index_elements=["name"], set_={"free_at": free})
            after = connection.execute(insert.returning(pace.c.free_at)).scalar_one()
        return max(now, dt.datetime.fromtimestamp(after - cost, dt.UTC))

    def take_of_day(self, name: str, day: dt.date, count: int, steps: Sequence[int]) -> int:
        """See `ports.PaceStore`."""
        of_name = sending_day.c.name == name
        today = of_name & (sending_day.c.day == day)
        with self._engine.begin() as connection:
            row = {"name": name, "day": day, "taken": 0}
            connection.execute(upsert(connection, sending_day).values(row).on_conflict_do_nothing())
            # Locked until the end: of two that look at once, one waits.
            taken = connection.scalar(sa.select(sending_day.c.taken).where(today).with_for_update())
            days = sa.select(sa.func.count()).where(of_name, sending_day.c.day < day)
            before = connection.scalar(days) or 0
            granted = min(count, max(steps[before] - (taken or 0), 0)) if before < len(steps) else count
            connection.execute(
                sa.update(sending_day).where(today).values(taken=sending_day.c.taken + granted)
            )
        return granted

"""How fast messages may leave: rates and a warm-up that all processes share, and that outlive them."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from digest.errors import SenderError
from digest.ports import Clock, PaceStore

#: Seconds of sending that are reserved at a time: one look at the database for so many messages.
_STOCK_SECONDS = 0.05
#: Seconds of sending for which readers are taken in hand: who leaves the list later than that is still spared.
_IN_HAND_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Admission:
    """Leave to send."""

    #: How many messages.
    count: int
    #: From when on.
    at: dt.datetime


@dataclass(slots=True)
class Pacer:
    """Admits messages as the rates allow; one for each run of sending."""

    store: PaceStore
    clock: Clock
    #: Messages a second, by the name that all processes know the rate by.
    rates: Mapping[str, float] = field(default_factory=dict)
    #: What the first days of a new domain may send, and its name.
    warm_up: Sequence[int] = ()
    domain: str = ""
    #: What is reserved and not used: how many, and from when on.
    _stock: dict[str, Admission] = field(default_factory=dict)
    #: When leave was asked for last.
    _asked_at: dt.datetime | None = None

    def most_in_hand(self, most: int) -> int:
        """Return how many of `most` messages to take in hand: what leaves within a few seconds, at least one."""
        return max(min([most, *(math.ceil(rate * _IN_HAND_SECONDS) for rate in self.rates.values())]), 1)

    def admit(self, count: int) -> Admission:
        """Return leave for up to `count` messages.

        Raises SenderError, with the next day's beginning, where the day has had all that it may.
        """
        now = self.clock.now()
        if self._asked_at and now < self._asked_at:
            # The clock was set back, and what is reserved is for a moment that may be hours ahead.
            self._stock.clear()
        self._asked_at = now
        if self.warm_up:
            count = self._of_day(count, now)
        at = max((self._reserve(name, count, rate, now) for name, rate in self.rates.items()), default=now)
        return Admission(count, max(at, now))

    def _of_day(self, count: int, now: dt.datetime) -> int:
        day = now.astimezone(dt.UTC).date()
        granted = self.store.take_of_day(self.domain, day, count, self.warm_up)
        if not granted:
            tomorrow = dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), tzinfo=dt.UTC)
            raise SenderError(
                f"today has sent all that the warm-up of {self.domain} allows; it goes on at {tomorrow:%H:%M} UTC",
                retry_at=tomorrow,
            )
        return granted

    def _reserve(self, name: str, count: int, rate: float, now: dt.datetime) -> dt.datetime:
        stock = self._stock.get(name)
        if stock is None or stock.count < count:
            wanted = max(count, math.floor(rate * _STOCK_SECONDS))
            stock = Admission(wanted, self.store.reserve(name, wanted, rate, now))
        self._stock[name] = Admission(stock.count - count, stock.at)
        return stock.at

"""What the schedule's tests share: a newsletter by its hours, its readers, and a worker without a store."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from zoneinfo import ZoneInfo

from digest.model import Newsletter, Slot, ZoneReaders
from digest.schedule import slots_missed, slots_to_compose, slots_to_send

DAY = dt.timedelta(days=1)
HOUR = dt.timedelta(hours=1)
MINUTE = dt.timedelta(minutes=1)


def utc(text: str) -> dt.datetime:
    """Return the moment that an ISO text without a zone names in UTC."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


#: Long before any slot of these tests.
LONG_AGO = utc("2024-01-01")

_DAILY = Newsletter(
    id="daily",
    title="موجز",
    locale="ar",
    timezone="Asia/Riyadh",
    send_at=dt.time(6, 30),
    late_minutes=180,
    regions=("gulf",),
    stories_per_region=3,
    brief_stories=3,
)


def daily(zone: str = "Asia/Riyadh", send_at: str = "06:30", **changes: Any) -> Newsletter:
    """Return a newsletter that leaves at this local time."""
    return replace(_DAILY, timezone=zone, send_at=dt.time.fromisoformat(send_at), **changes)


def readers(count: int = 1, since: dt.datetime = LONG_AGO) -> ZoneReaders:
    """Return readers, the first of whom agreed then."""
    return ZoneReaders(count=count, since=since)


def transitions(zone: str, begin: dt.datetime, end: dt.datetime) -> list[dt.datetime]:
    """Return the hours in which a zone's clocks change."""
    found, now, local = [], begin, ZoneInfo(zone)
    while now < end:
        if now.astimezone(local).utcoffset() != (now + HOUR).astimezone(local).utcoffset():
            found.append(now)
        now += HOUR
    return found


def every(step: dt.timedelta, begin: dt.datetime, end: dt.datetime) -> list[dt.datetime]:
    """Return the moments of a clock that ticks in this step."""
    return [begin + number * step for number in range((end - begin) // step + 1)]


@dataclass(slots=True)
class Worker:
    """Does at each tick what the schedule says, and remembers when: what is done stays done."""

    cohorts: Mapping[str, ZoneReaders]
    #: When the first of all workers started.
    since: dt.datetime
    composed: dict[Slot, dt.datetime] = field(default_factory=dict)
    sent: dict[Slot, dt.datetime] = field(default_factory=dict)
    missed: dict[Slot, dt.datetime] = field(default_factory=dict)

    def tick(self, newsletter: Newsletter, now: dt.datetime, *, look_back: bool = True) -> None:
        """Compose and send what is due, and report what was not sent in time."""
        for slot in slots_to_compose(newsletter, self.cohorts, now):
            self.composed.setdefault(slot, now)
        for slot in slots_to_send(newsletter, self.cohorts, now):
            self.sent.setdefault(slot, now)
        if not look_back:
            return
        for slot in slots_missed(newsletter, self.cohorts, self.since, now):
            if slot not in self.sent:
                self.missed.setdefault(slot, now)


def dates(slots: Iterable[Slot], cohort: str = "") -> list[dt.date]:
    """Return a cohort's local dates among the slots, as they come."""
    return [slot.local_date for slot in slots if slot.cohort == cohort]

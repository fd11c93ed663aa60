"""Which slots are due at a moment. Pure: a tick asks, the store remembers what was done."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from zoneinfo import ZoneInfo

from digest.model import Newsletter, Slot


def local_moment(day: dt.date, time: dt.time, timezone: str) -> dt.datetime:
    """Return the UTC moment of a local time of day.

    A time that the clocks skip on that day is taken at the first moment after the gap; one that comes twice, the
    first time: so each local day has exactly one.

    >>> local_moment(dt.date(2026, 4, 24), dt.time(0, 0), "Africa/Cairo").isoformat()
    '2026-04-23T22:00:00+00:00'
    """
    zone = ZoneInfo(timezone)
    moment = dt.datetime.combine(day, time, tzinfo=zone).replace(fold=0).astimezone(dt.UTC)
    back = moment.astimezone(zone)
    if (back.date(), back.time()) == (day, time):
        return moment
    # In a gap, fold=0 is read with the offset before it, which lands as far past the gap as the time stood in it.
    ahead = dt.datetime.combine(day, time, tzinfo=zone).replace(fold=1).astimezone(dt.UTC)
    skipped = moment - ahead
    into = dt.timedelta()
    while (
        into < skipped
        and (ahead + into + dt.timedelta(minutes=1)).astimezone(zone).utcoffset()
        == ahead.astimezone(zone).utcoffset()
    ):
        into += dt.timedelta(minutes=1)
    return ahead + into + dt.timedelta(minutes=1)


def slot_of(newsletter: Newsletter, day: dt.date) -> Slot:
    """Return a newsletter's slot of a local date."""
    due_at = local_moment(day, newsletter.send_at, newsletter.timezone)
    return Slot(newsletter_id=newsletter.id, local_date=day, cohort="", due_at=due_at)


def current_slot(newsletter: Newsletter, now: dt.datetime) -> Slot:
    """Return the slot of the local day that it is now, due or not."""
    return slot_of(newsletter, now.astimezone(ZoneInfo(newsletter.timezone)).date())


def is_late(slot: Slot, newsletter: Newsletter, now: dt.datetime) -> bool:
    """Say whether it is too late to begin this slot."""
    return now > slot.due_at + dt.timedelta(minutes=newsletter.late_minutes)


def due_slots(newsletters: Iterable[Newsletter], now: dt.datetime) -> Iterator[tuple[Newsletter, Slot]]:
    """Yield the slots whose time has come and is not past `late_minutes`, done or not.

    Yesterday's is looked at as well: a slot shortly before midnight is still due after it.
    """
    for newsletter in newsletters:
        today = now.astimezone(ZoneInfo(newsletter.timezone)).date()
        for day in (today - dt.timedelta(days=1), today):
            slot = slot_of(newsletter, day)
            if slot.due_at <= now and not is_late(slot, newsletter, now):
                yield newsletter, slot


def next_due(newsletter: Newsletter, now: dt.datetime) -> Slot:
    """Return the first slot that is due after now."""
    today = now.astimezone(ZoneInfo(newsletter.timezone)).date()
    days = (today + dt.timedelta(days=ahead) for ahead in range(-1, 3))
    return next(slot for day in days if (slot := slot_of(newsletter, day)).due_at > now)

"""Which slots there are, and what is to be done for each at a moment.

Pure: a tick asks, the store remembers what was done. A newsletter's readers are parted into cohorts: those of its own
zone (cohort ""), and those of each other zone (its IANA name). Each cohort has one slot a local day.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from digest.model import Audience, Newsletter, Slot, ZoneReaders

#: A slot that was missed longer ago than this is history.
MISSED_FOR = dt.timedelta(days=7)

_MINUTE = dt.timedelta(minutes=1)
_DAY = dt.timedelta(days=1)


# --------------------------------------------------------------------------- cohorts


def cohorts_of(newsletter: Newsletter, zones: Mapping[str, ZoneReaders]) -> dict[str, ZoneReaders]:
    """Return the cohorts of a newsletter's readers, of whom `zones` tells by zone; "" comes first.

    Readers of a zone that nobody knows get what those of the newsletter's own get.
    """
    cohorts: dict[str, ZoneReaders] = {}
    for zone, readers in zones.items():
        cohort = _cohort_of(newsletter, zone)
        others = cohorts.get(cohort)
        cohorts[cohort] = _together(others, readers) if others else readers
    return dict(sorted(cohorts.items()))


def audience_of(
    newsletter: Newsletter, cohort: str, zones: Iterable[str], day: dt.date | None = None
) -> Audience:
    """Return whom a cohort's edition of a local date is for; `zones` are those that readers gave."""
    if cohort:
        return Audience(newsletter_id=newsletter.id, zones=(cohort,), day=day)
    own = {"", newsletter.timezone, *(zone for zone in zones if not _cohort_of(newsletter, zone))}
    return Audience(newsletter_id=newsletter.id, zones=tuple(sorted(own)), day=day)


def _cohort_of(newsletter: Newsletter, zone: str) -> str:
    return zone if zone != newsletter.timezone and zone in _known_zones() else ""


@cache
def _known_zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _together(some: ZoneReaders, others: ZoneReaders) -> ZoneReaders:
    return ZoneReaders(count=some.count + others.count, since=min(some.since, others.since))


# --------------------------------------------------------------------------- slots


def local_moment(day: dt.date, time: dt.time, timezone: str) -> dt.datetime:
    """Return the UTC moment of a local time of day, whole minutes.

    A time that the clocks skip on that day is taken at the first moment after the gap; one that comes twice, the
    first time: so each local day has exactly one.

    >>> local_moment(dt.date(2026, 4, 24), dt.time(0, 0), "Africa/Cairo").isoformat()
    '2026-04-23T22:00:00+00:00'
    """
    zone = ZoneInfo(timezone)
    local = dt.datetime.combine(day, time, tzinfo=zone)
    moment = local.astimezone(dt.UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None):
        return moment
    # In a gap, fold=1 is read with the offset after it (PEP 495), which lands before it.
    moment = local.replace(fold=1).astimezone(dt.UTC)
    before_the_gap = moment.astimezone(zone).utcoffset()
    while moment.astimezone(zone).utcoffset() == before_the_gap:
        moment += _MINUTE
    return moment


def slot_of(newsletter: Newsletter, day: dt.date, cohort: str = "") -> Slot:
    """Return a cohort's slot of one of its local dates."""
    due_at = local_moment(day, newsletter.send_at, _zone(newsletter, cohort))
    return Slot(newsletter_id=newsletter.id, local_date=day, cohort=cohort, due_at=due_at)


def current_slot(newsletter: Newsletter, now: dt.datetime, cohort: str = "") -> Slot:
    """Return the slot of the local day that it is now in the cohort's zone, due or not."""
    return slot_of(newsletter, _today(newsletter, cohort, now), cohort)


def next_slot(newsletter: Newsletter, cohort: str, now: dt.datetime) -> Slot:
    """Return the cohort's first slot after now of a day on which the newsletter appears."""
    return next(slot for slot in _slots(newsletter, cohort, now, itertools.count(-1)) if slot.due_at > now)


def appears_on(newsletter: Newsletter, day: dt.date) -> bool:
    """Say whether a newsletter has an edition of this local date."""
    on_weekday = not newsletter.weekdays or day.weekday() in newsletter.weekdays
    return on_weekday and day not in newsletter.days_off


def is_late(slot: Slot, newsletter: Newsletter, now: dt.datetime) -> bool:
    """Say whether it is too late to begin this slot."""
    return now > slot.due_at + dt.timedelta(minutes=newsletter.late_minutes)


# --------------------------------------------------------------------------- what is to be done


def slots_to_compose(newsletter: Newsletter, cohorts: Iterable[str], now: dt.datetime) -> Iterator[Slot]:
    """Yield the slots that should have an edition now, done or not: from `compose_minutes` before until late.

    Each cohort's come in the order of their days.
    """
    ahead = dt.timedelta(minutes=newsletter.compose_minutes)
    for cohort in cohorts:
        # `late_minutes` is less than a day, but a day may have 23 hours: the slot of the day before yesterday counts.
        for slot in _slots(newsletter, cohort, now, range(-2, 2)):
            if slot.due_at - ahead <= now and not is_late(slot, newsletter, now):
                yield slot


def slots_to_send(newsletter: Newsletter, cohorts: Iterable[str], now: dt.datetime) -> Iterator[Slot]:
    """Yield the slots whose edition should be on its way now, done or not: from their moment until late."""
    return (slot for slot in slots_to_compose(newsletter, cohorts, now) if slot.due_at <= now)


def slots_missed(
    newsletter: Newsletter, cohorts: Mapping[str, ZoneReaders], since: dt.datetime, now: dt.datetime
) -> Iterator[Slot]:
    """Yield the slots that are too late now, done or not: those due after `since`, for seven days.

    One that was due before the first of its readers agreed is missed by nobody.
    """
    for cohort, readers in cohorts.items():
        begin = max(since, readers.since, now - MISSED_FOR)
        for slot in _slots(newsletter, cohort, now, range(-MISSED_FOR.days - 1, 1)):
            if slot.due_at > begin and is_late(slot, newsletter, now):
                yield slot


def _slots(newsletter: Newsletter, cohort: str, now: dt.datetime, days: Iterable[int]) -> Iterator[Slot]:
    """Yield the cohort's slots of these days from its today, where the newsletter appears on them."""
    today = _today(newsletter, cohort, now)
    for ahead in days:
        day = today + ahead * _DAY
        if appears_on(newsletter, day):
            yield slot_of(newsletter, day, cohort)


def _today(newsletter: Newsletter, cohort: str, now: dt.datetime) -> dt.date:
    return now.astimezone(ZoneInfo(_zone(newsletter, cohort))).date()


def _zone(newsletter: Newsletter, cohort: str) -> str:
    return cohort or newsletter.timezone

"""The schedule under a clock at full speed: 400 days, downtimes, ten workers, changed settings, a clock set back."""

from __future__ import annotations

import datetime as dt
import random
from bisect import bisect_left
from collections import Counter
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.model import Newsletter, Slot
from digest.schedule import appears_on, slot_of, slots_to_send
from tests.scheduling import DAY, HOUR, MINUTE, Worker, daily, dates, every, readers, transitions, utc

_ZONES = [
    "Africa/Cairo",
    "Asia/Beirut",
    "Africa/Casablanca",
    "Asia/Gaza",
    "Europe/Berlin",
    "Asia/Riyadh",
    "Asia/Tehran",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "America/New_York",
]
#: Of these, the ones whose clocks stand still.
_STILL = {"Asia/Riyadh", "Asia/Tehran", "Asia/Kathmandu", "Pacific/Apia"}
_TIMES = ["00:00", "00:15", "00:30", "01:30", "02:30", "06:30", "12:00", "23:30", "23:59"]
_BEGIN = utc("2025-12-15")
_END = _BEGIN + 400 * DAY


def _ticks(zone: str) -> list[dt.datetime]:
    """Return the ticks of 400 days: a quarter of an hour apart around each change of the clocks, else nearly half a day."""
    fine = [
        tick
        for change in transitions(zone, _BEGIN, _END)
        for tick in every(15 * MINUTE, change - 20 * HOUR, change + 20 * HOUR)
    ]
    return sorted({*every(11 * HOUR, _BEGIN, _END), *fine})


def _never_before(slot: Slot, newsletter: Newsletter, moment: dt.datetime) -> bool:
    """Say whether a moment is at or after the slot's local time; where that comes twice or never, its earliest reading."""
    zone = ZoneInfo(slot.cohort or newsletter.timezone)
    local = dt.datetime.combine(slot.local_date, newsletter.send_at, tzinfo=zone)
    return moment.timestamp() >= min(local.replace(fold=fold).timestamp() for fold in (0, 1))


def test_the_clocks_of_these_zones_change_or_stand_still() -> None:
    assert {zone for zone in _ZONES if not transitions(zone, _BEGIN, _END)} == _STILL


@pytest.mark.parametrize("zone", _ZONES)
def test_each_cohort_gets_one_edition_each_local_day_of_400(zone: str) -> None:
    ticks, local = _ticks(zone), ZoneInfo(zone)
    # The newsletter's own cohort in Riyadh, those of other zones elsewhere.
    cohort = "" if zone == "Asia/Riyadh" else zone
    for send_at in _TIMES:
        newsletter = daily("Asia/Riyadh", send_at, late_minutes=720)
        worker = Worker(cohorts={cohort: readers()}, since=_BEGIN)
        for number, tick in enumerate(ticks):
            worker.tick(newsletter, tick, look_back=number % 9 == 0 or tick is ticks[-1])
        days = dates(worker.sent, cohort)
        assert len(days) >= 399
        assert {later - earlier for earlier, later in pairwise(days)} == {DAY}, "one a day, in order"
        assert worker.missed == {}
        for slot, moment in worker.sent.items():
            assert slot.due_at.astimezone(local).date() == slot.local_date
            assert _never_before(slot, newsletter, slot.due_at)
            if slot.due_at > ticks[0]:
                assert moment == ticks[bisect_left(ticks, slot.due_at)], (
                    "at the first tick from its moment on"
                )
                assert worker.composed[slot] <= moment


# --------------------------------------------------------------------------- downtimes

_MINUTES = st.integers(0, 1439)
_TIMES_OF_DAY = st.one_of(st.sampled_from([0, 1, 30, 150, 1410, 1439]), _MINUTES).map(
    lambda minute: f"{minute // 60:02}:{minute % 60:02}"
)
#: Near changes of the clocks in one zone or another.
_STARTS = st.sampled_from(
    ["2026-02-12", "2026-03-25", "2026-04-01", "2026-04-21", "2026-10-01", "2026-10-22"]
)
#: Hours of a clock that runs, then hours of one that does not.
_SPELLS = st.lists(
    st.tuples(st.floats(0, 40), st.one_of(st.floats(0, 30), st.floats(0, 200))), min_size=1, max_size=6
)


@st.composite
def _newsletters(draw: st.DrawFn) -> Newsletter:
    """Draw a newsletter of any hours, weekdays and days off."""
    off = draw(st.frozensets(st.integers(0, 30), max_size=6))
    return daily(
        draw(st.sampled_from(_ZONES)),
        draw(_TIMES_OF_DAY),
        late_minutes=draw(st.one_of(st.integers(1, 1439), st.sampled_from([1, 180, 1439]))),
        compose_minutes=draw(st.integers(0, 720)),
        weekdays=draw(st.frozensets(st.integers(0, 6))),
        days_off=frozenset(dt.date(2026, 10, 1) + number * DAY for number in off),
    )


def _expected_end(
    slot: Slot, newsletter: Newsletter, ticks: list[dt.datetime]
) -> tuple[str, dt.datetime | None]:
    """Return what becomes of a slot at these ticks, and when, reckoned without asking what is due at each."""
    late_at = slot.due_at + newsletter.late_minutes * MINUTE
    first = bisect_left(ticks, slot.due_at)
    if first < len(ticks) and ticks[first] <= late_at:
        return "sent", ticks[first]
    if first < len(ticks) and ticks[first] < slot.due_at + 7 * DAY and slot.due_at > ticks[0]:
        return "missed", ticks[first]
    return "neither", None


@settings(max_examples=150, deadline=None)
@given(
    newsletter=_newsletters(),
    cohort=st.sampled_from(["", *_ZONES]),
    start=_STARTS,
    spells=_SPELLS,
    step=st.integers(3, 90),
)
def test_a_slot_is_sent_in_time_or_missed_and_never_both_whatever_the_downtimes(
    newsletter: Newsletter, cohort: str, start: str, spells: list[tuple[float, float]], step: int
) -> None:
    now, ticks = utc(start), []
    for up, down in spells:
        running = every(step * MINUTE, now, now + up * HOUR)
        ticks += running
        now = running[-1] + max(step * MINUTE, down * HOUR)
    worker = Worker(cohorts={cohort: readers()}, since=ticks[0])
    for tick in ticks:
        worker.tick(newsletter, tick)
    assert not worker.sent.keys() & worker.missed.keys()
    count = (ticks[-1] - ticks[0]).days + 6
    days = [ticks[0].date() + (number - 3) * DAY for number in range(count)]
    slots = [slot_of(newsletter, day, cohort) for day in days if appears_on(newsletter, day)]
    ends = {slot: _expected_end(slot, newsletter, ticks) for slot in slots}
    assert worker.sent == {slot: at for slot, (end, at) in ends.items() if end == "sent"}
    assert worker.missed == {slot: at for slot, (end, at) in ends.items() if end == "missed"}
    assert all(worker.composed[slot] <= at for slot, at in worker.sent.items())
    assert dates(worker.sent, cohort) == sorted(dates(worker.sent, cohort))


# --------------------------------------------------------------------------- ten workers


@settings(max_examples=15, deadline=None)
@given(
    cohort=st.sampled_from(["", "Africa/Cairo", "Asia/Beirut", "Pacific/Apia"]),
    send_at=st.sampled_from(["00:00", "00:30", "06:30", "23:59"]),
    skews=st.lists(st.integers(-90, 90), min_size=10, max_size=10),
    chance=st.randoms(use_true_random=False),
)
def test_ten_workers_make_one_edition_each_local_day(
    cohort: str, send_at: str, skews: list[int], chance: random.Random
) -> None:
    newsletter = daily("Asia/Riyadh", send_at)
    # The store's constraint: whoever comes second finds the first one's.
    opened: dict[Slot, dt.datetime] = {}
    attempts: Counter[Slot] = Counter()
    for now in every(30 * MINUTE, utc("2026-04-21"), utc("2026-04-27")):
        known = set(opened)
        plans = [
            (now + dt.timedelta(seconds=skew), slot)
            for skew in skews
            for slot in slots_to_send(newsletter, [cohort], now + dt.timedelta(seconds=skew))
            if slot not in known
        ]
        chance.shuffle(plans)
        for moment, slot in plans:
            attempts[slot] += 1
            opened.setdefault(slot, moment)
    assert {later - earlier for earlier, later in pairwise(dates(opened, cohort))} == {DAY}
    assert len(opened) >= 6
    assert max(attempts.values()) >= 2, "there was a race"
    assert all(slot.due_at <= moment for slot, moment in opened.items())


# --------------------------------------------------------------------------- changes under way


@settings(max_examples=60, deadline=None)
@given(
    before=st.tuples(st.sampled_from(_ZONES), _TIMES_OF_DAY),
    after=st.tuples(st.sampled_from(_ZONES), _TIMES_OF_DAY),
    start=_STARTS,
    hours=st.floats(96, 132),
)
def test_a_zone_or_an_hour_that_is_changed_makes_no_day_twice(
    before: tuple[str, str], after: tuple[str, str], start: str, hours: float
) -> None:
    begin = utc(start)
    change = begin + hours * HOUR
    # Two days on either side: an hour that is changed moves a slot by 42 hours at most.
    worker = Worker(cohorts={"": readers()}, since=begin + 2 * DAY)
    settings_at = {begin: daily(*before, late_minutes=60), change: daily(*after, late_minutes=60)}
    for now in every(30 * MINUTE, begin, begin + 8 * DAY):
        worker.tick(settings_at[change if now >= change else begin], now)
    days = dates(worker.sent)
    assert days == sorted(set(days))
    for slot, moment in worker.sent.items():
        assert _never_before(slot, settings_at[change if moment >= change else begin], moment)
    # A day whose new hour is long past when it is changed is missed, and said so. Zones may be 18 hours apart, and
    # hours of the day 24: that is two days at most.
    missed = dates(worker.missed)
    assert len(missed) <= 2
    assert sorted([*days, *missed]) == [days[0] + number * DAY for number in range(len(days) + len(missed))]


@pytest.mark.parametrize("send_at", _TIMES)
@pytest.mark.parametrize("zone", ["Africa/Cairo", "Asia/Beirut", "Asia/Riyadh", "America/New_York"])
def test_a_clock_that_is_set_back_an_hour_makes_no_day_twice(zone: str, send_at: str) -> None:
    newsletter = daily(zone, send_at, late_minutes=60)
    worker = Worker(cohorts={"": readers()}, since=utc("2026-10-27"))
    # Set back at each hour of the day in turn, over the night in which Cairo's clocks change.
    now, done = utc("2026-10-27"), []
    while now < utc("2026-10-31"):
        spell = every(15 * MINUTE, now, now + 3 * HOUR)
        for tick in spell:
            done.append(tick)
            worker.tick(newsletter, tick)
        now = spell[-1] - HOUR
    assert any(later < earlier for earlier, later in pairwise(done))
    days = dates(worker.sent)
    assert {later - earlier for earlier, later in pairwise(days)} == {DAY}
    assert len(days) >= 3
    assert worker.missed == {}
    assert all(_never_before(slot, newsletter, moment) for slot, moment in worker.sent.items())

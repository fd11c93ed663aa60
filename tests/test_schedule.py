"""Slots: exactly one a local day, whatever the clocks do."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.model import Newsletter, Slot
from digest.schedule import current_slot, due_slots, is_late, local_moment, next_due, slot_of

_ZONES = ["Africa/Cairo", "Asia/Beirut", "Africa/Casablanca", "Asia/Gaza", "Europe/Berlin"]
#: Midnight and the hours that one of the zones skips or has twice in 2026, and the usual morning.
_TIMES = ["00:00", "00:15", "00:30", "01:30", "02:00", "02:30", "03:00", "06:30", "23:00", "23:30", "23:59"]
_FIRST, _LAST = dt.date(2025, 12, 15), dt.date(2027, 1, 18)


def _newsletter(zone: str, send_at: str = "06:30", late_minutes: int = 180) -> Newsletter:
    return Newsletter(
        id="daily",
        title="موجز",
        locale="ar",
        timezone=zone,
        send_at=dt.time.fromisoformat(send_at),
        late_minutes=late_minutes,
        regions=("gulf",),
        stories_per_region=3,
        brief_stories=3,
    )


def _days() -> Iterator[dt.date]:
    day = _FIRST
    while day <= _LAST:
        yield day
        day += dt.timedelta(days=1)


def _utc(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


# --------------------------------------------------------------------------- one slot a local day


@pytest.mark.parametrize("zone", _ZONES)
def test_the_zones_of_these_tests_move_their_clocks_in_2026(zone: str) -> None:
    offsets = [dt.datetime(2026, month, 10, 12, tzinfo=ZoneInfo(zone)).utcoffset() for month in range(1, 13)]
    assert len(set(offsets)) == 2


@pytest.mark.parametrize("send_at", _TIMES)
@pytest.mark.parametrize("zone", _ZONES)
def test_each_local_day_has_one_moment_and_they_follow_each_other(zone: str, send_at: str) -> None:
    time = dt.time.fromisoformat(send_at)
    moments = [local_moment(day, time, zone) for day in _days()]
    assert [moment.astimezone(ZoneInfo(zone)).date() for moment in moments] == list(_days())
    steps = {later - earlier for earlier, later in pairwise(moments)}
    assert dt.timedelta(hours=24) in steps
    # A skipped or doubled hour makes a day of 23 to 25 hours, and where both of Casablanca's fall, no more.
    assert min(steps) >= dt.timedelta(hours=23)
    assert max(steps) <= dt.timedelta(hours=25)


@pytest.mark.parametrize("send_at", _TIMES)
@pytest.mark.parametrize("zone", _ZONES)
def test_a_moment_reads_as_the_local_time_unless_that_hour_is_skipped(zone: str, send_at: str) -> None:
    time = dt.time.fromisoformat(send_at)
    for day in _days():
        local = local_moment(day, time, zone).astimezone(ZoneInfo(zone))
        if local.time() == time:
            assert local.fold == 0, "a time that comes twice is taken the first time"
            continue
        assert local.time() > time
        # The minute before is on the other side of the gap.
        before = (local.astimezone(dt.UTC) - dt.timedelta(minutes=1)).astimezone(ZoneInfo(zone))
        assert (before.date(), before.time()) < (day, time)


@pytest.mark.parametrize(
    ("zone", "day", "time", "expected"),
    [
        pytest.param("Africa/Cairo", "2026-04-24", "00:00", "2026-04-23T22:00", id="Cairo skips midnight"),
        pytest.param("Africa/Cairo", "2026-04-24", "00:30", "2026-04-23T22:00", id="Cairo skips half past midnight"),
        pytest.param("Africa/Cairo", "2026-10-29", "23:30", "2026-10-29T20:30", id="Cairo has 23:30 twice"),
        pytest.param("Asia/Beirut", "2026-03-29", "00:15", "2026-03-28T22:00", id="Beirut skips 00:15"),
        pytest.param("Africa/Casablanca", "2026-02-15", "02:30", "2026-02-15T01:30", id="Casablanca has 02:30 twice"),
        pytest.param("Africa/Casablanca", "2026-03-22", "02:30", "2026-03-22T02:00", id="Casablanca skips 02:30"),
        pytest.param("Europe/Berlin", "2026-03-29", "02:30", "2026-03-29T01:00", id="Berlin skips 02:30"),
        pytest.param("Europe/Berlin", "2026-10-25", "02:30", "2026-10-25T00:30", id="Berlin has 02:30 twice"),
        pytest.param("Asia/Riyadh", "2026-06-01", "06:30", "2026-06-01T03:30", id="Riyadh never moves"),
    ],
)  # fmt: skip
def test_the_moment_of(zone: str, day: str, time: str, expected: str) -> None:
    moment = local_moment(dt.date.fromisoformat(day), dt.time.fromisoformat(time), zone)
    assert moment == _utc(expected)


@given(
    zone=st.sampled_from([*_ZONES, "America/Havana", "Australia/Lord_Howe", "Asia/Kathmandu"]),
    day=st.dates(dt.date(2020, 1, 1), dt.date(2030, 12, 31)),
    minute=st.integers(0, 1439),
)
def test_any_time_of_any_day_is_on_that_day_and_never_before_the_time(
    zone: str, day: dt.date, minute: int
) -> None:
    time = dt.time(*divmod(minute, 60))
    local = local_moment(day, time, zone).astimezone(ZoneInfo(zone))
    assert local.date() == day
    assert local.time() >= time


@pytest.mark.parametrize("send_at", ["00:15", "02:30", "06:30", "23:30"])
@pytest.mark.parametrize("zone", _ZONES)
def test_a_worker_that_ticks_finds_each_days_slot_once(zone: str, send_at: str) -> None:
    newsletter = _newsletter(zone, send_at, late_minutes=60)
    begun: Counter[Slot] = Counter()
    done: set[Slot] = set()
    # Around the days on which one of the zones moves its clocks.
    for month, day in ((2, 15), (3, 22), (3, 28), (4, 24), (10, 24), (10, 29)):
        now = dt.datetime(2026, month, day, tzinfo=dt.UTC) - dt.timedelta(days=2)
        end = now + dt.timedelta(days=5)
        # What had begun before we look is of no account.
        done |= {slot for _, slot in due_slots([newsletter], now)}
        while now < end:
            for _, slot in due_slots([newsletter], now):
                if slot not in done:
                    done.add(slot)
                    begun[slot] += 1
                    assert dt.timedelta() <= now - slot.due_at < dt.timedelta(minutes=10)
            now += dt.timedelta(minutes=10)
    days = [slot.local_date for slot in begun]
    assert len(days) == len(set(days))
    assert {dt.date(2026, 2, 15), dt.date(2026, 3, 29), dt.date(2026, 4, 24), dt.date(2026, 10, 29)} <= set(
        days
    )
    assert len(days) >= 24


# --------------------------------------------------------------------------- due, late, next


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        pytest.param("2026-11-22T03:29:59", [], id="a second too early"),
        pytest.param("2026-11-22T03:30", ["2026-11-22"], id="to the second"),
        pytest.param("2026-11-22T06:30", ["2026-11-22"], id="at the last minute"),
        pytest.param("2026-11-22T06:30:01", [], id="too late"),
        pytest.param("2026-11-21T23:00", [], id="the night before"),
    ],
)
def test_a_slot_is_due_from_its_time_until_it_is_late(now: str, expected: list[str]) -> None:
    due = list(due_slots([_newsletter("Asia/Riyadh")], _utc(now)))
    assert [str(slot.local_date) for _, slot in due] == expected


def test_a_slot_before_midnight_is_due_after_it() -> None:
    newsletter = _newsletter("Asia/Riyadh", "23:50")
    [(_, slot)] = due_slots([newsletter], _utc("2026-11-22T22:00"))
    assert (slot.local_date, slot.due_at) == (dt.date(2026, 11, 22), _utc("2026-11-22T20:50"))
    # It is 01:00 of the 23rd in Riyadh, and the slot of that day is not due yet.
    assert current_slot(newsletter, _utc("2026-11-22T22:00")).local_date == dt.date(2026, 11, 23)


def test_with_a_late_limit_of_nearly_a_day_yesterdays_slot_ends_before_todays_begins() -> None:
    newsletter = _newsletter("Asia/Riyadh", "06:30", late_minutes=1439)
    counts = {
        len(list(due_slots([newsletter], _utc("2026-11-22T00:00") + dt.timedelta(minutes=m))))
        for m in range(0, 2880, 7)
    }
    assert counts == {1}


def test_each_newsletter_has_slots_of_its_own() -> None:
    morning, evening = _newsletter("Asia/Riyadh"), _newsletter("Africa/Casablanca", "04:45")
    due = list(due_slots([morning, evening], _utc("2026-11-22T04:00")))
    assert [(newsletter.timezone, slot.cohort) for newsletter, slot in due] == [
        ("Asia/Riyadh", ""),
        ("Africa/Casablanca", ""),
    ]


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        pytest.param("2026-11-22T03:29", "2026-11-22T03:30", id="a minute before"),
        pytest.param("2026-11-22T03:30", "2026-11-23T03:30", id="just begun"),
        pytest.param("2026-11-22T23:59", "2026-11-23T03:30", id="tomorrow there already"),
    ],
)
def test_the_next_slot_is_the_first_after_now(now: str, expected: str) -> None:
    assert next_due(_newsletter("Asia/Riyadh"), _utc(now)).due_at == _utc(expected)


@given(
    zone=st.sampled_from(_ZONES),
    minute=st.integers(0, 1439),
    hours=st.floats(0, 365 * 24),
)
def test_between_now_and_the_next_slot_there_is_no_other(zone: str, minute: int, hours: float) -> None:
    now = _utc("2026-01-01") + dt.timedelta(hours=hours)
    newsletter = _newsletter(zone, f"{minute // 60:02}:{minute % 60:02}")
    found = next_due(newsletter, now)
    previous = slot_of(newsletter, found.local_date - dt.timedelta(days=1))
    assert previous.due_at <= now < found.due_at


def test_late_is_after_the_limit_and_not_at_it() -> None:
    newsletter = _newsletter("Asia/Riyadh", late_minutes=10)
    slot = slot_of(newsletter, dt.date(2026, 11, 22))
    assert not is_late(slot, newsletter, slot.due_at + dt.timedelta(minutes=10))
    assert is_late(slot, newsletter, slot.due_at + dt.timedelta(minutes=10, microseconds=1))


def test_a_moment_without_a_zone_is_refused() -> None:
    naive = _utc("2026-01-01").replace(tzinfo=None)
    with pytest.raises(ValueError, match="without a time zone"):
        Slot(newsletter_id="daily", local_date=naive.date(), cohort="UTC", due_at=naive)

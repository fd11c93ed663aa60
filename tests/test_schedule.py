"""Slots: exactly one a local day for each cohort, whatever the clocks do."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.model import Audience, Slot, ZoneReaders
from digest.schedule import (
    appears_on,
    audience_of,
    cohorts_of,
    current_slot,
    is_late,
    local_moment,
    next_slot,
    slot_of,
)
from tests.scheduling import DAY, daily, readers, utc

_ZONES = ["Africa/Cairo", "Asia/Beirut", "Africa/Casablanca", "Asia/Gaza", "Europe/Berlin"]
#: Midnight and the hours that one of the zones skips or has twice in 2026, and the usual morning.
_TIMES = ["00:00", "00:15", "00:30", "01:30", "02:00", "02:30", "03:00", "06:30", "23:00", "23:30", "23:59"]
_FIRST, _LAST = dt.date(2025, 12, 15), dt.date(2027, 1, 18)


def _days() -> Iterator[dt.date]:
    day = _FIRST
    while day <= _LAST:
        yield day
        day += DAY


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
    assert moment == utc(expected)


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


def test_a_slot_is_its_newsletters_its_cohorts_and_its_local_dates() -> None:
    newsletter = daily("Asia/Riyadh", "06:30")
    own = slot_of(newsletter, dt.date(2026, 11, 22))
    assert (own.newsletter_id, own.cohort, own.due_at) == ("daily", "", utc("2026-11-22T03:30"))
    theirs = slot_of(newsletter, dt.date(2026, 11, 22), "America/New_York")
    assert (theirs.cohort, theirs.due_at) == ("America/New_York", utc("2026-11-22T11:30"))
    # When it is due makes no other slot of it: the newsletter's hour may change.
    assert slot_of(daily("Asia/Riyadh", "07:00"), dt.date(2026, 11, 22)) == own


@pytest.mark.parametrize(
    ("cohort", "day"),
    [
        pytest.param("", "2026-11-22", id="the newsletter's own"),
        pytest.param("Pacific/Apia", "2026-11-23", id="where it is tomorrow"),
        pytest.param("Pacific/Pago_Pago", "2026-11-22", id="where it is still today"),
        pytest.param("America/New_York", "2026-11-22", id="in the evening"),
    ],
)
def test_the_current_slot_is_that_of_the_cohorts_own_date(cohort: str, day: str) -> None:
    slot = current_slot(daily("Asia/Riyadh"), utc("2026-11-22T20:00"), cohort)
    assert (str(slot.local_date), slot.cohort) == (day, cohort)


def test_late_is_after_the_limit_and_not_at_it() -> None:
    newsletter = daily("Asia/Riyadh", late_minutes=10)
    slot = slot_of(newsletter, dt.date(2026, 11, 22))
    assert not is_late(slot, newsletter, slot.due_at + dt.timedelta(minutes=10))
    assert is_late(slot, newsletter, slot.due_at + dt.timedelta(minutes=10, microseconds=1))


def test_a_moment_without_a_zone_is_refused() -> None:
    naive = utc("2026-01-01").replace(tzinfo=None)
    with pytest.raises(ValueError, match="without a time zone"):
        Slot(newsletter_id="daily", local_date=naive.date(), cohort="UTC", due_at=naive)


# --------------------------------------------------------------------------- cohorts

_MARCH, _APRIL = utc("2026-03-01"), utc("2026-04-01")


@pytest.mark.parametrize(
    ("zones", "expected"),
    [
        pytest.param({}, {}, id="nobody"),
        pytest.param({"": readers(3)}, {"": readers(3)}, id="nobody gave a zone"),
        pytest.param(
            {"Asia/Riyadh": readers(2, _MARCH), "": readers(3, _APRIL)},
            {"": readers(5, _MARCH)},
            id="the newsletter's own zone, by its name",
        ),
        pytest.param(
            {"Mars/Olympus": readers(1, _MARCH), "../UTC": readers(2), "asia/amman": readers(4)},
            {"": ZoneReaders(count=7, since=readers().since)},
            id="zones that nobody knows",
        ),
        pytest.param(
            {"Europe/Berlin": readers(2, _APRIL), "Africa/Cairo": readers(9, _MARCH)},
            {"Africa/Cairo": readers(9, _MARCH), "Europe/Berlin": readers(2, _APRIL)},
            id="others only",
        ),
    ],
)
def test_the_cohorts_of(zones: dict[str, ZoneReaders], expected: dict[str, ZoneReaders]) -> None:
    assert cohorts_of(daily("Asia/Riyadh"), zones) == expected


def test_the_newsletters_own_cohort_comes_first() -> None:
    zones = {zone: readers() for zone in ("Europe/Berlin", "Africa/Cairo", "Asia/Riyadh")}
    assert list(cohorts_of(daily("Asia/Riyadh"), zones)) == ["", "Africa/Cairo", "Europe/Berlin"]


@pytest.mark.parametrize(
    ("cohort", "expected"),
    [
        pytest.param("", ("", "Asia/Riyadh", "Mars/Olympus"), id="the newsletter's own"),
        pytest.param("Africa/Cairo", ("Africa/Cairo",), id="another zone"),
        pytest.param("Asia/Amman", ("Asia/Amman",), id="a zone whose readers have left"),
    ],
)
def test_the_audience_of(cohort: str, expected: tuple[str, ...]) -> None:
    zones = {zone: readers() for zone in ("Africa/Cairo", "Mars/Olympus", "Europe/Berlin")}
    wanted = Audience(newsletter_id="daily", zones=expected)
    assert audience_of(daily("Asia/Riyadh"), cohort, zones) == wanted


@given(
    zones=st.dictionaries(st.sampled_from(["", *_ZONES, "Asia/Riyadh", "x", "Etc/GMT+5"]), st.integers(1, 9))
)
def test_each_reader_is_in_one_cohort_and_in_its_audience(zones: dict[str, int]) -> None:
    newsletter = daily("Asia/Riyadh")
    found = {zone: readers(count) for zone, count in zones.items()}
    cohorts = cohorts_of(newsletter, found)
    assert sum(cohort.count for cohort in cohorts.values()) == sum(zones.values())
    named = [zone for cohort in cohorts for zone in audience_of(newsletter, cohort, found).zones]
    assert len(named) == len(set(named))
    assert set(named) >= set(zones)


# --------------------------------------------------------------------------- the days on which it appears


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        pytest.param("2026-11-22", True, id="a Sunday"),
        pytest.param("2026-11-26", False, id="a Thursday off"),
        pytest.param("2026-11-27", False, id="a Friday"),
        pytest.param("2026-11-28", False, id="a Saturday"),
    ],
)
def test_a_newsletter_appears_on(day: str, expected: bool) -> None:
    newsletter = daily(
        weekdays=frozenset({6, 0, 1, 2, 3}), days_off=frozenset({dt.date(2026, 11, 26), dt.date(2027, 1, 1)})
    )
    assert appears_on(newsletter, dt.date.fromisoformat(day)) == expected
    assert appears_on(daily(), dt.date.fromisoformat(day))


# --------------------------------------------------------------------------- next


@pytest.mark.parametrize(
    ("cohort", "now", "expected"),
    [
        pytest.param("", "2026-11-22T03:29", "2026-11-22T03:30", id="a minute before"),
        pytest.param("", "2026-11-22T03:30", "2026-11-23T03:30", id="just begun"),
        pytest.param("", "2026-11-22T23:59", "2026-11-23T03:30", id="tomorrow there already"),
        pytest.param("", "2026-11-26T04:00", "2026-11-29T03:30", id="over the weekend"),
        pytest.param("", "2026-12-24T04:00", "2027-01-10T03:30", id="over weeks off"),
        pytest.param("America/New_York", "2026-11-26T04:00", "2026-11-26T11:30", id="another zone's day"),
        pytest.param("Pacific/Apia", "2026-11-28T16:00", "2026-11-28T17:30", id="where the weekend is over"),
    ],
)  # fmt: skip
def test_the_next_slot_is_the_first_after_now_of_a_day_on_which_it_appears(
    cohort: str, now: str, expected: str
) -> None:
    off = frozenset(dt.date(2026, 12, 25) + number * DAY for number in range(14))
    newsletter = daily("Asia/Riyadh", weekdays=frozenset({6, 0, 1, 2, 3}), days_off=off)
    assert next_slot(newsletter, cohort, utc(now)).due_at == utc(expected)


@given(zone=st.sampled_from(_ZONES), minute=st.integers(0, 1439), hours=st.floats(0, 365 * 24))
def test_between_now_and_the_next_slot_there_is_no_other(zone: str, minute: int, hours: float) -> None:
    now = utc("2026-01-01") + dt.timedelta(hours=hours)
    newsletter = daily("Asia/Riyadh", f"{minute // 60:02}:{minute % 60:02}")
    found = next_slot(newsletter, zone, now)
    previous = slot_of(newsletter, found.local_date - DAY, zone)
    assert previous.due_at <= now < found.due_at

"""What is to be done for a slot at a moment: composed ahead, sent from its moment until late, then missed."""

from __future__ import annotations

import datetime as dt

import pytest

from digest.model import Newsletter, Slot, ZoneReaders
from digest.schedule import slots_missed, slots_to_compose, slots_to_send
from tests.scheduling import DAY, LONG_AGO, MINUTE, daily, dates, every, readers, utc

_OWN = {"": readers()}


def _named(slots: list[Slot]) -> list[str]:
    return [f"{slot.local_date} {slot.cohort}".strip() for slot in slots]


def _to_send(newsletter: Newsletter, now: str) -> list[str]:
    return _named(list(slots_to_send(newsletter, [""], utc(now))))


def _missed(newsletter: Newsletter, now: str, since: str = "2026-11-01") -> list[str]:
    return _named(list(slots_missed(newsletter, _OWN, utc(since), utc(now))))


# --------------------------------------------------------------------------- compose


@pytest.mark.parametrize(
    ("send_at", "compose_minutes", "now", "expected"),
    [
        pytest.param("06:30", 10, "2026-11-22T03:19:59", [], id="a second too early"),
        pytest.param("06:30", 10, "2026-11-22T03:20", ["2026-11-22"], id="ten minutes ahead"),
        pytest.param("06:30", 10, "2026-11-22T06:30", ["2026-11-22"], id="at the last minute"),
        pytest.param("06:30", 10, "2026-11-22T06:30:01", [], id="too late"),
        pytest.param("06:30", 0, "2026-11-22T03:29:59", [], id="not ahead"),
        pytest.param("06:30", 0, "2026-11-22T03:30", ["2026-11-22"], id="not ahead, due"),
        pytest.param("00:05", 10, "2026-11-21T20:54", [], id="the evening before, too early"),
        pytest.param("00:05", 10, "2026-11-21T20:55", ["2026-11-22"], id="the evening before"),
        pytest.param("00:00", 720, "2026-11-21T09:00", ["2026-11-22"], id="at noon of the day before"),
        pytest.param("23:50", 10, "2026-11-22T22:00", ["2026-11-22"], id="after midnight"),
    ],
)  # fmt: skip
def test_an_edition_is_composed_shortly_before_it_is_due(
    send_at: str, compose_minutes: int, now: str, expected: list[str]
) -> None:
    newsletter = daily("Asia/Riyadh", send_at, compose_minutes=compose_minutes)
    assert _named(list(slots_to_compose(newsletter, [""], utc(now)))) == expected


def test_each_cohort_has_its_own_hour_and_its_own_date() -> None:
    cohorts = ["", "Africa/Casablanca", "America/New_York", "Pacific/Apia"]
    newsletter = daily("Asia/Riyadh", "06:30", late_minutes=60)

    def due(now: str) -> list[str]:
        return _named(list(slots_to_send(newsletter, cohorts, utc(now))))

    assert due("2026-11-22T03:30") == ["2026-11-22"]
    assert due("2026-11-22T05:30") == ["2026-11-22 Africa/Casablanca"]
    assert due("2026-11-22T11:30") == ["2026-11-22 America/New_York"]
    assert due("2026-11-22T17:30") == ["2026-11-23 Pacific/Apia"]


# --------------------------------------------------------------------------- send


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
    assert _to_send(daily("Asia/Riyadh"), now) == expected


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        pytest.param("2026-11-26T20:50", ["2026-11-26"], id="in time"),
        pytest.param("2026-11-26T22:30", ["2026-11-26"], id="on the day off, for the day before"),
        pytest.param("2026-11-27T20:50", [], id="on the day off"),
        pytest.param("2026-11-27T22:30", [], id="after the day off, for it"),
        pytest.param("2026-11-28T20:50", ["2026-11-28"], id="the day after"),
    ],
)
def test_a_slot_before_midnight_is_sent_after_it_by_the_date_that_it_is_of(
    now: str, expected: list[str]
) -> None:
    newsletter = daily("Asia/Riyadh", "23:50", days_off=frozenset({dt.date(2026, 11, 27)}))
    assert _to_send(newsletter, now) == expected


def test_a_day_off_is_each_cohorts_own() -> None:
    newsletter = daily("Asia/Riyadh", "06:30", late_minutes=60, days_off=frozenset({dt.date(2026, 11, 23)}))
    cohorts = {zone: readers() for zone in ("", "Pacific/Apia", "America/New_York")}
    found: dict[str, list[dt.date]] = {zone: [] for zone in cohorts}
    # Apia's 24th begins when it is the 23rd in Riyadh, New York's 22nd ends there.
    for now in every(30 * MINUTE, utc("2026-11-21"), utc("2026-11-25")):
        for slot in slots_to_send(newsletter, cohorts, now):
            if slot.local_date not in found[slot.cohort]:
                found[slot.cohort].append(slot.local_date)
    days = [dt.date(2026, 11, day) for day in (21, 22, 24, 25)]
    assert found == {"": days[:3], "Pacific/Apia": days[1:], "America/New_York": days[:3]}


def test_with_a_late_limit_of_nearly_a_day_yesterdays_slot_ends_before_todays_begins() -> None:
    newsletter = daily("Asia/Riyadh", "06:30", late_minutes=1439)
    moments = every(7 * MINUTE, utc("2026-11-22"), utc("2026-11-24"))
    assert {len(list(slots_to_send(newsletter, [""], now))) for now in moments} == {1}


def test_a_limit_of_nearly_a_day_may_reach_over_a_day_of_23_hours() -> None:
    newsletter = daily("Europe/Berlin", "23:59", late_minutes=1439)
    # Due on 28 March at 22:59 UTC; the 29th has 23 hours, and it is the 30th in Berlin.
    assert _to_send(newsletter, "2026-03-29T22:58") == ["2026-03-28", "2026-03-29"]
    assert _to_send(newsletter, "2026-03-29T22:59") == ["2026-03-29"]


# --------------------------------------------------------------------------- missed


@pytest.mark.parametrize(
    ("since", "now", "expected"),
    [
        pytest.param("2026-11-22T00:00", "2026-11-22T06:30", [], id="not late yet"),
        pytest.param("2026-11-22T00:00", "2026-11-22T06:30:01", ["2026-11-22"], id="just late"),
        pytest.param("2026-11-22T03:30", "2026-11-22T12:00", [], id="due when the first worker started"),
        pytest.param("2026-11-22T04:00", "2026-11-22T12:00", [], id="due before the first worker started"),
        pytest.param("2026-11-20T12:00", "2026-11-22T12:00", ["2026-11-21", "2026-11-22"], id="two days"),
        pytest.param(
            "2026-11-01T00:00", "2026-11-22T03:29", [f"2026-11-{day}" for day in range(15, 22)], id="seven days"
        ),
        pytest.param(
            "2026-11-01T00:00", "2026-11-22T03:30", [f"2026-11-{day}" for day in range(16, 22)], id="no more than seven"
        ),
    ],
)  # fmt: skip
def test_a_slot_is_missed_once_it_is_late(since: str, now: str, expected: list[str]) -> None:
    assert _missed(daily("Asia/Riyadh"), now, since) == expected


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        pytest.param("2026-11-26T21:50", [], id="at its last minute, on the next day"),
        pytest.param("2026-11-26T21:51", ["2026-11-26"], id="late, on a day off"),
        pytest.param("2026-11-28T12:00", ["2026-11-26"], id="nothing of the day off"),
        pytest.param("2026-11-28T21:51", ["2026-11-26", "2026-11-28"], id="the first day after it"),
    ],
)
def test_a_slot_before_midnight_is_missed_after_it(now: str, expected: list[str]) -> None:
    newsletter = daily("Asia/Riyadh", "23:50", late_minutes=60, days_off=frozenset({dt.date(2026, 11, 27)}))
    assert _missed(newsletter, now, since="2026-11-26") == expected


@pytest.mark.parametrize(
    ("agreed", "expected"),
    [
        pytest.param("2026-11-21T03:29", ["2026-11-21", "2026-11-22"], id="before it was due"),
        pytest.param("2026-11-21T03:30", ["2026-11-22"], id="when it was due"),
        pytest.param("2026-11-22T05:00", [], id="while it might still have been sent"),
    ],
)
def test_what_was_due_before_the_first_reader_agreed_is_missed_by_nobody(
    agreed: str, expected: list[str]
) -> None:
    cohorts: dict[str, ZoneReaders] = {"": readers(since=utc(agreed))}
    found = slots_missed(daily("Asia/Riyadh"), cohorts, LONG_AGO, utc("2026-11-22T12:00"))
    assert dates(found)[-2:] == [dt.date.fromisoformat(day) for day in expected]


def test_each_cohort_misses_its_own() -> None:
    cohorts = {"": readers(), "America/New_York": readers(), "Pacific/Apia": readers(since=utc("2026-11-22"))}
    newsletter = daily("Asia/Riyadh", "06:30", late_minutes=60)
    found = list(slots_missed(newsletter, cohorts, utc("2026-11-21T12:00"), utc("2026-11-22T19:00")))
    assert _named(found) == ["2026-11-22", "2026-11-22 America/New_York", "2026-11-23 Pacific/Apia"]


def test_weekends_are_missed_by_nobody() -> None:
    newsletter = daily("Asia/Riyadh", weekdays=frozenset({6, 0, 1, 2, 3}))
    found = slots_missed(newsletter, _OWN, LONG_AGO, utc("2026-11-22T12:00"))
    # From Monday to Thursday, and Sunday.
    expected = [dt.date(2026, 11, 16) + number * DAY for number in (0, 1, 2, 3, 6)]
    assert dates(found) == expected

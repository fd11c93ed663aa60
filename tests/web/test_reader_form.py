"""The reader's form: regions put in order with one change, names and addresses made fit, dates and zones."""

from __future__ import annotations

import datetime as dt
import unicodedata
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.web.reader_form import (
    LONGEST_NAME,
    blank_form,
    read_email,
    read_name,
    read_pause,
    read_regions,
    read_zone,
    region_rows,
    zone_options,
)
from tests.mailer.making import ARABIC, app

_REGIONS = ARABIC.regions
_TODAY = dt.date(2026, 11, 22)
_LANGUAGE = app().language("ar")
_NAMES = app().settings.regions


def _form(**places: object) -> dict[str, str]:
    return {f"region-{region}": str(place) for region, place in places.items()}


@pytest.mark.parametrize(
    ("form", "chosen"),
    [
        pytest.param({}, (), id="nothing sent"),
        pytest.param(_form(gulf=1, europe=2, americas=3), (), id="as it was"),
        pytest.param(_form(gulf=1, europe=2, americas=1), ("americas", "gulf", "europe"), id="one to the front"),
        pytest.param(_form(gulf=3, europe=2, americas=3), ("europe", "americas", "gulf"), id="one to the end"),
        pytest.param(_form(gulf=2, europe=2, americas=3), ("europe", "gulf", "americas"), id="one by one place"),
        pytest.param(_form(gulf=0, europe=2, americas=3), ("europe", "americas"), id="one left out"),
        pytest.param(_form(gulf=0, europe=0, americas=0), (), id="none: all"),
        pytest.param(_form(gulf=3, europe=2, americas=1), ("americas", "europe", "gulf"), id="all changed"),
        pytest.param(_form(gulf="x", europe="-1", americas="1e9"), (), id="no numbers"),
        pytest.param(_form(gulf="٣", europe="", americas="999999999"), (), id="other figures"),
        pytest.param(_form(gulf=1, europe=2, americas=3, moon=1), (), id="no region"),
    ],
)  # fmt: skip
def test_the_order_that_is_asked_for(form: dict[str, str], chosen: tuple[str, ...]) -> None:
    assert read_regions(form, ARABIC) == chosen


def test_one_more_region_goes_where_it_is_put() -> None:
    before = ("americas", "europe")
    assert read_regions(_form(americas=1, europe=2, gulf=3), ARABIC, before) == (*before, "gulf")
    assert read_regions(_form(americas=1, europe=2, gulf=2), ARABIC, before) == ("americas", "gulf", "europe")


@given(
    before=st.sampled_from(list(permutations(_REGIONS))),
    moved=st.sampled_from(_REGIONS),
    place=st.integers(min_value=1, max_value=len(_REGIONS)),
)
def test_what_is_moved_alone_stands_where_it_was_put(before: tuple[str, ...], moved: str, place: int) -> None:
    places: dict[str, object] = {region: at for at, region in enumerate(before, start=1)}
    chosen = read_regions(_form(**(places | {moved: place})), ARABIC, before) or _REGIONS
    assert chosen.index(moved) == place - 1
    assert [one for one in chosen if one != moved] == [one for one in before if one != moved]


@given(st.dictionaries(st.sampled_from([f"region-{one}" for one in _REGIONS]), st.text(max_size=4)))
def test_no_form_gives_a_region_twice_or_one_that_is_none(form: dict[str, str]) -> None:
    chosen = read_regions(form, ARABIC)
    assert len(set(chosen)) == len(chosen)
    assert set(chosen) <= set(_REGIONS)


def test_rows_show_the_chosen_first_and_the_others_left_out() -> None:
    rows = region_rows(ARABIC, ("americas", "moon"), _NAMES, _LANGUAGE)
    assert [(row.id, row.place) for row in rows] == [("americas", 1), ("gulf", 0), ("europe", 0)]
    assert rows[0].name == "الأميركتان"


@given(st.text(max_size=300))
def test_a_name_is_one_line_without_controls_and_overrides(text: str) -> None:
    name = read_name(text)
    assert len(name) <= LONGEST_NAME
    assert name.splitlines() in ([], [name])
    assert not any(unicodedata.category(char) in {"Cc", "Cs"} for char in name)
    assert not set(name) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        pytest.param(" layla@Example.ORG ", "layla@example.org", id="spaces around"),
        pytest.param("ليلى@example.org", "ليلى@example.org", id="Arabic before the @"),
        pytest.param("layla@مثال.إختبار", "layla@xn--mgbh0fb.xn--kgbechtv", id="Arabic domain"),
    ],
)
def test_addresses_as_they_are_stored(text: str, stored: str) -> None:
    assert read_email(text) == stored


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("layla", id="no @"),
        pytest.param("layla@example.org\r\nBcc: b@example.org", id="a header more"),
        pytest.param("layla@example.org,b@example.org", id="two"),
        pytest.param("Layla <layla@example.org>", id="a name"),
        pytest.param("layla\u202e@example.org", id="an override"),
        pytest.param("layla@[192.0.2.1]", id="an IP address"),
        pytest.param(f"a@{'b' * 60_000}.example", id="very long"),
        pytest.param("a\0@example.org", id="a zero byte"),
    ],
)
def test_addresses_that_are_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"\."):
        read_email(text)


@pytest.mark.parametrize(
    ("text", "date"),
    [
        pytest.param("2026-11-23", dt.date(2026, 11, 23), id="tomorrow"),
        pytest.param("2026-11-22", None, id="today"),
        pytest.param("2020-01-01", None, id="past"),
        pytest.param("2027-11-23", dt.date(2027, 11, 23), id="a year"),
        pytest.param("2029-01-01", None, id="too long"),
        pytest.param("", None, id="none"),
        pytest.param("soon", None, id="no date"),
    ],
)
def test_pauses(text: str, date: dt.date | None) -> None:
    assert read_pause(text, _TODAY) == date


def test_zones() -> None:
    assert read_zone("Africa/Cairo", "x") == "Africa/Cairo"
    assert [read_zone(text, "x") for text in ("", "Moon/Base", "../../etc/passwd")] == ["x"] * 3
    near = {zone.id: zone.name for zone in zone_options(_LANGUAGE)}
    assert near["Africa/Cairo"] == "القاهرة (مصر)"
    whole = {zone.id for zone in zone_options(_LANGUAGE, whole=True)}
    assert near.keys() < whole
    assert "Asia/Samarkand" in {zone.id for zone in zone_options(_LANGUAGE, "Asia/Samarkand")} - near.keys()


def test_a_blank_form_shows_the_newsletters_own() -> None:
    form = blank_form(ARABIC, _NAMES, _LANGUAGE)
    assert [(row.id, row.place) for row in form.regions] == [("gulf", 1), ("europe", 2), ("americas", 3)]
    assert (form.timezone, form.guess) == ("Asia/Riyadh", True)
    assert form.timezone in {zone.id for zone in form.zones}

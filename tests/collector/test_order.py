"""An entry's place in its feed: known where the outlet chose the order, whatever was read before."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.collector.order import is_chosen, written_dates
from digest.collector.parse import read_feed
from digest.collector.trim import find_items
from digest.model import ParsedFeed
from tests.collector.samples import SOURCE, fetched, item, rss

_DAY = dt.datetime(2026, 2, 13, tzinfo=dt.UTC)
#: Hours of the day from a feed's top down, as an editor orders them.
_CHOSEN = (14, 17, 9, 16, 12, 15)
_BY_DATE = tuple(sorted(_CHOSEN, reverse=True))


def at(hour: float) -> dt.datetime:
    return _DAY + dt.timedelta(hours=hour)


# --------------------------------------------------------------------------- whose order it is


@pytest.mark.parametrize(
    ("hours", "chosen"),
    [
        pytest.param((), False, id="empty"),
        pytest.param((5,), False, id="one"),
        pytest.param((5, 4, 3, 2), False, id="newest-first"),
        pytest.param((2, 3, 4, 5), False, id="oldest-first"),
        pytest.param((5, 5, 5, 5), False, id="one-date-for-all"),
        pytest.param((5, 5, 4, 4, 4, 3), False, id="dates-that-repeat"),
        pytest.param((None, None, None), False, id="no-dates"),
        pytest.param((5, None, 4, None, 3), False, id="newest-first-some-undated"),
        pytest.param((1, 9, 8, 7, 6, 5), False, id="an-old-one-pinned-on-top"),
        pytest.param((9, 8, 7, 10, 6, 5, 4), False, id="one-dated-anew"),
        pytest.param(_CHOSEN, True, id="an-editors-order"),
        pytest.param((None, *_CHOSEN, None), True, id="an-editors-order-some-undated"),
        pytest.param((*range(60, 30, -1), *_CHOSEN * 9), False, id="only-the-top-is-looked-at"),
    ],
)
def test_whose_order_it_is(hours: Sequence[int | None], chosen: bool) -> None:
    assert is_chosen(None if hour is None else at(hour) for hour in hours) is chosen


@given(st.lists(st.none() | st.integers(0, 9), max_size=30))
def test_an_order_and_its_reverse_are_chosen_alike(hours: list[int | None]) -> None:
    dates = [None if hour is None else at(hour) for hour in hours]
    assert is_chosen(dates) == is_chosen(dates[::-1])


@given(st.lists(st.integers(0, 99), max_size=30))
def test_an_order_of_dates_is_never_chosen(hours: list[int]) -> None:
    assert not is_chosen(map(at, sorted(hours)))
    assert not is_chosen(map(at, sorted(hours, reverse=True)))


# --------------------------------------------------------------------------- dates in a feed's bytes


@pytest.mark.parametrize(
    ("inside", "date"),
    [
        pytest.param("<pubDate>Fri, 13 Feb 2026 17:00:00 GMT</pubDate>", at(17), id="rss"),
        pytest.param("<pubdate> 2026-02-13T17:00:00Z </pubdate>", at(17), id="another-case-and-space"),
        pytest.param("<pubDate><![CDATA[2026-02-13T17:00:00Z]]></pubDate>", at(17), id="cdata"),
        pytest.param("<published a='1'>2026-02-13T17:00:00Z</published>", at(17), id="atom"),
        pytest.param("<dc:date>2026-02-13T17:00:00Z</dc:date>", at(17), id="dublin-core"),
        pytest.param(
            "<updated>2026-02-13T19:00:00Z</updated><published>2026-02-13T17:00:00Z</published>",
            at(17),
            id="published-rather-than-updated",
        ),
        pytest.param("<updated>2026-02-13T17:00:00Z</updated>", at(17), id="updated"),
        pytest.param("<pubDate>13 فبراير 2026 19:00</pubDate>", at(17), id="arabic-in-the-sources-zone"),
        pytest.param("<pubDate>أمس</pubDate>", None, id="unreadable"),
        pytest.param("<pubDate/>", None, id="empty-tag"),
        pytest.param("<pubDate></pubDate>", None, id="empty"),
        pytest.param("<update>2026-02-13T17:00:00Z</update>", None, id="another-tag"),
        pytest.param("", None, id="none"),
    ],
)
def test_the_date_of_an_entry_in_a_feeds_bytes(inside: str, date: dt.datetime | None) -> None:
    body = (
        f"<rss xmlns:dc='urn:dc'><item>{inside}</item><item><pubDate>2026-02-13T03:00Z</pubDate></item></rss>"
    ).encode()
    items, _ = find_items(body)
    assert items is not None
    assert list(written_dates(body, items, "Africa/Cairo")) == [date, at(3)]


# --------------------------------------------------------------------------- places of drafts


def dated(hour: int, link: str = "") -> str:
    """Return an entry of this hour; without a link it has nowhere to go to, and is left out."""
    link = link or f"/{hour}"
    return item(f"خبر الساعة {hour} من أخبار الواحة", link, f"<pubDate>{at(hour).isoformat()}</pubDate>")


def read(hours: Sequence[int], last: ParsedFeed | None = None, *, rest: str = "") -> ParsedFeed:
    return read_feed(SOURCE, fetched(rss(*map(dated, hours), rest)), last.items if last else {})


def places(feed: ParsedFeed) -> dict[str, int | None]:
    return {draft.url.rpartition("/")[2]: draft.place for draft in feed.drafts}


def test_at_the_first_fetch_every_entry_has_its_place() -> None:
    assert places(read(_CHOSEN)) == {str(hour): place for place, hour in enumerate(_CHOSEN, start=1)}


@pytest.mark.parametrize(
    "hours", [pytest.param(_BY_DATE, id="newest first"), pytest.param(_BY_DATE[::-1], id="oldest first")]
)
def test_in_a_feed_that_is_sorted_by_date_no_entry_has_a_place(hours: Sequence[int]) -> None:
    assert set(places(read(hours)).values()) == {None}


def test_new_entries_have_their_places_among_those_that_are_cut_out() -> None:
    first = read(_CHOSEN)
    second = read((14, 18, 17, 9, 16, 12, 19, 15), first)
    assert places(second) == {"18": 2, "19": 7}


def test_a_new_entry_on_top_of_a_feed_that_is_sorted_by_date_has_no_place() -> None:
    assert places(read((18, *_BY_DATE), read(_BY_DATE))) == {"18": None}


def test_an_entry_that_is_left_out_takes_its_place_all_the_same() -> None:
    entries = [dated(14), dated(17, "javascript:x"), *map(dated, (9, 16, 12, 15))]
    feed = read_feed(SOURCE, fetched(rss(*entries)))
    assert (feed.skipped, places(feed)) == (1, {"14": 1, "9": 3, "16": 4, "12": 5, "15": 6})


def test_a_copy_has_the_place_of_the_first() -> None:
    assert places(read((*_CHOSEN, 14)))["14"] == 1


@pytest.mark.parametrize(
    ("hours", "known"),
    [pytest.param(_CHOSEN, True, id="chosen"), pytest.param(_BY_DATE, False, id="by date")],
)
def test_a_feed_that_is_read_as_a_whole_gives_places_too(hours: Sequence[int], known: bool) -> None:
    feed = read(hours, rest="&nbsp;")
    assert feed.repair
    assert places(feed) == {str(hour): place if known else None for place, hour in enumerate(hours, start=1)}


@given(st.permutations(range(12)), st.sets(st.integers(0, 11), max_size=11))
def test_what_was_read_before_moves_no_place(hours: list[int], before: set[int]) -> None:
    whole = places(read(hours))
    assert set(whole.values()) in ({None}, set(range(1, 13)))
    last = read([hour for hour in hours if hour in before]) if before else None
    assert places(read(hours, last)) == {
        link: place for link, place in whole.items() if int(link) not in before
    }

"""collect(), again and again: what it asks for after what came before, and what it leaves alone."""

from __future__ import annotations

import datetime as dt
import email.utils
import itertools
import pathlib
from collections.abc import Iterator
from dataclasses import replace

import pytest

from digest.model import Failure, FetchState, Source
from digest.pipeline import CollectReport
from digest.ports import ArticleStore
from tests.adapters.databases import KINDS, opened_store
from tests.conftest import NOW
from tests.fakes import MemoryArticleStore
from tests.pipeline.answers import (
    ONE,
    THREE,
    TWO,
    Collecting,
    failed,
    feed,
    fetched,
    item,
    postponed,
    unchanged,
)
from tests.samples import source

_HOUR, _DAY, _MINUTE = dt.timedelta(hours=1), dt.timedelta(days=1), dt.timedelta(minutes=1)
_NEW = "https://new.example/feed"


@pytest.fixture(params=KINDS)
def into(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> Iterator[Collecting]:
    """An empty store, in memory and in SQL in turn."""
    if request.param == "memory":
        yield Collecting(MemoryArticleStore())
        return
    with opened_store(request.param, request, tmp_path) as store:
        yield Collecting(store.articles)


def _waiting(report: CollectReport) -> list[str]:
    return [one.id for one in report.waiting]


# --------------------------------------------------------------------------- conditional requests


def test_what_is_remembered_makes_the_next_fetch_conditional(into: Collecting) -> None:
    into.collect(fetched(ONE))
    assert (into.asked["one"].etag, into.asked["one"].last_modified) == (None, None)
    into.collect(unchanged(ONE), at=NOW + _HOUR)
    assert into.asked["one"].etag == '"1"'
    assert into.asked["one"].last_modified == "Sat, 21 Nov 2026 20:00:00 GMT"
    # An answer without validators, as 304 may be, takes none away.
    into.collect(unchanged(ONE), at=NOW + 2 * _HOUR)
    assert into.asked["one"].etag == '"1"'
    state = into.state()
    assert (state.checked_at, state.succeeded_at) == (NOW + 2 * _HOUR, NOW + 2 * _HOUR)


def test_the_same_body_under_a_new_etag_is_asked_for_by_that(into: Collecting) -> None:
    into.collect(fetched(ONE, etag='"1"'))
    into.collect(fetched(ONE, etag='"2"'))
    assert into.state().etag == '"2"'
    assert into.inline.asked == ["one"]


def test_a_feed_that_gives_no_validator_any_more_is_asked_for_without(into: Collecting) -> None:
    into.collect(fetched(ONE, etag='"1"'))
    into.collect(replace(fetched(ONE, etag=None), last_modified=None))
    into.collect(unchanged(ONE))
    assert (into.asked["one"].etag, into.asked["one"].last_modified) == (None, None)


def test_a_new_address_is_asked_for_without_the_old_one_s_validators(into: Collecting) -> None:
    into.collect(fetched(ONE, etag='"1"'))
    moved = replace(ONE, url="https://elsewhere.example/feed")
    into.collect(fetched(moved), sources=(moved,))
    assert (into.asked["one"].url, into.asked["one"].etag) == (moved.url, None)


# --------------------------------------------------------------------------- failures and waits


def test_failures_add_up_until_a_good_fetch(into: Collecting) -> None:
    for day in (1, 2, 3):
        into.collect(failed(ONE), at=NOW + 2 * day * _DAY)
        assert into.state().failures == day
    report = into.collect(fetched(ONE), at=NOW + 6 * _DAY + 30 * _MINUTE)
    assert (_waiting(report), into.asked, into.state().failures) == (["one"], {}, 3)
    into.collect(fetched(ONE), at=NOW + 7 * _DAY)
    assert (into.state().failures, into.state().error, into.state().retry_at) == (0, None, None)


def test_a_failure_forgets_nothing_that_was_known(into: Collecting) -> None:
    into.collect(fetched(ONE))
    before = into.state()
    into.collect(failed(ONE), at=NOW + _HOUR)
    assert into.state() == replace(
        before, checked_at=NOW + _HOUR, error="it is server", failure=Failure.SERVER, failures=1
    )


def test_a_failing_source_is_asked_ever_less_often_and_for_ever(into: Collecting) -> None:
    now, asked = NOW, []
    # A month of a collect each quarter of an hour.
    for _ in range(30 * 24 * 4 if isinstance(into.store, MemoryArticleStore) else 200):
        if not into.collect(failed(ONE), at=now).waiting:
            asked.append(now)
        now += 15 * _MINUTE
    gaps = [later - earlier for earlier, later in itertools.pairwise(asked)]
    assert gaps[0] == 15 * _MINUTE
    assert gaps[:5] == sorted(gaps[:5])
    assert max(gaps) <= 1.2 * _DAY + 15 * _MINUTE
    assert now - asked[-1] <= 1.2 * _DAY + 15 * _MINUTE
    assert into.state().failures == len(asked)


def test_a_server_that_asks_to_be_left_alone_is_left_alone_with_all_its_feeds(into: Collecting) -> None:
    sport = source("sport", url="https://one.example/sport")
    sources = (ONE, TWO, sport)
    into.collect(failed(ONE, Failure.BUSY, retry_after=600), sources=sources)
    almost, over = NOW + dt.timedelta(seconds=599), NOW + dt.timedelta(seconds=600)
    report = into.collect(fetched(ONE), fetched(TWO), fetched(sport), sources=sources, at=almost)
    assert sorted(_waiting(report)) == ["one", "sport"]
    assert list(into.asked) == ["two"]
    assert [outcome.source.id for outcome in report.outcomes] == ["two"]
    report = into.collect(fetched(ONE), fetched(sport), sources=sources, at=over)
    assert (report.waiting, sorted(into.asked)) == ((), ["one", "sport"])
    assert into.state().host_retry_at is None


def test_a_server_is_not_left_alone_for_longer_than_a_day(into: Collecting) -> None:
    into.collect(failed(ONE, Failure.BUSY, retry_after=10.0**9))
    assert _waiting(into.collect(fetched(ONE), at=NOW + _DAY - _MINUTE)) == ["one"]
    assert into.collect(fetched(ONE), at=NOW + _DAY).waiting == ()


def test_a_source_taken_off_still_speaks_for_its_host(into: Collecting) -> None:
    into.collect(failed(ONE, Failure.BUSY, retry_after=600))
    sport = source("sport", url="https://one.example/sport")
    assert _waiting(into.collect(fetched(sport), sources=(sport,))) == ["sport"]


def test_a_fetch_that_was_not_made_teaches_nothing(into: Collecting) -> None:
    into.collect(fetched(ONE))
    before = into.state()
    report = into.collect(postponed(ONE), postponed(TWO), fetched(THREE), at=NOW + _HOUR)
    assert sorted(_waiting(report)) == ["one", "two"]
    assert [outcome.source.id for outcome in report.outcomes] == ["three"]
    assert report.failed == []
    assert into.state() == before
    assert set(into.store.fetch_states()) == {"one", "three"}


# --------------------------------------------------------------------------- moves


def test_a_permanent_redirect_is_adopted_after_three_repeats(into: Collecting) -> None:
    for number in range(3):
        into.collect(fetched(ONE, feed(item(f"خبر رقم {number}")), moved_to=_NEW))
        assert into.asked["one"].url == ONE.url
    into.collect(fetched(ONE))
    assert into.asked["one"].url == _NEW
    # What does not change says where it lies as well.
    assert into.state().url == ONE.url


def test_an_unchanged_feed_is_moved_as_well(into: Collecting) -> None:
    for answer in (fetched(ONE, moved_to=_NEW), unchanged(ONE, moved_to=_NEW), fetched(ONE, moved_to=_NEW)):
        into.collect(answer)
    into.collect(unchanged(ONE))
    assert into.asked["one"].url == _NEW


def test_a_redirect_to_what_is_no_feed_is_never_adopted(into: Collecting) -> None:
    page = b"<!doctype html><html><body>our new site"
    for day in range(9):
        into.collect(fetched(ONE, page, moved_to=_NEW), at=NOW + 3 * day * _DAY)
        assert into.asked["one"].url == ONE.url
    assert into.state().moved_to is None


def test_a_temporary_redirect_is_never_adopted(into: Collecting) -> None:
    for _ in range(9):
        into.collect(replace(fetched(ONE), url=_NEW))
    assert into.asked["one"].url == ONE.url


def test_an_adopted_address_that_fails_is_given_up_for_the_configured_one(into: Collecting) -> None:
    for _ in range(3):
        into.collect(fetched(ONE, moved_to=_NEW))
    for day, url in enumerate((_NEW, _NEW, _NEW, ONE.url)):
        into.collect(failed(ONE, Failure.NETWORK), at=NOW + 3 * day * _DAY)
        assert into.asked["one"].url == url
    assert into.asked["one"].etag is None


# --------------------------------------------------------------------------- gone for good


def test_a_feed_that_is_gone_is_retired_said_and_left_alone(into: Collecting) -> None:
    report = into.collect(failed(ONE, Failure.GONE, error="the server answered 410"), fetched(TWO))
    assert [(one.source.id, one.failure) for one in report.failed] == [("one", Failure.GONE)]
    assert report.retired == ()
    for days in (1, 1000):
        report = into.collect(fetched(ONE), unchanged(TWO), at=NOW + days * _DAY)
        assert (report.retired, report.waiting, report.failed) == ((ONE,), (), [])
        assert list(into.asked) == ["two"]
    assert into.state().error == "the server answered 410"


@pytest.mark.parametrize(
    ("again", "state"),
    [
        pytest.param(ONE, FetchState(source_id="one", url=ONE.url), id="by a person's wish"),
        pytest.param(replace(ONE, url=_NEW), None, id="at a new address"),
    ],
)
def test_a_retired_source_comes_back(again: Source, state: FetchState | None, into: Collecting) -> None:
    into.collect(failed(ONE, Failure.GONE))
    if state:
        into.store.save_state(state)
    report = into.collect(fetched(again), sources=(again,), at=NOW + _DAY)
    assert (report.retired, report.new) == ((), 2)
    assert (into.state().retired_at, into.state().failures) == (None, 0)


# --------------------------------------------------------------------------- our own outage

_FOUR = tuple(source(f"s{number}", outlet=f"وكالة {number}") for number in range(4))


def test_when_most_hosts_cannot_be_reached_nobody_is_blamed(into: Collecting) -> None:
    into.collect(*(fetched(one, feed(item(f"خبر {one.outlet}"))) for one in _FOUR), sources=_FOUR)
    before = into.state("s1")
    down = [failed(one, Failure.NETWORK, error="no route to host") for one in _FOUR[1:]]
    for hours in range(1, 9):
        at = NOW + hours * _HOUR
        report = into.collect(unchanged(_FOUR[0]), *down, sources=_FOUR, at=at)
        assert report.outage
        # Each is tried each time, and none counts it.
        assert (report.waiting, len(report.failed)) == ((), 3)
        assert into.state("s1") == replace(
            before, checked_at=at, error="no route to host", failure=Failure.NETWORK
        )
    report = into.collect(*(unchanged(one) for one in _FOUR), sources=_FOUR, at=NOW + _DAY)
    assert (report.outage, report.failed) == (False, [])
    assert into.state("s1").error is None


@pytest.mark.parametrize(
    ("reached", "lost", "outage"),
    [
        pytest.param(2, 2, False, id="exactly half"),
        pytest.param(1, 2, False, id="most, but of three"),
        pytest.param(2, 3, True, id="just over half"),
        pytest.param(0, 4, True, id="all"),
    ],
)
def test_it_takes_most_of_four_hosts(reached: int, lost: int, outage: bool, into: Collecting) -> None:
    sources = tuple(source(f"s{number}") for number in range(reached + lost))
    answers = [unchanged(one) for one in sources[:reached]]
    answers += [failed(one, Failure.SERVER) for one in sources[reached:]]
    assert into.collect(*answers, sources=sources).outage is outage
    assert into.state(sources[-1].id).failures == (0 if outage else 1)


def test_one_host_with_many_feeds_is_one_host(into: Collecting) -> None:
    many = tuple(source(f"m{number}", url=f"https://many.example/{number}") for number in range(20))
    sources = (*many, ONE, TWO, THREE)
    answers = [*(failed(one) for one in many), unchanged(ONE), unchanged(TWO), unchanged(THREE)]
    assert not into.collect(*answers, sources=sources).outage
    assert into.state("m7").failures == 1


def test_in_an_outage_a_feed_that_came_and_is_at_fault_is_blamed_all_the_same(into: Collecting) -> None:
    sources = (ONE, *_FOUR)
    answers = [fetched(ONE, b"no feed"), *(failed(one, Failure.NETWORK) for one in _FOUR)]
    report = into.collect(*answers, sources=sources)
    assert report.outage
    assert [one.source.id for one in report.at_fault] == ["one"]
    assert sorted(one.source.id for one in report.unreached) == ["s0", "s1", "s2", "s3"]
    assert (into.state().failures, into.state("s0").failures) == (1, 0)


# --------------------------------------------------------------------------- dates over several collects


def _dated(ahead: dt.timedelta | None, rest: str = "") -> bytes:
    moment = "" if ahead is None else email.utils.format_datetime(NOW + ahead)
    return feed(item("خبر وحيد من أخبار هذا اليوم", date=moment, rest=rest))


def _only(store: ArticleStore) -> tuple[dt.timedelta, bool]:
    [article] = store.articles(None, None)
    return article.published - NOW, article.dated


def test_an_undated_article_is_of_the_moment_it_was_first_seen_and_only_once(into: Collecting) -> None:
    assert into.collect(fetched(ONE, _dated(None))).new == 1
    assert _only(into.store) == (dt.timedelta(), False)
    for hours, rest in enumerate(
        ("", "<category>x</category>", "<description>وصف معدّل</description>"), start=1
    ):
        report = into.collect(fetched(ONE, _dated(None, rest)), at=NOW + hours * _HOUR)
        assert report.new == 0
        assert _only(into.store) == (dt.timedelta(), False)


def test_an_undated_article_takes_its_date_when_it_gets_one(into: Collecting) -> None:
    into.collect(fetched(ONE, _dated(None)))
    into.collect(fetched(ONE, _dated(-3 * _HOUR)), at=NOW + _HOUR)
    assert _only(into.store) == (-3 * _HOUR, True)
    # The first date stands: outlets date an article anew to lift it up again.
    report = into.collect(fetched(ONE, _dated(_HOUR)), at=NOW + 2 * _HOUR)
    assert _only(into.store) == (-3 * _HOUR, True)
    assert (report.new, report.updated) == (0, 0)


def test_a_clock_that_runs_fast_makes_an_article_of_now(into: Collecting) -> None:
    into.collect(fetched(ONE, _dated(29 * _MINUTE)))
    assert _only(into.store) == (dt.timedelta(), True)


def test_an_article_of_the_future_is_held_back_until_then(into: Collecting) -> None:
    into.collect(fetched(ONE, _dated(31 * _MINUTE)))
    assert _only(into.store) == (31 * _MINUTE, True)
    for minutes, seen in ((0, 0), (30, 0), (31, 1), (600, 1)):
        now = NOW + minutes * _MINUTE
        # Read again in between, unchanged and in a changed feed, it stays where it is.
        into.collect(fetched(ONE, _dated(31 * _MINUTE, f"<category>{minutes}</category>")), at=now)
        assert len(into.titles(now)) == seen
        assert into.store.newest(now, ()) == (NOW + 31 * _MINUTE if seen else None)
        assert _only(into.store) == (31 * _MINUTE, True)


@pytest.mark.parametrize(
    ("corrected", "expected"),
    [
        pytest.param(-_HOUR, -_HOUR, id="to the past"),
        pytest.param(5 * _HOUR, 5 * _HOUR, id="to another time to come"),
        pytest.param(_HOUR + 10 * _MINUTE, _HOUR, id="to a little ahead"),
        pytest.param(None, 3 * _HOUR, id="to none at all, which is no correction"),
    ],
)
def test_a_held_back_article_s_date_can_be_corrected(
    corrected: dt.timedelta | None, expected: dt.timedelta, into: Collecting
) -> None:
    into.collect(fetched(ONE, _dated(3 * _HOUR)))
    assert into.titles(NOW) == []
    into.collect(fetched(ONE, _dated(corrected)), at=NOW + _HOUR)
    assert _only(into.store) == (expected, True)


def test_many_articles_of_one_moment_stay_many(into: Collecting) -> None:
    bodies = [item(f"خبر رقم {number} من أخبار اليوم", date="") for number in range(20)]
    assert into.collect(fetched(ONE, feed(*bodies))).new == 20
    assert into.collect(fetched(ONE, feed(*reversed(bodies))), at=NOW + _HOUR).new == 0
    assert {article.published for article in into.store.articles(None, None)} == {NOW}

"""What a fetch teaches about the next one: waits, rests, moves, and whose fault a failure is."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.collector.manners import (
    ADOPTED_AFTER,
    FIRST_WAIT,
    LONGEST_WAIT,
    address_of,
    after_failure,
    after_outage,
    after_success,
    forgiven,
    host_of,
    is_our_outage,
    resting_hosts,
    state_of,
    wait_until,
)
from digest.model import Failure, FetchResult, FetchState, FetchStatus
from tests.conftest import NOW
from tests.samples import source

_SOURCE = source("one")
_FRESH = state_of(_SOURCE, None)
_NEW = "https://new.example/feed"
_OTHER = "https://other.example/feed"


def _failed(
    state: FetchState,
    failure: Failure = Failure.NETWORK,
    *,
    times: int = 1,
    retry_after: float | None = None,
    at: dt.datetime = NOW,
) -> FetchState:
    for _ in range(times):
        state = after_failure(state, failure, f"it is {failure}", at, retry_after=retry_after)
    return state


def _good(state: FetchState, *moves: str | None) -> FetchState:
    """Return the state after a good fetch for each of these, which the address was found to move to."""
    for moved_to in moves:
        result = FetchResult(key=state.source_id, status=FetchStatus.FETCHED, moved_to=moved_to)
        state = after_success(state, result, NOW)
    return state


def _wait(state: FetchState) -> dt.timedelta | None:
    until = wait_until(state, {}, NOW)
    return until - NOW if until else None


# --------------------------------------------------------------------------- waits


def test_the_first_failure_costs_nothing() -> None:
    assert _wait(_failed(_FRESH)) is None


@pytest.mark.parametrize(
    ("times", "hours"),
    [(2, 0.5), (3, 1), (4, 2), (5, 4), (6, 8), (7, 16), (8, 24), (9, 24), (40, 24)],
)
def test_each_further_failure_doubles_the_wait_up_to_a_day(times: int, hours: float) -> None:
    wait = _wait(_failed(_FRESH, times=times))
    assert wait is not None
    assert 0.8 * hours <= wait / dt.timedelta(hours=1) <= 1.2 * hours


def test_sources_that_failed_together_do_not_come_back_together() -> None:
    states = [_failed(state_of(source(f"s{number}"), None), times=4) for number in range(50)]
    waits = {_wait(state) for state in states}
    assert len(waits) == 50
    shares = sorted(wait / dt.timedelta(hours=2) for wait in waits if wait)
    # Over the whole of the range, and not in a heap.
    assert shares[0] < 0.9
    assert shares[-1] > 1.1


def test_the_same_past_gives_the_same_future() -> None:
    assert _failed(_FRESH, times=5) == _failed(_FRESH, times=5)


def test_a_source_that_fails_for_years_is_tried_for_ever() -> None:
    state, now, longest = _FRESH, NOW, dt.timedelta()
    for _ in range(10_000):
        state = _failed(state, at=now)
        until = wait_until(state, {}, now) or now
        longest = max(longest, until - now)
        assert state.retired_at is None
        # The calendar ends before the tries do.
        now = min(until, NOW + dt.timedelta(days=5000))
    assert state.failures == 10_000
    assert LONGEST_WAIT <= longest <= LONGEST_WAIT * 1.2


@given(
    st.integers(0, 10**12),
    st.sampled_from([failure for failure in Failure if failure is not Failure.GONE]),
    st.text(max_size=30),
    st.none() | st.floats(0, allow_nan=False),
)
def test_no_failure_but_one_ever_ends_a_source(
    failures: int, failure: Failure, source_id: str, retry_after: float | None
) -> None:
    before = FetchState(source_id=source_id, url=_SOURCE.url, failures=failures)
    state = after_failure(before, failure, "x", NOW, retry_after=retry_after)
    assert state.retired_at is None
    assert state.failures == failures + 1
    until = wait_until(state, resting_hosts([state], NOW), NOW)
    assert until is None or NOW < until <= NOW + LONGEST_WAIT * 1.2


def test_a_good_fetch_forgets_all_failures() -> None:
    state = _good(_failed(_FRESH, Failure.BUSY, times=9, retry_after=60), None)
    assert state == FetchState(source_id="one", url=_SOURCE.url, checked_at=NOW, succeeded_at=NOW)
    assert _wait(_failed(state)) is None
    assert _wait(_failed(state, times=2)) is not None


def test_a_failure_keeps_what_was_known() -> None:
    known = FetchState(
        source_id="one",
        url=_SOURCE.url,
        etag='"1"',
        last_modified="then",
        body_hash="0" * 64,
        succeeded_at=NOW - dt.timedelta(days=1),
        repair="mended",
    )
    state = _failed(known, Failure.SERVER)
    assert state == replace(known, checked_at=NOW, error="it is server", failure=Failure.SERVER, failures=1)


# --------------------------------------------------------------------------- hosts that want to be left alone


@pytest.mark.parametrize(
    ("url", "host"),
    [
        pytest.param("https://News.Example/feed", "news.example", id="lower case"),
        pytest.param("https://news.example:8443/feed", "news.example:8443", id="with its port"),
        pytest.param("https://reader:secret@news.example/feed", "news.example", id="without a login"),
        pytest.param("https://[::1/feed", "", id="one that cannot be read"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_a_host_is_told_from_a_url(url: str, host: str) -> None:
    assert host_of(url) == host


def test_a_host_rests_with_all_its_feeds_and_no_other_does() -> None:
    asked = _failed(_FRESH, Failure.BUSY, retry_after=600)
    rests = resting_hosts([asked], NOW)
    assert rests == {"one.example": NOW + dt.timedelta(seconds=600)}
    neighbour = state_of(source("two", url="https://ONE.example/sport"), None)
    assert wait_until(neighbour, rests, NOW) == NOW + dt.timedelta(seconds=600)
    assert wait_until(state_of(source("three"), None), rests, NOW) is None
    assert wait_until(neighbour, rests, NOW + dt.timedelta(seconds=600)) is None


def test_the_longest_rest_of_a_host_counts() -> None:
    states = [
        _failed(
            state_of(source(f"s{seconds}", url=f"https://one.example/{seconds}"), None),
            Failure.BUSY,
            retry_after=seconds,
        )
        for seconds in (60, 900, 300)
    ]
    for order in itertools.permutations(states):
        assert resting_hosts(order, NOW) == {"one.example": NOW + dt.timedelta(seconds=900)}


def test_a_rest_that_is_over_is_none() -> None:
    state = _failed(_FRESH, Failure.BUSY, retry_after=600)
    assert resting_hosts([state], NOW + dt.timedelta(seconds=599)) != {}
    assert resting_hosts([state], NOW + dt.timedelta(seconds=600)) == {}


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [
        pytest.param(None, None, id="nothing asked"),
        pytest.param(0.0, None, id="at once"),
        pytest.param(-5.0, None, id="in the past"),
        pytest.param(90.0, 90, id="a minute and a half"),
        pytest.param(86_400.0, 86_400, id="a day"),
        pytest.param(31_536_000.0, 86_400, id="a year: a typing error of theirs"),
        pytest.param(float("inf"), 86_400, id="for ever"),
    ],
)
def test_a_server_is_left_alone_as_long_as_it_asks_but_no_longer_than_a_day(
    retry_after: float | None, seconds: float | None
) -> None:
    rests = resting_hosts([_failed(_FRESH, Failure.BUSY, retry_after=retry_after)], NOW)
    expected = {} if seconds is None else {"one.example": NOW + dt.timedelta(seconds=seconds)}
    assert rests == expected


def test_both_a_source_s_own_wait_and_its_host_s_rest_must_be_over() -> None:
    state = _failed(_FRESH, times=2)
    own = wait_until(state, {}, NOW)
    assert own is not None
    sooner, later = own - dt.timedelta(minutes=5), own + dt.timedelta(minutes=5)
    assert wait_until(state, {"one.example": sooner}, NOW) == own
    assert wait_until(state, {"one.example": later}, NOW) == later


# --------------------------------------------------------------------------- moves


@pytest.mark.parametrize(
    ("moves", "address"),
    [
        pytest.param([], _SOURCE.url, id="none"),
        pytest.param([None] * 9, _SOURCE.url, id="temporary redirects, which give no move"),
        pytest.param([_NEW] * (ADOPTED_AFTER - 1), _SOURCE.url, id="too few repeats"),
        pytest.param([_NEW] * ADOPTED_AFTER, _NEW, id="enough repeats"),
        pytest.param([_NEW] * 9, _NEW, id="more than enough"),
        pytest.param([_NEW, _NEW, None, _NEW, _NEW], _SOURCE.url, id="not in a row"),
        pytest.param([_NEW, _NEW, _OTHER, _OTHER], _SOURCE.url, id="another target begins anew"),
        pytest.param([_NEW, _OTHER, _NEW, _OTHER, _NEW], _SOURCE.url, id="targets in turn"),
        pytest.param([_NEW, _NEW, _OTHER, _OTHER, _OTHER], _OTHER, id="the last of two targets"),
        pytest.param([_NEW, _NEW, _NEW, None, None], _NEW, id="adopted, and answering itself"),
        pytest.param([*[_NEW] * 3, *[_OTHER] * 3], _OTHER, id="adopted, and moved on since"),
        pytest.param([*[_NEW] * 3, _OTHER], _SOURCE.url, id="adopted, and moved on once"),
    ],
)
def test_a_permanent_move_is_believed_after_repeats(moves: Sequence[str | None], address: str) -> None:
    assert address_of(_good(_FRESH, *moves)) == address


def test_a_move_that_leads_to_no_feed_is_not_believed() -> None:
    state = _FRESH
    for _ in range(10):
        state = _failed(_good(state, _NEW, _NEW), Failure.UNREADABLE)
    assert address_of(state) == _SOURCE.url


_ADOPTED = _good(_FRESH, _NEW, _NEW, _NEW)


def test_an_adopted_address_that_fails_three_times_is_given_up() -> None:
    known = replace(_ADOPTED, etag='"new"', last_modified="then", body_hash="0" * 64)
    assert [address_of(_failed(known, times=times)) for times in (1, 2, 3)] == [_NEW, _NEW, _SOURCE.url]
    state = _failed(known, times=3)
    # What the other address called its feed says nothing of this one's.
    assert (state.etag, state.last_modified) == (None, None)
    # It must earn its trust again.
    assert address_of(_good(state, _NEW, _NEW)) == _SOURCE.url
    assert address_of(_good(state, _NEW, _NEW, _NEW)) == _NEW


def test_failures_before_the_move_do_not_count_against_it() -> None:
    state = _good(_failed(_FRESH, times=2), _NEW, _NEW, _NEW)
    assert address_of(_failed(state)) == _NEW


def test_a_good_fetch_clears_the_adopted_address_s_failures() -> None:
    state = _failed(_good(_failed(_ADOPTED, times=2), None), times=2)
    assert address_of(state) == _NEW


def test_a_new_configured_address_is_a_new_feed() -> None:
    known = _failed(replace(_ADOPTED, etag='"1"', repair="mended"), times=2)
    moved = replace(_SOURCE, url=_OTHER)
    assert state_of(moved, known) == FetchState(source_id="one", url=_OTHER)
    assert state_of(_SOURCE, known) is known


# --------------------------------------------------------------------------- gone for good


def test_a_feed_that_is_gone_is_retired() -> None:
    state = _failed(_FRESH, Failure.GONE)
    assert (state.retired_at, state.failure) == (NOW, Failure.GONE)


def test_a_new_address_brings_a_retired_source_back() -> None:
    state = _failed(_FRESH, Failure.GONE)
    assert state_of(replace(_SOURCE, url=_OTHER), state).retired_at is None


def test_where_only_the_adopted_address_is_gone_the_configured_one_is_tried() -> None:
    state = _failed(_ADOPTED, Failure.GONE)
    assert (state.retired_at, address_of(state)) == (None, _SOURCE.url)
    assert _failed(state, Failure.GONE).retired_at == NOW


# --------------------------------------------------------------------------- whose fault

_UP, _DOWN, _TROUBLE = None, Failure.NETWORK, Failure.SERVER


def _hosts(*ends: Failure | None) -> list[tuple[str, Failure | None]]:
    return [(f"https://h{number}.example/feed", end) for number, end in enumerate(ends)]


@pytest.mark.parametrize(
    ("outcomes", "ours"),
    [
        pytest.param([], False, id="nothing asked"),
        pytest.param(_hosts(_DOWN), False, id="one host of one"),
        pytest.param(_hosts(_DOWN, _DOWN, _DOWN), False, id="three of three: too few to tell"),
        pytest.param(_hosts(_DOWN, _DOWN, _DOWN, _DOWN), True, id="four of four"),
        pytest.param(_hosts(_DOWN, _DOWN, _DOWN, _UP), True, id="three of four"),
        pytest.param(_hosts(_DOWN, _DOWN, _UP, _UP), False, id="exactly half"),
        pytest.param(_hosts(_DOWN, _DOWN, _DOWN, _UP, _UP), True, id="just over half"),
        pytest.param(_hosts(_TROUBLE, _DOWN, _TROUBLE, _UP), True, id="servers in trouble count as well"),
        pytest.param(
            _hosts(Failure.BLOCKED, Failure.MISSING, Failure.UNREADABLE, Failure.BUSY, Failure.GONE),
            False,
            id="whoever answers is reached, whatever the answer",
        ),
        pytest.param(
            [(f"https://one.example/{number}", _DOWN) for number in range(50)],
            False,
            id="many feeds of one host are one host",
        ),
        pytest.param(
            [
                *((f"https://one.example/{number}", _DOWN) for number in range(50)),
                *_hosts(_UP, _UP, _UP),
            ],
            False,
            id="one host with many feeds against three",
        ),
        pytest.param(
            [("https://one.example/a", _DOWN), ("https://ONE.example/b", _UP), *_hosts(_DOWN, _UP, _DOWN)],
            False,
            id="a host is reached by any of its feeds",
        ),
    ],
)
def test_most_hosts_unreached_at_once_is_our_outage(
    outcomes: list[tuple[str, Failure | None]], ours: bool
) -> None:
    assert is_our_outage(outcomes) is ours
    assert is_our_outage(reversed(outcomes)) is ours


def test_a_rest_is_that_of_the_host_that_asked_for_it() -> None:
    state = after_failure(
        _FRESH, Failure.BUSY, "later", NOW, retry_after=600, answered_by="https://cdn.example/feed"
    )
    assert resting_hosts([state], NOW) == {"cdn.example": NOW + dt.timedelta(minutes=10)}


@pytest.mark.parametrize(
    ("well", "failures"),
    [
        pytest.param(None, 0, id="never fetched well: nothing is known of it"),
        pytest.param(NOW - dt.timedelta(hours=2), 0, id="well until now"),
        pytest.param(NOW - dt.timedelta(hours=25), 1, id="down for longer than an outage lasts"),
    ],
)
def test_in_an_outage_failures_are_not_counted_for_a_day(well: dt.datetime | None, failures: int) -> None:
    state = after_outage(replace(_FRESH, succeeded_at=well), Failure.NETWORK, "no connection", NOW)
    assert (state.failures, state.error, state.retry_at) == (failures, "no connection", None)


def test_forgiving_keeps_what_is_no_failure() -> None:
    good = replace(_good(_FRESH, _NEW, _NEW, _NEW), etag='"1"', body_hash="x")
    state = forgiven(after_failure(_failed(good, times=4), Failure.GONE, "gone", NOW))
    assert (state.failures, state.error, state.retry_at, state.retired_at) == (0, None, None, None)
    assert (state.succeeded_at, state.body_hash) == (good.succeeded_at, "x")


@given(st.lists(st.sampled_from([_UP, *Failure]), max_size=30))
def test_an_outage_means_that_more_hosts_were_lost_than_reached(ends: list[Failure | None]) -> None:
    lost = sum(end in {Failure.NETWORK, Failure.SERVER} for end in ends)
    assert is_our_outage(_hosts(*ends)) is (len(ends) >= 4 and lost > len(ends) - lost)


def test_the_first_wait_is_shorter_than_the_longest() -> None:
    assert dt.timedelta() < FIRST_WAIT < LONGEST_WAIT

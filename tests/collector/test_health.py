"""How a source is doing: every state, what is said of it, and what there is to do."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.collector.health import WINDOW, HealthState, SourceHealth, articles_a_day, health, span
from digest.model import Failure, FetchState, Source, SourceStats
from tests.conftest import NOW
from tests.samples import source

_SOURCE = source("one")
_HOUR, _DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
_FINE = FetchState(source_id="one", url=_SOURCE.url, checked_at=NOW, succeeded_at=NOW)


def _stats(*ages: dt.timedelta, undated: int = 0, last_new: dt.timedelta | None = None) -> SourceStats:
    """Return what a store tells of articles of these ages, each first seen when it was published."""
    within = [age for age in ages if age < WINDOW]
    return SourceStats(
        newest=NOW - min(ages),
        last_new=NOW - (min(ages) if last_new is None else last_new),
        oldest=NOW - max(within) if within else None,
        articles=len(within),
        undated=undated,
    )


def _every(gap: dt.timedelta, *, silent: dt.timedelta) -> SourceStats:
    """Return what a source leaves that brought an article each `gap`, and nothing for so long."""
    return _stats(*(silent + number * gap for number in range(30)))


_LIVELY = _every(_HOUR, silent=_HOUR)


def _health(
    state: FetchState | None = _FINE,
    stats: SourceStats | None = _LIVELY,
    *,
    of: Source = _SOURCE,
    rest: dt.datetime | None = None,
) -> SourceHealth:
    return health(of, state, stats, rest, NOW)


def _failed(
    failure: Failure,
    *,
    times: int = 1,
    retry_at: dt.datetime | None = None,
    retired_at: dt.datetime | None = None,
) -> FetchState:
    return replace(
        _FINE, error="it said no", failure=failure, failures=times, retry_at=retry_at, retired_at=retired_at
    )


# --------------------------------------------------------------------------- states

_LATER = NOW + 3 * _HOUR
_THEN = "2026-11-22 09:00 UTC"


@pytest.mark.parametrize(
    ("found", "state", "words", "remedy"),
    [
        pytest.param(_health(), HealthState.OK, "", "", id="well"),
        pytest.param(
            _health(of=replace(_SOURCE, enabled=False)), HealthState.DISABLED, "switched off", "", id="off"
        ),
        pytest.param(
            _health(None, None), HealthState.NEW, "not been fetched", "digest collect", id="never asked"
        ),
        pytest.param(
            _health(FetchState(source_id="one", url=_SOURCE.url), None),
            HealthState.NEW,
            "not been fetched",
            "digest collect",
            id="begun anew",
        ),
        pytest.param(
            _health(_failed(Failure.GONE, retired_at=NOW - _DAY)),
            HealthState.RETIRED,
            "Retired on 2026-11-21: it said no. It is not fetched any more.",
            "sources check",
            id="gone",
        ),
        pytest.param(
            _health(_failed(Failure.GONE)),
            HealthState.FAILING,
            "Failed: it said no.",
            "enabled = false",
            id="gone, but only where it had moved to",
        ),
        pytest.param(
            _health(_failed(Failure.BLOCKED)), HealthState.BLOCKED, "it said no", "contact", id="blocked"
        ),
        pytest.param(
            _health(_failed(Failure.BLOCKED, times=4, retry_at=_LATER)),
            HealthState.BLOCKED,
            f"Failed 4 times in a row: it said no. It is tried again after {_THEN}.",
            "contact",
            id="blocked again and again",
        ),
        pytest.param(
            _health(_failed(Failure.BUSY), rest=_LATER),
            HealthState.WAITING,
            f"Failed: it said no. It is tried again after {_THEN}.",
            "left alone",
            id="asked to be left alone",
        ),
        pytest.param(
            _health(rest=_LATER),
            HealthState.WAITING,
            f"wants to be left alone until {_THEN}",
            "left alone",
            id="its host asked to be left alone",
        ),
        pytest.param(_health(rest=NOW), HealthState.OK, "", "", id="its host's rest is over"),
        pytest.param(
            _health(_failed(Failure.NETWORK, times=2, retry_at=NOW + _HOUR)),
            HealthState.FAILING,
            "Failed 2 times in a row: it said no. It is tried again after 2026-11-22 07:00 UTC.",
            "network",
            id="unreached",
        ),
        pytest.param(
            _health(_failed(Failure.NETWORK, times=0)),
            HealthState.FAILING,
            "Failed: it said no.",
            "network",
            id="unreached, by our own fault",
        ),
        pytest.param(
            _health(_failed(Failure.NETWORK, times=2, retry_at=NOW + _HOUR), rest=_LATER),
            HealthState.FAILING,
            f"after {_THEN}",
            "network",
            id="the later of two waits is said",
        ),
        pytest.param(
            _health(_failed(Failure.SERVER, retry_at=NOW)),
            HealthState.FAILING,
            "Failed: it said no.",
            "tried again",
            id="its wait is over",
        ),
        pytest.param(
            _health(_failed(Failure.MISSING)), HealthState.FAILING, "it said no", "new address", id="missing"
        ),
        pytest.param(
            _health(_failed(Failure.UNREADABLE)), HealthState.FAILING, "it said no", "check URL", id="no feed"
        ),
        pytest.param(
            _health(_failed(Failure.REFUSED)), HealthState.FAILING, "it said no", "limit", id="refused by us"
        ),
        pytest.param(
            _health(_failed(Failure.BROKEN)), HealthState.FAILING, "it said no", "parse_seconds", id="broken"
        ),
        pytest.param(
            _health(_failed(Failure.NOT_STORED)),
            HealthState.FAILING,
            "it said no",
            "database",
            id="not stored",
        ),
        pytest.param(
            _health(replace(_FINE, error="it said no")),
            HealthState.FAILING,
            "it said no",
            "network",
            id="a failure of unknown kind",
        ),
        pytest.param(
            _health(_FINE, None), HealthState.STALE, "no article of its own", "check URL", id="empty"
        ),
        pytest.param(
            _health(_FINE, _every(_HOUR, silent=4 * _DAY)),
            HealthState.STALE,
            "has brought nothing new for 4 days",
            "may have been replaced",
            id="silent",
        ),
        pytest.param(
            _health(_FINE, _stats(400 * _DAY, 401 * _DAY, last_new=_HOUR)),
            HealthState.STALE,
            "its newest article is 400 days old",
            "may have been replaced",
            id="given up long ago, and read today",
        ),
        pytest.param(
            _health(replace(_FINE, moved_to="https://new.example/feed", moved_count=3)),
            HealthState.OK,
            "moved for good to https://new.example/feed",
            "Change its url",
            id="moved",
        ),
        pytest.param(
            _health(replace(_FINE, moved_to="https://new.example/feed", moved_count=2)),
            HealthState.OK,
            "",
            "",
            id="perhaps moved",
        ),
        pytest.param(
            _health(_FINE, _stats(_HOUR, 2 * _HOUR, 3 * _HOUR, undated=2)),
            HealthState.OK,
            "2 of its 3 articles have no date",
            "first seen",
            id="mostly undated",
        ),
        pytest.param(
            _health(_FINE, _stats(_HOUR, 2 * _HOUR, undated=1)), HealthState.OK, "", "", id="half undated"
        ),
    ],
)
def test_a_source_s_state_is_told_with_what_to_do(
    found: SourceHealth, state: HealthState, words: str, remedy: str
) -> None:
    assert found.state is state
    assert words in found.words
    assert remedy in found.remedy
    # Nothing is said of a source that is well, and never a problem without a way out.
    assert bool(found.words) == bool(words)
    assert bool(found.remedy) == bool(remedy)


@pytest.mark.parametrize("failure", list(Failure))
def test_each_failure_has_its_remedy(failure: Failure) -> None:
    found = _health(_failed(failure))
    assert found.remedy.endswith(".")
    assert "it said no" in found.words


def test_each_state_can_come_to_be() -> None:
    reached = {
        _health(of=replace(_SOURCE, enabled=False)).state,
        _health(None, None).state,
        _health().state,
        _health(rest=_LATER).state,
        _health(stats=None).state,
        *(_health(_failed(failure)).state for failure in Failure),
        _health(_failed(Failure.GONE, retired_at=NOW)).state,
    }
    assert reached == set(HealthState)


# --------------------------------------------------------------------------- silence


@pytest.mark.parametrize(
    ("gap", "silent", "stale"),
    [
        pytest.param(_HOUR, 3 * _DAY - _HOUR, False, id="an hourly feed, almost three days"),
        pytest.param(_HOUR, 3 * _DAY + _HOUR, True, id="an hourly feed, three days"),
        pytest.param(_DAY, 3 * _DAY - _HOUR, False, id="a daily feed, almost three days"),
        pytest.param(_DAY, 3 * _DAY + _HOUR, True, id="a daily feed, three days"),
        pytest.param(2 * _DAY, 4 * _DAY, False, id="every other day, two gaps"),
        pytest.param(2 * _DAY, 7 * _DAY, True, id="every other day, over three gaps"),
        pytest.param(7 * _DAY, 6 * _DAY, False, id="a weekly feed within its week"),
        pytest.param(7 * _DAY, 8 * _DAY, False, id="a weekly feed, a day late"),
        pytest.param(7 * _DAY, 13 * _DAY, False, id="a weekly feed, almost two weeks"),
        pytest.param(7 * _DAY, 15 * _DAY, True, id="a weekly feed, over two weeks"),
        pytest.param(dt.timedelta(), 2 * _DAY, False, id="all at once, two days ago"),
        pytest.param(dt.timedelta(), 4 * _DAY, True, id="all at once, four days ago"),
    ],
)
def test_a_source_is_stale_by_its_own_measure(gap: dt.timedelta, silent: dt.timedelta, stale: bool) -> None:
    found = _health(_FINE, _every(gap, silent=silent))
    assert (found.state is HealthState.STALE) == stale
    if stale:
        assert f"nothing new for {span(silent)}" in found.words


def test_a_feed_that_dates_its_articles_back_is_not_silent_while_it_brings_new_ones() -> None:
    assert _health(_FINE, _stats(5 * _DAY, 6 * _DAY, 7 * _DAY, last_new=_HOUR)).state is HealthState.OK


# --------------------------------------------------------------------------- numbers


@pytest.mark.parametrize(
    ("ages", "rate"),
    [
        pytest.param([_DAY, 2 * _DAY, 4 * _DAY], 0.75, id="three in four days"),
        pytest.param([_HOUR * number for number in range(1, 25)], 24, id="one an hour for a day"),
        pytest.param([dt.timedelta(minutes=1)] * 10, 10, id="a first read counts for a day at least"),
        pytest.param([13 * _DAY, 20 * _DAY, 30 * _DAY], 1 / 13, id="what is older does not count"),
        pytest.param([20 * _DAY], 0, id="nothing within the window"),
    ],
)
def test_articles_a_day(ages: Sequence[dt.timedelta], rate: float) -> None:
    assert articles_a_day(_stats(*ages), NOW) == pytest.approx(rate)


def test_without_articles_there_is_no_rate_and_no_share() -> None:
    found = _health(_FINE, None)
    assert (found.articles_a_day, found.undated_share, found.newest) == (None, None, None)


def test_the_numbers_are_passed_on() -> None:
    state = replace(
        _failed(Failure.SERVER, times=3, retry_at=_LATER), repair="its encoding", succeeded_at=NOW - _DAY
    )
    found = _health(state, _stats(_HOUR, 2 * _HOUR, 3 * _HOUR, _DAY, undated=1), rest=NOW + _HOUR)
    assert (found.last_success, found.newest) == (NOW - _DAY, NOW - _HOUR)
    assert (found.undated_share, found.repair, found.failures) == (0.25, "its encoding", 3)
    assert found.next_fetch == _LATER
    assert _health(state, rest=_LATER + _HOUR).next_fetch == _LATER + _HOUR
    assert _health().next_fetch is None


@given(
    st.lists(st.timedeltas(dt.timedelta(), dt.timedelta(days=800)), min_size=1, max_size=20),
    st.timedeltas(dt.timedelta(), dt.timedelta(days=800)),
)
def test_any_source_that_answers_is_well_or_stale(ages: list[dt.timedelta], last_new: dt.timedelta) -> None:
    found = _health(_FINE, _stats(*ages, last_new=last_new))
    assert found.state in {HealthState.OK, HealthState.STALE}
    assert found.articles_a_day is not None
    assert found.articles_a_day >= 0
    # Whatever brought something new within three days, of these two weeks, is well.
    if last_new <= 3 * _DAY and min(ages) < WINDOW:
        assert found.state is HealthState.OK
    if last_new > WINDOW or min(ages) >= WINDOW:
        assert found.state is HealthState.STALE


@pytest.mark.parametrize(
    ("length", "said"),
    [
        (dt.timedelta(), "0 min"),
        (dt.timedelta(minutes=59, seconds=59), "59 min"),
        (_HOUR, "1 h"),
        (dt.timedelta(hours=47, minutes=59), "47 h"),
        (2 * _DAY, "2 days"),
        (400 * _DAY, "400 days"),
    ],
)
def test_a_span_is_said_as_a_person_says_it(length: dt.timedelta, said: str) -> None:
    assert span(length) == said

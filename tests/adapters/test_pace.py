"""The pace that all processes keep: its contract over the fake and both databases, and races on the real ones."""

from __future__ import annotations

import datetime as dt
import pathlib
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pytest

from digest.adapters.store import Store, open_store
from digest.ports import PaceStore
from tests.adapters.databases import KINDS, opened_store
from tests.adapters.ledgers import later
from tests.conftest import NOW
from tests.fakes import MemoryPace

_Result = TypeVar("_Result")
_TODAY = NOW.date()
_WORKERS = 4


@pytest.fixture(params=KINDS)
def pace(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> Iterator[PaceStore]:
    """A pace of each kind in turn."""
    if request.param == "memory":
        yield MemoryPace()
        return
    with opened_store(request.param, request, tmp_path) as store:
        yield store.pace


def _day(number: int) -> dt.date:
    return _TODAY + dt.timedelta(days=number)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        pytest.param([(0, 1)], [0], id="the first may leave at once"),
        pytest.param([(0, 5), (0, 5), (0, 5)], [0, 0.5, 1], id="one after the other"),
        pytest.param([(0, 5), (0.2, 5), (0.4, 5)], [0, 0.5, 1], id="whoever asks early waits"),
        pytest.param([(0, 5), (7, 5), (7, 5)], [0, 7, 7.5], id="time that nobody used is gone"),
        pytest.param([(0, 100), (1, 1)], [0, 10], id="after a large batch a long wait"),
        pytest.param([(5, 5), (4, 5)], [5, 5.5], id="a clock that runs behind"),
        pytest.param([(3600, 5), (0, 5), (0, 5)], [3600, 0, 0.5], id="a clock that was an hour ahead"),
    ],
)
def test_places_are_given_out_one_after_the_other(
    pace: PaceStore, asked: Sequence[tuple[float, int]], expected: Sequence[float]
) -> None:
    found = [pace.reserve("all", count, 10, later(seconds)) for seconds, count in asked]
    assert [(moment - NOW).total_seconds() for moment in found] == pytest.approx(expected, abs=1e-5)


def test_each_rate_has_places_of_its_own(pace: PaceStore) -> None:
    pace.reserve("all", 100, 1, NOW)
    assert pace.reserve("spread e1", 1, 1, NOW) == NOW


@pytest.mark.parametrize(
    ("asked", "granted"),
    [
        pytest.param([(0, 10)], [10], id="all that was asked for"),
        pytest.param([(0, 80), (0, 80), (0, 80)], [80, 20, 0], id="the rest of the day, then nothing"),
        pytest.param([(0, 500), (1, 500), (2, 500)], [100, 200, 500], id="more each day, then no limit"),
        pytest.param([(0, 500), (9, 500), (30, 500)], [100, 200, 500], id="days without mail do not count"),
        pytest.param([(0, 10), (1, 500)], [10, 200], id="what a day left over is gone"),
    ],
)
def test_a_new_domain_sends_more_each_day(
    pace: PaceStore, asked: Sequence[tuple[int, int]], granted: Sequence[int]
) -> None:
    steps = [100, 200]
    assert [pace.take_of_day("news.example", _day(day), count, steps) for day, count in asked] == granted


def test_domains_warm_up_apart(pace: PaceStore) -> None:
    assert pace.take_of_day("one.example", _TODAY, 10, [10]) == 10
    assert pace.take_of_day("other.example", _TODAY, 10, [10]) == 10


def test_the_pace_is_kept_over_a_restart(database_url: str) -> None:
    before = open_store(database_url)
    before.pace.reserve("all", 600, 10, NOW)
    before.pace.take_of_day("news.example", _TODAY, 70, [100])
    before.close()
    after = open_store(database_url)
    assert after.pace.reserve("all", 1, 10, NOW) == later(60)
    assert after.pace.take_of_day("news.example", _TODAY, 70, [100]) == 30
    after.close()


def _at_once(url: str, work: Callable[[PaceStore], _Result]) -> list[_Result]:
    start = threading.Barrier(_WORKERS)

    def one(_: int) -> _Result:
        store = open_store(url)
        try:
            start.wait(timeout=20)
            return work(store.pace)
        finally:
            store.close()

    with ThreadPoolExecutor(_WORKERS) as threads:
        return list(threads.map(one, range(_WORKERS)))


def test_no_place_is_given_out_twice(database_url: str, store: Store) -> None:
    def reserve(pace: PaceStore) -> list[dt.datetime]:
        return [pace.reserve("all", 1, 10, NOW) for _ in range(10)]

    places = sorted(moment for mine in _at_once(database_url, reserve) for moment in mine)
    expected = [number / 10 for number in range(10 * _WORKERS)]
    assert [(moment - NOW).total_seconds() for moment in places] == pytest.approx(expected, abs=1e-4)


def test_a_day_s_limit_is_never_passed(database_url: str, store: Store) -> None:
    def take(pace: PaceStore) -> int:
        return sum(pace.take_of_day("news.example", _TODAY, 7, [100]) for _ in range(10))

    assert sum(_at_once(database_url, take)) == 100

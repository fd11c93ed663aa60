"""Counted windows: shared by all who count, parted by name and time, and not kept for long."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from digest.adapters.store import Store
from digest.adapters.store.attempts import SqlAttempts
from digest.adapters.store.schema import attempt
from tests.conftest import NOW

_HOUR = dt.timedelta(hours=1)


def test_tries_are_counted_by_name_and_window(store: Store) -> None:
    attempts = SqlAttempts(store.engine)
    assert [attempts.add("a", NOW, _HOUR) for _ in range(3)] == [1, 2, 3]
    assert attempts.add("b", NOW, _HOUR) == 1
    assert attempts.add("a", NOW + dt.timedelta(minutes=59, seconds=59), _HOUR) == 4
    assert attempts.add("a", NOW + _HOUR, _HOUR) == 1
    assert (attempts.count("a", NOW, _HOUR), attempts.count("nobody", NOW, _HOUR)) == (4, 0)


def test_those_who_count_at_once_miss_nothing(store: Store) -> None:
    with ThreadPoolExecutor(8) as threads:
        counts = list(threads.map(lambda _: SqlAttempts(store.engine).add("a", NOW, _HOUR), range(40)))
    assert sorted(counts) == list(range(1, 41))


def test_a_name_can_be_cleared(store: Store) -> None:
    attempts = SqlAttempts(store.engine)
    for name in ("a", "b"):
        attempts.add(name, NOW, _HOUR)
    attempts.clear("a")
    assert (attempts.count("a", NOW, _HOUR), attempts.count("b", NOW, _HOUR)) == (0, 1)


def test_old_windows_are_deleted(store: Store) -> None:
    attempts = SqlAttempts(store.engine)
    for hours in (0, 20, 30):
        attempts.add(f"after {hours}", NOW + hours * _HOUR, _HOUR)
    with store.engine.connect() as connection:
        names = set(connection.scalars(sa.select(attempt.c.name)))
    assert names == {"after 20", "after 30"}


@pytest.mark.parametrize(
    "window",
    [
        pytest.param(dt.timedelta(days=2), id="older windows would be deleted"),
        pytest.param(dt.timedelta(0), id="none"),
        pytest.param(-_HOUR, id="backwards"),
    ],
)
def test_a_window_that_cannot_be_counted_is_refused(window: dt.timedelta, store: Store) -> None:
    with pytest.raises(ValueError, match="a window is"):
        SqlAttempts(store.engine).add("a", NOW, window)

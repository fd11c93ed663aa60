"""Lanes are given in the order in which they are asked for, and those who have gone hold nobody up."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from digest.worker import lanes as module
from digest.worker.lanes import FairLanes


class _Somebody:
    """A thread that asks when it is told to."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1)

    def does(self, work: Callable[[], bool | None]) -> bool | None:
        return self._thread.submit(work).result(timeout=20)


def _asks(lanes: FairLanes) -> Callable[[], bool]:
    return lambda: lanes.acquire(blocking=False)


def test_there_are_no_more_than_there_are() -> None:
    lanes = FairLanes(2)
    assert [lanes.acquire(blocking=False) for _ in range(3)] == [True, True, False]
    lanes.release()
    assert lanes.acquire(blocking=False)


def test_whoever_gives_one_back_does_not_take_it_from_who_waits() -> None:
    lanes, one, other = FairLanes(1), _Somebody(), _Somebody()
    assert one.does(_asks(lanes))
    assert not other.does(_asks(lanes))
    lanes.release()
    assert not one.does(_asks(lanes))
    assert other.does(_asks(lanes))
    lanes.release()
    assert one.does(_asks(lanes))


def test_who_has_gone_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_GONE", 0.01)
    lanes, gone, here = FairLanes(1), _Somebody(), _Somebody()
    assert here.does(_asks(lanes))
    assert not gone.does(_asks(lanes))
    lanes.release()
    time.sleep(0.02)
    assert here.does(_asks(lanes))


def test_many_take_turns() -> None:
    lanes, turns, lock, begin = FairLanes(1), list[int](), threading.Lock(), threading.Barrier(3)

    def work(number: int) -> None:
        begin.wait(timeout=20)
        for _ in range(5):
            while not lanes.acquire(blocking=False):
                time.sleep(0.0005)
            with lock:
                turns.append(number)
            time.sleep(0.02)
            lanes.release()

    with ThreadPoolExecutor(3) as threads:
        list(threads.map(work, range(3)))
    assert sorted(turns) == [0] * 5 + [1] * 5 + [2] * 5
    # Nobody has had all of its turns before the others have begun.
    assert set(turns[:6]) == {0, 1, 2}

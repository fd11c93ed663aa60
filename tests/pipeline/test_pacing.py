"""The pacer: rates that several runs keep together, and what the first days of a domain may send."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.adapters.clock import SetClock
from digest.errors import SenderError
from digest.pipeline.pacing import Admission, Pacer
from tests.conftest import NOW
from tests.fakes import MemoryPace

#: Seconds of sending that a run reserves at a time.
_STOCK = 0.05


def _later(seconds: float) -> dt.datetime:
    return NOW + dt.timedelta(seconds=seconds)


def test_without_a_rate_everything_may_leave_at_once() -> None:
    assert Pacer(MemoryPace(), SetClock(NOW)).admit(1000) == Admission(1000, NOW)


def test_a_batch_is_never_parted_by_a_rate() -> None:
    pacer = Pacer(MemoryPace(), SetClock(NOW), rates={"all": 10})
    assert pacer.admit(100) == Admission(100, NOW)
    assert pacer.admit(1) == Admission(1, _later(10))


def test_the_slowest_of_several_rates_counts() -> None:
    pacer = Pacer(MemoryPace(), SetClock(NOW), rates={"all": 100, "spread e1": 2, "other": 50})
    assert [pacer.admit(1).at for _ in range(3)] == [NOW, _later(0.5), _later(1)]


@pytest.mark.parametrize(
    ("rates", "count"),
    [
        pytest.param({}, 500, id="no rate: as many as are asked for"),
        pytest.param({"all": 20}, 100, id="five seconds of sending"),
        pytest.param({"all": 1000}, 500, id="a high rate: no more than are asked for"),
        pytest.param({"all": 20, "spread e1": 2}, 10, id="the slowest rate counts"),
        pytest.param({"spread e1": 0.01}, 1, id="never fewer than one"),
    ],
)
def test_no_more_are_taken_in_hand_than_leave_soon(rates: dict[str, float], count: int) -> None:
    assert Pacer(MemoryPace(), SetClock(NOW), rates=rates).most_in_hand(500) == count


def test_nothing_is_admitted_into_the_past() -> None:
    clock = SetClock(NOW)
    pacer = Pacer(MemoryPace(), clock, rates={"all": 1000})
    pacer.admit(1)
    clock.sleep(5)
    # Still of what was reserved five seconds ago.
    assert pacer.admit(1).at == _later(5)


@given(
    rate=st.sampled_from([0.5, 3, 14, 100, 2500]),
    steps=st.lists(
        st.tuples(st.integers(0, 2), st.integers(1, 30), st.floats(0, 2)), min_size=1, max_size=60
    ),
)
def test_runs_that_share_a_store_keep_the_rate_together(
    rate: float, steps: list[tuple[int, int, float]]
) -> None:
    """By any moment no more have leave than the rate gives, but for one batch and each run's small stock."""
    store, clock = MemoryPace(), SetClock(NOW)
    runs = [Pacer(store, clock, rates={"all": rate}) for _ in range(3)]
    admitted: list[Admission] = []
    for run, count, pause in steps:
        clock.sleep(pause)
        admission = runs[run].admit(count)
        assert admission.count == count
        assert admission.at >= clock.now()
        admitted.append(admission)
    slack = 30 + len(runs) * rate * _STOCK
    for last in admitted:
        so_far = sum(one.count for one in admitted if one.at <= last.at)
        assert so_far <= rate * (last.at - NOW).total_seconds() + slack + 1e-3


# --------------------------------------------------------------------------- the warm-up


def _warming(clock: SetClock, store: MemoryPace | None = None, *, rate: float = 0) -> Pacer:
    rates = {"all": rate} if rate else {}
    return Pacer(store or MemoryPace(), clock, rates=rates, warm_up=[10, 20], domain="news.example")


def test_the_warm_up_admits_a_part_then_refuses_until_the_next_day() -> None:
    clock = SetClock(NOW)
    pacer = _warming(clock)
    assert [pacer.admit(4).count for _ in range(3)] == [4, 4, 2]
    with pytest.raises(SenderError, match=r"warm-up of news\.example .* 00:00 UTC") as caught:
        pacer.admit(4)
    assert caught.value.retry_at == dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
    clock.moment = caught.value.retry_at
    assert [pacer.admit(15).count for _ in range(2)] == [15, 5]
    clock.sleep(86400)
    assert pacer.admit(5000).count == 5000


def test_the_day_is_that_of_utc() -> None:
    clock = SetClock(dt.datetime(2026, 11, 22, 1, 30, tzinfo=dt.timezone(dt.timedelta(hours=3))))
    pacer = _warming(clock)
    pacer.admit(10)
    with pytest.raises(SenderError) as caught:
        pacer.admit(1)
    assert caught.value.retry_at == dt.datetime(2026, 11, 22, tzinfo=dt.UTC)


def test_all_runs_share_the_day() -> None:
    store = MemoryPace()
    runs = [_warming(SetClock(NOW), store) for _ in range(2)]
    assert [run.admit(7).count for run in runs] == [7, 3]


def test_a_rate_reserves_only_what_the_day_admits() -> None:
    store = MemoryPace()
    assert _warming(SetClock(NOW), store, rate=2).admit(100) == Admission(10, NOW)
    assert store.reserve("all", 1, 2, NOW) == _later(5)

"""The gates before hosts, by a clock that the tests set: who may start when, and how many at a time."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.adapters.fetch.host_gates import HostGates, HostMemory, HostRests


class Clock:
    """Time passes where somebody sleeps."""

    def __init__(self) -> None:
        self.moment = 1000.0

    def now(self) -> float:
        return self.moment

    async def sleep(self, seconds: float) -> None:
        self.moment += seconds
        await asyncio.sleep(0)


def make_gates(
    clock: Clock,
    *,
    concurrency: int = 10,
    per_host: int = 10,
    spacing: float = 0.0,
    memory: HostMemory | None = None,
) -> HostGates:
    return HostGates(
        concurrency=concurrency,
        per_host=per_host,
        spacing=spacing,
        memory=memory or HostMemory(),
        now=clock.now,
        sleep=clock.sleep,
    )


async def starts_of(gates: HostGates, clock: Clock, spacings: Sequence[float]) -> list[float]:
    """Return when requests to one host start, each with the spacing that it asks for."""
    starts: list[float] = []

    async def one(spacing: float) -> None:
        async with gates.turn("a.example:80", spacing):
            starts.append(clock.now())

    await asyncio.gather(*map(one, spacings))
    return starts


@pytest.mark.parametrize(
    ("ours", "asked", "apart"),
    [
        pytest.param(0.0, [0.0, 0.0, 0.0], [0, 0], id="none"),
        pytest.param(0.25, [0.0, 0.0, 0.0], [0.25, 0.25], id="ours"),
        pytest.param(0.25, [2.0, 2.0, 2.0], [2, 2], id="theirs-is-longer"),
        pytest.param(0.25, [0.125, 0.125], [0.25], id="theirs-is-shorter"),
        pytest.param(0.25, [0.0, 2.0, 0.0], [2, 2], id="one-request-raises-it-for-its-host"),
    ],
)
def test_starts_to_one_host_lie_the_spacing_apart(
    ours: float, asked: list[float], apart: list[float]
) -> None:
    clock = Clock()
    starts = asyncio.run(starts_of(make_gates(clock, spacing=ours), clock, asked))
    assert [later - earlier for earlier, later in pairwise(starts)] == apart


def test_the_spacing_is_kept_from_one_round_to_the_next() -> None:
    clock, memory = Clock(), HostMemory()
    rounds = [
        asyncio.run(starts_of(make_gates(clock, spacing=5.0, memory=memory), clock, [0.0])) for _ in range(2)
    ]
    assert rounds == [[1000.0], [1005.0]]


@given(
    hosts=st.lists(st.sampled_from(["a:80", "b:80", "c:443"]), max_size=30),
    concurrency=st.integers(1, 5),
    per_host=st.integers(1, 3),
    spacing=st.sampled_from([0.0, 0.5]),
)
def test_all_get_their_turn_and_no_limit_is_passed(
    hosts: list[str], concurrency: int, per_host: int, spacing: float
) -> None:
    clock = Clock()
    gates = make_gates(clock, concurrency=concurrency, per_host=per_host, spacing=spacing)
    inside: Counter[str] = Counter()
    served: Counter[str] = Counter()
    starts: dict[str, list[float]] = {}

    async def one(host: str) -> None:
        async with gates.turn(host):
            starts.setdefault(host, []).append(clock.now())
            inside[host] += 1
            assert inside[host] <= per_host
            assert inside.total() <= concurrency
            for _ in range(3):
                await asyncio.sleep(0)
            inside[host] -= 1
            served[host] += 1

    async def everybody() -> None:
        await asyncio.gather(*map(one, hosts))

    asyncio.run(everybody())
    assert served == Counter(hosts)
    assert all(
        later - earlier >= spacing for moments in starts.values() for earlier, later in pairwise(moments)
    )


def test_a_resting_host_lets_nobody_through_until_its_rest_is_over() -> None:
    clock, memory = Clock(), HostMemory()

    async def knock(host: str) -> float:
        try:
            async with make_gates(clock, memory=memory).turn(host):
                return 0.0
        except HostRests as rest:
            return rest.seconds

    make_gates(clock, memory=memory).rest("a:80", 60.0)
    # A shorter rest does not end a longer one.
    make_gates(clock, memory=memory).rest("a:80", 10.0)
    assert [asyncio.run(knock("a:80")), asyncio.run(knock("a:443"))] == [60.0, 0.0]
    clock.moment += 45
    assert asyncio.run(knock("a:80")) == 15.0
    clock.moment += 15
    assert asyncio.run(knock("a:80")) == 0.0


def test_whoever_waits_in_line_is_sent_away_when_the_host_asks_for_rest() -> None:
    clock = Clock()
    gates = make_gates(clock, per_host=1, spacing=1.0)

    async def first() -> str:
        async with gates.turn("a:80"):
            await asyncio.sleep(0)
            gates.rest("a:80", 300.0)
            return "asked"

    async def later() -> str:
        try:
            async with gates.turn("a:80"):
                return "asked"
        except HostRests:
            return "sent away"

    async def everybody() -> list[str]:
        return list(await asyncio.gather(first(), later(), later()))

    assert asyncio.run(everybody()) == ["asked", "sent away", "sent away"]


def test_a_rest_gives_back_the_room_that_was_waited_for() -> None:
    clock = Clock()
    gates = make_gates(clock, concurrency=1, per_host=2)

    async def tiring() -> None:
        async with gates.turn("b:80"):
            # The other host's request waits for room by now.
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            gates.rest("a:80", 300.0)

    async def sent_away() -> str:
        try:
            async with gates.turn("a:80"):
                return "asked"
        except HostRests:
            return "sent away"

    async def everybody() -> tuple[str, bool]:
        _, answer = await asyncio.gather(tiring(), sent_away())
        async with gates.turn("c:80") as others_wait:
            return answer, others_wait

    assert asyncio.run(everybody()) == ("sent away", False)


def test_only_the_last_in_line_hears_that_nobody_else_waits() -> None:
    clock = Clock()
    gates = make_gates(clock, per_host=1)
    heard: list[tuple[str, bool]] = []

    async def one(host: str) -> None:
        async with gates.turn(host) as others_wait:
            heard.append((host, others_wait))

    async def everybody() -> None:
        await asyncio.gather(one("a:80"), one("b:80"), one("a:80"), one("a:80"))

    asyncio.run(everybody())
    assert sorted(heard) == [("a:80", False), ("a:80", True), ("a:80", True), ("b:80", False)]

"""Manners towards each host: a few requests at a time, not too close together, none while it wants its rest.

A gate is a host and port. Who waits before one takes up nothing: the room that all requests share is entered last,
just before a request starts.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


class HostRests(Exception):
    """The host has asked to be left alone for `seconds` from now."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"for another {seconds:g} s")
        self.seconds = seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class HostMemory:
    """What outlives one round of fetches; moments of the monotonic clock, by host."""

    starts_after: dict[str, float] = field(default_factory=dict)
    rests_until: dict[str, float] = field(default_factory=dict)


class _Gate:
    """The line before one host."""

    __slots__ = ("head", "places", "spacing", "wanted")

    def __init__(self, per_host: int, spacing: float) -> None:
        self.places = asyncio.Semaphore(per_host)
        #: Held by whoever starts next.
        self.head = asyncio.Lock()
        self.spacing = spacing
        #: Requests that wait or are under way.
        self.wanted = 0


class HostGates:
    """Lets the requests of one event loop through to their hosts."""

    def __init__(
        self,
        *,
        concurrency: int,
        per_host: int,
        spacing: float,
        memory: HostMemory,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._room = asyncio.Semaphore(concurrency)
        self._per_host = per_host
        self._spacing = spacing
        self._memory = memory
        self._now = now
        self._sleep = sleep
        self._gates: dict[str, _Gate] = {}

    @asynccontextmanager
    async def turn(self, host: str, spacing: float = 0.0) -> AsyncIterator[bool]:
        """Wait until a request to the host may start, and hold its place until the context ends.

        `spacing`, in seconds, is what this host asks for beyond our own. Gives whether others still wait for the
        host. Raises HostRests instead of waiting for that.
        """
        gate = self._gates.get(host)
        if gate is None:
            gate = self._gates[host] = _Gate(self._per_host, self._spacing)
        gate.spacing = max(gate.spacing, spacing)
        gate.wanted += 1
        try:
            # Whoever wants this host as well comes into its line first, and is counted.
            await asyncio.sleep(0)
            async with gate.places:
                async with gate.head:
                    await self._enter(host, gate)
                try:
                    yield gate.wanted > 1
                finally:
                    self._room.release()
        finally:
            gate.wanted -= 1

    async def _enter(self, host: str, gate: _Gate) -> None:
        self._raise_if_resting(host)
        wait = self._memory.starts_after.get(host, 0.0) - self._now()
        if wait > 0:
            await self._sleep(wait)
        await self._room.acquire()
        try:
            # It may have asked for rest in the meantime.
            self._raise_if_resting(host)
        except HostRests:
            self._room.release()
            raise
        self._memory.starts_after[host] = self._now() + gate.spacing

    def _raise_if_resting(self, host: str) -> None:
        left = self._memory.rests_until.get(host, 0.0) - self._now()
        if left > 0:
            raise HostRests(left)

    def rest(self, host: str, seconds: float) -> None:
        """Let nobody through to the host for so long from now."""
        until = self._now() + seconds
        self._memory.rests_until[host] = max(until, self._memory.rests_until.get(host, 0.0))

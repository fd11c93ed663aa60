"""A load that comes at its own pace, as readers do, and does not wait for the answers before.

Each request has its moment. Its time runs from that moment to the last byte of the answer, so that a request that had
to wait for a free connection is as late as its reader would find it (what load testers call coordinated omission).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import quantiles

import aiohttp


@dataclass(frozen=True, slots=True, kw_only=True)
class Paced:
    """What a paced load came to."""

    #: Requests a second that were answered.
    rate: float
    #: Milliseconds from the moment at which a request was due to the end of its answer.
    p50: float
    p99: float
    #: Answers that were no 2xx, or none at all.
    failed: int


def load_at(
    url: str, paths: Sequence[str], rate: float, connections: int, data: dict[str, str] | None = None
) -> Paced:
    """Ask for all paths in turn, so many a second over so many connections; POST where there is data."""
    return asyncio.run(_load(url, paths, rate, connections, data))


async def _load(
    url: str, paths: Sequence[str], rate: float, connections: int, data: dict[str, str] | None
) -> Paced:
    lags: list[float] = []
    connector = aiohttp.TCPConnector(limit=connections)
    async with aiohttp.ClientSession(url, connector=connector) as session:
        start = time.perf_counter()

        async def ask(number: int, path: str) -> None:
            due = start + number / rate
            await asyncio.sleep(due - time.perf_counter())
            method = "GET" if data is None else "POST"
            async with session.request(method, path, data=data) as answer:
                await answer.read()
                answer.raise_for_status()
            lags.append((time.perf_counter() - due) * 1000)

        done = await asyncio.gather(
            *(ask(number, path) for number, path in enumerate(paths)), return_exceptions=True
        )
        took = time.perf_counter() - start
    errors = [one for one in done if isinstance(one, BaseException)]
    for error in errors:
        if not isinstance(error, aiohttp.ClientError | TimeoutError):
            raise error
    parts = quantiles(lags, n=100) if len(lags) > 1 else [float("inf")] * 99
    return Paced(rate=len(lags) / took, p50=parts[49], p99=parts[98], failed=len(errors))

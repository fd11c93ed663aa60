"""Many fetches at once, from a thread of their own."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import AsyncIterator, Generator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import aiohttp

from digest.adapters.fetch.chain import Chain
from digest.adapters.fetch.host_gates import HostGates, HostMemory
from digest.adapters.fetch.limits import FetchLimits
from digest.adapters.fetch.names import NameResolver, Network
from digest.adapters.fetch.public_addresses import guarded_socket
from digest.adapters.fetch.unpack import ACCEPTED
from digest.model import FetchRequest, FetchResult

#: Feeds before anything else; article pages are welcome as well.
_ACCEPT = (
    "application/rss+xml, application/atom+xml, application/rdf+xml, "
    "application/xml;q=0.9, text/xml;q=0.9, text/html;q=0.7, */*;q=0.5"
)
#: Seconds that a connection is kept for the next request to its host.
_IDLE_SECONDS = 5.0
#: Bytes of one header; news sites send policies and cookies of more than aiohttp's usual 8 KiB.
_MOST_HEADER_BYTES = 65536


class _Shelf:
    """Hands results from the event loop's thread to the reader's.

    It holds few: where reading is slower than the network, bodies wait with their servers, not in memory.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, size: int) -> None:
        self._loop = loop
        self._free = asyncio.Semaphore(size)
        self._results: queue.SimpleQueue[FetchResult | None] = queue.SimpleQueue()

    async def put(self, result: FetchResult) -> None:
        """Wait for a free place, and put a result there."""
        await self._free.acquire()
        self._results.put(result)

    def end(self) -> None:
        """Say that no more results come."""
        self._results.put(None)

    def take(self) -> FetchResult | None:
        """Wait for a result and take it, from another thread; None at the end."""
        result = self._results.get()
        # The loop may have ended meanwhile.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._free.release)
        return result


class HttpFetcher:
    """Fetches feeds and pages.

    The limits hold within one call of `fetch`; how a host wants to be treated is remembered over all of them.
    """

    def __init__(self, limits: FetchLimits, network: Network | None = None) -> None:
        self._limits = limits
        self._network = network or Network()
        self._memory = HostMemory()

    def fetch(self, requests: Sequence[FetchRequest]) -> Generator[FetchResult, None, None]:
        """See `ports.Fetcher`; closing the iterator ends whatever is under way."""
        loop = asyncio.new_event_loop()
        shelf = _Shelf(loop, self._limits.concurrency)
        stopped = asyncio.Event()
        thread = threading.Thread(
            target=self._run, args=(loop, requests, shelf, stopped), name="fetch", daemon=True
        )
        thread.start()
        try:
            while (result := shelf.take()) is not None:
                yield result
        finally:
            # Where all is done, the loop has ended already.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(stopped.set)
            thread.join()

    def _run(
        self,
        loop: asyncio.AbstractEventLoop,
        requests: Sequence[FetchRequest],
        shelf: _Shelf,
        stopped: asyncio.Event,
    ) -> None:
        try:
            with asyncio.Runner(loop_factory=lambda: loop) as runner:
                runner.run(self._fetch_all(requests, shelf, stopped))
        finally:
            shelf.end()

    async def _fetch_all(
        self, requests: Sequence[FetchRequest], shelf: _Shelf, stopped: asyncio.Event
    ) -> None:
        limits = self._limits
        gates = HostGates(
            concurrency=limits.concurrency,
            per_host=limits.per_host,
            spacing=limits.spacing_seconds,
            memory=self._memory,
        )
        async with self._session() as session:
            fetches = asyncio.gather(
                *(Chain(request, session, gates, limits).fetch(shelf.put) for request in requests)
            )
            watch = asyncio.ensure_future(stopped.wait())
            either: set[asyncio.Future[Any]] = {fetches, watch}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            watch.cancel()
            # Nobody waits for the rest any more: a slow server must not hold up the end.
            fetches.cancel()
            with suppress(asyncio.CancelledError):
                await fetches

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[aiohttp.ClientSession]:
        guard = None if self._limits.allow_private_addresses else guarded_socket(self._network.may_connect)
        connector = aiohttp.TCPConnector(
            # The gates bound the connections.
            limit=0,
            resolver=NameResolver(self._network),
            socket_factory=guard,
            keepalive_timeout=_IDLE_SECONDS,
        )
        async with aiohttp.ClientSession(
            connector=connector,
            headers={
                "User-Agent": self._limits.user_agent,
                "Accept": _ACCEPT,
                "Accept-Encoding": ACCEPTED,
            },
            # The chain has its own deadline, its own unpacking and its own cookies.
            timeout=aiohttp.ClientTimeout(total=None),
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            max_field_size=_MOST_HEADER_BYTES,
            trust_env=False,
        ) as session:
            yield session

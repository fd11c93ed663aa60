"""Feeds over HTTP, many at once, on aiohttp. Implements `ports.Fetcher`.

Every fetch has a deadline and a size limit, redirects are followed by hand and only to http(s), and the address
that is really connected to is checked, so that neither a redirect nor a DNS answer can lead inside the network.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import email.utils
import ipaddress
import queue
import socket
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

import aiohttp

from digest import __version__
from digest.model import FetchRequest, FetchResult, FetchStatus

_ACCEPT = "application/rss+xml, application/atom+xml, application/rdf+xml, application/xml;q=0.9, text/xml;q=0.8, */*;q=0.1"
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 5
#: Retry-After is honoured up to this, so that a typing error of theirs does not silence a feed for a year.
_LONGEST_RETRY_SECONDS = 24 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchLimits:
    """How much a fetch may take."""

    #: For one feed, redirects included.
    timeout_seconds: float = 20.0
    #: Of the decompressed body.
    max_bytes: int = 10_000_000
    #: Fetches at a time, and of one host at a time.
    concurrency: int = 20
    per_host: int = 2
    allow_private_addresses: bool = False
    #: Where outlets can reach us, for the User-Agent.
    contact: str = ""

    @property
    def user_agent(self) -> str:
        """Name the program and, where there is one, a contact."""
        return f"Mujaz/{__version__} (news digest{f'; +{self.contact}' if self.contact else ''})"


class _Refused(Exception):
    """A fetch that we stop ourselves; the message is the reason in words."""


#: Where translators put an IPv4 address into an IPv6 one (RFC 6052).
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def _meant(
    ip: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Return the IPv4 address that an IPv6 address stands for, else the address itself."""
    if isinstance(ip, ipaddress.IPv4Address):
        return ip
    if ip in _NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or ip


def _is_public(address: str) -> bool:
    ip = _meant(ipaddress.ip_address(address.partition("%")[0]))
    site_local = isinstance(ip, ipaddress.IPv6Address) and ip.is_site_local
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or site_local)


def _checked_socket(address: tuple[Any, ...]) -> socket.socket:
    """Open a socket towards an address that was just resolved, unless it is not a public one."""
    family, kind, protocol, _, target = address
    if not _is_public(target[0]):
        raise OSError(f"the address {target[0]} is not a public one")
    return socket.socket(family=family, type=kind, proto=protocol)


def _retry_after(value: str | None, now: dt.datetime) -> float | None:
    """Return the seconds of a Retry-After header, given in seconds or as a date (RFC 9110, 10.2.3)."""
    if not value:
        return None
    if value.strip().isdecimal():
        return min(float(value), _LONGEST_RETRY_SECONDS)
    try:
        moment = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
    return min(max((moment - now).total_seconds(), 0.0), _LONGEST_RETRY_SECONDS)


def _reason(error: BaseException, limits: FetchLimits) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {limits.timeout_seconds:g} s"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return f"the host {error.host} cannot be found"
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return f"the certificate of {error.host} is not valid"
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"no connection to {error.host}:{error.port}: {error.os_error}"
    if isinstance(error, aiohttp.InvalidURL):
        return "the URL cannot be read"
    return str(error) or type(error).__name__


def _validator(value: str | None) -> str | None:
    """Return an ETag or Last-Modified that can be stored and sent back; None for one that is not ASCII."""
    return value if value and value.isascii() else None


def _showable(value: str) -> str:
    """Return one line without the surrogates that stand for a header's bytes of no encoding: no store takes them."""
    return " ".join(value.encode("utf-8", "replace").decode("utf-8").split())


def _host(url: str) -> str:
    """Return the host and port of a URL; empty where it cannot be read."""
    try:
        return urlsplit(url).netloc.lower()
    except ValueError:
        return ""


class HttpFetcher:
    """Fetches many feeds at once from a thread of its own."""

    def __init__(self, limits: FetchLimits) -> None:
        self._limits = limits

    def fetch(self, requests: Sequence[FetchRequest]) -> Iterator[FetchResult]:
        """See `ports.Fetcher`."""
        # Bounded: where parsing is slower than the network, bodies wait with their servers, not in memory.
        results: queue.Queue[FetchResult | None] = queue.Queue(maxsize=self._limits.concurrency)
        stopped = threading.Event()
        thread = threading.Thread(
            target=self._run, args=(requests, results, stopped), name="fetch", daemon=True
        )
        thread.start()
        try:
            while (result := results.get()) is not None:
                yield result
        finally:
            stopped.set()
            while thread.is_alive():
                # Let a writer that waits for room go on, so that the thread can end.
                if not results.empty():
                    results.get_nowait()
                thread.join(timeout=0.05)

    def _run(
        self,
        requests: Sequence[FetchRequest],
        results: queue.Queue[FetchResult | None],
        stopped: threading.Event,
    ) -> None:
        try:
            asyncio.run(self._fetch_all(requests, results, stopped))
        finally:
            results.put(None)

    async def _fetch_all(
        self,
        requests: Sequence[FetchRequest],
        results: queue.Queue[FetchResult | None],
        stopped: threading.Event,
    ) -> None:
        room = asyncio.Semaphore(self._limits.concurrency)
        hosts = {_host(request.url): asyncio.Semaphore(self._limits.per_host) for request in requests}

        async def one(session: aiohttp.ClientSession, request: FetchRequest) -> None:
            async with hosts[_host(request.url)], room:
                result = await self._fetch_one(session, request)
                await loop.run_in_executor(putters, results.put, result)

        loop = asyncio.get_running_loop()
        # Threads of their own: those that wait for a slow reader must not keep names from being resolved, which
        # the loop's own few threads do.
        with ThreadPoolExecutor(self._limits.concurrency, "fetched") as putters:
            async with self._session() as session, asyncio.TaskGroup() as tasks:
                under_way = {tasks.create_task(one(session, request)) for request in requests}
                while under_way and not stopped.is_set():
                    _, under_way = await asyncio.wait(under_way, timeout=0.1)
                # Nobody waits for the rest any more: a slow server must not hold up the end.
                for task in under_way:
                    task.cancel()

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[aiohttp.ClientSession]:
        connector = aiohttp.TCPConnector(
            limit=self._limits.concurrency,
            socket_factory=None if self._limits.allow_private_addresses else _checked_socket,
        )
        headers = {"User-Agent": self._limits.user_agent, "Accept": _ACCEPT}
        timeout = aiohttp.ClientTimeout(total=self._limits.timeout_seconds)
        async with aiohttp.ClientSession(
            connector=connector, headers=headers, timeout=timeout, trust_env=False
        ) as session:
            yield session

    async def _fetch_one(self, session: aiohttp.ClientSession, request: FetchRequest) -> FetchResult:
        try:
            async with asyncio.timeout(self._limits.timeout_seconds):
                return await self._follow(session, request)
        except Exception as error:
            # Whatever a server brings the client to raise, it is that feed's failure and no other's.
            return _failed(request, _reason(error, self._limits))

    async def _follow(self, session: aiohttp.ClientSession, request: FetchRequest) -> FetchResult:
        url = request.url
        headers = {"If-None-Match": request.etag or "", "If-Modified-Since": request.last_modified or ""}
        conditions = {name: value for name, value in headers.items() if value}
        for _ in range(_MOST_REDIRECTS + 1):
            self._check(url)
            async with session.get(url, headers=conditions, allow_redirects=False) as response:
                if response.status not in _REDIRECTS or "Location" not in response.headers:
                    return await self._result(request, response)
                url = urljoin(url, response.headers["Location"])
        raise _Refused(f"more than {_MOST_REDIRECTS} redirects")

    def _check(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise _Refused(f"{url[:100]!r} is not an http(s) address")

    async def _result(self, request: FetchRequest, response: aiohttp.ClientResponse) -> FetchResult:
        if response.status == 304:
            return FetchResult(source_id=request.source_id, status=FetchStatus.UNCHANGED)
        if response.status != 200:
            wait = _retry_after(response.headers.get("Retry-After"), dt.datetime.now(dt.UTC))
            answer = f"the server answered {response.status} {response.reason or ''}".strip()
            return _failed(request, answer, wait)
        body = bytearray()
        async for chunk in response.content.iter_chunked(65536):
            body += chunk
            if len(body) > self._limits.max_bytes:
                raise _Refused(f"larger than {self._limits.max_bytes:,} bytes")
        return FetchResult(
            source_id=request.source_id,
            status=FetchStatus.FETCHED,
            body=bytes(body),
            charset=response.charset,
            content_type=_showable(response.content_type),
            etag=_validator(response.headers.get("ETag")),
            last_modified=_validator(response.headers.get("Last-Modified")),
        )


def _failed(request: FetchRequest, error: str, retry_after: float | None = None) -> FetchResult:
    return FetchResult(
        source_id=request.source_id,
        status=FetchStatus.FAILED,
        error=_showable(error),
        retry_after=retry_after,
    )

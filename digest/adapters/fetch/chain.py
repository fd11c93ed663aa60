"""One GET with its redirects, from the asked address to an answer."""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
import math
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import aiohttp
from yarl import URL

from digest.adapters.fetch.failures import GivenUp, failure_of_error, showable
from digest.adapters.fetch.host_gates import HostGates, HostRests
from digest.adapters.fetch.limits import FetchLimits
from digest.adapters.fetch.unpack import unpacker
from digest.collector.answers import HEAD_BYTES, failure_of, rest_seconds
from digest.model import Failure, FetchRequest, FetchResult, FetchStatus

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PERMANENT = frozenset({301, 308})
_MOST_REDIRECTS = 5
_CHUNK = 65536
#: Share of the deadline for an error's page: its status is what counts.
_ERROR_PAGE_SHARE = 0.25


class Chain:
    """A request on its way."""

    def __init__(
        self, request: FetchRequest, session: aiohttp.ClientSession, gates: HostGates, limits: FetchLimits
    ) -> None:
        self._request = request
        self._session = session
        self._gates = gates
        self._limits = limits
        self._seconds_left = limits.timeout_seconds
        conditions = {"If-None-Match": request.etag, "If-Modified-Since": request.last_modified}
        self._conditions = {name: value for name, value in conditions.items() if value}
        #: Where the chain has come to.
        self._url = URL()
        self._asked = URL()
        #: The asked address's Authorization, for its own scheme, host and port only.
        self._login = ""
        #: Cookies live as long as the chain: some sites set one, and redirect to where they look for it.
        self._cookies: aiohttp.CookieJar | None = None
        self._moved_to: URL | None = None
        self._all_permanent = True
        #: The last answer's status; 0 while there is none from where the chain has come to.
        self._http_status = 0

    async def fetch(self, deliver: Callable[[FetchResult], Awaitable[None]]) -> None:
        """Follow the chain to its end and deliver the result, while its place is held. Raises nothing else."""
        try:
            self._begin()
        except Exception as error:
            await deliver(self._failed_by(error))
            return
        spacing = self._request.spacing
        for _ in range(_MOST_REDIRECTS + 1):
            try:
                async with self._gates.turn(self._host, spacing) as others_wait:
                    result = await self._ask(keep_alive=others_wait)
                    if result:
                        await deliver(result)
                        return
            except HostRests as rest:
                await deliver(self._postponed(rest.seconds))
                return
            spacing = 0.0
        await deliver(self._failed(Failure.REFUSED, f"more than {_MOST_REDIRECTS} redirects"))

    @property
    def _host(self) -> str:
        return f"{self._url.raw_host}:{self._url.port}"

    # ----------------------------------------------------------------------- the way

    def _begin(self) -> None:
        url = _parsed(self._request.url)
        if url.user is not None:
            login = f"{url.user}:{url.password or ''}"
            self._login = f"Basic {base64.b64encode(login.encode()).decode()}"
        self._go_to(url)
        self._asked = self._url

    def _go_to(self, url: URL) -> None:
        # A login that a redirect brings is not ours, and none belongs into the store.
        url = url.with_user(None).with_fragment(None) if url.absolute else url
        if url.scheme not in {"http", "https"} or not url.raw_host:
            raise GivenUp(Failure.REFUSED, f"{url.human_repr()[:100]!r} is not an http(s) address")
        self._url = url

    def _redirect(self, response: aiohttp.ClientResponse, location: str) -> None:
        if response.cookies:
            # Unsafe is only its name for cookies of hosts without a name.
            self._cookies = self._cookies or aiohttp.CookieJar(unsafe=True)
            self._cookies.update_cookies(response.cookies, self._url)
        self._go_to(self._url.join(_parsed(_percent_encoded(location))))
        if self._request.same_site and _site(self._url) != _site(self._asked):
            raise GivenUp(Failure.REFUSED, f"it redirects to another site, {self._url.host}")
        self._all_permanent = self._all_permanent and response.status in _PERMANENT
        if self._all_permanent:
            self._moved_to = self._url

    def _headers(self, *, keep_alive: bool) -> dict[str, str]:
        headers = dict(self._conditions)
        if self._login and self._url.origin() == self._asked.origin():
            headers["Authorization"] = self._login
        cookies = self._cookies.filter_cookies(self._url) if self._cookies else None
        if cookies:
            headers["Cookie"] = "; ".join(f"{one.key}={one.coded_value}" for one in cookies.values())
        if not keep_alive:
            # Nobody waits for this host: a thousand idle connections would use up our file descriptors.
            headers["Connection"] = "close"
        return headers

    # ----------------------------------------------------------------------- one request

    async def _ask(self, *, keep_alive: bool) -> FetchResult | None:
        """Ask where the chain has come to; None where the answer leads on."""
        self._http_status = 0
        clock = asyncio.get_running_loop().time
        started = clock()
        try:
            async with (
                asyncio.timeout(self._seconds_left),
                self._session.get(
                    self._url,
                    headers=self._headers(keep_alive=keep_alive),
                    allow_redirects=False,
                ) as response,
            ):
                self._http_status = response.status
                location = response.headers.get("Location", "").strip()
                if response.status in _REDIRECTS and location:
                    self._redirect(response, location)
                    return None
                return await self._answer(response)
        except Exception as error:
            # Whatever a server brings the client to raise, it is that feed's failure and no other's.
            return self._failed_by(error)
        finally:
            self._seconds_left -= clock() - started

    async def _answer(self, response: aiohttp.ClientResponse) -> FetchResult:
        status, headers = response.status, response.headers
        if status == 304:
            return self._unchanged()
        wait = rest_seconds(status, headers, dt.datetime.now(dt.UTC))
        if wait:
            self._gates.rest(self._host, wait)
        body = await self._body(response) if status < 300 else await self._error_page(response)
        failure = failure_of(status, headers, body[:HEAD_BYTES])
        if failure:
            kind, reason = failure
            # What a temporary redirect leads to may be gone for good; the asked address has not said that it is.
            gone_elsewhere = kind is Failure.GONE and not self._all_permanent
            return self._failed(Failure.MISSING if gone_elsewhere else kind, reason, retry_after=wait)
        return self._result(
            FetchStatus.FETCHED,
            body=body,
            charset=showable(response.charset) if response.charset else None,
            content_type=showable(response.content_type) if "Content-Type" in headers else "",
            etag=_validator(headers.get("ETag")),
            last_modified=_validator(headers.get("Last-Modified")),
        )

    def _unchanged(self) -> FetchResult:
        if not self._conditions:
            return self._failed(
                Failure.SERVER, "the server says that nothing has changed, to one who has nothing"
            )
        return self._result(FetchStatus.UNCHANGED)

    async def _body(self, response: aiohttp.ClientResponse) -> bytes:
        self._check_size(response.content_length or 0)
        body = bytearray()
        await self._read(response, body)
        return bytes(body)

    async def _error_page(self, response: aiohttp.ClientResponse) -> bytes:
        """Return the beginning of an error's page, as much of it as comes without trouble."""
        page = bytearray()
        with suppress(GivenUp, TimeoutError, aiohttp.ClientError):
            async with asyncio.timeout(self._limits.timeout_seconds * _ERROR_PAGE_SHARE):
                await self._read(response, page, enough=HEAD_BYTES)
        return bytes(page)

    async def _read(
        self, response: aiohttp.ClientResponse, into: bytearray, enough: float = math.inf
    ) -> None:
        unpack, packed = unpacker(response.headers.get("Content-Encoding", "")), 0
        async for chunk in response.content.iter_chunked(_CHUNK):
            packed += len(chunk)
            self._check_size(packed)
            for piece in unpack.feed(chunk):
                into += piece
                self._check_size(len(into))
                if len(into) >= enough:
                    return
        unpack.end()

    def _check_size(self, size: int) -> None:
        if size > self._limits.max_bytes:
            raise GivenUp(Failure.REFUSED, f"larger than {self._limits.max_bytes:,} bytes")

    # ----------------------------------------------------------------------- results

    def _failed_by(self, error: Exception) -> FetchResult:
        return self._failed(*failure_of_error(error, self._limits.timeout_seconds))

    def _failed(self, failure: Failure, error: str, retry_after: float | None = None) -> FetchResult:
        return self._result(FetchStatus.FAILED, failure=failure, error=error, retry_after=retry_after)

    def _postponed(self, seconds: float) -> FetchResult:
        self._http_status = 0
        return self._result(
            FetchStatus.POSTPONED,
            failure=Failure.BUSY,
            error=f"not asked: {self._url.host} wants to be left alone for another {math.ceil(seconds / 60)} min",
            retry_after=seconds,
        )

    def _result(self, status: FetchStatus, **fields: Any) -> FetchResult:
        # An address that needs a login is not replaced by one without.
        moved = None if self._login or self._moved_to == self._asked else self._moved_to
        return FetchResult(
            key=self._request.key,
            status=status,
            url=str(self._url),
            moved_to=str(moved) if moved else None,
            http_status=self._http_status,
            **fields,
        )


def _site(url: URL) -> str:
    return (url.raw_host or "").removeprefix("www.")


def _parsed(text: str) -> URL:
    try:
        return URL(text.strip())
    except ValueError as error:
        raise GivenUp(Failure.REFUSED, "the URL cannot be read") from error


def _percent_encoded(location: str) -> str:
    """Return a Location whose bytes of no encoding, which came as surrogates, are written as a URL writes them."""
    return "".join(f"%{ord(one) - 0xDC00:02X}" if "\udc80" <= one <= "\udcff" else one for one in location)


def _validator(value: str | None) -> str | None:
    """Return an ETag or Last-Modified that can be stored and sent back; None for one that is not ASCII."""
    return value if value and value.isascii() else None

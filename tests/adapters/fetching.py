"""What the fetcher's tests share: limits, and the shortest ways to fetch."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import replace

from digest.adapters.fetch import FetchLimits, HttpFetcher, Network
from digest.adapters.fetch.public_addresses import is_public
from digest.model import FetchRequest, FetchResult
from tests.adapters.http_server import Exchange, Route, Server

FEED = "<rss version='2.0'><channel><title>صوت الواحة</title></channel></rss>".encode()
QUICK = FetchLimits(timeout_seconds=2.0, max_bytes=100_000, spacing_seconds=0.0, allow_private_addresses=True)
IMPATIENT = replace(QUICK, timeout_seconds=0.3)
GUARDED = replace(QUICK, allow_private_addresses=False)
#: Lets a guarded fetcher reach the tests' own server, and nothing else that is not public.
ONLY_THE_SERVER = Network(may_connect=lambda address: address == "127.0.0.1" or is_public(address))


def fetch_all(
    urls: Sequence[str], limits: FetchLimits = QUICK, network: Network | None = None
) -> dict[str, FetchResult]:
    requests = [FetchRequest(key=url, url=url) for url in urls]
    results = list(HttpFetcher(limits, network).fetch(requests))
    assert len(results) == len(requests)
    return {result.key: result for result in results}


def fetch(url: str, limits: FetchLimits = QUICK, network: Network | None = None) -> FetchResult:
    return fetch_all([url], limits, network)[url]


def fetch_route(
    server: Server, route: Route, limits: FetchLimits = QUICK, network: Network | None = None
) -> FetchResult:
    server.routes["/feed"] = route
    return fetch(f"{server.base}/feed", limits, network)


def never(exchange: Exchange) -> None:
    exchange.wait_for_stop()
    exchange.close_connection = True


def drip(exchange: Exchange) -> None:
    exchange.send_response(200)
    exchange.send_header("Content-Length", "100000")
    exchange.end_headers()
    while not exchange.wait_for_stop(0.02):
        exchange.wfile.write(b" ")
        exchange.wfile.flush()
    exchange.close_connection = True


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port

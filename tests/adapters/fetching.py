"""What the fetcher's tests share: limits, and the shortest ways to fetch."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import replace

from digest.adapters.fetch import FetchLimits, HttpFetcher
from digest.model import FetchRequest, FetchResult
from tests.adapters.http_server import Exchange, Route, Server

FEED = "<rss version='2.0'><channel><title>صوت الواحة</title></channel></rss>".encode()
QUICK = FetchLimits(timeout_seconds=2.0, max_bytes=100_000, allow_private_addresses=True)
IMPATIENT = replace(QUICK, timeout_seconds=0.3)


def fetch_all(urls: Sequence[str], limits: FetchLimits = QUICK) -> dict[str, FetchResult]:
    requests = [FetchRequest(source_id=url, url=url) for url in urls]
    results = list(HttpFetcher(limits).fetch(requests))
    assert len(results) == len(requests)
    return {result.source_id: result for result in results}


def fetch(url: str, limits: FetchLimits = QUICK) -> FetchResult:
    return fetch_all([url], limits)[url]


def fetch_route(server: Server, route: Route, limits: FetchLimits = QUICK) -> FetchResult:
    server.routes["/feed"] = route
    return fetch(f"{server.base}/feed", limits)


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

"""Fetching one feed: what comes back, compressed bodies, servers that do not answer."""

from __future__ import annotations

import gzip
import tracemalloc
from dataclasses import replace

import brotli
import pytest

from digest.adapters.fetch import HttpFetcher
from digest.model import FetchRequest, FetchStatus
from tests.adapters.fetching import (
    FEED,
    IMPATIENT,
    QUICK,
    closed_port,
    drip,
    fetch,
    fetch_route,
    never,
)
from tests.adapters.http_server import Exchange, Route, Server, answer, redirect

# --------------------------------------------------------------------------- what comes back


def test_a_feed_comes_back_with_its_type_and_its_charset(server: Server) -> None:
    result = fetch_route(
        server, answer(FEED, headers={"Content-Type": 'application/rss+xml; charset="Windows-1256"'})
    )
    assert result.status is FetchStatus.FETCHED
    assert result.body == FEED
    assert result.content_type == "application/rss+xml"
    assert result.charset is not None
    assert result.charset.lower() == "windows-1256"
    assert result.error == ""


def test_a_feed_without_a_content_type_comes_back(server: Server) -> None:
    result = fetch_route(server, answer(FEED))
    assert (result.status, result.body, result.charset) == (FetchStatus.FETCHED, FEED, None)


def test_an_empty_body_is_fetched(server: Server) -> None:
    result = fetch_route(server, answer(b""))
    assert (result.status, result.body) == (FetchStatus.FETCHED, b"")


def test_the_user_agent_names_the_program_and_whom_to_ask(server: Server) -> None:
    fetch_route(server, answer(FEED), replace(QUICK, contact="https://mujaz.example/about"))
    [(_, headers)] = server.requests
    assert headers["User-Agent"].startswith("Mujaz/")
    assert "+https://mujaz.example/about" in headers["User-Agent"]


def test_feeds_are_asked_for_before_anything_else(server: Server) -> None:
    fetch_route(server, answer(FEED))
    [(_, headers)] = server.requests
    assert headers["Accept"].startswith("application/rss+xml")


@pytest.mark.parametrize(
    ("header", "condition", "value"),
    [
        pytest.param("ETag", "If-None-Match", '"a1b2"', id="etag"),
        pytest.param("ETag", "If-None-Match", 'W/"a1b2"', id="weak-etag"),
        pytest.param(
            "Last-Modified", "If-Modified-Since", "Sat, 21 Nov 2026 08:00:00 GMT", id="last-modified"
        ),
    ],
)
def test_a_feed_that_did_not_change_is_not_sent_again(
    server: Server, header: str, condition: str, value: str
) -> None:
    def conditional(exchange: Exchange) -> None:
        same = exchange.headers[condition] == value
        answer(b"" if same else FEED, status=304 if same else 200, headers={header: value})(exchange)

    first = fetch_route(server, conditional)
    assert first.status is FetchStatus.FETCHED
    url = f"{server.base}/feed"
    again = FetchRequest(source_id="s", url=url, etag=first.etag, last_modified=first.last_modified)
    [second] = HttpFetcher(QUICK).fetch([again])
    assert (second.status, second.body, second.error) == (FetchStatus.UNCHANGED, b"", "")


def test_a_first_fetch_sets_no_condition(server: Server) -> None:
    result = fetch_route(server, answer(FEED))
    [(_, headers)] = server.requests
    assert (headers["If-None-Match"], headers["If-Modified-Since"]) == (None, None)
    assert (result.etag, result.last_modified) == (None, None)


def test_bytes_of_no_encoding_in_headers_become_text_that_a_store_takes(server: Server) -> None:
    # http.server writes headers as Latin-1, so this is the byte E9, which is no UTF-8.
    odd = {"ETag": '"caf\xe9"', "Last-Modified": "h\xe9", "Content-Type": "text/\xe9; charset=\xe9"}
    result = fetch_route(server, answer(FEED, headers=odd))
    assert (result.status, result.etag, result.last_modified) == (FetchStatus.FETCHED, None, None)
    result.content_type.encode("utf-8")


def test_bytes_of_no_encoding_in_the_reason_become_text_that_a_store_takes(server: Server) -> None:
    def odd(exchange: Exchange) -> None:
        exchange.send_response(500, "erreur h\xe9las")
        exchange.send_header("Content-Length", "0")
        exchange.end_headers()

    result = fetch_route(server, odd)
    assert result.status is FetchStatus.FAILED
    assert b"500 erreur" in result.error.encode("utf-8")


# --------------------------------------------------------------------------- compressed bodies


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        pytest.param("gzip", gzip.compress(FEED), id="gzip"),
        pytest.param("br", brotli.compress(FEED), id="brotli"),
        pytest.param("gzip", gzip.compress(FEED[:30]) + gzip.compress(FEED[30:]), id="gzip-in-two-members"),
    ],
)
def test_a_compressed_body_is_unpacked(server: Server, encoding: str, body: bytes) -> None:
    result = fetch_route(server, answer(body, headers={"Content-Encoding": encoding}))
    assert (result.status, result.body) == (FetchStatus.FETCHED, FEED)


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        pytest.param("gzip", gzip.compress(b" " * 50_000_000, compresslevel=1), id="gzip"),
        pytest.param("br", brotli.compress(b" " * 50_000_000, quality=1), id="brotli"),
    ],
)
def test_a_compression_bomb_stops_at_the_size_limit_and_never_stands_in_memory(
    server: Server, encoding: str, body: bytes
) -> None:
    tracemalloc.start()
    try:
        result = fetch_route(server, answer(body, headers={"Content-Encoding": encoding}))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (result.status, result.error) == (FetchStatus.FAILED, "larger than 100,000 bytes")
    assert peak < 10_000_000


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        pytest.param("gzip", b"this is not gzip at all", id="not-gzip"),
        pytest.param("br", b"\xff\xff\xff this is not brotli", id="not-brotli"),
        pytest.param("deflate", b"\x00\x01 nor this deflate", id="not-deflate"),
    ],
)
def test_a_body_that_cannot_be_unpacked_is_a_failure_with_a_reason_on_one_line(
    server: Server, encoding: str, body: bytes
) -> None:
    result = fetch_route(server, answer(body, headers={"Content-Encoding": encoding}))
    assert (result.status, result.body) == (FetchStatus.FAILED, b"")
    assert "decode" in result.error
    assert len(result.error.splitlines()) == 1


def test_of_a_compressed_body_that_is_cut_short_what_came_is_kept(server: Server) -> None:
    body = gzip.compress(FEED)[:-12]
    result = fetch_route(server, answer(body, headers={"Content-Encoding": "gzip"}))
    assert result.body
    assert FEED.startswith(result.body)


def test_a_body_of_just_the_size_limit_is_taken(server: Server) -> None:
    result = fetch_route(server, answer(b"x" * QUICK.max_bytes))
    assert (result.status, len(result.body)) == (FetchStatus.FETCHED, QUICK.max_bytes)


def test_a_body_larger_than_the_size_limit_is_refused(server: Server) -> None:
    result = fetch_route(server, answer(b"x" * (QUICK.max_bytes + 1)))
    assert (result.status, result.body) == (FetchStatus.FAILED, b"")
    assert result.error == "larger than 100,000 bytes"


def test_a_body_that_ends_before_its_length_is_a_failure(server: Server) -> None:
    def cut_short(exchange: Exchange) -> None:
        exchange.send_response(200)
        exchange.send_header("Content-Length", "5000")
        exchange.end_headers()
        exchange.wfile.write(FEED)
        exchange.close_connection = True

    assert fetch_route(server, cut_short).status is FetchStatus.FAILED


# --------------------------------------------------------------------------- servers that do not answer


@pytest.mark.parametrize(
    "route", [pytest.param(never, id="never-answers"), pytest.param(drip, id="headers-then-drips")]
)
def test_a_server_that_takes_too_long_is_given_up(server: Server, route: Route) -> None:
    result = fetch_route(server, route, IMPATIENT)
    assert (result.status, result.error) == (FetchStatus.FAILED, "no answer within 0.3 s")


def test_redirects_do_not_lengthen_the_deadline(server: Server) -> None:
    def slow_redirect(exchange: Exchange) -> None:
        exchange.wait_for_stop(0.2)
        redirect("/feed")(exchange)

    result = fetch_route(server, slow_redirect, IMPATIENT)
    assert result.error == "no answer within 0.3 s"


def test_a_server_that_hangs_up_is_a_failure_with_a_reason(server: Server) -> None:
    def hang_up(exchange: Exchange) -> None:
        exchange.close_connection = True

    result = fetch_route(server, hang_up)
    assert result.status is FetchStatus.FAILED
    assert result.error


def test_a_server_that_speaks_no_http_is_a_failure_with_a_reason(server: Server) -> None:
    def babble(exchange: Exchange) -> None:
        exchange.wfile.write("مرحبا\r\n\r\n".encode())
        exchange.close_connection = True

    result = fetch_route(server, babble)
    assert result.status is FetchStatus.FAILED
    assert result.error


def test_a_refused_connection_says_where_to() -> None:
    port = closed_port()
    result = fetch(f"http://127.0.0.1:{port}/feed")
    assert result.status is FetchStatus.FAILED
    assert f"no connection to 127.0.0.1:{port}" in result.error


def test_an_unknown_host_is_named() -> None:
    result = fetch("http://nonexistent.invalid/feed")
    assert (result.status, result.error) == (
        FetchStatus.FAILED,
        "the host nonexistent.invalid cannot be found",
    )

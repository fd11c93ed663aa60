"""Fetching one feed: what comes back, compressed bodies, servers that do not answer."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib
from dataclasses import replace

import brotli
import pytest

from digest.adapters.fetch import HttpFetcher
from digest.model import Failure, FetchRequest, FetchStatus
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
    assert (result.error, result.failure, result.retry_after) == ("", None, None)
    assert (result.http_status, result.url, result.moved_to) == (200, f"{server.base}/feed", None)


def test_a_feed_without_a_content_type_comes_back(server: Server) -> None:
    result = fetch_route(server, answer(FEED))
    assert (result.status, result.body) == (FetchStatus.FETCHED, FEED)
    assert (result.charset, result.content_type) == (None, "")


def test_an_empty_body_is_fetched(server: Server) -> None:
    result = fetch_route(server, answer(b""))
    assert (result.status, result.body) == (FetchStatus.FETCHED, b"")


def test_the_user_agent_names_the_program_and_whom_to_ask(server: Server) -> None:
    fetch_route(server, answer(FEED), replace(QUICK, contact="https://mujaz.example/about"))
    [(_, headers)] = server.requests
    assert headers["User-Agent"].startswith("Mujaz/")
    assert headers["User-Agent"].endswith(" (news digest; +https://mujaz.example/about)")


def test_feeds_are_asked_for_before_anything_else_and_pages_are_welcome(server: Server) -> None:
    fetch_route(server, answer(FEED))
    [(_, headers)] = server.requests
    assert headers["Accept"].startswith("application/rss+xml")
    assert "text/html" in headers["Accept"]
    assert headers["Accept-Encoding"] == "gzip, deflate, br"


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
    again = FetchRequest(key="s", url=url, etag=first.etag, last_modified=first.last_modified)
    [second] = HttpFetcher(QUICK).fetch([again])
    assert (second.status, second.body, second.error) == (FetchStatus.UNCHANGED, b"", "")
    assert (second.http_status, second.url, second.failure) == (304, url, None)


def test_nothing_changed_without_a_condition_is_a_fault_of_the_server(server: Server) -> None:
    result = fetch_route(server, answer(status=304))
    assert (result.status, result.failure) == (FetchStatus.FAILED, Failure.SERVER)


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
    assert result.content_type.encode("utf-8").startswith(b"text/")
    assert result.charset == "\ufffd"


def test_bytes_of_no_encoding_in_the_reason_do_no_harm(server: Server) -> None:
    def odd(exchange: Exchange) -> None:
        exchange.send_response(500, "erreur h\xe9las")
        exchange.send_header("Content-Length", "0")
        exchange.end_headers()

    result = fetch_route(server, odd)
    assert (result.status, result.error) == (
        FetchStatus.FAILED,
        "the server answered 500 Internal Server Error",
    )


def test_headers_of_a_news_sites_size_are_taken(server: Server) -> None:
    result = fetch_route(server, answer(FEED, headers={"Content-Security-Policy": "x" * 30_000}))
    assert result.body == FEED


# --------------------------------------------------------------------------- compressed bodies


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        pytest.param("gzip", gzip.compress(FEED), id="gzip"),
        pytest.param("br", brotli.compress(FEED), id="brotli"),
        pytest.param("x-gzip", gzip.compress(FEED), id="gzip-by-its-old-name"),
        pytest.param("GZIP", gzip.compress(FEED), id="gzip-in-capitals"),
        pytest.param("gzip", gzip.compress(FEED[:30]) + gzip.compress(FEED[30:]), id="gzip-in-two-members"),
        pytest.param("gzip", gzip.compress(FEED) + b"\0" * 20, id="gzip-with-padding"),
        pytest.param("deflate", zlib.compress(FEED), id="deflate"),
        pytest.param("deflate", zlib.compress(FEED)[2:-4], id="deflate-without-its-header"),
        pytest.param("identity", FEED, id="identity"),
        pytest.param("utf-8", FEED, id="a-charset-in-the-wrong-place"),
    ],
)
def test_a_compressed_body_is_unpacked(server: Server, encoding: str, body: bytes) -> None:
    result = fetch_route(server, answer(body, headers={"Content-Encoding": encoding}))
    assert (result.status, result.body) == (FetchStatus.FETCHED, FEED)


def gzip_bomb(megabytes: int) -> bytes:
    """Pack so many megabytes of spaces by repeating one packed block, which is quicker than packing them."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    block = packer.compress(b" " * 2**20) + packer.flush(zlib.Z_FULL_FLUSH)
    return b"\x1f\x8b\x08" + bytes(7) + block * megabytes


def brotli_bomb(megabytes: int) -> bytes:
    packer = brotli.Compressor(quality=1)
    return b"".join(packer.process(b" " * 2**20) for _ in range(megabytes)) + bytes(packer.finish())


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        pytest.param("gzip", gzip_bomb(1024), id="gzip"),
        pytest.param("br", brotli_bomb(1024), id="brotli"),
        pytest.param("deflate", gzip_bomb(1024)[10:], id="deflate"),
    ],
)
@pytest.mark.parametrize("status", [200, 503])
def test_a_gigabyte_in_a_small_body_stops_at_the_size_limit_and_never_stands_in_memory(
    server: Server, encoding: str, body: bytes, status: int
) -> None:
    tracemalloc.start()
    try:
        result = fetch_route(server, answer(body, status=status, headers={"Content-Encoding": encoding}))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert result.status is FetchStatus.FAILED
    if status == 200:
        assert (result.failure, result.http_status) == (Failure.REFUSED, 200)
        assert "larger than 100,000 bytes" in result.error
    assert peak < 2_000_000


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
    assert result.failure is Failure.UNREADABLE
    assert "decode" in result.error
    assert len(result.error.splitlines()) == 1


@pytest.mark.parametrize("encoding", ["zstd", "compress", "br, gzip", "زيب"])
def test_an_encoding_that_we_did_not_ask_for_is_a_failure_that_names_it(
    server: Server, encoding: str
) -> None:
    named = encoding.encode().decode("latin-1")
    result = fetch_route(server, answer(FEED, headers={"Content-Encoding": named}))
    assert (result.status, result.failure) == (FetchStatus.FAILED, Failure.UNREADABLE)
    assert f"packed as {encoding!r}" in result.error


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        pytest.param("gzip", gzip.compress(FEED)[:-12], id="gzip"),
        pytest.param("gzip", gzip.compress(FEED)[:-1], id="gzip-but-for-its-last-byte"),
        pytest.param("gzip", gzip.compress(FEED)[:5], id="gzip-in-its-header"),
        pytest.param("gzip", gzip.compress(FEED) + gzip.compress(FEED)[:-12], id="gzip-in-its-second-member"),
        pytest.param("deflate", zlib.compress(FEED)[:-12], id="deflate"),
        pytest.param("br", brotli.compress(FEED)[:-12], id="brotli"),
    ],
)
def test_a_compressed_body_that_is_cut_short_is_a_failure(server: Server, encoding: str, body: bytes) -> None:
    result = fetch_route(server, answer(body, headers={"Content-Encoding": encoding}))
    assert (result.status, result.failure, result.body) == (FetchStatus.FAILED, Failure.NETWORK, b"")
    assert "cut short" in result.error


def test_an_empty_body_is_fetched_however_it_is_said_to_be_packed(server: Server) -> None:
    result = fetch_route(server, answer(b"", headers={"Content-Encoding": "gzip"}))
    assert (result.status, result.body) == (FetchStatus.FETCHED, b"")


def test_a_body_of_just_the_size_limit_is_taken(server: Server) -> None:
    result = fetch_route(server, answer(b"x" * QUICK.max_bytes))
    assert (result.status, len(result.body)) == (FetchStatus.FETCHED, QUICK.max_bytes)


def test_a_body_larger_than_the_size_limit_is_refused(server: Server) -> None:
    result = fetch_route(server, answer(b"x" * (QUICK.max_bytes + 1)))
    assert (result.status, result.body) == (FetchStatus.FAILED, b"")
    assert result.error == "larger than 100,000 bytes"


def with_head(head: str, body: bytes) -> Route:
    """Answer with a head as it stands, and hang up."""

    def route(exchange: Exchange) -> None:
        exchange.wfile.write(head.replace("\n", "\r\n").encode("latin-1") + b"\r\n\r\n" + body)
        exchange.close_connection = True

    return route


@pytest.mark.parametrize(
    ("head", "body", "words"),
    [
        pytest.param("Content-Length: 5000", FEED, "cut short", id="longer-than-the-body"),
        pytest.param("Content-Length: 5000", b"", "cut short", id="no-body"),
        pytest.param("Content-Length: many", FEED, "no proper HTTP", id="in-words"),
        pytest.param("Content-Length: -5", FEED, "no proper HTTP", id="negative"),
        pytest.param("Content-Length: 5\nContent-Length: 6", FEED, "no proper HTTP", id="two-of-them"),
        pytest.param("Transfer-Encoding: chunked", b"20\r\nshort\r\n", "cut short", id="chunk-cut-short"),
        pytest.param("Transfer-Encoding: chunked", b"5\r\nshort\r\n", "cut short", id="no-last-chunk"),
        pytest.param("Transfer-Encoding: chunked", b"many\r\n", "", id="chunk-size-in-words"),
    ],
)
def test_a_body_of_a_wrong_length_is_a_failure(server: Server, head: str, body: bytes, words: str) -> None:
    result = fetch_route(server, with_head(f"HTTP/1.1 200 OK\n{head}", body))
    assert (result.status, result.failure, result.body) == (FetchStatus.FAILED, Failure.NETWORK, b"")
    assert words in result.error
    assert len(result.error.splitlines()) == 1


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
    assert (result.failure, result.http_status) == (Failure.NETWORK, 0)
    assert result.error


def test_a_server_that_speaks_no_http_is_a_failure_with_a_reason(server: Server) -> None:
    def babble(exchange: Exchange) -> None:
        exchange.wfile.write("مرحبا\r\n\r\n".encode())
        exchange.close_connection = True

    result = fetch_route(server, babble)
    assert result.status is FetchStatus.FAILED
    assert (result.failure, result.http_status) == (Failure.NETWORK, 0)
    assert result.error


def test_a_refused_connection_says_where_to() -> None:
    port = closed_port()
    result = fetch(f"http://127.0.0.1:{port}/feed")
    assert result.status is FetchStatus.FAILED
    assert (result.failure, result.http_status) == (Failure.NETWORK, 0)
    assert f"no connection to 127.0.0.1:{port}" in result.error


def test_an_unknown_host_is_named() -> None:
    result = fetch("http://nonexistent.invalid/feed")
    assert (result.status, result.error) == (
        FetchStatus.FAILED,
        "the host nonexistent.invalid cannot be found",
    )

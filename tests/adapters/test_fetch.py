"""HttpFetcher against a real server on loopback: what comes back, what is refused, and that nothing stops the rest."""

from __future__ import annotations

import datetime as dt
import email.utils
import gzip
import socket
import threading
import tracemalloc
from collections.abc import Iterator, Sequence
from dataclasses import replace

import brotli
import pytest

from digest.adapters.fetch import FetchLimits, HttpFetcher, _is_public, _retry_after
from digest.model import FetchRequest, FetchResult, FetchStatus
from tests.adapters.http_server import Exchange, Route, Server, answer, http_server, redirect
from tests.conftest import NOW

FEED = "<rss version='2.0'><channel><title>صوت الواحة</title></channel></rss>".encode()
QUICK = FetchLimits(timeout_seconds=2.0, max_bytes=100_000, allow_private_addresses=True)
IMPATIENT = replace(QUICK, timeout_seconds=0.3)


@pytest.fixture
def server() -> Iterator[Server]:
    with http_server() as running:
        yield running


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


# --------------------------------------------------------------------------- answers that are no feed


@pytest.mark.parametrize(
    ("status", "words"),
    [
        pytest.param(400, "Bad Request", id="400"),
        pytest.param(401, "Unauthorized", id="401"),
        pytest.param(403, "Forbidden", id="403"),
        pytest.param(404, "Not Found", id="404"),
        pytest.param(410, "Gone", id="410"),
        pytest.param(429, "Too Many Requests", id="429"),
        pytest.param(500, "Internal Server Error", id="500"),
        pytest.param(503, "Service Unavailable", id="503"),
    ],
)
def test_an_error_of_the_server_is_reported_in_its_words(server: Server, status: int, words: str) -> None:
    result = fetch_route(server, answer(b"<rss/>", status=status))
    assert (result.status, result.body, result.retry_after) == (FetchStatus.FAILED, b"", None)
    assert result.error == f"the server answered {status} {words}"


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_in_seconds_is_kept(server: Server, status: int) -> None:
    result = fetch_route(server, answer(status=status, headers={"Retry-After": "120"}))
    assert result.retry_after == 120


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_as_a_date_is_kept(server: Server, status: int) -> None:
    later = email.utils.format_datetime(dt.datetime.now(dt.UTC) + dt.timedelta(hours=2), usegmt=True)
    result = fetch_route(server, answer(status=status, headers={"Retry-After": later}))
    assert result.retry_after is not None
    assert 7000 < result.retry_after <= 7200


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        pytest.param(None, None, id="none"),
        pytest.param("", None, id="empty"),
        pytest.param("0", 0, id="zero"),
        pytest.param(" 90 ", 90, id="seconds-with-spaces"),
        pytest.param("31536000", 86400, id="a-year-becomes-a-day"),
        pytest.param("-5", None, id="negative"),
        pytest.param("soon", None, id="words"),
        pytest.param("٣²", None, id="digits-of-no-number"),
        pytest.param("Sun, 22 Nov 2026 06:10:00 GMT", 600, id="date"),
        pytest.param("Sun, 22 Nov 2026 06:10:00 -0000", 600, id="date-of-unknown-zone"),
        pytest.param("Sat, 21 Nov 2026 06:00:00 GMT", 0, id="date-gone-by"),
        pytest.param("Tue, 01 Jan 2030 00:00:00 GMT", 86400, id="date-in-years"),
        pytest.param("Sun, 99 Nov 2026 06:10:00 GMT", None, id="date-that-is-none"),
    ],
)
def test_retry_after_is_read_and_bounded(value: str | None, seconds: float | None) -> None:
    assert _retry_after(value, NOW) == seconds


# --------------------------------------------------------------------------- redirects


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_followed(server: Server, status: int) -> None:
    server.routes["/new"] = answer(FEED)
    result = fetch_route(server, redirect("/new", status))
    assert (result.status, result.body) == (FetchStatus.FETCHED, FEED)


def test_five_redirects_are_followed(server: Server) -> None:
    for step in range(1, 5):
        server.routes[f"/{step}"] = redirect(f"/{step + 1}")
    server.routes["/5"] = answer(FEED)
    assert fetch_route(server, redirect(f"{server.base}/1")).body == FEED


def test_a_redirect_loop_ends(server: Server) -> None:
    server.routes["/other"] = redirect("/feed")
    result = fetch_route(server, redirect("/other"))
    assert (result.status, result.error) == (FetchStatus.FAILED, "more than 5 redirects")
    assert len(server.requests) == 6


@pytest.mark.parametrize(
    "location",
    [
        pytest.param("file:///etc/passwd", id="file"),
        pytest.param("ftp://127.0.0.1/feed", id="ftp"),
        pytest.param("javascript:alert(1)", id="javascript"),
        pytest.param("data:text/xml,<rss/>", id="data"),
    ],
)
def test_a_redirect_out_of_the_web_is_refused(server: Server, location: str) -> None:
    result = fetch_route(server, redirect(location))
    assert result.status is FetchStatus.FAILED
    assert "is not an http(s) address" in result.error
    assert len(server.requests) == 1


def test_a_redirect_to_nonsense_is_a_failure(server: Server) -> None:
    assert fetch_route(server, redirect("http://[::1/feed")).status is FetchStatus.FAILED


def test_a_redirect_that_does_not_say_where_to_is_a_failure(server: Server) -> None:
    result = fetch_route(server, answer(status=302))
    assert (result.status, result.error) == (FetchStatus.FAILED, "the server answered 302 Found")


# --------------------------------------------------------------------------- addresses inside the network


@pytest.mark.parametrize("host", ["127.0.0.1", "127.7.7.7", "localhost", "[::ffff:127.0.0.1]", "0.0.0.0"])
def test_loopback_is_refused_unless_allowed(server: Server, host: str) -> None:
    server.routes["/feed"] = answer(FEED)
    url = f"http://{host}:{server.server_port}/feed"
    refused = fetch(url, replace(QUICK, allow_private_addresses=False))
    assert refused.status is FetchStatus.FAILED
    assert "is not a public one" in refused.error
    assert server.requests == []


@pytest.mark.parametrize("host", ["127.1", "2130706433", "0x7f000001", "0177.0.0.1"])
def test_loopback_in_a_strange_spelling_is_never_reached(server: Server, host: str) -> None:
    server.routes["/feed"] = answer(FEED)
    url = f"http://{host}:{server.server_port}/feed"
    assert fetch(url, replace(QUICK, allow_private_addresses=False)).status is FetchStatus.FAILED
    assert server.requests == []


@pytest.mark.parametrize(
    ("address", "public"),
    [
        pytest.param("8.8.8.8", True, id="public"),
        pytest.param("172.32.0.1", True, id="just-outside-172.16/12"),
        pytest.param("100.128.0.1", True, id="just-outside-100.64/10"),
        pytest.param("2606:4700:4700::1111", True, id="public-v6"),
        pytest.param("::ffff:8.8.8.8", True, id="public-mapped"),
        pytest.param("64:ff9b::808:808", True, id="public-through-nat64"),
        pytest.param("2002:808:808::1", True, id="public-through-6to4"),
        pytest.param("127.0.0.1", False, id="loopback"),
        pytest.param("127.255.255.254", False, id="loopback-end"),
        pytest.param("0.0.0.0", False, id="unspecified"),
        pytest.param("10.0.0.1", False, id="private-10"),
        pytest.param("172.16.0.1", False, id="private-172"),
        pytest.param("192.168.1.1", False, id="private-192"),
        pytest.param("169.254.1.1", False, id="link-local"),
        pytest.param("169.254.169.254", False, id="cloud-metadata"),
        pytest.param("100.64.0.1", False, id="carrier-nat"),
        pytest.param("100.127.255.255", False, id="carrier-nat-end"),
        pytest.param("192.0.2.1", False, id="documentation"),
        pytest.param("198.18.0.1", False, id="benchmarks"),
        pytest.param("224.0.0.1", False, id="multicast"),
        pytest.param("239.1.2.3", False, id="multicast-private"),
        pytest.param("240.0.0.1", False, id="reserved"),
        pytest.param("255.255.255.255", False, id="broadcast"),
        pytest.param("::1", False, id="loopback-v6"),
        pytest.param("::", False, id="unspecified-v6"),
        pytest.param("fe80::1", False, id="link-local-v6"),
        pytest.param("fe80::1%eth0", False, id="link-local-v6-with-zone"),
        pytest.param("fc00::1", False, id="unique-local"),
        pytest.param("fd00:ec2::254", False, id="cloud-metadata-v6"),
        pytest.param("fec0::1", False, id="site-local"),
        pytest.param("ff02::1", False, id="multicast-v6"),
        pytest.param("2001:db8::1", False, id="documentation-v6"),
        pytest.param("::ffff:127.0.0.1", False, id="loopback-mapped"),
        pytest.param("::ffff:169.254.169.254", False, id="cloud-metadata-mapped"),
        pytest.param("::127.0.0.1", False, id="loopback-compatible"),
        pytest.param("64:ff9b::7f00:1", False, id="loopback-through-nat64"),
        pytest.param("64:ff9b::a9fe:a9fe", False, id="cloud-metadata-through-nat64"),
        pytest.param("64:ff9b:1::a00:1", False, id="local-nat64"),
        pytest.param("2002:a00:1::1", False, id="private-through-6to4"),
        pytest.param("2001::1", False, id="teredo"),
    ],
)
def test_only_public_addresses_are_connected_to(address: str, public: bool) -> None:
    assert _is_public(address) is public


# --------------------------------------------------------------------------- many feeds


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("", id="empty"),
        pytest.param("ليس عنواناً", id="words"),
        pytest.param("/feed", id="no-host"),
        pytest.param("http://", id="scheme-only"),
        pytest.param("http://[::1/feed", id="open-bracket"),
        pytest.param("http://host:99999/feed", id="port-too-large"),
        pytest.param("http://host:port/feed", id="port-in-letters"),
        pytest.param("http://a..invalid/feed", id="empty-label"),
        pytest.param(f"http://{'a' * 70}.invalid/feed", id="label-too-long"),
        pytest.param("http://exa mple.invalid/feed", id="space-in-host"),
        pytest.param("file:///etc/passwd", id="file"),
        pytest.param("ftp://example.org/feed", id="ftp"),
        pytest.param("gopher://example.org/feed", id="gopher"),
    ],
)
def test_a_url_that_cannot_be_fetched_is_a_failure_that_leaves_the_others_alone(
    server: Server, url: str
) -> None:
    server.routes["/feed"] = answer(FEED)
    good = f"{server.base}/feed"
    results = fetch_all([url, good])
    assert results[url].status is FetchStatus.FAILED
    assert results[url].error
    assert results[good].body == FEED


def test_failing_feeds_never_stop_the_others(server: Server) -> None:
    failing: dict[str, Route] = {
        "/never": never,
        "/drip": drip,
        "/gone": answer(status=410),
        "/large": answer(b"x" * 200_000),
        "/loop": redirect("/loop"),
        "/damaged": answer(b"not gzip", headers={"Content-Encoding": "gzip"}),
    }
    server.routes.update(failing)
    good = [f"/good/{number}" for number in range(10)]
    server.routes.update({path: answer(FEED + path.encode()) for path in good})
    limits = replace(IMPATIENT, per_host=20)
    results = fetch_all([server.base + path for path in (*failing, *good)], limits)
    assert {result.status for url, result in results.items() if "/good/" not in url} == {FetchStatus.FAILED}
    assert {path: results[server.base + path].body for path in good} == {
        path: FEED + path.encode() for path in good
    }


def test_no_feeds_bring_no_results() -> None:
    assert list(HttpFetcher(QUICK).fetch([])) == []


@pytest.mark.parametrize("per_host", [1, 3])
def test_one_host_is_never_asked_for_more_at_a_time_than_the_limit(server: Server, per_host: int) -> None:
    def slow(exchange: Exchange) -> None:
        exchange.wait_for_stop(0.05)
        answer(FEED)(exchange)

    paths = [f"/{number}" for number in range(9)]
    server.routes.update(dict.fromkeys(paths, slow))
    results = fetch_all([server.base + path for path in paths], replace(QUICK, per_host=per_host))
    assert {result.status for result in results.values()} == {FetchStatus.FETCHED}
    assert server.most_at_once == per_host


def test_all_together_are_never_more_at_a_time_than_the_limit_and_waiting_is_no_lateness(
    server: Server,
) -> None:
    def slow(exchange: Exchange) -> None:
        exchange.wait_for_stop(0.15)
        answer(FEED)(exchange)

    paths = [f"/{number}" for number in range(8)]
    server.routes.update(dict.fromkeys(paths, slow))
    limits = replace(QUICK, timeout_seconds=0.5, concurrency=1, per_host=8)
    results = fetch_all([server.base + path for path in paths], limits)
    # The last waits for a second, twice its deadline.
    assert {result.status for result in results.values()} == {FetchStatus.FETCHED}
    assert server.most_at_once == 1


def test_a_reader_slower_than_the_network_gets_everything(server: Server) -> None:
    paths = [f"/{number}" for number in range(12)]
    server.routes.update({path: answer(path.encode()) for path in paths})
    requests = [FetchRequest(source_id=path, url=server.base + path) for path in paths]
    came = {}
    for result in HttpFetcher(replace(QUICK, concurrency=1)).fetch(requests):
        server.stopping.wait(0.01)
        came[result.source_id] = result.body
    assert came == {path: path.encode() for path in paths}


def fetch_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "fetch"]


def test_the_thread_ends_with_the_last_result(server: Server) -> None:
    fetch_route(server, answer(FEED))
    assert fetch_threads() == []


def test_abandoning_the_results_ends_the_thread_though_servers_never_answer(server: Server) -> None:
    paths = [f"/{number}" for number in range(30)]
    server.routes.update(dict.fromkeys(paths, never))
    server.routes["/0"] = answer(FEED)
    requests = [FetchRequest(source_id=path, url=server.base + path) for path in paths]
    patient = replace(QUICK, timeout_seconds=3600, per_host=20)
    results = HttpFetcher(patient).fetch(requests)
    assert next(results).source_id == "/0"
    assert len(fetch_threads()) == 1
    results.close()  # type: ignore[attr-defined]
    assert fetch_threads() == []


def test_abandoning_the_results_ends_the_thread_though_results_wait_for_room(server: Server) -> None:
    paths = [f"/{number}" for number in range(30)]
    server.routes.update(dict.fromkeys(paths, answer(FEED)))
    requests = [FetchRequest(source_id=path, url=server.base + path) for path in paths]
    results = HttpFetcher(replace(QUICK, concurrency=2)).fetch(requests)
    next(results)
    results.close()  # type: ignore[attr-defined]
    assert fetch_threads() == []
    assert len(server.requests) < 30

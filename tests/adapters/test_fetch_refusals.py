"""Answers that are no feed, redirects, and addresses inside the network."""

from __future__ import annotations

import datetime as dt
import email.utils
from dataclasses import replace

import pytest

from digest.adapters.fetch import _is_public, _retry_after
from digest.model import FetchStatus
from tests.adapters.fetching import (
    FEED,
    QUICK,
    fetch,
    fetch_route,
)
from tests.adapters.http_server import Server, answer, redirect
from tests.conftest import NOW

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

"""Answers that are no feed, redirects, and addresses inside the network."""

from __future__ import annotations

import socket

import pytest

from digest.adapters.fetch import Network
from digest.adapters.fetch.public_addresses import is_public
from digest.model import Failure, FetchStatus
from tests.adapters.fetching import (
    FEED,
    GUARDED,
    IMPATIENT,
    ONLY_THE_SERVER,
    fetch,
    fetch_route,
)
from tests.adapters.http_server import Exchange, Route, Server, answer, redirect

# --------------------------------------------------------------------------- answers that are no feed


@pytest.mark.parametrize(
    ("status", "words", "failure"),
    [
        pytest.param(400, "Bad Request", Failure.MISSING, id="400"),
        pytest.param(401, "Unauthorized", Failure.BLOCKED, id="401"),
        pytest.param(403, "Forbidden", Failure.BLOCKED, id="403"),
        pytest.param(404, "Not Found", Failure.MISSING, id="404"),
        pytest.param(410, "Gone", Failure.GONE, id="410"),
        pytest.param(429, "Too Many Requests", Failure.BUSY, id="429"),
        pytest.param(500, "Internal Server Error", Failure.SERVER, id="500"),
        pytest.param(503, "Service Unavailable", Failure.SERVER, id="503"),
        pytest.param(599, "", Failure.SERVER, id="unheard-of"),
    ],
)
def test_an_error_of_the_server_is_reported_with_its_kind(
    server: Server, status: int, words: str, failure: Failure
) -> None:
    result = fetch_route(server, answer(b"<rss/>", status=status))
    assert (result.status, result.body, result.http_status) == (FetchStatus.FAILED, b"", status)
    assert result.error == f"the server answered {status} {words}".strip()
    assert (result.failure, result.url) == (failure, f"{server.base}/feed")


CHALLENGE = b"<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>Wait.</body></html>"


@pytest.mark.parametrize("status", [200, 202, 403, 429, 503])
def test_a_challenge_page_is_no_feed_whatever_its_status(server: Server, status: int) -> None:
    result = fetch_route(server, answer(CHALLENGE, status=status))
    assert (result.status, result.failure, result.body) == (FetchStatus.FAILED, Failure.BLOCKED, b"")
    assert result.error == "blocked: a Cloudflare challenge page instead of the feed"
    assert result.http_status == status


def flood(exchange: Exchange) -> None:
    """Send an error's page without end."""
    exchange.send_response(403)
    exchange.send_header("Connection", "close")
    exchange.end_headers()
    exchange.close_connection = True
    while not exchange.wait_for_stop(0):
        exchange.wfile.write(b"x" * 65536)


def dripping_error(exchange: Exchange) -> None:
    exchange.send_response(403)
    exchange.send_header("Content-Length", "100000")
    exchange.end_headers()
    while not exchange.wait_for_stop(0.02):
        exchange.wfile.write(b" ")
        exchange.wfile.flush()
    exchange.close_connection = True


@pytest.mark.parametrize(
    "route",
    [
        pytest.param(flood, id="without-end"),
        pytest.param(dripping_error, id="drip-by-drip"),
        pytest.param(answer(b"x", status=403, headers={"Content-Encoding": "gzip"}), id="damaged"),
        pytest.param(answer(b"x", status=403, headers={"Content-Encoding": "zstd"}), id="packed-oddly"),
    ],
)
def test_of_an_error_the_status_counts_and_not_its_page(server: Server, route: Route) -> None:
    result = fetch_route(server, route, IMPATIENT)
    assert (result.failure, result.error) == (Failure.BLOCKED, "the server answered 403 Forbidden")


# --------------------------------------------------------------------------- redirects


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_followed(server: Server, status: int) -> None:
    server.routes["/new"] = answer(FEED)
    result = fetch_route(server, redirect("/new", status))
    assert (result.status, result.body) == (FetchStatus.FETCHED, FEED)
    assert (result.http_status, result.url) == (200, f"{server.base}/new")


@pytest.mark.parametrize(
    ("location", "path"),
    [
        pytest.param("/أخبار".encode(), "/%D8%A3%D8%AE%D8%A8%D8%A7%D8%B1", id="arabic"),
        pytest.param("/خبر".encode("cp1256"), "/%CE%C8%D1", id="arabic-of-an-older-encoding"),
        pytest.param(b"/a feed", "/a%20feed", id="space"),
        pytest.param(b"  new  ", "/new", id="relative-with-spaces-around"),
        pytest.param(b"/new#latest", "/new", id="fragment"),
    ],
)
def test_a_redirect_is_followed_however_it_is_written(server: Server, location: bytes, path: str) -> None:
    server.routes[path] = answer(FEED)
    result = fetch_route(server, redirect(location.decode("latin-1")))
    assert (result.body, result.url) == (FEED, server.base + path)


def test_five_redirects_are_followed(server: Server) -> None:
    for step in range(1, 5):
        server.routes[f"/{step}"] = redirect(f"/{step + 1}")
    server.routes["/5"] = answer(FEED)
    assert fetch_route(server, redirect(f"{server.base}/1")).body == FEED


def test_a_redirect_loop_ends(server: Server) -> None:
    server.routes["/other"] = redirect("/feed")
    result = fetch_route(server, redirect("/other"))
    assert (result.status, result.error) == (FetchStatus.FAILED, "more than 5 redirects")
    assert (result.failure, result.http_status) == (Failure.REFUSED, 302)
    assert len(server.requests) == 6


@pytest.mark.parametrize(
    "location",
    [
        pytest.param("file:///etc/passwd", id="file"),
        pytest.param("ftp://127.0.0.1/feed", id="ftp"),
        pytest.param("gopher://127.0.0.1:70/1", id="gopher"),
        pytest.param("javascript:alert(1)", id="javascript"),
        pytest.param("data:text/xml,<rss/>", id="data"),
    ],
)
def test_a_redirect_out_of_the_web_is_refused(server: Server, location: str) -> None:
    result = fetch_route(server, redirect(location))
    assert result.status is FetchStatus.FAILED
    assert "is not an http(s) address" in result.error
    assert (result.failure, result.http_status) == (Failure.REFUSED, 302)
    assert len(server.requests) == 1


def test_a_redirect_to_nonsense_is_a_failure(server: Server) -> None:
    result = fetch_route(server, redirect("http://[::1/feed"))
    assert (result.status, result.error) == (FetchStatus.FAILED, "the URL cannot be read")


@pytest.mark.parametrize("headers", [{}, {"Location": ""}, {"Location": "  "}])
def test_a_redirect_that_does_not_say_where_to_is_a_failure(server: Server, headers: dict[str, str]) -> None:
    result = fetch_route(server, answer(status=302, headers=headers))
    assert (result.status, result.error) == (FetchStatus.FAILED, "the server answered 302 Found")


# --------------------------------------------------------------------------- addresses inside the network


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.7.7.7",
        "localhost",
        "[::ffff:127.0.0.1]",
        "[::1]",
        "0.0.0.0",
        "１２７.０.０.１",
    ],
)
def test_loopback_is_refused_unless_allowed(server: Server, host: str) -> None:
    server.routes["/feed"] = answer(FEED)
    refused = fetch(f"http://{host}:{server.server_port}/feed", GUARDED)
    assert (refused.status, refused.failure) == (FetchStatus.FAILED, Failure.REFUSED)
    assert "is not a public one" in refused.error
    assert server.requests == []


@pytest.mark.parametrize(
    "host", ["127.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.0.0.1.", "localhost."]
)
def test_loopback_in_a_strange_spelling_is_never_reached(server: Server, host: str) -> None:
    server.routes["/feed"] = answer(FEED)
    url = f"http://{host}:{server.server_port}/feed"
    assert fetch(url, GUARDED).status is FetchStatus.FAILED
    assert server.requests == []


@pytest.mark.parametrize(
    "host",
    [
        pytest.param("127.0.0.2", id="loopback"),
        pytest.param("0.0.0.0", id="unspecified"),
        pytest.param("169.254.169.254", id="cloud-metadata"),
        pytest.param("10.0.0.1", id="private"),
        pytest.param("192.168.1.1", id="router"),
        pytest.param("100.64.0.1", id="carrier-nat"),
        pytest.param("[::1]", id="loopback-v6"),
        pytest.param("[fe80::1]", id="link-local-v6"),
        pytest.param("[fd00::1]", id="unique-local"),
        pytest.param("[::ffff:127.0.0.1]", id="loopback-mapped"),
        pytest.param("[::ffff:a9fe:a9fe]", id="cloud-metadata-mapped"),
        pytest.param("[64:ff9b::7f00:1]", id="loopback-through-nat64"),
        pytest.param("[2002:7f00:1::]", id="loopback-through-6to4"),
    ],
)
@pytest.mark.parametrize("status", [301, 302])
def test_a_redirect_into_the_network_is_refused(server: Server, host: str, status: int) -> None:
    target = redirect(f"http://{host}:{server.server_port}/new", status)
    server.routes["/new"] = answer(FEED)
    result = fetch_route(server, target, GUARDED, ONLY_THE_SERVER)
    assert (result.status, result.failure, result.http_status) == (FetchStatus.FAILED, Failure.REFUSED, 0)
    assert "is not a public one" in result.error
    assert [path for path, _ in server.requests] == ["/feed"]


def test_a_name_is_looked_up_once_and_what_was_found_is_checked_and_connected_to(server: Server) -> None:
    # A name server that gives another answer each time: whoever looked up once to check and again to connect
    # would be led inside.
    looked_up = []

    def look_up(host: str, port: int, **_options: object) -> list[tuple[object, ...]]:
        looked_up.append(host)
        address = "127.0.0.1" if len(looked_up) % 2 else "8.8.8.8"
        return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, port))]

    server.routes["/feed"] = answer(FEED)
    url = f"http://rebind.example:{server.server_port}/feed"
    result = fetch(url, GUARDED, Network(look_up=look_up))
    assert (result.failure, "127.0.0.1 is not a public one" in result.error) == (Failure.REFUSED, True)
    assert looked_up == ["rebind.example"]
    assert server.requests == []


def test_a_name_with_several_addresses_is_reached_at_the_allowed_ones_only(server: Server) -> None:
    def look_up(_host: str, port: int, **_options: object) -> list[tuple[object, ...]]:
        return [
            (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, port))
            for address in ("10.0.0.1", "169.254.169.254", "127.0.0.1")
        ]

    server.routes["/feed"] = answer(FEED)
    network = Network(look_up=look_up, may_connect=ONLY_THE_SERVER.may_connect)
    result = fetch(f"http://many.example:{server.server_port}/feed", GUARDED, network)
    assert (result.status, result.body) == (FetchStatus.FETCHED, FEED)
    refused = fetch(f"http://many.example:{server.server_port}/feed", GUARDED, Network(look_up=look_up))
    assert refused.failure is Failure.REFUSED


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
    assert is_public(address) is public

"""Manners towards hosts and their answers: turns, rests, redirects for good, cookies, logins."""

from __future__ import annotations

import base64
import datetime as dt
import email.utils
import socket
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace

import pytest

from digest.adapters.fetch import HttpFetcher, Network
from digest.model import Failure, FetchRequest, FetchStatus
from tests.adapters.fetching import FEED, QUICK, fetch, fetch_all, fetch_route
from tests.adapters.http_server import Exchange, Route, Server, answer, http_server, redirect

TIRED = answer(b"later", status=429, headers={"Retry-After": "120"})


def look_up_here(_host: str, port: int, **_options: object) -> list[tuple[object, ...]]:
    """Find every name on this machine."""
    return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("127.0.0.1", port))]


def slow(exchange: Exchange) -> None:
    exchange.wait_for_stop(0.15)
    answer(FEED)(exchange)


# --------------------------------------------------------------------------- turns


def test_a_host_that_others_redirect_to_is_asked_no_more_at_a_time_than_any(server: Server) -> None:
    server.routes["/feed"] = slow
    with ExitStack() as stack:
        others = [stack.enter_context(http_server()) for _ in range(4)]
        for other in others:
            other.routes["/feed"] = redirect(f"{server.base}/feed")
        # The last waits for longer than its deadline, which does not count.
        limits = replace(QUICK, per_host=1, timeout_seconds=0.4)
        results = fetch_all([f"{other.base}/feed" for other in others], limits)
    assert {result.status for result in results.values()} == {FetchStatus.FETCHED}
    assert server.most_at_once == 1


def test_waiting_for_a_host_keeps_nobody_else_from_being_asked(server: Server) -> None:
    others_asked = threading.Event()

    def until_others_are_asked(exchange: Exchange) -> None:
        others_asked.wait(10)
        answer(FEED)(exchange)

    def last_of_others(exchange: Exchange) -> None:
        others_asked.set()
        answer(FEED)(exchange)

    with http_server() as other:
        server.routes.update(dict.fromkeys(["/1", "/2", "/3"], until_others_are_asked))
        other.routes.update({"/1": answer(FEED), "/2": answer(FEED), "/3": last_of_others})
        urls = [f"{server.base}/{number}" for number in (1, 2, 3)]
        urls += [f"{other.base}/{number}" for number in (1, 2, 3)]
        results = fetch_all(urls, replace(QUICK, per_host=1, concurrency=2))
    assert {result.status for result in results.values()} == {FetchStatus.FETCHED}


@pytest.mark.parametrize(
    ("ours", "asked"),
    [pytest.param(0.1, 0.0, id="ours"), pytest.param(0.0, 0.1, id="what-robots.txt-asks-for")],
)
def test_requests_to_one_host_are_spaced_and_the_wait_is_no_lateness(
    server: Server, ours: float, asked: float
) -> None:
    paths = [f"/{number}" for number in range(5)]
    server.routes.update(dict.fromkeys(paths, answer(FEED)))
    requests = [FetchRequest(key=path, url=server.base + path, spacing=asked) for path in paths]
    limits = replace(QUICK, spacing_seconds=ours, timeout_seconds=0.35, per_host=5)
    started = time.monotonic()
    results = list(HttpFetcher(limits).fetch(requests))
    assert {result.status for result in results} == {FetchStatus.FETCHED}
    assert time.monotonic() - started >= 4 * 0.1


def test_requests_to_one_host_share_a_connection_and_the_last_lets_it_go(server: Server) -> None:
    ports = []

    def note(exchange: Exchange) -> None:
        ports.append(exchange.client_address[1])
        answer(FEED)(exchange)

    paths = ["/1", "/2", "/3"]
    server.routes.update(dict.fromkeys(paths, note))
    fetch_all([server.base + path for path in paths], replace(QUICK, per_host=1))
    assert len(set(ports)) == 1
    assert [headers["Connection"] for _, headers in server.requests] == [None, None, "close"]


# --------------------------------------------------------------------------- rests


def fetch_in_turn(
    server: Server, paths: Sequence[str], fetcher: HttpFetcher | None = None
) -> list[FetchStatus]:
    requests = [FetchRequest(key=path, url=server.base + path) for path in paths]
    fetcher = fetcher or HttpFetcher(replace(QUICK, per_host=1))
    statuses = {result.key: result.status for result in fetcher.fetch(requests)}
    return [statuses[path] for path in paths]


@pytest.mark.parametrize(
    ("status", "headers", "rests"),
    [
        pytest.param(429, {"Retry-After": "120"}, True, id="429"),
        pytest.param(429, {}, True, id="429-without-a-time"),
        pytest.param(429, {"Retry-After": "0"}, False, id="429-for-no-time"),
        pytest.param(503, {"Retry-After": "120"}, True, id="503"),
        pytest.param(503, {}, False, id="503-without-a-time"),
        pytest.param(404, {"Retry-After": "120"}, False, id="404"),
    ],
)
def test_a_host_that_asks_for_rest_is_asked_no_more(
    server: Server, status: int, headers: dict[str, str], rests: bool
) -> None:
    server.routes.update({"/1": answer(status=status, headers=headers), "/2": answer(FEED)})
    later = FetchStatus.POSTPONED if rests else FetchStatus.FETCHED
    assert fetch_in_turn(server, ["/1", "/2"]) == [FetchStatus.FAILED, later]
    assert len(server.requests) == (1 if rests else 2)


def test_what_was_not_asked_is_postponed_with_a_reason(server: Server) -> None:
    server.routes["/1"] = TIRED
    requests = [FetchRequest(key=path, url=server.base + path) for path in ("/1", "/2")]
    fetcher = HttpFetcher(replace(QUICK, per_host=1))
    asked, not_asked = sorted(fetcher.fetch(requests), key=lambda result: result.key)
    assert (asked.failure, asked.retry_after, asked.http_status) == (Failure.BUSY, 120.0, 429)
    assert (not_asked.failure, not_asked.http_status, not_asked.url) == (Failure.BUSY, 0, f"{server.base}/2")
    assert not_asked.retry_after is not None
    assert 0 < not_asked.retry_after <= 120
    assert not_asked.error == "not asked: 127.0.0.1 wants to be left alone for another 2 min"


def test_a_rest_outlasts_the_fetch_that_was_told_of_it(server: Server) -> None:
    server.routes.update({"/1": TIRED, "/2": answer(FEED)})
    fetcher = HttpFetcher(QUICK)
    assert fetch_in_turn(server, ["/1"], fetcher) == [FetchStatus.FAILED]
    assert fetch_in_turn(server, ["/2"], fetcher) == [FetchStatus.POSTPONED]
    assert fetch_in_turn(server, ["/2"]) == [FetchStatus.FETCHED]


def test_a_resting_host_is_not_asked_for_a_redirect_either_and_others_are(server: Server) -> None:
    server.routes["/tired"] = TIRED
    with http_server() as other:
        other.routes.update({"/feed": answer(FEED), "/moved": redirect(f"{server.base}/feed")})
        fetcher = HttpFetcher(QUICK)
        assert fetch_in_turn(server, ["/tired"], fetcher) == [FetchStatus.FAILED]
        statuses = fetch_in_turn(other, ["/feed", "/moved"], fetcher)
    assert statuses == [FetchStatus.FETCHED, FetchStatus.POSTPONED]
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_as_a_date_is_kept(server: Server, status: int) -> None:
    later = email.utils.format_datetime(dt.datetime.now(dt.UTC) + dt.timedelta(hours=2), usegmt=True)
    result = fetch_route(server, answer(status=status, headers={"Retry-After": later}))
    assert result.retry_after is not None
    assert 7000 < result.retry_after <= 7200


# --------------------------------------------------------------------------- redirects for good


@pytest.mark.parametrize(
    ("statuses", "moved_to"),
    [
        pytest.param([], None, id="none"),
        pytest.param([301], "/1", id="301"),
        pytest.param([308], "/1", id="308"),
        pytest.param([301, 308], "/2", id="301-308"),
        pytest.param([301, 302], "/1", id="301-302"),
        pytest.param([301, 307, 301], "/1", id="301-307-301"),
        pytest.param([302], None, id="302"),
        pytest.param([303], None, id="303"),
        pytest.param([307], None, id="307"),
        pytest.param([302, 301], None, id="302-301"),
    ],
)
def test_only_an_unbroken_chain_of_permanent_redirects_moves_a_feed(
    server: Server, statuses: list[int], moved_to: str | None
) -> None:
    for step, status in enumerate(statuses):
        server.routes[f"/{step}"] = redirect(f"/{step + 1}", status)
    server.routes[f"/{len(statuses)}"] = answer(FEED)
    result = fetch(f"{server.base}/0")
    assert (result.body, result.url) == (FEED, f"{server.base}/{len(statuses)}")
    assert result.moved_to == (server.base + moved_to if moved_to else None)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("If-None-Match", '"a1b2"', id="etag"),
        pytest.param("If-Modified-Since", "Sat, 21 Nov 2026 08:00:00 GMT", id="last-modified"),
    ],
)
def test_a_condition_goes_along_to_where_the_feed_is(server: Server, name: str, value: str) -> None:
    server.routes.update({"/feed": redirect("/new", 301), "/new": answer(status=304)})
    request = FetchRequest(
        key="s",
        url=f"{server.base}/feed",
        etag=value if name == "If-None-Match" else None,
        last_modified=value if name == "If-Modified-Since" else None,
    )
    [result] = HttpFetcher(QUICK).fetch([request])
    assert (result.status, result.moved_to) == (FetchStatus.UNCHANGED, f"{server.base}/new")
    assert [headers[name] for _, headers in server.requests] == [value, value]


# --------------------------------------------------------------------------- cookies


def only_with_cookie(exchange: Exchange) -> None:
    """Set a cookie and redirect back, as sites do that look whether their visitor keeps it."""
    if "seen=1" in exchange.headers.get("Cookie", ""):
        answer(FEED)(exchange)
    else:
        answer(status=302, headers={"Location": exchange.path, "Set-Cookie": "seen=1; Path=/"})(exchange)


def test_a_cookie_is_kept_along_the_redirects_and_no_longer(server: Server) -> None:
    server.routes["/feed"] = only_with_cookie
    fetcher = HttpFetcher(replace(QUICK, per_host=1))
    for _ in range(2):
        [result] = fetcher.fetch([FetchRequest(key="s", url=f"{server.base}/feed")])
        assert result.body == FEED
    assert [headers["Cookie"] for _, headers in server.requests] == [None, "seen=1", None, "seen=1"]


def test_a_redirect_for_good_to_the_same_address_moves_nothing(server: Server) -> None:
    def bounce(exchange: Exchange) -> None:
        seen = exchange.headers["Cookie"]
        back = answer(status=301, headers={"Location": "/feed", "Set-Cookie": "seen=1"})
        (answer(FEED) if seen else back)(exchange)

    result = fetch_route(server, bounce)
    assert (result.body, result.moved_to) == (FEED, None)


def test_a_cookie_is_shown_to_its_own_host_only(server: Server) -> None:
    network = Network(look_up=look_up_here)
    there = f"http://other.example:{server.server_port}/new"
    server.routes["/feed"] = answer(status=302, headers={"Location": there, "Set-Cookie": "seen=1; Path=/"})
    server.routes["/new"] = answer(FEED)
    assert fetch(f"http://waha.example:{server.server_port}/feed", network=network).body == FEED
    assert [headers["Cookie"] for _, headers in server.requests] == [None, None]


def test_a_cookie_of_an_answer_reaches_no_other_feed(server: Server) -> None:
    greeting = answer(FEED, headers={"Set-Cookie": "seen=1; Path=/"})
    paths = ["/1", "/2", "/3"]
    server.routes.update(dict.fromkeys(paths, greeting))
    fetch_in_turn(server, paths)
    assert [headers["Cookie"] for _, headers in server.requests] == [None, None, None]


# --------------------------------------------------------------------------- logins

LOGIN = "Basic " + base64.b64encode("reader:سر".encode()).decode()


@pytest.mark.parametrize(
    ("location", "logins"),
    [
        pytest.param("/new", [LOGIN, LOGIN], id="same-host"),
        pytest.param("http://waha.example:{port}/new", [LOGIN, LOGIN], id="same-host-in-full"),
        pytest.param("http://other.example:{port}/new", [LOGIN, None], id="another-host"),
        pytest.param("http://x:y@other.example:{port}/new", [LOGIN, None], id="another-host-with-a-login"),
        pytest.param("http://x:y@waha.example:{port}/new", [LOGIN, LOGIN], id="same-host-with-another-login"),
    ],
)
def test_a_login_is_shown_to_the_asked_host_only_and_kept_nowhere(
    server: Server, location: str, logins: list[str | None]
) -> None:
    port = server.server_port
    server.routes.update(
        {"/feed": redirect(location.format(port=port), 301), "/new": answer(FEED)},
    )
    url = f"http://reader:%D8%B3%D8%B1@waha.example:{port}/feed"
    result = fetch(url, network=Network(look_up=look_up_here))
    assert result.body == FEED
    assert [headers["Authorization"] for _, headers in server.requests] == logins
    # Where it needs a login, a new address without one is no good.
    assert ("@" in result.url, result.moved_to) == (False, None)


def test_a_login_that_a_redirect_brings_is_dropped(server: Server) -> None:
    server.routes["/new"] = answer(FEED)
    result = fetch_route(server, redirect(f"http://x:y@127.0.0.1:{server.server_port}/new", 301))
    assert [headers["Authorization"] for _, headers in server.requests] == [None, None]
    assert (result.url, result.moved_to) == (f"{server.base}/new", f"{server.base}/new")


def test_a_login_does_not_show_in_reasons() -> None:
    result = fetch("ftp://reader:secret@waha.example/feed")
    assert result.failure is Failure.REFUSED
    assert "secret" not in result.error


def test_routes_are_asked_as_they_are_written(server: Server) -> None:
    route: Route = answer(FEED)
    server.routes["/feed%20of/%D8%A3"] = route
    assert fetch(f"{server.base}/feed of/أ?q=1#top").body == FEED


def test_what_a_temporary_redirect_leads_to_may_be_gone_and_the_asked_address_is_not(server: Server) -> None:
    server.routes.update({"/feed": redirect("/new", 302), "/moved": redirect("/new", 301)})
    server.routes["/new"] = answer(b"gone", status=410)
    assert fetch(f"{server.base}/feed").failure is Failure.MISSING
    assert fetch(f"{server.base}/moved").failure is Failure.GONE
    assert fetch(f"{server.base}/new").failure is Failure.GONE


def test_a_page_is_not_followed_to_another_site(server: Server) -> None:
    with http_server() as other:
        other.routes["/page"] = answer(b"<p>page</p>")
        server.routes["/page"] = redirect(f"http://localhost:{other.server_port}/page")
        server.routes["/here"] = redirect(f"http://127.0.0.1:{other.server_port}/page")
        requests = [
            FetchRequest(key=path, url=f"{server.base}{path}", same_site=True) for path in ("/page", "/here")
        ]
        limits = replace(QUICK, allow_private_addresses=True)
        results = {result.key: result for result in HttpFetcher(limits).fetch(requests)}
        assert [path for path, _ in other.requests] == ["/page"]
    assert (results["/page"].status, results["/page"].failure) == (FetchStatus.FAILED, Failure.REFUSED)
    assert results["/here"].body == b"<p>page</p>"

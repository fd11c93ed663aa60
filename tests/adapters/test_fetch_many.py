"""Many feeds at once: none stops another, and no host is asked too much."""

from __future__ import annotations

import socket
import threading
from dataclasses import replace

import pytest

from digest.adapters.fetch import HttpFetcher, Network
from digest.model import FetchRequest, FetchStatus
from tests.adapters.fetching import (
    FEED,
    IMPATIENT,
    QUICK,
    drip,
    fetch_all,
    fetch_route,
    never,
)
from tests.adapters.http_server import Exchange, Route, Server, answer, redirect

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
    requests = [FetchRequest(key=path, url=server.base + path) for path in paths]
    came = {}
    for result in HttpFetcher(replace(QUICK, concurrency=1)).fetch(requests):
        server.stopping.wait(0.01)
        came[result.key] = result.body
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
    requests = [FetchRequest(key=path, url=server.base + path) for path in paths]
    patient = replace(QUICK, timeout_seconds=3600, per_host=20)
    results = HttpFetcher(patient).fetch(requests)
    assert next(results).key == "/0"
    assert len(fetch_threads()) == 1
    results.close()
    assert fetch_threads() == []


def test_abandoning_the_results_ends_the_thread_though_results_wait_for_room(server: Server) -> None:
    paths = [f"/{number}" for number in range(30)]
    server.routes.update(dict.fromkeys(paths, answer(FEED)))
    requests = [FetchRequest(key=path, url=server.base + path) for path in paths]
    results = HttpFetcher(replace(QUICK, concurrency=2)).fetch(requests)
    next(results)
    results.close()
    assert fetch_threads() == []
    assert len(server.requests) < 30


def test_abandoning_the_results_ends_the_thread_though_a_name_is_never_found(server: Server) -> None:
    asked, given_up = threading.Event(), threading.Event()

    def look_up(*_args: object, **_options: object) -> list[tuple[object, ...]]:
        asked.set()
        given_up.wait(10)
        raise socket.gaierror(socket.EAI_AGAIN, "no answer")

    server.routes["/feed"] = answer(FEED)
    urls = ["http://nowhere.example/feed", f"{server.base}/feed"]
    results = HttpFetcher(QUICK, Network(look_up=look_up)).fetch(
        [FetchRequest(key=url, url=url) for url in urls]
    )
    assert next(results).key == urls[1]
    assert asked.wait(10)
    results.close()
    assert fetch_threads() == []
    assert not given_up.is_set()
    given_up.set()


def test_dead_names_do_not_keep_others_from_being_found(server: Server) -> None:
    # More dead names than asyncio's own threads could wait for.
    given_up = threading.Event()

    def look_up(host: str, port: int, **_options: object) -> list[tuple[object, ...]]:
        if host.startswith("dead"):
            given_up.wait(10)
            raise socket.gaierror(socket.EAI_AGAIN, "no answer")
        return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("127.0.0.1", port))]

    server.routes["/feed"] = answer(FEED)
    urls = [f"http://dead{number}.example/feed" for number in range(50)]
    urls.append(f"http://alive.example:{server.server_port}/feed")
    limits = replace(QUICK, concurrency=len(urls))
    results = HttpFetcher(limits, Network(look_up=look_up)).fetch(
        [FetchRequest(key=url, url=url) for url in urls]
    )
    assert next(results).body == FEED
    given_up.set()
    assert {result.error.partition(" ")[0] for result in results} == {"the"}


def test_idle_connections_do_not_pile_up(server: Server) -> None:
    server.routes["/feed"] = answer(FEED)

    def look_up(_host: str, port: int, **_options: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("127.0.0.1", port))]

    urls = [f"http://host{number}.example:{server.server_port}/feed" for number in range(20)]
    results = fetch_all(urls, network=Network(look_up=look_up))
    assert {result.status for result in results.values()} == {FetchStatus.FETCHED}
    assert [headers["Connection"] for _, headers in server.requests] == ["close"] * 20

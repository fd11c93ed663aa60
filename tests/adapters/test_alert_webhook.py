"""The operator's webhook, against a server on loopback: what it gets, and every way in which it may fail."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable

import pytest

from digest.adapters.alert_webhook import post_alert
from digest.errors import SenderError
from tests.adapters.fetching import never
from tests.adapters.http_server import Exchange, Route, Server, answer, redirect

_SECRET = "/services/T0/B0/very-secret"


def _endless(exchange: Exchange) -> None:
    exchange.send_response(500)
    exchange.send_header("Content-Length", "1000000000000")
    exchange.end_headers()
    try:
        while not exchange.wait_for_stop(0):
            exchange.wfile.write(b"no " * 10_000)
    except OSError:
        exchange.close_connection = True


def _hangs_up(exchange: Exchange) -> None:
    exchange.close_connection = True


def test_it_gets_the_words_as_json(server: Server) -> None:
    got: list[tuple[str, bytes]] = []

    def take(exchange: Exchange) -> None:
        length = int(exchange.headers["Content-Length"])
        got.append((exchange.headers["Content-Type"], exchange.rfile.read(length)))
        answer(b"ok")(exchange)

    server.routes[_SECRET] = take
    post_alert(server.base + _SECRET, "[Mujaz] فات موعد النشرة", "Since 03:30 UTC.")
    [(kind, body)] = got
    assert kind == "application/json"
    assert json.loads(body) == {"text": "[Mujaz] فات موعد النشرة\n\nSince 03:30 UTC."}


@pytest.mark.parametrize(
    ("route", "says"),
    [
        pytest.param(answer(b"no_service\n", status=404), "it answers 404 no_service", id="refused"),
        pytest.param(answer(b"", status=500), "it answers 500", id="without a word"),
        pytest.param(answer(b"\xff\xfe" * 500, status=503), "it answers 503", id="no text, and much of it"),
        pytest.param(redirect("/elsewhere"), "it answers 302", id="a redirect is not followed"),
        pytest.param(_endless, "it answers 500 no no", id="an answer without end"),
        pytest.param(never, "no answer within 0.5 s", id="no answer"),
        pytest.param(_hangs_up, "it cannot be reached: Server disconnected", id="hangs up"),
    ],
)
def test_what_does_not_take_it_is_an_error_in_plain_words(route: Route, says: str, server: Server) -> None:
    server.routes[_SECRET] = route
    with pytest.raises(SenderError) as failed:
        post_alert(server.base + _SECRET, "subject", "text", seconds=0.5)
    assert str(failed.value).startswith(says)
    assert len(str(failed.value)) < 300
    assert [path for path, _ in server.requests] == [_SECRET]


def _closed_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


@pytest.mark.parametrize(
    "base",
    [
        pytest.param(_closed_port, id="nobody listens"),
        pytest.param(lambda: "http://nobody.invalid", id="no such name"),
        pytest.param(lambda: "http://[::1", id="no address"),
        pytest.param(lambda: "https://127.0.0.1:1", id="no server behind TLS"),
    ],
)
def test_where_nobody_is_the_address_is_in_no_error(base: Callable[[], str]) -> None:
    with pytest.raises(SenderError, match="cannot be reached") as failed:
        post_alert(base() + _SECRET, "subject", "text", seconds=2)
    assert "secret" not in str(failed.value)

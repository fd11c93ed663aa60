"""SendGrid that hangs, drops, is busy or closed: one request is one fate of all its readers, and of no others."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest

from digest.adapters.sendgrid import SendgridSender
from digest.adapters.store import Store, open_store
from digest.model import DeliveryState
from tests.adapters.sendgrid_server import (
    API_KEY,
    DROP,
    GARBAGE,
    HANG,
    Answer,
    SendgridDouble,
    sendgrid_server,
)
from tests.delivery.sending import addresses, desk_of
from tests.samples import ENVELOPE

SENT, PENDING, UNKNOWN = DeliveryState.SENT, DeliveryState.PENDING, DeliveryState.UNKNOWN
LATER = DeliveryState.FAILED_TEMP
_CHUNK = 2


def _says(status: int, **headers: str) -> Answer:
    said = json.dumps({"errors": [{"message": "no", "field": None}]}).encode()
    return status, {name.replace("_", "-"): value for name, value in headers.items()}, said


def _sender(host: str) -> SendgridSender:
    return SendgridSender(api_key=API_KEY, host=host, timeout_seconds=0.5, chunk=_CHUNK, envelope=ENVELOPE)


@pytest.fixture
def memory() -> Iterator[Store]:
    """A database in memory: the carrier is what is tested here."""
    store = open_store("sqlite:///:memory:")
    yield store
    store.close()


@pytest.mark.parametrize(
    ("answer", "then"),
    [
        pytest.param(HANG, UNKNOWN, id="hangs"),
        pytest.param(DROP, UNKNOWN, id="drops the connection"),
        pytest.param(GARBAGE, UNKNOWN, id="answers what is not HTTP"),
        pytest.param(_says(502), UNKNOWN, id="a gateway that does not know"),
        pytest.param(_says(503), LATER, id="busy"),
        pytest.param(_says(500), LATER, id="in trouble"),
    ],
)
def test_one_request_s_trouble_is_its_readers_alone(
    memory: Store, answer: Answer, then: DeliveryState
) -> None:
    desk = desk_of(memory, 3 * _CHUNK)
    double = SendgridDouble(instead=lambda number: answer if number == 2 else None)
    with sendgrid_server(double) as host:
        assert not desk.send(_sender(host)).stopped
        assert desk.states() == [SENT, SENT, then, then, SENT, SENT]
        desk.clock.sleep(3600)
        assert not desk.send(_sender(host)).stopped
    again = SENT if then is LATER else UNKNOWN
    assert desk.states() == [SENT, SENT, again, again, SENT, SENT]
    wanted = desk.readers if then is LATER else [*desk.readers[:2], *desk.readers[4:]]
    assert addresses([(address, "") for address, _ in double.arrived]) == wanted


def test_a_rate_limit_stops_the_run_until_its_reset(memory: Store) -> None:
    desk = desk_of(memory, 3 * _CHUNK)
    reset = int(desk.clock.now().timestamp()) + 40
    double = SendgridDouble(
        instead=lambda number: _says(429, X_RateLimit_Reset=str(reset)) if number == 2 else None
    )
    with sendgrid_server(double) as host:
        report = desk.send(_sender(host))
        assert desk.states() == [SENT, SENT, PENDING, PENDING, PENDING, PENDING]
        assert "429" in report.stopped
        assert report.retry_at is not None
        assert report.retry_at.timestamp() == reset
        desk.clock.moment = report.retry_at
        assert not desk.send(_sender(host)).stopped
    assert desk.states() == [SENT] * 6
    assert {one.attempts for one in desk.deliveries().values()} == {1}


@pytest.mark.parametrize("status", [401, 403, 413])
def test_refused_as_a_whole_nobody_is_failed(memory: Store, status: int) -> None:
    desk = desk_of(memory, 3 * _CHUNK)
    with sendgrid_server(SendgridDouble(instead=lambda _: _says(status))) as host:
        report = desk.send(_sender(host))
    assert str(status) in report.stopped
    assert desk.states() == [PENDING] * 6


def test_a_connection_that_is_refused_leaves_all_pending(memory: Store) -> None:
    desk = desk_of(memory, 3 * _CHUNK)
    with socket.socket() as taken:
        # Bound, so that nobody else gets it, and not listening.
        taken.bind(("127.0.0.1", 0))
        report = desk.send(_sender(f"http://127.0.0.1:{taken.getsockname()[1]}"))
    assert "no connection" in report.stopped
    assert desk.states() == [PENDING] * 6

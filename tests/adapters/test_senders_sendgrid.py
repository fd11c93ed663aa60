"""What SendGrid answers, refuses and does, and what that means for the readers."""

from __future__ import annotations

import datetime as dt
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from digest.adapters.sendgrid import SendgridSender
from digest.errors import SenderError
from digest.model import Message, Receipt, ReceiptStatus
from digest.ports import Outgoing
from tests.adapters.sendgrid_server import (
    API_KEY,
    DROP,
    GARBAGE,
    HANG,
    Answer,
    SendgridDouble,
    errors,
    sendgrid_server,
)
from tests.conftest import NOW
from tests.samples import ENVELOPE, outgoing

_PATIENCE = 0.4


def _sender(host: str, *, key: str = API_KEY, patience: float = 10, sandbox: bool = False) -> SendgridSender:
    return SendgridSender(
        api_key=key,
        host=host,
        timeout_seconds=patience,
        chunk=250,
        envelope=ENVELOPE,
        sandbox=sandbox,
    )


def _statuses(receipts: list[Receipt]) -> list[ReceiptStatus]:
    return [receipt.status for receipt in receipts]


def _first(answer: Answer) -> Callable[[int], Answer | None]:
    return lambda number: answer if number == 1 else None


def _refusal(status: int, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return errors(status, [("", "for a test\0")], named)


# --------------------------------------------------------------------------- what is asked


def test_one_request_carries_a_variant_s_readers() -> None:
    double = SendgridDouble()
    with sendgrid_server(double) as url:
        batch = [outgoing(number, variant="ab"[number % 2]) for number in range(6)]
        receipts = _sender(url).send(batch, NOW)
    assert sorted(receipt.delivery_id for receipt in receipts) == list(range(6))
    assert [len(request["personalizations"]) for request in double.requests] == [3, 3]
    assert len({request["subject"] for request in double.requests}) == 2


def test_a_thousand_readers_fit_into_a_request() -> None:
    double = SendgridDouble()
    with sendgrid_server(double) as url:
        receipts = _sender(url).send([outgoing(number) for number in range(1000)], NOW)
    assert _statuses(receipts) == [ReceiptStatus.SENT] * 1000
    assert len(double.requests) == 1


def test_nothing_personal_is_in_what_sendgrid_keeps() -> None:
    double = SendgridDouble()
    with sendgrid_server(double) as url:
        _sender(url).send([outgoing(1), outgoing(2)], NOW)
    [request] = double.requests
    assert [personal["custom_args"] for personal in request["personalizations"]] == [
        {"delivery": "1"},
        {"delivery": "2"},
    ]
    assert "categories" not in request
    assert "custom_args" not in request


def test_each_reader_has_an_unsubscribe_header_of_the_reader_s_own() -> None:
    double = SendgridDouble()
    with sendgrid_server(double) as url:
        _sender(url).send([outgoing(1), outgoing(2)], NOW)
    [request] = double.requests
    headers = [personal["headers"] for personal in request["personalizations"]]
    assert [header["List-Unsubscribe-Post"] for header in headers] == ["List-Unsubscribe=One-Click"] * 2
    for number, header in enumerate(headers, start=1):
        assert header["List-Unsubscribe"].startswith(f"<{outgoing(number).reader.unsubscribe_url}>, <mailto:")
    assert "List-Unsubscribe" not in request["headers"]


def test_a_receipt_carries_sendgrid_s_own_id() -> None:
    with sendgrid_server(SendgridDouble()) as url:
        [receipt] = _sender(url).send([outgoing(1)], NOW)
    assert receipt.detail == "202 f00"


def test_what_is_more_than_sendgrid_takes_is_not_sent() -> None:
    double = SendgridDouble()
    large = Message(subject="كبيرة", html="x" * 30_000_000, text="x")
    one = Outgoing(message=large, reader=outgoing(1).reader, edition_id="e1", variant="default")
    with sendgrid_server(double) as url, pytest.raises(SenderError, match="more than SendGrid takes"):
        _sender(url).send([one], NOW)
    assert double.requests == []


# --------------------------------------------------------------------------- what is answered


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        pytest.param(_refusal(408), ReceiptStatus.DEFERRED, id="408 too slow"),
        pytest.param(_refusal(500), ReceiptStatus.DEFERRED, id="500"),
        pytest.param(_refusal(503), ReceiptStatus.DEFERRED, id="503 not available"),
        pytest.param(_refusal(502), ReceiptStatus.UNKNOWN, id="502 of a gateway"),
        pytest.param(_refusal(504), ReceiptStatus.UNKNOWN, id="504 of a gateway"),
        pytest.param(_refusal(520), ReceiptStatus.UNKNOWN, id="520 of a gateway's own"),
        pytest.param(GARBAGE, ReceiptStatus.UNKNOWN, id="no HTTP"),
        pytest.param(DROP, ReceiptStatus.UNKNOWN, id="no answer, and the end"),
        pytest.param(HANG, ReceiptStatus.UNKNOWN, id="no answer at all"),
    ],
)
def test_an_answer_means_all_readers_of_the_request(answer: Answer, status: ReceiptStatus) -> None:
    double = SendgridDouble(instead=_first(answer))
    with sendgrid_server(double) as url:
        sender = _sender(url, patience=_PATIENCE)
        receipts = sender.send([outgoing(1), outgoing(2), outgoing(3, variant="other")], NOW)
        assert _statuses(receipts) == [status, status, ReceiptStatus.SENT]
    assert all(receipt.detail for receipt in receipts)
    assert [to for to, _ in double.arrived] == [outgoing(3).reader.email]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        pytest.param(_refusal(400), "400", id="400 that names nobody"),
        pytest.param(_refusal(401), "401", id="401"),
        pytest.param(_refusal(403), "403", id="403"),
        pytest.param(_refusal(404), "404", id="404: this is not SendGrid"),
        pytest.param(_refusal(413), "413", id="413"),
        pytest.param((302, {"Location": "/login"}, b""), "answers 200", id="a redirect to a page for people"),
        pytest.param((307, {"Location": "/login"}, b""), "307", id="a redirect that keeps the method"),
        pytest.param((200, {}, b"<html>welcome</html>"), "answers 200", id="a page for people"),
    ],
)
def test_a_refusal_of_everything_fails_nobody(answer: Answer, said: str) -> None:
    double = SendgridDouble(instead=lambda number: answer)
    with sendgrid_server(double) as url, pytest.raises(SenderError, match=said):
        _sender(url).send([outgoing(1), outgoing(2)], NOW)
    assert double.arrived == []


def test_a_wrong_key_stops_everything_and_is_not_said() -> None:
    with sendgrid_server(SendgridDouble()) as url, pytest.raises(SenderError, match="401") as caught:
        _sender(url, key="SG.wrong").send([outgoing(1)], NOW)
    assert "SG.wrong" not in str(caught.value)


def test_a_refusal_after_other_variants_left_returns_the_rest() -> None:
    double = SendgridDouble(instead=lambda number: _refusal(401) if number == 2 else None)
    with sendgrid_server(double) as url:
        receipts = _sender(url).send([outgoing(1), outgoing(2, variant="b"), outgoing(3, variant="c")], NOW)
    by_id = {receipt.delivery_id: receipt.status for receipt in receipts}
    assert by_id == {1: ReceiptStatus.SENT, 2: ReceiptStatus.RETURNED, 3: ReceiptStatus.SENT}


def test_addresses_that_sendgrid_refuses_fail_alone() -> None:
    double = SendgridDouble()
    wrong = ["a;b@example.org", "قارئ"]
    batch = [outgoing(1), outgoing(2, email=wrong[0]), outgoing(3), outgoing(4, email=wrong[1]), outgoing(5)]
    with sendgrid_server(double) as url:
        receipts = _sender(url).send(batch, NOW)
    by_id = {receipt.delivery_id: receipt for receipt in receipts}
    rejected = [number for number, one in by_id.items() if one.status is ReceiptStatus.REJECTED]
    assert sorted(rejected) == [2, 4]
    assert "valid address" in by_id[2].detail
    assert sorted(to for to, _ in double.arrived) == [outgoing(number).reader.email for number in (1, 3, 5)]
    assert len(receipts) == 5


def test_nobody_is_left_where_sendgrid_refuses_every_address() -> None:
    double = SendgridDouble()
    with sendgrid_server(double) as url:
        receipts = _sender(url).send([outgoing(1, email="x"), outgoing(2, email="y")], NOW)
    assert _statuses(receipts) == [ReceiptStatus.REJECTED] * 2
    assert len(double.requests) == 1


def test_an_address_that_it_dislikes_is_no_bounce() -> None:
    with sendgrid_server(SendgridDouble()) as url:
        receipts = _sender(url).send([outgoing(1, email="a;b@example.org")], NOW)
    assert [(one.status, one.bounce) for one in receipts] == [(ReceiptStatus.REJECTED, None)]


def test_a_repeated_address_goes_in_a_request_of_its_own() -> None:
    double = SendgridDouble()
    same = outgoing(1).reader.email
    batch = [outgoing(1), outgoing(2, email=same.upper()), outgoing(3), outgoing(4, email=same)]
    with sendgrid_server(double) as url:
        receipts = _sender(url).send(batch, NOW)
    assert _statuses(receipts) == [ReceiptStatus.SENT] * 4
    assert sorted(len(request["personalizations"]) for request in double.requests) == [1, 1, 2]


@pytest.mark.parametrize(
    "reader",
    [
        pytest.param({"email": "قارئ@example.org"}, id="letters beyond ASCII before the @"),
        pytest.param({"unsubscribe_url": "https://news.example/" + "u" * 10_000}, id="too long a link"),
    ],
)
def test_what_sendgrid_would_not_take_of_one_reader_fails_alone(reader: dict[str, Any]) -> None:
    double = SendgridDouble()
    odd = outgoing(1)
    odd = replace(odd, reader=replace(odd.reader, **reader))
    with sendgrid_server(double) as url:
        receipts = _sender(url).send([odd, outgoing(2)], NOW)
    by_id = {receipt.delivery_id: receipt for receipt in receipts}
    assert by_id[1].status is ReceiptStatus.REJECTED
    assert "SendGrid takes" in by_id[1].detail
    assert by_id[2].status is ReceiptStatus.SENT
    # It was not even asked.
    assert [len(request["personalizations"]) for request in double.requests] == [1]


# --------------------------------------------------------------------------- too many requests


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        pytest.param({"X_RateLimit_Reset": str(int(NOW.timestamp()) + 42)}, 42, id="a moment"),
        pytest.param({"Retry_After": "7"}, 7, id="a number of seconds"),
        pytest.param(
            {"X_RateLimit_Reset": str(int(NOW.timestamp()) + 42), "Retry_After": "7"}, 42, id="both"
        ),
        pytest.param({"X_RateLimit_Reset": "12"}, 0, id="a moment long past"),
        pytest.param({"X_RateLimit_Reset": "9" * 12}, 3600, id="a moment that cannot be meant"),
        pytest.param({"X_RateLimit_Reset": "soon"}, None, id="no number"),
        pytest.param({"X_RateLimit_Reset": "9" * 5000}, None, id="more than a number"),
        pytest.param({}, None, id="nothing"),
    ],
)
def test_a_rate_limit_says_when_to_go_on(headers: dict[str, str], seconds: int | None) -> None:
    double = SendgridDouble(instead=_first(_refusal(429, **headers)))
    with sendgrid_server(double) as url:
        with pytest.raises(SenderError, match="429") as caught:
            _sender(url).send([outgoing(1), outgoing(2)], NOW)
        wait = None if seconds is None else NOW + dt.timedelta(seconds=seconds)
        assert caught.value.retry_at == wait
        assert double.arrived == []
        assert _statuses(_sender(url).send([outgoing(1), outgoing(2)], NOW)) == [ReceiptStatus.SENT] * 2


def test_what_is_logged_of_a_refusal_names_no_reader() -> None:
    answer = errors(400, [("personalizations", "You have included layla.k+1@example.org more than once.")])
    with sendgrid_server(SendgridDouble(instead=lambda number: answer)) as url:
        with pytest.raises(SenderError, match=r"included \(an address\) more") as caught:
            _sender(url).send([outgoing(1)], NOW)
        assert "layla" not in str(caught.value)


# --------------------------------------------------------------------------- settings


def test_in_the_sandbox_all_is_checked_and_nothing_sent() -> None:
    double = SendgridDouble()
    with sendgrid_server(double) as url:
        sender = _sender(url, sandbox=True)
        [receipt] = sender.send([outgoing(1)], NOW)
        wrong = sender.send([outgoing(2, email="a;b@example.org")], NOW)
    assert (receipt.status, receipt.detail) == (ReceiptStatus.SENT, "200")
    assert _statuses(wrong) == [ReceiptStatus.REJECTED]
    assert "sandbox" in sender.destination
    assert double.requests[0]["mail_settings"] == {"sandbox_mode": {"enable": True}}
    assert double.arrived == []


@pytest.mark.parametrize(("chunk", "batch"), [(1, 1), (250, 250), (1000, 1000), (5000, 1000)])
def test_a_request_holds_no_more_than_sendgrid_takes(chunk: int, batch: int) -> None:
    sender = SendgridSender(API_KEY, "https://api.eu.sendgrid.com", 10, chunk, ENVELOPE)
    assert (sender.batch, sender.lanes) == (batch, 1)
    assert sender.destination == "sendgrid https://api.eu.sendgrid.com"


@pytest.mark.parametrize("key", ["SG.line\nend", "SG.مفتاح"])
def test_a_key_that_is_none_is_not_told_to_anybody(key: str) -> None:
    double = SendgridDouble()
    with sendgrid_server(double) as url, pytest.raises(SenderError, match="no key has") as caught:
        _sender(url, key=key).send([outgoing(1)], NOW)
    assert double.requests == []
    assert key not in str(caught.value)


# --------------------------------------------------------------------------- no connection


def test_nothing_listens() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        with pytest.raises(SenderError, match="refused"):
            _sender(f"http://127.0.0.1:{probe.getsockname()[1]}").send([outgoing(1)], NOW)


@pytest.mark.parametrize(
    "host",
    [
        pytest.param("http://sendgrid.invalid", id="no such host"),
        pytest.param("http://127.0.0.1 :1", id="no host's name"),
    ],
)
def test_a_host_that_cannot_be_reached(host: str) -> None:
    with pytest.raises(SenderError, match="no connection"):
        _sender(host, patience=2).send([outgoing(1)], NOW)


@contextmanager
def _deaf_host() -> Iterator[int]:
    """A port that completes no further connection: its queue is full, and nobody takes from it."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        port = listener.getsockname()[1]
        waiting = []
        for _ in range(4):
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", port))
            waiting.append(client)
        yield port
        for client in waiting:
            client.close()


def test_a_host_that_takes_no_connection_got_nothing() -> None:
    with _deaf_host() as port, pytest.raises(SenderError, match="timed out"):
        _sender(f"http://127.0.0.1:{port}", patience=_PATIENCE).send([outgoing(1)], NOW)


def test_a_host_that_stops_reading_got_no_whole_request() -> None:
    large = Message(subject="كبيرة", html="x" * 8_000_000, text="x")
    one = Outgoing(message=large, reader=outgoing(1).reader, edition_id="e1", variant="default")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        over = threading.Event()

        def accept() -> None:
            connection, _ = listener.accept()
            with connection:
                over.wait(timeout=20)

        thread = threading.Thread(target=accept)
        thread.start()
        with pytest.raises(SenderError, match="timed out"):
            _sender(f"http://127.0.0.1:{listener.getsockname()[1]}", patience=_PATIENCE).send([one], NOW)
        over.set()
        thread.join()

"""What SMTP servers answer, refuse and do, and what that means for the readers."""

from __future__ import annotations

import os
import pathlib
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

from digest.adapters.smtp import SmtpSender, SmtpServer
from digest.errors import SenderError
from digest.mailer.mime import Assembler
from digest.model import Bounce, Receipt, ReceiptStatus
from digest.ports import Outgoing
from tests.adapters.smtp_server import DROP, HANG, Mailbox, certificate, smtp_server
from tests.conftest import NOW, REPOSITORY
from tests.samples import ENVELOPE, outgoing

_PATIENCE = 0.4


@contextmanager
def _sender(
    port: int,
    *,
    security: str = "none",
    username: str = "",
    password: str = "",
    connections: int = 1,
    patience: float = 10,
    idle_seconds: float = 60,
    return_path: str = "",
    verp: bool = False,
) -> Iterator[SmtpSender]:
    server = SmtpServer(
        host="127.0.0.1",
        port=port,
        username=username,
        password=password,
        security=security,
        timeout_seconds=patience,
        idle_seconds=idle_seconds,
    )
    sender = SmtpSender(
        server,
        ENVELOPE.from_address,
        Assembler(ENVELOPE),
        connections,
        return_path=return_path,
        verp=verp,
    )
    try:
        yield sender
    finally:
        sender.close()


def _statuses(receipts: list[Receipt]) -> list[ReceiptStatus]:
    return [receipt.status for receipt in receipts]


_FIRST = outgoing(1).reader.email


def _send(sender: SmtpSender, *batch: Outgoing) -> list[Receipt]:
    return [receipt for one in batch for receipt in sender.send([one], NOW)]


@pytest.mark.parametrize("pipelining", [False, True], ids=["step by step", "pipelined"])
@pytest.mark.parametrize(
    ("how", "status", "bounce", "words"),
    [
        pytest.param(
            {"rcpt": "550 5.1.1 لا أحد هنا"},
            ReceiptStatus.REJECTED,
            Bounce.HARD,
            "550 5.1.1 لا أحد",
            id="5xx to RCPT",
        ),
        pytest.param({"rcpt": "450 busy"}, ReceiptStatus.DEFERRED, Bounce.SOFT, "450", id="4xx to RCPT"),
        pytest.param({"rcpt": "251 moved on"}, ReceiptStatus.SENT, None, "250", id="251 to RCPT"),
        pytest.param({"data": "554 spam"}, ReceiptStatus.REJECTED, None, "554", id="5xx to the message"),
        pytest.param({"data": "452 no room"}, ReceiptStatus.DEFERRED, None, "452", id="4xx to the message"),
        pytest.param({"data": "421 closing"}, ReceiptStatus.DEFERRED, None, "421", id="421 to the message"),
        pytest.param({"data": "so be it"}, ReceiptStatus.UNKNOWN, None, "", id="no answer of SMTP's"),
        pytest.param({"data": "250 " + "x" * 9000}, ReceiptStatus.UNKNOWN, None, "too long", id="endless"),
        pytest.param({"rcpt": DROP}, ReceiptStatus.DEFERRED, None, "connection broke", id="dropped before"),
        pytest.param({"data": DROP}, ReceiptStatus.UNKNOWN, None, "message began", id="dropped after"),
    ],
)
def test_an_answer_means_that_reader_alone(
    how: dict[str, str], status: ReceiptStatus, bounce: Bounce | None, words: str, *, pipelining: bool
) -> None:
    answers: dict[str, Any] = {stage: {_FIRST: answer} for stage, answer in how.items()}
    mailbox = Mailbox(pipelining=pipelining, **answers)
    with smtp_server(mailbox) as port, _sender(port) as sender:
        receipts = _send(sender, *(outgoing(number) for number in range(3)))
        assert _statuses(receipts) == [ReceiptStatus.SENT, status, ReceiptStatus.SENT]
        assert words in receipts[1].detail
        assert [receipt.bounce for receipt in receipts] == [None, bounce, None]
    others = {outgoing(number).reader.email for number in (0, 2)}
    assert others <= {address for address, _ in mailbox.arrived}


@pytest.mark.parametrize(
    ("mailbox", "status"),
    [
        pytest.param(Mailbox(rcpt={_FIRST: HANG}), ReceiptStatus.DEFERRED, id="before the data"),
        pytest.param(Mailbox(data={_FIRST: HANG}), ReceiptStatus.UNKNOWN, id="after the data"),
    ],
)
def test_a_server_that_falls_silent_is_given_up(mailbox: Mailbox, status: ReceiptStatus) -> None:
    with smtp_server(mailbox) as port, _sender(port, patience=_PATIENCE) as sender:
        assert _statuses(_send(sender, outgoing(1))) == [status]


def test_a_server_that_takes_data_without_a_reader_gets_no_message() -> None:
    # RFC 2920, 3.1: pipelined DATA may be answered 354 though RCPT was refused.
    mailbox = Mailbox(pipelining=True, lenient=True, rcpt={_FIRST: "550 5.1.1 nobody"})
    with smtp_server(mailbox) as port, _sender(port) as sender:
        receipts = _send(sender, outgoing(1), outgoing(2))
    assert _statuses(receipts) == [ReceiptStatus.REJECTED, ReceiptStatus.SENT]
    assert receipts[0].bounce is Bounce.HARD
    assert [address for address, _ in mailbox.arrived] == [outgoing(2).reader.email]
    assert mailbox.connections == 1


def test_a_refused_sender_stops_everything() -> None:
    mailbox = Mailbox(mail="553 5.7.1 not from you")
    with smtp_server(mailbox) as port, _sender(port) as sender:
        with pytest.raises(SenderError, match=r"553 5\.7\.1 not from you"):
            _send(sender, outgoing(1))
        mailbox.mail = "451 later"
        assert _statuses(_send(sender, outgoing(1))) == [ReceiptStatus.DEFERRED]
    assert mailbox.arrived == []
    assert set(mailbox.senders) == {ENVELOPE.from_address}


@pytest.mark.parametrize(
    ("settings", "senders"),
    [
        pytest.param({}, ["mujaz@news.example"] * 2, id="the sender's own"),
        pytest.param({"return_path": "bounces@b.example"}, ["bounces@b.example"] * 2, id="elsewhere"),
        pytest.param(
            {"return_path": "bounces@b.example", "verp": True},
            ["bounces+1@b.example", "bounces+2@b.example"],
            id="each delivery's own",
        ),
        pytest.param(
            {"verp": True}, ["mujaz+1@news.example", "mujaz+2@news.example"], id="the sender's with it"
        ),
    ],
)
def test_bounces_come_back_where_they_are_told_to(settings: dict[str, Any], senders: list[str]) -> None:
    mailbox = Mailbox()
    with smtp_server(mailbox) as port, _sender(port, **settings) as sender:
        _send(sender, outgoing(1), outgoing(2))
    assert mailbox.senders == senders
    # What readers see stays the same.
    assert all(b"<mujaz@news.example>" in raw and b"bounces" not in raw for _, raw in mailbox.arrived)


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("قارئ@example.org", id="letters beyond ASCII"),
        pytest.param("a@example.org>\r\nRCPT TO:<b@example.org", id="a second command"),
        pytest.param("a@example.org> SIZE=1", id="a parameter"),
        pytest.param("a\0@example.org", id="NUL"),
    ],
)
def test_an_address_that_smtp_cannot_carry_fails_alone(address: str) -> None:
    mailbox = Mailbox(pipelining=True)
    with smtp_server(mailbox, enable_SMTPUTF8=False) as port, _sender(port) as sender:
        receipts = _send(sender, outgoing(1, email=address), outgoing(2))
    assert _statuses(receipts) == [ReceiptStatus.REJECTED, ReceiptStatus.SENT]
    assert receipts[0].bounce is None
    assert [to for to, _ in mailbox.arrived] == [outgoing(2).reader.email]


# --------------------------------------------------------------------------- connections


def test_connections_are_kept_and_shared() -> None:
    mailbox = Mailbox()
    with smtp_server(mailbox) as port, _sender(port, connections=3) as sender:
        assert (sender.batch, sender.lanes) == (1, 3)
        with ThreadPoolExecutor(3) as lanes:
            receipts = list(lanes.map(lambda number: _send(sender, outgoing(number))[0], range(18)))
        assert set(_statuses(receipts)) == {ReceiptStatus.SENT}
        assert mailbox.farewells == 0
    assert len(mailbox.arrived) == 18
    assert 1 <= mailbox.connections <= 3
    assert mailbox.farewells == mailbox.connections


def test_one_lane_keeps_to_one_connection() -> None:
    mailbox = Mailbox()
    with smtp_server(mailbox) as port, _sender(port, connections=3) as sender:
        _send(sender, *(outgoing(number) for number in range(6)))
    assert mailbox.connections == 1


def test_a_connection_that_the_server_closed_meanwhile_is_made_anew() -> None:
    mailbox = Mailbox()
    # aiosmtpd ends a connection that says nothing for this long.
    with smtp_server(mailbox, timeout=0.2) as port, _sender(port) as sender:
        _send(sender, outgoing(1))
        time.sleep(0.35)
        assert _statuses(_send(sender, outgoing(2))) == [ReceiptStatus.SENT]
    assert mailbox.connections == 2


def test_a_connection_that_was_silent_for_long_is_not_used_again() -> None:
    mailbox = Mailbox()
    with smtp_server(mailbox) as port, _sender(port, idle_seconds=0) as sender:
        assert _statuses(_send(sender, outgoing(1), outgoing(2))) == [ReceiptStatus.SENT] * 2
        assert (mailbox.connections, mailbox.farewells) == (2, 1)


# --------------------------------------------------------------------------- the server as a whole


def test_nothing_listens() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        with _sender(port) as sender, pytest.raises(SenderError, match="refused"):
            sender.send([outgoing(1)], NOW)


@pytest.mark.parametrize(
    ("greeting", "said"),
    [
        pytest.param(b"554 no service here\r\n", "554 no service", id="a refusal"),
        pytest.param(b"HTTP/1.1 400 Bad Request\r\n\r\n", "cannot be used", id="another protocol"),
        pytest.param(b"", "cannot be used", id="nothing, and the end"),
        pytest.param(None, "timed out", id="nothing at all"),
    ],
)
def test_a_greeting_that_is_none_stops_everything(greeting: bytes | None, said: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        over = threading.Event()

        def greet() -> None:
            connection, _ = listener.accept()
            with connection:
                if greeting is None:
                    over.wait(timeout=20)
                else:
                    connection.sendall(greeting)

        thread = threading.Thread(target=greet)
        thread.start()
        with _sender(listener.getsockname()[1], patience=_PATIENCE) as sender:
            with pytest.raises(SenderError, match=said):
                sender.send([outgoing(1)], NOW)
            over.set()
        thread.join()


def test_a_right_login_is_used() -> None:
    mailbox = Mailbox()
    with smtp_server(mailbox) as port, _sender(port, username="mujaz", password="right") as sender:
        assert _statuses(sender.send([outgoing(1)], NOW)) == [ReceiptStatus.SENT]
    assert mailbox.logins == [(b"mujaz", b"right")]


@pytest.mark.parametrize(
    ("password", "said"),
    [
        pytest.param("wrong", "535", id="a wrong password"),
        pytest.param("كلمة السر", "cannot be used", id="a password that is not ASCII"),
    ],
)
def test_a_refused_login_stops_everything(password: str, said: str) -> None:
    mailbox = Mailbox()
    with (
        smtp_server(mailbox) as port,
        _sender(port, username="mujaz", password=password) as sender,
        pytest.raises(SenderError, match=said) as caught,
    ):
        sender.send([outgoing(1)], NOW)
    assert mailbox.arrived == []
    assert password not in str(caught.value)


def test_mail_never_leaves_in_the_clear_where_tls_was_asked_for() -> None:
    mailbox = Mailbox()
    with (
        smtp_server(mailbox) as port,
        _sender(port, security="starttls") as sender,
        pytest.raises(SenderError, match="STARTTLS"),
    ):
        sender.send([outgoing(1)], NOW)
    assert mailbox.senders == []


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_that_nobody_vouches_for_is_refused(security: str, tmp_path: pathlib.Path) -> None:
    mailbox = Mailbox()
    _, context = certificate(tmp_path)
    settings = {"ssl_context": context} if security == "tls" else {"tls_context": context}
    with (
        smtp_server(mailbox, **settings) as port,
        _sender(port, security=security) as sender,
        pytest.raises(SenderError, match="certificate"),
    ):
        sender.send([outgoing(1)], NOW)
    assert mailbox.senders == []


_SEND_ONE = """
import sys
from digest.adapters.smtp import SmtpSender, SmtpServer
from digest.mailer.mime import Assembler
from tests.conftest import NOW
from tests.samples import ENVELOPE, outgoing
server = SmtpServer(
    host="127.0.0.1", port=int(sys.argv[1]), username="", password="", security=sys.argv[2], timeout_seconds=10
)
sender = SmtpSender(server, ENVELOPE.from_address, Assembler(ENVELOPE), 1)
print([receipt.status.value for receipt in sender.send([outgoing(1)], NOW)])
sender.close()
"""


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_mail_goes_through_tls_that_is_vouched_for(security: str, tmp_path: pathlib.Path) -> None:
    mailbox = Mailbox()
    path, context = certificate(tmp_path)
    settings = (
        {"ssl_context": context} if security == "tls" else {"tls_context": context, "require_starttls": True}
    )
    with smtp_server(mailbox, **settings) as port:
        # In a process of its own: OpenSSL takes the authorities to trust from the environment.
        done = subprocess.run(
            [sys.executable, "-c", _SEND_ONE, str(port), security],
            cwd=REPOSITORY,
            env=os.environ | {"SSL_CERT_FILE": str(path)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert (done.stdout, done.stderr) == ("['sent']\n", "")
    assert [to for to, _ in mailbox.arrived] == [_FIRST]

"""What SMTP servers answer, refuse and do, and what that means for the readers."""

from __future__ import annotations

import os
import pathlib
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from digest.adapters.smtp import SmtpSender, SmtpServer
from digest.errors import SenderError
from digest.mailer.mime import Assembler
from digest.model import Receipt, ReceiptStatus
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
) -> Iterator[SmtpSender]:
    server = SmtpServer(
        host="127.0.0.1",
        port=port,
        username=username,
        password=password,
        security=security,
        timeout_seconds=patience,
    )
    sender = SmtpSender(server, ENVELOPE.from_address, Assembler(ENVELOPE), connections)
    try:
        yield sender
    finally:
        sender.close()


def _statuses(receipts: list[Receipt]) -> list[ReceiptStatus]:
    return [receipt.status for receipt in receipts]


_FIRST = outgoing(1).reader.email


@pytest.mark.parametrize(
    ("mailbox", "status", "words"),
    [
        pytest.param(
            Mailbox(rcpt={_FIRST: "550 5.1.1 لا أحد هنا"}),
            ReceiptStatus.REJECTED,
            "550 5.1.1 لا أحد",
            id="5xx to RCPT",
        ),
        pytest.param(
            Mailbox(rcpt={_FIRST: "450 busy"}), ReceiptStatus.DEFERRED, "450 busy", id="4xx to RCPT"
        ),
        pytest.param(Mailbox(rcpt={_FIRST: "251 moved on"}), ReceiptStatus.SENT, "250", id="251 to RCPT"),
        pytest.param(
            Mailbox(rcpt={_FIRST: "421 closing"}), ReceiptStatus.DEFERRED, "421 closing", id="421 to RCPT"
        ),
        pytest.param(
            Mailbox(data={_FIRST: "554 spam"}), ReceiptStatus.REJECTED, "554 spam", id="5xx to the message"
        ),
        pytest.param(
            Mailbox(data={_FIRST: "452 no room"}), ReceiptStatus.DEFERRED, "452", id="4xx to the message"
        ),
        pytest.param(
            Mailbox(data={_FIRST: "421 closing"}), ReceiptStatus.DEFERRED, "421", id="421 to the message"
        ),
        pytest.param(
            Mailbox(data={_FIRST: "so be it"}),
            ReceiptStatus.UNKNOWN,
            "",
            id="no answer of SMTP's to the message",
        ),
        pytest.param(
            Mailbox(data={_FIRST: "250 " + "x" * 9000}),
            ReceiptStatus.UNKNOWN,
            "too long",
            id="an endless answer to the message",
        ),
        pytest.param(
            Mailbox(rcpt={_FIRST: DROP}),
            ReceiptStatus.DEFERRED,
            "connection broke",
            id="dropped before the data",
        ),
        pytest.param(
            Mailbox(data={_FIRST: DROP}), ReceiptStatus.UNKNOWN, "after the data", id="dropped after the data"
        ),
    ],
)
def test_an_answer_means_that_reader_alone(mailbox: Mailbox, status: ReceiptStatus, words: str) -> None:
    with smtp_server(mailbox) as port, _sender(port) as sender:
        receipts = sender.send([outgoing(number) for number in range(3)], NOW)
        assert _statuses(receipts) == [ReceiptStatus.SENT, status, ReceiptStatus.SENT]
        assert words in receipts[1].detail
        # The sender goes on, whatever state the connection was left in.
        assert _statuses(sender.send([outgoing(4)], NOW)) == [ReceiptStatus.SENT]


@pytest.mark.parametrize(
    ("mailbox", "status"),
    [
        pytest.param(Mailbox(rcpt={_FIRST: HANG}), ReceiptStatus.DEFERRED, id="before the data"),
        pytest.param(Mailbox(data={_FIRST: HANG}), ReceiptStatus.UNKNOWN, id="after the data"),
    ],
)
def test_a_server_that_falls_silent_is_given_up(mailbox: Mailbox, status: ReceiptStatus) -> None:
    with smtp_server(mailbox) as port, _sender(port, patience=_PATIENCE) as sender:
        assert _statuses(sender.send([outgoing(1)], NOW)) == [status]


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        pytest.param("553 sender not allowed", ReceiptStatus.RETURNED, id="5xx"),
        pytest.param("451 later", ReceiptStatus.DEFERRED, id="4xx"),
        pytest.param(DROP, ReceiptStatus.DEFERRED, id="dropped"),
    ],
)
def test_a_refused_sender_is_no_reader_s_fault(answer: str, status: ReceiptStatus) -> None:
    mailbox = Mailbox(mail=answer)
    with smtp_server(mailbox) as port, _sender(port) as sender:
        receipts = sender.send([outgoing(1), outgoing(2)], NOW)
    assert _statuses(receipts) == [status, status]
    assert mailbox.arrived == []
    assert set(mailbox.senders) == {ENVELOPE.from_address}


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("قارئ@example.org", id="letters beyond ASCII"),
        pytest.param("a@example.org>\r\nRCPT TO:<b@example.org", id="a second command"),
        pytest.param("a\0@example.org", id="NUL"),
    ],
)
def test_an_address_that_smtp_cannot_carry_fails_alone(address: str) -> None:
    mailbox = Mailbox()
    with smtp_server(mailbox, enable_SMTPUTF8=False) as port, _sender(port) as sender:
        receipts = sender.send([outgoing(1, email=address), outgoing(2)], NOW)
    assert _statuses(receipts) == [ReceiptStatus.REJECTED, ReceiptStatus.SENT]
    assert [to for to, _ in mailbox.arrived] == [outgoing(2).reader.email]


def test_connections_are_kept_and_shared(tmp_path: pathlib.Path) -> None:
    mailbox = Mailbox()
    with smtp_server(mailbox) as port, _sender(port, connections=3) as sender:
        for turn in range(3):
            batch = [outgoing(turn * 10 + number) for number in range(6)]
            assert set(_statuses(sender.send(batch, NOW))) == {ReceiptStatus.SENT}
    assert len(mailbox.arrived) == 18
    assert 1 <= mailbox.connections <= 3


def test_a_connection_that_the_server_closed_meanwhile_is_made_anew() -> None:
    mailbox = Mailbox()
    # aiosmtpd ends a connection that says nothing for this long.
    with smtp_server(mailbox, timeout=0.2) as port, _sender(port) as sender:
        sender.send([outgoing(1)], NOW)
        time.sleep(0.35)
        assert _statuses(sender.send([outgoing(2)], NOW)) == [ReceiptStatus.SENT]
    assert mailbox.connections == 2


# --------------------------------------------------------------------------- the server as a whole


def test_nothing_listens() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        with _sender(port) as sender, pytest.raises(SenderError, match="refused"):
            sender.send([outgoing(1)], NOW)


def test_a_server_that_goes_away_returns_what_did_not_leave() -> None:
    mailbox = Mailbox()
    with _no_server_after(mailbox) as (sender, stop):
        assert _statuses(sender.send([outgoing(1)], NOW)) == [ReceiptStatus.SENT]
        stop()
        receipts = sender.send([outgoing(2), outgoing(3)], NOW)
    assert _statuses(receipts) == [ReceiptStatus.RETURNED] * 2
    assert "cannot be used" in receipts[0].detail


@contextmanager
def _no_server_after(mailbox: Mailbox) -> Iterator[tuple[SmtpSender, Callable[[], object]]]:
    serving = smtp_server(mailbox)
    port = serving.__enter__()
    with _sender(port) as sender:
        yield sender, lambda: serving.__exit__(None, None, None)


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

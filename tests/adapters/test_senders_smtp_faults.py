"""SMTP servers that fall silent, break off, drip or talk nonsense, at each word: what becomes of the message."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from digest.adapters.smtp import SmtpSender, SmtpServer
from digest.errors import SenderError
from digest.mailer.mime import Assembler
from digest.model import Bounce, Receipt, ReceiptStatus
from tests.adapters.smtp_script import DRIP, DROP, HANG, Fault, Script, scripted_server
from tests.conftest import NOW
from tests.samples import ENVELOPE, outgoing

#: In seconds, where a server is to be waited for in vain.
_PATIENCE = 0.4
_DEFERRED, _REJECTED = ReceiptStatus.DEFERRED, ReceiptStatus.REJECTED
_SENT, _UNKNOWN = ReceiptStatus.SENT, ReceiptStatus.UNKNOWN
_GARBAGE = b"HTTP/1.1 400 Bad Request\r\n\r\n"
_CLOSING = b"421 4.3.2 closing\r\n"


@contextmanager
def _sender(script: Script, security: str = "none") -> Iterator[SmtpSender]:
    in_vain = any(fault.action in {HANG, DRIP} for fault in script.faults)
    with scripted_server(script) as port:
        server = SmtpServer(
            host="127.0.0.1",
            port=port,
            username="",
            password="",
            security=security,
            timeout_seconds=_PATIENCE if in_vain else 10,
        )
        sender = SmtpSender(server, ENVELOPE.from_address, Assembler(ENVELOPE), connections=1)
        try:
            yield sender
        finally:
            sender.close()


def _one(sender: SmtpSender, number: int) -> Receipt:
    [receipt] = sender.send([outgoing(number)], NOW)
    assert receipt.delivery_id == number
    assert receipt.detail
    assert receipt.detail.isprintable()
    return receipt


_BROKEN = {"nothing more": HANG, "a break": DROP, "dripping": DRIP, "nonsense": _GARBAGE, "421": _CLOSING}


@pytest.mark.parametrize("action", [pytest.param(action, id=name) for name, action in _BROKEN.items()])
@pytest.mark.parametrize("stage", ["greeting", "ehlo"])
def test_a_server_that_cannot_be_used_stops_everything(stage: str, action: bytes) -> None:
    # Where EHLO is refused HELO is tried, but for what ends the connection.
    script = Script([Fault(stage=stage, action=action), Fault(stage="helo", action=action)])
    with _sender(script) as sender:
        with pytest.raises(SenderError, match="cannot be used"):
            _one(sender, 1)
        assert not any(command.startswith("MAIL") for command in script.commands)
        # Nothing of it is kept.
        assert _one(sender, 2).status is _SENT


@pytest.mark.parametrize(
    ("security", "faults", "said"),
    [
        pytest.param("starttls", [], "500 5.5.1", id="offered and not understood"),
        pytest.param(
            "starttls", [Fault(stage="starttls", action=b"454 4.7.0 not now\r\n")], "454", id="refused"
        ),
        pytest.param("starttls", [Fault(stage="starttls", action=HANG)], "timed out", id="not answered"),
        pytest.param("starttls", [Fault(stage="starttls", action=DROP)], "cannot be used", id="broken off"),
        pytest.param(
            "starttls",
            [Fault(stage="starttls", action=b"220 go on\r\n250 what?\r\n")],
            "cannot be used",
            id="no TLS follows",
        ),
        pytest.param("tls", [], "cannot be used", id="a server that speaks plainly"),
        pytest.param(
            "tls", [Fault(stage="greeting", action=HANG)], "timed out", id="silence for a handshake"
        ),
    ],
)
def test_without_tls_nothing_is_said(security: str, faults: list[Fault], said: str) -> None:
    script = Script(faults, offers=["STARTTLS"])
    with _sender(script, security) as sender, pytest.raises(SenderError, match=said):
        _one(sender, 1)
    assert not any("news.example" in command for command in script.commands)


@pytest.mark.parametrize("pipelining", [False, True], ids=["step by step", "pipelined"])
@pytest.mark.parametrize("action", [pytest.param(action, id=name) for name, action in _BROKEN.items()])
@pytest.mark.parametrize("stage", ["mail", "rcpt", "data"])
def test_a_connection_that_ends_before_the_message_defers_it(
    stage: str, action: bytes, *, pipelining: bool
) -> None:
    script = Script([Fault(stage=stage, action=action)], pipelining=pipelining)
    with _sender(script) as sender:
        receipt = _one(sender, 1)
        assert (receipt.status, receipt.bounce) == (_DEFERRED, None)
        assert script.arrived == []
        assert _one(sender, 2).status is _SENT
    assert len(script.arrived) == 1
    assert script.connections == 2


@pytest.mark.parametrize("pipelining", [False, True], ids=["step by step", "pipelined"])
@pytest.mark.parametrize(
    ("stage", "action"),
    [
        pytest.param("content", DROP, id="within the message"),
        pytest.param("message", DROP, id="instead of the answer"),
        pytest.param("message", HANG, id="no answer"),
        pytest.param("message", DRIP, id="an answer that drips"),
        pytest.param("message", _GARBAGE, id="nonsense"),
        pytest.param("message", b"354 go on\r\n", id="an answer to something else"),
        pytest.param("message", b"250 " + b"x" * 9000 + b"\r\n", id="an endless answer"),
    ],
)
def test_a_connection_that_ends_after_the_message_began_leaves_it_unknown(
    stage: str, action: bytes, *, pipelining: bool
) -> None:
    script = Script([Fault(stage=stage, action=action)], pipelining=pipelining)
    with _sender(script) as sender:
        receipt = _one(sender, 1)
        assert (receipt.status, receipt.bounce) == (_UNKNOWN, None)
        assert _one(sender, 2).status is _SENT
    assert script.connections == 2


@pytest.mark.parametrize("pipelining", [False, True], ids=["step by step", "pipelined"])
@pytest.mark.parametrize(
    ("stage", "answer", "status", "bounce"),
    [
        pytest.param("mail", b"452 4.3.1 too much\r\n", _DEFERRED, None, id="throttled at MAIL"),
        pytest.param("rcpt", b"452 4.5.3 too many\r\n", _DEFERRED, Bounce.SOFT, id="throttled at RCPT"),
        pytest.param("rcpt", b"550 5.1.1 nobody\r\n", _REJECTED, Bounce.HARD, id="nobody there"),
        pytest.param("rcpt", b"552 5.2.2 full\r\n", _REJECTED, Bounce.SOFT, id="a full mailbox"),
        pytest.param("data", b"451 4.7.1 later\r\n", _DEFERRED, None, id="throttled at DATA"),
        pytest.param("data", b"554 5.7.1 no\r\n", _REJECTED, None, id="refused at DATA"),
        pytest.param("message", b"452 4.3.1 no room\r\n", _DEFERRED, None, id="throttled at its end"),
        pytest.param("message", b"554-5.7.1 spam\r\n554 5.7.1 \0\x1b[2J\r\n", _REJECTED, None, id="refused"),
    ],
)
def test_a_refusal_leaves_the_connection_good(
    stage: str, answer: bytes, status: ReceiptStatus, bounce: Bounce | None, *, pipelining: bool
) -> None:
    script = Script([Fault(stage=stage, action=answer)], pipelining=pipelining)
    with _sender(script) as sender:
        receipt = _one(sender, 1)
        assert (receipt.status, receipt.bounce) == (status, bounce)
        assert _one(sender, 2).status is _SENT
    # But where the server waits for the message of a sender whom it refused.
    assert script.connections == (2 if stage == "mail" and pipelining else 1)


@pytest.mark.parametrize("pipelining", [False, True], ids=["step by step", "pipelined"])
@pytest.mark.parametrize(
    "answer", [pytest.param(b"550 5.7.1 not you\r\n", id="550"), pytest.param(b"530 login\r\n", id="530")]
)
def test_a_refused_sender_stops_everything(answer: bytes, *, pipelining: bool) -> None:
    # Pipelined, DATA is answered 354 all the same: not even an empty message follows.
    script = Script([Fault(stage="mail", action=answer)], pipelining=pipelining)
    with _sender(script) as sender:
        with pytest.raises(SenderError, match=r"refuses MAIL FROM:<mujaz@news.example>: 5"):
            _one(sender, 1)
        assert script.arrived == []
        assert _one(sender, 2).status is _SENT
    assert len(script.arrived) == 1


@pytest.mark.parametrize("pipelining", [False, True], ids=["step by step", "pipelined"])
@pytest.mark.parametrize(
    ("stage", "action"),
    [
        pytest.param("mail", HANG, id="nothing more"),
        pytest.param("mail", DROP, id="a break at MAIL"),
        pytest.param("rcpt", DROP, id="a break at RCPT"),
        pytest.param("data", DROP, id="a break at DATA"),
        pytest.param("mail", _CLOSING, id="421 to MAIL"),
        pytest.param("rcpt", _CLOSING, id="421 to RCPT"),
        pytest.param("data", _CLOSING, id="421 to DATA"),
    ],
)
def test_a_kept_connection_that_has_ended_costs_nobody_an_attempt(
    stage: str, action: bytes, *, pipelining: bool
) -> None:
    # Servers end connections after so many messages, with 421 or without a word.
    script = Script([Fault(stage=stage, action=action, nth=2)], pipelining=pipelining)
    with _sender(script) as sender:
        assert [_one(sender, number).status for number in range(3)] == [_SENT] * 3
    assert len(script.arrived) == 3
    assert script.connections == 2


def test_a_server_that_goes_away_stops_everything() -> None:
    gone = Fault(stage="greeting", action=b"554 gone\r\n", connections=9)
    script = Script([Fault(stage="mail", action=DROP, nth=2)])
    with _sender(script) as sender:
        assert _one(sender, 1).status is _SENT
        script.faults = [*script.faults, gone]
        with pytest.raises(SenderError, match="554 gone"):
            _one(sender, 2)
    assert len(script.arrived) == 1


@pytest.mark.parametrize("action", [pytest.param(action, id=name) for name, action in _BROKEN.items()])
def test_a_refusal_counts_whatever_follows_it(action: bytes) -> None:
    faults = [
        Fault(stage="rcpt", action=b"550 5.1.1 nobody\r\n"),
        Fault(stage="rset", action=action),
    ]
    script = Script(faults)
    with _sender(script) as sender:
        receipt = _one(sender, 1)
        assert (receipt.status, receipt.bounce) == (_REJECTED, Bounce.HARD)
        assert _one(sender, 2).status is _SENT


def test_a_good_bye_that_never_comes_is_not_waited_for() -> None:
    script = Script([Fault(stage="quit", action=HANG)])
    with _sender(script) as sender:
        _one(sender, 1)
        sender.close()
        assert script.commands[-1] == "QUIT"
        assert not script.over.is_set()


def test_pipelining_asks_three_things_at_once() -> None:
    script = Script(pipelining=True, offers=["SIZE 100000000"])
    with _sender(script) as sender:
        _one(sender, 1)
    sent = len(script.arrived[0])
    assert script.commands[1:] == [
        f"MAIL FROM:<mujaz@news.example> SIZE={sent}",
        f"RCPT TO:<{outgoing(1).reader.email}>",
        "DATA",
        "QUIT",
    ]

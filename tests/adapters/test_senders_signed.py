"""Signed mail, and mail to addresses of other letters, as it arrives at the other end."""

from __future__ import annotations

import email
import pathlib
from collections.abc import Iterator
from contextlib import contextmanager
from email.policy import default as default_policy
from typing import Any

import dkim
import pytest

from digest.adapters.outbox import OutboxSender
from digest.adapters.sendgrid import SendgridSender
from digest.adapters.smtp import SmtpSender, SmtpServer
from digest.mailer.mime import Assembler
from digest.mailer.tokens import NAME_PLACE
from digest.mailer.view import PREFERENCES_TOKEN, UNSUBSCRIBE_TOKEN
from digest.model import Message, Reader, Receipt, ReceiptStatus
from digest.ports import Outgoing
from tests.adapters.sendgrid_server import API_KEY, SendgridDouble, sendgrid_server
from tests.adapters.smtp_server import Mailbox, smtp_server
from tests.mailer.keys import SIGNED_AT, published, rsa_key, signer
from tests.samples import ENVELOPE, outgoing

_ARABIC_ADDRESS = "قارئ@بريد.مثال"


@contextmanager
def _smtp(mailbox: Mailbox, assembler: Assembler, **settings: Any) -> Iterator[SmtpSender]:
    with smtp_server(mailbox, **settings) as port:
        server = SmtpServer(
            host="127.0.0.1", port=port, username="", password="", security="none", timeout_seconds=10
        )
        sender = SmtpSender(server, ENVELOPE.from_address, assembler, connections=2)
        yield sender
        sender.close()


def test_what_arrives_by_smtp_can_be_verified() -> None:
    mailbox = Mailbox()
    with _smtp(mailbox, Assembler(ENVELOPE, signer(rsa_key()))) as sender:
        for number in range(4):
            sender.send([outgoing(number)], SIGNED_AT)
    assert len(mailbox.arrived) == 4
    for _, raw in mailbox.arrived:
        assert dkim.verify(raw, dnsfunc=published(rsa_key()))


def test_what_lies_in_the_outbox_can_be_verified(tmp_path: pathlib.Path) -> None:
    [receipt] = OutboxSender(tmp_path, Assembler(ENVELOPE, signer(rsa_key()))).send([outgoing(1)], SIGNED_AT)
    assert dkim.verify(pathlib.Path(receipt.detail).read_bytes(), dnsfunc=published(rsa_key()))


def _send(mailbox: Mailbox, address: str, **settings: Any) -> Receipt:
    with _smtp(mailbox, Assembler(ENVELOPE), **settings) as sender:
        [receipt, after] = [
            sender.send([outgoing(number, email=to)], SIGNED_AT)[0]
            for number, to in enumerate((address, "after@example.org"))
        ]
    # Whatever became of the first, the connection is good for the next.
    assert after.status is ReceiptStatus.SENT
    return receipt


def test_an_address_of_other_letters_goes_where_the_server_takes_it() -> None:
    mailbox = Mailbox()
    receipt = _send(mailbox, _ARABIC_ADDRESS, enable_SMTPUTF8=True)
    assert receipt.status is ReceiptStatus.SENT
    (address, raw), _ = mailbox.arrived
    assert address == _ARABIC_ADDRESS
    assert f"\r\nTo: {_ARABIC_ADDRESS}\r\n".encode() in raw
    # The other needs nothing of the kind.
    assert [sorted(set(given) & {"SMTPUTF8", "BODY=8BITMIME"}) for given in mailbox.parameters] == [
        ["BODY=8BITMIME", "SMTPUTF8"],
        [],
    ]


def test_an_address_of_other_letters_is_rejected_where_the_server_does_not() -> None:
    mailbox = Mailbox()
    receipt = _send(mailbox, _ARABIC_ADDRESS, enable_SMTPUTF8=False)
    assert receipt.status is ReceiptStatus.REJECTED
    assert receipt.bounce is None
    assert "offers no SMTPUTF8" in receipt.detail
    assert [address for address, _ in mailbox.arrived] == ["after@example.org"]


def test_a_domain_of_other_letters_goes_by_its_ascii_name_to_any_server() -> None:
    mailbox = Mailbox()
    receipt = _send(mailbox, "reader@بريد.مثال", enable_SMTPUTF8=False)
    assert receipt.status is ReceiptStatus.SENT
    assert mailbox.arrived[0][0] == "reader@xn--ngbof4h.xn--mgbh0fb"


@pytest.mark.parametrize("address", ["a\r\nRCPT TO:<x@y.example>", "a\x00@example.org"])
def test_an_address_that_is_no_line_is_rejected(address: str) -> None:
    mailbox = Mailbox()
    assert _send(mailbox, address).status is ReceiptStatus.REJECTED
    assert [to for to, _ in mailbox.arrived] == ["after@example.org"]


# --------------------------------------------------------------------------- SendGrid's own building

_EVERY_TOKEN = Message(
    subject="س",
    html=f'<p>{NAME_PLACE}</p><a href="{PREFERENCES_TOKEN}">ت</a><a href="{UNSUBSCRIBE_TOKEN}">إ</a>',
    text=f"{NAME_PLACE}\n{PREFERENCES_TOKEN}\n{UNSUBSCRIBE_TOKEN}\n",
)
_READER = Reader(
    delivery_id=7,
    email="layla@example.org",
    name=f"<b>ليلى & {UNSUBSCRIBE_TOKEN}",
    unsubscribe_url="https://news.example/u?a=1&b=2",
    preferences_url="https://news.example/p?a=1&b=2",
)


def _by_sendgrid(made: Message) -> tuple[dict[str, Any], bytes]:
    """Return the request and what arrives."""
    double = SendgridDouble()
    with sendgrid_server(double) as url:
        sender = SendgridSender(api_key=API_KEY, host=url, timeout_seconds=10, chunk=250, envelope=ENVELOPE)
        sender.send([Outgoing(message=made, reader=_READER, edition_id="e1", variant="default")], SIGNED_AT)
    [request], [(_, raw)] = double.requests, double.arrived
    return request, raw


def test_sendgrid_fills_every_token_as_we_do() -> None:
    _, raw = _by_sendgrid(_EVERY_TOKEN)
    bodies = []
    for made in (raw, Assembler(ENVELOPE).raw(_EVERY_TOKEN, _READER, "e1", "default", SIGNED_AT)):
        parsed = email.message_from_bytes(made, policy=default_policy)
        parts = [parsed.get_body((kind,)) for kind in ("plain", "html")]
        bodies.append([part.get_content().replace("\r\n", "\n").strip() for part in parts if part])
    assert bodies[0] == bodies[1]
    assert "&lt;b&gt;ليلى &amp;" in bodies[0][1]


def test_sendgrid_gets_no_more_of_a_reader_than_the_message_shows() -> None:
    request, _ = _by_sendgrid(Message(subject="س", html=f"<p>{UNSUBSCRIBE_TOKEN}</p>", text="x"))
    [personal] = request["personalizations"]
    assert set(personal["substitutions"].values()) == {
        _READER.unsubscribe_url,
        _READER.unsubscribe_url.replace("&", "&amp;"),
    }


def test_sendgrid_says_that_nobody_typed_it() -> None:
    request, raw = _by_sendgrid(_EVERY_TOKEN)
    assert request["headers"] == {
        "List-ID": "<mujaz.news.example>",
        "Precedence": "bulk",
        "Auto-Submitted": "auto-generated",
    }
    assert b"\r\nAuto-Submitted: auto-generated\r\n" in raw

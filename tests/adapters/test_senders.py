"""What every sender promises: one receipt a message, and mail that can be read, to its own reader only."""

from __future__ import annotations

import datetime as dt
import email
import pathlib
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import default as default_policy
from urllib.parse import unquote

import pytest

from digest.adapters.outbox import OutboxSender
from digest.adapters.sendgrid import SendgridSender
from digest.adapters.smtp import SmtpSender, SmtpServer
from digest.errors import SenderError
from digest.mailer.mime import Assembler
from digest.mailer.view import UNSUBSCRIBE_TOKEN
from digest.model import Message, Reader, Receipt, ReceiptStatus
from digest.ports import Outgoing, Sender
from tests.adapters.sendgrid_server import API_KEY, SendgridDouble, sendgrid_server
from tests.adapters.smtp_server import Mailbox, smtp_server
from tests.conftest import NOW
from tests.fakes import FakeSender
from tests.samples import ENVELOPE, message

_MESSAGES = {"default": message(), "gulf,levant": message("نشرة الخليج، ثم المشرق")}


@dataclass(frozen=True, slots=True)
class Carrier:
    """A sender, and what arrived at the other end."""

    sender: Sender
    #: Address and bytes of every message that arrived.
    arrived: Callable[[], Sequence[tuple[str, bytes]]]
    #: How many connections, or unfinished files, there are.
    still_open: Callable[[], int] = lambda: 0


def _outbox(folder: pathlib.Path) -> Iterator[Carrier]:
    def arrived() -> list[tuple[str, bytes]]:
        return [(unquote(path.stem), path.read_bytes()) for path in sorted(folder.rglob("*.eml"))]

    def unfinished() -> int:
        return sum(path.is_file() and path.suffix != ".eml" for path in folder.rglob("*"))

    yield Carrier(OutboxSender(folder, Assembler(ENVELOPE)), arrived, unfinished)


def _outbox_in_the_way(folder: pathlib.Path) -> Iterator[Carrier]:
    (folder / "outbox").write_text("a file in the folder's place")
    yield from _outbox(folder / "outbox")


def _smtp(_: pathlib.Path) -> Iterator[Carrier]:
    yield from _by_smtp(Mailbox())


def _smtp_that_refuses_us(_: pathlib.Path) -> Iterator[Carrier]:
    yield from _by_smtp(Mailbox(mail="550 5.7.1 not from you"))


def _pipelined(_: pathlib.Path) -> Iterator[Carrier]:
    yield from _by_smtp(Mailbox(pipelining=True))


def _by_smtp(mailbox: Mailbox) -> Iterator[Carrier]:
    with smtp_server(mailbox) as port:
        server = SmtpServer(
            host="127.0.0.1", port=port, username="", password="", security="none", timeout_seconds=10
        )
        yield Carrier(
            SmtpSender(server, ENVELOPE.from_address, Assembler(ENVELOPE), connections=3),
            lambda: mailbox.arrived,
            lambda: mailbox.connections - mailbox.farewells,
        )


def _sendgrid(_: pathlib.Path) -> Iterator[Carrier]:
    yield from _by_sendgrid(API_KEY)


def _sendgrid_with_a_wrong_key(_: pathlib.Path) -> Iterator[Carrier]:
    yield from _by_sendgrid("SG.wrong")


def _by_sendgrid(api_key: str) -> Iterator[Carrier]:
    double = SendgridDouble()
    with sendgrid_server(double) as url:
        sender = SendgridSender(
            api_key=api_key,
            host=url,
            timeout_seconds=10,
            chunk=250,
            envelope=ENVELOPE,
        )
        yield Carrier(sender, lambda: double.arrived)


def _fake(_: pathlib.Path) -> Iterator[Carrier]:
    sender = FakeSender(lanes=3)
    yield Carrier(sender, lambda: sender.arrived)


def _fake_that_is_closed(_: pathlib.Path) -> Iterator[Carrier]:
    sender = FakeSender(calls_until_refusal=0)
    yield Carrier(sender, lambda: sender.arrived)


_CARRIERS = {
    "outbox": _outbox,
    "smtp": _smtp,
    "smtp, pipelined": _pipelined,
    "sendgrid": _sendgrid,
    "fake": _fake,
}


#: Those that make the whole message themselves.
_OWN_MESSAGES = [kind for kind in _CARRIERS if kind != "sendgrid"]
_REFUSING = {
    "outbox": _outbox_in_the_way,
    "smtp": _smtp_that_refuses_us,
    "sendgrid": _sendgrid_with_a_wrong_key,
    "fake": _fake_that_is_closed,
}


@pytest.fixture(params=list(_CARRIERS))
def carrier(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> Iterator[Carrier]:
    """A sender of each kind in turn, with a real carrier behind it."""
    for made in _CARRIERS[request.param](tmp_path):
        yield made
        made.sender.close()


def _outgoing(number: int, *, variant: str = "default", link: str = "") -> Outgoing:
    reader = Reader(
        delivery_id=number,
        email=f"reader{number}@example.org",
        name="قارئ",
        unsubscribe_url=link or f"https://news.example/u?reader={number}&copy=<1>",
    )
    return Outgoing(message=_MESSAGES[variant], reader=reader, edition_id="e1", variant=variant)


def _parse(raw: bytes) -> EmailMessage:
    parsed = email.message_from_bytes(raw, policy=default_policy)
    assert isinstance(parsed, EmailMessage)
    assert not parsed.defects
    # Servers that guard against smuggling refuse a line end of one character.
    assert raw.count(b"\n") == raw.count(b"\r\n") == raw.count(b"\r")
    return parsed


def _part(parsed: EmailMessage, subtype: str) -> str:
    part = parsed.get_body((subtype,))
    assert isinstance(part, EmailMessage)
    content = part.get_content()
    assert isinstance(content, str)
    return content.replace("\r\n", "\n")


def _send(sender: Sender, outgoing: Sequence[Outgoing]) -> list[Receipt]:
    """Send in batches as large as the sender takes, one after the other."""
    receipts: list[Receipt] = []
    for begin in range(0, len(outgoing), sender.batch):
        batch = outgoing[begin : begin + sender.batch]
        said = sender.send(batch, NOW)
        assert sorted(receipt.delivery_id for receipt in said) == sorted(
            one.reader.delivery_id for one in batch
        )
        receipts += said
    return receipts


def _arrived(carrier: Carrier) -> dict[str, EmailMessage]:
    found = [(address, _parse(raw)) for address, raw in carrier.arrived()]
    by_address = dict(found)
    assert len(by_address) == len(found), "somebody got two"
    return by_address


def test_every_message_gets_exactly_one_receipt(carrier: Carrier) -> None:
    receipts = _send(carrier.sender, [_outgoing(number) for number in range(1, 8)])
    assert sorted(receipt.delivery_id for receipt in receipts) == list(range(1, 8))
    assert {receipt.status for receipt in receipts} == {ReceiptStatus.SENT}
    assert all(receipt.detail for receipt in receipts)
    assert _arrived(carrier).keys() == {f"reader{number}@example.org" for number in range(1, 8)}


@pytest.mark.parametrize("variant", list(_MESSAGES))
def test_what_arrives_can_be_read(carrier: Carrier, variant: str) -> None:
    outgoing = _outgoing(7, variant=variant)
    carrier.sender.send([outgoing], NOW)
    [parsed] = _arrived(carrier).values()
    link, said = outgoing.reader.unsubscribe_url, _MESSAGES[variant]
    assert parsed["To"] == "reader7@example.org"
    assert parsed["Subject"] == said.subject
    assert [(one.display_name, one.addr_spec) for one in parsed["From"].addresses] == [
        (ENVELOPE.from_name, ENVELOPE.from_address)
    ]
    assert parsed.get_content_type() == "multipart/alternative"
    assert _part(parsed, "plain") == said.text.replace(UNSUBSCRIBE_TOKEN, link)
    in_html = "https://news.example/u?reader=7&amp;copy=%3C1%3E"
    assert _part(parsed, "html").rstrip("\n") == said.html.replace(UNSUBSCRIBE_TOKEN, in_html)
    uris = [uri.strip(" <>") for uri in parsed["List-Unsubscribe"].split(">,")]
    assert uris == [link.replace("<1>", "%3C1%3E"), "mailto:leave@news.example?subject=unsubscribe"]
    assert parsed["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert parsed["List-ID"] == "<mujaz.news.example>"


def test_without_a_web_page_to_leave_by_there_is_the_mail_address(carrier: Carrier) -> None:
    carrier.sender.send([_outgoing(1, link="mailto:leave@news.example?subject=unsubscribe%20mujaz")], NOW)
    [parsed] = _arrived(carrier).values()
    assert parsed["List-Unsubscribe"] == "<mailto:leave@news.example?subject=unsubscribe%20mujaz>"
    assert parsed["List-Unsubscribe-Post"] is None


def test_nobody_sees_a_token_or_another_reader_s_link(carrier: Carrier) -> None:
    count = 5
    links = {number: f"https://news.example/u/secret-of-{number}." for number in range(count)}
    variants = list(_MESSAGES)
    _send(
        carrier.sender,
        [_outgoing(number, variant=variants[number % 2], link=link) for number, link in links.items()],
    )
    for number in range(count):
        parsed = _arrived(carrier)[f"reader{number}@example.org"]
        whole = "\n".join(
            [*(str(value) for value in parsed.values()), _part(parsed, "plain"), _part(parsed, "html")]
        )
        assert [other for other, link in links.items() if link in whole] == [number]
        # In the header, in the text and in the HTML.
        assert whole.count(links[number]) == 3
        assert "__" not in whole


def test_readers_of_several_variants_get_their_own(carrier: Carrier) -> None:
    variants = list(_MESSAGES)
    receipts = _send(carrier.sender, [_outgoing(number, variant=variants[number % 2]) for number in range(4)])
    assert {receipt.status for receipt in receipts} == {ReceiptStatus.SENT}
    subjects = {address: parsed["Subject"] for address, parsed in _arrived(carrier).items()}
    assert subjects == {
        f"reader{number}@example.org": _MESSAGES[variants[number % 2]].subject for number in range(4)
    }


def test_a_sender_can_be_used_again(carrier: Carrier) -> None:
    for number in range(3):
        [receipt] = carrier.sender.send([_outgoing(number)], NOW)
        assert (receipt.delivery_id, receipt.status) == (number, ReceiptStatus.SENT)
    assert len(_arrived(carrier)) == 3


def test_a_message_of_a_newsletter_s_size_arrives_whole(carrier: Carrier) -> None:
    lines = "\n".join(f".{number} خبر طويل يبدأ بنقطة\n." for number in range(800))
    big = Message(
        subject="ط" * 70, html=f"<pre>{lines}</pre>{UNSUBSCRIBE_TOKEN}", text=lines + UNSUBSCRIBE_TOKEN
    )
    reader = Reader(delivery_id=1, email="a@example.org", unsubscribe_url="https://news.example/u")
    carrier.sender.send([Outgoing(message=big, reader=reader, edition_id="big", variant="default")], NOW)
    [parsed] = _arrived(carrier).values()
    assert _part(parsed, "plain").rstrip("\n") == lines + "https://news.example/u"
    assert _part(parsed, "html").rstrip("\n") == f"<pre>{lines}</pre>https://news.example/u"


def test_nothing_to_send_is_nothing_sent(carrier: Carrier) -> None:
    assert carrier.sender.send([], NOW) == []
    assert _arrived(carrier) == {}


def test_a_sender_says_where_mail_goes_and_how_much_at_once(carrier: Carrier) -> None:
    assert carrier.sender.destination
    assert carrier.sender.batch >= 1
    assert carrier.sender.lanes >= 1


def test_all_lanes_send_at_the_same_time(carrier: Carrier) -> None:
    sender, variants = carrier.sender, list(_MESSAGES)
    begin = threading.Barrier(sender.lanes)

    def lane(number: int) -> list[Receipt]:
        begin.wait(timeout=10)
        ids = range(number * 20, number * 20 + 20)
        return _send(sender, [_outgoing(one, variant=variants[one % 2]) for one in ids])

    with ThreadPoolExecutor(sender.lanes) as threads:
        receipts = [receipt for said in threads.map(lane, range(sender.lanes)) for receipt in said]
    everybody = range(20 * sender.lanes)
    assert sorted(receipt.delivery_id for receipt in receipts) == list(everybody)
    assert {receipt.status for receipt in receipts} == {ReceiptStatus.SENT}
    arrived = _arrived(carrier)
    assert {address: parsed["Subject"] for address, parsed in arrived.items()} == {
        f"reader{one}@example.org": _MESSAGES[variants[one % 2]].subject for one in everybody
    }
    for one in everybody:
        assert f"reader={one}&" in arrived[f"reader{one}@example.org"]["List-Unsubscribe"]


def test_a_sender_that_is_closed_has_nothing_open(carrier: Carrier) -> None:
    _send(carrier.sender, [_outgoing(number) for number in range(3)])
    carrier.sender.close()
    assert carrier.still_open() == 0
    # To close what is closed does no harm.
    carrier.sender.close()


@pytest.mark.parametrize("carrier", _OWN_MESSAGES, indirect=True)
def test_a_message_has_its_moment_and_a_name_of_its_own(carrier: Carrier) -> None:
    _send(carrier.sender, [_outgoing(number) for number in (1, 2)])
    again = carrier.sender.send([_outgoing(1)], NOW + dt.timedelta(hours=1))
    assert [receipt.status for receipt in again] == [ReceiptStatus.SENT]
    messages = [_parse(raw) for _, raw in carrier.arrived()]
    by_id = {parsed["Message-ID"] for parsed in messages}
    assert by_id == {f"<e1.{number}@{ENVELOPE.domain}>" for number in (1, 2)}
    dates = {parsed["Date"].datetime for parsed in messages if parsed["To"] == "reader2@example.org"}
    assert dates == {NOW.replace(microsecond=0)}


@pytest.mark.parametrize("kind", list(_REFUSING))
def test_a_carrier_that_refuses_everything_has_sent_nothing(kind: str, tmp_path: pathlib.Path) -> None:
    for carrier in _REFUSING[kind](tmp_path):
        batch = [_outgoing(number) for number in range(min(3, carrier.sender.batch))]
        with pytest.raises(SenderError) as caught:
            carrier.sender.send(batch, NOW)
        assert str(caught.value)
        assert "reader" not in str(caught.value)
        assert list(carrier.arrived()) == []
        carrier.sender.close()

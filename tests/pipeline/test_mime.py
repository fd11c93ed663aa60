"""A reader's message: built once, with the reader's own words in the right places of its base64."""

from __future__ import annotations

import base64
import datetime as dt
import email
from dataclasses import replace
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import default as default_policy

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from digest.mailer.mime import Assembler, Envelope, fill_tokens
from digest.mailer.view import UNSUBSCRIBE_TOKEN
from digest.model import Message, Reader
from tests.conftest import NOW
from tests.samples import ENVELOPE, message

_READER = Reader(
    delivery_id=7, email="layla@example.org", name="ليلى", unsubscribe_url="https://news.example/u?a=1&b=2"
)
_WORDS = st.text(st.sampled_from("abc .\n\r<>&=_-ء\u0627\u0644\u0652\u200f«»🌍"), max_size=70)
#: A text of pieces with a token between each two.
_TEXTS = st.lists(_WORDS, min_size=1, max_size=5).map(UNSUBSCRIBE_TOKEN.join)
_LINKS = st.text(st.sampled_from('abcXYZ0189/?&=%-._~"<>'), max_size=90).map("https://n.example/".__add__)


def _raw(
    made: Message,
    reader: Reader = _READER,
    envelope: Envelope = ENVELOPE,
    now: dt.datetime = NOW,
    edition_id: str = "mujaz-2026-11-22",
) -> bytes:
    return Assembler(envelope).raw(made, reader, edition_id, "default", now)


def _parse(raw: bytes) -> EmailMessage:
    parsed = email.message_from_bytes(raw, policy=default_policy)
    assert isinstance(parsed, EmailMessage)
    assert not parsed.defects
    # Servers that guard against smuggling refuse a line end of one character.
    assert raw.count(b"\n") == raw.count(b"\r\n") == raw.count(b"\r")
    return parsed


def _bodies(raw: bytes) -> list[bytes]:
    """Return the two bodies as they stand in the message, still in base64."""
    boundary = _parse(raw).get_boundary()
    assert boundary is not None
    _, *parts, end = raw.split(f"--{boundary}".encode())
    assert end == b"--\r\n"
    return [part.split(b"\r\n\r\n", 1)[1] for part in parts]


def _as_attribute(link: str) -> str:
    return link.replace("&", "&amp;").replace('"', "%22").replace("<", "%3C").replace(">", "%3E")


def _on_the_wire(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\n", "\r\n")


# --------------------------------------------------------------------------- bodies


@given(text=_TEXTS, html=_TEXTS, link=_LINKS)
@example(text=UNSUBSCRIBE_TOKEN, html=UNSUBSCRIBE_TOKEN * 3, link="https://n.example/")
@example(text="", html="", link="https://n.example/")
@example(
    text=f"a{UNSUBSCRIBE_TOKEN}b{UNSUBSCRIBE_TOKEN}",
    html=f"{UNSUBSCRIBE_TOKEN}ab",
    link="https://n.example/x",
)
def test_a_body_decodes_to_its_text_with_the_link_in_every_place(text: str, html: str, link: str) -> None:
    raw = _raw(Message(subject="س", html=html, text=text), replace(_READER, unsubscribe_url=link))
    plain, rich = (base64.b64decode(body.replace(b"\r\n", b""), validate=True) for body in _bodies(raw))
    assert plain.decode() == _on_the_wire(text).replace(UNSUBSCRIBE_TOKEN, link)
    assert rich.decode() == _on_the_wire(html).replace(UNSUBSCRIBE_TOKEN, _as_attribute(link))


@given(text=_TEXTS, html=_TEXTS, link=_LINKS)
def test_no_line_is_longer_than_mail_allows(text: str, html: str, link: str) -> None:
    raw = _raw(Message(subject="س", html=html, text=text), replace(_READER, unsubscribe_url=link))
    assert raw.endswith(b"\r\n")
    assert all(len(line) <= 76 for body in _bodies(raw) for line in body.split(b"\r\n"))
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))


@pytest.mark.parametrize("before", range(4))
@pytest.mark.parametrize("length", range(4))
@pytest.mark.parametrize("between", range(4))
def test_a_link_may_stand_at_any_place_of_a_group(before: int, length: int, between: int) -> None:
    text = "x" * before + UNSUBSCRIBE_TOKEN + "y" * between + UNSUBSCRIBE_TOKEN
    link = "z" * length
    raw = _raw(Message(subject="س", html="", text=text), replace(_READER, unsubscribe_url=link))
    assert base64.b64decode(_bodies(raw)[0].replace(b"\r\n", b"")).decode() == text.replace(
        UNSUBSCRIBE_TOKEN, link
    )


@given(text=_TEXTS, html=_TEXTS, link=_LINKS)
def test_what_a_preview_shows_is_what_is_sent(text: str, html: str, link: str) -> None:
    made, reader = Message(subject="س", html=html, text=text), replace(_READER, unsubscribe_url=link)
    shown = fill_tokens(made, reader)
    decoded = [base64.b64decode(body).decode() for body in _bodies(_raw(made, reader))]
    assert decoded == [_on_the_wire(shown.text), _on_the_wire(shown.html)]


def test_the_parts_say_what_they_are() -> None:
    parsed = _parse(_raw(message()))
    assert parsed.get_content_type() == "multipart/alternative"
    assert [(part.get_content_type(), part.get_content_charset()) for part in parsed.iter_parts()] == [
        ("text/plain", "utf-8"),
        ("text/html", "utf-8"),
    ]
    assert parsed["MIME-Version"] == "1.0"


# --------------------------------------------------------------------------- headers

_PRINTABLE = st.text(
    st.sampled_from("abcXYZ 09.,;:!?\"'()<>@[]\\=_-ءابتثجحخ«»،؟ًّ\u200f🌍é"), min_size=1, max_size=300
).map(lambda text: " ".join(text.split()))
_NAMES = [
    pytest.param("موجز", id="Arabic"),
    pytest.param(
        "موجز الصباح، من كل مكان: أخبار اليوم والغد وما بعدهما في رسالة واحدة كل صباح", id="long Arabic"
    ),
    pytest.param("Mujaz, the digest", id="a comma"),
    pytest.param('The "Mujaz" \\ digest', id="quotes and a backslash"),
    pytest.param("Mujaz <news@evil.example>", id="an address in it"),
    pytest.param("موجز (الصباح), «اليوم»; @هنا", id="Arabic and signs"),
    pytest.param("Café Mujaz", id="an accent"),
    pytest.param("x" * 200, id="one long word"),
    pytest.param("word " * 40 + "end", id="many words"),
]


@pytest.mark.parametrize("name", _NAMES)
def test_a_sender_s_name_can_be_read(name: str) -> None:
    raw = _raw(message(), envelope=replace(ENVELOPE, from_name=name))
    [sender] = _parse(raw)["From"].addresses
    assert sender.addr_spec == ENVELOPE.from_address
    if name.isascii():
        assert sender.display_name == name
        return
    # The newer parser leaves the blanks between encoded words in a name; RFC 2047, 6.2, has them ignored.
    header = raw.partition(b"\r\nFrom: ")[2].partition(b"\r\n <")[0].decode()
    assert str(make_header(decode_header(header))) == name


def test_a_sender_may_have_no_name() -> None:
    raw = _raw(message(), envelope=replace(ENVELOPE, from_name=""))
    assert b"\r\nFrom: mujaz@news.example\r\n" in raw


@pytest.mark.parametrize(
    "subject",
    [
        *_NAMES,
        pytest.param(
            "\N{RIGHT-TO-LEFT MARK}قمة \N{FIRST STRONG ISOLATE}G20\N{POP DIRECTIONAL ISOLATE} غداً", id="marks"
        ),
        pytest.param("=?utf-8?q?not_what_it_says?=", id="what looks like an encoded word"),
        pytest.param("خبر " * 60 + "أخير", id="very long Arabic"),
        pytest.param("🌍" * 70, id="four bytes each"),
    ],
)
def test_a_subject_can_be_read(subject: str) -> None:
    assert _parse(_raw(replace(message(), subject=subject)))["Subject"] == subject


@given(subject=_PRINTABLE, name=_PRINTABLE)
def test_headers_are_short_lines_of_ascii(subject: str, name: str) -> None:
    raw = _raw(replace(message(), subject=subject), envelope=replace(ENVELOPE, from_name=name))
    headers, _, _ = raw.partition(b"\r\n\r\n")
    assert headers.isascii()
    assert all(len(line) <= 998 for line in headers.split(b"\r\n"))
    assert all(line.strip() for line in headers.split(b"\r\n"))
    if not subject.isascii():
        folded = headers.partition(b"Subject:")[2].partition(b"\r\nList-ID")[0]
        assert all(len(line) <= 78 for line in folded.split(b"\r\n"))
    parsed = _parse(raw)
    assert parsed["Subject"] == subject
    assert [one.addr_spec for one in parsed["From"].addresses] == [ENVELOPE.from_address]
    assert parsed["To"] == _READER.email


@pytest.mark.parametrize(
    ("link", "header", "one_click"),
    [
        pytest.param(
            "https://n.example/u?a=1&b=2",
            "<https://n.example/u?a=1&b=2>,\r\n <mailto:leave@news.example?subject=unsubscribe>",
            True,
            id="a page, then the mail address",
        ),
        pytest.param(
            "http://n.example/u",
            "<http://n.example/u>,\r\n <mailto:leave@news.example?subject=unsubscribe>",
            False,
            id="no one-click without TLS",
        ),
        pytest.param(
            "mailto:leave@news.example?subject=unsubscribe%20mujaz",
            "<mailto:leave@news.example?subject=unsubscribe%20mujaz>",
            False,
            id="the mail address once",
        ),
        pytest.param("", "<mailto:leave@news.example?subject=unsubscribe>", False, id="no link of one's own"),
    ],
)
def test_readers_can_leave_by_header(link: str, header: str, one_click: bool) -> None:
    raw = _raw(message(), replace(_READER, unsubscribe_url=link))
    assert f"\r\nList-Unsubscribe: {header}\r\n".encode() in raw
    assert (b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in raw) == one_click


def test_a_message_is_dated_and_named() -> None:
    parsed = _parse(_raw(message()))
    assert parsed["Date"].datetime == NOW
    assert parsed["Message-ID"] == "<mujaz-2026-11-22.7@news.example>"
    assert parsed["Precedence"] == "bulk"


# --------------------------------------------------------------------------- one build for all readers


def test_equal_arguments_give_equal_bytes() -> None:
    one, other = Assembler(ENVELOPE), Assembler(ENVELOPE)
    arguments = (message(), _READER, "e1", "default", NOW)
    assert one.raw(*arguments) == one.raw(*arguments) == other.raw(*arguments)


def test_readers_differ_in_their_own_words_only() -> None:
    assembler = Assembler(ENVELOPE)
    one, other = (
        assembler.raw(
            message(),
            replace(_READER, delivery_id=number, unsubscribe_url=f"https://n.example/{number}"),
            "e1",
            "v",
            NOW,
        )
        for number in (1, 2)
    )
    lines = list(zip(one.split(b"\r\n"), other.split(b"\r\n"), strict=True))
    differing = [pair[0].partition(b":")[0] for pair in lines if pair[0] != pair[1]]
    assert differing[:2] == [b"Message-ID", b"List-Unsubscribe"]
    assert 2 < len(differing) <= 6


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(("e2", "default"), id="another edition"),
        pytest.param(("e1", "gulf"), id="another variant"),
    ],
)
def test_another_edition_or_variant_is_another_message(key: tuple[str, str]) -> None:
    assembler = Assembler(ENVELOPE)
    first = assembler.raw(message("أولى"), _READER, "e1", "default", NOW)
    second = assembler.raw(message("ثانية"), _READER, *key, NOW)
    assert _parse(first)["Subject"] == message("أولى").subject
    assert _parse(second)["Subject"] == message("ثانية").subject

"""What the headers say, as raw bytes and as the standard library reads them."""

from __future__ import annotations

import datetime as dt
import email
import re
from dataclasses import replace
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import default as default_policy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.mailer.headers import feedback_id, wire_address
from digest.mailer.mime import Assembler, Envelope
from digest.model import Message, Reader
from tests.conftest import NOW
from tests.samples import ENVELOPE, message

_READER = Reader(
    delivery_id=7, email="layla@example.org", name="ليلى", unsubscribe_url="https://news.example/u?a=1&b=2"
)
_ENCODED_WORD = re.compile(rb"=\?utf-8\?b\?[A-Za-z0-9+/=]*\?=")


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
    assert raw.count(b"\n") == raw.count(b"\r\n") == raw.count(b"\r")
    return parsed


def _field(raw: bytes, name: str) -> bytes:
    """Return a header's value as it stands in the message, with its folds; there must be one."""
    head = b"\r\n" + raw.partition(b"\r\n\r\n")[0] + b"\r\n"
    [value] = re.findall(rb"\r\n" + name.encode() + rb": ((?:.*\r\n[ \t])*.*)(?=\r\n)", head)
    assert isinstance(value, bytes)
    return value


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


# --------------------------------------------------------------------------- requirements 22 to 28


def test_all_headers_of_an_edition_stand_there_once() -> None:
    raw = _raw(message())
    names = re.findall(rb"(?m)^([A-Za-z-]+):", raw.partition(b"\r\n\r\n")[0])
    assert sorted(names) == sorted(
        [
            *(b"Date", b"Message-ID", b"From", b"To", b"Subject", b"MIME-Version", b"Content-Type"),
            *(b"List-ID", b"List-Unsubscribe", b"List-Unsubscribe-Post"),
            *(b"Precedence", b"Auto-Submitted", b"Feedback-ID"),
        ]
    )


def test_the_fixed_words_of_a_list() -> None:
    raw = _raw(message())
    assert _field(raw, "List-Unsubscribe-Post") == b"List-Unsubscribe=One-Click"
    assert _field(raw, "List-ID") == b"<mujaz.news.example>"
    assert _field(raw, "Precedence") == b"bulk"
    assert _field(raw, "Auto-Submitted") == b"auto-generated"


@pytest.mark.parametrize(
    "length",
    [pytest.param(length, id=f"{length} characters") for length in (30, 76, 77, 78, 300, 700)],
)
def test_a_long_link_to_leave_by_is_never_broken(length: int) -> None:
    link = "https://news.example/u?t=".ljust(length, "a")
    value = _field(_raw(message(), replace(_READER, unsubscribe_url=link)), "List-Unsubscribe")
    assert value == f"<{link}>,\r\n <mailto:leave@news.example?subject=unsubscribe>".encode()
    assert b"=?" not in value
    parsed = _parse(_raw(message(), replace(_READER, unsubscribe_url=link)))
    assert parsed["List-Unsubscribe"].split(", ")[0] == f"<{link}>"


@pytest.mark.parametrize(
    ("link", "own"),
    [
        pytest.param("https://n.example/u?<1>", "<https://n.example/u?%3C1%3E>", id="brackets"),
        pytest.param("https://n.example/a b", "<https://n.example/a%20b>", id="a blank"),
        pytest.param("https://n.example/\r\nBcc:x", "<https://n.example/%0D%0ABcc:x>", id="a line end"),
        pytest.param("https://n.example/ق", "<https://n.example/%D9%82>", id="a letter of another script"),
    ],
)
def test_an_odd_link_cannot_break_out_of_its_header(link: str, own: str) -> None:
    raw = _raw(message(), replace(_READER, unsubscribe_url=link))
    assert _field(raw, "List-Unsubscribe").split(b",")[0] == own.encode()
    assert _parse(raw)["Bcc"] is None


@pytest.mark.parametrize("moment", [NOW, NOW.astimezone(dt.timezone(dt.timedelta(hours=3)))])
def test_the_date_is_the_clock_s_in_utc(moment: dt.datetime) -> None:
    assert _field(_raw(message(), now=moment), "Date") == b"Sun, 22 Nov 2026 06:00:00 +0000"


@pytest.mark.parametrize(
    ("domain", "sender"),
    [
        pytest.param("news.example", "newsexample", id="usual"),
        pytest.param("a.b", "ab000", id="short"),
        pytest.param("a-very-long-domain-of-a-newspaper.example", "averylongdomain", id="long"),
    ],
)
def test_complaints_are_counted_by_four_fields_without_the_reader(domain: str, sender: str) -> None:
    envelope = replace(ENVELOPE, from_address=f"mujaz@{domain}")
    assert feedback_id(envelope, "mujaz-2026-11-22") == f"mujaz-2026-11-22:mujaz:digest:{sender}"
    raws = [_raw(message(), replace(_READER, delivery_id=at, email=f"r{at}@x.example")) for at in (1, 2)]
    assert _field(raws[0], "Feedback-ID") == _field(raws[1], "Feedback-ID")


def test_a_field_holds_no_colon_and_no_letter_of_another_script() -> None:
    made = feedback_id(replace(ENVELOPE, newsletter_id="a:b"), "نشرة 1")
    assert made.isascii()
    assert made.count(":") == 3


@given(subject=_PRINTABLE)
def test_an_encoded_word_has_75_characters_at_most(subject: str) -> None:
    value = _field(_raw(replace(message(), subject=subject)), "Subject")
    assert all(len(word) <= 75 for word in _ENCODED_WORD.findall(value))
    assert subject.isascii() or _ENCODED_WORD.sub(b"", value).strip() == b""


@pytest.mark.parametrize(
    ("odd", "words"),
    [
        pytest.param("\r\nBcc: x@y.example ", ["Bcc:", "x@y.example"], id="a line end and a header"),
        pytest.param("\n", [], id="a line feed"),
        pytest.param("\u2028\u2029", [], id="U+2028 and U+2029"),
        pytest.param("\x85\x0b\x0c", [], id="NEL, VT and FF"),
        pytest.param("\x00\x1b", [], id="NUL and ESC"),
    ],
)
def test_a_hostile_subject_or_name_stays_one_header(odd: str, words: list[str]) -> None:
    raw = _raw(
        replace(message(), subject=f"قمة{odd}اليوم"), envelope=replace(ENVELOPE, from_name=f"موجز{odd}x")
    )
    parsed = _parse(raw)
    assert parsed["Bcc"] is None
    assert parsed["Subject"].split() == ["قمة", *words, "اليوم"]
    assert [one.addr_spec for one in parsed["From"].addresses] == [ENVELOPE.from_address]


@pytest.mark.parametrize(
    ("address", "named"),
    [
        pytest.param("a.b+c@example.org", "a.b+c@example.org", id="usual"),
        pytest.param("reader@بريد.مثال", "reader@xn--ngbof4h.xn--mgbh0fb", id="a domain of other letters"),
        pytest.param("reader@bücher.example", "reader@xn--bcher-kva.example", id="an umlaut"),
        pytest.param("قارئ@بريد.مثال", "قارئ@بريد.مثال", id="nothing but SMTPUTF8 can carry it"),
        pytest.param("a\r\nBcc:b@example.org", "aBcc:b@example.org", id="a line end"),
        pytest.param(f"a@{'ب' * 70}.example", f"a@{'ب' * 70}.example", id="a label too long for ASCII"),
    ],
)
def test_an_address_as_servers_take_it(address: str, named: str) -> None:
    assert wire_address(address) == named
    assert _field(_raw(message(), replace(_READER, email=address)), "To") == named.encode()

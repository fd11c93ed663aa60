"""The letters as they go over the wire: MIME and headers."""

from __future__ import annotations

import base64
import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parseaddr, parsedate_to_datetime
from unicodedata import bidirectional

import dkim
import pytest

from digest.mailer.mime import Assembler
from tests import samples
from tests.clients.letters import THEMES, each_letter, letter
from tests.mailer.keys import SIGNED_AT, published, rsa_key, signer
from tests.mailer.making import ENVELOPE, READER, page

_HTML_ENCODED_BYTES = 100_000


def _message(theme: str, name: str) -> EmailMessage:
    return message_from_bytes(letter(theme, name).raw, policy=policy.default)


def _headers(theme: str, name: str) -> list[tuple[str, str]]:
    """Return the headers as they stand on the wire, each unfolded and nothing decoded."""
    head = letter(theme, name).raw.partition(b"\r\n\r\n")[0].decode("ascii")
    lines = re.sub(r"\r\n(?=[ \t])", "", head).split("\r\n")
    return [(line.partition(": ")[0].lower(), line.partition(": ")[2]) for line in lines]


def _one(theme: str, name: str, header: str) -> str:
    [value] = [value for found, value in _headers(theme, name) if found == header.lower()]
    return value


@each_letter
def test_r21_it_is_small_enough_on_the_wire(theme: str, name: str) -> None:
    html = letter(theme, name).html.replace("\n", "\r\n").encode()
    assert len(base64.encodebytes(html)) <= _HTML_ENCODED_BYTES


@each_letter
def test_r22_text_then_html_each_in_base64(theme: str, name: str) -> None:
    message = _message(theme, name)
    assert message.defects == []
    kinds = [part.get_content_type() for part in message.walk()]
    assert kinds == ["multipart/alternative", "text/plain", "text/html"]
    for part in message.iter_parts():
        assert part.get_content_charset() == "utf-8"
        assert part["Content-Transfer-Encoding"] == "base64"


@each_letter
def test_r22_the_text_part_is_complete(theme: str, name: str) -> None:
    shown = letter(theme, name)
    told = re.sub(r"\s+", " ", re.sub("[\u200e\u200f\u2060\u2066-\u2069]", "", shown.text))
    assert [headline for headline in shown.headlines if headline not in told] == []
    links = [link for link in page(shown.html).xpath("//a/@href") if not link.startswith("#")]
    assert len(links) > 2
    assert [link for link in links if link not in shown.text] == []


@each_letter
def test_r23_lines_are_short(theme: str, name: str) -> None:
    raw = letter(theme, name).raw
    assert b"\n" not in raw.replace(b"\r\n", b"")
    head, _, body = raw.partition(b"\r\n\r\n")
    assert max(len(line) for line in body.split(b"\r\n")) <= 76
    assert max(len(line) for line in head.split(b"\r\n")) <= 998


@each_letter
def test_r24_the_subject_begins_in_its_direction(theme: str, name: str) -> None:
    raw = _one(theme, name, "Subject")
    words = re.findall(r"=\?[^?]+\?[^?]+\?[^?]*\?=", raw)
    assert [word for word in words if len(word) > 75] == []
    subject = str(_message(theme, name)["Subject"])
    assert len(subject) > 10
    strong = next(kind for kind in map(bidirectional, subject) if kind in {"R", "AL", "L"})
    assert (strong == "L") == (letter(theme, name).direction == "ltr")


@each_letter
def test_r25_date_sender_reader_and_name_stand_once(theme: str, name: str) -> None:
    assert parsedate_to_datetime(_one(theme, name, "Date")).tzinfo is not None
    assert re.fullmatch(rf"<[^<>@\s]+@{re.escape(ENVELOPE.domain)}>", _one(theme, name, "Message-ID"))
    assert parseaddr(_one(theme, name, "From"))[1] == ENVELOPE.from_address
    assert parseaddr(_one(theme, name, "To"))[1] == READER.email


@each_letter
def test_r26_list_unsubscribe_holds_a_page_and_an_address_as_they_are(theme: str, name: str) -> None:
    raw = _one(theme, name, "List-Unsubscribe")
    assert "=?" not in raw
    uris = re.findall(r"<([^<>]*)>", raw)
    assert [uri.partition(":")[0] for uri in uris] == ["https", "mailto"]
    assert uris[0] == READER.unsubscribe_url
    assert re.sub(r"<[^<>]*>", "", raw).strip() == ","


@each_letter
def test_r27_one_post_unsubscribes(theme: str, name: str) -> None:
    assert _one(theme, name, "List-Unsubscribe-Post") == "List-Unsubscribe=One-Click"


@each_letter
def test_r28_it_says_that_it_is_a_list(theme: str, name: str) -> None:
    assert re.search(rf"<daily\.{re.escape(ENVELOPE.domain)}>$", _one(theme, name, "List-ID"))
    assert _one(theme, name, "Precedence") == "bulk"
    assert re.fullmatch(r"[^:\s]*:[^:\s]*:[^:\s]*:[^:\s]{5,15}", _one(theme, name, "Feedback-ID"))


@pytest.mark.parametrize("theme", THEMES)
def test_r29_the_sender_s_domain_signs_both_headers_for_leaving(theme: str) -> None:
    assembler = Assembler(samples.ENVELOPE, signer(rsa_key()))
    raw = assembler.raw(letter(theme, "latin").message, READER, "daily-2026-11-22", "default", SIGNED_AT)
    assert dkim.verify(raw, dnsfunc=published(rsa_key()))
    signature = re.sub(r"\s", "", str(message_from_bytes(raw, policy=policy.compat32)["DKIM-Signature"]))
    tags = dict(tag.split("=", 1) for tag in signature.split(";"))
    assert {"list-unsubscribe", "list-unsubscribe-post"} <= set(tags["h"].lower().split(":"))
    assert samples.ENVELOPE.from_address.endswith(f"@{tags['d']}")

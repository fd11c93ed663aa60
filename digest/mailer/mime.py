"""Messages to bytes: the MIME of a variant is built once, a reader's own words are joined in between.

Base64 hides a token, so each part is encoded in the segments between its tokens. A segment begins wherever the
reader's value before it ends, at any of the three places of a base64 group, and so is encoded for all three
beforehand; only the few bytes around a value are encoded for each reader.
"""

from __future__ import annotations

import base64
import datetime as dt
import email.charset
import hashlib
from dataclasses import dataclass
from email.header import Header
from email.utils import format_datetime, quote

from digest.mailer.view import UNSUBSCRIBE_TOKEN
from digest.model import Message, Reader

_LINE = 57  # bytes that give a base64 line of 76 characters (RFC 2045, 6.8)
_WORD = 60  # characters of a header's longest plain word
_CRLF = b"\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What the headers of all of a newsletter's messages say."""

    #: The name beside the sender's address.
    from_name: str
    from_address: str
    newsletter_id: str
    #: Where a reader's unsubscribe mail goes.
    unsubscribe_address: str

    @property
    def domain(self) -> str:
        """The domain that names our messages."""
        return self.from_address.rpartition("@")[2]


def _encode(body: bytes) -> bytes:
    """Return base64 in lines; a last short line is closed as well."""
    return b"".join(base64.b64encode(body[at : at + _LINE]) + _CRLF for at in range(0, len(body), _LINE))


@dataclass(frozen=True, slots=True)
class _Alignment:
    """A segment cut for one place in a base64 group: bytes of the group before, whole groups encoded, the rest."""

    head: bytes
    middle: bytes
    tail: bytes


def _align(segment: bytes, lacking: int) -> _Alignment:
    whole = lacking + (len(segment) - lacking) // 3 * 3 if len(segment) >= lacking else len(segment)
    return _Alignment(
        head=segment[:lacking], middle=_encode(segment[lacking:whole]), tail=segment[max(whole, lacking) :]
    )


class _Part:
    """One base64 body with places for the reader's values."""

    def __init__(self, text: str) -> None:
        segments = text.replace("\r\n", "\n").replace("\n", "\r\n").split(UNSUBSCRIBE_TOKEN)
        self._segments = [[_align(segment.encode(), lacking) for lacking in range(3)] for segment in segments]

    def fill(self, value: bytes) -> bytes:
        """Return the body with the value in every place."""
        out: list[bytes] = []
        carry = b""
        for number, alignments in enumerate(self._segments):
            if number:
                carry += value
            piece = alignments[-len(carry) % 3]
            carry += piece.head
            if len(carry) % 3 == 0:
                out += (_encode(carry), piece.middle)
                carry = piece.tail
        return b"".join([*out, _encode(carry)])


def _text_header(name: str, text: str) -> str:
    """Return a header's text in encoded words of at most 75 characters (RFC 2047), folded."""
    charset = email.charset.Charset("utf-8")
    charset.header_encoding = email.charset.BASE64
    # A plain word that fills a line would be folded away from the name, one that looks encoded would be decoded.
    words_fit = all(len(word) <= _WORD and "=?" not in word for word in text.split())
    plain = text.isascii() and words_fit
    return Header(text, "us-ascii" if plain else charset, header_name=name, maxlinelen=75).encode(
        linesep="\r\n"
    )


class Assembler:
    """Makes readers' messages of a newsletter, each variant's MIME once."""

    def __init__(self, envelope: Envelope) -> None:
        self._envelope = envelope
        self._built: dict[tuple[str, str], tuple[bytes, _Part, _Part, bytes]] = {}

    def raw(self, message: Message, reader: Reader, edition_id: str, variant: str, now: dt.datetime) -> bytes:
        """Return a reader's message, ready for the wire; equal arguments give equal bytes.

        `edition_id` and `variant` name the message, so that its MIME is built only once.
        """
        key = (edition_id, variant)
        if key not in self._built:
            self._built[key] = self._build(message, key)
        fixed, text, html, boundary = self._built[key]
        value = reader.unsubscribe_url.encode()
        own = "\r\n".join(
            f"{name}: {value}" for name, value in self.reader_headers(reader, edition_id, now).items()
        )
        return b"".join(
            (
                own.encode(), _CRLF, fixed,
                b"--", boundary, b"\r\n", _part_headers("plain"), text.fill(value),
                b"--", boundary, b"\r\n", _part_headers("html"), html.fill(as_attribute(reader.unsubscribe_url).encode()),
                b"--", boundary, b"--\r\n",
            )
        )  # fmt: skip

    def reader_headers(self, reader: Reader, edition_id: str, now: dt.datetime) -> dict[str, str]:
        """Return the headers that differ from reader to reader, each already folded."""
        return {
            "Date": format_datetime(now),
            "Message-ID": f"<{edition_id}.{reader.delivery_id}@{self._envelope.domain}>",
            "To": reader.email,
            "List-Unsubscribe": self.list_unsubscribe(reader),
            **self._one_click(reader),
        }

    def list_unsubscribe(self, reader: Reader) -> str:
        """Return the header's value, folded at the comma only, so that no URI is ever broken (RFC 2369)."""
        mailto = f"mailto:{self._envelope.unsubscribe_address}?subject=unsubscribe"
        uris = [uri for uri in (reader.unsubscribe_url, mailto) if uri]
        distinct = list(dict.fromkeys(uris))
        if len(distinct) > 1 and all(uri.startswith("mailto:") for uri in distinct):
            distinct = distinct[:1]
        return ",\r\n ".join(f"<{uri}>" for uri in distinct)

    @property
    def list_id(self) -> str:
        """The newsletter's name among all lists of the world (RFC 2919)."""
        return f"<{self._envelope.newsletter_id}.{self._envelope.domain}>"

    def _one_click(self, reader: Reader) -> dict[str, str]:
        # RFC 8058: only an https link can be unsubscribed by one POST.
        one_click = reader.unsubscribe_url.startswith("https://")
        return {"List-Unsubscribe-Post": "List-Unsubscribe=One-Click"} if one_click else {}

    def fixed_headers(self, message: Message) -> dict[str, str]:
        """Return the headers that all readers' messages share, each already folded."""
        envelope = self._envelope
        plain = envelope.from_name.isascii()
        name = f'"{quote(envelope.from_name)}"' if plain else _text_header("From", envelope.from_name)
        return {
            "From": f"{name}\r\n <{envelope.from_address}>" if envelope.from_name else envelope.from_address,
            "Subject": _text_header("Subject", message.subject),
            "List-ID": self.list_id,
            "Precedence": "bulk",
        }

    def _build(self, message: Message, key: tuple[str, str]) -> tuple[bytes, _Part, _Part, bytes]:
        boundary = "mujaz-" + hashlib.sha256("\0".join((*key, message.subject)).encode()).hexdigest()[:24]
        headers = self.fixed_headers(message) | {
            "MIME-Version": "1.0",
            "Content-Type": f'multipart/alternative;\r\n boundary="{boundary}"',
        }
        fixed = "".join(f"{name}: {value}\r\n" for name, value in headers.items()) + "\r\n"
        return fixed.encode(), _Part(message.text), _Part(message.html), boundary.encode()


def fill_tokens(message: Message, reader: Reader) -> Message:
    """Return a message with the reader's own words in it, as text."""
    url = reader.unsubscribe_url
    return Message(
        subject=message.subject,
        html=message.html.replace(UNSUBSCRIBE_TOKEN, as_attribute(url)),
        text=message.text.replace(UNSUBSCRIBE_TOKEN, url),
    )


def _part_headers(subtype: str) -> bytes:
    return (
        f"Content-Type: text/{subtype}; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n".encode()
    )


def as_attribute(url: str) -> str:
    """Return a URL as it may stand in an HTML attribute."""
    return url.replace("&", "&amp;").replace('"', "%22").replace("<", "%3C").replace(">", "%3E")

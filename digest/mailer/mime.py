"""Messages to bytes: the MIME of a variant is built once, a reader's own words are joined in between."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import Protocol

from digest.mailer.headers import Envelope, reader_headers, shared_headers
from digest.mailer.segments import Segments
from digest.mailer.tokens import IN_HTML, IN_TEXT, fill_tokens
from digest.model import Message, Reader

__all__ = ["Assembler", "Envelope", "Signer", "fill_tokens"]


class Signer(Protocol):
    """Vouches for messages; `signing.DkimSigner` is one."""

    def sign(self, headers: dict[str, str], body: list[bytes], now: dt.datetime) -> bytes:
        """Return a header that signs these and the body, with its line end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Variant:
    """What all of a variant's readers get."""

    headers: dict[str, str]
    encoded_headers: bytes
    text: Segments
    html: Segments
    #: What stands before the text, between it and the HTML, and behind.
    opening: bytes
    turning: bytes
    closing: bytes


class Assembler:
    """Makes readers' messages of a newsletter, each variant's MIME once."""

    def __init__(self, envelope: Envelope, signer: Signer | None = None) -> None:
        self._envelope = envelope
        self._signer = signer
        self._variants: dict[tuple[str, str], _Variant] = {}

    def raw(self, message: Message, reader: Reader, edition_id: str, variant: str, now: dt.datetime) -> bytes:
        """Return a reader's message, ready for the wire; equal arguments give equal bytes.

        `edition_id` and `variant` name the message, so that its MIME is built only once. `now` is the message's date.
        """
        key = (edition_id, variant)
        built = self._variants.get(key)
        if built is None:
            built = self._variants[key] = _build(self._envelope, message, key)
        own = reader_headers(self._envelope, reader, edition_id, now)
        body = [
            built.opening,
            *built.text.fill(reader),
            built.turning,
            *built.html.fill(reader),
            built.closing,
        ]
        signature = self._signer.sign(own | built.headers, body, now) if self._signer else b""
        return b"".join([signature, _encode(own), built.encoded_headers, b"\r\n", *body])


def _build(envelope: Envelope, message: Message, key: tuple[str, str]) -> _Variant:
    # Base64 has no hyphen: no line of a body can be the boundary.
    boundary = "mujaz-" + hashlib.sha256("\0".join((*key, message.subject)).encode()).hexdigest()[:24]
    headers = shared_headers(envelope, message.subject, key[0]) | {
        "MIME-Version": "1.0",
        "Content-Type": f'multipart/alternative;\r\n boundary="{boundary}"',
    }
    return _Variant(
        headers=headers,
        encoded_headers=_encode(headers),
        text=Segments(message.text, IN_TEXT),
        html=Segments(message.html, IN_HTML),
        opening=_part_opening(boundary, "plain"),
        turning=_part_opening(boundary, "html"),
        closing=f"--{boundary}--\r\n".encode(),
    )


def _part_opening(boundary: str, subtype: str) -> bytes:
    return (
        f"--{boundary}\r\nContent-Type: text/{subtype}; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    ).encode()


def _encode(headers: dict[str, str]) -> bytes:
    return "".join([f"{name}: {value}\r\n" for name, value in headers.items()]).encode()

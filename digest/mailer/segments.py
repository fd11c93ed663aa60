"""Bodies in base64 with places for a reader's own words: encoded once, joined for each reader.

Base64 hides a token, so a body is encoded in the segments between its tokens. A segment begins wherever the
reader's value before it ends, at any of the three places of a base64 group, and so is encoded for all three
beforehand; only the few bytes around a value are encoded for each reader.
"""

from __future__ import annotations

import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from digest.mailer.tokens import TOKEN
from digest.model import Reader

_LINE = 57  # bytes that give a base64 line of 76 characters (RFC 2045, 6.8)


def _encode(body: bytes) -> bytes:
    """Return base64 in lines; a last short line is closed as well."""
    lines = [binascii.b2a_base64(body[at : at + _LINE], newline=False) for at in range(0, len(body), _LINE)]
    return b"\r\n".join([*lines, b""])


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


class Segments:
    """One base64 body with places for the reader's values."""

    def __init__(self, text: str, values: Mapping[str, Callable[[Reader], str]]) -> None:
        """Cut a text at its tokens; `values` gives what becomes of each."""
        # The odd pieces are the tokens, which stand in the pattern as a group.
        pieces = TOKEN.split(text.replace("\r\n", "\n").replace("\n", "\r\n"))
        self._segments = [[_align(piece.encode(), lacking) for lacking in range(3)] for piece in pieces[::2]]
        self._tokens = pieces[1::2]
        self._values = {token: values[token] for token in set(self._tokens)}

    def fill(self, reader: Reader) -> list[bytes]:
        """Return the body with the reader's values in all places, in parts to be joined."""
        values = {token: value(reader).encode() for token, value in self._values.items()}
        first = self._segments[0][0]
        parts, carry = [first.middle], first.tail
        for token, alignments in zip(self._tokens, self._segments[1:], strict=True):
            carry += values[token]
            piece = alignments[-len(carry) % 3]
            carry += piece.head
            if len(carry) % 3 == 0:
                parts += (_encode(carry), piece.middle)
                carry = piece.tail
        parts.append(_encode(carry))
        return parts

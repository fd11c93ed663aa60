"""Bodies as they come over the wire, unpacked step by step (Content-Encoding: RFC 9110, section 8.4).

No step gives more than a little at a time, however much a packed byte stands for: whoever reads can stop. aiohttp's
own unpacking is bounded as well, but takes a gzip body that breaks off for a whole one.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Protocol

import brotli

from digest.adapters.fetch.failures import GivenUp
from digest.model import Failure

#: What we can unpack, for Accept-Encoding.
ACCEPTED = "gzip, deflate, br"
#: Bytes that one step gives at most; brotli goes up to half over it.
_STEP = 65536
#: What careless servers send for a body that is not packed at all.
_NOT_PACKED = frozenset({"", "identity", "none", "binary", "utf-8", "utf8"})


class Unpacker(Protocol):
    """Unpacks one body. Raises GivenUp where it cannot be unpacked."""

    def feed(self, packed: bytes) -> Iterator[bytes]:
        """Give what the next packed bytes stand for, in small pieces."""

    def end(self) -> None:
        """Say that nothing more comes; raises GivenUp where something is missing."""


def unpacker(encoding: str) -> Unpacker:
    """Return what unpacks a body of this Content-Encoding. Raises GivenUp for one that we did not ask for."""
    name = encoding.strip().lower().removeprefix("x-")
    if name in _NOT_PACKED:
        return _Plain()
    if name in {"gzip", "deflate"}:
        return _Zlib(name)
    if name == "br":
        return _Brotli()
    raise GivenUp(
        Failure.UNREADABLE, f"the body is packed as {name[:40]!r}, which we neither asked for nor can unpack"
    )


class _Plain:
    def feed(self, packed: bytes) -> Iterator[bytes]:
        yield packed

    def end(self) -> None:
        """Any end is as good as another."""


class _Zlib:
    """gzip (RFC 1952), also in several members, and deflate, with its zlib header (RFC 1950) or without."""

    def __init__(self, name: str) -> None:
        self._name = name
        #: The member that is being unpacked; None between two.
        self._member: zlib._Decompress | None = None
        self._whole = False

    def feed(self, packed: bytes) -> Iterator[bytes]:
        packed, full = self._without_padding(packed), False
        while packed or full:
            member = self._member = self._member or zlib.decompressobj(self._window(packed))
            try:
                piece = member.decompress(packed, _STEP)
            except zlib.error as error:
                raise _damaged(self._name) from error
            if piece:
                yield piece
            # A full piece may have left some of what was read behind.
            packed, full = member.unconsumed_tail, len(piece) >= _STEP and not member.eof
            if member.eof:
                self._member, self._whole = None, True
                packed = self._without_padding(member.unused_data)

    def _without_padding(self, packed: bytes) -> bytes:
        """Return what is to be unpacked; what follows a whole member and begins no other is padding."""
        if self._member or not self._whole:
            return packed
        rest = packed.lstrip(b"\0") if self._name == "gzip" else b""
        return rest if rest.startswith(b"\x1f") else b""

    def _window(self, packed: bytes) -> int:
        if self._name == "gzip":
            return 16 + zlib.MAX_WBITS
        # Many servers leave the zlib header out; the low half of its first byte is always 8.
        return zlib.MAX_WBITS if packed[0] & 0x0F == 8 else -zlib.MAX_WBITS

    def end(self) -> None:
        if self._member:
            raise _cut_short(self._name)


class _Brotli:
    """Brotli (RFC 7932)."""

    def __init__(self) -> None:
        self._stream = brotli.Decompressor()
        self._begun = False

    def feed(self, packed: bytes) -> Iterator[bytes]:
        self._begun = self._begun or bool(packed)
        try:
            piece = self._stream.process(packed, output_buffer_limit=_STEP)
            while piece or not self._stream.can_accept_more_data():
                yield piece
                piece = self._stream.process(b"", output_buffer_limit=_STEP)
        except brotli.error as error:
            raise _damaged("br") from error

    def end(self) -> None:
        if self._begun and not self._stream.is_finished():
            raise _cut_short("br")


def _damaged(name: str) -> GivenUp:
    return GivenUp(Failure.UNREADABLE, f"the body cannot be decoded as {name}")


def _cut_short(name: str) -> GivenUp:
    return GivenUp(Failure.NETWORK, f"the body was cut short: its {name} stream does not end")

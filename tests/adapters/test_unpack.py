"""Unpacking bodies: whatever the pieces they come in, a little at a time, and never half of one for the whole."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.adapters.fetch.failures import GivenUp
from digest.adapters.fetch.unpack import unpacker
from digest.model import Failure

#: No step gives more: brotli goes up to half over what it is asked for.
MOST_IN_ONE_STEP = 100_000


def raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(body) + packer.flush()


PACKERS = [
    pytest.param("gzip", gzip.compress, id="gzip"),
    pytest.param("deflate", zlib.compress, id="deflate"),
    pytest.param("deflate", raw_deflate, id="deflate-without-its-header"),
    pytest.param("br", lambda body: bytes(brotli.compress(body, quality=5)), id="brotli"),
]
# Long runs, so that a packed byte stands for many, beside what cannot be packed at all.
BODIES = st.lists(
    st.one_of(
        st.binary(min_size=1, max_size=300),
        st.builds(
            lambda byte, times: byte * times, st.binary(min_size=1, max_size=1), st.integers(1, 200_000)
        ),
    ),
    min_size=1,
    max_size=3,
).map(b"".join)


def unpack(encoding: str, packed: bytes, chunk: int) -> list[bytes]:
    unpacking = unpacker(encoding)
    pieces = [
        piece
        for start in range(0, len(packed), chunk)
        for piece in unpacking.feed(packed[start : start + chunk])
    ]
    unpacking.end()
    return pieces


@pytest.mark.parametrize(("encoding", "pack"), PACKERS)
@given(body=BODIES, chunk=st.integers(1, 5000))
def test_what_was_packed_comes_out_again_in_small_pieces(
    encoding: str, pack: Callable[[bytes], bytes], body: bytes, chunk: int
) -> None:
    pieces = unpack(encoding, pack(body), chunk)
    assert b"".join(pieces) == body
    assert max(map(len, pieces)) <= MOST_IN_ONE_STEP


@pytest.mark.parametrize(("encoding", "pack"), PACKERS)
@given(body=BODIES, chunk=st.integers(1, 5000), share=st.floats(0, 1, exclude_max=True))
def test_a_body_that_breaks_off_is_never_taken_for_a_whole_one(
    encoding: str, pack: Callable[[bytes], bytes], body: bytes, chunk: int, share: float
) -> None:
    packed = pack(body)
    with pytest.raises(GivenUp) as raised:
        unpack(encoding, packed[: max(1, int(len(packed) * share))], chunk)
    assert raised.value.failure is Failure.NETWORK


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "identity"])
@given(packed=st.binary(max_size=2000), chunk=st.integers(1, 500))
def test_anything_at_all_is_unpacked_or_given_up(encoding: str, packed: bytes, chunk: int) -> None:
    pieces, failures = [b""], set()
    try:
        pieces = unpack(encoding, packed, chunk)
    except GivenUp as error:
        failures.add(error.failure)
    assert failures <= {Failure.NETWORK, Failure.UNREADABLE}
    assert all(len(piece) <= MOST_IN_ONE_STEP for piece in pieces)


@pytest.mark.parametrize("chunk", [1, 7, 10_000])
@pytest.mark.parametrize(
    ("rest", "more"),
    [
        pytest.param(gzip.compress(b"more"), b"more", id="member"),
        pytest.param(b"\0\0" + gzip.compress(b"more"), b"more", id="member-after-padding"),
        pytest.param(b"\0" * 100, b"", id="padding"),
        pytest.param(b"<!-- cached -->", b"", id="what-is-no-member"),
        pytest.param(gzip.compress(b"") * 50, b"", id="empty-members"),
    ],
)
def test_what_follows_a_gzip_member(rest: bytes, more: bytes, chunk: int) -> None:
    assert b"".join(unpack("gzip", gzip.compress(b"body") + rest, chunk)) == b"body" + more


def test_a_damaged_second_member_is_no_padding() -> None:
    damaged = bytearray(gzip.compress(b"more" * 100))
    damaged[-6] ^= 1
    with pytest.raises(GivenUp, match="cannot be decoded as gzip"):
        unpack("gzip", gzip.compress(b"body") + bytes(damaged), 1000)

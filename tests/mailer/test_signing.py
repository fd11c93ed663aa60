"""DKIM: what is signed can be verified, and nothing of it can be changed."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace

import dkim
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPrivateKey,
    RSAPrivateNumbers,
    RSAPublicNumbers,
    rsa_crt_dmp1,
    rsa_crt_dmq1,
    rsa_crt_iqmp,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from dkim.canonicalization import Relaxed
from hypothesis import given
from hypothesis import strategies as st

from digest.mailer.mime import Assembler
from digest.mailer.signing import read_key
from digest.mailer.tokens import NAME_PLACE
from digest.mailer.view import PREFERENCES_TOKEN, UNSUBSCRIBE_TOKEN
from digest.model import Message, Reader
from tests.mailer.keys import DOMAIN, SELECTOR, SIGNED_AT, ed25519_key, pem, published, rsa_key, seed, signer
from tests.samples import ENVELOPE, message

_READER = Reader(delivery_id=7, email="layla@example.org", unsubscribe_url="https://news.example/u?a=1&b=2")
_KEYS = [pytest.param(rsa_key(), id="RSA"), pytest.param(ed25519_key(), id="Ed25519")]
_OVERSIGNED = ["from", "to", "subject", "date", "message-id"]


def _signed(
    key: RSAPrivateKey | Ed25519PrivateKey, made: Message | None = None, reader: Reader = _READER
) -> bytes:
    return Assembler(ENVELOPE, signer(key)).raw(made or message(), reader, "e1", "default", SIGNED_AT)


def _tags(raw: bytes) -> dict[str, str]:
    """Return the tags of the signature, which must stand on top, without blanks."""
    found = re.match(rb"DKIM-Signature:((?:.*\r\n[ \t])*.*)\r\n", raw)
    assert found
    value = re.sub(r"\s", "", found[1].decode())
    return dict(tag.split("=", 1) for tag in value.split(";"))


def _relaxed(name: str, value: str) -> str:
    """Return a header in the relaxed form (RFC 6376, 3.4.2), by our own reading of it."""
    return f"{name.lower()}:{re.sub(r'[ ]+', ' ', value.replace(chr(13) + chr(10), '')).strip()}"


def _verify(raw: bytes, key: RSAPrivateKey | Ed25519PrivateKey) -> None:
    """Check a signature as RFC 6376, 3.7, tells it, with nothing of the package that made it."""
    tags = _tags(raw)
    head, _, body = raw.partition(b"\r\n\r\n")
    assert base64.b64encode(hashlib.sha256(body).digest()).decode() == tags["bh"]
    fields = [
        (name, value)
        for name, _, value in (line.partition(":") for line in re.split(r"\r\n(?![ \t])", head.decode()))
    ]
    left = list(fields)
    lines = []
    for wanted in tags["h"].lower().split(":"):
        last = next((one for one in reversed(left) if one[0].lower() == wanted), None)
        if last is not None:
            left.remove(last)
            lines.append(_relaxed(*last) + "\r\n")
    name, value = fields[0]
    lines.append(_relaxed(name, re.sub(r"(;\s*b=).*$", r"\1", value, flags=re.DOTALL)))
    covered = "".join(lines).encode()
    if isinstance(key, RSAPrivateKey):
        key.public_key().verify(base64.b64decode(tags["b"]), covered, PKCS1v15(), SHA256())
    else:
        key.public_key().verify(base64.b64decode(tags["b"]), hashlib.sha256(covered).digest())


# --------------------------------------------------------------------------- what is signed


def test_dkimpy_verifies_what_we_sign() -> None:
    asked: list[bytes] = []
    assert dkim.verify(_signed(rsa_key()), dnsfunc=published(rsa_key(), asked))
    assert asked == [f"{SELECTOR}._domainkey.{DOMAIN}.".encode()]


@pytest.mark.parametrize("key", _KEYS)
def test_our_own_reading_of_the_standard_verifies_it(key: RSAPrivateKey | Ed25519PrivateKey) -> None:
    _verify(_signed(key), key)


@pytest.mark.parametrize("key", _KEYS)
def test_the_signature_says_what_it_covers(key: RSAPrivateKey | Ed25519PrivateKey) -> None:
    raw = _signed(key)
    tags = _tags(raw)
    assert (tags["v"], tags["c"], tags["d"], tags["s"]) == ("1", "relaxed/relaxed", DOMAIN, SELECTOR)
    assert tags["a"] == ("rsa-sha256" if isinstance(key, RSAPrivateKey) else "ed25519-sha256")
    assert tags["t"] == str(int(SIGNED_AT.timestamp()))
    assert "l" not in tags
    covered = tags["h"].lower().split(":")
    assert {"list-unsubscribe", "list-unsubscribe-post", "list-id", "feedback-id"} <= set(covered)
    assert [covered.count(name) for name in _OVERSIGNED] == [2] * 5
    names = re.findall(r"(?m)^([A-Za-z-]+):", raw.partition(b"\r\n\r\n")[0].decode())
    assert {name.lower() for name in names} - {"dkim-signature"} <= set(covered)


def test_the_signature_s_domain_is_the_sender_s() -> None:
    raw = _signed(rsa_key())
    assert ENVELOPE.from_address.endswith(f"@{_tags(raw)['d']}")


@pytest.mark.parametrize("key", _KEYS)
def test_its_lines_are_short(key: RSAPrivateKey | Ed25519PrivateKey) -> None:
    head = _signed(key).partition(b"\r\nDate:")[0]
    assert all(len(line) <= 78 for line in head.split(b"\r\n"))


def test_the_rest_of_the_message_is_what_it_was() -> None:
    plain = Assembler(ENVELOPE).raw(message(), _READER, "e1", "default", SIGNED_AT)
    assert _signed(rsa_key()).endswith(b"\r\n" + plain)


def test_equal_arguments_give_an_equal_signature() -> None:
    assert _signed(rsa_key()) == _signed(rsa_key())
    assert _signed(ed25519_key()) == _signed(ed25519_key())


# --------------------------------------------------------------------------- what cannot be changed


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(b"<https://news.example/u", b"<https://evil.example/u", id="the link to leave by"),
        pytest.param(b"List-Unsubscribe=One-Click", b"List-Unsubscribe=No", id="leaving by POST"),
        pytest.param(b"\r\nTo: layla", b"\r\nTo: nadia", id="the reader"),
        pytest.param(b"\r\nFrom: ", b"\r\nFrom: evil@evil.example\r\nFrom: ", id="a second sender before"),
        pytest.param(b"\r\nList-ID: ", b"\r\nSubject: Win\r\nList-ID: ", id="a second subject"),
        pytest.param(b"\r\nDate: Sun", b"\r\nDate: Mon", id="the date"),
        pytest.param(b"\r\nDate:", b"\r\nMessage-ID: <x@y>\r\nDate:", id="a second id"),
        pytest.param(b"text/html", b"text/plain", id="a part's kind"),
        pytest.param(b"--\r\n", b"--\r\nmore\r\n", id="words at the end"),
    ],
)
def test_a_changed_message_does_not_pass(before: bytes, after: bytes) -> None:
    raw = _signed(rsa_key())
    assert before in raw
    head, _, tail = raw.rpartition(before)
    changed = head + after + tail
    assert not dkim.verify(changed, dnsfunc=published(rsa_key()))
    with pytest.raises((AssertionError, InvalidSignature)):
        _verify(changed, rsa_key())


def test_leaving_by_post_cannot_be_added_where_it_was_not() -> None:
    raw = _signed(rsa_key(), reader=replace(_READER, unsubscribe_url=""))
    assert dkim.verify(raw, dnsfunc=published(rsa_key()))
    added = raw.replace(b"\r\nDate:", b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\nDate:")
    assert not dkim.verify(added, dnsfunc=published(rsa_key()))


@pytest.mark.parametrize(
    "relayed",
    [
        pytest.param(lambda raw: b"Received: from a by b\r\n" + raw, id="a line of the way"),
        pytest.param(lambda raw: raw.replace(b",\r\n <mailto", b", <mailto"), id="unfolded"),
        pytest.param(lambda raw: raw + b"\r\n\r\n", id="empty lines at the end"),
    ],
)
def test_a_relay_may_do_what_relays_do(relayed: object) -> None:
    assert callable(relayed)
    raw = _signed(rsa_key())
    assert relayed(raw) != raw
    assert dkim.verify(relayed(raw), dnsfunc=published(rsa_key()))


_WORDS = st.lists(
    st.one_of(
        st.text(st.sampled_from("abc .\n\r\t<>=-ءال\u200f🌍"), max_size=60),
        st.sampled_from([UNSUBSCRIBE_TOKEN, PREFERENCES_TOKEN, NAME_PLACE]),
    ),
    max_size=6,
).map("".join)


@given(html=_WORDS, text=_WORDS, subject=_WORDS, name=_WORDS)
def test_any_message_is_in_the_form_that_is_signed(html: str, text: str, subject: str, name: str) -> None:
    made = Message(subject=subject, html=html, text=text)
    raw = _signed(ed25519_key(), made, replace(_READER, name=name, preferences_url="https://n.example/p"))
    body = raw.partition(b"\r\n\r\n")[2]
    assert Relaxed.canonicalize_body(body) == body
    _verify(raw, ed25519_key())


def test_an_address_of_other_letters_is_signed_as_it_is() -> None:
    _verify(_signed(rsa_key(), reader=replace(_READER, email="قارئ@بريد.مثال")), rsa_key())


# --------------------------------------------------------------------------- keys


def _short_key() -> bytes:
    # Two primes of 256 bits: no package makes so short a key any more.
    one, two = 2**256 - 189, 2**255 - 19
    private = pow(65537, -1, (one - 1) * (two - 1))
    numbers = RSAPrivateNumbers(
        p=one,
        q=two,
        d=private,
        dmp1=rsa_crt_dmp1(private, one),
        dmq1=rsa_crt_dmq1(private, two),
        iqmp=rsa_crt_iqmp(one, two),
        public_numbers=RSAPublicNumbers(65537, one * two),
    )
    return numbers.private_key().private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())


@pytest.mark.parametrize(
    ("content", "algorithm"),
    [
        pytest.param(pem(rsa_key()), "rsa-sha256", id="RSA, PKCS 8"),
        pytest.param(pem(rsa_key(), PrivateFormat.TraditionalOpenSSL), "rsa-sha256", id="RSA, PKCS 1"),
        pytest.param(pem(rsa_key()).replace(b"\n", b"\r\n"), "rsa-sha256", id="line ends of Windows"),
        pytest.param(pem(ed25519_key()), "ed25519-sha256", id="Ed25519"),
        pytest.param(seed(ed25519_key()), "ed25519-sha256", id="Ed25519, a seed in base64"),
    ],
)
def test_keys_that_can_be_read(content: bytes, algorithm: str) -> None:
    assert read_key(content).algorithm == algorithm


_FOREIGN = generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
_PUBLIC = rsa_key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(b"", "holds no private key", id="an empty file"),
        pytest.param(b"hello", "holds no private key", id="something else"),
        pytest.param(b"\xff\xfe\x00", "holds no private key", id="bytes"),
        pytest.param(b"c2hvcnQ=", "holds no private key", id="a seed that is too short"),
        pytest.param(_PUBLIC, "holds no private key that can be read", id="the public key"),
        pytest.param(pem(rsa_key())[:400], "holds no private key that can be read", id="half a key"),
        pytest.param(pem(rsa_key(), password=b"x"), "locked with a password", id="a locked key"),
        pytest.param(_FOREIGN, "neither RSA nor Ed25519", id="a key of another kind"),
        pytest.param(_short_key(), "511 bits", id="an RSA key that is too short"),
    ],
)
def test_what_is_no_key_is_said_without_its_content(content: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=words) as caught:
        read_key(content)
    said = f"{caught.value} {caught.value.__cause__}"
    assert not any(line in said for line in content.decode("latin-1").split() if len(line) > 8)


def test_a_key_does_not_show_itself() -> None:
    shown = repr(signer(rsa_key())) + repr(signer(ed25519_key()))
    secrets = [str(rsa_key().private_numbers().d), seed(ed25519_key()).decode().strip()]
    assert not any(secret in shown for secret in secrets)

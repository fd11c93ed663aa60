"""Keys to sign with, made for a test, and what DNS would say of them."""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Callable
from functools import cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from digest.mailer.signing import DkimSigner, read_key

SELECTOR, DOMAIN = "mujaz1", "news.example"
#: Long ago: dkimpy looks at the machine's clock, and verifies nothing that was signed in its future.
SIGNED_AT = dt.datetime(2020, 1, 5, 6, 0, tzinfo=dt.UTC)


@cache
def rsa_key() -> RSAPrivateKey:
    """Return an RSA key, the same for all tests of a run."""
    return generate_private_key(public_exponent=65537, key_size=2048)


@cache
def ed25519_key() -> Ed25519PrivateKey:
    """Return an Ed25519 key, the same for all tests of a run."""
    return Ed25519PrivateKey.generate()


def pem(
    key: RSAPrivateKey | Ed25519PrivateKey,
    form: PrivateFormat = PrivateFormat.PKCS8,
    password: bytes = b"",
) -> bytes:
    """Return a key as its file has it."""
    locked = BestAvailableEncryption(password) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, form, locked)


def seed(key: Ed25519PrivateKey) -> bytes:
    """Return a key as dkimpy's `dknewkey` writes it."""
    return base64.b64encode(key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())) + b"\n"


def signer(key: RSAPrivateKey | Ed25519PrivateKey) -> DkimSigner:
    """Return what signs for `DOMAIN` with a key."""
    return DkimSigner(domain=DOMAIN, selector=SELECTOR, key=read_key(pem(key)))


def published(key: RSAPrivateKey, asked: list[bytes] | None = None) -> Callable[..., bytes]:
    """Return what answers for DNS, as `dkim.verify` wants it; `asked` gets the names that it is asked for."""
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    def answer(name: bytes, timeout: int = 5) -> bytes:
        if asked is not None:
            asked.append(name)
        return b"v=DKIM1; k=rsa; p=" + base64.b64encode(public)

    return answer

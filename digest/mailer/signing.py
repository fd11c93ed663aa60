"""DKIM signatures (RFC 6376, RFC 8463): the domain's word that a message is its own and was not changed.

dkimpy puts the headers into their canonical form and chooses those that are signed; the keys are OpenSSL's, through
`cryptography`. `dkim.sign` as a whole would take each message apart again, read the key each time, look at the
clock by itself and reckon RSA in Python, which takes twenty times as long.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import dkim
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from dkim.canonicalization import Relaxed

#: Named once more than they are there: nobody can add a second one that a reader would see instead.
_OVERSIGNED = ("From", "To", "Subject", "Date", "Message-ID")
#: Those that are missing from a message are named all the same, so that nobody can add them.
_SIGNED = (
    *_OVERSIGNED,
    *_OVERSIGNED,
    *("MIME-Version", "Content-Type", "List-ID", "List-Unsubscribe", "List-Unsubscribe-Post"),
    *("Precedence", "Auto-Submitted", "Feedback-ID"),
)
_SELECTED = [name.lower().encode() for name in _SIGNED]
_NAMES_A_LINE = 5
_NAMES = ":\r\n ".join(
    ":".join(_SIGNED[at : at + _NAMES_A_LINE]) for at in range(0, len(_SIGNED), _NAMES_A_LINE)
)
#: Characters of a signature in one line.
_LINE = 72
#: RFC 8301, 3.2: verifiers take nothing shorter.
_LEAST_RSA_BITS = 1024


@dataclass(frozen=True, slots=True)
class DkimKey:
    """A private key as signatures use it."""

    #: As the a= tag names it.
    algorithm: str
    #: Returns the signature of a SHA-256 digest.
    sign_digest: Callable[[bytes], bytes]


def read_key(content: bytes) -> DkimKey:
    """Return the key of a file: RSA or Ed25519 in PEM, or an Ed25519 seed in base64 as dkimpy's `dknewkey` writes it.

    Raises ValueError, in words that say nothing of the content.
    """
    match _parse(content):
        case Ed25519PrivateKey() as key:
            return DkimKey("ed25519-sha256", key.sign)
        case RSAPrivateKey() as key if key.key_size >= _LEAST_RSA_BITS:
            return DkimKey("rsa-sha256", partial(key.sign, padding=PKCS1v15(), algorithm=Prehashed(SHA256())))
        case RSAPrivateKey() as key:
            raise ValueError(f"holds an RSA key of {key.key_size} bits, which no receiver takes")
        case _:
            raise ValueError("holds a key that is neither RSA nor Ed25519")


def _parse(content: bytes) -> object:
    if b"-----BEGIN" not in content:
        try:
            return Ed25519PrivateKey.from_private_bytes(base64.b64decode(content.strip(), validate=True))
        except (binascii.Error, ValueError) as error:
            raise ValueError("holds no private key") from error
    try:
        return load_pem_private_key(content, password=None)
    except TypeError as error:
        raise ValueError("holds a key that is locked with a password") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ValueError("holds no private key that can be read") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class DkimSigner:
    """Signs with one key of one domain. A `mime.Signer`."""

    #: The domain that vouches, the d= tag.
    domain: str
    #: Under `<selector>._domainkey.<domain>` DNS has the public key.
    selector: str
    key: DkimKey

    def sign(self, headers: dict[str, str], body: list[bytes], now: dt.datetime) -> bytes:
        """Return a DKIM-Signature, relaxed for headers and body, with its line end.

        The body's parts joined must be in the relaxed form already, as base64 in lines is: no blank at a line's end,
        no two in a row, one line end at the end.
        """
        hashed = hashlib.sha256()
        for part in body:
            hashed.update(part)
        body_hash = base64.b64encode(hashed.digest()).decode()
        unsigned = (
            f" v=1; a={self.key.algorithm}; c=relaxed/relaxed; t={int(now.timestamp())};\r\n"
            f" d={self.domain}; s={self.selector};\r\n"
            f" h={_NAMES};\r\n bh={body_hash};\r\n b="
        ).encode()
        fields = Relaxed.canonicalize_headers(
            [(name.encode(), value.encode()) for name, value in headers.items()]
        )
        signed = hashlib.sha256()
        dkim.hash_headers(signed, Relaxed, fields, _SELECTED, (b"DKIM-Signature", unsigned), {})
        signature = base64.b64encode(self.key.sign_digest(signed.digest()))
        lines = [signature[at : at + _LINE] for at in range(0, len(signature), _LINE)]
        return b"DKIM-Signature:" + unsigned + b"\r\n ".join(lines) + b"\r\n"

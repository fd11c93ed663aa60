"""Whether the public key in DNS is the one that receivers need for our signatures (RFC 6376, RFC 8463). Pure."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable, Iterator, Mapping
from functools import partial

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from digest.doctor.findings import Finding, fault, good, warning
from digest.doctor.tags import read_tags
from digest.mailer.signing import DkimSigner
from digest.ports.probing import NameAnswer

#: RFC 8301, 3.2: verifiers take nothing shorter, and signers should not.
_LEAST_BITS, _USUAL_BITS = 1024, 2048
#: Anything: what is signed does not matter, only whether the two keys belong together.
_SAMPLE = hashlib.sha256(b"digest doctor").digest()


def dkim_findings(signer: DkimSigner, name: str, answer: NameAnswer) -> list[Finding]:
    """Return whether the record at `name` has the public key to what signs our letters."""
    records = [text for text in answer.records if "p=" in text.replace(" ", "")]
    if not records:
        remedy = f"Publish the public key of [smtp] dkim_key_file as TXT at {name}, or correct dkim_selector and dkim_domain."
        return [
            fault(
                "dns.dkim-missing",
                f"There is no DKIM key at {name}: no signature can be verified.",
                remedy,
                name,
            )
        ]
    if len(records) > 1:
        says = f"There are {len(records)} DKIM records at {name}, and a receiver may take any of them."
        return [fault("dns.dkim-several", says, "Leave the one that belongs to the key that signs.", name)]
    try:
        return list(_of_record(signer, name, read_tags(records[0])))
    except ValueError as error:
        says = f"The DKIM record at {name} cannot be read: {error}."
        return [fault("dns.dkim-broken", says, "Publish it again, as one text without line ends.", name)]


def _of_record(signer: DkimSigner, name: str, tags: Mapping[str, str]) -> Iterator[Finding]:
    if not "".join(tags.get("p", "").split()):
        says = f"The DKIM key at {name} is revoked (p= is empty): every signature fails."
        yield fault(
            "dns.dkim-revoked", says, "Sign with the key of another selector, and publish that.", name
        )
        return
    refused = _refused(signer, tags)
    if refused:
        remedy = "Publish it without that tag, or with the value that fits."
        yield fault("dns.dkim-unfit", f"The DKIM record at {name} says {refused}.", remedy, name)
        return
    verify, bits = _public_key(tags)
    try:
        verify(signer.key.sign_digest(_SAMPLE), _SAMPLE)
    except (InvalidSignature, ValueError):
        says = (
            f"The public key at {name} does not belong to the private key that signs: every signature fails."
        )
        yield fault("dns.dkim-mismatch", says, "Publish the public key of [smtp] dkim_key_file there.", name)
        return
    yield from _strength(name, bits)
    if "y" in tags.get("t", "").split(":"):
        says = (
            f"The DKIM record at {name} is marked as a trial (t=y): receivers treat signed mail as unsigned."
        )
        yield warning("dns.dkim-test", says, "Take t=y away once signatures verify.", name)


def _refused(signer: DkimSigner, tags: Mapping[str, str]) -> str:
    """Return what in a record keeps it from being used for our signatures; empty where nothing does."""
    kind = signer.key.algorithm.partition("-")[0]
    if tags.get("v", "DKIM1") != "DKIM1":
        return f"v={tags['v']}, which is not DKIM1"
    if tags.get("k", "rsa") != kind:
        return f"k={tags.get('k', 'rsa')}, and the key that signs is {kind}"
    if "h" in tags and "sha256" not in tags["h"].replace(" ", "").split(":"):
        return f"h={tags['h']}, and sha256 signs"
    services = tags.get("s", "*").replace(" ", "").split(":")
    return "" if {"*", "email"} & set(services) else f"s={tags['s']}, which is not for email"


def _public_key(tags: Mapping[str, str]) -> tuple[Callable[[bytes, bytes], None], int]:
    """Return what verifies a signature of a digest, and the key's bits; 0 bits where its length is fixed.

    Raises ValueError where there is no key in it.
    """
    try:
        raw = base64.b64decode("".join(tags["p"].split()), validate=True)
    except binascii.Error as error:
        raise ValueError("p= is no base64") from error
    if tags.get("k", "rsa") == "ed25519":
        return Ed25519PublicKey.from_public_bytes(raw).verify, 0
    try:
        key = load_der_public_key(raw)
    except (ValueError, UnsupportedAlgorithm):
        key = None
    match key:
        case RSAPublicKey():
            return partial(_verify_rsa, key), key.key_size
        case _:
            raise ValueError("p= holds no RSA key")


def _verify_rsa(key: RSAPublicKey, signature: bytes, digest: bytes) -> None:
    key.verify(signature, digest, PKCS1v15(), Prehashed(SHA256()))


def _strength(name: str, bits: int) -> Iterator[Finding]:
    if not bits or bits >= _USUAL_BITS:
        length = f", {bits} bits" if bits else ""
        yield good("dns.dkim", f"The DKIM key at {name} belongs to the one that signs{length}.", name)
        return
    says = f"The DKIM key at {name} has {bits} bits"
    remedy = "Make a key of 2048 bits, and publish it under a new selector."
    if bits < _LEAST_BITS:
        yield fault("dns.dkim-weak", f"{says}: no receiver takes it.", remedy, name)
    else:
        yield warning("dns.dkim-short", f"{says}: 2048 are usual by now.", remedy, name)

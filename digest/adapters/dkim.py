"""The key that signs our mail, from its file."""

from __future__ import annotations

import pathlib
from typing import TYPE_CHECKING

from digest.errors import ConfigurationError, Fault
from digest.settings import SmtpSettings

if TYPE_CHECKING:
    from digest.mailer.signing import DkimKey, DkimSigner


def load_signer(smtp: SmtpSettings, from_address: str, home: pathlib.Path) -> DkimSigner | None:
    """Return what signs the messages, None where no key is set; a relative path is taken from the home.

    Raises ConfigurationError with all that is wrong with the key, the selector and the domain.
    """
    if not (smtp.dkim_key_file or smtp.dkim_selector or smtp.dkim_domain):
        return None
    from digest.mailer.signing import DkimSigner

    sender = from_address.rpartition("@")[2].lower()
    domain = smtp.dkim_domain.lower() or sender
    key = _read(smtp.dkim_key_file, home)
    faults = [key] if isinstance(key, Fault) else []
    if not smtp.dkim_selector:
        faults.append(
            _fault("dkim_selector", "is missing", "Give the selector under which DNS has the public key.")
        )
    if not aligned(domain, sender):
        wrong = f"{domain!r} is not aligned with the sender's {sender!r}: DMARC would not count the signature"
        faults.append(_fault("dkim_domain", wrong, f"Give {sender!r} or a domain above it, or leave it out."))
    if faults or isinstance(key, Fault):
        raise ConfigurationError(faults)
    return DkimSigner(domain=domain, selector=smtp.dkim_selector, key=key)


def aligned(domain: str, sender: str) -> bool:
    """Say whether a signature of a domain counts for a sender's (RFC 7489, 3.1.1): it is the same, or above or below.

    Domains beside one another may be aligned as well, where they belong to one owner; that cannot be seen here.
    """
    related = sender.endswith(f".{domain}") or domain.endswith(f".{sender}")
    return domain == sender or ("." in domain and related)


def _read(name: str, home: pathlib.Path) -> DkimKey | Fault:
    from digest.mailer.signing import read_key

    if not name:
        return _fault("dkim_key_file", "is missing", "Name the file of the private key, or sign nothing.")
    path = home / name
    try:
        return read_key(path.read_bytes())
    except FileNotFoundError:
        wrong, right = "is not there", "Put the private key there, or name its file."
    except OSError as error:
        wrong, right = f"cannot be read ({error.strerror})", "Let the user that runs this program read it."
    except ValueError as error:
        # Its words say nothing of the content.
        wrong, right = (
            str(error),
            "Give an RSA key of 2048 bits or an Ed25519 key, in PEM, without a password.",
        )
    return _fault("dkim_key_file", f"{path} {wrong}", right)


def _fault(key: str, wrong: str, right: str) -> Fault:
    # Either may have set it.
    return Fault(where=f"smtp.{key}, or DIGEST_SMTP__{key.upper()}", key="", wrong=wrong, right=right)

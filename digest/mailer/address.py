"""Mail addresses: which of them can be written to, and how they are stored."""

from __future__ import annotations

import re
import unicodedata

import idna

#: In octets (RFC 5321, 4.5.3.1.1 and 4.5.3.1.3, the latter less its angle brackets).
_LONGEST_LOCAL = 64
_LONGEST = 254
_ASCII_LOCAL = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.!#$%&'*+/=?^_`{|}~-")
_LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
#: Names with a dot, whose last label is not a number (that would be an IP address), or localhost.
_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+(?!\d+$){_LABEL}|localhost")


def normal_address(text: str) -> str:
    """Return an address as it is stored: its domain in A-labels (RFC 5891), its local part in NFC (RFC 6531, 3.3).

    Raises ValueError, with a sentence that says what is wrong, for what cannot be written to. Of local parts those
    that stand without quotes are taken (dot-atoms, RFC 5322, 3.2.3), with letters, marks and digits of any script.

    >>> normal_address("Layla@Bücher.Example")
    'Layla@xn--bcher-kva.example'
    """
    local, at, domain = text.rpartition("@")
    if not at or not local:
        raise ValueError("It has no @ between a name and a domain.")
    local = unicodedata.normalize("NFC", local)
    odd = next((char for char in local if not _fits_local(char)), None)
    if odd is not None:
        raise ValueError(f"{_shown(odd)} cannot stand before the @.")
    if "" in local.split("."):
        raise ValueError("Before the @ dots stand only between other characters.")
    if len(local.encode()) > _LONGEST_LOCAL:
        raise ValueError(f"What stands before the @ is longer than {_LONGEST_LOCAL} bytes.")
    address = f"{local}@{ascii_domain(domain)}"
    if len(address.encode()) > _LONGEST:
        raise ValueError(f"It is longer than {_LONGEST} bytes.")
    return address


def is_mail_address(text: str) -> bool:
    """Say whether an address can be written to."""
    try:
        normal_address(text)
    except ValueError:
        return False
    return True


def ascii_domain(domain: str) -> str:
    """Return a domain in A-labels and small letters. Raises ValueError, with a sentence, for what is no domain."""
    try:
        named = domain.lower() if domain.isascii() else idna.encode(domain, uts46=True).decode()
    except UnicodeError as error:
        raise ValueError(f"{_shown(domain)} is no domain.") from error
    if not _DOMAIN.fullmatch(named):
        raise ValueError(f"{_shown(domain)} is no domain.")
    return named


def _fits_local(char: str) -> bool:
    # Of the rest no signs: among them are controls, spaces, and what turns the direction of writing around.
    return char in _ASCII_LOCAL or (not char.isascii() and unicodedata.category(char)[0] in "LMN")


def _shown(text: str) -> str:
    if text == " ":
        return "A space"
    return repr(text) if text.isprintable() else ascii(text)

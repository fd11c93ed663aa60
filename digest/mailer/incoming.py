"""Mail that comes back to us: who wants to leave, which address bounced, who complained. Pure.

Anybody can write such a mail. A wish to leave is believed by its From, as every list does. A report takes away an
address for good, so it must prove that it answers a letter of ours: by the signed link that stands in the letter it
brings back, or by the number of a delivery together with the address that this delivery went to.
"""

from __future__ import annotations

import email
import enum
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from email.header import decode_header, make_header
from email.message import Message
from email.utils import getaddresses

from digest.mailer.address import normal_address
from digest.text.tidy import tidy

#: Bytes of a mail that are read; reports that bring a whole letter back are longer than letters.
MOST_BYTES = 1_000_000
_MOST_PARTS = 100
#: Characters of a header with addresses that are read.
_LONGEST_LIST = 5000
_LEAVE = re.compile(r"(?:(?:re|aw|رد)\s*:\s*)*unsubscribe(?:\s+([A-Za-z0-9][A-Za-z0-9._-]*))?", re.IGNORECASE)
#: `bounces+17@example.org`: what SMTP with VERP puts down as the sender.
_NUMBERED = re.compile(r"[^@\s<>]+\+([0-9]{1,18})@[^@\s<>]+")
_OWN_LINK = re.compile(r"/u/([A-Za-z0-9._-]{10,1000})")
_STATUS = re.compile(r"\s*5\.1\.([0-9]{1,3})\b")
#: Codes of an address (RFC 3463, 3.2) that speak of the sender's.
_OF_THE_SENDER = frozenset({"7", "8"})
#: Where the envelope's recipient stands, depending on who delivers.
_RECIPIENT_HEADERS = ("Delivered-To", "X-Original-To", "Envelope-To", "To")


class Kind(enum.Enum):
    """What a mail is about."""

    LEAVE = enum.auto()
    BOUNCE = enum.auto()
    COMPLAINT = enum.auto()
    OTHER = enum.auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """What one mail says."""

    kind: Kind
    #: Who wants to leave; empty for reports.
    sender: str = ""
    #: Which newsletter; empty for all.
    newsletter_id: str = ""
    #: The token of the unsubscribe link in the letter that a report brings back.
    token: str = ""
    #: The delivery that a report says it is about; 0 where it names none.
    delivery_id: int = 0
    #: The addresses that a report names as the letter's recipient.
    named: frozenset[str] = frozenset()
    #: The other server's words.
    detail: str = ""
    #: Why it is nothing for us.
    why: str = ""


def read_mail(raw: bytes, recipient: str = "") -> Incoming:
    """Return what a mail says; one that makes no sense is OTHER. Raises nothing, whatever the mail.

    `recipient` is the envelope's, where it is known; else the headers that hold it are looked at.
    """
    try:
        message = email.message_from_bytes(raw[:MOST_BYTES])
        return _read(message, recipient)
    except (RecursionError, ValueError, LookupError, TypeError, AttributeError) as error:
        # The standard library's parser stumbles over some mails that were made for it.
        return Incoming(kind=Kind.OTHER, why=f"it cannot be read ({type(error).__name__})")


def _read(message: Message, recipient: str) -> Incoming:
    if message.get_content_type() == "multipart/report":
        report = str(message.get_param("report-type") or "").lower()
        if report == "delivery-status":
            return _bounce(message, recipient)
        if report == "feedback-report":
            return _complaint(message)
        return Incoming(kind=Kind.OTHER, why="it is a report of another kind")
    return _leave(message)


def _leave(message: Message) -> Incoming:
    subject = _LEAVE.fullmatch(_text(message, "Subject"))
    if subject is None and not (_is_by_hand(message) and _first_line(message).lower() == "unsubscribe"):
        return Incoming(kind=Kind.OTHER, why="it asks for nothing that we know")
    senders = _addresses(message, "From")
    if len(senders) != 1:
        return Incoming(kind=Kind.OTHER, why="it does not say from whom it is")
    newsletter_id = (subject[1] or "") if subject else ""
    return Incoming(kind=Kind.LEAVE, sender=senders.pop(), newsletter_id=newsletter_id)


def _bounce(message: Message, recipient: str) -> Incoming:
    for block in _blocks(message, "message/delivery-status"):
        status = _STATUS.match(_text(block, "Status"))
        failed = _text(block, "Action").lower() == "failed"
        if failed and status and status[1] not in _OF_THE_SENDER:
            named = _typed_address(block, "Final-Recipient") | _typed_address(block, "Original-Recipient")
            return Incoming(
                kind=Kind.BOUNCE,
                token=_own_token(message),
                delivery_id=_delivery_id(message, recipient),
                named=frozenset(named),
                detail=_text(block, "Diagnostic-Code")[:500],
            )
    return Incoming(kind=Kind.OTHER, why="it does not say that there is no such address")


def _complaint(message: Message) -> Incoming:
    kinds = {_text(block, "Feedback-Type").lower() for block in _blocks(message, "message/feedback-report")}
    # "not-spam" takes a complaint back (RFC 6430); fraud, virus and other are not about a reader's wish.
    if not kinds & {"abuse", "opt-out"}:
        return Incoming(kind=Kind.OTHER, why="it is no complaint of a reader")
    return Incoming(kind=Kind.COMPLAINT, token=_own_token(message), detail="a complaint by mail")


def _blocks(message: Message, content_type: str) -> Iterator[Message]:
    """Yield the groups of fields of a report's parts: such a part is parsed as messages without bodies."""
    for part in _parts(message):
        if part.get_content_type() == content_type:
            held = part.get_payload()
            if isinstance(held, list):
                yield from (block for block in held if isinstance(block, Message))
            else:
                yield email.message_from_string(str(held).lstrip())


def _own_token(message: Message) -> str:
    """Return the token of the unsubscribe link of the letter that came back, as a whole or as its headers."""
    for part in _parts(message):
        returned: object = None
        if part.get_content_type() == "message/rfc822":
            held = part.get_payload()
            returned = held[0] if isinstance(held, list) and held else None
        elif part.get_content_type() in {"text/rfc822-headers", "message/rfc822-headers"}:
            decoded = part.get_payload(decode=True)
            returned = email.message_from_bytes(decoded) if isinstance(decoded, bytes) else None
        if isinstance(returned, Message):
            # Folded at white space, which a link has none of.
            found = _OWN_LINK.search("".join(str(returned.get("List-Unsubscribe", "")).split()))
            if found:
                return found[1]
    return ""


def _delivery_id(message: Message, recipient: str) -> int:
    candidates = [recipient] if recipient else []
    for name in () if recipient else _RECIPIENT_HEADERS:
        candidates += _listed(message, name)
    found = (_NUMBERED.fullmatch(candidate.strip()) for candidate in candidates)
    return next((int(one[1]) for one in found if one), 0)


def _parts(message: Message) -> Iterator[Message]:
    for number, part in enumerate(message.walk()):
        if number >= _MOST_PARTS:
            return
        yield part


def _typed_address(block: Message, name: str) -> set[str]:
    """Return the address of a field such as `rfc822; layla@example.org` (RFC 3464, 2.3.1)."""
    return _normal(_text(block, name).partition(";")[2])


def _addresses(message: Message, name: str) -> set[str]:
    return {address for text in _listed(message, name) for address in _normal(text)}


def _listed(message: Message, name: str) -> list[str]:
    values = [str(value)[:_LONGEST_LIST] for value in message.get_all(name, [])[:_MOST_PARTS]]
    return [address for _, address in getaddresses(values)]


def _normal(text: str) -> set[str]:
    try:
        return {normal_address(text.strip().strip("<>"))}
    except ValueError:
        return set()


def _text(message: Message, name: str) -> str:
    value = str(message.get(name, ""))[:2000]
    with suppress(ValueError, LookupError):
        value = str(make_header(decode_header(value)))
    return tidy(value)


def _is_by_hand(message: Message) -> bool:
    """Say whether a person wrote it, and no program that answers (RFC 3834, 2)."""
    return _text(message, "Auto-Submitted").lower() in {"", "no"}


def _first_line(message: Message) -> str:
    for part in _parts(message):
        if part.get_content_type() == "text/plain":
            decoded = part.get_payload(decode=True)
            text = decoded.decode("utf-8", "replace") if isinstance(decoded, bytes) else ""
            lines = (tidy(line) for line in text[:5000].splitlines())
            return next((line for line in lines if line), "").rstrip(".")
    return ""

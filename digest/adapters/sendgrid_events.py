"""SendGrid's event webhook: whether a batch is SendGrid's own, and what its events mean in our words.

Signed is the moment of the batch with its raw body (SendGrid, "Getting Started with the Event Webhook Security
Features"); the check itself is the package's.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from sendgrid.helpers.eventwebhook import EventWebhook

from digest.adapters.store.events import ProviderEvent
from digest.errors import DigestError, InputError
from digest.mailer.address import normal_address
from digest.model import Bounce, DeliveryState, SuppressionReason
from digest.text.tidy import tidy

_DIGITS = re.compile(r"\d{1,12}", re.ASCII)
#: Our ids fit a column of 64 bits.
_OUR_ID = re.compile(r"[1-9]\d{0,17}", re.ASCII)
#: Characters that are kept of the provider's words, and that an event's id may have.
_MOST_WORDS = 500
_LONGEST_ID = 255
#: Events that say nothing more than that SendGrid has taken the message, or the reader's server has.
_TAKEN = ("processed", "delivered")
_LEAVING = ("unsubscribe", "group_unsubscribe")
#: What a drop's reason begins with, in small letters.
_DROPS: Mapping[str, tuple[Bounce | None, SuppressionReason]] = {
    "bounced address": (Bounce.HARD, SuppressionReason.BOUNCED),
    "invalid": (Bounce.HARD, SuppressionReason.BOUNCED),
    "unsubscribed address": (None, SuppressionReason.UNSUBSCRIBED),
    "spam report": (None, SuppressionReason.COMPLAINED),
}
#: A drop for a header that is wrong says nothing of the address.
_OUR_FAULT = "invalid smtpapi"


class BadSignature(DigestError):
    """The batch is not signed, not by SendGrid, or too long ago."""


class Verifier:
    """Tells whether a batch is SendGrid's own, and fresh."""

    def __init__(self, public_key: str, slack_seconds: float) -> None:
        """Take the verification key as SendGrid shows it. Raises ValueError where it is none."""
        try:
            self._webhook = EventWebhook(public_key.strip())
        except UnsupportedAlgorithm as error:
            raise ValueError("the key is of an unknown kind") from error
        if not _is_elliptic(self._webhook.public_key):
            raise ValueError("the key is of no elliptic curve")
        self._slack = slack_seconds

    def check(self, body: bytes, signature: str, timestamp: str, now: dt.datetime) -> None:
        """Return where the batch is genuine. Raises BadSignature."""
        if not signature or not _DIGITS.fullmatch(timestamp):
            raise BadSignature("the signature or its timestamp is missing")
        if not self._signed(body, signature, timestamp):
            raise BadSignature("the signature is not of this body")
        if abs(int(timestamp) - now.timestamp()) > self._slack:
            raise BadSignature("the timestamp is too far from now")

    def _signed(self, body: bytes, signature: str, timestamp: str) -> bool:
        try:
            # The package wants text, and raises at base64 that is none.
            return bool(self._webhook.verify_signature(body.decode(), signature, timestamp))
        except ValueError:
            return False


def _is_elliptic(key: object) -> bool:
    return isinstance(key, EllipticCurvePublicKey)


def read_events(body: bytes, now: dt.datetime) -> tuple[list[ProviderEvent], int]:
    """Return the events that say something of a delivery or an address, and how many entries could not be read.

    Raises InputError where the body is no list of events.
    """
    try:
        entries = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InputError("the body is no JSON") from error
    if not isinstance(entries, list):
        raise InputError("the body is no list")
    good = [entry for entry in entries if isinstance(entry, dict) and _readable(entry)]
    return list(_events(good, now)), len(entries) - len(good)


def _readable(entry: Mapping[str, Any]) -> bool:
    event_id, kind = entry.get("sg_event_id"), entry.get("event")
    return isinstance(kind, str) and isinstance(event_id, str) and _is_id(event_id)


def _is_id(text: str) -> bool:
    return 0 < len(text) <= _LONGEST_ID and text.isprintable()


def _events(entries: list[dict[str, Any]], now: dt.datetime) -> Iterator[ProviderEvent]:
    for entry in entries:
        meaning = _meaning(entry)
        if meaning is None:
            continue
        outcome, bounce, reason = meaning
        yield ProviderEvent(
            id=entry["sg_event_id"],
            kind=entry["event"],
            happened_at=_moment(entry.get("timestamp"), now),
            delivery_id=_delivery(entry.get("delivery")),
            email=_address(entry.get("email")),
            outcome=outcome,
            bounce=bounce,
            reason=reason,
            detail=_words(entry),
        )


def _meaning(
    entry: Mapping[str, Any],
) -> tuple[DeliveryState, Bounce | None, SuppressionReason | None] | None:
    """Return what an event says: where the delivery stands, of what kind the refusal is, and why to write no more.

    None for what changes nothing: deferred, open, click, and what SendGrid may add.
    """
    kind = entry["event"]
    if kind in _TAKEN:
        return DeliveryState.SENT, None, None
    if kind in _LEAVING:
        return DeliveryState.SENT, None, SuppressionReason.UNSUBSCRIBED
    if kind == "spamreport":
        return DeliveryState.SENT, None, SuppressionReason.COMPLAINED
    if kind == "bounce":
        # `blocked`: the server would not have it, for the time being or from us.
        soft = entry.get("type", "bounce") != "bounce"
        return DeliveryState.FAILED_PERM, *(
            (Bounce.SOFT, None) if soft else (Bounce.HARD, SuppressionReason.BOUNCED)
        )
    if kind == "dropped":
        return DeliveryState.FAILED_PERM, *_drop(_text(entry.get("reason")).strip().lower())
    return None


def _drop(reason: str) -> tuple[Bounce | None, SuppressionReason | None]:
    if reason.startswith(_OUR_FAULT):
        return None, None
    found = (meaning for words, meaning in _DROPS.items() if reason.startswith(words))
    return next(found, (None, None))


def _moment(value: object, now: dt.datetime) -> dt.datetime:
    """Return an event's moment, in seconds of Unix time; one that cannot be, and one ahead, is now."""
    if isinstance(value, int) and 0 < value < now.timestamp():
        return dt.datetime.fromtimestamp(value, dt.UTC)
    return now


def _delivery(value: object) -> int | None:
    text = str(value) if isinstance(value, str | int) else ""
    return int(text) if _OUR_ID.fullmatch(text) else None


def _address(value: object) -> str:
    try:
        return normal_address(_text(value).strip())
    except ValueError:
        return ""


def _words(entry: Mapping[str, Any]) -> str:
    said = " ".join(filter(None, (_text(entry.get("status")), _text(entry.get("reason")))))
    return tidy(f"{entry['event']} {said[: 2 * _MOST_WORDS]}")[:_MOST_WORDS].strip()


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""

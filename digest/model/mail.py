"""What the mailer works with: messages, the people they go to, and what became of them."""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """What a message needs to know of the person it goes to."""

    delivery_id: int
    email: str
    name: str = ""
    #: Where the reader's own unsubscribe link leads, https or mailto.
    unsubscribe_url: str = ""
    #: Where the reader chooses regions and times; empty where there is no page for it.
    preferences_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One variant of an edition, the same for all its readers but for the tokens in it."""

    subject: str
    html: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """A person who asked for a newsletter."""

    id: int
    email: str
    name: str = ""
    newsletter_id: str
    #: Region ids in the wanted order; empty for the newsletter's own.
    regions: tuple[str, ...] = ()
    timezone: str = ""
    #: False until the person said yes.
    confirmed: bool = True


class AddOutcome(enum.StrEnum):
    """What became of a wish to subscribe somebody."""

    NEW = "new"
    KNOWN = "known"
    #: The person left, or the address bounced or complained: not written to unless told so.
    LEFT = "left"


class DeliveryState(enum.StrEnum):
    """Where one edition stands on its way to one subscriber.

    pending -> claimed -> sending -> sent | failed_temp | failed_perm | unknown; failed_temp goes back to
    pending when its time comes. A lost claim goes back to pending; a lost `sending` becomes unknown and is
    never sent again by itself.
    """

    PENDING = "pending"
    CLAIMED = "claimed"
    SENDING = "sending"
    SENT = "sent"
    FAILED_TEMP = "failed_temp"
    FAILED_PERM = "failed_perm"
    UNKNOWN = "unknown"
    SUPPRESSED = "suppressed"
    EXPIRED = "expired"

    @property
    def open(self) -> bool:
        """Whether something may still be sent."""
        waiting = {DeliveryState.PENDING, DeliveryState.FAILED_TEMP}
        held = {DeliveryState.CLAIMED, DeliveryState.SENDING}
        return self in waiting | held


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One edition to one subscriber, as claimed for sending."""

    id: int
    email: str
    name: str
    variant: str
    state: DeliveryState
    #: Times that this delivery was handed to a sender, this one included.
    attempts: int = 0
    detail: str = ""
    updated_at: dt.datetime | None = None


class ReceiptStatus(enum.StrEnum):
    """A carrier's answer for one message, in our own words."""

    SENT = "sent"
    #: Try again later.
    DEFERRED = "deferred"
    #: Never try this address again.
    REJECTED = "rejected"
    #: The carrier may or may not have it.
    UNKNOWN = "unknown"
    #: Never handed over; as if nothing had been tried.
    RETURNED = "returned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What a sender says of one message."""

    delivery_id: int
    status: ReceiptStatus
    #: The carrier's own words, or where the file lies.
    detail: str = ""

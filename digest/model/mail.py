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


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """The readers of an edition: those of a newsletter whose zone is one of these; "" for readers who gave none."""

    newsletter_id: str
    zones: tuple[str, ...]
    #: The edition's local date: readers who have paused it beyond are left out. None leaves nobody out.
    day: dt.date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneReaders:
    """The confirmed readers of one zone."""

    count: int
    #: When the first of them agreed.
    since: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """When, how and from where a person agreed to be written to."""

    at: dt.datetime
    #: `import`, `command line`, `double opt-in`.
    how: str
    #: The file, the page or the network that the agreement came from; empty where nobody knows.
    source: str = ""


class SuppressionReason(enum.StrEnum):
    """Why an address is not written to."""

    UNSUBSCRIBED = "unsubscribed"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    BY_HAND = "by_hand"
    #: The person asked to be erased; only the hash of the address is kept.
    FORGOTTEN = "forgotten"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """An address that must not be written to."""

    #: Empty where the person was forgotten.
    email: str
    reason: SuppressionReason
    since: dt.datetime
    #: The carrier's or the operator's own words.
    detail: str = ""


class AddOutcome(enum.StrEnum):
    """What became of a wish to subscribe somebody."""

    NEW = "new"
    KNOWN = "known"
    #: The person left, or the address bounced or complained: not written to unless told so.
    LEFT = "left"


class Bounce(enum.StrEnum):
    """What a refusal says of the address."""

    #: It does not exist: never written to again.
    HARD = "hard"
    #: Not now, or not from us: a full mailbox, a policy. Many in a row, and it is given up.
    SOFT = "soft"


class DeliveryState(enum.StrEnum):
    """Where one edition stands on its way to one subscriber.

    pending -> claimed -> sending -> sent | failed_temp | failed_perm | unknown; failed_temp is claimed again
    when its time comes. A lost claim goes back to pending; a lost `sending` becomes unknown and is
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
    """One edition to one subscriber."""

    id: int
    subscriber_id: int = 0
    email: str
    name: str
    variant: str
    state: DeliveryState
    #: Proves that it is held; a later claim of it carries another. Empty where nobody holds it.
    fence: str = ""
    #: Times that it was handed to a sender.
    attempts: int = 0
    detail: str = ""
    #: What the carrier's refusal said of the address.
    bounce: Bounce | None = None
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
    #: What a refusal says of the address; None where it says nothing of it.
    bounce: Bounce | None = None

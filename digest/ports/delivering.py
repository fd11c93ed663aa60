"""What delivering needs from the world: the ledger, a carrier, and a pace that all processes keep."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from digest.model import Audience, Delivery, DeliveryState, Message, Reader, Receipt


class Ledger(Protocol):
    """Which edition went to whom, and how that ended. The only truth about sending."""

    def open(
        self,
        edition_id: str,
        messages: Mapping[str, Message],
        audience: Audience,
        variants: Mapping[tuple[str, ...], str],
        now: dt.datetime,
    ) -> int:
        """Freeze the messages by variant, and the readers with theirs, in one transaction; return how many readers.

        `variants` names the message for each region choice; a choice that is not in it gets that of (). Where there is
        no reader nothing is frozen; where the edition is open already nothing changes.
        """

    def is_open(self, edition_id: str) -> bool:
        """Say whether the edition's recipients are frozen."""

    def recipients(self, edition_id: str) -> int:
        """Return how many recipients were frozen: what the states add up to."""

    def message(self, edition_id: str, variant: str) -> Message:
        """Return a frozen message. Raises KeyError where the edition has no such variant."""

    def claim(self, edition_id: str, limit: int, now: dt.datetime, lease: dt.timedelta) -> Sequence[Delivery]:
        """Claim up to `limit` deliveries that may be sent, each with the fence that proves the claim.

        Those of addresses that must not be written to any more are settled as suppressed instead. Empty where nothing
        may be sent now.
        """

    def advance(
        self,
        done: Sequence[tuple[Delivery, Receipt]],
        sending: Sequence[Delivery],
        now: dt.datetime,
        lease: dt.timedelta,
    ) -> frozenset[int]:
        """Commit what became of some deliveries, and that others are about to leave, in one transaction.

        Returns the ids of those that are no longer ours, because the lease ran out and somebody else has taken over:
        for them nothing is changed, and they must not be sent.
        """

    def renew(self, held: Sequence[Delivery], now: dt.datetime, lease: dt.timedelta) -> None:
        """Give a sign of life: what is still held is held for another lease."""

    def release(self, held: Sequence[Delivery], now: dt.datetime) -> None:
        """Give back what is claimed and not yet sending."""

    def recover(self, edition_id: str, now: dt.datetime) -> Mapping[DeliveryState, int]:
        """Settle what dead workers left: claims go back to pending, sendings become unknown. Returns the counts."""

    def unfinished(self, now: dt.datetime) -> Sequence[str]:
        """Return the ids of the editions of which something may still be sent, oldest first, but for those on hold."""

    def hold(self, edition_id: str, until: dt.datetime | None, why: str) -> None:
        """Have workers leave an edition alone until then, and keep why; None lifts the hold."""

    def held(self) -> Mapping[str, tuple[dt.datetime, str]]:
        """Return the editions on hold: until when, and why."""

    def counts(self, edition_id: str) -> Mapping[DeliveryState, int]:
        """Return how many deliveries are in each state; states without any are left out."""

    def next_due(self, edition_id: str) -> dt.datetime | None:
        """Return when the first lease ends or the first retry is due; None where nothing waits for a moment."""

    def deliveries(
        self, edition_id: str, state: DeliveryState | None = None, email: str | None = None
    ) -> Iterator[Delivery]:
        """Yield the deliveries, those in one state together, in the order in which they were frozen."""

    def settle_unknown(
        self, edition_id: str, state: DeliveryState, emails: Sequence[str] | None, now: dt.datetime
    ) -> int:
        """Put unknown deliveries where the operator has found that they belong; return how many.

        `state` is sent, failed_perm or expired; `emails` None for all.
        """

    def send_again(
        self, edition_id: str, states: Sequence[DeliveryState], emails: Sequence[str] | None, now: dt.datetime
    ) -> int:
        """Have deliveries in these final states sent once more, as the operator's own word; return how many."""

    def cancel(self, edition_id: str, now: dt.datetime, why: str) -> int:
        """Expire what has not begun to leave; return how many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One message on its way: what it says, and to whom."""

    message: Message
    reader: Reader
    edition_id: str
    #: Names the message among the edition's.
    variant: str


class Sender(Protocol):
    """Whatever can carry a message: a folder, an SMTP server, SendGrid."""

    #: Messages that one call may hold; they share one fate.
    batch: int
    #: Calls that may run at the same time, each in a thread of its own.
    lanes: int
    #: Where messages go, for the operator: `outbox var/outbox`, `smtp mail.example.org:587`.
    destination: str

    def send(self, batch: Sequence[Outgoing], now: dt.datetime) -> list[Receipt]:
        """Hand the messages, dated `now`, over and return a receipt for each.

        Raises SenderError where the carrier refuses the connection or the sender as a whole, before any left.
        """

    def close(self) -> None:
        """End connections; the sender is not used again."""


class SharedLanes(Protocol):
    """How many calls of senders may run at once in all runs of a process together; a semaphore."""

    def acquire(self, blocking: bool = True) -> bool:
        """Take a lane; say whether there was one."""

    def release(self) -> None:
        """Give it back."""


class PaceStore(Protocol):
    """Keeps how fast all processes together may send, over restarts."""

    def reserve(self, name: str, count: int, per_second: float, now: dt.datetime) -> dt.datetime:
        """Take the next `count` places at this rate; return the moment from which they may be used, not before now."""

    def take_of_day(self, name: str, day: dt.date, count: int, steps: Sequence[int]) -> int:
        """Take up to `count` of what may be sent on this day; return how many were granted.

        The first day on which anything is taken may have `steps[0]` messages, the next such day `steps[1]`, and so on;
        after the last step there is no limit.
        """

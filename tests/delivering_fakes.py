"""The ledger and the pace, in memory: what the ones in SQL mean, said without SQL."""

from __future__ import annotations

import datetime as dt
import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from digest.adapters.store.ledger_outcomes import MOST_ATTEMPTS, wait_after
from digest.model import (
    Audience,
    Bounce,
    Delivery,
    DeliveryState,
    Edition,
    Message,
    Receipt,
    ReceiptStatus,
    Suppression,
    SuppressionReason,
)
from tests.subscribing_fakes import MemorySubscribers

_GIVEN_UP = {DeliveryState.FAILED_PERM, DeliveryState.EXPIRED}


@dataclass(slots=True, kw_only=True)
class _Row:
    """One delivery as the ledger in memory keeps it."""

    delivery: Delivery
    #: One edition a reader and day: the newsletter, and its local date.
    day: tuple[str, object]
    lease_until: dt.datetime | None = None
    retry_at: dt.datetime | None = None
    bounce: Bounce | None = None

    def put(self, state: DeliveryState, now: dt.datetime, detail: str | None = None) -> None:
        detail = self.delivery.detail if detail is None else detail
        self.delivery = replace(self.delivery, state=state, updated_at=now, detail=detail)

    def free(self) -> None:
        self.delivery, self.lease_until = replace(self.delivery, fence=""), None

    def may_be_sent(self, now: dt.datetime) -> bool:
        if self.delivery.state is DeliveryState.FAILED_TEMP:
            return self.retry_at is not None and self.retry_at <= now
        return self.delivery.state is DeliveryState.PENDING


class MemoryLedger:
    """The ledger for one thread; `edition` tells an edition's local date, where a test has several a day."""

    def __init__(
        self,
        subscribers: MemorySubscribers | None = None,
        edition: Callable[[str], Edition | None] = lambda _: None,
        soft_bounces: int = 5,
        first_id: int = 1,
    ) -> None:
        self.subscribers = subscribers or MemorySubscribers()
        self._edition = edition
        self._soft_bounces = soft_bounces
        self._first_id = first_id
        self._messages: dict[str, Mapping[str, Message]] = {}
        self._recipients: dict[str, int] = {}
        self._held: dict[str, tuple[dt.datetime, str]] = {}
        self._rows: dict[int, _Row] = {}
        #: The ids of each edition's deliveries, in the order of opening.
        self._of: dict[str, list[int]] = {}
        self._fences = map(str, itertools.count(1))

    def open(
        self,
        edition_id: str,
        messages: Mapping[str, Message],
        audience: Audience,
        variants: Mapping[tuple[str, ...], str],
        now: dt.datetime,
    ) -> int:
        """See `ports.Ledger`."""
        if edition_id in self._of:
            return self.recipients(edition_id)
        edition = self._edition(edition_id)
        day = (audience.newsletter_id, edition.local_date if edition else edition_id)
        had = {row.delivery.subscriber_id for row in self._rows.values() if row.day == day}
        people = [one for one in self.subscribers.readers(audience) if one.id not in had]
        if not people:
            return 0
        self._messages[edition_id] = dict(messages)
        self._recipients[edition_id] = len(people)
        self._of[edition_id] = []
        for one in people:
            opened = Delivery(
                id=self._first_id + len(self._rows),
                subscriber_id=one.id,
                email=one.email,
                name=one.name,
                variant=variants.get(one.regions, variants[()]),
                state=DeliveryState.PENDING,
                updated_at=now,
            )
            self._rows[opened.id] = _Row(delivery=opened, day=day)
            self._of[edition_id].append(opened.id)
        return len(people)

    def is_open(self, edition_id: str) -> bool:
        """See `ports.Ledger`."""
        return edition_id in self._of

    def recipients(self, edition_id: str) -> int:
        """See `ports.Ledger`."""
        return self._recipients.get(edition_id, 0)

    def message(self, edition_id: str, variant: str) -> Message:
        """See `ports.Ledger`."""
        return self._messages[edition_id][variant]

    def claim(self, edition_id: str, limit: int, now: dt.datetime, lease: dt.timedelta) -> Sequence[Delivery]:
        """See `ports.Ledger`."""
        fence = next(self._fences)
        # Retries first.
        free = sorted(
            (row for row in self._of_edition(edition_id) if row.may_be_sent(now)),
            key=lambda row: (row.delivery.state is DeliveryState.PENDING, row.delivery.id),
        )
        for start in range(0, len(free), limit):
            taken = [row for row in free[start : start + limit] if self._is_wanted(row, now)]
            for row in taken:
                row.put(DeliveryState.CLAIMED, now)
                row.delivery, row.lease_until = replace(row.delivery, fence=fence), now + lease
            if taken:
                return tuple(sorted((row.delivery for row in taken), key=lambda one: one.id))
        return ()

    def _is_wanted(self, row: _Row, now: dt.datetime) -> bool:
        """Say whether the reader still wants it; settle it where not."""
        if self.subscribers.wants(row.day[0], row.delivery.email):
            return True
        row.put(DeliveryState.SUPPRESSED, now)
        return False

    def advance(
        self,
        done: Sequence[tuple[Delivery, Receipt]],
        sending: Sequence[Delivery],
        now: dt.datetime,
        lease: dt.timedelta,
    ) -> frozenset[int]:
        """See `ports.Ledger`."""
        settled = [(row, said) for held, said in done for row in self._ours([held], DeliveryState.SENDING)]
        leaving = self._ours(sending, DeliveryState.CLAIMED)
        for row, receipt in settled:
            self._settle(row, receipt, now)
        for row, receipt in settled:
            if receipt.bounce is Bounce.HARD or (receipt.bounce and self._soft_in_a_row(row)):
                self.subscribers.suppress(
                    Suppression(
                        email=row.delivery.email,
                        reason=SuppressionReason.BOUNCED,
                        since=now,
                        detail=receipt.detail,
                    )
                )
        for row in leaving:
            row.put(DeliveryState.SENDING, now)
            row.delivery = replace(row.delivery, attempts=row.delivery.attempts + 1)
            row.lease_until = now + lease
        ours = {row.delivery.id for row in [*(row for row, _ in settled), *leaving]}
        return frozenset(held.id for held in [*(held for held, _ in done), *sending]) - ours

    def _settle(self, row: _Row, receipt: Receipt, now: dt.datetime) -> None:
        attempts = row.delivery.attempts
        state = _state_after(receipt.status, attempts)
        row.put(state, now, receipt.detail)
        row.free()
        row.bounce, row.retry_at = receipt.bounce, None
        if receipt.status is ReceiptStatus.RETURNED:
            row.delivery = replace(row.delivery, attempts=attempts - 1)
        if state is DeliveryState.FAILED_TEMP:
            row.retry_at = now + wait_after(row.delivery.id, attempts)

    def _soft_in_a_row(self, row: _Row) -> bool:
        theirs = [
            one for one in self._rows.values() if one.delivery.subscriber_id == row.delivery.subscriber_id
        ][-self._soft_bounces :]
        soft = [one.bounce is Bounce.SOFT and one.delivery.state in _GIVEN_UP for one in theirs]
        return len(soft) == self._soft_bounces and all(soft)

    def renew(self, held: Sequence[Delivery], now: dt.datetime, lease: dt.timedelta) -> None:
        """See `ports.Ledger`."""
        for row in self._ours(held, DeliveryState.CLAIMED, DeliveryState.SENDING):
            row.lease_until = now + lease

    def release(self, held: Sequence[Delivery], now: dt.datetime) -> None:
        """See `ports.Ledger`."""
        for row in self._ours(held, DeliveryState.CLAIMED):
            row.put(DeliveryState.PENDING, now)
            row.free()

    def recover(self, edition_id: str, now: dt.datetime) -> Mapping[DeliveryState, int]:
        """See `ports.Ledger`."""
        counts = {DeliveryState.CLAIMED: 0, DeliveryState.SENDING: 0}
        for row in self._of_edition(edition_id):
            state = row.delivery.state
            if state in counts and row.lease_until and row.lease_until < now:
                counts[state] += 1
                if state is DeliveryState.CLAIMED:
                    row.put(DeliveryState.PENDING, now)
                else:
                    row.put(DeliveryState.UNKNOWN, now, "the worker died while sending")
                row.free()
        return counts

    def unfinished(self, now: dt.datetime) -> Sequence[str]:
        """See `ports.Ledger`."""
        return [
            edition_id
            for edition_id in self._of
            if (edition_id not in self._held or self._held[edition_id][0] <= now)
            and any(row.delivery.state.open for row in self._of_edition(edition_id))
        ]

    def hold(self, edition_id: str, until: dt.datetime | None, why: str) -> None:
        """See `ports.Ledger`."""
        self._held.pop(edition_id, None)
        if until is not None:
            self._held[edition_id] = (until, why)

    def held(self) -> Mapping[str, tuple[dt.datetime, str]]:
        """Return the editions on hold: until when, and why."""
        return dict(self._held)

    def counts(self, edition_id: str) -> Mapping[DeliveryState, int]:
        """See `ports.Ledger`."""
        found = Counter(row.delivery.state for row in self._of_edition(edition_id))
        return {state: found[state] for state in DeliveryState if state in found}

    def next_due(self, edition_id: str) -> dt.datetime | None:
        """See `ports.Ledger`."""
        waits = [
            row.retry_at if row.delivery.state is DeliveryState.FAILED_TEMP else row.lease_until
            for row in self._of_edition(edition_id)
            if row.delivery.state.open and row.delivery.state is not DeliveryState.PENDING
        ]
        return min(filter(None, waits), default=None)

    def deliveries(
        self, edition_id: str, state: DeliveryState | None = None, email: str | None = None
    ) -> Iterator[Delivery]:
        """See `ports.Ledger`."""
        states = list(DeliveryState) if state is None else [state]
        chosen = self._chosen(edition_id, states, None if email is None else [email])
        return iter(sorted((row.delivery for row in chosen), key=lambda one: (one.state, one.id)))

    def settle_unknown(
        self, edition_id: str, state: DeliveryState, emails: Sequence[str] | None, now: dt.datetime
    ) -> int:
        """See `ports.Ledger`."""
        chosen = self._chosen(edition_id, [DeliveryState.UNKNOWN], emails)
        for row in chosen:
            row.put(state, now, "settled by the operator")
        return len(chosen)

    def send_again(
        self, edition_id: str, states: Sequence[DeliveryState], emails: Sequence[str] | None, now: dt.datetime
    ) -> int:
        """See `ports.Ledger`."""
        chosen = self._chosen(edition_id, states, emails)
        for row in chosen:
            row.put(DeliveryState.PENDING, now, "sent again by the operator")
            row.delivery = replace(row.delivery, attempts=0)
            row.retry_at, row.bounce = None, None
        return len(chosen)

    def cancel(self, edition_id: str, now: dt.datetime, why: str) -> int:
        """See `ports.Ledger`."""
        waiting = [DeliveryState.PENDING, DeliveryState.FAILED_TEMP, DeliveryState.CLAIMED]
        chosen = self._chosen(edition_id, waiting, None)
        for row in chosen:
            row.put(DeliveryState.EXPIRED, now, why)
            row.free()
            row.retry_at = None
        return len(chosen)

    def _of_edition(self, edition_id: str) -> list[_Row]:
        return [self._rows[one] for one in self._of.get(edition_id, [])]

    def _ours(self, held: Sequence[Delivery], *states: DeliveryState) -> list[_Row]:
        """Return the rows of those that are still held under their fence, in these states."""
        rows = [(one.fence, self._rows[one.id]) for one in held if one.id in self._rows]
        return [row for fence, row in rows if row.delivery.fence == fence and row.delivery.state in states]

    def _chosen(
        self, edition_id: str, states: Sequence[DeliveryState], emails: Sequence[str] | None
    ) -> list[_Row]:
        wanted = None if emails is None else {email.strip().casefold() for email in emails}
        return [
            row
            for row in self._of_edition(edition_id)
            if row.delivery.state in states and (wanted is None or row.delivery.email.casefold() in wanted)
        ]


def _state_after(status: ReceiptStatus, attempts: int) -> DeliveryState:
    if status is ReceiptStatus.DEFERRED:
        return DeliveryState.EXPIRED if attempts >= MOST_ATTEMPTS else DeliveryState.FAILED_TEMP
    return {
        ReceiptStatus.SENT: DeliveryState.SENT,
        ReceiptStatus.REJECTED: DeliveryState.FAILED_PERM,
        ReceiptStatus.UNKNOWN: DeliveryState.UNKNOWN,
        ReceiptStatus.RETURNED: DeliveryState.PENDING,
    }[status]


class MemoryPace:
    """The pace of all runs that share it."""

    def __init__(self) -> None:
        self._free_at: dict[str, dt.datetime] = {}
        self._taken: dict[str, Counter[dt.date]] = {}

    def reserve(self, name: str, count: int, per_second: float, now: dt.datetime) -> dt.datetime:
        """See `ports.PaceStore`."""
        begin, ahead = self._free_at.get(name, now), dt.timedelta(seconds=300 + 500 / per_second)
        begin = begin if now <= begin <= now + ahead else now
        self._free_at[name] = begin + dt.timedelta(seconds=count / per_second)
        return begin

    def take_of_day(self, name: str, day: dt.date, count: int, steps: Sequence[int]) -> int:
        """See `ports.PaceStore`."""
        taken = self._taken.setdefault(name, Counter())
        before = sum(1 for one in taken if one < day)
        granted = count
        if before < len(steps):
            granted = min(count, max(steps[before] - taken[day], 0))
        taken[day] += granted
        return granted

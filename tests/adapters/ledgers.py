"""A ledger with people and editions around it, in memory or on a database, for the ledger's contract tests."""

from __future__ import annotations

import datetime as dt
import itertools
import pathlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import pytest

from digest.adapters.store import Store
from digest.model import (
    Audience,
    Bounce,
    Delivery,
    DeliveryState,
    Receipt,
    ReceiptStatus,
    Suppression,
    SuppressionReason,
)
from digest.ports import EditionStore, Ledger, SubscriberStore
from tests.adapters.databases import opened_store
from tests.conftest import NOW
from tests.fakes import MemoryEditionStore, MemoryLedger, MemorySubscribers
from tests.samples import TODAY, edition, message, person
from tests.subscribing_fakes import CONSENT

LEASE = dt.timedelta(seconds=60)
MESSAGES = {"default": message()}
#: Everybody gets the one message.
DEFAULT: Mapping[tuple[str, ...], str] = {(): "default"}
#: Soft bounces in a row that an address of these tests may have.
SOFT_BOUNCES = 3


def everybody(newsletter_id: str = "mujaz") -> Audience:
    """Return the readers who gave no zone."""
    return Audience(newsletter_id=newsletter_id, zones=("",))


@dataclass(slots=True, kw_only=True)
class Desk:
    """A ledger, and what is around it."""

    ledger: Ledger
    subscribers: SubscriberStore
    editions: EditionStore
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _readers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def subscribe(
        self, count: int, newsletter_id: str = "mujaz", *, regions: tuple[str, ...] = (), timezone: str = ""
    ) -> list[str]:
        """Add so many new readers; return their addresses."""
        people = [
            replace(person(number), newsletter_id=newsletter_id, regions=regions, timezone=timezone)
            for number in itertools.islice(self._readers, count)
        ]
        for one in people:
            self.subscribers.add(one, consent=CONSENT)
        return [one.email for one in people]

    def freeze(self, newsletter_id: str = "mujaz", *, day: dt.date | None = None, cohort: str = "") -> str:
        """Freeze a new edition, on a day of its own where none is given; return its id."""
        number = next(self._numbers)
        made = replace(
            edition(f"e{number}", day=day or TODAY + dt.timedelta(days=number)),
            newsletter_id=newsletter_id,
            cohort=cohort,
        )
        return self.editions.freeze(made).id

    def open(self, count: int) -> str:
        """Open an edition of a new newsletter to so many new readers; return its id."""
        newsletter_id = f"n{next(self._numbers)}"
        self.subscribe(count, newsletter_id)
        return self.open_next(newsletter_id)

    def open_next(self, newsletter_id: str) -> str:
        """Open a newsletter's next edition to all its readers; return its id."""
        edition_id = self.freeze(newsletter_id)
        self.ledger.open(edition_id, MESSAGES, everybody(newsletter_id), DEFAULT, NOW)
        return edition_id

    def suppress(self, email: str) -> None:
        """Have an address suppressed."""
        self.subscribers.suppress(Suppression(email=email, reason=SuppressionReason.UNSUBSCRIBED, since=NOW))


def memory_desk(first_id: int = 1) -> Desk:
    """Return a desk around the fake ledger, which counts its deliveries from this id on."""
    subscribers, editions = MemorySubscribers(), MemoryEditionStore()
    ledger = MemoryLedger(subscribers, editions.edition, SOFT_BOUNCES, first_id)
    return Desk(ledger=ledger, subscribers=subscribers, editions=editions)


def sql_desk(store: Store) -> Desk:
    """Return a desk around a real one."""
    store.ledger.soft_bounces = SOFT_BOUNCES
    return Desk(ledger=store.ledger, subscribers=store.subscribers, editions=store.editions)


@contextmanager
def opened_desk(kind: str, request: pytest.FixtureRequest, folder: pathlib.Path) -> Iterator[Desk]:
    """Give a desk of this kind: `memory`, `sqlite` or `postgresql`."""
    if kind == "memory":
        yield memory_desk()
        return
    with opened_store(kind, request, folder) as store:
        yield sql_desk(store)


def later(seconds: float) -> dt.datetime:
    """Return the moment so many seconds after NOW."""
    return NOW + dt.timedelta(seconds=seconds)


def states(ledger: Ledger, edition_id: str) -> list[DeliveryState]:
    """Return the states of an edition's deliveries, by address."""
    return [one.state for one in sorted(ledger.deliveries(edition_id), key=lambda one: one.email)]


def let_go(ledger: Ledger, held: Sequence[Delivery], now: dt.datetime) -> frozenset[int]:
    """Say that these are about to leave; return those that are no longer ours."""
    return ledger.advance([], held, now, LEASE)


def answered(
    held: Sequence[Delivery], status: ReceiptStatus, detail: str = "", bounce: Bounce | None = None
) -> list[tuple[Delivery, Receipt]]:
    """Return each delivery with the same answer of the carrier."""
    return [(one, Receipt(delivery_id=one.id, status=status, detail=detail, bounce=bounce)) for one in held]


def settle(
    ledger: Ledger, held: Sequence[Delivery], status: ReceiptStatus, now: dt.datetime
) -> frozenset[int]:
    """Settle these with one answer; return those that are no longer ours."""
    return ledger.advance(answered(held, status, "the carrier's words"), [], now, LEASE)


def hand_over(
    ledger: Ledger, edition_id: str, status: ReceiptStatus, now: dt.datetime, bounce: Bounce | None = None
) -> Sequence[Delivery]:
    """Claim, let go and settle everything that is due, with one answer for all."""
    held = ledger.claim(edition_id, 1000, now, LEASE)
    assert not let_go(ledger, held, now)
    assert not ledger.advance(answered(held, status, "the carrier's words", bounce), [], now, LEASE)
    return held

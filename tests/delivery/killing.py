"""Workers killed at random moments over one edition, and what must be true then, and what an operator does after."""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import sqlalchemy as sa

from digest.adapters.store import Store
from digest.adapters.store.schema import subscriber, subscription
from digest.model import Delivery, DeliveryState, Edition
from tests.conftest import NOW
from tests.delivery.nursery import Nursery
from tests.samples import edition, person

_PATIENCE_SECONDS = 30


def subscribe(store: Store, count: int) -> list[str]:
    """Have so many readers, and return their addresses. Past the store's own way, which is not what is tested."""
    people = [person(number) for number in range(1, count + 1)]
    with store.engine.begin() as connection:
        connection.execute(
            sa.insert(subscriber),
            [
                {"id": one.id, "email": one.email, "email_key": one.email, "name": one.name, "timezone": ""}
                | {"created_at": NOW}
                for one in people
            ],
        )
        connection.execute(
            sa.insert(subscription),
            [
                {
                    "subscriber_id": one.id,
                    "newsletter_id": one.newsletter_id,
                    "regions": "",
                    "confirmed": True,
                }
                | {"consent_at": NOW, "consent_source": "a test"}
                for one in people
            ],
        )
    return [one.email for one in people]


class Kept(Protocol):
    """What a carrier knows of whom it took a message for."""

    def rows(self) -> list[tuple[str, str]]:
        """Return address and name of each message."""

    def addresses(self) -> Counter[str]:
        """Return how often each address is among them."""

    def count(self) -> int:
        """Return how many there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """An edition with its readers, and the carrier that it goes through."""

    store: Store
    edition_id: str
    readers: list[str]
    kept: Kept
    chance: random.Random

    def states(self) -> Counter[DeliveryState]:
        """Return how many deliveries are in each state."""
        return Counter(self.store.ledger.counts(self.edition_id))

    def those(self, state: DeliveryState) -> list[Delivery]:
        """Return the deliveries in a state."""
        return list(self.store.ledger.deliveries(self.edition_id, state))

    def kill_over_and_over(self, nursery: Nursery, *, workers: int, kills: int, most_between: int) -> None:
        """Have so many workers at a time, kill one after the other, and let the last ones end their work.

        Between two kills up to `most_between` messages arrive. Each third is killed at any moment, whatever it is at.
        """
        alive = [nursery.start() for _ in range(workers)]
        for number in range(kills):
            if number % 3:
                self._let_arrive(self.chance.randint(1, most_between))
            time.sleep(self.chance.uniform(0, 0.02 if number % 3 else 0.06))
            victim = alive.pop(self.chance.randrange(workers))
            assert nursery.kill(victim), f"all was done before the kill number {number + 1}"
            alive.append(nursery.start())
            self.check_promises()
        assert [nursery.wait(worker) for worker in alive] == [0] * workers

    def _let_arrive(self, count: int) -> None:
        target = self.kept.count() + count
        end = time.monotonic() + _PATIENCE_SECONDS
        while self.kept.count() < target and time.monotonic() < end:
            time.sleep(0.001)

    def check_promises(self) -> None:
        """What holds at every moment, whoever is alive."""
        # In this order: what is `sent` by now has arrived before.
        sent = {one.email for one in self.those(DeliveryState.SENT)}
        arrived = self.kept.addresses()
        assert sent <= arrived.keys(), "the ledger says `sent` of a message that did not leave"
        assert set(arrived.values()) <= {1}, "somebody was sent two"
        assert self.states().total() in {0, len(self.readers)}, "the states do not add up to the recipients"

    def check_end(self, most_unknown: int) -> None:
        """Everybody is sent or unknown, and no more are unknown than were in flight when a worker died."""
        self.check_promises()
        states = self.states()
        assert states.keys() <= {DeliveryState.SENT, DeliveryState.UNKNOWN}, "somebody was lost"
        assert states.total() == self.store.ledger.recipients(self.edition_id) == len(self.readers)
        assert states[DeliveryState.UNKNOWN] <= most_unknown
        known = {one.email for state in states for one in self.those(state)}
        assert known == set(self.readers)
        assert {one.attempts for state in states for one in self.those(state)} == {1}
        names = [name for _, name in self.kept.rows()]
        assert len(set(names)) == len(names)

    def settle_and_resend(self, deliver: Callable[[], int]) -> None:
        """As the operator does: ask the carrier's list about the unknown, and have those who got nothing sent again."""
        arrived = self.kept.addresses()
        unknown = [one.email for one in self.those(DeliveryState.UNKNOWN)]
        got_it = [email for email in unknown if email in arrived]
        got_none = [email for email in unknown if email not in arrived]
        ledger = self.store.ledger
        assert ledger.settle_unknown(self.edition_id, DeliveryState.SENT, got_it, NOW) == len(got_it)
        assert ledger.send_again(self.edition_id, [DeliveryState.UNKNOWN], got_none, NOW) == len(got_none)
        assert deliver() == 0
        assert self.states() == {DeliveryState.SENT: len(self.readers)}
        assert self.kept.addresses() == dict.fromkeys(self.readers, 1)


def field_of(store: Store, kept: Kept, count: int, of: Edition | None = None) -> Field:
    """Return a field with so many readers. Its chance comes from a seed that a failed test prints."""
    # The same from run to run; another one may be asked for.
    seed = int(os.environ.get("DIGEST_TEST_SEED", "20261122"))
    print(f"DIGEST_TEST_SEED={seed}")
    frozen = store.editions.freeze(of or edition())
    return Field(
        store=store,
        edition_id=frozen.id,
        readers=subscribe(store, count),
        kept=kept,
        chance=random.Random(seed),
    )

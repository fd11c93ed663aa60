"""Any order of steps on the ledger: the database agrees with the fake, and the promises hold whoever is right."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from digest.adapters.store import Store, open_store
from digest.errors import LeaseLost
from digest.model import DeliveryState, Receipt, ReceiptStatus
from digest.ports import Claim, Ledger
from tests.adapters.ledgers import LEASE, Desk, MemoryDesk, SqlDesk, all_of, ids
from tests.conftest import NOW

_FINAL = {
    DeliveryState.SENT,
    DeliveryState.FAILED_PERM,
    DeliveryState.UNKNOWN,
    DeliveryState.SUPPRESSED,
    DeliveryState.EXPIRED,
}
_READERS = 6
#: A lease exactly, a little more, and the waits of the first failures.
_SECONDS = st.sampled_from([1, 60, 61, 300, 2000])


class LedgerMachine(RuleBasedStateMachine):
    """Takes each step on both ledgers, and looks at both after it."""

    def __init__(self, sql: SqlDesk) -> None:
        super().__init__()
        self.desks: tuple[Desk, ...] = (sql, MemoryDesk())
        self.editions = tuple(desk.open(_READERS) for desk in self.desks)
        self.ledgers: tuple[Ledger, ...] = tuple(desk.ledger for desk in self.desks)
        self.now = NOW
        #: The same claim, once of each ledger.
        self.claims: list[tuple[Claim, ...]] = []
        self.final: dict[str, DeliveryState] = {}
        #: By place in the list of readers, how often each was handed over since it was last given back.
        self.handed: Counter[str] = Counter()

    def _on_both(self, act: Callable[[Ledger, str, int], None]) -> bool:
        """Take a step on both; say whether it was taken. Both take it or both refuse."""
        took = []
        for number, (ledger, edition_id) in enumerate(zip(self.ledgers, self.editions, strict=True)):
            try:
                act(ledger, edition_id, number)
            except LeaseLost:
                took.append(False)
            else:
                took.append(True)
        assert took[0] == took[1]
        return took[0]

    @rule(seconds=_SECONDS)
    def wait(self, seconds: int) -> None:
        self.now += dt.timedelta(seconds=seconds)

    @rule(limit=st.integers(1, 4))
    def claim(self, limit: int) -> None:
        self.claims.append(
            tuple(
                ledger.claim(edition_id, limit, self.now, LEASE)
                for ledger, edition_id in zip(self.ledgers, self.editions, strict=True)
            )
        )
        one, other = (self._places(claim, number) for number, claim in enumerate(self.claims[-1]))
        assert one == other

    def _places(self, claim: Claim, number: int) -> list[int]:
        first = min(one.id for one in self.ledgers[number].deliveries(self.editions[number]))
        return [held.id - first for held in claim.deliveries]

    @precondition(lambda self: self.claims)
    @rule(data=st.data())
    def mark_sending(self, data: st.DataObject) -> None:
        pair = data.draw(st.sampled_from(self.claims))
        places = data.draw(st.sets(st.integers(0, max(len(pair[0].deliveries) - 1, 0)), min_size=1))
        chosen = [place for place in sorted(places) if place < len(pair[0].deliveries)]
        emails = [pair[0].deliveries[place].email for place in chosen]

        def mark(ledger: Ledger, _: str, number: int) -> None:
            ledger.mark_sending(
                pair[number], [pair[number].deliveries[place].id for place in chosen], self.now, LEASE
            )

        if self._on_both(mark):
            self.handed.update(emails)

    @precondition(lambda self: self.claims)
    @rule(data=st.data())
    def settle(self, data: st.DataObject) -> None:
        pair = data.draw(st.sampled_from(self.claims))
        said = data.draw(st.dictionaries(st.integers(0, 3), st.sampled_from(ReceiptStatus), min_size=1))
        chosen = {place: status for place, status in said.items() if place < len(pair[0].deliveries)}

        def settle(ledger: Ledger, _: str, number: int) -> None:
            receipts = [
                Receipt(delivery_id=pair[number].deliveries[place].id, status=status, detail=f"said {status}")
                for place, status in chosen.items()
            ]
            ledger.settle(pair[number], receipts, self.now)

        if self._on_both(settle):
            for place, status in chosen.items():
                if status in {ReceiptStatus.DEFERRED, ReceiptStatus.RETURNED}:
                    self.handed[pair[0].deliveries[place].email] = 0

    @precondition(lambda self: self.claims)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        pair = data.draw(st.sampled_from(self.claims))
        assert self._on_both(lambda ledger, _, number: ledger.release(pair[number], self.now))

    @rule(status=st.sampled_from(ReceiptStatus), seconds=_SECONDS)
    def a_worker_s_turn(self, status: ReceiptStatus, seconds: int) -> None:
        """Send all that is due, with one answer, and let time pass."""
        self.claim(_READERS)
        pair = self.claims[-1]

        def turn(ledger: Ledger, _: str, number: int) -> None:
            ledger.mark_sending(pair[number], ids(pair[number]), self.now, LEASE)
            ledger.settle(pair[number], all_of(pair[number], status, f"said {status}"), self.now)

        assert self._on_both(turn)
        if status not in {ReceiptStatus.DEFERRED, ReceiptStatus.RETURNED}:
            self.handed.update(held.email for held in pair[0].deliveries)
        self.now += dt.timedelta(seconds=seconds)

    @rule()
    def recover(self) -> None:
        one, other = (
            ledger.recover(edition_id, self.now)
            for ledger, edition_id in zip(self.ledgers, self.editions, strict=True)
        )
        assert one == other

    @rule(place=st.integers(0, _READERS - 1))
    def suppress(self, place: int) -> None:
        for desk, edition_id in zip(self.desks, self.editions, strict=True):
            desk.suppress(list(desk.ledger.deliveries(edition_id))[place].email)

    @invariant()
    def both_agree(self) -> None:
        one, other = (
            [
                (row.state, row.attempts, row.detail.partition(":")[0], row.updated_at)
                for row in ledger.deliveries(edition_id)
            ]
            for ledger, edition_id in zip(self.ledgers, self.editions, strict=True)
        )
        assert one == other
        due = [
            ledger.next_due(edition_id)
            for ledger, edition_id in zip(self.ledgers, self.editions, strict=True)
        ]
        assert due[0] == due[1]

    @invariant()
    def the_states_add_up_to_the_recipients(self) -> None:
        counts = self.ledgers[0].counts(self.editions[0])
        assert sum(counts.values()) == _READERS
        assert all(counts.values())

    @invariant()
    def what_is_final_stays(self) -> None:
        found = {row.email: row.state for row in self.ledgers[0].deliveries(self.editions[0])}
        assert {email: found[email] for email in self.final} == self.final
        self.final |= {email: state for email, state in found.items() if state in _FINAL}

    @invariant()
    def nobody_is_handed_over_twice_unless_given_back(self) -> None:
        assert all(times <= 1 for times in self.handed.values())


@pytest.fixture(scope="module")
def one_store() -> Iterator[Store]:
    """One database in memory for all walks; each has an edition and readers of its own."""
    store = open_store("sqlite:///:memory:")
    yield store
    store.close()


def test_any_walk_over_the_ledger_keeps_its_promises(one_store: Store) -> None:
    desk = SqlDesk(one_store)

    class Walk(LedgerMachine):
        def __init__(self) -> None:
            super().__init__(desk)

    run_state_machine_as_test(
        Walk,
        settings=settings(
            max_examples=40,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )

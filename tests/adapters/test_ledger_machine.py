"""Any order of steps on the ledger: the database agrees with the fake, and the promises hold whoever is right."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

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
from digest.model import Bounce, Delivery, DeliveryState, Receipt, ReceiptStatus
from digest.ports import Ledger
from tests.adapters.ledgers import DEFAULT, LEASE, MESSAGES, Desk, everybody, memory_desk, sql_desk
from tests.conftest import NOW

_Result = TypeVar("_Result")
#: The same deliveries as the database holds them, and as the fake does: their fences differ.
_Held = tuple[Sequence[Delivery], Sequence[Delivery]]
_FINAL = [state for state in DeliveryState if not state.open]
_BY_OPERATOR = [DeliveryState.SENT, DeliveryState.FAILED_PERM, DeliveryState.EXPIRED]
_BACK = {ReceiptStatus.DEFERRED, ReceiptStatus.RETURNED}
_READERS = 5
_EDITIONS = 3
#: A lease exactly, a little more, and the waits of the first failures.
_SECONDS = st.sampled_from([1, 60, 61, 300, 2000])
_NUMBERS = st.integers(0, _EDITIONS - 1)
_PLACES = st.integers(0, _READERS - 1)
#: Whom the operator names: some, or all.
_NAMED = st.none() | st.sets(_PLACES, min_size=1)
_ANSWERS = st.tuples(st.sampled_from(ReceiptStatus), st.sampled_from([None, *Bounce]))


class LedgerMachine(RuleBasedStateMachine):
    """Takes each step on both ledgers, and looks at both after it."""

    def __init__(self, sql: Desk, newsletter_id: str) -> None:
        super().__init__()
        days = range(_EDITIONS)
        addresses = sql.subscribe(_READERS, newsletter_id)
        editions = [sql.open_next(newsletter_id) for _ in days]
        fake = memory_desk(min(one.id for one in sql.ledger.deliveries(editions[0])))
        fake_addresses = fake.subscribe(_READERS, newsletter_id)
        self.desks = (sql, fake)
        self.editions = (editions, [fake.open_next(newsletter_id) for _ in days])
        self.addresses = (addresses, fake_addresses)
        self.now = NOW
        self.claims: list[_Held] = []
        self.final: dict[int, DeliveryState] = {}
        #: How often each was handed over since it was last given back.
        self.handed: Counter[int] = Counter()

    def _on_both(self, act: Callable[[Ledger, int], _Result]) -> _Result:
        """Take a step on both, each by its number; return what came of it, which is the same."""
        one, other = (act(desk.ledger, which) for which, desk in enumerate(self.desks))
        assert one == other
        return one

    def _named(self, which: int, places: set[int] | None) -> list[str] | None:
        return None if places is None else [self.addresses[which][place] for place in sorted(places)]

    # ----------------------------------------------------------------- what workers do

    @rule(seconds=_SECONDS)
    def wait(self, seconds: int) -> None:
        self.now += dt.timedelta(seconds=seconds)

    @rule(number=_NUMBERS, limit=st.integers(1, 4))
    def claim(self, number: int, limit: int) -> None:
        held: list[Sequence[Delivery]] = []

        def claim(ledger: Ledger, which: int) -> list[tuple[int, int]]:
            held.append(ledger.claim(self.editions[which][number], limit, self.now, LEASE))
            return [(one.id, one.attempts) for one in held[-1]]

        self._on_both(claim)
        self.claims.append((held[0], held[1]))

    def _advance(
        self, claims: _Held, said: dict[int, tuple[ReceiptStatus, Bounce | None]], leaving: set[int]
    ) -> None:
        """Settle and let go these of a claim, by their ids."""

        def advance(ledger: Ledger, which: int) -> frozenset[int]:
            mine = {one.id: one for one in claims[which]}
            done = [
                (mine[id_], Receipt(delivery_id=id_, status=status, detail=f"said {status}", bounce=bounce))
                for id_, (status, bounce) in said.items()
            ]
            return ledger.advance(done, [mine[id_] for id_ in sorted(leaving)], self.now, LEASE)

        lost = self._on_both(advance)
        assert lost <= said.keys() | leaving
        self.handed.update(leaving - lost)
        for id_ in said.keys() - lost:
            if said[id_][0] in _BACK:
                self.handed[id_] = 0

    @precondition(lambda self: self.claims)
    @rule(data=st.data())
    def advance(self, data: st.DataObject) -> None:
        claims = data.draw(st.sampled_from(self.claims))
        known = sorted(one.id for one in claims[0])
        said = data.draw(st.dictionaries(st.sampled_from(known), _ANSWERS)) if known else {}
        left = [id_ for id_ in known if id_ not in said]
        leaving = data.draw(st.sets(st.sampled_from(left))) if left else set()
        self._advance(claims, said, leaving)

    @rule(number=_NUMBERS, answer=_ANSWERS, seconds=_SECONDS)
    def a_worker_s_turn(self, number: int, answer: tuple[ReceiptStatus, Bounce | None], seconds: int) -> None:
        """Send all that is due, with one answer, and let time pass."""
        self.claim(number, _READERS)
        held = self.claims[-1]
        everything = {one.id for one in held[0]}
        self._advance(held, {}, everything)
        self._advance(held, dict.fromkeys(everything, answer), set())
        self.now += dt.timedelta(seconds=seconds)

    @precondition(lambda self: self.claims)
    @rule(data=st.data())
    def renew(self, data: st.DataObject) -> None:
        held = data.draw(st.sampled_from(self.claims))
        self._on_both(lambda ledger, which: ledger.renew(held[which], self.now, LEASE))

    @precondition(lambda self: self.claims)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        held = data.draw(st.sampled_from(self.claims))
        self._on_both(lambda ledger, which: ledger.release(held[which], self.now))

    @rule(number=_NUMBERS)
    def recover(self, number: int) -> None:
        self._on_both(lambda ledger, which: ledger.recover(self.editions[which][number], self.now))

    # ----------------------------------------------------------------- what people do

    @rule(place=_PLACES)
    def suppress(self, place: int) -> None:
        for which, desk in enumerate(self.desks):
            desk.suppress(self.addresses[which][place])

    @rule(number=_NUMBERS, seconds=st.none() | _SECONDS)
    def hold(self, number: int, seconds: int | None) -> None:
        until = None if seconds is None else self.now + dt.timedelta(seconds=seconds)
        self._on_both(lambda ledger, which: ledger.hold(self.editions[which][number], until, "a test"))

    @rule(number=_NUMBERS, state=st.sampled_from(_BY_OPERATOR), places=_NAMED)
    def settle_unknown(self, number: int, state: DeliveryState, places: set[int] | None) -> None:
        self._by_operator(
            lambda ledger, which: ledger.settle_unknown(
                self.editions[which][number], state, self._named(which, places), self.now
            )
        )

    @rule(number=_NUMBERS, states=st.sets(st.sampled_from(_FINAL), min_size=1), places=_NAMED)
    def send_again(self, number: int, states: set[DeliveryState], places: set[int] | None) -> None:
        self._by_operator(
            lambda ledger, which: ledger.send_again(
                self.editions[which][number], sorted(states), self._named(which, places), self.now
            )
        )
        for one in self._rows(0):
            if one.state is DeliveryState.PENDING:
                self.handed[one.id] = 0

    @rule(number=_NUMBERS)
    def cancel(self, number: int) -> None:
        self._by_operator(
            lambda ledger, which: ledger.cancel(self.editions[which][number], self.now, "cancelled")
        )

    def _by_operator(self, act: Callable[[Ledger, int], int]) -> None:
        """Change what nobody but the operator may change; the count is the rows that changed."""
        before = {one.id: one.state for one in self._rows(0)}
        count = self._on_both(act)
        changed = {one.id for one in self._rows(0) if one.state is not before[one.id]}
        assert len(changed) <= count
        for id_ in changed:
            self.final.pop(id_, None)

    # ----------------------------------------------------------------- what holds at every step

    def _rows(self, which: int) -> list[Delivery]:
        ledger = self.desks[which].ledger
        found = [one for edition_id in self.editions[which] for one in ledger.deliveries(edition_id)]
        return sorted(found, key=lambda one: one.id)

    @invariant()
    def both_agree(self) -> None:
        one, other = (
            [
                (
                    row.id,
                    row.state,
                    row.attempts,
                    row.detail.partition(":")[0],
                    row.updated_at,
                    bool(row.fence),
                )
                for row in self._rows(which)
            ]
            for which in (0, 1)
        )
        assert one == other

    @invariant()
    def both_say_the_same_of_what_comes_next(self) -> None:
        def said(ledger: Ledger, which: int) -> object:
            mine = self.editions[which]
            unfinished = ledger.unfinished(self.now)
            return [(ledger.next_due(one), one in unfinished) for one in mine]

        self._on_both(said)

    @invariant()
    def both_suppress_the_same(self) -> None:
        one, other = (
            [found and found.reason for found in map(desk.subscribers.suppression_of, self.addresses[which])]
            for which, desk in enumerate(self.desks)
        )
        assert one == other

    @invariant()
    def the_states_add_up_to_the_recipients(self) -> None:
        for edition_id in self.editions[0]:
            counts = self.desks[0].ledger.counts(edition_id)
            assert self.desks[0].ledger.recipients(edition_id) == sum(counts.values()) == _READERS
            assert all(counts.values())

    @invariant()
    def what_nobody_holds_has_no_fence_and_what_is_held_has(self) -> None:
        held = {DeliveryState.CLAIMED, DeliveryState.SENDING}
        assert all(bool(row.fence) == (row.state in held) for row in self._rows(0))

    @invariant()
    def what_is_final_stays(self) -> None:
        found = {row.id: row.state for row in self._rows(0)}
        assert {id_: found[id_] for id_ in self.final} == self.final
        self.final |= {id_: state for id_, state in found.items() if not state.open}

    @invariant()
    def nobody_is_handed_over_twice_unless_given_back(self) -> None:
        assert all(times <= 1 for times in self.handed.values())

    @rule()
    def opening_again_changes_nothing(self) -> None:
        number = 0
        newsletter = everybody("another")
        self._on_both(
            lambda ledger, which: ledger.open(
                self.editions[which][number], MESSAGES, newsletter, DEFAULT, self.now
            )
        )


@pytest.fixture(scope="module")
def one_store() -> Iterator[Store]:
    """One database in memory for all walks; each has editions and readers of its own."""
    store = open_store("sqlite:///:memory:")
    yield store
    store.close()


def test_any_walk_over_the_ledger_keeps_its_promises(one_store: Store) -> None:
    desk = sql_desk(one_store)
    walks = iter(range(1_000_000))

    class Walk(LedgerMachine):
        def __init__(self) -> None:
            super().__init__(desk, f"walk{next(walks)}")

    run_state_machine_as_test(
        Walk,
        settings=settings(
            max_examples=30,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )

"""The database fails at any statement, in any run, whatever the carrier says: the promises hold, and all ends well."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, event, example, given, settings
from hypothesis import strategies as st

from digest.adapters.store import Store, open_store
from digest.adapters.store.schema import edition_message, metadata
from digest.errors import SenderError
from digest.model import Delivery, DeliveryState, Receipt, ReceiptStatus
from digest.ports import Outgoing
from tests.conftest import NOW
from tests.delivery.killing import subscribe
from tests.delivery.sending import EVERYBODY, LEASE, desk_of
from tests.samples import edition, message

_READERS = 5
_ANSWERS = st.sampled_from([*ReceiptStatus, "refuses", "breaks"])


class _Broken(Exception):
    """The database is gone, for this run."""


# SQLAlchemy keeps its listeners in a set, by weak references.
@dataclass(eq=False)
class _Breaker:
    """Lets so many statements and commits through, and none after them. None lets all through."""

    left: int | None = None
    broke: bool = False

    def __call__(self, *_: Any) -> None:
        if self.left is None:
            return
        if self.left == 0:
            self.broke = True
            raise _Broken("no database")
        self.left -= 1

    @contextlib.contextmanager
    def after(self, statements: int | None) -> Iterator[None]:
        """Break after so many; whole again when the context ends."""
        self.left, self.broke = statements, False
        try:
            yield
        finally:
            self.left = None


def _broken_by(store: Store) -> _Breaker:
    breaker = _Breaker()
    for name in ("before_cursor_execute", "commit"):
        sa.event.listen(store.engine, name, breaker)
    return breaker


def test_a_freezing_that_breaks_at_any_statement_freezes_nothing(store: Store) -> None:
    frozen = store.editions.freeze(edition())
    subscribe(store, _READERS)
    breaker = _broken_by(store)
    broken_at = 0
    for statements in range(100):
        with breaker.after(statements), contextlib.suppress(_Broken):
            store.ledger.open(frozen.id, {"default": message()}, EVERYBODY, {(): "default"}, NOW)
        if not breaker.broke:
            break
        broken_at += 1
        if store.ledger.is_open(frozen.id):
            # It broke after the commit.
            continue
        assert not store.ledger.counts(frozen.id)
        with store.engine.connect() as connection:
            assert connection.scalar(sa.select(sa.func.count()).select_from(edition_message)) == 0
    # The beginning, the edition, its message, its recipients, their number, the commit.
    assert broken_at >= 5
    assert store.ledger.counts(frozen.id) == {DeliveryState.PENDING: _READERS}
    assert store.ledger.recipients(frozen.id) == _READERS


@dataclass(slots=True)
class _Carrier:
    """Answers as it is told to, and keeps what it took: what it says `sent` of, and half of what it leaves unknown."""

    answers: list[ReceiptStatus | str] = field(default_factory=list)
    batch: int = 2
    lanes: int = 1
    destination: str = "memory"
    arrived: Counter[str] = field(default_factory=Counter)

    def send(self, batch: Sequence[Outgoing], now: dt.datetime) -> list[Receipt]:
        answer = self.answers.pop(0) if self.answers else ReceiptStatus.SENT
        if answer == "refuses":
            raise SenderError("closed for today")
        whom = [one.reader.email for one in batch]
        if answer == "breaks":
            self.arrived.update(whom[:1])
            raise ValueError("a fault of the sender's")
        if answer is ReceiptStatus.SENT:
            self.arrived.update(whom)
        elif answer is ReceiptStatus.UNKNOWN:
            self.arrived.update(whom[:1])
        status = ReceiptStatus(answer)
        return [
            Receipt(delivery_id=one.reader.delivery_id, status=status, detail=f"says {status}")
            for one in batch
        ]

    def close(self) -> None:
        """Have nothing to close."""


@pytest.fixture(scope="module")
def breakable() -> Iterator[tuple[Store, _Breaker]]:
    """One database in memory for all examples; each begins with empty tables."""
    store = open_store("sqlite:///:memory:")
    yield store, _broken_by(store)
    store.close()


_RUNS = st.lists(
    st.tuples(st.none() | st.integers(0, 40), st.lists(_ANSWERS, max_size=4), st.sampled_from([1, 61, 3600])),
    min_size=1,
    max_size=5,
)


def _check(deliveries: Iterable[Delivery], carrier: _Carrier) -> None:
    found = list(deliveries)
    assert len(found) == _READERS, "the states do not add up to the recipients"
    assert {one.email for one in found if one.state is DeliveryState.SENT} <= carrier.arrived.keys()
    assert all(times == 1 for times in carrier.arrived.values()), "somebody was sent two"


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(runs=_RUNS, batch=st.integers(1, 3))
@example(runs=[(None, [ReceiptStatus.SENT, "breaks"], 1)], batch=2)
def test_whatever_breaks_nobody_gets_two_and_nobody_is_lost(
    breakable: tuple[Store, _Breaker],
    runs: list[tuple[int | None, list[ReceiptStatus | str], int]],
    batch: int,
) -> None:
    store, breaker = breakable
    with store.engine.begin() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(sa.delete(table))
    desk = desk_of(store, _READERS)
    carrier = _Carrier(batch=batch)
    doubts = 0
    for statements, answers, seconds in runs:
        carrier.answers = list(answers)
        doubts += answers.count(ReceiptStatus.UNKNOWN) + answers.count("breaks")
        with breaker.after(statements), contextlib.suppress(_Broken, ValueError):
            desk.send(carrier)
        event(f"the database broke: {breaker.broke}")
        doubts += breaker.broke
        _check(desk.deliveries().values(), carrier)
        desk.clock.sleep(seconds)
    carrier.answers = []
    for _ in range(3):
        desk.clock.sleep(2 * LEASE.total_seconds() + 3600)
        assert not desk.send(carrier).stopped
        _check(desk.deliveries().values(), carrier)
    states = Counter(desk.states())
    assert not [state for state in states if state.open], "somebody was lost"
    # Each doubt is one batch's.
    assert states[DeliveryState.UNKNOWN] <= doubts * batch

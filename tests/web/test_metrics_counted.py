"""The figures in SQL that only /metrics asks for, on both databases."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from digest.adapters.store import Store
from digest.adapters.store.figures import Jobs, SqlFigures
from digest.model import Bounce, DeliveryState, ReceiptStatus
from digest.ports.tasks import deliver_chunk
from tests.adapters.ledgers import hand_over, sql_desk
from tests.conftest import NOW
from tests.samples import TODAY

_DAY = dt.timedelta(days=1)


def test_deliveries_and_bounces_by_newsletter(store: Store) -> None:
    desk = sql_desk(store)
    desk.subscribe(3, "daily")
    first, second = desk.open_next("daily"), desk.open_next("daily")
    hand_over(desk.ledger, first, ReceiptStatus.SENT, NOW)
    hand_over(desk.ledger, second, ReceiptStatus.REJECTED, NOW, Bounce.SOFT)
    figures = SqlFigures(store.engine)
    states = figures.delivery_states(TODAY)
    assert sorted(states.values(), key=str) == [{DeliveryState.FAILED_PERM: 3}, {DeliveryState.SENT: 3}]
    assert {newsletter for newsletter, _ in states} == {"daily"}
    assert figures.bounces(TODAY) == {("daily", Bounce.SOFT): 3}
    days = sorted(day for _, day in states)
    assert figures.bounces(days[-1] + _DAY) == {}
    assert figures.delivery_states(days[-1] + _DAY) == {}
    opened = figures.opened(days[0])
    assert [(one.id, one.local_date, one.recipients) for one in opened] == [
        (first, days[0], 3),
        (second, days[1], 3),
    ]
    assert [one.id for one in figures.opened(days[1])] == [second]


def test_the_database_has_a_size_that_grows(store: Store) -> None:
    figures = SqlFigures(store.engine)
    before = figures.size_bytes()
    assert before > 50_000
    with store.engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE filler (number integer)"))
        rows = [{"number": number} for number in range(20_000)]
        connection.execute(sa.text("INSERT INTO filler VALUES (:number)"), rows)
    assert figures.size_bytes() > before


@pytest.fixture
def queued(store: Store, database_url: str) -> Store:
    """A store with three tasks of two kinds: one waits for its moment, one failed long ago."""
    if not database_url.startswith("postgres"):
        return store
    from digest.adapters.tasks import ProcrastinateQueue

    queue = ProcrastinateQueue(database_url)
    later = NOW + dt.timedelta(days=3650)
    with store.engine.begin() as connection:
        queue.defer(
            connection,
            [deliver_chunk("a", "0"), deliver_chunk("b", "0"), deliver_chunk("c", "0", not_before=later)],
        )
        connection.execute(
            sa.text(
                "UPDATE procrastinate_jobs SET status = 'failed' WHERE id = (SELECT min(id) FROM procrastinate_jobs)"
            )
        )
        connection.execute(sa.text("UPDATE procrastinate_events SET at = :at"), {"at": NOW})
    return store


def test_jobs_are_those_of_the_queue_where_there_is_one(queued: Store) -> None:
    found = SqlFigures(queued.engine).jobs(NOW + dt.timedelta(minutes=5))
    if queued.engine.dialect.name == "sqlite":
        assert found == Jobs(counts={})
        return
    assert found.counts == {("deliver_chunk", "todo"): 2, ("deliver_chunk", "failed"): 1}
    assert found.waiting_since == NOW

"""What only matters for a while is not kept for ever; who got which edition, as long as the operator says."""

from __future__ import annotations

import datetime as dt
import pathlib

import pytest
import sqlalchemy as sa

from digest.adapters.store import Store
from digest.adapters.store.schema import delivery
from digest.errors import ConfigurationError
from digest.model import DeliveryState
from digest.worker import Worker, housekeeping
from tests.adapters.ledgers import sql_desk
from tests.worker.stage import DAY, DUE, HEADLINES, MINUTE, staged

_EDITION = f"daily-{DUE:%Y-%m-%d}"
_STAYING = (*(state for state in DeliveryState if state.open), DeliveryState.UNKNOWN)


def _set_state(store: Store, edition_id: str, *states: DeliveryState) -> None:
    """Give an edition's deliveries these states, by their ids."""
    with store.engine.begin() as connection:
        ids = connection.scalars(
            sa.select(delivery.c.id).where(delivery.c.edition_id == edition_id).order_by(delivery.c.id)
        ).all()
        for number, state in zip(ids, states, strict=True):
            connection.execute(sa.update(delivery).where(delivery.c.id == number).values(state=state))


def _date(store: Store, edition_id: str) -> dt.date:
    made = store.editions.edition(edition_id)
    assert made is not None
    return made.local_date


def test_only_what_is_settled_and_old_goes(store: Store) -> None:
    desk = sql_desk(store)
    old, new = desk.open(len(DeliveryState)), desk.open(1)
    _set_state(store, old, *DeliveryState)
    _set_state(store, new, DeliveryState.SENT)
    border = _date(store, new)
    assert store.operations.prune_deliveries(border, 100) == len(DeliveryState) - len(_STAYING)
    assert set(store.ledger.counts(old)) == set(_STAYING)
    assert store.ledger.counts(new) == {DeliveryState.SENT: 1}
    # How many it was for is known all the same, and it is opened to nobody a second time.
    assert store.ledger.recipients(old) == len(DeliveryState)
    assert store.operations.prune_deliveries(border, 100) == 0


def test_no_more_go_at_a_time_than_asked_for(store: Store) -> None:
    desk = sql_desk(store)
    edition_id = desk.open(5)
    _set_state(store, edition_id, *[DeliveryState.SENT] * 5)
    border = _date(store, edition_id) + DAY
    assert [store.operations.prune_deliveries(border, 2) for _ in range(4)] == [2, 2, 1, 0]


@pytest.mark.parametrize(
    ("keep_days", "age", "left"),
    [
        pytest.param(0, 4000, 3, id="for ever, unless they say otherwise"),
        pytest.param(60, 60, 3, id="as long as they say"),
        pytest.param(60, 61, 3, id="a day more, for the zones"),
        pytest.param(60, 62, 0, id="then no longer"),
    ],
)
def test_deliveries_are_kept_as_long_as_the_operator_says(
    keep_days: int, age: int, left: int, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(housekeeping, "_A_TIME", 2)
    with staged(tmp_path, keep_days=keep_days) as stage:
        stage.subscribe("huda", "zayd", "salma")
        stage.news()
        stage.tick(DUE)
        assert len(stage.got()) == 3
        stage.set(DUE + age * DAY)
        stage.worker.housekeeping.tidy()
        assert stage.states(_EDITION) == ({"sent": left} if left else {})
        # The day after is one like any other.
        stage.news(*HEADLINES[2:4])
        stage.tick()
        assert len(stage.got()) == 6


def test_an_edition_whose_deliveries_are_gone_is_sent_to_nobody_again(tmp_path: pathlib.Path) -> None:
    with staged(tmp_path, keep_days=60) as stage:
        stage.subscribe("huda")
        stage.news()
        stage.tick(DUE)
        stage.set(DUE + 90 * DAY)
        stage.worker.housekeeping.tidy()
        assert stage.states(_EDITION) == {}
        # The clock was wrong, and is set right: its slot is still in time.
        stage.subscribe("zayd")
        stage.tick(DUE + 10 * MINUTE)
        assert stage.got() == ["huda@example.org"]


def test_a_worker_that_is_told_to_stop_leaves_the_rest_for_later(tmp_path: pathlib.Path) -> None:
    with staged(tmp_path, keep_days=60) as stage:
        stage.subscribe("huda", "zayd")
        stage.news()
        stage.tick(DUE)
        stage.set(DUE + 90 * DAY)
        stage.worker.life.stopping = True
        stage.worker.housekeeping.tidy()
        assert stage.states(_EDITION) == {"sent": 2}


def test_the_days_are_as_many_as_the_ledger_needs(tmp_path: pathlib.Path) -> None:
    with (
        pytest.raises(ConfigurationError, match=r"(?s)keep_days.*less than 60.*0 keeps all for ever"),
        staged(tmp_path, keep_days=59),
    ):
        pass


def test_one_of_all_workers_tidies_up_every_six_hours(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[dt.datetime] = []

    def prune(before: dt.datetime) -> int:
        looked.append(before)
        return 0

    with staged(tmp_path) as stage:
        monkeypatch.setattr(stage.store.operations, "prune", prune)
        workers = (stage.worker, Worker(stage))
        for minutes in (0, 359, 360):
            stage.set(DUE + minutes * MINUTE)
            for worker in workers:
                worker.housekeeping.tidy()
        workers[1].sending.close()
    assert [moment + housekeeping.KEPT for moment in looked] == [DUE, DUE + 360 * MINUTE]


def test_a_turn_ends_before_it_is_nobody_s_and_the_next_one_goes_on(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = 0
    with staged(tmp_path, keep_days=60) as stage:

        def prune_deliveries(_before: dt.date, most: int) -> int:
            nonlocal asked
            asked += 1
            stage.set(stage.hand.now() + MINUTE)
            return most if asked < 99 else 0

        monkeypatch.setattr(stage.store.operations, "prune_deliveries", prune_deliveries)
        stage.worker.housekeeping.tidy()
        assert asked == 8
        stage.set(stage.hand.now() + 6 * 60 * MINUTE)
        stage.worker.housekeeping.tidy()
        assert asked == 16

"""Of all workers one collects an interval, and editions wait for it, within reason."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator, Sequence

import pytest

from digest.model import FetchRequest, FetchResult, WorkerLife
from digest.schedule import slot_of
from digest.worker.life import Stopping
from tests.fakes import FakeFetcher, InlineParser
from tests.worker.stage import DUE, MINUTE, Stage, staged


@pytest.fixture
def stage(tmp_path: pathlib.Path) -> Iterator[Stage]:
    with staged(tmp_path) as made:
        made.fetcher, made.parser = FakeFetcher({}), InlineParser()
        made.subscribe("layla")
        made.news()
        yield made


def _other_collects(stage: Stage, *, ago: float, alive: bool = True, done: bool = False) -> None:
    """Have another worker begin to collect so many minutes ago."""
    begun = stage.hand.now() - ago * MINUTE
    assert stage.store.operations.take_turn("collect", "other", begun, 15 * MINUTE)
    if done:
        stage.store.operations.end_turn("collect", "other", begun)
    if alive:
        life = WorkerLife(
            id="other",
            host="one.example",
            pid=7,
            started_at=begun,
            beat_at=stage.hand.now(),
            doing="collecting",
        )
        stage.store.operations.beat(life)


def test_one_collects_an_interval(stage: Stage) -> None:
    begin = stage.hand.now()
    collected = []
    for minute in range(46):
        stage.set(begin + minute * MINUTE)
        stage.worker.life.beat()
        if stage.worker.collecting.collect_if_due():
            collected.append(minute)
    assert collected == [0, 15, 30, 45]
    turn = stage.store.operations.turn("collect")
    assert turn is not None
    assert (turn.holder, turn.done_at) == (stage.worker.life.id, stage.hand.now())


def test_a_collect_that_was_broken_off_is_taken_over(stage: Stage) -> None:
    life = stage.worker.life

    class Stopping(FakeFetcher):
        def fetch(self, requests: Sequence[FetchRequest]) -> Iterator[FetchResult]:
            life.stopping = True
            return iter(())

    stage.fetcher = Stopping({})
    assert stage.worker.collecting.collect_if_due()
    life.end()
    assert stage.store.operations.take_turn("collect", "another", stage.hand.now(), 15 * MINUTE)


def test_a_worker_that_is_to_end_does_not_begin_to_collect(stage: Stage) -> None:
    stage.worker.life.stopping = True
    with pytest.raises(Stopping):
        stage.worker.collecting.collect_if_due()
    assert stage.worker.collecting.looked.is_set()


@pytest.mark.parametrize(
    ("at", "ago", "alive", "done", "waits"),
    [
        pytest.param(-5, 1, True, False, True, id="it is in progress"),
        pytest.param(4, 9, True, False, True, id="it takes until after the slot is due"),
        pytest.param(5, 9, True, False, False, id="it takes too long"),
        pytest.param(-5, 11, True, False, False, id="it hangs"),
        pytest.param(-5, 1, False, False, False, id="its worker is dead"),
        pytest.param(-5, 1, True, True, False, id="it is done"),
        pytest.param(179, 1, True, False, False, id="it is nearly too late"),
    ],
)
def test_an_edition_waits_for_the_news_that_come_in(
    at: float, ago: float, alive: bool, done: bool, waits: bool, stage: Stage
) -> None:
    stage.set(DUE + at * MINUTE)
    _other_collects(stage, ago=ago, alive=alive, done=done)
    stage.tick()
    made = stage.store.operations.latest_editions(1)
    assert bool(made) is not waits


@pytest.mark.parametrize(
    ("started", "waits"),
    [pytest.param(56, True, id="just now"), pytest.param(55, False, id="five minutes ago")],
)
def test_a_worker_that_starts_late_gives_the_collect_its_time(
    started: float, waits: bool, stage: Stage
) -> None:
    stage.worker.life.started_at = DUE + started * MINUTE
    stage.set(DUE + 60 * MINUTE)
    _other_collects(stage, ago=3)
    slot = slot_of(stage.newsletter("daily"), DUE.date())
    waited = stage.worker.collecting.worth_waiting(slot, stage.newsletter("daily"), stage.hand.now())
    assert waited is waits


@pytest.mark.parametrize(
    ("hangs", "minutes"), [pytest.param(False, 0, id="done"), pytest.param(True, 5, id="it hangs")]
)
def test_once_waits_for_another_s_collect_with_patience(hangs: bool, minutes: float, stage: Stage) -> None:
    stage.set(stage.worker.life.started_at)
    _other_collects(stage, ago=0, done=not hangs)
    before = stage.hand.now()
    # It gives a sign of life for as long as it hangs.
    if hangs:
        late = WorkerLife(
            id="other", host="one.example", pid=7, started_at=before, beat_at=before + 9 * MINUTE
        )
        stage.store.operations.beat(late)
    stage.worker.collecting.wait()
    assert stage.hand.now() - before == minutes * MINUTE

"""What an installation remembers of itself, on both databases, with many processes at it at once."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pytest

from digest.adapters.store import Store, open_store
from digest.adapters.store.engine import HEAD, open_engine
from digest.adapters.store.operating import SqlOperations, tables_version
from digest.model import Pause, WorkerLife
from tests.conftest import NOW
from tests.samples import edition

_Result = TypeVar("_Result")
_AT_ONCE = 6
_INTERVAL = dt.timedelta(minutes=15)


@pytest.fixture
def operations(store: Store) -> SqlOperations:
    return store.operations


def _later(minutes: float) -> dt.datetime:
    return NOW + dt.timedelta(minutes=minutes)


def _life(
    name: str, *, beat: float = 0, started: float = 0, doing: str = "waiting", stopped: float | None = None
) -> WorkerLife:
    return WorkerLife(
        id=name,
        host="one.example",
        pid=7,
        started_at=_later(started),
        beat_at=_later(beat),
        doing=doing,
        stopped_at=None if stopped is None else _later(stopped),
    )


def _at_once(url: str, work: Callable[[SqlOperations, int], _Result]) -> list[_Result]:
    """Have several, each with connections of its own, begin this at the same moment."""
    start = threading.Barrier(_AT_ONCE)

    def one(number: int) -> _Result:
        store = open_store(url)
        try:
            start.wait(timeout=20)
            return work(store.operations, number)
        finally:
            store.close()

    with ThreadPoolExecutor(_AT_ONCE) as threads:
        return list(threads.map(one, range(_AT_ONCE)))


# --------------------------------------------------------------------------- workers


def test_a_worker_is_as_it_was_last_heard_of(operations: SqlOperations) -> None:
    operations.beat(_life("a"))
    operations.beat(_life("a", beat=1, doing="collecting"))
    operations.beat(_life("b", beat=2, started=2))
    assert operations.workers(NOW - dt.timedelta(minutes=1)) == [
        _life("b", beat=2, started=2),
        _life("a", beat=1, doing="collecting"),
    ]
    assert [one.id for one in operations.workers(_later(1))] == ["b"]


def test_a_worker_that_has_ended_gives_no_more_signs_of_life(operations: SqlOperations) -> None:
    operations.beat(_life("a"))
    operations.beat(_life("a", beat=1, stopped=1))
    operations.beat(_life("a", beat=2))
    assert operations.workers(NOW) == [_life("a", beat=1, stopped=1)]


def test_the_first_start_is_that_of_the_oldest_worker(operations: SqlOperations) -> None:
    assert operations.first_start() is None
    operations.beat(_life("a", started=5, beat=5))
    operations.beat(_life("b", started=3, beat=9))
    assert operations.first_start() == _later(3)


# --------------------------------------------------------------------------- turns


@pytest.mark.parametrize(
    ("minutes", "done", "beats", "taken"),
    [
        pytest.param(14, 1.0, 14.0, False, id="done, the interval is not over"),
        pytest.param(15, 1.0, 15.0, True, id="done, the interval is over"),
        pytest.param(1, 0.5, None, False, id="done by a worker that is gone"),
        pytest.param(9, None, 8.5, False, id="in progress"),
        pytest.param(9, None, 8.0, True, id="its worker gave no sign of life for a minute"),
        pytest.param(1, None, None, True, id="its worker is unknown"),
        pytest.param(10, None, 10.0, True, id="takes too long"),
    ],
)
def test_a_turn_is_taken_when_it_is_nobody_s(
    minutes: float, done: float | None, beats: float | None, taken: bool, operations: SqlOperations
) -> None:
    assert operations.take_turn("collect", "a", NOW, _INTERVAL)
    if beats is not None:
        operations.beat(_life("a", beat=beats))
    if done is not None:
        operations.end_turn("collect", "a", _later(done))
    assert operations.take_turn("collect", "b", _later(minutes), _INTERVAL) is taken
    turn = operations.turn("collect")
    assert turn is not None
    assert (turn.holder, turn.started_at) == (("b", _later(minutes)) if taken else ("a", NOW))
    assert turn.done_at == (None if taken or done is None else _later(done))


def test_the_turn_of_a_worker_that_has_ended_is_free_at_once(operations: SqlOperations) -> None:
    operations.beat(_life("a"))
    operations.take_turn("collect", "a", NOW, _INTERVAL)
    operations.beat(_life("a", stopped=0.1, beat=0.1))
    assert operations.take_turn("collect", "b", _later(0.2), _INTERVAL)


def test_who_was_relieved_ends_nothing(operations: SqlOperations) -> None:
    operations.take_turn("collect", "a", NOW, _INTERVAL)
    operations.take_turn("collect", "b", _later(1), _INTERVAL)
    operations.end_turn("collect", "a", _later(2))
    turn = operations.turn("collect")
    assert turn is not None
    assert turn.done_at is None


def test_turns_at_different_things_are_apart(operations: SqlOperations) -> None:
    assert operations.turn("collect") is None
    assert operations.take_turn("collect", "a", NOW, _INTERVAL)
    assert operations.take_turn("alerts", "b", NOW, _INTERVAL)


@pytest.mark.parametrize("first", [pytest.param(True, id="the first"), pytest.param(False, id="a later one")])
def test_of_many_at_once_one_has_the_turn(first: bool, database_url: str, store: Store) -> None:
    if not first:
        store.operations.take_turn("collect", "long ago", _later(-60), _INTERVAL)
    for number in range(_AT_ONCE):
        store.operations.beat(_life(str(number)))
    taken = _at_once(
        database_url, lambda operations, n: operations.take_turn("collect", str(n), NOW, _INTERVAL)
    )
    assert sum(taken) == 1
    turn = store.operations.turn("collect")
    assert turn is not None
    assert turn.holder == str(taken.index(True))


# --------------------------------------------------------------------------- alerts


def test_an_alert_is_news_once(operations: SqlOperations) -> None:
    assert operations.raise_alert("sources", "9 fail", NOW)
    assert not operations.raise_alert("sources", "10 fail", _later(1))
    [alert] = operations.alerts()
    assert (alert.key, alert.text, alert.raised_at, alert.mailed_at) == ("sources", "10 fail", NOW, None)


def test_an_alert_is_cleared_once(operations: SqlOperations) -> None:
    assert not operations.clear_alert("sources", NOW)
    operations.raise_alert("sources", "9 fail", NOW)
    assert operations.clear_alert("sources", _later(1))
    assert not operations.clear_alert("sources", _later(2))
    assert operations.alerts() == []
    assert [one.cleared_at for one in operations.alerts(since=NOW)] == [_later(1)]
    assert operations.alerts(since=_later(1)) == []


@pytest.mark.parametrize(
    ("mailed", "again", "news"),
    [
        pytest.param(1.0, 30.0, False, id="mailed within the hour"),
        pytest.param(1.0, 61.0, True, id="mailed an hour ago"),
        pytest.param(None, 30.0, True, id="nobody was told"),
    ],
)
def test_an_alert_that_comes_back(
    mailed: float | None, again: float, news: bool, operations: SqlOperations
) -> None:
    operations.raise_alert("sources", "9 fail", NOW)
    if mailed is not None:
        operations.mark_mailed(["sources", "nothing of the kind"], _later(mailed))
    operations.clear_alert("sources", _later(2))
    assert operations.raise_alert("sources", "8 fail", _later(again)) is news
    [alert] = operations.alerts()
    assert (alert.text, alert.raised_at, alert.cleared_at) == ("8 fail", _later(again), None)
    assert alert.mailed_at == (None if mailed is None else _later(mailed))


def test_alerts_come_oldest_first(operations: SqlOperations) -> None:
    for minutes, key in ((2, "b"), (1, "c"), (3, "a")):
        operations.raise_alert(key, key, _later(minutes))
    assert [one.key for one in operations.alerts()] == ["c", "b", "a"]


def test_of_many_that_raise_or_clear_at_once_one_hears_that_it_is_news(
    database_url: str, store: Store
) -> None:
    assert sum(_at_once(database_url, lambda one, _: one.raise_alert("sources", "fail", NOW))) == 1
    assert sum(_at_once(database_url, lambda one, _: one.clear_alert("sources", NOW))) == 1
    assert sum(_at_once(database_url, lambda one, _: one.raise_alert("sources", "fail", NOW))) == 1
    assert len(store.operations.alerts()) == 1


# --------------------------------------------------------------------------- pauses


def test_a_newsletter_is_paused_and_resumed_once(operations: SqlOperations) -> None:
    first = Pause(newsletter_id="daily", since=NOW, why="الأعياد")
    assert operations.pause(first)
    assert not operations.pause(Pause(newsletter_id="daily", since=_later(1), why="again"))
    assert operations.pauses() == {"daily": first}
    assert operations.resume("daily")
    assert not operations.resume("daily")
    assert operations.pauses() == {}


def test_of_many_that_pause_or_resume_at_once_one_did_it(database_url: str, store: Store) -> None:
    pause = Pause(newsletter_id="daily", since=NOW)
    assert sum(_at_once(database_url, lambda one, _: one.pause(pause))) == 1
    assert sum(_at_once(database_url, lambda one, _: one.resume("daily"))) == 1


# --------------------------------------------------------------------------- housekeeping


def test_what_only_mattered_for_a_while_goes_and_the_first_worker_stays(store: Store) -> None:
    operations, ago = store.operations, dt.timedelta(days=40)
    for number, age in enumerate((2 * ago, ago, dt.timedelta())):
        at = NOW - age
        operations.beat(
            WorkerLife(id=f"w{number}", host="h", pid=number, started_at=at, beat_at=at, stopped_at=at)
        )
        operations.raise_alert(f"a{number}", "wrong", at)
        if number:
            operations.clear_alert(f"a{number}", at)
    assert operations.prune(NOW - dt.timedelta(days=30)) == 2
    assert [one.id for one in operations.workers(NOW - 3 * ago)] == ["w2", "w0"]
    assert operations.first_start() == NOW - 2 * ago
    assert [one.key for one in operations.alerts(since=NOW - 3 * ago)] == ["a0", "a2"]


# --------------------------------------------------------------------------- editions, tables


def test_the_latest_editions_stand_as_they_are(store: Store) -> None:
    for number in range(3):
        store.editions.freeze(
            edition(f"e{number}", day=NOW.date() + dt.timedelta(days=number), articles_read=number)
        )
    store.ledger.hold("e1", _later(5), "421 later")
    found = store.operations.latest_editions(2)
    assert [(one.id, one.held_until, one.held_why) for one in found] == [
        ("e2", None, ""),
        ("e1", _later(5), "421 later"),
    ]
    assert [(one.opened_at, one.recipients) for one in found] == [(None, 0), (None, 0)]


def test_a_database_says_which_tables_it_has(database_url: str) -> None:
    engine = open_engine(database_url)
    try:
        assert tables_version(engine) is None
        open_store(database_url).close()
        assert tables_version(engine) == HEAD
    finally:
        engine.dispose()

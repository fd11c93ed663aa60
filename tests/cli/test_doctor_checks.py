"""The checks of `digest doctor`: what each makes of what was found."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import pytest

from digest.collector.health import HealthState
from digest.doctor import (
    DatabaseFacts,
    EditionFigures,
    Finding,
    HomeFacts,
    Level,
    NewsletterFacts,
    alert_findings,
    clock_findings,
    database_findings,
    home_findings,
    hushed,
    ledger_findings,
    newsletter_findings,
    secret_findings,
    source_findings,
    worker_findings,
)
from digest.model import Alert, DeliveryState, Pause, Slot, WorkerLife
from tests.conftest import NOW

_SECRET = "hunter2-and-more"
_MINUTE, _HOUR, _DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)


def _levels(found: list[Finding]) -> list[str]:
    return [str(one.level) for one in found]


@pytest.mark.parametrize(
    ("home", "level", "says"),
    [
        pytest.param(HomeFacts(path="here"), "ok", "can be written", id="as it should be"),
        pytest.param(HomeFacts(path="here", exists=False), "fault", "here is not there", id="mistyped"),
        pytest.param(HomeFacts(path="here", trouble="Read-only file system"), "fault", "Read-only", id="read-only"),
        pytest.param(HomeFacts(path="here", used=False), "warning", "neither config/ nor var/", id="empty"),
        pytest.param(HomeFacts(path="here", free=900_000_000), "warning", "900 MB left", id="little room"),
        pytest.param(HomeFacts(path="here", free=5_000_000), "fault", "5 MB left", id="no room"),
    ],
)  # fmt: skip
def test_the_home(home: HomeFacts, level: str, says: str) -> None:
    [found] = home_findings(home)
    assert (found.level, says in found.says) == (level, True)


@pytest.mark.parametrize(
    ("changes", "level", "says"),
    [
        pytest.param({}, "ok", "at 0004", id="as it should be"),
        pytest.param({"exists": False, "version": None}, "warning", "no database yet", id="none yet"),
        pytest.param({"trouble": "connection refused"}, "fault", "connection refused", id="not reached"),
        pytest.param({"version": "0003"}, "warning", "is at 0003", id="an older one"),
        pytest.param({"version": None}, "warning", "has no tables", id="an empty one"),
        pytest.param({"version": "0005"}, "fault", "newer Mujaz", id="a newer one"),
        pytest.param({"write_trouble": "disk full"}, "fault", "disk full", id="read-only"),
        pytest.param({"journal": "delete"}, "warning", "'delete'", id="no write-ahead log"),
        pytest.param({"journal": "wal", "log_bytes": 600_000_000}, "warning", "600 MB", id="a log that grows"),
    ],
)  # fmt: skip
def test_the_database(changes: dict[str, Any], level: str, says: str) -> None:
    [found] = database_findings(DatabaseFacts(**{"shown": "db", "head": "0004", "version": "0004"} | changes))
    assert (found.level, says in found.says) == (level, True)


@pytest.mark.parametrize(
    ("ahead", "fetched", "sources", "level"),
    [
        pytest.param(3, NOW - _HOUR, (2, 4), "ok", id="as it should be"),
        pytest.param(-30, None, (0, 4), "warning", id="a little behind the database"),
        pytest.param(90, None, (0, 4), "fault", id="far behind the database"),
        pytest.param(0, NOW + _HOUR, (0, 4), "warning", id="it went back"),
        pytest.param(0, None, (3, 12), "warning", id="sources are ahead"),
        pytest.param(0, None, (3, 13), "ok", id="some sources are always ahead"),
    ],
)
def test_the_clock(ahead: float, fetched: dt.datetime | None, sources: tuple[int, int], level: str) -> None:
    assert _levels(clock_findings(NOW, ahead, fetched, *sources)) == [level]


_ADDS_UP = {DeliveryState.SENT: 2, DeliveryState.SUPPRESSED: 1}


@pytest.mark.parametrize(
    ("changes", "level", "says"),
    [
        pytest.param({}, "ok", "add up to their 3 recipients", id="as it should be"),
        pytest.param({"recipients": 4}, "fault", "4 recipients, and its states add up to 3", id="one is lost"),
        pytest.param({"states": {DeliveryState.UNKNOWN: 3}}, "warning", "3 nobody knows", id="unknown"),
        pytest.param({"overdue": 2}, "warning", "no sign of life", id="held by a dead process"),
        pytest.param({"states": {DeliveryState.PENDING: 3}, "held_until": NOW + _HOUR, "held_why": "421"}, "warning", "on hold until 2026-11-22 07:00 UTC: 421", id="on hold"),
        pytest.param({"held_until": NOW + _HOUR}, "ok", "add up", id="on hold with nothing left"),
    ],
)  # fmt: skip
def test_the_ledger(changes: dict[str, Any], level: str, says: str) -> None:
    facts: dict[str, Any] = {"edition_id": "e", "recipients": 3, "states": _ADDS_UP}
    [found] = ledger_findings([EditionFigures(**facts | changes)], NOW)
    assert (found.level, says in found.says) == (level, True)


@pytest.mark.parametrize(
    ("states", "age", "levels"),
    [
        pytest.param({HealthState.OK: 9, HealthState.DISABLED: 9}, _HOUR, ["ok"], id="as it should be"),
        pytest.param({HealthState.DISABLED: 9}, _HOUR, ["fault"], id="all switched off"),
        pytest.param({HealthState.NEW: 9}, None, ["warning", "warning"], id="never collected"),
        pytest.param({HealthState.OK: 6, HealthState.FAILING: 3}, _HOUR, ["warning"], id="some fail"),
        pytest.param({HealthState.OK: 4, HealthState.BLOCKED: 3, HealthState.RETIRED: 1}, _HOUR, ["fault"], id="half fail"),
        pytest.param({HealthState.OK: 9}, 13 * _HOUR, ["warning"], id="quiet"),
        pytest.param({HealthState.OK: 9}, 31 * _HOUR, ["fault"], id="yesterday's news"),
    ],
)  # fmt: skip
def test_the_sources(states: Mapping[HealthState, int], age: dt.timedelta | None, levels: list[str]) -> None:
    newest = None if age is None else NOW - age
    assert _levels(source_findings(states, newest, NOW, 30 * _HOUR, 50)) == levels


def _worker(silent: dt.timedelta, stopped: dt.timedelta | None = None) -> WorkerLife:
    return WorkerLife(
        id="w",
        host="mail1",
        pid=7,
        started_at=NOW - _DAY,
        beat_at=NOW - silent,
        doing="collecting",
        stopped_at=None if stopped is None else NOW - stopped,
    )


@pytest.mark.parametrize(
    ("lives", "level", "says"),
    [
        pytest.param([_worker(_MINUTE)], "ok", "mail1 7: collecting", id="one runs"),
        pytest.param([], "warning", "No worker has run", id="none ever"),
        pytest.param([_worker(_HOUR)], "warning", "last sign of life 1 h ago", id="one was killed"),
        pytest.param([_worker(_MINUTE, _MINUTE)], "warning", "was stopped 1 min ago", id="one was stopped"),
    ],
)
def test_the_workers(lives: list[WorkerLife], level: str, says: str) -> None:
    [found] = worker_findings(lives, NOW)
    assert (found.level, says in found.says) == (level, True)


def _slot(day: int, cohort: str = "") -> Slot:
    due = dt.datetime(2026, 11, day, 3, 30, tzinfo=dt.UTC)
    return Slot(newsletter_id="mujaz", local_date=due.date(), cohort=cohort, due_at=due)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        pytest.param({}, {"ok": "next for 2026-11-23, 2026-11-23 03:30 UTC, of 3 readers; 1 more zones"}, id="as it should be"),
        pytest.param({"readers": 0, "upcoming": []}, {"warning": "no confirmed readers"}, id="no readers"),
        pytest.param({"pause": Pause(newsletter_id="mujaz", since=NOW, why="Eid")}, {"warning": "paused since 2026-11-22 06:00 UTC: Eid"}, id="paused"),
        pytest.param({"missed": [_slot(20), _slot(21, "Europe/Berlin")]}, {"fault": "2026-11-20, 2026-11-21 (Europe/Berlin).", "ok": "next for"}, id="missed"),
        pytest.param({"missed": [_slot(day) for day in range(10, 20)]}, {"fault": "2026-11-14 and 5 more.", "ok": ""}, id="many missed"),
    ],
)  # fmt: skip
def test_the_schedule(changes: dict[str, Any], said: dict[str, str]) -> None:
    facts: dict[str, Any] = {"readers": 3, "upcoming": [_slot(23), _slot(23, "America/New_York")]}
    found = list(newsletter_findings(NewsletterFacts(newsletter_id="mujaz", **facts | changes)))
    assert _levels(found) == list(said)
    assert [words in one.says for words, one in zip(said.values(), found, strict=True)] == [True] * len(found)


def test_alerts_that_stand_are_told() -> None:
    alerts = [
        Alert(key="a", text="Slot missed.", raised_at=NOW),
        Alert(key="b", text="Sources fail.", raised_at=NOW, cleared_at=NOW),
    ]
    assert [one.says for one in alert_findings(alerts)] == ["Since 2026-11-22 06:00 UTC: Slot missed."]


@pytest.mark.parametrize(
    ("base_url", "length", "level"),
    [("", 0, "ok"), ("https://mujaz.example", 0, "fault"), ("https://mujaz.example", 31, "fault"),
     ("https://mujaz.example", 32, "ok"), ("http://mujaz.example", 32, "warning")],
    ids=["no pages", "no key", "a short key", "a good key", "no TLS"],
)  # fmt: skip
def test_the_secrets(base_url: str, length: int, level: str) -> None:
    assert _levels(secret_findings(base_url, length)) == [level]


def test_a_secret_is_never_told() -> None:
    told = Finding(check="c", level=Level.OK, says=f"535 {_SECRET}x and {_SECRET}", remedy=f"Not {_SECRET}.")
    safe = hushed(told, [_SECRET, f"{_SECRET}x", "", "of"])
    assert (safe.says, safe.remedy) == ("535 *** and ***", "Not ***.")

"""The checks of `digest doctor`: what each makes of what was found."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from digest.collector.health import HealthState
from digest.doctor import (
    ClockFacts,
    DatabaseFacts,
    DiskFacts,
    EditionFigures,
    Finding,
    HomeFacts,
    Level,
    NewsletterFacts,
    ServerFacts,
    SourceFacts,
    TaskFacts,
    alert_findings,
    carrier_clock_findings,
    clock_findings,
    database_findings,
    disk_findings,
    home_findings,
    hushed,
    ledger_findings,
    newsletter_findings,
    secret_findings,
    source_findings,
    task_findings,
    worker_findings,
)
from digest.model import Alert, DeliveryState, Pause, Slot, WorkerLife
from tests.conftest import NOW

_SECRET = "hunter2-and-more"
_MINUTE, _HOUR, _DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)


def _sqlite(**changes: Any) -> ServerFacts:
    return ServerFacts(**{"kind": "sqlite", "release": (3, 45, 1), "journal": "wal"} | changes)


def _postgresql(**changes: Any) -> ServerFacts:
    facts: dict[str, Any] = {
        "kind": "postgresql",
        "release": (16, 2),
        "size": 40_000_000,
        "connections": 97,
        "has_tasks": True,
    }
    return ServerFacts(**facts | changes)


def _levels(found: list[Finding]) -> list[str]:
    return [str(one.level) for one in found]


@pytest.mark.parametrize(
    ("home", "level", "says"),
    [
        pytest.param(HomeFacts(path="here"), "ok", "can be written", id="as it should be"),
        pytest.param(HomeFacts(path="here", exists=False), "fault", "here is not there", id="mistyped"),
        pytest.param(HomeFacts(path="here", trouble="Read-only file system"), "fault", "Read-only", id="read-only"),
        pytest.param(HomeFacts(path="here", used=False), "warning", "neither config/ nor var/", id="empty"),
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
        pytest.param({"server": _sqlite(journal="delete")}, "warning", "'delete'", id="no write-ahead log"),
        pytest.param({"server": _sqlite(log_bytes=600_000_000)}, "warning", "600 MB", id="a log that grows"),
        pytest.param({"server": _sqlite(damage="row 7 missing from index")}, "fault", "damaged: row 7", id="damaged"),
        pytest.param({"server": _sqlite(release=(3, 31, 1))}, "fault", "release 3.31.1; 3.35", id="an old SQLite"),
        pytest.param({"server": _postgresql(release=(12, 3))}, "warning", "release 12.3; 14", id="an old PostgreSQL"),
        pytest.param({"server": _postgresql(connections_used=95)}, "warning", "Of 97 connections of the database 2 are free", id="connections run out"),
        pytest.param({"server": _postgresql(dead_rows=200_000, live_rows=300_000)}, "warning", "200,000 rows that were replaced", id="the vacuum lags"),
        pytest.param({"server": _postgresql(dead_rows=90_000)}, "ok", "PostgreSQL 16.2, 40 MB", id="it will come"),
        pytest.param({"server": _postgresql(has_tasks=False)}, "ok", "at 0004", id="before the engine's tables"),
        pytest.param({"server": _postgresql(has_tasks=False), "head": "0007", "version": "0007"}, "fault", "(procrastinate) are not there", id="without the engine's tables"),
    ],
)  # fmt: skip
def test_the_database(changes: dict[str, Any], level: str, says: str) -> None:
    [found] = database_findings(DatabaseFacts(**{"shown": "db", "head": "0004", "version": "0004"} | changes))
    assert (found.level, says in found.says) == (level, True), found


@pytest.mark.parametrize("changes", [{"exists": False}, {"version": None}], ids=["none yet", "an empty one"])
def test_a_database_elsewhere_is_told_of(changes: dict[str, Any]) -> None:
    found = database_findings(DatabaseFacts(shown="db", head="0004", elsewhere="var/digest.db", **changes))
    assert [(one.id, one.where) for one in found[1:]] == [("database.elsewhere", "var/digest.db")]


_GB = 1_000_000_000


@pytest.mark.parametrize(
    ("changes", "ids"),
    [
        pytest.param({}, ["disk.ok"], id="as it should be"),
        pytest.param({"free": 900_000_000}, ["disk.little"], id="less than 1 GB"),
        pytest.param({"free": 40 * _GB}, ["disk.little"], id="less than a tenth"),
        pytest.param(
            {"free": 60 * _GB, "total": 2000 * _GB}, ["disk.ok"], id="less than a tenth, and plenty"
        ),
        pytest.param({"free": 99_000_000}, ["disk.full"], id="no room"),
        pytest.param({"free_files": 10}, ["disk.files"], id="few files more"),
        pytest.param({"files": 0, "free_files": 0}, ["disk.ok"], id="files without a limit"),
    ],
)
def test_the_disk(changes: dict[str, int], ids: list[str]) -> None:
    facts = {"free": 300 * _GB, "total": 500 * _GB, "free_files": 900, "files": 1000}
    found = disk_findings([DiskFacts(holds="var", path="here", **facts | changes)], free_memory=2 * _GB)
    assert [one.id for one in found] == ids


@pytest.mark.parametrize(
    ("free", "ids"), [(None, []), (100_000_000, ["disk.memory"])], ids=["not told", "little"]
)
def test_the_memory(free: int | None, ids: list[str]) -> None:
    assert [one.id for one in disk_findings([], free)] == ids


@pytest.mark.parametrize(
    ("changes", "level"),
    [
        pytest.param({"sources_ahead": 2}, "ok", id="as it should be"),
        pytest.param({"database_ahead": -30}, "warning", id="a little behind the database"),
        pytest.param({"database_ahead": 90}, "fault", id="far behind the database"),
        pytest.param({"stored": {"fetch": NOW + _HOUR}}, "warning", id="it went back"),
        pytest.param({"stored": {"fetch": NOW + _MINUTE}}, "ok", id="it went back a little"),
        pytest.param({"sources_ahead": 3, "sources": 12}, "warning", id="sources are ahead"),
        pytest.param({"sources_ahead": 3, "sources": 13}, "ok", id="some sources are always ahead"),
        pytest.param({"zone_rules": "2024b"}, "warning", id="old rules of the zones"),
        pytest.param({"zone_rules": "2025a"}, "ok", id="rules of last year"),
        pytest.param({"unknown_zones": ["Asia/Nowhere"]}, "warning", id="a zone that nobody knows"),
    ],
)
def test_the_clock(changes: dict[str, Any], level: str) -> None:
    facts: dict[str, Any] = {"sources": 4, "stored": {"fetch": NOW - _HOUR}, "zone_rules": "2026b"}
    assert _levels(clock_findings(NOW, ClockFacts(**facts | changes))) == [level]


@pytest.mark.parametrize(
    ("ahead", "levels"), [(9, []), (-11, ["warning"]), (61, ["fault"])], ids=["near", "behind", "far ahead"]
)
def test_the_carriers_clock(ahead: float, levels: list[str]) -> None:
    assert _levels(carrier_clock_findings(ahead)) == levels


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
        pytest.param({"states": {DeliveryState.PENDING: 1, DeliveryState.SENT: 2}, "opened_at": NOW - 7 * _HOUR}, "warning", "begun 7 h ago, and is still to be sent to 1.", id="it does not get on"),
        pytest.param({"opened_at": NOW - 7 * _HOUR}, "ok", "add up", id="done long ago"),
    ],
)  # fmt: skip
def test_the_ledger(changes: dict[str, Any], level: str, says: str) -> None:
    facts: dict[str, Any] = {"edition_id": "e", "recipients": 3, "states": _ADDS_UP}
    [found] = ledger_findings([EditionFigures(**facts | changes)], NOW)
    assert (found.level, says in found.says) == (level, True)


def _states(**counts: int) -> dict[str, HealthState]:
    return {
        f"{state}{number}": HealthState(state) for state, count in counts.items() for number in range(count)
    }


@pytest.mark.parametrize(
    ("changes", "ids"),
    [
        pytest.param({"states": _states(ok=9, disabled=9)}, ["ok"], id="as it should be"),
        pytest.param({"states": _states(disabled=9)}, ["none"], id="all switched off"),
        pytest.param({"states": _states(new=9), "newest": None}, ["new", "empty"], id="never collected"),
        pytest.param({"states": _states(ok=6, failing=3)}, ["failing"], id="some fail"),
        pytest.param({"states": _states(ok=6, stale=3)}, ["silent"], id="some bring nothing"),
        pytest.param({"newest": NOW - 13 * _HOUR}, ["quiet"], id="quiet"),
        pytest.param({"newest": NOW - 31 * _HOUR}, ["old"], id="yesterday's news"),
        pytest.param({"moved": {"ok0": "https://new.example.org/feed"}}, ["moved"], id="one has moved"),
        pytest.param({"private": ["ok0"]}, ["private"], id="one on a private network"),
    ],
)
def test_the_sources(changes: dict[str, Any], ids: list[str]) -> None:
    found = source_findings(_source_facts(**changes), NOW)
    assert [one.id.removeprefix("sources.") for one in found] == ids


def _source_facts(**changes: Any) -> SourceFacts:
    facts: dict[str, Any] = {
        "states": _states(ok=9),
        "newest": NOW - _HOUR,
        "window": 30 * _HOUR,
        "failing_percent": 50,
        "moved": {},
    }
    return SourceFacts(**facts | changes)


def test_most_sources_failing_is_a_fault_and_names_some() -> None:
    [found] = source_findings(_source_facts(states=_states(ok=4, blocked=4, failing=3)), NOW)
    assert found.level is Level.FAULT
    assert (
        found.says
        == "Of 11 sources 3 failing, 4 blocked (64 %): blocked0, blocked1, blocked2, blocked3, failing0 and 2 more."
    )


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


def test_a_dead_worker_is_told_beside_one_that_runs() -> None:
    found = worker_findings([_worker(_MINUTE), _worker(_HOUR), _worker(2 * _DAY)], NOW)
    assert [one.id for one in found] == ["workers.ok", "workers.dead"]


@pytest.mark.parametrize(
    ("tasks", "ids"),
    [
        pytest.param(TaskFacts(waiting=5, waited=_MINUTE), [], id="as it should be"),
        pytest.param(TaskFacts(stalled=1), ["workers.stalled"], id="held by a dead one"),
        pytest.param(TaskFacts(waiting=5, waited=_HOUR), ["workers.queue"], id="nobody does them"),
        pytest.param(TaskFacts(failed=2), ["workers.failed"], id="given up"),
    ],
)
def test_the_tasks(tasks: TaskFacts, ids: list[str]) -> None:
    assert [one.id for one in task_findings(tasks)] == ids


def _slot(day: int, cohort: str = "") -> Slot:
    due = dt.datetime(2026, 11, day, 3, 30, tzinfo=dt.UTC)
    return Slot(newsletter_id="mujaz", local_date=due.date(), cohort=cohort, due_at=due)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        pytest.param({}, {"ok": "next for 2026-11-23, 2026-11-23 03:30 UTC, of 3 readers; 1 more zones"}, id="as it should be"),
        pytest.param({"readers": 0, "upcoming": []}, {"warning": "no confirmed readers"}, id="no readers"),
        pytest.param({"pause": Pause(newsletter_id="mujaz", since=NOW, why="Eid")}, {"warning": "paused since 2026-11-22 06:00 UTC: Eid"}, id="paused"),
        pytest.param({"pause": Pause(newsletter_id="mujaz", since=NOW - 3 * _DAY), "due": [_slot(22)]}, {"warning": "paused since 2026-11-19 06:00 UTC."}, id="paused for long"),
        pytest.param({"unapproved": [_slot(22)]}, {"warning": "waits for an editor's approval: 2026-11-22.", "ok": "next for"}, id="unapproved"),
        pytest.param({"due": [_slot(22)]}, {"fault": "is due since 2 h, and nobody has begun to send it: 2026-11-22.", "ok": "next for"}, id="stuck"),
        pytest.param({"missed": [_slot(20), _slot(21, "Europe/Berlin")]}, {"fault": "2026-11-20, 2026-11-21 (Europe/Berlin).", "ok": "next for"}, id="missed"),
        pytest.param({"missed": [_slot(day) for day in range(10, 20)]}, {"fault": "2026-11-14 and 5 more.", "ok": ""}, id="many missed"),
    ],
)  # fmt: skip
def test_the_schedule(changes: dict[str, Any], said: dict[str, str]) -> None:
    facts: dict[str, Any] = {"readers": 3, "upcoming": [_slot(23), _slot(23, "America/New_York")]}
    found = list(newsletter_findings(NewsletterFacts(newsletter_id="mujaz", **facts | changes), NOW))
    assert _levels(found) == list(said)
    assert [words in one.says for words, one in zip(said.values(), found, strict=True)] == [True] * len(found)


def test_a_pause_of_days_may_have_been_forgotten() -> None:
    pause = Pause(newsletter_id="mujaz", since=NOW - 3 * _DAY)
    facts = NewsletterFacts(newsletter_id="mujaz", readers=1, upcoming=[], pause=pause)
    [found] = newsletter_findings(facts, NOW)
    assert (found.id, "That is 3 days" in found.remedy) == ("schedule.forgotten", True)


def test_alerts_that_stand_are_told() -> None:
    alerts = [
        Alert(key="a", text="Slot missed.\nWhy: no worker.", raised_at=NOW - _HOUR),
        Alert(key="b", text="Sources fail.", raised_at=NOW, cleared_at=NOW),
        Alert(key="c", text="Just now.", raised_at=NOW),
    ]
    said = ["Since 2026-11-22 05:00 UTC: Slot missed.", "Since 2026-11-22 06:00 UTC: Just now."]
    assert [one.says for one in alert_findings(alerts, NOW)] == said
    unsent = "You could not be told of 1 of these alerts."
    assert [one.says for one in alert_findings(alerts, NOW, is_told=True)] == [*said, unsent]


@pytest.mark.parametrize(
    ("base_url", "length", "level"),
    [("", 0, "ok"), ("https://mujaz.example", 0, "fault"), ("https://mujaz.example", 31, "fault"),
     ("https://mujaz.example", 32, "ok"), ("http://mujaz.example", 32, "warning")],
    ids=["no pages", "no key", "a short key", "a good key", "no TLS"],
)  # fmt: skip
def test_the_secrets(base_url: str, length: int, level: str) -> None:
    assert _levels(secret_findings(base_url, length)) == [level]


def test_a_secret_is_never_told() -> None:
    told = Finding(
        id="c.d",
        level=Level.OK,
        says=f"535 {_SECRET}x and {_SECRET}",
        remedy=f"Not {_SECRET}.",
        where=_SECRET,
    )
    safe = hushed(told, [_SECRET, f"{_SECRET}x", "", "of"])
    assert (safe.says, safe.remedy, safe.where) == ("535 *** and ***", "Not ***.", "***")


@pytest.mark.parametrize(
    ("secret", "words"),
    [
        ("SG.one\ntwo-three", r"Invalid header value b'Bearer SG.one\ntwo-three'"),
        ("SG.one\ntwo-three", "SG.one two-three"),
        ("p@ss word!", "postgresql://u:p%40ss%20word%21@h"),
        ("long-one second-part", "it begins with long-one"),
    ],
    ids=["escaped", "on one line", "in a URL", "in parts"],
)
def test_a_secret_in_another_shape_is_not_told_either(secret: str, words: str) -> None:
    safe = hushed(Finding(id="c.d", level=Level.FAULT, says=words), [secret])
    assert "***" in safe.says
    assert not any(part in safe.says for part in ("SG.one", "two-three", "%40ss", "long-one"))

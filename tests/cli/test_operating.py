"""`digest status`, `pause`, `resume` and `migrate`."""

from __future__ import annotations

import datetime as dt
import pathlib

import pytest

from digest.adapters.store.engine import HEAD
from digest.model import Consent, Pause, Subscriber, WorkerLife
from tests.cli.conftest import AT
from tests.cli.running import digest, opened, subscribe, write_newsletter
from tests.conftest import NOW

_MINUTE = dt.timedelta(minutes=1)


def _life(name: str, beat: float, *, doing: str = "waiting", stopped: bool = False) -> WorkerLife:
    at = NOW + beat * _MINUTE
    return WorkerLife(
        id=name,
        host="one.example",
        pid=7,
        started_at=at,
        beat_at=at,
        doing=doing,
        stopped_at=at if stopped else None,
    )


def test_an_empty_installation_says_what_to_do_next(blank: pathlib.Path) -> None:
    write_newsletter(blank)
    ran = digest(blank, "status", "--at", AT)
    assert ran.code == 0
    assert "start one with `digest worker`" in ran.out
    assert "None has been composed yet." in ran.out
    assert "No worker has collected yet." in ran.out
    assert "None stands." in ran.out
    assert "digest subscribers add" in ran.out
    assert max(map(len, ran.out.splitlines())) <= 100


def test_what_there_is_as_json(composed: pathlib.Path) -> None:
    write_newsletter(composed, timezone="Asia/Riyadh", send_at="06:30")
    subscribe(composed, "layla@example.org", "omar@example.org")
    with opened(composed) as app:
        person = Subscriber(id=0, email="zayd@example.org", newsletter_id="daily", timezone="Africa/Cairo")
        app.store.subscribers.add(person, consent=Consent(at=NOW, how="a test"))
        operations = app.store.operations
        for life in (
            _life("a", -0.1, doing="delivering x"),
            _life("b", -3, doing="collecting"),
            _life("c", -5, stopped=True),
            _life("d", -25 * 60),
        ):
            operations.beat(life)
        operations.take_turn("collect", "a", NOW - 2 * _MINUTE, 15 * _MINUTE)
        operations.end_turn("collect", "a", NOW - _MINUTE)
        operations.raise_alert("sources", "3 of 4 sources fail\nLook at them.", NOW)
        operations.pause(Pause(newsletter_id="daily", since=NOW, why="عطلة العيد"))
        [edition] = operations.latest_editions(1)
        app.store.ledger.hold(edition.id, NOW + 5 * _MINUTE, "421 later")
    found = digest(composed, "status", "--json", "--at", AT).json
    assert list(found) == ["workers", "next", "editions", "collect", "alerts", "pauses"]
    assert [(one["id"], one["state"], one["doing"]) for one in found["workers"]] == [
        ("a", "alive", "delivering x"),
        ("b", "dead", "collecting"),
        ("c", "ended", "waiting"),
    ]
    assert [(one["cohort"], one["readers"], one["local"], one["due"]) for one in found["next"]] == [
        ("", 2, "2026-11-23T06:30:00+03:00", "2026-11-23T03:30:00+00:00"),
        ("Africa/Cairo", 1, "2026-11-23T06:30:00+02:00", "2026-11-23T04:30:00+00:00"),
    ]
    assert {one["paused"] for one in found["next"]} == {True}
    [shown] = found["editions"]
    assert (shown["id"], shown["opened"], shown["states"]) == (edition.id, None, {})
    assert (shown["held_until"], shown["held_why"]) == ("2026-11-22T06:05:00+00:00", "421 later")
    assert found["collect"]["done"] == "2026-11-22T05:59:00+00:00"
    assert [(one["key"], one["mailed"]) for one in found["alerts"]] == [("sources", None)]
    assert found["pauses"] == [{"newsletter": "daily", "since": AT, "why": "عطلة العيد"}]

    told = digest(composed, "status", "--at", AT).out
    for words in (
        "alive  one.example:7  heard of 6 s ago",
        "daily  2 readers  Mon 23 Nov 06:30 Asia/Riyadh   Mon 03:30 UTC  paused",
        "daily  1 reader   Mon 23 Nov 06:30 Africa/Cairo  Mon 04:30 UTC  paused",
        "left alone until 2026-11-22 06:05 UTC: 421 later",
        "Done 1 min ago, in 60 s.",
        "3 of 4 sources fail",
        "digest resume daily",
        "عطلة العيد",
    ):
        assert words in told
    assert max(map(len, told.splitlines())) <= 100


def test_states_are_shown_where_an_edition_was_opened(composed: pathlib.Path) -> None:
    subscribe(composed, "layla@example.org", "omar@example.org")
    [edition] = digest(composed, "status", "--json", "--at", AT).json["editions"]
    digest(composed, "send", edition["id"])
    [edition] = digest(composed, "status", "--json").json["editions"]
    assert (edition["recipients"], edition["states"]) == (2, {"sent": 2})
    assert f"{edition['id']}  2 sent" in digest(composed, "status").out


def test_a_newsletter_is_paused_and_resumed(blank: pathlib.Path) -> None:
    write_newsletter(blank)
    assert digest(blank, "pause", "daily", "--why", "the feast").out == "daily is paused.\n"
    assert digest(blank, "pause", "daily").out == "daily is paused already.\n"
    [pause] = digest(blank, "status", "--json").json["pauses"]
    assert (pause["newsletter"], pause["why"]) == ("daily", "the feast")
    assert digest(blank, "resume", "daily").out == "daily goes on.\n"
    assert digest(blank, "resume", "daily").out == "daily is not paused.\n"
    assert digest(blank, "status", "--json").json["pauses"] == []
    with opened(blank) as app:
        assert app.store.operations.turn("resume daily") is not None


@pytest.mark.parametrize("command", ["pause", "resume"])
def test_what_is_no_newsletter_cannot_be_paused(command: str, blank: pathlib.Path) -> None:
    write_newsletter(blank)
    ran = digest(blank, command, "weekly")
    assert ran.code == 2
    assert "There is no newsletter 'weekly'" in ran.err


def test_migrate_says_from_where_to_where(empty: pathlib.Path) -> None:
    first = digest(empty, "migrate")
    assert first.code == 0
    assert f"went from nothing to {HEAD}." in first.out
    assert f"is at {HEAD} already." in digest(empty, "migrate").out


def test_migrate_says_what_is_wrong_with_the_database(empty: pathlib.Path) -> None:
    (empty / "var").mkdir()
    (empty / "var" / "digest.db").write_text("this is no database at all, only words" * 100, encoding="utf-8")
    ran = digest(empty, "migrate")
    assert ran.code == 2
    assert "cannot be opened" in ran.err

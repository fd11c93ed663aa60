"""`digest deliveries` and what an operator does with them, `digest cancel`, and `digest send --dry-run`."""

from __future__ import annotations

import csv
import os
import pathlib
import pty
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from typing import Any

import pytest

from digest.model import Consent, DeliveryState, Subscriber, Suppression, SuppressionReason
from tests.cli.running import digest, environment, opened, subscribe

_EDITION = "mujaz-2026-11-22"
_PEOPLE = ("layla@example.org", "omar@example.org", "huda@example.org")


@pytest.fixture(scope="module")
def _sent(_composed: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    home = shutil.copytree(_composed, tmp_path_factory.mktemp("sent") / "home")
    subscribe(home, *_PEOPLE)
    ran = digest(home, "send", _EDITION)
    assert ran.code == 0, ran.err
    return home


@pytest.fixture
def sent(_sent: pathlib.Path, tmp_path: pathlib.Path) -> pathlib.Path:
    """A home of one's own whose edition went to three people."""
    return shutil.copytree(_sent, tmp_path / "home")


def _put(home: pathlib.Path, states: dict[str, DeliveryState]) -> None:
    """Leave deliveries as a crash, a refusal or a cancel would have left them."""
    with closing(sqlite3.connect(home / "var" / "digest.db")) as connection, connection:
        for email, state in states.items():
            connection.execute("UPDATE delivery SET state = ? WHERE email = ?", (state, email))


def _states(home: pathlib.Path) -> dict[str, str]:
    with opened(home) as app:
        return {one.email: str(one.state) for one in app.store.ledger.deliveries(_EDITION)}


def _letters(home: pathlib.Path) -> dict[str, int]:
    """Return when each letter in the outbox was written."""
    return {path.stem: path.stat().st_mtime_ns for path in (home / "var" / "outbox" / _EDITION).iterdir()}


# --------------------------------------------------------------------------- show, export


@pytest.mark.parametrize(
    ("words", "out"),
    [
        pytest.param(["--state", "sent", "--email", "Omar@Example.org"], "omar@example.org sent 1", id="one address in a state"),
        pytest.param(["--email", "layla@example.org"], "layla@example.org sent 1", id="one address"),
    ],
)  # fmt: skip
def test_one_readers_delivery_is_found_by_address(sent: pathlib.Path, words: list[str], out: str) -> None:
    ran = digest(sent, "deliveries", _EDITION, *words)
    assert ran.code == 0
    [line] = ran.out.splitlines()
    assert line.startswith(out)


def test_options_may_stand_before_the_edition(sent: pathlib.Path) -> None:
    first = digest(sent, "deliveries", "--state", "sent", "--json", _EDITION)
    assert [line["email"] for line in first.lines] == list(_PEOPLE)


def test_an_address_that_is_not_among_the_recipients_is_said(sent: pathlib.Path) -> None:
    ran = digest(sent, "deliveries", _EDITION, "--email", "nobody@example.org")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == f"digest: nobody@example.org is not among the recipients of {_EDITION}.\n"


def test_the_export_is_csv_with_every_delivery(sent: pathlib.Path) -> None:
    _put(sent, {"omar@example.org": DeliveryState.UNKNOWN})
    whole = list(csv.DictReader(digest(sent, "deliveries", "export", _EDITION).out.splitlines()))
    assert list(whole[0]) == ["email", "name", "state", "attempts", "bounce", "updated_at", "detail"]
    assert {row["email"]: row["state"] for row in whole} == _states(sent)
    ran = digest(sent, "deliveries", _EDITION, "export", "--state", "unknown", "--to", "lost.csv", "--json")
    assert ran.json == {"edition": _EDITION, "exported": 1}
    [row] = csv.DictReader((sent / "lost.csv").read_text(encoding="utf-8").splitlines())
    assert row["email"] == "omar@example.org"


def test_an_export_to_standard_output_has_no_room_for_json(sent: pathlib.Path) -> None:
    ran = digest(sent, "deliveries", "export", _EDITION, "--json")
    assert (ran.code, ran.out) == (2, "")
    assert "--to" in ran.err


# --------------------------------------------------------------------------- settle


@pytest.mark.parametrize(
    ("words", "outcome", "state"),
    [
        pytest.param(["settle", _EDITION], "sent", "sent", id="the command first"),
        pytest.param([_EDITION, "settle"], "failed", "failed_perm", id="the edition first"),
        pytest.param(["settle", _EDITION], "expired", "expired", id="given up"),
    ],
)
def test_the_operator_settles_all_that_is_unknown(
    sent: pathlib.Path, words: list[str], outcome: str, state: str
) -> None:
    _put(sent, dict.fromkeys(_PEOPLE[:2], DeliveryState.UNKNOWN))
    ran = digest(sent, "deliveries", *words, "--as", outcome)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == f"2 unknown deliveries settled as {state}.\n"
    assert _states(sent) == {**dict.fromkeys(_PEOPLE[:2], state), _PEOPLE[2]: "sent"}


def test_addresses_that_are_not_unknown_are_named_and_left_alone(sent: pathlib.Path) -> None:
    _put(sent, dict.fromkeys(_PEOPLE[:2], DeliveryState.UNKNOWN))
    (sent / "log.txt").write_text("Layla@example.org\n\nhuda@example.org\n", encoding="utf-8")
    words = ("--as", "failed", "--from", "log.txt", "--json", "nobody@example.org")
    ran = digest(sent, "deliveries", "settle", _EDITION, *words)
    assert ran.code == 1
    assert ran.json == {
        "edition": _EDITION,
        "settled": 1,
        "missing": 2,
        "states": {"sent": 1, "failed_perm": 1, "unknown": 1},
    }
    assert [name for name in ("nobody@example.org", "huda@example.org", "ayla@") if name in ran.err] == [
        "nobody@example.org",
        "huda@example.org",
    ]


def test_an_empty_file_settles_nobody(sent: pathlib.Path) -> None:
    _put(sent, {"omar@example.org": DeliveryState.UNKNOWN})
    ran = digest(sent, "deliveries", "settle", _EDITION, "--as", "sent", "--from", "-", given="\n")
    assert (ran.code, ran.out) == (0, "0 unknown deliveries settled as sent.\n")
    assert _states(sent)["omar@example.org"] == "unknown"


def test_what_a_dead_process_was_sending_can_be_settled_at_once(sent: pathlib.Path) -> None:
    with closing(sqlite3.connect(sent / "var" / "digest.db")) as connection, connection:
        connection.execute(
            "UPDATE delivery SET state = 'sending', fence = 'f', lease_until = '2026-01-01 00:00:00.000000'"
            " WHERE email = 'omar@example.org'"
        )
    ran = digest(sent, "deliveries", "settle", _EDITION, "--as", "sent", "omar@example.org")
    assert (ran.code, _states(sent)["omar@example.org"]) == (0, "sent")


# --------------------------------------------------------------------------- resend


def test_the_unknown_are_sent_again_on_the_operators_word_only(sent: pathlib.Path) -> None:
    _put(sent, dict.fromkeys(_PEOPLE[:2], DeliveryState.UNKNOWN))
    before = _letters(sent)
    refused = digest(sent, "deliveries", "resend-unknown", _EDITION, given="")
    assert (refused.code, refused.out) == (2, "")
    assert "2 people may get it twice" in refused.err
    assert _letters(sent) == before
    ran = digest(sent, "deliveries", _EDITION, "resend-unknown", "--yes", "--json", "omar@example.org")
    assert (ran.code, ran.json["states"]) == (1, {"sent": 2, "unknown": 1})
    after = _letters(sent)
    assert [email for email in after if after[email] != before[email]] == ["omar@example.org"]


def test_on_a_terminal_it_asks_and_takes_no_for_an_answer(sent: pathlib.Path) -> None:
    _put(sent, {"omar@example.org": DeliveryState.UNKNOWN})
    person, terminal = pty.openpty()
    os.write(person, b"n\n")
    done = subprocess.run(
        [sys.executable, "-m", "digest", "deliveries", "resend-unknown", _EDITION],
        env=environment(sent),
        stdin=terminal,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    os.close(person)
    os.close(terminal)
    assert (done.returncode, done.stdout) == (130, "")
    assert "1 person may get it twice. Send again? [y/N]" in done.stderr
    assert _states(sent)["omar@example.org"] == "unknown"


def test_only_those_whom_it_did_not_reach_get_it_again(sent: pathlib.Path) -> None:
    _put(sent, {"layla@example.org": DeliveryState.FAILED_PERM, "omar@example.org": DeliveryState.EXPIRED})
    with opened(sent) as app:
        app.store.subscribers.suppress(
            Suppression(email="layla@example.org", reason=SuppressionReason.BOUNCED, since=app.clock.now())
        )
    before = _letters(sent)
    ran = digest(sent, "deliveries", "resend-failed", _EDITION)
    assert (ran.code, ran.out) == (0, f"Edition {_EDITION}: 2 sent, 1 suppressed.\n")
    assert "1 address is suppressed and got nothing" in ran.err
    after = _letters(sent)
    assert [email for email in after if after[email] != before[email]] == ["omar@example.org"]
    again = digest(sent, "deliveries", "resend-failed", _EDITION, "omar@example.org")
    assert (again.code, "omar@example.org is not among the failed or expired" in again.err) == (1, True)


# --------------------------------------------------------------------------- cancel


@pytest.mark.parametrize("words", [["cancel"], ["deliveries", "cancel"]], ids=["short", "long"])
def test_a_cancelled_edition_goes_to_nobody_any_more(sent: pathlib.Path, words: list[str]) -> None:
    _put(sent, {"omar@example.org": DeliveryState.PENDING, "huda@example.org": DeliveryState.FAILED_TEMP})
    before = _letters(sent)
    ran = digest(sent, *words, _EDITION, "--json")
    states = {"sent": 1, "expired": 2}
    assert ran.json == {"edition": _EDITION, "cancelled": 2, "missing": 0, "states": states}
    later = digest(sent, "send", _EDITION, "--json")
    assert (later.code, later.json["states"]) == (0, states)
    assert _letters(sent) == before


def test_an_edition_that_is_not_on_its_way_cannot_be_cancelled(composed: pathlib.Path) -> None:
    ran = digest(composed, "cancel", _EDITION)
    assert (ran.code, ran.out, "recipients are not frozen yet" in ran.err) == (1, "", True)


# --------------------------------------------------------------------------- dry run, zones


def _settle_down(home: pathlib.Path) -> None:
    """Subscribe readers of two tastes and two zones, one who has not agreed, and one whose address bounced."""
    people: list[dict[str, Any]] = [
        {"email": "layla@example.org"},
        {"email": "omar@example.org", "regions": ("europe", "levant")},
        {"email": "away@example.org", "timezone": "America/New_York"},
        {"email": "gone@example.org"},
        {"email": "later@example.org", "confirmed": False},
    ]
    with opened(home) as app:
        now, newsletter = app.clock.now(), app.newsletter().id
        for fields in people:
            person = Subscriber(id=0, newsletter_id=newsletter, **fields)
            app.store.subscribers.add(person, consent=Consent(at=now, how="a test"))
        bounced = Suppression(email="gone@example.org", reason=SuppressionReason.BOUNCED, since=now)
        assert app.store.subscribers.suppress(bounced)


def test_a_dry_run_counts_who_would_get_what_and_changes_nothing(composed: pathlib.Path) -> None:
    _settle_down(composed)
    with closing(sqlite3.connect(composed / "var" / "digest.db")) as connection:
        before = list(connection.iterdump())
        ran = digest(composed, "send", _EDITION, "--dry-run", "--json")
        assert (ran.code, ran.err) == (0, "")
        assert list(connection.iterdump()) == before
    assert not (composed / "var" / "outbox").exists()
    said = ran.json
    parts = {part["variant"]: part for part in said.pop("variants")}
    assert said == {
        "edition": _EDITION,
        "destination": f"outbox {composed / 'var' / 'outbox'}",
        "open": False,
        "recipients": 2,
        "unconfirmed": 1,
        "suppressed": 1,
        "elsewhere": 1,
        "states": {},
    }
    assert {name: part["recipients"] for name, part in parts.items()} == {"default": 1, "europe,levant": 1}
    assert parts["europe,levant"]["regions"] == ["europe", "levant"]
    assert all(part["message_bytes"] > part["html_bytes"] > 1000 for part in parts.values())


def test_a_dry_run_of_an_open_edition_shows_where_it_stands(sent: pathlib.Path) -> None:
    _put(sent, {"omar@example.org": DeliveryState.PENDING})
    before = _letters(sent)
    said = digest(sent, "send", _EDITION, "--dry-run", "--json").json
    assert (said["open"], said["recipients"], said["states"]) == (True, 3, {"pending": 1, "sent": 2})
    assert (
        "3 recipients are frozen already: 1 pending, 2 sent."
        in digest(sent, "send", _EDITION, "--dry-run").out
    )
    assert _letters(sent) == before


def test_a_zones_edition_goes_to_its_readers_and_the_others_keep_theirs(composed: pathlib.Path) -> None:
    _settle_down(composed)
    made = digest(composed, "compose", "--zone", "America/New_York", "--at", "2026-11-22T06:00:00Z", "--json")
    edition = made.json["edition"]
    assert edition == f"{_EDITION}-america-new_york"
    ran = digest(composed, "send", edition, "--json")
    assert ran.json == {"edition": edition, "states": {"sent": 1}}
    assert "2 readers of other zones" in ran.err
    assert [path.stem for path in (composed / "var" / "outbox" / edition).iterdir()] == ["away@example.org"]
    assert digest(composed, "send", _EDITION, "--json").json["states"] == {"sent": 2}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        pytest.param(["compose", "--zone", "Mars/Olympus"], "'Mars/Olympus' is no IANA time zone", id="no zone"),
        pytest.param(["send", "x", "--dry-run", "--to", "a@example.org"], "give one of them", id="a copy that is not sent"),
        pytest.param(["deliveries", "settle", "x"], "--as", id="settled as what"),
        pytest.param(["deliveries", "settle", "x", "--as", "sent"], "There is no edition 'x'.", id="no edition to settle"),
        pytest.param(["deliveries", "x", "cancel"], "There is no edition 'x'.", id="no edition to cancel"),
        pytest.param(["deliveries", "export", "x", "--state", "lost"], "There is no state 'lost'", id="no state to export"),
    ],
)  # fmt: skip
def test_wrong_words_end_with_2(words: list[str], says: str, blank: pathlib.Path) -> None:
    ran = digest(blank, *words)
    assert (ran.code, ran.out) == (2, "")
    assert says in ran.err

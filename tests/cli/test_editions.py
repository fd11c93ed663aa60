"""`digest compose`, `preview`, `send` and `deliveries`."""

from __future__ import annotations

import json
import pathlib
import re
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from email import message_from_bytes, policy

import pytest

from tests.cli.conftest import AT
from tests.cli.running import REGIONS, digest, environment, subscribe, write_newsletter

_EDITION = "mujaz-2026-11-22"
_PREVIEW = ["edition.eml", "edition.html", "edition.txt", "report.html", "report.json"]


def _stored(home: pathlib.Path) -> list[str]:
    """Return all that the store holds."""
    with closing(sqlite3.connect(home / "var" / "digest.db")) as connection:
        return list(connection.iterdump())


# --------------------------------------------------------------------------- compose


def test_compose_makes_the_slots_edition_once(home: pathlib.Path) -> None:
    first = digest(home, "compose", "--at", AT, "--json")
    assert (first.code, first.err) == (0, "")
    made = first.json
    assert made["edition"] == _EDITION
    assert set(made["sections"]) <= set(REGIONS)
    assert made["stories"] == sum(made["sections"].values()) >= 15
    assert made["briefs"] >= 1
    # At the end of the same local day, with other news in the window: the edition is frozen.
    assert digest(home, "compose", "mujaz", "--at", "2026-11-22T20:59:59Z", "--json").json == made
    assert sum(line.startswith('INSERT INTO "edition"') for line in _stored(home)) == 1


def test_the_next_local_day_has_an_edition_of_its_own(composed: pathlib.Path) -> None:
    next_day = digest(composed, "compose", "--at", "2026-11-23T00:00:00+03:00", "--json").json
    assert next_day["edition"] == "mujaz-2026-11-23"
    assert sum(line.startswith('INSERT INTO "edition"') for line in _stored(composed)) == 2


def test_compose_says_what_it_made(home: pathlib.Path) -> None:
    ran = digest(home, "compose", "--at", AT)
    assert re.fullmatch(
        rf"Edition {_EDITION}: \d+ stories of \d+ found in \d+ articles \(gulf \d.*; \d+ in brief\)\.\n",
        ran.out,
    )


def test_a_newsletter_reads_its_own_sources_and_regions(home: pathlib.Path) -> None:
    write_newsletter(home, sources=["warraq", "sadaf"], regions=["levant", "gulf"], brief_stories=0)
    made = digest(home, "compose", "daily", "--at", AT, "--json").json
    assert list(made["sections"]) == ["levant", "gulf"]
    assert digest(home, "preview", made["edition"]).code == 0
    text = (home / "var" / "preview" / "edition.txt").read_text(encoding="utf-8")
    assert set(re.findall(r"/([a-z]+)/[a-z_-]+-\d+", text)) == {"warraq", "sadaf"}


@pytest.mark.parametrize(
    ("command", "at", "says"),
    [
        pytest.param("compose", "2026-12-24T06:00:00Z", "no articles since 2026-12-23 00:00 UTC; the newest is of 2026-11-22", id="old news"),
        pytest.param("preview", "2020-01-01T06:00:00Z", "no articles are stored yet", id="before all news"),
    ],
)  # fmt: skip
def test_nothing_to_say_makes_no_edition_and_says_why(
    home: pathlib.Path, command: str, at: str, says: str
) -> None:
    before = _stored(home)
    ran = digest(home, command, "--at", at)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("digest: Nothing to say in mujaz: ")
    assert says in ran.err
    assert _stored(home) == before
    assert not (home / "var" / "preview").exists()


def test_an_empty_store_has_nothing_to_say(empty: pathlib.Path) -> None:
    ran = digest(empty, "compose", "--at", AT)
    assert (ran.code, ran.out) == (1, "")
    assert "no articles are stored yet. Run `digest collect` first." in ran.err


def test_news_of_other_regions_only_is_nothing_to_say(home: pathlib.Path) -> None:
    path = home / "config" / "regions.toml"
    path.write_text(
        '[[region]]\nid = "south"\nname = { ar = "الجنوب" }\ncountries = ["AQ"]\n'
        '[[region]]\nid = "world"\nname = { ar = "العالم" }\ncountries = ["EG"]\n',
        encoding="utf-8",
    )
    write_newsletter(home, regions=["south"])
    ran = digest(home, "compose", "--at", AT)
    assert ran.code == 1
    assert re.search(
        r"Nothing to say in daily: \d+ articles, but none in its regions \(found: .*world", ran.err
    )


# --------------------------------------------------------------------------- preview


def test_preview_writes_its_files_and_freezes_nothing(home: pathlib.Path) -> None:
    subscribe(home, "layla@example.org")
    before = _stored(home)
    ran = digest(home, "preview", "--at", AT)
    assert (ran.code, ran.err) == (0, "")
    assert _EDITION in ran.out
    assert re.search(r"Inbox report: (\d+) of \1 checks passed\.", ran.out)
    folder = home / "var" / "preview"
    assert sorted(path.name for path in folder.iterdir()) == _PREVIEW
    assert _stored(home) == before
    assert not (home / "var" / "outbox").exists()
    checks = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    assert checks["edition"] == _EDITION
    assert [check["name"] for check in checks["checks"] if not check["passed"]] == []


def test_the_previews_files_are_one_letter(home: pathlib.Path) -> None:
    digest(home, "preview", "--at", AT, "--to", str(home / "look" / "here"))
    folder = home / "look" / "here"
    message = message_from_bytes((folder / "edition.eml").read_bytes(), policy=policy.default)
    for kind, name in (("html", "edition.html"), ("plain", "edition.txt")):
        part = message.get_body((kind,))
        assert part is not None
        content = (folder / name).read_text(encoding="utf-8")
        assert part.get_content().replace("\r\n", "\n").strip() == content.strip()
        assert "__" not in content
        assert "mailto:mujaz@example.org" in content


def test_a_preview_of_a_frozen_edition_shows_that_one(composed: pathlib.Path) -> None:
    before = _stored(composed)
    named = digest(composed, "preview", _EDITION)
    assert named.code == 0
    page = (composed / "var" / "preview" / "edition.html").read_bytes()
    # Of the same slot hours later, and again: always what is frozen.
    again = digest(composed, "preview", "--at", "2026-11-22T20:00:00Z")
    assert again.code == 0
    assert (composed / "var" / "preview" / "edition.html").read_bytes() == page
    assert _stored(composed) == before


def test_an_unknown_edition_names_the_latest(composed: pathlib.Path) -> None:
    for command in ("preview", "send", "deliveries"):
        ran = digest(composed, command, "mujaz-2026-11-21")
        assert (ran.code, ran.out) == (2, "")
        assert ran.err == f"digest: There is no edition 'mujaz-2026-11-21'. The latest is {_EDITION}.\n"


# --------------------------------------------------------------------------- send, deliveries


def test_send_delivers_to_every_subscriber_once(composed: pathlib.Path) -> None:
    subscribe(composed, "layla@example.org", "omar@example.com", "reader@example.net")
    assert digest(composed, "subscribers", "import", "-", given="later@example.org\n").code == 0
    first = digest(composed, "send", _EDITION, "--json")
    assert first.code == 0
    assert first.json == {"edition": _EDITION, "states": {"sent": 3}}
    assert f"Sending through outbox {composed / 'var' / 'outbox'}." in first.err
    files = {path: path.stat().st_mtime_ns for path in (composed / "var" / "outbox" / _EDITION).iterdir()}
    # Who has not agreed gets nothing.
    assert sorted(path.stem for path in files) == [
        "layla@example.org",
        "omar@example.com",
        "reader@example.net",
    ]
    stored = _stored(composed)
    second = digest(composed, "send", _EDITION)
    assert (second.code, second.out) == (0, f"Edition {_EDITION}: 3 sent.\n")
    assert {
        path: path.stat().st_mtime_ns for path in (composed / "var" / "outbox" / _EDITION).iterdir()
    } == files
    assert _stored(composed) == stored
    listed = digest(composed, "deliveries", _EDITION, "--state", "sent", "--json").lines
    assert [(line["email"], line["state"], line["attempts"]) for line in listed] == [
        (email, "sent", 1) for email in sorted(path.stem for path in files)
    ]


def test_each_subscriber_gets_a_letter_of_their_own(composed: pathlib.Path) -> None:
    digest(composed, "subscribers", "add", "layla@example.org")
    digest(composed, "subscribers", "add", "omar@example.com", "--regions", "europe,levant")
    digest(composed, "send", _EDITION)
    letters = {}
    for email in ("layla@example.org", "omar@example.com"):
        path = composed / "var" / "outbox" / _EDITION / f"{email}.eml"
        message = message_from_bytes(path.read_bytes(), policy=policy.default)
        part = message.get_body(("plain",))
        assert part is not None
        assert message["To"] == email
        letters[email] = part.get_content()
    assert letters["omar@example.com"].index("أوروبا") < letters["omar@example.com"].index("المشرق")
    assert "أفريقيا جنوب الصحراء" in letters["layla@example.org"]
    assert "أفريقيا جنوب الصحراء" not in letters["omar@example.com"]


def test_who_subscribes_after_the_edition_was_opened_is_not_in_it(composed: pathlib.Path) -> None:
    subscribe(composed, "layla@example.org")
    digest(composed, "send", _EDITION)
    subscribe(composed, "omar@example.com")
    again = digest(composed, "send", _EDITION, "--json")
    assert again.json["states"] == {"sent": 1}
    assert "1 subscriber came after the recipients were frozen" in again.err


def test_an_edition_that_was_sent_to_nobody_goes_to_whoever_comes(composed: pathlib.Path) -> None:
    digest(composed, "send", _EDITION)
    subscribe(composed, "layla@example.org")
    assert digest(composed, "send", _EDITION, "--json").json["states"] == {"sent": 1}


def test_an_edition_without_subscribers_is_sent_to_nobody(composed: pathlib.Path) -> None:
    ran = digest(composed, "send", _EDITION)
    assert (ran.code, ran.out) == (0, f"Edition {_EDITION}: no subscribers.\n")
    assert digest(composed, "deliveries", _EDITION, "--json").json == {"edition": _EDITION, "states": {}}


def test_a_test_copy_leaves_the_ledger_alone(composed: pathlib.Path) -> None:
    subscribe(composed, "layla@example.org")
    before = _stored(composed)
    ran = digest(composed, "send", _EDITION, "--to", "editor@example.org")
    assert ran.code == 0
    assert "A test copy" in ran.out
    assert _stored(composed) == before
    [path] = (composed / "var" / "outbox" / _EDITION).iterdir()
    assert path.name == "editor@example.org.eml"
    abroad = digest(composed, "send", _EDITION, "--to", "ليلى@مثال.example")
    assert (abroad.code, "left for ليلى@xn--mgbh0fb.example through" in abroad.out) == (0, True)
    refused = digest(composed, "send", _EDITION, "--to", "nobody")
    assert (refused.code, refused.err) == (2, "digest: 'nobody' is no mail address.\n")


def test_a_carrier_that_cannot_be_reached_stops_the_sending(composed: pathlib.Path) -> None:
    subscribe(composed, "layla@example.org", "omar@example.com")
    smtp = {"DIGEST_MAIL__TRANSPORT": "smtp", "DIGEST_SMTP__HOST": "127.0.0.1", "DIGEST_SMTP__PORT": "9"}
    ran = digest(composed, "send", _EDITION, "--json", extra=smtp)
    assert ran.code == 1
    assert "digest: stopped: the SMTP server 127.0.0.1:9 cannot be used" in ran.err
    assert ran.json["states"] == {"pending": 2}
    # The next run goes on where that one stopped.
    assert digest(composed, "send", _EDITION, "--json").json["states"] == {"sent": 2}


def test_who_left_before_the_sending_gets_nothing(composed: pathlib.Path) -> None:
    subscribe(composed, "layla@example.org", "omar@example.com")
    smtp = {"DIGEST_MAIL__TRANSPORT": "smtp", "DIGEST_SMTP__HOST": "127.0.0.1", "DIGEST_SMTP__PORT": "9"}
    assert digest(composed, "send", _EDITION, extra=smtp).code == 1
    digest(composed, "subscribers", "remove", "omar@example.com")
    assert digest(composed, "send", _EDITION, "--json").json["states"] == {"sent": 1, "suppressed": 1}
    assert [path.name for path in (composed / "var" / "outbox" / _EDITION).iterdir()] == [
        "layla@example.org.eml"
    ]


def test_deliveries_before_any_sending(composed: pathlib.Path) -> None:
    ran = digest(composed, "deliveries", _EDITION)
    assert (ran.code, ran.out) == (0, "Nothing has been sent yet.\n")
    assert digest(composed, "deliveries", _EDITION, "--state", "sent").out == ""


# --------------------------------------------------------------------------- what is wrong is found before anything leaves


@pytest.mark.parametrize(
    ("path", "text", "says"),
    [
        pytest.param("templates/email/edition.html.j2", "{% if %}", "templates/email/edition.html.j2: line 1: cannot be rendered: Expected an expression", id="a template's grammar"),
        pytest.param("templates/email/edition.txt.j2", "{{ nobody }}", "templates/email: cannot be rendered: 'nobody' is undefined", id="an unknown name"),
        pytest.param("config/locales/ar.po", 'msgid "x"\nwrong "y"\n', "config/locales/ar.po: cannot be read: ", id="a catalogue's grammar"),
        pytest.param("config/gazetteer/cities.toml", "[x\n", "config/gazetteer/cities.toml: cannot be read: ", id="a gazetteer's grammar"),
    ],
)  # fmt: skip
def test_a_home_with_a_fault_of_its_own_is_told(
    composed: pathlib.Path, path: str, text: str, says: str
) -> None:
    subscribe(composed, "layla@example.org")
    (composed / path).parent.mkdir(parents=True)
    (composed / path).write_text(text, encoding="utf-8")
    before = _stored(composed)
    words = ["send", _EDITION] if "gazetteer" not in path else ["compose", "--at", "2026-11-23T06:00Z"]
    ran = digest(composed, *words)
    assert (ran.code, ran.out) == (2, "")
    assert f"\n  - {says}" in ran.err
    assert _stored(composed) == before


def test_a_newsletter_whose_template_is_not_there_is_told(home: pathlib.Path) -> None:
    write_newsletter(home, template="nosuch")
    ran = digest(home, "preview", "--at", AT)
    assert (ran.code, ran.out) == (2, "")
    assert (
        "templates/nosuch/edition.html.j2: is not there, and newsletter 'daily' is rendered with it"
        in ran.err
    )


def test_sendgrid_without_its_key_sends_nothing(composed: pathlib.Path) -> None:
    subscribe(composed, "layla@example.org")
    before = _stored(composed)
    ran = digest(composed, "send", _EDITION, extra={"DIGEST_MAIL__TRANSPORT": "sendgrid"})
    assert (ran.code, ran.out) == (2, "")
    assert "SENDGRID_API_KEY: is not set, and the transport is sendgrid" in ran.err
    assert _stored(composed) == before


def test_a_signal_ends_the_sending_in_order(composed: pathlib.Path) -> None:
    rows = "".join(f"r{number}@example.org\n" for number in range(1500))
    (composed / "people.csv").write_text(f"email\n{rows}")
    digest(composed, "subscribers", "import", str(composed / "people.csv"), "--confirmed")
    sending = subprocess.Popen(
        [sys.executable, "-m", "digest", "send", _EDITION],
        env=environment(composed),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    outbox = composed / "var" / "outbox" / _EDITION
    for _ in range(400):
        if outbox.is_dir() and len(list(outbox.iterdir())) > 20:
            break
        time.sleep(0.02)
    sending.terminate()
    out, err = sending.communicate(timeout=30)
    states = digest(composed, "deliveries", _EDITION, "--json").json["states"]
    assert set(states) <= {"sent", "pending"}
    assert sum(states.values()) == 1500
    assert (sending.returncode, "stopped: by a signal" in err) == (1, True), out
    assert digest(composed, "send", _EDITION, "--json").json["states"] == {"sent": 1500}

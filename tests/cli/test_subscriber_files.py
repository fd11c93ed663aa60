"""`digest subscribers import` and `export`: what comes in, who is left out, and that nothing is lost between the two."""

from __future__ import annotations

import datetime as dt
import pathlib
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from itertools import islice
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from digest.adapters.store.subscribers import Subscription
from digest.adapters.store.subscribing import Wish
from digest.model import Consent, Subscriber, Suppression, SuppressionReason
from digest.text.tidy import tidy
from tests.adapters.people import wipe
from tests.cli.inside import inside
from tests.cli.running import REGIONS, digest, environment, opened, write_newsletter

_AGREED = dt.datetime(2026, 3, 13, 18, 0, tzinfo=dt.UTC)
_HEADING = "email,name,newsletter,regions,timezone,confirmed,consent_at,consent_how,consent_source"


def _kept(home: pathlib.Path) -> dict[str, Subscription]:
    """Return all subscriptions of a home by their addresses, without the ids."""
    with opened(home) as app:
        found = list(app.store.subscribers.all_subscriptions())
    return {one.person.email: replace(one, person=replace(one.person, id=0)) for one in found}


def _counts(new: int = 0, known: int = 0, suppressed: int = 0, refused: int = 0) -> dict[str, int]:
    return {"new": new, "known": known, "suppressed": suppressed, "refused": refused}


def _import(home: pathlib.Path, given: str, *words: str) -> Mapping[str, Any]:
    path = home / "people.csv"
    path.write_text(given, encoding="utf-8")
    ran = inside(home, "subscribers", "import", str(path), "--json", *words)
    assert ran.code == (1 if ran.json["refused"] else 0)
    return ran.json


# --------------------------------------------------------------------------- import


def test_an_import_reads_what_is_told_of_each(blank: pathlib.Path) -> None:
    given = (
        "\ufeffemail;name;regions;timezone;consent_at;consent_source\r\n"
        "Ali.Hassan@example.org;\u202eعلي\u2028;asia gulf;Asia/Dubai;2026-03-13T21:00+03:00;the book fair\r\n"
        "b@موقع.إختبار;;;;;\r\n"
    )
    path = blank / "people.csv"
    path.write_text(given, encoding="utf-8")
    ran = digest(blank, "subscribers", "import", str(path), "--confirmed")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == "2 new subscribers, 0 known, 0 skipped because they left or bounced, 0 left out.\n"
    [ali, other] = _kept(blank).values()
    assert ali.person == Subscriber(
        id=0,
        email="Ali.Hassan@example.org",
        name="علي",
        newsletter_id="mujaz",
        regions=("asia", "gulf"),
        timezone="Asia/Dubai",
    )
    assert ali.consent == Consent(at=_AGREED, how="import", source="the book fair")
    assert other.person.email.startswith("b@xn--")
    assert (other.consent.how, other.consent.source) == ("import", "people.csv")


def test_importing_again_changes_nothing(blank: pathlib.Path) -> None:
    given = "email,name\na@example.org,علي\nA@EXAMPLE.ORG,\nb@example.org,ليلى\n"
    assert _import(blank, given) == _counts(new=2, known=1)
    before = _kept(blank)
    assert _import(blank, given) == _counts(known=3)
    assert _kept(blank) == before


@pytest.mark.parametrize(
    ("row", "words", "confirmed"),
    [
        pytest.param("a@example.org,,", [], False, id="nobody has said so"),
        pytest.param("a@example.org,,", ["--confirmed"], True, id="the operator's word"),
        pytest.param("a@example.org,yes,2026-03-13", [], True, id="the table's, with the day"),
        pytest.param("a@example.org,yes,", [], False, id="the table's, without a day"),
        pytest.param("a@example.org,No,2026-03-13", ["--confirmed"], False, id="the table says no"),
    ],
)
def test_who_has_agreed(row: str, words: list[str], confirmed: bool, blank: pathlib.Path) -> None:
    given = f"email,confirmed,consent_at\n{row}\n"
    assert _import(blank, given, *words) == _counts(new=1)
    assert _kept(blank)["a@example.org"].person.confirmed is confirmed


def test_consent_is_not_taken_back_by_a_later_import(blank: pathlib.Path) -> None:
    given = "email\na@example.org\n"
    for words, confirmed in (([], False), (["--confirmed"], True), ([], True)):
        _import(blank, given, *words)
        assert _kept(blank)["a@example.org"].person.confirmed is confirmed


def test_rows_that_cannot_be_used_are_named_and_left_out(blank: pathlib.Path) -> None:
    given = (
        "email,newsletter,regions,timezone,confirmed,consent_at\n"
        "a@example.org,,,,,\n"
        "nobody,,,,,\n"
        "b@example.org,evening,,,,\n"
        "c@example.org,,moon,,,\n"
        ",mujaz,asia,,,\n"
        "e@example.org,,,Africa/Kairo,,\n"
        "f@example.org,,,,perhaps,\n"
        "g@example.org,,,,,yesterday\n"
        "h@example.org,,,,,2199-01-01\n"
        "d@example.org,mujaz,asia,,,\n"
    )
    ran = digest(blank, "subscribers", "import", "-", "--json", given=given)
    assert ran.code == 1
    assert ran.json == _counts(new=2, refused=8)
    assert list(_kept(blank)) == ["a@example.org", "d@example.org"]
    told = {
        3: "'nobody' is no mail address",
        4: "no newsletter 'evening'",
        5: "'moon' is no region",
        6: "'' is no mail address",
        7: "'Africa/Kairo' is no IANA time zone; did you mean 'Africa/Cairo'?",
        8: "'perhaps' in the column `confirmed` is neither yes nor no",
        9: "'yesterday' is no ISO 8601 moment",
        10: "'2199-01-01' is in the future",
    }
    lines = ran.err.splitlines()
    assert len(lines) == len(told)
    for line, (number, words) in zip(lines, told.items(), strict=True):
        assert line.startswith(f"digest: <stdin>: line {number} is left out: ")
        assert words in line


def test_who_left_is_skipped_unless_you_say_that_they_asked(blank: pathlib.Path) -> None:
    given = "email\nA@example.org\nb@example.org\n"
    assert _import(blank, given) == _counts(new=2)
    inside(blank, "subscribers", "remove", "a@example.org")
    assert _import(blank, given, "--confirmed") == _counts(known=1, suppressed=1)
    gone = _kept(blank)["A@example.org"]
    assert gone.ended_at is not None
    assert _import(blank, given, "--confirmed", "--revive-suppressed") == _counts(new=1, known=1)
    back = _kept(blank)["A@example.org"]
    assert (back.ended_at, back.suppressed) == (None, None)
    assert back.consent.at > gone.consent.at


def test_a_file_that_cannot_be_read_to_its_end_changes_nothing(blank: pathlib.Path) -> None:
    given = b"email\n" + b"".join(b"r%d@example.org\n" % number for number in range(3000)) + b"\xff\n"
    ran = digest(blank, "subscribers", "import", "-", given=given)
    assert (ran.code, ran.out) == (2, "")
    assert "is not UTF-8" in ran.err
    assert _kept(blank) == {}


def test_rows_without_a_newsletter_go_to_the_named_one(blank: pathlib.Path) -> None:
    write_newsletter(blank, regions=["gulf"])
    assert digest(blank, "subscribers", "import", "-", "--newsletter", "x", given="a@example.org\n").code == 2
    assert _import(blank, "a@example.org\n", "--newsletter", "daily") == _counts(new=1)
    assert _kept(blank)["a@example.org"].person.newsletter_id == "daily"


# --------------------------------------------------------------------------- export


def _put(home: pathlib.Path, *wishes: Wish) -> None:
    with opened(home) as app:
        wipe(app.store)
        app.store.subscribers.add_all(wishes)


def _wish(email: str, name: str = "", regions: tuple[str, ...] = (), confirmed: bool = True) -> Wish:
    person = Subscriber(
        id=0, email=email, name=name, newsletter_id="mujaz", regions=regions, confirmed=confirmed
    )
    return Wish(person=person, consent=Consent(at=_AGREED, how="double opt-in", source="the sign-up page"))


def test_an_export_is_for_spreadsheets_too(blank: pathlib.Path) -> None:
    formula = '=HYPERLINK("https://example.net")'
    _put(
        blank,
        _wish("a@example.org", formula),
        _wish("b@example.org", "ليلى", ("gulf", "asia"), confirmed=False),
    )
    tail = "2026-03-13T18:00:00+00:00,double opt-in,the sign-up page"
    expected = (
        f"{_HEADING}\n"
        f'a@example.org,"\'{formula.replace(chr(34), chr(34) * 2)}",mujaz,,,yes,{tail}\n'
        f"b@example.org,ليلى,mujaz,gulf asia,,no,{tail}\n"
    )
    ran = digest(blank, "subscribers", "export")
    assert (ran.code, ran.out, ran.err) == (0, expected, "")
    path = blank / "people.csv"
    ran = digest(blank, "subscribers", "export", "--to", str(path), "--newsletter", "mujaz")
    assert (ran.code, ran.out) == (0, f"2 subscriptions in {path}.\n")
    assert path.read_text(encoding="utf-8") == expected
    assert inside(blank, "subscribers", "export", "--newsletter", "x").code == 2


def test_all_names_those_who_are_gone_and_an_import_leaves_them_gone(blank: pathlib.Path) -> None:
    names = ("active", "bounced", "forgotten", "left")
    _put(blank, *(_wish(f"{name}@example.org") for name in names))
    with opened(blank) as app:
        people = app.store.subscribers
        bounced = Suppression(email="bounced@example.org", reason=SuppressionReason.BOUNCED, since=_AGREED)
        people.suppress(bounced)
        people.remove("left@example.org", None, reason="unsubscribed", now=_AGREED)
        people.forget("forgotten@example.org", _AGREED)
    assert inside(blank, "subscribers", "export").out.count("\n") == 2
    ran = inside(blank, "subscribers", "export", "--all")
    heading, *rows = ran.out.splitlines()
    assert heading == f"{_HEADING},ended_at,suppressed"
    assert [(row.split(",")[0], row.split(",")[-2:]) for row in rows] == [
        ("active@example.org", ["", ""]),
        ("bounced@example.org", ["", "bounced"]),
        ("left@example.org", [_AGREED.isoformat(), "unsubscribed"]),
    ]
    _put(blank)
    assert _import(blank, ran.out, "--confirmed", "--revive-suppressed") == _counts(new=1, suppressed=2)
    assert list(_kept(blank)) == ["active@example.org"]


_LINES = st.text(max_size=12).map(tidy)
_SUBSCRIPTIONS = st.builds(
    lambda person, consent: Wish(person=person, consent=consent),
    st.builds(
        Subscriber,
        id=st.just(0),
        email=st.sampled_from(["a@example.org", "+b@example.org", "=c@example.org", "'d@example.org", "é@xn--mgb.example"]),
        name=_LINES | st.sampled_from(["=1+1", "'=1", "-", "'", "ali;omar,zayd"]),
        newsletter_id=st.just("mujaz"),
        regions=st.lists(st.sampled_from(REGIONS), unique=True, max_size=3).map(tuple),
        timezone=st.sampled_from(["", "Africa/Cairo", "Asia/Riyadh"]),
        confirmed=st.booleans(),
    ),
    st.builds(
        Consent,
        at=st.integers(0, 10**15).map(lambda since: _AGREED - dt.timedelta(microseconds=since)),
        how=st.sampled_from(["import", "double opt-in", "@desk"]),
        source=_LINES,
    ),
)  # fmt: skip


@given(wishes=st.lists(_SUBSCRIPTIONS, max_size=5))
@example(wishes=[_wish("a@example.org", "س" * 200)])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_an_import_of_an_export_brings_back_the_same(wishes: list[Wish], blank: pathlib.Path) -> None:
    _put(blank, *wishes)
    before = _kept(blank)
    exported = inside(blank, "subscribers", "export").out
    assert _import(blank, exported) == _counts(known=len(before))
    assert _kept(blank) == before
    _put(blank)
    assert _import(blank, exported) == _counts(new=len(before))
    assert _kept(blank) == before


def test_an_import_that_is_killed_leaves_whole_batches_and_goes_on_when_run_again(
    blank: pathlib.Path,
) -> None:
    path = blank / "people.csv"
    path.write_text("".join(f"r{number}@example.org\n" for number in range(9000)), encoding="utf-8")
    command = [sys.executable, "-m", "digest", "subscribers", "import", str(path)]
    process = subprocess.Popen(command, env=environment(blank), cwd=blank, stdout=subprocess.DEVNULL)
    with opened(blank) as app:
        while process.poll() is None and not list(islice(app.store.subscribers.all_subscriptions(), 1)):
            time.sleep(0.01)
        process.kill()
        process.wait()
        there = len(list(app.store.subscribers.all_subscriptions()))
    assert there in {2000, 4000, 6000, 8000, 9000}
    assert (
        _counts(new=9000 - there, known=there)
        == digest(blank, "subscribers", "import", str(path), "--json").json
    )

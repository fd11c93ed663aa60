"""`digest explain`."""

from __future__ import annotations

import json
import pathlib
import sqlite3
from contextlib import closing

import pytest

from tests.cli.conftest import AT
from tests.cli.running import digest, write_newsletter

_EDITION = "mujaz-2026-11-22"


@pytest.fixture
def crowded(home: pathlib.Path) -> pathlib.Path:
    """A home whose edition holds four stories, so that others were left out."""
    write_newsletter(home, id="mujaz", most_stories=4, brief_stories=1)
    ran = digest(home, "compose", "--at", AT)
    assert ran.code == 0, ran.err
    return home


def test_an_edition_tells_what_it_holds(crowded: pathlib.Path) -> None:
    ran = digest(crowded, "explain", _EDITION, "--json")
    assert (ran.code, ran.err) == (0, "")
    told, left = ran.json["stories"], ran.json["left_out"]
    assert ran.json["edition"] == _EDITION
    assert [one["number"] for one in told + left] == list(range(1, len(told) + len(left) + 1))
    assert len(told) == 4
    assert [one["story"] for one in told if one["lead"]] == [ran.json["lead"]]
    assert all(one["reason"] for one in left)
    text = digest(crowded, "explain", _EDITION, "--locale", "en")
    assert (text.code, text.err) == (0, "")
    assert text.out.startswith(f"Edition {_EDITION}, Sunday, November 22, 2026\nTold: 4 stories\n")
    assert all(f" · {one['story']}\n" in text.out for one in told + left)


def test_each_story_in_and_out_is_explained(crowded: pathlib.Path) -> None:
    whole = digest(crowded, "explain", _EDITION, "--json").json
    first, left = whole["stories"][0], whole["left_out"][0]
    told = digest(crowded, "explain", _EDITION, first["story"], "--json").json
    assert told["picked"] is True
    assert sum(told["score_parts"].values()) == pytest.approx(told["score"])
    assert {one["region"] for one in told["for_region"]} == {told["region"]}
    assert told["region"] not in {one["region"] for one in told["against"]}
    out = digest(crowded, "explain", _EDITION, str(left["number"]), "--json").json
    assert (out["picked"], out["story"], out["reason"]) == (False, left["story"], left["reason"])
    text = digest(crowded, "explain", _EDITION, left["story"][:-1], "--locale", "en")
    assert (text.code, text.err) == (0, "")
    assert "\nNot in this edition: " in text.out


def test_the_language_is_the_newsletter_s(composed: pathlib.Path) -> None:
    arabic = digest(composed, "explain", _EDITION)
    assert arabic.out == digest(composed, "explain", _EDITION, "--locale", "ar").out
    assert "الخليج واليمن" in arabic.out
    english = digest(composed, "explain", _EDITION, "--locale", "en")
    assert "The Gulf and Yemen" in english.out
    write_newsletter(composed, id="mujaz", locale="en")
    assert digest(composed, "explain", _EDITION).out == english.out


def test_an_edition_of_a_newsletter_that_is_gone_is_explained_in_a_language_that_is_named(
    composed: pathlib.Path,
) -> None:
    write_newsletter(composed, id="evening")
    assert digest(composed, "explain", _EDITION).code == 2
    assert digest(composed, "explain", _EDITION, "--locale", "en").code == 0


def test_an_edition_of_an_earlier_version_explains_itself(composed: pathlib.Path) -> None:
    with closing(sqlite3.connect(composed / "var" / "digest.db")) as connection:
        [(document,)] = connection.execute("select document from edition").fetchall()
        old = json.loads(document)
        del old["left_out"]
        for story in [one for section in old["sections"] for one in section["stories"]] + old["briefs"]:
            del story["second_region"], story["update_of"]
        connection.execute("update edition set document = ?", [json.dumps(old)])
        connection.commit()
    ran = digest(composed, "explain", _EDITION, "--locale", "en")
    assert ran.code == 0, ran.err
    assert "This edition remembers no story that was left out." in ran.out
    assert digest(composed, "explain", _EDITION, "1", "--locale", "en").code == 0


@pytest.mark.parametrize(
    ("words", "says"),
    [
        pytest.param([], "Missing argument 'EDITION'", id="no edition named"),
        pytest.param(["x"], f"There is no edition 'x'. The latest is {_EDITION}.", id="unknown edition"),
        pytest.param([_EDITION, "zzz"], f"There is no story 'zzz' in {_EDITION}. There are 1 ", id="unknown story"),
        pytest.param([_EDITION, "999"], "There is no story '999'", id="no such number"),
        pytest.param([_EDITION, "--locale", "fr"], "'fr' is not one of 'ar', 'en'", id="a language without words"),
    ],
)  # fmt: skip
def test_wrong_words_end_with_2_and_a_sentence(words: list[str], says: str, composed: pathlib.Path) -> None:
    ran = digest(composed, "explain", *words)
    assert (ran.code, ran.out) == (2, "")
    assert says in ran.err


def test_a_beginning_that_several_stories_share_is_refused_with_their_ids(composed: pathlib.Path) -> None:
    whole = digest(composed, "explain", _EDITION, "--json").json
    known = [one["story"] for one in whole["stories"] + whole["left_out"]]
    # A digit alone would be a number of the list.
    shared = next(letter for letter in "abcdef" if sum(one.startswith(letter) for one in known) > 1)
    ran = digest(composed, "explain", _EDITION, shared)
    assert (ran.code, ran.out) == (2, "")
    assert all(one in ran.err for one in known if one.startswith(shared))


def test_help_says_what_a_story_may_be(empty: pathlib.Path) -> None:
    ran = digest(empty, "explain", "--help")
    assert (ran.code, ran.err) == (0, "")
    assert "STORY is an id, the beginning of one, or the number" in " ".join(ran.out.split())
    assert list(empty.iterdir()) == []

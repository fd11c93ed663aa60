"""An editor's acts on the stories of the moment, one after the other."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

import pytest

from digest.editing.apply import Edited, apply_edits
from digest.editing.matching import meant
from digest.model import Edit, EditKind, Story, Told
from digest.ranker.pick import Wishes
from tests.conftest import NOW
from tests.desk_fakes import edit
from tests.editing.making import REGIONS, names, story, tell

_TOLD = Told(edition_id="e", story_id="s", local_date=dt.date(2026, 11, 21), headline="أمس")


def applied(stories: Sequence[str | Story], *edits: Edit, told: Sequence[str] = ()) -> Edited:
    made = [one if isinstance(one, Story) else story(one) for one in stories]
    numbered = [replace(one, id=number) for number, one in enumerate(edits, 1)]
    return apply_edits(made, [story(one) for one in told], numbered, REGIONS, tell)


def of(edited: Edited, article: str) -> Story:
    return next(one for one in (*edited.stories, *edited.told) if article in names(one))


def found(edited: Edited) -> list[str | None]:
    return [one.story_id for one in edited.edits]


# --------------------------------------------------------------------------- which story is meant


@pytest.mark.parametrize(
    ("articles", "today", "story_meant"),
    [
        pytest.param("abc", ["abc", "d"], 0, id="as it was"),
        pytest.param("abc", ["d", "abcxyz"], 1, id="fresh news has joined"),
        pytest.param("abcd", ["ax", "bcd"], 1, id="most of them stand there"),
        pytest.param("abcd", ["cd", "ab"], 1, id="half each: the one with its headline's article"),
        pytest.param("dcab", ["cd", "ab"], 0, id="half each, named in another order"),
        pytest.param("abcd", ["ab", "c", "d"], 0, id="half of them stand together"),
        pytest.param("abcde", ["ab", "c", "d", "e"], None, id="less than half do"),
        pytest.param("abcdefgh", ["a"], 0, id="the others are gone from the window"),
        pytest.param("abc", ["xyz"], None, id="all are gone"),
        pytest.param("", ["xyz"], None, id="none is named"),
        pytest.param("aab", ["b", "a"], 1, id="named twice counts once: the first"),
    ],
)
def test_a_story_is_meant_by_its_articles(articles: str, today: list[str], story_meant: int | None) -> None:
    standing_in = {article: number for number, one in enumerate(today) for article in one}
    assert meant(list(articles), standing_in) == story_meant


# --------------------------------------------------------------------------- what a story says


def test_retitled_stays_retitled_although_new_articles_join() -> None:
    retitle = edit(EditKind.HEADLINE, "a", "b", value="  عنوان\u202e\nجديد ")
    for today in (["ab", "c"], ["abxyz", "c"], ["ax", "c"]):
        edited = applied(today, retitle)
        assert of(edited, "a").headline == "عنوان جديد"
        assert of(edited, "c").headline == story("c").headline


def test_an_empty_headline_is_none_and_an_empty_summary_is_the_editor_s_wish() -> None:
    edited = applied(["a", "b"], edit(EditKind.HEADLINE, "a", value=" \n"), edit(EditKind.SUMMARY, "b"))
    assert of(edited, "a") == story("a")
    assert [one.unmatched for one in edited.edits] == [True, False]
    assert edited.wishes.summed_up == {"s-b"}


def test_a_story_moves_to_a_region_that_the_newsletter_has() -> None:
    there = next(region for region in REGIONS if region != story("a").region)
    edited = applied(["a"], edit(EditKind.MOVE, "a", value=there), edit(EditKind.MOVE, "a", value="atlantis"))
    assert of(edited, "a") == replace(story("a"), region=there)
    assert [one.unmatched for one in edited.edits] == [False, True]


def test_the_subject_is_the_last_one_written() -> None:
    first, second = (edit(EditKind.SUBJECT, value=value) for value in ("أول", " ثانٍ\r\nBcc: x@example.org"))
    assert applied(["a"], first).subject == "أول"
    edited = applied(["a"], first, second)
    assert edited.subject == "ثانٍ Bcc: x@example.org"
    assert not any(one.unmatched for one in edited.edits)
    assert applied(["a"], first, edit(EditKind.SUBJECT)).subject == ""


# --------------------------------------------------------------------------- what a story is made of


def test_merged_stories_are_one_in_the_words_and_the_region_of_the_first() -> None:
    edited = applied(["cd", "ab", "x"], edit(EditKind.MERGE, "c", "d", others="ab"))
    merged = of(edited, "c")
    assert names(merged) == "abcd"
    assert (merged.headline, merged.region) == (story("cd").headline, story("cd").region)
    # The article of its headline first, then by time.
    assert [one.id for one in merged.articles] == ["c", "a", "b", "d"]
    assert (merged.id, merged.score) == ("s-a", 4.0)
    assert [one.id for one in edited.stories] == ["s-a", "s-x"]


def test_what_the_ranker_tells_together_by_now_needs_no_merging() -> None:
    edited = applied(["abcd"], edit(EditKind.MERGE, "c", "d", others="ab"))
    assert edited.stories == (story("abcd"),)
    assert found(edited) == ["s-a"]


def test_a_part_is_split_off_and_each_is_told_anew() -> None:
    edited = applied(["abcd"], edit(EditKind.SPLIT, *"abcd", others="ab"))
    assert sorted(map(names, edited.stories)) == ["ab", "cd"]
    assert of(edited, "c") == story("cd")
    assert of(edited, "a") == story("ab")


def test_what_is_left_keeps_its_words_while_their_article_is_there() -> None:
    whole = replace(story("abcd"), headline="من ألف", summary="جملة.", update_of=_TOLD)
    edited = applied([whole], edit(EditKind.SPLIT, *"abcd", others="cd"))
    left = of(edited, "a")
    assert (left.headline, left.summary, left.update_of) == ("من ألف", "جملة.", _TOLD)
    assert of(edited, "c") == story("cd")
    gone = of(applied([whole], edit(EditKind.SPLIT, *"abcd", others="ab")), "c")
    assert gone == story("cd")


def test_what_an_editor_set_is_kept_in_what_is_left() -> None:
    there = next(region for region in REGIONS if region != story("cd").region)
    edited = applied(
        ["abcd"],
        edit(EditKind.HEADLINE, *"abcd", value="عنوان المحررة"),
        edit(EditKind.MOVE, *"abcd", value=there),
        edit(EditKind.PIN, *"abcd"),
        # More stay than go, and the headline's own article goes.
        edit(EditKind.SPLIT, *"abcd", others="a"),
    )
    left = of(edited, "b")
    assert (left.headline, left.region) == ("عنوان المحررة", there)
    assert of(edited, "a") == story("a")
    assert edited.wishes.pinned == {"s-b"}


@pytest.mark.parametrize(
    "others",
    [pytest.param("xy", id="gone"), pytest.param("abc", id="all of them"), pytest.param("", id="none")],
)
def test_a_split_that_parts_nothing_finds_nothing(others: str) -> None:
    edited = applied(["abc"], edit(EditKind.SPLIT, *"abc", others=others))
    assert edited.stories == (story("abc"),)
    assert edited.edits[0].unmatched


def test_later_acts_see_what_earlier_ones_made() -> None:
    edited = applied(
        ["ab", "cd", "efgh"],
        edit(EditKind.MERGE, "a", "b", others="cd"),
        edit(EditKind.HEADLINE, *"abcd", value="معاً"),
        edit(EditKind.SPLIT, *"efgh", others="gh"),
        edit(EditKind.MOVE, "g", "h", value="levant"),
        edit(EditKind.DROP, "e", "f"),
    )
    assert (names(of(edited, "d")), of(edited, "d").headline) == ("abcd", "معاً")
    assert of(edited, "g").region == "levant"
    assert edited.wishes.dropped == {"s-e"}
    assert found(edited) == ["s-a", "s-a", "s-e", "s-g", "s-e"]


def test_an_update_keeps_the_share_that_readers_know() -> None:
    known = replace(story("ab"), score=0.5, score_parts={"outlets": 2.0, "told": -1.5}, update_of=_TOLD)
    merged = of(applied([known, "cd"], edit(EditKind.MERGE, "a", "b", others="cd")), "a")
    assert merged.score_parts == {"outlets": 4.0, "told": -3.0}
    assert (merged.score, merged.update_of) == (1.0, _TOLD)
    # What is new keeps its whole score, and links to what was told.
    other_way = of(applied([known, "cd"], edit(EditKind.MERGE, "c", "d", others="ab")), "a")
    assert (other_way.score, other_way.update_of) == (4.0, _TOLD)


# --------------------------------------------------------------------------- what is wanted


@pytest.mark.parametrize(
    ("edits", "wishes"),
    [
        pytest.param([("pin", "a", "")], Wishes(pinned=frozenset({"s-a"})), id="pinned"),
        pytest.param([("drop", "a", "")], Wishes(dropped=frozenset({"s-a"})), id="dropped"),
        pytest.param(
            [("drop", "a", ""), ("pin", "a", "")], Wishes(pinned=frozenset({"s-a"})), id="pinned after all"
        ),
        pytest.param(
            [("pin", "a", ""), ("lead", "a", ""), ("place", "a", "2"), ("drop", "a", "")],
            Wishes(dropped=frozenset({"s-a"})),
            id="dropped after all",
        ),
        pytest.param(
            [("place", "a", "2"), ("place", "c", "1")],
            Wishes(pinned=frozenset({"s-a", "s-c"}), places=(("s-a", 2), ("s-c", 1))),
            id="places hold a story",
        ),
        pytest.param(
            [("drop", "a", ""), ("lead", "a", "")],
            Wishes(pinned=frozenset({"s-a"}), lead_id="s-a"),
            id="who opens is in",
        ),
        pytest.param(
            [("lead", "a", ""), ("lead", "c", "")],
            Wishes(pinned=frozenset({"s-c"}), lead_id="s-c"),
            id="the last one opens, and the first is free again",
        ),
        pytest.param(
            [("place", "a", "0"), ("place", "a", "x"), ("place", "a", "")], Wishes(), id="no places"
        ),
        pytest.param(
            [("place", "c", "2"), ("move", "c", "gulf"), ("move", "c", "levant")],
            Wishes(pinned=frozenset({"s-c"})),
            id="a place is one of its section",
        ),
    ],
)
def test_wishes(edits: list[tuple[str, str, str]], wishes: Wishes) -> None:
    edited = applied(["ab", "cd"], *(edit(EditKind(kind), one, value=value) for kind, one, value in edits))
    assert edited.wishes == wishes


@pytest.mark.parametrize(
    ("ours", "theirs", "pinned", "dropped"),
    [
        pytest.param("pin", "drop", {"s-a"}, set(), id="pinned and dropped"),
        pytest.param("drop", "pin", {"s-a"}, set(), id="dropped and pinned"),
        pytest.param("drop", "drop", set(), {"s-a"}, id="both dropped"),
        pytest.param("headline", "drop", set(), set(), id="one that was dropped is told within another"),
    ],
)
def test_what_is_wanted_of_two_is_wanted_of_both(
    ours: str, theirs: str, pinned: set[str], dropped: set[str]
) -> None:
    edited = applied(
        ["ab", "cd"],
        edit(EditKind(ours), "a", value="x"),
        edit(EditKind(theirs), "c", value="x"),
        edit(EditKind.MERGE, "a", "b", others="cd"),
    )
    assert edited.wishes == Wishes(pinned=frozenset(pinned), dropped=frozenset(dropped))


def test_a_lead_that_is_merged_into_another_leads_on() -> None:
    edited = applied(["ab", "cd"], edit(EditKind.LEAD, "c"), edit(EditKind.MERGE, "a", others="c"))
    assert edited.wishes.lead_id == "s-a"


# --------------------------------------------------------------------------- told before, undone, gone


def test_what_was_told_rests_unless_an_editor_asks_for_it() -> None:
    told = ["cd", "ef", "gh", "ij"]
    edited = applied(
        ["ab"],
        edit(EditKind.PIN, "c"),
        edit(EditKind.HEADLINE, "e", value="ما زال"),
        edit(EditKind.DROP, "g"),
        edit(EditKind.SPLIT, "i", "j", others="j"),
        told=told,
    )
    assert [names(one) for one in edited.stories] == ["ab", "cd", "gh"]
    assert [names(one) for one in edited.told] == ["ef", "i", "j"]
    assert edited.told[0].headline == "ما زال"
    merged = applied(["ab"], edit(EditKind.MERGE, "c", others="ab"), told=told)
    assert names(of(merged, "a")) == "abcd"
    assert [names(one) for one in merged.told] == ["ef", "gh", "ij"]


def test_undone_edits_do_nothing_and_are_no_trouble() -> None:
    undone = replace(edit(EditKind.DROP, "a"), undone_by="editor", undone_at=NOW)
    edited = applied(["ab"], undone, edit(EditKind.PIN, "gone"))
    assert edited.stories == (story("ab"),)
    assert edited.wishes == Wishes()
    assert [one.unmatched for one in edited.edits] == [False, True]
    assert [one.edit.id for one in edited.edits] == [1, 2]

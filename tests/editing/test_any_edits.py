"""Whatever an editor does: no article is lost or doubled, undoing is never having done, and orders are kept."""

from __future__ import annotations

import string
from collections import Counter
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from digest.editing.apply import Edited, apply_edits
from digest.model import Edit, EditKind, Story
from digest.ranker.pick import Pick, pick
from tests.conftest import NOW
from tests.editing.making import REGIONS, story, tell
from tests.ranker.making import newsletter

_TODAY = string.ascii_lowercase[:12]
#: Articles that are gone from the window as well.
_KNOWN = [*_TODAY, "gone", "Ω"]
_VALUES = st.sampled_from(["", " ", "1", "2", "-3", "9" * 5000, "٢", "x", *REGIONS, "atlantis", "عنوان\n"])
_SEVERAL = st.lists(st.sampled_from(_KNOWN), max_size=5).map(tuple)
_EDIT = st.builds(
    Edit,
    id=st.integers(1, 99),
    kind=st.sampled_from(EditKind),
    articles=_SEVERAL,
    others=_SEVERAL,
    value=_VALUES,
    made_by=st.just("editor"),
    made_at=st.just(NOW),
    undone_at=st.sampled_from([None, None, None, NOW]),
)
_EDITS = st.lists(_EDIT, max_size=12)


@st.composite
def _days(draw: st.DrawFn) -> tuple[list[Story], list[Story]]:
    """A day's stories, and those that were told before: the articles of the day in groups."""
    group_of = draw(st.lists(st.integers(0, 6), min_size=len(_TODAY), max_size=len(_TODAY)))
    groups = [
        [name for name, its in zip(_TODAY, group_of, strict=True) if its == group] for group in range(7)
    ]
    stories = [story("".join(group)) for group in groups if group]
    first_told = draw(st.integers(0, len(stories)))
    return stories[:first_told], stories[first_told:]


_Day = tuple[list[Story], list[Story]]
_SMALL = newsletter(regions=REGIONS[:2], stories_per_region=2, brief_stories=1, most_stories=4)


def _applied(day: _Day, edits: list[Edit]) -> Edited:
    return apply_edits(*day, edits, REGIONS, tell)


def _picked(edited: Edited) -> Pick:
    return pick(edited.stories, _SMALL, edited.wishes)


@given(_days(), _EDITS)
def test_every_article_stands_in_exactly_one_story(day: _Day, edits: list[Edit]) -> None:
    edited = _applied(day, edits)
    stories = [*edited.stories, *edited.told]
    assert Counter(article.id for one in stories for article in one.articles) == Counter(_TODAY)
    ids = {one.id for one in stories}
    assert len(ids) == len(stories)
    wishes = edited.wishes
    wished = wishes.pinned | wishes.dropped | wishes.in_sections | wishes.summed_up
    assert wished <= ids | {""}
    assert not wishes.pinned & wishes.dropped
    assert wishes.in_sections <= wishes.pinned | {""}
    assert {one.story_id for one in edited.edits} <= ids | {None}
    assert [one.edit for one in edited.edits] == edits


@given(_days(), _EDITS, _EDIT, _EDITS)
def test_undoing_an_edit_is_never_having_made_it(
    day: _Day, before: list[Edit], undone: Edit, after: list[Edit]
) -> None:
    undone = replace(undone, undone_at=NOW, undone_by="editor")
    with_it, without = _applied(day, [*before, undone, *after]), _applied(day, [*before, *after])
    matched = list(with_it.edits)
    assert matched.pop(len(before)).story_id is None
    assert replace(with_it, edits=tuple(matched)) == without


@given(_days(), _EDITS)
def test_the_same_edits_give_the_same_again(day: _Day, edits: list[Edit]) -> None:
    assert _applied(day, edits) == _applied(day, edits)
    turned = (day[0][::-1], day[1][::-1])
    # The order of the stories makes no difference to what becomes of them.
    assert Counter(one.id for one in _applied(turned, edits).stories) == Counter(
        one.id for one in _applied(day, edits).stories
    )


@given(_days())
def test_without_edits_nothing_changes(day: _Day) -> None:
    edited = _applied(day, [])
    assert (list(edited.stories), list(edited.told)) == day
    assert _picked(edited) == pick(day[0], _SMALL)


@given(_days(), _EDITS)
def test_what_is_pinned_is_in_and_what_is_dropped_is_out(day: _Day, edits: list[Edit]) -> None:
    edited = _applied(day, edits)
    choice, wishes = _picked(edited), edited.wishes
    told = [one.id for one in choice.stories()]
    assert len(set(told)) == len(told) <= _SMALL.most_stories
    assert wishes.dropped.isdisjoint(told)
    if len(wishes.pinned) <= _SMALL.most_stories:
        assert wishes.pinned <= set(told)
    else:
        # More orders than places: nothing but pinned stories is in.
        assert set(told) < wishes.pinned
    in_sections = {one.id: section for section in choice.sections for one in section.stories}
    if choice.lead_id:
        assert in_sections[choice.lead_id].stories[0].id == choice.lead_id
    else:
        assert not choice.sections
    if wishes.lead_id in in_sections:
        assert choice.lead_id == wishes.lead_id


@given(_days(), st.data())
def test_pinning_a_story_that_is_in_changes_nothing(day: _Day, data: st.DataObject) -> None:
    plain = _picked(_applied(day, []))
    told = list(plain.stories())
    if not told:
        return
    pins = data.draw(st.lists(st.sampled_from(told), unique_by=lambda one: one.id))
    edits = [
        Edit(
            id=number,
            kind=EditKind.PIN,
            articles=tuple(article.id for article in one.articles),
            made_by="editor",
            made_at=NOW,
        )
        for number, one in enumerate(pins)
    ]
    pinned = _picked(_applied(day, edits))
    assert (pinned.sections, pinned.briefs, pinned.lead_id) == (plain.sections, plain.briefs, plain.lead_id)

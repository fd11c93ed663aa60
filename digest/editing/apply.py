"""The acts of an editor, done again on the stories of the moment.

stories | each act in its order, on the story that it means | stories changed, wishes for the choice, what found nothing

An act sees what the earlier ones made: a story that was merged can be retitled, one that was split off moved.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from digest.editing.matching import meant
from digest.model import Article, Edit, EditKind, Story
from digest.ranker.pick import Wishes
from digest.text.tidy import tidy

#: Tells a story out of articles, as the ranker does.
Tell = Callable[[Sequence[Article]], Story]


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchedEdit:
    """An act, and the story that it is about now."""

    edit: Edit
    #: None where it was undone, where it means the edition as a whole, and where it finds nothing.
    story_id: str | None = None

    @property
    def unmatched(self) -> bool:
        """Whether it stands, and finds nothing any more that it could change."""
        stands = self.edit.undone_at is None and self.edit.kind is not EditKind.SUBJECT
        return stands and self.story_id is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """The day's stories as an editor left them."""

    #: To be picked from.
    stories: tuple[Story, ...]
    #: Earlier editions told these, nothing new has come, and no editor asks for them.
    told: tuple[Story, ...]
    wishes: Wishes
    #: The editor's subject line; empty for none.
    subject: str
    edits: tuple[MatchedEdit, ...]


def apply_edits(
    stories: Sequence[Story],
    told: Sequence[Story],
    edits: Sequence[Edit],
    regions: Collection[str],
    tell: Tell,
) -> Edited:
    """Return the stories after these edits, which stand oldest first; those that were taken back do nothing.

    `told` are stories that earlier editions told; an editor may ask for them all the same. A story can be moved to one
    of `regions`. Every article stays in exactly one story. An edit that finds nothing is no error: see `MatchedEdit`.
    """
    desk = _Desk(stories, told, regions, tell)
    found = [desk.do(edit) if edit.undone_at is None else None for edit in edits]
    return desk.result(edits, found)


@dataclass(slots=True)
class _Standing:
    """A story as it lies on the desk."""

    story: Story
    #: An earlier edition told it, and nothing new has come.
    told: bool
    #: Names of the fields that an editor has set.
    set_by_hand: frozenset[str] = frozenset()
    #: Whether it must be in or must be out; None: as it comes.
    wanted: bool | None = None

    def write(self, field: str, value: str) -> None:
        changed: dict[str, Any] = {field: value}
        self.story = replace(self.story, **changed)
        self.set_by_hand |= {field}


class _Desk:
    """Stories by number, and what is wanted of them."""

    def __init__(
        self, stories: Sequence[Story], told: Sequence[Story], regions: Collection[str], tell: Tell
    ) -> None:
        both = [*((story, False) for story in stories), *((story, True) for story in told)]
        self._numbers = itertools.count()
        self._standings = {next(self._numbers): _Standing(story, is_told) for story, is_told in both}
        #: By article, the number of its story.
        self._number_of = {
            article.id: number for number, one in self._standings.items() for article in one.story.articles
        }
        self._regions = regions
        self._tell = tell
        self._lead: int | None = None
        self._places: list[tuple[int, int]] = []
        self._subject = ""
        self._acts: dict[EditKind, Callable[[int, Edit], bool]] = {
            EditKind.PIN: self._pin,
            EditKind.DROP: self._drop,
            EditKind.MOVE: self._move,
            EditKind.PLACE: self._place,
            EditKind.LEAD: self._open_with,
            EditKind.MERGE: self._merge,
            EditKind.SPLIT: self._split,
            EditKind.HEADLINE: self._retitle,
            EditKind.SUMMARY: self._sum_up,
        }

    def do(self, edit: Edit) -> str | None:
        """Do one thing; return an article of the story that it was done to, None where there is none."""
        if edit.kind is EditKind.SUBJECT:
            self._subject = tidy(edit.value)
            return None
        number = meant(edit.articles, self._number_of)
        if number is None or not self._acts[edit.kind](number, edit):
            return None
        return self._standings[number].story.articles[0].id

    def result(self, edits: Sequence[Edit], found: Sequence[str | None]) -> Edited:
        """Return what has become of everything."""
        ids = {number: one.story.id for number, one in self._standings.items()}
        lead = set() if self._lead is None else {self._lead}
        pinned = {number for number, one in self._standings.items() if one.wanted} | lead
        dropped = {number for number, one in self._standings.items() if one.wanted is False}
        resting = {number for number, one in self._standings.items() if one.told} - pinned - dropped
        return Edited(
            stories=tuple(one.story for number, one in self._standings.items() if number not in resting),
            told=tuple(self._standings[number].story for number in sorted(resting)),
            wishes=Wishes(
                pinned=frozenset(ids[number] for number in pinned),
                dropped=frozenset(ids[number] for number in dropped),
                lead_id="" if self._lead is None else ids[self._lead],
                places=tuple((ids[number], place) for number, place in self._places),
                summed_up=frozenset(
                    one.story.id for one in self._standings.values() if "summary" in one.set_by_hand
                ),
            ),
            subject=self._subject,
            edits=tuple(
                MatchedEdit(edit=edit, story_id=article and ids[self._number_of[article]])
                for edit, article in zip(edits, found, strict=True)
            ),
        )

    # ----------------------------------------------------------------------- what is wanted

    def _pin(self, number: int, _edit: Edit) -> bool:
        self._standings[number].wanted = True
        return True

    def _drop(self, number: int, _edit: Edit) -> bool:
        self._standings[number].wanted = False
        self._forget_places(number)
        if self._lead == number:
            self._lead = None
        return True

    def _open_with(self, number: int, _edit: Edit) -> bool:
        self._lead = number
        # Not for good: when another one opens the edition, this one is as free as it was.
        self._standings[number].wanted = self._standings[number].wanted or None
        return True

    def _place(self, number: int, edit: Edit) -> bool:
        try:
            place = int(edit.value)
        except ValueError:
            return False
        if place < 1:
            return False
        # Whoever gives a story its place wants it there tomorrow's news or not.
        self._standings[number].wanted = True
        self._places.append((number, place))
        return True

    def _forget_places(self, number: int) -> None:
        self._places = [one for one in self._places if one[0] != number]

    # ----------------------------------------------------------------------- what a story says

    def _move(self, number: int, edit: Edit) -> bool:
        if edit.value not in self._regions:
            return False
        one = self._standings[number]
        if one.story.region != edit.value:
            # Its place was one of the other section.
            self._forget_places(number)
        one.write("region", edit.value)
        if one.story.second_region == edit.value:
            one.story = replace(one.story, second_region="")
        return True

    def _retitle(self, number: int, edit: Edit) -> bool:
        headline = tidy(edit.value)
        if headline:
            self._standings[number].write("headline", headline)
        return bool(headline)

    def _sum_up(self, number: int, edit: Edit) -> bool:
        self._standings[number].write("summary", tidy(edit.value))
        return True

    # ----------------------------------------------------------------------- what a story is made of

    def _merge(self, number: int, edit: Edit) -> bool:
        other = meant(edit.others, self._number_of)
        if other is None:
            return False
        if other == number:
            # The ranker tells them together by now.
            return True
        ours, theirs = self._standings[number], self._standings.pop(other)
        ours.story = _together(ours.story, theirs.story, self._tell)
        ours.told = ours.told and theirs.told
        ours.wanted = _wanted_together(ours.wanted, theirs.wanted)
        self._number_of |= {article.id: number for article in theirs.story.articles}
        self._forget_places(other)
        if self._lead == other:
            self._lead = number
        return True

    def _split(self, number: int, edit: Edit) -> bool:
        whole = self._standings[number]
        parted = [article for article in whole.story.articles if article.id in edit.others]
        rest = [article for article in whole.story.articles if article.id not in edit.others]
        if not parted or not rest:
            return False
        remaining = _remaining(whole.story, rest, self._tell)
        whole.story = replace(
            remaining, **{field: getattr(whole.story, field) for field in whole.set_by_hand}
        )
        new = next(self._numbers)
        self._standings[new] = _Standing(self._tell(parted), whole.told)
        self._number_of |= {article.id: new for article in parted}
        return True


def _wanted_together(one: bool | None, other: bool | None) -> bool | None:
    """Return what is wanted of two stories that are one now: out only where both were."""
    if one or other:
        return True
    return False if one is False and other is False else None


def _together(ours: Story, theirs: Story, tell: Tell) -> Story:
    """Return our story with their articles: our words and our region, and a score for all the outlets."""
    lead, *others = ours.articles
    rest = sorted([*others, *theirs.articles], key=lambda article: (article.published, article.id))
    told = tell((lead, *rest))
    return replace(
        _as_known(told, ours),
        articles=(lead, *rest),
        headline=ours.headline,
        summary=ours.summary,
        region=ours.region,
        second_region=ours.second_region,
        countries=ours.countries or theirs.countries,
        update_of=ours.update_of or theirs.update_of,
    )


def _remaining(whole: Story, rest: Sequence[Article], tell: Tell) -> Story:
    """Return what is left of a story, placed and scored anew; in its own words where their article is still there."""
    told = tell(rest)
    if whole.articles[0] not in rest:
        return told
    return replace(
        _as_known(told, whole),
        articles=tuple(rest),
        headline=whole.headline,
        summary=whole.summary,
        update_of=whole.update_of,
    )


def _as_known(story: Story, before: Story) -> Story:
    """Return a story with the share taken off its score that readers knew of what it was made from."""
    if "told" not in before.score_parts:
        return story
    known = before.score_parts["told"]
    whole = before.score - known
    less = round(story.score * known / whole, 4) if whole > 0 else 0.0
    parts = {**story.score_parts, "told": less}
    return replace(story, score=round(sum(parts.values()), 4), score_parts=parts)

"""What an editor's forms ask for: edits to be kept, or edits to be taken back. Changes nothing itself."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from werkzeug.datastructures import MultiDict

from digest.mailer.inbox.findings import Words, say
from digest.model import Edit, EditKind, Story
from digest.text.tidy import tidy
from digest.web.desk_drafts import OnDesk

#: Characters of what an editor writes.
LONGEST: Mapping[EditKind, int] = {
    EditKind.HEADLINE: 300,
    EditKind.SUMMARY: 2000,
    EditKind.SUBJECT: 200,
}

Form = MultiDict[str, str]

_PLACE = re.compile("[1-9][0-9]{0,2}")


class Refused(Exception):
    """The form asks for something that cannot be done."""

    def __init__(self, why: Words) -> None:
        self.why = why
        super().__init__(str(why))


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a form asks for."""

    edits: tuple[Edit, ...] = ()
    #: Ids of edits to be taken back.
    undone: tuple[int, ...] = ()
    #: What is said when it is done; it may name the `{story}`.
    said: Words
    story: Story | None = None


def read_form(form: Form, lying: OnDesk, by: str, now: dt.datetime) -> Asked:
    """Return what a form asks for. Raises Refused."""
    if lying.frozen:
        raise Refused(say("This edition is frozen; nothing more can be changed."))
    act, _, value = form.get("act", "").partition(":")
    if act not in _ACTS:
        raise Refused(say("The desk does not know this."))
    return _ACTS[act](_Reading(form=form, value=value, lying=lying, by=by, now=now))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """A form, and what it is about."""

    form: Form
    value: str
    lying: OnDesk
    by: str
    now: dt.datetime

    def story(self) -> Story:
        """Return the story that holds the article which the form names."""
        story = self.lying.stories.get(self.form.get("story", ""))
        if story is None:
            raise Refused(say("That story is not here any more."))
        return story

    def edit(self, kind: EditKind, story: Story | None, value: str = "", others: Sequence[str] = ()) -> Edit:
        """Return an edit of a story, None for the edition."""
        return Edit(
            id=0,
            kind=kind,
            articles=tuple(article.id for article in story.articles) if story else (),
            others=tuple(others),
            value=value,
            made_by=self.by,
            made_at=self.now,
        )

    def text(self, kind: EditKind) -> str:
        """Return what the editor wrote, as one harmless line."""
        text = tidy(self.form.get("text", ""))
        if len(text) > LONGEST[kind]:
            raise Refused(say("That is longer than it may be."))
        return text

    def standing(self, story: Story, *kinds: EditKind) -> Iterator[int]:
        """Yield the ids of the edits of these kinds that stand and are about a story now."""
        for one in self.lying.edits:
            if one.edit.kind in kinds and one.story_id == story.id and one.edit.undone_at is None:
                yield one.edit.id


def _simple(kind: EditKind, said: Words) -> Callable[[_Reading], Asked]:
    def read(reading: _Reading) -> Asked:
        story = reading.story()
        return Asked(edits=(reading.edit(kind, story),), said=said, story=story)

    return read


def _back(said: Words, *kinds: EditKind) -> Callable[[_Reading], Asked]:
    def read(reading: _Reading) -> Asked:
        story = reading.story()
        undone = tuple(reading.standing(story, *kinds))
        if not undone:
            raise Refused(say("There is nothing to take back."))
        return Asked(undone=undone, said=said, story=story)

    return read


def _place(reading: _Reading) -> Asked:
    if not _PLACE.fullmatch(reading.value):
        raise Refused(say("The desk does not know this."))
    story = reading.story()
    edit = reading.edit(EditKind.PLACE, story, reading.value)
    return Asked(edits=(edit,), said=say("It has its new place: {story}"), story=story)


def _move(reading: _Reading) -> Asked:
    region, story = reading.form.get("region", ""), reading.story()
    if region not in reading.lying.newsletter.regions:
        raise Refused(say("This newsletter has no such region."))
    if region == story.region:
        raise Refused(say("It is in that region already."))
    edit = reading.edit(EditKind.MOVE, story, region)
    return Asked(edits=(edit,), said=say("It is in another region now: {story}"), story=story)


def _headline(reading: _Reading) -> Asked:
    story, text = reading.story(), reading.text(EditKind.HEADLINE)
    if not text:
        raise Refused(say("A headline cannot be empty."))
    edit = reading.edit(EditKind.HEADLINE, story, text)
    return Asked(edits=(edit,), said=say("It has its new headline: {story}"), story=story)


def _summary(reading: _Reading) -> Asked:
    story, text = reading.story(), reading.text(EditKind.SUMMARY)
    edit = reading.edit(EditKind.SUMMARY, story, text)
    return Asked(edits=(edit,), said=say("It has its new summary: {story}"), story=story)


def _subject(reading: _Reading) -> Asked:
    edit = reading.edit(EditKind.SUBJECT, None, reading.text(EditKind.SUBJECT))
    return Asked(edits=(edit,), said=say("The edition has its new subject line."))


def _split(reading: _Reading) -> Asked:
    story, marked = reading.story(), set(reading.form.getlist("article"))
    parted = [article.id for article in story.articles if article.id in marked]
    if not parted or len(parted) == len(story.articles):
        raise Refused(say("Mark some of the articles, and not all."))
    edit = reading.edit(EditKind.SPLIT, story, others=parted)
    return Asked(
        edits=(edit,), said=say("What you marked is a story of its own now, beside: {story}"), story=story
    )


def _merge(reading: _Reading) -> Asked:
    """Read which stories are to be one: the first that is marked stays, the others go into it."""
    known = reading.lying.stories
    found = {known[one].id: known[one] for one in reading.form.getlist("marked") if one in known}
    if len(found) < 2:
        raise Refused(say("Mark two stories or more."))
    first, *others = found.values()
    edits = tuple(
        reading.edit(EditKind.MERGE, first, others=[article.id for article in other.articles])
        for other in others
    )
    return Asked(edits=edits, said=say("Told together now: {story}"), story=first)


def _undo(reading: _Reading) -> Asked:
    for one in reading.lying.edits:
        if str(one.edit.id) == reading.value and one.edit.undone_at is None:
            return Asked(undone=(one.edit.id,), said=say("It was taken back."))
    raise Refused(say("There is nothing to take back."))


_ACTS: Mapping[str, Callable[[_Reading], Asked]] = {
    "pin": _simple(EditKind.PIN, say("It stays in: {story}")),
    "unpin": _back(say("It stays in only for its score: {story}"), EditKind.PIN, EditKind.PLACE),
    "drop": _simple(EditKind.DROP, say("It is out: {story}")),
    "restore": _back(say("It may come in again: {story}"), EditKind.DROP),
    "lead": _simple(EditKind.LEAD, say("It opens the edition: {story}")),
    "place": _place,
    "move": _move,
    "headline": _headline,
    "summary": _summary,
    "subject": _subject,
    "split": _split,
    "merge": _merge,
    "undo": _undo,
}

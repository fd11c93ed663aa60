"""Why an edition holds what it holds, in the words of a locale: plain lines for a terminal.

A terminal shows a line as it likes: runs against the line's direction stand between isolates (see `digest.text.bidi`),
and each line holds one thing. English message ids stand for themselves; other languages have them in their catalogue.
"""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol

from digest.model import Edition, LeftOut, Reason, Story
from digest.ranker.explain import (
    DECIMALS,
    REST,
    Ground,
    Neighbour,
    Queued,
    QueuedReasons,
    Row,
    StoryReasons,
    queue,
    rows,
)
from digest.ranker.pick import KEPT_FROM
from digest.text.bidi import FSI, PDI, isolate_plain
from digest.text.tidy import tidy

_INDENT = "   "


class Speech(Protocol):
    """How a locale speaks; `digest.mailer.language.Language` does."""

    @property
    def direction(self) -> str:
        """`rtl` or `ltr`."""
        ...

    def say(self, message: str, **values: object) -> str:
        """Return a message in the language, with its {placeholders} filled."""
        ...

    def count(self, one: str, many: str, number: int, **values: object) -> str:
        """Return a message in the plural form that the language has for the number."""
        ...

    def list(self, items: Iterable[str]) -> str:
        """Return the items as the language lists them."""
        ...

    def long_date(self, day: dt.date) -> str:
        """Return a date in full."""
        ...

    def country(self, code: str) -> str:
        """Return a territory's name."""
        ...


class Words:
    """Explanations in one language. `regions` gives each region's name; one that is not there has its id."""

    def __init__(self, speech: Speech, regions: Mapping[str, str]) -> None:
        self._speech = speech
        self._regions = regions

    def edition(self, edition: Edition) -> list[str]:
        """Return an edition: a line for each story in order, then for each that was next in line."""
        return self._held(self._edition(edition))

    def story(self, edition: Edition, why: StoryReasons) -> list[str]:
        """Return why a story stands where it stands."""
        lines = [
            self._quoted(why.row.story.headline),
            why.row.story.id,
            *self._place(why),
            *self._score(edition, why),
            *self._where(why),
            self._update(why.row.story),
        ]
        return self._held(lines)

    def queued(self, why: QueuedReasons) -> list[str]:
        """Return why a story is not in."""
        speech, left = self._speech, why.queued.left
        lines = [
            self._quoted(left.headline),
            left.story_id,
            speech.say("Not in this edition: {reason}.", reason=self._reason(left.reason)),
            speech.say("In line: {place} of {of}", place=why.queued.place, of=why.queued.of),
            speech.say("Region: {region}", region=self._region(left.region)),
            speech.say("Score: {score}", score=_figure(left.score)),
            speech.say("Outlets: {outlets}", outlets=self._outlets(left.outlets)),
        ]
        if why.last_of_region:
            last = self._neighbour(why.last_of_region)
            lines.append(speech.say("Least of its region that is in: {story}", story=last))
        if why.last_of_all:
            last = self._neighbour(why.last_of_all)
            lines.append(speech.say("Least of all that is in: {story}", story=last))
        return self._held(lines)

    def _held(self, lines: Iterable[str]) -> list[str]:
        # Feed text was isolated where it was put into a left-to-right line; a right-to-left one is held as a whole.
        rtl = self._speech.direction == "rtl"
        return [isolate_plain(line) if rtl else line for line in lines]

    def _quoted(self, text: str) -> str:
        """Return text from outside as a part of a line."""
        clean = tidy(text)
        against = any(unicodedata.bidirectional(char) in {"R", "AL"} for char in clean)
        return f"{FSI}{clean}{PDI}" if against and self._speech.direction == "ltr" else clean

    def _region(self, region: str) -> str:
        return self._regions.get(region, region)

    def _outlets(self, outlets: Iterable[str]) -> str:
        return self._speech.list(self._quoted(outlet) for outlet in outlets)

    def _edition(self, edition: Edition) -> Iterator[str]:
        speech = self._speech
        stories = rows(edition)
        yield speech.say(
            "Edition {edition}, {date}", edition=edition.id, date=speech.long_date(edition.local_date)
        )
        yield speech.say("Told: {stories}", stories=speech.count("{n} story", "{n} stories", len(stories)))
        # Editions of an earlier version do not say.
        if edition.stories_found:
            found = speech.count("{n} story", "{n} stories", edition.stories_found)
            read = speech.count("{n} article", "{n} articles", edition.articles_read)
            yield speech.say("Found: {stories}, in {articles}", stories=found, articles=read)
        for row in stories:
            if row.lead:
                yield speech.say(
                    "Lead: {number}. {headline}", number=row.number, headline=self._quoted(row.story.headline)
                )
        for row in stories:
            if row.place == 1:
                yield ""
                yield speech.say("In brief") if row.brief else self._region(row.story.region)
            yield self._row(row)
        yield ""
        yield from self._queue(edition)

    def _row(self, row: Row) -> str:
        speech, story = self._speech, row.story
        parts = [
            f"{row.number}. {self._quoted(story.headline)}",
            _figure(story.score, 2),
            speech.count("{n} outlet", "{n} outlets", len(story.outlets)),
        ]
        if row.brief:
            parts.append(self._region(story.region))
        if story.update_of:
            parts.append(speech.say("Update"))
        return _row([*parts, story.id])

    def _queue(self, edition: Edition) -> Iterator[str]:
        if not edition.left_out:
            yield self._speech.say("This edition remembers no story that was left out.")
            return
        yield self._speech.say("Next in line, and left out")
        for queued in queue(edition):
            yield self._queued_row(queued)

    def _queued_row(self, queued: Queued) -> str:
        left = queued.left
        headline = f"{queued.number}. {self._quoted(left.headline)}"
        region, reason = self._region(left.region), self._reason(left.reason)
        return _row([headline, _figure(left.score, 2), region, reason, left.story_id])

    def _place(self, why: StoryReasons) -> Iterator[str]:
        speech, row = self._speech, why.row
        yield self._why_in(row)
        yield speech.say("Number {number} of {of} in the edition", number=row.number, of=why.of)
        if row.brief:
            yield speech.say("Place {place} of {of} in brief", place=row.place, of=row.of)
        else:
            region = self._region(row.story.region)
            yield speech.say("Place {place} of {of} in {region}", place=row.place, of=row.of, region=region)
        yield from self._beside(why.before, why.behind)
        yield speech.say("By score {place} of {of} in the edition", place=why.rank, of=why.of)
        yield from self._beside(why.above, why.below)
        if _out_of_order(why):
            yield speech.say("Order is not by score alone: what another story tells counts for less.")
        if why.next_in_line:
            yield self._next_in_line(why.next_in_line, row.story)

    def _why_in(self, row: Row) -> str:
        if row.lead:
            return self._speech.say("It leads the edition: of all stories it was worth most.")
        if row.brief:
            return self._speech.say("It is told in brief: the sections had no place for it.")
        if row.place == 1 and row.story.score >= KEPT_FROM:
            return self._speech.say(
                "It is the first of its region, and matters enough that a place is kept for it."
            )
        return self._speech.say("It is in for its score.")

    def _beside(self, before: Neighbour | None, behind: Neighbour | None) -> Iterator[str]:
        if before:
            yield _INDENT + self._speech.say("before it: {story}", story=self._neighbour(before))
        if behind:
            yield _INDENT + self._speech.say("behind it: {story}", story=self._neighbour(behind))

    def _neighbour(self, neighbour: Neighbour) -> str:
        headline, gap = self._quoted(neighbour.headline), self._gap(neighbour.ahead)
        return _row([headline, _figure(neighbour.score), gap, neighbour.story_id])

    def _gap(self, ahead: float) -> str:
        if not ahead:
            return self._speech.say("the same")
        by = _figure(abs(ahead))
        return self._speech.say("{by} more", by=by) if ahead > 0 else self._speech.say("{by} less", by=by)

    def _next_in_line(self, left: LeftOut, story: Story) -> str:
        ahead = round(left.score - story.score, DECIMALS)
        next_one = Neighbour(story_id=left.story_id, headline=left.headline, score=left.score, ahead=ahead)
        told = _row([self._neighbour(next_one), self._reason(left.reason)])
        return self._speech.say("Next in line in its region: {story}", story=told)

    def _reason(self, reason: Reason) -> str:
        say = self._speech.say
        return {
            Reason.TOLD_BEFORE: say("an earlier edition told it, and nothing new has come"),
            Reason.ALIKE: say("it is much like a story that is in"),
            Reason.SECTION_FULL: say("its section is full, and so are the briefs"),
            Reason.COUNTRY_FULL: say(
                "its country has all its places in the section, and the briefs are full"
            ),
            Reason.OUTLET_FULL: say("its outlet has all the places that it alone may fill"),
            Reason.EDITION_FULL: say("the edition is full"),
            Reason.TOO_SMALL: say("it matters too little for an edition"),
            Reason.DROPPED_BY_EDITOR: say("an editor took it out"),
        }[reason]

    def _score(self, edition: Edition, why: StoryReasons) -> Iterator[str]:
        story = why.row.story
        words = self._part_words(edition, story)
        yield self._speech.say("Score: {score}", score=_figure(story.score))
        for name, value in why.parts:
            yield f"{_INDENT}{value:+.{DECIMALS}f} {words.get(name, name)}"

    def _part_words(self, edition: Edition, story: Story) -> dict[str, str]:
        speech = self._speech
        age = max((edition.composed_at - story.latest).total_seconds(), 0.0)
        return {
            "outlets": speech.count("{n} outlet tells it", "{n} outlets tell it", len(story.outlets)),
            "size": speech.count("{n} article about it", "{n} articles about it", len(story.articles)),
            "countries": speech.say("outlets of several countries tell it"),
            "freshness": speech.count(
                "its newest article is {n} hour old", "its newest article is {n} hours old", int(age // 3600)
            ),
            "prominence": speech.say("how high it stood in an outlet's feed"),
            "gravity": speech.say("how grave the words of its headlines and ledes are"),
            "desk": speech.say("sport, culture, technology: a general digest asks more of them"),
            "kind": speech.say("articles that are no news, or not only: analyses, videos, opinions"),
            "told": speech.say("what an earlier edition told of it"),
            REST: speech.say("other reasons"),
        }

    def _where(self, why: StoryReasons) -> Iterator[str]:
        speech, story = self._speech, why.row.story
        yield speech.say("Region: {region}", region=self._region(story.region))
        if story.countries:
            countries = speech.list(speech.country(code) for code in story.countries)
            yield speech.say("Countries: {countries}", countries=countries)
        for ground in why.for_region:
            yield self._ground(ground)
        if not why.for_region:
            yield _INDENT + speech.say("no name in its articles speaks for a region")
        if story.second_region:
            yield speech.say("Nearly as much of: {region}", region=self._region(story.second_region))
        if why.against:
            yield speech.say("For other regions spoke")
        for ground in why.against:
            yield _row([self._ground(ground), self._region(ground.region)])

    def _ground(self, ground: Ground) -> str:
        speech = self._speech
        parts = [self._quoted(ground.words)]
        if ground.country:
            parts.append(speech.country(ground.country))
        said = speech.count("{n} article", "{n} articles", ground.articles)
        parts += [_figure(ground.weight, 2), said, self._outlets(ground.outlets)]
        return _INDENT + _row(parts)

    def _update(self, story: Story) -> str:
        speech, told = self._speech, story.update_of
        if told is None:
            return speech.say("It is no update of an earlier story.")
        earlier = _row(
            [self._quoted(told.headline), speech.long_date(told.local_date), told.edition_id, told.story_id]
        )
        return speech.say("It is an update of: {story}", story=earlier)


def _row(parts: Iterable[str]) -> str:
    return " · ".join(parts)


def _figure(value: float, decimals: int = DECIMALS) -> str:
    return f"{value:.{decimals}f}"


def _out_of_order(why: StoryReasons) -> bool:
    before, behind = why.before, why.behind
    return bool((before and before.ahead < 0) or (behind and behind.ahead > 0))

"""What the desk's page shows: stories with what can be done to each, those that wait, and the record of all acts."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from digest.editing.apply import MatchedEdit
from digest.mailer.harmless import harmless_url
from digest.mailer.inbox.findings import Words as Sentence
from digest.mailer.inbox.findings import say
from digest.mailer.language import Language
from digest.model import NOWHERE, DeliveryState, Edit, Edition, EditKind, Reason, Region, Story
from digest.ranker.explain import Row, explain_queued, explain_story, queue, rows
from digest.ranker.explain_words import Words
from digest.text.tidy import shorten, tidy
from digest.web.desk_drafts import OnDesk

#: The states of deliveries.
STATE_WORDS: Mapping[DeliveryState, Sentence] = {
    DeliveryState.PENDING: say("not sent yet"),
    DeliveryState.CLAIMED: say("about to leave"),
    DeliveryState.SENDING: say("leaving"),
    DeliveryState.SENT: say("sent"),
    DeliveryState.FAILED_TEMP: say("to be tried again"),
    DeliveryState.FAILED_PERM: say("failed for good"),
    DeliveryState.UNKNOWN: say("nobody knows"),
    DeliveryState.SUPPRESSED: say("not to be written to"),
    DeliveryState.EXPIRED: say("given up"),
}
_PINS = frozenset({EditKind.PIN, EditKind.PLACE})
_CHANGES = frozenset({EditKind.HEADLINE, EditKind.SUMMARY, EditKind.MOVE, EditKind.MERGE, EditKind.SPLIT})
#: Characters of a headline where it only says which story is meant.
_NAME_LENGTH = 70


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleRow:
    """One article of a story."""

    id: str
    outlet: str
    title: str
    url: str
    time: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A story, and what can be done to it."""

    #: The id of its first article: it names the story in forms, and the place on the page.
    key: str
    #: In the order in which the edition is read.
    number: int
    headline: str
    #: The headline, shortened: which story a button is for.
    name: str
    summary: str
    region: str
    region_name: str
    facts: tuple[str, ...]
    pinned: bool
    edited: bool
    update: bool
    lead: bool
    brief: bool
    #: In its section, from 1.
    place: int
    #: The places that its buttons give it; 0 where there is no such button.
    up: int
    down: int
    into_section: int
    #: Why it stands there, a line each.
    why: tuple[str, ...]
    articles: tuple[ArticleRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A section of the edition, or its briefs."""

    name: str
    cards: tuple[Card, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingRow:
    """A story that is not in."""

    key: str
    headline: str
    name: str
    region: str
    reason: str
    facts: tuple[str, ...]
    dropped: bool
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ActRow:
    """One act of an editor, as the record tells it."""

    id: int
    what: str
    #: The story or the words that it is about; empty where the sentence says it all.
    about: str
    by: str
    when: str
    undone: bool
    undone_by: str
    undone_when: str
    #: It stands, and finds nothing that it could change.
    unmatched: bool


class DeskView:
    """Shows one slot in one language."""

    def __init__(self, lying: OnDesk, regions: Mapping[str, Region], language: Language) -> None:
        self._lying = lying
        self._language = language
        self._names = {region.id: _name_of(region, language) for region in regions.values()}
        self._words = Words(language, self._names)
        self._edition = lying.edition and _without_dropped(lying.edition)
        standing = [one for one in lying.edits if one.edit.undone_at is None]
        self._pinned = _stories_of(standing, _PINS)
        self._changed = _stories_of(standing, _CHANGES)

    def regions(self) -> list[tuple[str, str]]:
        """Return id and name of the newsletter's regions, in its order."""
        return [(region, self._names.get(region, region)) for region in self._lying.newsletter.regions]

    def groups(self) -> Iterator[Group]:
        """Yield the sections in their order, then the briefs."""
        edition = self._edition
        if edition is None:
            return
        by_id = {row.story.id: row for row in rows(edition)}
        length = {section.region: len(section.stories) for section in edition.sections}
        for section in edition.sections:
            cards = tuple(
                self._card(edition, by_id[story.id], section.stories, length) for story in section.stories
            )
            yield Group(name=self._names.get(section.region, section.region), cards=cards)
        if edition.briefs:
            cards = tuple(
                self._card(edition, by_id[story.id], edition.briefs, length) for story in edition.briefs
            )
            yield Group(name=self._language.say("In brief"), cards=cards)

    def waiting(self) -> Iterator[WaitingRow]:
        """Yield the stories that are not in, best first."""
        edition = self._edition
        if edition is None:
            return
        queued = {one.left.story_id: one for one in queue(edition)}
        for one in self._lying.waiting:
            story = one.story
            dropped = one.reason is Reason.DROPPED_BY_EDITOR
            # Headline and id come first, and are there already; then the reason.
            reason, *why = (
                [self._language.say("An editor took it out.")]
                if dropped
                else self._words.queued(explain_queued(edition, queued[story.id]))[2:]
            )
            yield WaitingRow(
                key=story.articles[0].id,
                headline=tidy(story.headline),
                name=shorten(tidy(story.headline), _NAME_LENGTH),
                region=self._names.get(story.region, story.region),
                reason=reason,
                facts=tuple(self._facts(story)),
                dropped=dropped,
                why=tuple(why),
            )

    def acts(self) -> list[ActRow]:
        """Return the record of all acts, the newest first."""
        return [self._act(one) for one in reversed(self._lying.edits)]

    def _card(self, edition: Edition, row: Row, beside: Sequence[Story], length: Mapping[str, int]) -> Card:
        story = row.story
        # The lead stands first in its section whatever place another one is given.
        highest = 2 if not row.brief and beside[0].id == edition.lead_id else 1
        movable = not row.brief and not row.lead
        has_section = story.region in self._lying.newsletter.regions
        return Card(
            key=story.articles[0].id,
            number=row.number,
            headline=tidy(story.headline),
            name=shorten(tidy(story.headline), _NAME_LENGTH),
            summary=story.summary,
            region=story.region,
            region_name=self._names.get(story.region, story.region),
            facts=tuple(self._facts(story)),
            pinned=story.id in self._pinned,
            edited=story.id in self._changed,
            update=story.update_of is not None,
            lead=row.lead,
            brief=row.brief,
            place=row.place,
            up=row.place - 1 if movable and row.place > highest else 0,
            down=row.place + 1 if movable and row.place < row.of else 0,
            into_section=length.get(story.region, 0) + 1 if row.brief and has_section else 0,
            why=tuple(self._words.story(edition, explain_story(edition, row))[2:]),
            articles=tuple(self._articles(story)),
        )

    def _facts(self, story: Story) -> Iterator[str]:
        language = self._language
        yield language.list(shorten(tidy(outlet), 40) for outlet in story.outlets[:4])
        yield language.count("{n} outlet", "{n} outlets", len(story.outlets))
        if story.countries and story.region != NOWHERE:
            yield language.country(story.countries[0])
        yield f"{story.score:.2f}"

    def _articles(self, story: Story) -> Iterator[ArticleRow]:
        zone = self._lying.newsletter.timezone
        for article in story.articles:
            day = article.published.astimezone(ZoneInfo(zone)).date()
            clock = self._language.clock(article.published, zone)
            today = day == self._lying.slot.local_date
            yield ArticleRow(
                id=article.id,
                outlet=tidy(article.outlet),
                title=tidy(article.title),
                url=harmless_url(article.url),
                time=clock if today else f"{self._language.short_date(day)} {clock}",
            )

    def _act(self, one: MatchedEdit) -> ActRow:
        edit = one.edit
        what, about = self._sentence(edit)
        row = ActRow(
            id=edit.id,
            what=what,
            about=about,
            by=edit.made_by,
            when=self._language.clock(edit.made_at, self._lying.newsletter.timezone),
            undone=False,
            undone_by=edit.undone_by,
            undone_when="",
            unmatched=not self._lying.frozen and one.unmatched,
        )
        if edit.undone_at is None:
            return row
        when = self._language.clock(edit.undone_at, self._lying.newsletter.timezone)
        return replace(row, undone=True, undone_when=when)

    def _sentence(self, edit: Edit) -> tuple[str, str]:
        """Return what was done, and to what."""
        language, story = self._language, self._story_of(edit.articles)
        match edit.kind:
            case EditKind.SUBJECT:
                return (
                    (language.say("New subject line"), edit.value)
                    if edit.value
                    else (language.say("The stories' own subject line"), "")
                )
            case EditKind.HEADLINE:
                return language.say("New headline"), edit.value
            case EditKind.MOVE:
                region = self._names.get(edit.value, edit.value)
                return language.say("Moved to {region}", region=region), story
            case EditKind.PLACE:
                return language.say("Put at place {place}", place=edit.value), story
            case EditKind.SPLIT:
                return language.count(
                    "{n} article parted from", "{n} articles parted from", len(edit.others)
                ), story
            case EditKind.MERGE:
                return language.say("Told together"), f"{story} + {self._story_of(edit.others)}"
            case kind:
                return _PLAIN[kind].told(language.say), story

    def _story_of(self, articles: Sequence[str]) -> str:
        """Return the headline that these articles had for the editor, as far as they are still here."""
        known = self._lying.articles
        found = next((known[one].title for one in articles if one in known), "")
        return shorten(tidy(found), _NAME_LENGTH) or self._language.say("a story that is not here any more")


_PLAIN: Mapping[EditKind, Sentence] = {
    EditKind.PIN: say("Pinned"),
    EditKind.DROP: say("Taken out"),
    EditKind.LEAD: say("Opens the edition"),
    EditKind.SUMMARY: say("New summary"),
}


def _without_dropped(edition: Edition) -> Edition:
    """Return the edition as if what an editor took out had never stood in line: it is nobody's next."""
    line = tuple(one for one in edition.left_out if one.reason is not Reason.DROPPED_BY_EDITOR)
    return replace(edition, left_out=line)


def _stories_of(edits: Sequence[MatchedEdit], kinds: Collection[EditKind]) -> frozenset[str]:
    return frozenset(one.story_id for one in edits if one.edit.kind in kinds and one.story_id)


def _name_of(region: Region, language: Language) -> str:
    spoken = language.locale.language
    return next((region.name[name] for name in (spoken, "en") if name in region.name), region.id)

"""Why an edition holds what it holds: facts and figures, without words.

edition, story | where it stands, and beside what | parts of its score | what spoke for its region and for others

Read from the frozen edition alone, so that an old one explains itself as it was, whatever the ranker does today.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from digest.errors import UsageError
from digest.model import Edition, Evidence, LeftOut, Story

#: What the parts do not account for has this name. Parts of today's ranker leave nothing over.
REST = "rest"
#: Scores and their parts are kept to this many decimals.
DECIMALS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """A story that stands beside another one."""

    story_id: str
    headline: str
    score: float
    #: Its score less that of the story which is explained; below zero where it has less.
    ahead: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Where one story stands in an edition."""

    #: In the order in which the edition is read, from 1.
    number: int
    story: Story
    lead: bool
    brief: bool
    #: In its section, or among the briefs, from 1; and how many stand there.
    place: int
    of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """A story that found no place."""

    #: Goes on where the edition's own numbers end.
    number: int
    left: LeftOut
    #: Among those that were left out, best first, from 1; and how many are remembered.
    place: int
    of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What one name said about where a story belongs."""

    words: str
    #: ISO 3166 alpha-2; empty where the name means a region only.
    country: str
    region: str
    weight: float
    #: How many articles say so, and their outlets.
    articles: int
    outlets: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryReasons:
    """Why a story stands where it stands."""

    row: Row
    #: The name of each part of the score with its figure, greatest first; they add up to the score.
    parts: tuple[tuple[str, float], ...]
    #: By score among all stories of the edition, from 1; and how many there are.
    rank: int
    of: int
    #: Beside it in its section, or among the briefs; None at an end.
    before: Neighbour | None
    behind: Neighbour | None
    #: Beside it by score in the whole edition; None at an end.
    above: Neighbour | None
    below: Neighbour | None
    #: The best story of its region that found no place.
    next_in_line: LeftOut | None
    #: What spoke for its region, and what for others, heaviest first.
    for_region: tuple[Ground, ...]
    against: tuple[Ground, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedReasons:
    """Why a story is not in an edition."""

    queued: Queued
    #: The least story of its region that is in, briefs included; None where none is.
    last_of_region: Neighbour | None
    #: The least story of all that is in.
    last_of_all: Neighbour | None


def rows(edition: Edition) -> list[Row]:
    """Return the stories of an edition in the order in which it is read: the sections', then the briefs."""
    groups = [(section.stories, False) for section in edition.sections] + [(edition.briefs, True)]
    placed = [
        (story, brief, place, len(stories))
        for stories, brief in groups
        for place, story in enumerate(stories, 1)
    ]
    return [
        Row(number=number, story=story, lead=story.id == edition.lead_id, brief=brief, place=place, of=of)
        for number, (story, brief, place, of) in enumerate(placed, 1)
    ]


def queue(edition: Edition) -> list[Queued]:
    """Return the stories that found no place, best first; none for an edition that remembers none."""
    told = sum(1 for _ in edition.stories())
    of = len(edition.left_out)
    return [
        Queued(number=told + place, left=left, place=place, of=of)
        for place, left in enumerate(edition.left_out, 1)
    ]


def find(edition: Edition, wanted: str) -> Row | Queued:
    """Return the story, in or left out, that an id, its number in the edition or the beginning of an id names.

    Raises UsageError where none is meant, or more than one.
    """
    everything: dict[str, Row | Queued] = {row.story.id: row for row in rows(edition)}
    everything |= {queued.left.story_id: queued for queued in queue(edition)}
    numbered = {str(one.number): one for one in everything.values()}
    for known in (everything, numbered):
        if wanted in known:
            return known[wanted]
    meant = [story_id for story_id in everything if wanted and story_id.startswith(wanted)]
    if len(meant) == 1:
        return everything[meant[0]]
    if meant:
        raise UsageError(f"{wanted!r} begins the ids of several stories of {edition.id}: {', '.join(meant)}.")
    ids = ", ".join(f"{one.number} {story_id}" for story_id, one in everything.items())
    raise UsageError(f"There is no story {wanted!r} in {edition.id}. There are {ids or 'none'}.")


def explain_story(edition: Edition, row: Row) -> StoryReasons:
    """Return why a story of an edition stands where it stands."""
    story = row.story
    group = next(stories for stories in _groups(edition) if story in stories)
    ranked = sorted(edition.stories(), key=lambda one: (-one.score, one.id))
    before, behind = _beside(group, story)
    above, below = _beside(ranked, story)
    grounds = [_ground(evidence, story) for evidence in story.evidence]
    return StoryReasons(
        row=row,
        parts=tuple(_parts(story)),
        rank=ranked.index(story) + 1,
        of=len(ranked),
        before=before,
        behind=behind,
        above=above,
        below=below,
        next_in_line=next((left for left in edition.left_out if left.region == story.region), None),
        for_region=tuple(ground for ground in grounds if ground.region == story.region),
        against=tuple(ground for ground in grounds if ground.region != story.region),
    )


def explain_queued(edition: Edition, queued: Queued) -> QueuedReasons:
    """Return why a story is not in an edition."""
    left = queued.left
    ranked = sorted(edition.stories(), key=lambda one: (one.score, one.id))
    at_home = [story for story in ranked if story.region == left.region]
    return QueuedReasons(
        queued=queued,
        last_of_region=_neighbour(at_home[0], left.score) if at_home else None,
        last_of_all=_neighbour(ranked[0], left.score) if ranked else None,
    )


def _groups(edition: Edition) -> Iterator[Sequence[Story]]:
    yield from (section.stories for section in edition.sections)
    yield edition.briefs


def _neighbour(story: Story, score: float) -> Neighbour:
    ahead = round(story.score - score, DECIMALS)
    return Neighbour(story_id=story.id, headline=story.headline, score=story.score, ahead=ahead)


def _beside(stories: Sequence[Story], story: Story) -> tuple[Neighbour | None, Neighbour | None]:
    place = list(stories).index(story)
    before = _neighbour(stories[place - 1], story.score) if place else None
    behind = _neighbour(stories[place + 1], story.score) if place + 1 < len(stories) else None
    return before, behind


def _parts(story: Story) -> Iterator[tuple[str, float]]:
    """Yield the parts that are not nothing, greatest first, so that they add up to the score."""
    named = {name: round(value, DECIMALS) for name, value in story.score_parts.items()}
    rest = round(story.score - sum(named.values()), DECIMALS)
    for name, value in sorted((named | {REST: rest}).items(), key=lambda part: (-part[1], part[0])):
        if value:
            yield name, value


def _ground(evidence: Evidence, story: Story) -> Ground:
    saying = [article for article in story.articles if article.id in evidence.articles]
    return Ground(
        words=evidence.words,
        country=evidence.country,
        region=evidence.region,
        weight=evidence.weight,
        articles=len(saying),
        outlets=tuple(dict.fromkeys(article.outlet for article in saying)),
    )

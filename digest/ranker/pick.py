"""Which stories make an edition: what matters most anywhere, and the best of each region that has news.

order by score | call by worth | a place kept for each region's best | sections, the overflow in brief | the rest, and why
"""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from digest.model import LeftOut, Newsletter, Reason, Section, Story
from digest.ranker.kin import Kin
from digest.ranker.summary import summed_up

#: No more of a section's stories than this are of one country; further ones may stand in brief.
MOST_OF_A_COUNTRY = 2
#: A story has a place from this score on; below, its region stays empty rather than padded.
LEAST_SCORE = 1.0
#: A place is kept for a region whose best story has this score: two outlets tell it, or one of something grave.
KEPT_FROM = 1.4
#: Of an edition's places, the share that stories which one outlet alone brings may take, for each outlet.
OUTLET_SHARE = 1 / 3
#: However small the edition, an outlet may bring this many alone.
LEAST_OF_AN_OUTLET = 2
#: The best stories that are looked at, and twice the edition's size where that is more.
CANDIDATES = 100
#: An edition remembers no more stories than this that are not in it.
MOST_LEFT_OUT = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """The stories of an edition."""

    sections: tuple[Section, ...]
    briefs: tuple[Story, ...]
    #: The id of the story that opens it; empty where there is none.
    lead_id: str
    #: The best of those that found no place, best first, each region's next in line among them.
    left_out: tuple[LeftOut, ...] = ()

    def stories(self) -> Iterator[Story]:
        """Every story once: the sections' in their order, then the briefs."""
        for section in self.sections:
            yield from section.stories
        yield from self.briefs


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What an editor wants of an edition, by the ids of stories."""

    #: Must be in, whatever else there is; the lead and those with a place are among them.
    pinned: frozenset[str] = frozenset()
    #: Must not be in.
    dropped: frozenset[str] = frozenset()
    #: Opens the edition; empty for the best story.
    lead_id: str = ""
    #: Each is put at a place of its section, counted from 1, one after the other.
    places: tuple[tuple[str, int], ...] = ()
    #: Their summaries are an editor's, empty ones as well.
    summed_up: frozenset[str] = frozenset()

    @property
    def in_sections(self) -> frozenset[str]:
        """Those that must stand in a section, not in brief."""
        return frozenset({self.lead_id, *(story_id for story_id, _ in self.places)})


NO_WISHES = Wishes()


class _Sheet:
    """The edition as it fills. A place is kept for each pinned story, and for the first of each region with news."""

    def __init__(
        self,
        newsletter: Newsletter,
        awaited: set[str],
        most_of_an_outlet: int,
        pins: dict[str, str],
        in_sections: frozenset[str],
    ) -> None:
        self._newsletter = newsletter
        self._awaited = awaited
        self._most_of_an_outlet = most_of_an_outlet
        #: Pinned stories whose turn is still to come, and their regions.
        self._pins = pins
        self._to_sections = in_sections
        self.sections: dict[str, list[Story]] = {region: [] for region in newsletter.regions}
        self.briefs: list[Story] = []
        #: The id of the first story that got into a section.
        self.lead_id = ""
        self._in_sections = 0
        self._of_country: Counter[tuple[str, str]] = Counter()
        self._of_outlet: Counter[str] = Counter()

    def place(self, story: Story) -> None:
        """Put a story that is not refused into its section, else among the briefs."""
        if self._belongs_in_section(story):
            self.sections[story.region].append(story)
            self._in_sections += 1
            self._of_country.update((story.region, country) for country in story.countries[:1])
            self.lead_id = self.lead_id or story.id
        else:
            self.briefs.append(story)
        if len(story.outlets) == 1:
            self._of_outlet.update(story.outlets)
        self._awaited.discard(story.region)
        self._pins.pop(story.id, None)

    def refuses(self, story: Story) -> Reason | None:
        """Return why there is no place for a story, None where there is one."""
        if self._in_sections + len(self.briefs) + self._promised(story) >= self._newsletter.most_stories:
            return Reason.EDITION_FULL
        if story.id in self._pins:
            return None
        if self._outlet_is_full(story):
            return Reason.OUTLET_FULL
        if len(self.briefs) < self._newsletter.brief_stories:
            return None
        return self._section_refuses(story)

    def _belongs_in_section(self, story: Story) -> bool:
        if story.region not in self.sections:
            return False
        if story.id in self._to_sections or self._section_refuses(story) is None:
            return True
        # Pinned, and even the briefs are full.
        return story.id in self._pins and len(self.briefs) >= self._newsletter.brief_stories

    def _promised(self, story: Story) -> int:
        """Return how many places of the edition are for other stories than this one."""
        if story.id in self._pins:
            return 0
        # A region is not waited for twice.
        awaited = self._awaited.difference(self._pins.values())
        return len(self._pins) + (0 if story.region in awaited else len(awaited))

    def _kept(self, story: Story) -> int:
        """Return how many places of the sections are for other stories than this one."""
        return 0 if story.region in self._awaited else len(self._awaited)

    def _outlet_is_full(self, story: Story) -> bool:
        # A region's only news is told whoever brings it.
        if len(story.outlets) > 1 or story.region in self._awaited:
            return False
        return self._of_outlet[story.outlets[0]] >= self._most_of_an_outlet

    def _section_refuses(self, story: Story) -> Reason | None:
        full_at = max(self._newsletter.most_stories - self._newsletter.brief_stories, 1)
        if self._in_sections + self._kept(story) >= full_at:
            return Reason.EDITION_FULL
        if len(self.sections[story.region]) >= self._newsletter.stories_per_region:
            return Reason.SECTION_FULL
        if any(self._of_country[story.region, one] >= MOST_OF_A_COUNTRY for one in story.countries[:1]):
            return Reason.COUNTRY_FULL
        return None


def pick(stories: Iterable[Story], newsletter: Newsletter, wishes: Wishes = NO_WISHES) -> Pick:
    """Return the edition's stories out of all, in whatever order those come.

    What another story of this edition has told counts for less, and what scores less than `LEAST_SCORE` comes in
    only where nothing else is there. A pinned story is in, if need be beyond what its section, its country or its
    outlet may have, but not beyond `most_stories`: the weakest that is not pinned gives way. Where its region has no
    section it stands in brief.
    """
    everything = sorted(stories, key=lambda story: (-story.score, -story.latest.timestamp(), story.id))
    pinned = wishes.pinned
    ours = _candidates(
        [story for story in everything if story.region in newsletter.regions or story.id in pinned],
        newsletter,
        pinned,
    )
    free = [story for story in ours if story.id not in wishes.dropped]
    least = LEAST_SCORE if any(story.score >= LEAST_SCORE for story in free) else -math.inf
    wanted = [story for story in free if story.score >= least or story.id in pinned]
    reasons = {story.id: Reason.TOO_SMALL for story in free if story.score < least and story.id not in pinned}
    reasons |= {story.id: Reason.DROPPED_BY_EDITOR for story in ours if story.id in wishes.dropped}

    outlets = {outlet for story in everything for outlet in story.outlets}
    alone = max(int(newsletter.most_stories * OUTLET_SHARE), LEAST_OF_AN_OUTLET)
    most_of_an_outlet = alone if len(outlets) > 1 else newsletter.most_stories
    awaited = {story.region for story in wanted if story.score >= KEPT_FROM}.intersection(newsletter.regions)
    pins = {story.id: story.region for story in wanted if story.id in pinned}
    sheet = _Sheet(newsletter, awaited, most_of_an_outlet, pins, wishes.in_sections)
    reasons |= _fill(sheet, wanted)
    lead_id = _arrange(sheet, wishes)

    def worded(story: Story) -> Story:
        return story if story.id in wishes.summed_up else summed_up(story)

    return Pick(
        sections=tuple(
            Section(region=region, stories=tuple(map(worded, chosen)))
            for region, chosen in sheet.sections.items()
            if chosen
        ),
        briefs=tuple(map(worded, sheet.briefs)),
        lead_id=lead_id,
        left_out=_left_out(ours, reasons),
    )


def _arrange(sheet: _Sheet, wishes: Wishes) -> str:
    """Put stories at the places that an editor wants, the lead first in its section; return the lead's id."""
    section_of = {story.id: chosen for chosen in sheet.sections.values() for story in chosen}
    lead_id = wishes.lead_id if wishes.lead_id in section_of else sheet.lead_id
    for story_id, place in [*wishes.places, (lead_id, 1)]:
        chosen = section_of.get(story_id, [])
        for story in [one for one in chosen if one.id == story_id]:
            chosen.remove(story)
            chosen.insert(place - 1, story)
    return lead_id


def _candidates(stories: Sequence[Story], newsletter: Newsletter, pinned: frozenset[str]) -> list[Story]:
    """Return the best stories, and on a day that one region fills the best of every other as well."""
    looked_at = max(CANDIDATES, 2 * newsletter.most_stories)
    of_region: Counter[str] = Counter()
    kept = []
    for number, story in enumerate(stories):
        of_region[story.region] += 1
        # One more than a section holds, so that each region's next in line is known.
        near = number < looked_at or of_region[story.region] <= newsletter.stories_per_region + 1
        if near or story.id in pinned:
            kept.append(story)
    return kept


def _fill(sheet: _Sheet, stories: Sequence[Story]) -> dict[str, Reason]:
    """Place the stories, best first, by what they are worth when their turn comes; return why others are not in.

    A story's worth only falls while the edition fills, so it is called by what it was worth last, and called again
    later where that is no longer true (lazy greedy choice, Minoux 1978).
    """
    kin = Kin(stories)
    calls = [(-story.score, place) for place, story in enumerate(stories)]
    heapq.heapify(calls)
    #: Stories that found a place when they were called, but have to wait for what is new.
    gave_way: set[int] = set()
    reasons: dict[str, Reason] = {}
    while calls:
        called_at, place = heapq.heappop(calls)
        story, worth = stories[place], kin.worth(place)
        refusal = sheet.refuses(story)
        if worth < round(-called_at, 6):
            heapq.heappush(calls, (-worth, place))
            if refusal is None:
                gave_way.add(place)
        elif refusal is None:
            sheet.place(story)
            kin.tell(place)
        else:
            reasons[story.id] = Reason.ALIKE if place in gave_way else refusal
    return reasons


def left_out(story: Story, reason: Reason) -> LeftOut:
    """Return a story as an edition remembers it that it is not in."""
    return LeftOut(
        story_id=story.id,
        headline=story.headline,
        region=story.region,
        outlets=story.outlets,
        score=story.score,
        reason=reason,
    )


def _left_out(stories: Sequence[Story], reasons: Mapping[str, Reason]) -> tuple[LeftOut, ...]:
    """Return the best of the stories that have a reason not to be in; `stories` stand best first."""
    out = [story for story in stories if story.id in reasons]
    dropped = {story.id for story in out if reasons[story.id] is Reason.DROPPED_BY_EDITOR}
    next_in_line = {story.region: story.id for story in reversed(out) if story.id not in dropped}
    # Stable: those that are next in line or were dropped come first, each group best first.
    first_these = sorted(out, key=lambda story: story.id not in {next_in_line.get(story.region), *dropped})
    kept = {story.id for story in first_these[:MOST_LEFT_OUT]}
    return tuple(left_out(story, reasons[story.id]) for story in out if story.id in kept)

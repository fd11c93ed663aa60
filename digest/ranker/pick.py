"""Which stories make an edition: what matters most anywhere, and the best of each region that has news.

order by score | call by worth | a place kept for each region's best | sections, the overflow in brief | the rest, and why
"""

from __future__ import annotations

import heapq
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


class _Sheet:
    """The edition as it fills. For each region that has news of weight a place is kept until its first story."""

    def __init__(self, newsletter: Newsletter, awaited: set[str], most_of_an_outlet: int) -> None:
        self._newsletter = newsletter
        self._awaited = awaited
        self._most_of_an_outlet = most_of_an_outlet
        self.sections: dict[str, list[Story]] = {region: [] for region in newsletter.regions}
        self.briefs: list[Story] = []
        #: The id of the first story that got into a section.
        self.lead_id = ""
        self._in_sections = 0
        self._of_country: Counter[tuple[str, str]] = Counter()
        self._of_outlet: Counter[str] = Counter()

    def place(self, story: Story) -> None:
        """Put a story that is not refused into its section, else among the briefs."""
        if self._section_refuses(story) is None:
            self.sections[story.region].append(story)
            self._in_sections += 1
            self._of_country.update((story.region, country) for country in story.countries[:1])
            self.lead_id = self.lead_id or story.id
        else:
            self.briefs.append(story)
        if len(story.outlets) == 1:
            self._of_outlet.update(story.outlets)
        self._awaited.discard(story.region)

    def refuses(self, story: Story) -> Reason | None:
        """Return why there is no place for a story, None where there is one."""
        if self._in_sections + len(self.briefs) + self._kept(story) >= self._newsletter.most_stories:
            return Reason.EDITION_FULL
        if self._outlet_is_full(story):
            return Reason.OUTLET_FULL
        if len(self.briefs) < self._newsletter.brief_stories:
            return None
        return self._section_refuses(story)

    def _kept(self, story: Story) -> int:
        """Return how many places are for other stories than this one."""
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


def pick(stories: Iterable[Story], newsletter: Newsletter) -> Pick:
    """Return the edition's stories out of all, in whatever order those come.

    What another story of this edition has told counts for less, and what scores less than `LEAST_SCORE` comes in
    only where nothing else is there.
    """
    everything = sorted(stories, key=lambda story: (-story.score, -story.latest.timestamp(), story.id))
    ours = _candidates([story for story in everything if story.region in newsletter.regions], newsletter)
    wanted = [story for story in ours if story.score >= LEAST_SCORE] or ours
    reasons = {story.id: Reason.TOO_SMALL for story in ours[len(wanted) :]}

    outlets = {outlet for story in everything for outlet in story.outlets}
    alone = max(int(newsletter.most_stories * OUTLET_SHARE), LEAST_OF_AN_OUTLET)
    most_of_an_outlet = alone if len(outlets) > 1 else newsletter.most_stories
    awaited = {story.region for story in wanted if story.score >= KEPT_FROM}
    sheet = _Sheet(newsletter, awaited, most_of_an_outlet)
    reasons |= _fill(sheet, wanted)
    return Pick(
        sections=tuple(
            Section(region=region, stories=tuple(map(summed_up, chosen)))
            for region, chosen in sheet.sections.items()
            if chosen
        ),
        briefs=tuple(map(summed_up, sheet.briefs)),
        lead_id=sheet.lead_id,
        left_out=_left_out(ours, reasons),
    )


def _candidates(stories: Sequence[Story], newsletter: Newsletter) -> list[Story]:
    """Return the best stories, and on a day that one region fills the best of every other as well."""
    looked_at = max(CANDIDATES, 2 * newsletter.most_stories)
    of_region: Counter[str] = Counter()
    kept = []
    for number, story in enumerate(stories):
        of_region[story.region] += 1
        # One more than a section holds, so that each region's next in line is known.
        if number < looked_at or of_region[story.region] <= newsletter.stories_per_region + 1:
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


def _left_out(stories: Sequence[Story], reasons: Mapping[str, Reason]) -> tuple[LeftOut, ...]:
    """Return the best of the stories that have a reason not to be in; `stories` stand best first."""
    out = [story for story in stories if story.id in reasons]
    next_in_line = {story.region: story.id for story in reversed(out)}
    # Stable: those that are next in line come first, each group best first.
    first_these = sorted(out, key=lambda story: next_in_line[story.region] != story.id)
    kept = {story.id for story in first_these[:MOST_LEFT_OUT]}
    return tuple(
        LeftOut(
            story_id=story.id,
            headline=story.headline,
            region=story.region,
            outlets=story.outlets,
            score=story.score,
            reason=reasons[story.id],
        )
        for story in out
        if story.id in kept
    )

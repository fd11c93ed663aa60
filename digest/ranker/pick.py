"""Which stories make an edition: what matters most anywhere, and the best of each region that has news.

order by worth | reserve each region's best | fill by score, under the caps | sections, the overflow in brief
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from digest.model import LeftOut, Newsletter, Section, Story
from digest.ranker.kin import by_worth

#: No more of a section's stories than this are of one country; further ones may stand in brief.
MOST_OF_A_COUNTRY = 2
#: A region's best story has a place of its own from this score on; below, the region stays empty rather than padded.
LEAST_SCORE = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """The stories of an edition."""

    sections: tuple[Section, ...]
    briefs: tuple[Story, ...]
    #: The id of the story that opens it; empty where there is none.
    lead_id: str
    #: The best of those that found no place, best first.
    left_out: tuple[LeftOut, ...] = ()

    def stories(self) -> Iterator[Story]:
        """Every story once: the sections' in their order, then the briefs."""
        for section in self.sections:
            yield from section.stories
        yield from self.briefs


class _Sheet:
    """The edition as it fills."""

    def __init__(self, newsletter: Newsletter) -> None:
        self._newsletter = newsletter
        self.sections: dict[str, list[Story]] = {region: [] for region in newsletter.regions}
        self.briefs: list[Story] = []
        self._of_country: Counter[tuple[str, ...]] = Counter()

    def __len__(self) -> int:
        return sum(map(len, self.sections.values())) + len(self.briefs)

    def place(self, story: Story) -> None:
        """Put a story into its section, else among the briefs, where there is room in either."""
        if len(self) >= self._newsletter.most_stories:
            return
        if self._has_room(story):
            self.sections[story.region].append(story)
            self._of_country[story.region, *story.countries[:1]] += 1
        elif len(self.briefs) < self._newsletter.brief_stories:
            self.briefs.append(story)

    def _has_room(self, story: Story) -> bool:
        told = len(self) - len(self.briefs)
        full_at = self._newsletter.most_stories - self._newsletter.brief_stories
        crowded = (
            bool(story.countries) and self._of_country[story.region, story.countries[0]] >= MOST_OF_A_COUNTRY
        )
        section = self.sections[story.region]
        return told < max(full_at, 1) and len(section) < self._newsletter.stories_per_region and not crowded


def pick(stories: Sequence[Story], newsletter: Newsletter) -> Pick:
    """Return the edition's stories out of all, which stand best first.

    What another story has told already counts for less, and what is worth less than `LEAST_SCORE` comes in only
    where nothing else is there.
    """
    wanted = by_worth([story for story in stories if story.region in newsletter.regions])
    ours = [story for story in wanted if story.score >= LEAST_SCORE] or wanted
    best: dict[str, Story] = {}
    for story in ours:
        best.setdefault(story.region, story)
    sheet = _Sheet(newsletter)
    reserved = {story.id for story in best.values()}
    for story in best.values():
        sheet.place(story)
    for story in ours:
        if story.id not in reserved:
            sheet.place(story)
    sections = tuple(
        Section(region=region, stories=tuple(chosen)) for region, chosen in sheet.sections.items() if chosen
    )
    told = {story.id for section in sections for story in section.stories}
    lead_id = next((story.id for story in ours if story.id in told), "")
    return Pick(sections=sections, briefs=tuple(sheet.briefs), lead_id=lead_id)

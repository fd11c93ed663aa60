"""Which stories make an edition: the best of each region, then the best of the rest as briefs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from digest.model import Newsletter, Section, Story

#: No more of a region's stories than this are of one country.
MOST_OF_A_COUNTRY = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """The stories of an edition."""

    sections: tuple[Section, ...]
    briefs: tuple[Story, ...]
    #: The id of the story that opens it; empty where there is none.
    lead_id: str


def _best_of_region(stories: Sequence[Story], region: str, most: int) -> tuple[Story, ...]:
    chosen: list[Story] = []
    of_country: Counter[str] = Counter()
    for story in stories:
        country = story.countries[0] if story.countries else ""
        if story.region != region or (country and of_country[country] >= MOST_OF_A_COUNTRY):
            continue
        of_country[country] += 1
        chosen.append(story)
        if len(chosen) == most:
            break
    return tuple(chosen)


def pick(stories: Sequence[Story], newsletter: Newsletter) -> Pick:
    """Return the edition's stories out of all, which stand best first."""
    sections = tuple(
        Section(region=region, stories=chosen)
        for region in newsletter.regions
        if (chosen := _best_of_region(stories, region, newsletter.stories_per_region))
    )
    taken = {story.id for section in sections for story in section.stories}
    rest = [story for story in stories if story.id not in taken and story.region in newsletter.regions]
    briefs = tuple(rest[: newsletter.brief_stories])
    told = {story.id for section in sections for story in section.stories}
    lead_id = next((story.id for story in stories if story.id in told), "")
    return Pick(sections=sections, briefs=briefs, lead_id=lead_id)

"""One ranked day beside its labels, for a person who reads what went wrong: `rank_quality.py --errors DAY`."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from digest.model import Article, Story
from digest.ranker.pick import Pick

#: The importance of a story that any digest of the day should have.
MUST_HAVE = 3
#: One labelled item, as the scorer reads it.
Line = dict[str, Any]


class Reading:
    """One ranked day beside its labels, to be read."""

    def __init__(self, stories: Sequence[Story], choice: Pick, labels: Sequence[Line]) -> None:
        self._stories = stories
        self._picked = {story.id for story in choice.stories()}
        self._reasons = {one.story_id: one.reason.value for one in choice.left_out}
        self._label = {label["id"]: label for label in labels}
        self._worth: dict[int, int] = defaultdict(int)
        for label in labels:
            self._worth[label["story"]] = max(self._worth[label["story"]], label["importance"])

    def _main(self, story: Story) -> int:
        """Return the labelled story that most of a story's articles tell, as the scorer counts them."""
        votes: Counter[int] = Counter(self._label[article.id]["story"] for article in story.articles)
        return votes.most_common(1)[0][0]

    def _of_label(self) -> Mapping[int, list[tuple[int, Article]]]:
        """Return by labelled story its articles, each with the place of the ranker's story that holds it."""
        found = defaultdict(list)
        for place, story in enumerate(self._stories, start=1):
            for article in story.articles:
                found[self._label[article.id]["story"]].append((place, article))
        return found

    def mixed(self) -> Iterator[str]:
        """Yield the stories that hold articles of more than one labelled story."""
        for place, story in enumerate(self._stories, start=1):
            told = [(self._label[article.id]["story"], article) for article in story.articles]
            if len({label for label, _ in told}) > 1:
                yield f"#{place}"
                yield from (f"   label {label:3}  {article.title}" for label, article in told)

    def split(self) -> Iterator[str]:
        """Yield the labelled stories that are torn into several."""
        for label, found in sorted(self._of_label().items()):
            if len({place for place, _ in found}) > 1:
                yield f"label {label}, importance {self._worth[label]}"
                yield from (f"   #{place:3}  {article.title}" for place, article in found)

    def misplaced(self) -> Iterator[str]:
        """Yield the stories some of whose articles have another region by their labels, with the evidence."""
        for place, story in enumerate(self._stories, start=1):
            wanted = Counter(self._label[article.id]["region"] for article in story.articles)
            if set(wanted) == {story.region}:
                continue
            right = ", ".join(f"{region} x{count}" for region, count in wanted.most_common())
            yield f"#{place} {story.region}, second {story.second_region or 'none'}; labels: {right}; {story.headline}"
            for one in story.evidence:
                yield f"   {one.weight:6.2f} {one.country or '--'} {one.region:12} {one.words} (x{len(one.articles)})"

    def missed(self) -> Iterator[str]:
        """Yield the must-have stories that no pick tells, with the reason for their articles' stories."""
        told = {self._main(story) for story in self._stories if story.id in self._picked}
        for label, found in sorted(self._of_label().items()):
            if self._worth[label] == MUST_HAVE and label not in told:
                yield f"label {label}"
                for place in sorted({place for place, _ in found}):
                    story = self._stories[place - 1]
                    left_out = self._reasons.get(story.id, "far below")
                    why = "picked for another" if story.id in self._picked else left_out
                    yield self._scored(place, story, why)

    def in_their_place(self) -> Iterator[str]:
        """Yield the picks that are no must-have, or repeat another pick, the least important first."""
        seen: set[int] = set()
        picks = []
        for place, story in enumerate(self._stories, start=1):
            if story.id in self._picked:
                label = self._main(story)
                picks.append((-1 if label in seen else self._worth[label], place, story))
                seen.add(label)
        for worth, place, story in sorted(picks, key=lambda row: row[:2]):
            if worth < MUST_HAVE:
                yield self._scored(place, story, "repeats" if worth < 0 else f"importance {worth}")

    @staticmethod
    def _scored(place: int, story: Story, why: str) -> str:
        parts = " ".join(f"{name} {value:.2f}" for name, value in story.score_parts.items() if value)
        return f"   #{place:3} {why}: {story.headline}\n        {story.score:.2f} = {parts}"

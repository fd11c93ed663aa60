"""Which stories that earlier editions told are the ones that come back today.

earlier editions | their stories, those that update one another in one thread | likeness to each of today's
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from digest.model import Article, Edition, Story, Told
from digest.ranker.places import DISJOINT_PLACES
from digest.ranker.vectors import article_stems, tfidf

#: Likeness from which a story is the one that was told. The cosine of the two groups' centroids is the mean cosine
#: of their articles, as clustering has it, in units of how alike each group is in itself: stories of fifteen
#: articles are told in more words than those of two.
SAME_STORY = 0.42
#: Below this likeness of its fresh articles a story is another, whatever told articles clustering put beside them.
RELATED = 0.25

#: An article's stems with their weights, of length one.
Vector = Mapping[str, float]

_Matrix = np.ndarray[tuple[int, int], np.dtype[np.float64]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """One story as one edition told it."""

    edition: Edition
    story: Story

    @property
    def told(self) -> Told:
        """What an update of it refers to."""
        return Told(
            edition_id=self.edition.id,
            story_id=self.story.id,
            local_date=self.edition.local_date,
            headline=self.story.headline,
        )

    @property
    def key(self) -> tuple[str, str]:
        """Names it among all tellings."""
        return self.edition.id, self.story.id


class GroupVectors:
    """Groups of articles in one space: every article a unit vector, every group the mean of its articles."""

    def __init__(self, groups: Sequence[Sequence[Article]]) -> None:
        bags = [article_stems(article) for group in groups for article in group]
        self._matrix = tfidf(bags)
        self._vocabulary = sorted({stem for bag in bags for stem in bag})
        sizes = [len(group) for group in groups]
        self._starts = np.cumsum([0, *sizes])
        shares = np.repeat([1 / max(size, 1) for size in sizes], sizes)
        owners = np.repeat(np.arange(len(sizes)), sizes)
        mean = sparse.csr_array((shares, (owners, np.arange(len(bags)))), shape=(len(sizes), len(bags)))
        self._centroids = (mean @ self._matrix).tocsr()

    def articles(self, place: int) -> list[Vector]:
        """Return the articles of the group at this place, in their order, by stem."""
        return [self._row(row) for row in range(self._starts[place], self._starts[place + 1])]

    def _row(self, row: int) -> Vector:
        span = slice(self._matrix.indptr[row], self._matrix.indptr[row + 1])
        stems = (self._vocabulary[column] for column in self._matrix.indices[span])
        return dict(zip(stems, self._matrix.data[span].tolist(), strict=True))

    def likeness(self, first: int) -> _Matrix:
        """Return the cosine of the means of the `first` groups, a row each, and of the others, a column each."""
        lengths = np.sqrt(self._centroids.multiply(self._centroids).sum(axis=1))
        lengths[lengths == 0.0] = 1.0
        products: _Matrix = (self._centroids[:first] @ self._centroids[first:].T).toarray()
        return products / np.outer(lengths[:first], lengths[first:])


def cosine(one: Vector, other: Vector) -> float:
    """Return the cosine of two unit vectors."""
    return sum(value * other.get(stem, 0.0) for stem, value in one.items())


def told_stories(editions: Iterable[Edition]) -> list[Telling]:
    """Return every story of these editions, in sections and in brief, oldest edition first."""
    ordered = sorted(editions, key=lambda edition: (edition.local_date, edition.composed_at, edition.id))
    return [Telling(edition=edition, story=story) for edition in ordered for story in edition.stories()]


def threads(tellings: Sequence[Telling]) -> list[int]:
    """Return for each telling, oldest first, the place of the one that its thread began with."""
    begun: dict[tuple[str, str], int] = {}
    for place, telling in enumerate(tellings):
        earlier = telling.story.update_of
        root = begun.get((earlier.edition_id, earlier.story_id), place) if earlier else place
        begun[telling.key] = root
    return [begun[telling.key] for telling in tellings]


class Memory:
    """What the readers of some editions know, and how today's stories touch it."""

    def __init__(self, stories: Sequence[Story], tellings: Sequence[Telling]) -> None:
        self._stories = stories
        self._tellings = tellings
        self._threads = threads(tellings)
        self._with_article: dict[str, list[int]] = {}
        for other, telling in enumerate(tellings):
            for article in telling.story.articles:
                self._with_article.setdefault(article.id, []).append(other)
        today = [self.fresh(story) for story in stories]
        self._vectors = GroupVectors([*today, *(telling.story.articles for telling in tellings)])
        self._likeness = self._vectors.likeness(len(stories)).round(6)

    def fresh(self, story: Story) -> list[Article]:
        """Return the articles of a story that stood in no edition."""
        return [article for article in story.articles if article.id not in self._with_article]

    def fresh_vectors(self, place: int) -> list[Vector]:
        """Return the vectors of the fresh articles of today's story at this place."""
        return self._vectors.articles(place)

    def told_of(self, place: int) -> list[Telling]:
        """Return what readers know of today's story at this place; nothing where it is new to them.

        The likest thread stands first, in each the last telling.
        """
        alike = np.flatnonzero(self._likeness[place] >= SAME_STORY).tolist()
        sharing = [
            other
            for article in self._stories[place].articles
            for other in self._with_article.get(article.id, ())
        ]
        best: dict[int, float] = {}
        for other in {*alike, *sharing}:
            same = self._same(place, other)
            if same >= SAME_STORY:
                thread = self._threads[other]
                best[thread] = max(same, best.get(thread, 0.0))
        nearest = sorted(best, key=lambda thread: (-best[thread], -thread))
        return [
            telling
            for wanted in nearest
            for thread, telling in reversed([*zip(self._threads, self._tellings, strict=True)])
            if thread == wanted
        ]

    def told_vectors(self, tellings: Sequence[Telling]) -> list[Vector]:
        """Return the vectors of all articles of these tellings."""
        keys = {telling.key for telling in tellings}
        places = [place for place, telling in enumerate(self._tellings) if telling.key in keys]
        return [one for place in places for one in self._vectors.articles(len(self._stories) + place)]

    def _same(self, place: int, other: int) -> float:
        """Return how surely a story is a told one: by its fresh articles, and by those that were told with it."""
        story, told = self._stories[place], self._tellings[other].story
        alike = float(self._likeness[place, other])
        if story.countries and told.countries and set(story.countries).isdisjoint(told.countries):
            alike *= DISJOINT_PLACES
        if alike < RELATED:
            return 0.0
        return round(alike + self._shared(story, other), 6)

    def _shared(self, story: Story, other: int) -> float:
        """Return the share of a story's articles that stood in a told one, each as far as it told the same there.

        What clustering put into a story by mistake, its readers were not told: they saw another headline.
        """
        told = self._tellings[other].story.articles
        ids = {article.id for article in story.articles}
        if ids.isdisjoint(article.id for article in told):
            return 0.0
        vectors = self._vectors.articles(len(self._stories) + other)
        central = [
            1.0 if place == 0 else min(_centrality(vectors, place) / SAME_STORY, 1.0)
            for place, article in enumerate(told)
            if article.id in ids
        ]
        return sum(central) / len(story.articles)


def _centrality(vectors: Sequence[Vector], place: int) -> float:
    """Return the cosine of one vector with the sum of the others."""
    total: Counter[str] = Counter()
    for other, vector in enumerate(vectors):
        if other != place:
            total.update(vector)
    length = math.sqrt(sum(value * value for value in total.values()))
    return cosine(vectors[place], total) / length if length else 0.0

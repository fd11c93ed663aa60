"""How much of each story those that stand in the edition have told already.

Clustering stops where two groups of articles are no longer one event; for a reader of twenty stories the second
strand of a crisis is half a repeat well before that. Each story is chosen by its score less what it shares with
those that are in: maximal marginal relevance (Carbonell and Goldstein, 1998).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import sparse

from digest.model import Story
from digest.ranker.places import DISJOINT_PLACES
from digest.ranker.vectors import article_stems, tfidf

#: Stories whose centroids are less alike than this (cosine) have nothing to do with each other.
ALIKE = 0.14
#: The share of its score that a story loses once one that is alike was told: the day's second greatest story is
#: news even beside the greatest.
LOSS = 0.35


class Kin:
    """Stories, by their place in the order given, and what is told of each."""

    def __init__(self, stories: Sequence[Story]) -> None:
        self._stories = stories
        self._centroids = _centroids(stories)
        self._told = [False] * len(stories)

    def worth(self, place: int) -> float:
        """Return a story's score less what is told of it; falls as others are told, and never rises."""
        score = self._stories[place].score
        # Rounded, so that a difference in the last bits of a machine's arithmetic decides nothing.
        return round(score * (1.0 - LOSS) if self._told[place] and score > 0 else score, 6)

    def tell(self, place: int) -> None:
        """Take a story as told."""
        likeness = (self._centroids @ self._centroids[[place], :].T).toarray()[:, 0].tolist()
        ours = set(self._stories[place].countries)
        for other, (story, alike) in enumerate(zip(self._stories, likeness, strict=True)):
            apart = ours and story.countries and ours.isdisjoint(story.countries)
            self._told[other] |= alike * (DISJOINT_PLACES if apart else 1.0) >= ALIKE


def _centroids(stories: Sequence[Story]) -> sparse.csr_array:
    """Return a unit row for each story, in the middle of its articles; all zeros for one without a word."""
    bags = [article_stems(article) for story in stories for article in story.articles]
    owners = [place for place, story in enumerate(stories) for _ in story.articles]
    members = sparse.csr_array(
        ([1.0] * len(bags), (owners, range(len(bags)))), shape=(len(stories), len(bags))
    )
    sums = (members @ tfidf(bags)).tocsr()
    lengths = np.sqrt(np.asarray((sums * sums).sum(axis=1)).ravel())
    return (sparse.diags_array(1 / np.maximum(lengths, 1e-12)) @ sums).tocsr()

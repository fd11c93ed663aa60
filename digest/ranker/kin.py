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
from digest.ranker.vectors import article_stems, tfidf

#: Stories less alike than this (mean cosine of their articles) have nothing to do with each other.
UNRELATED = 0.05
#: The share of its score that a story loses for each hundredth of likeness is a hundredth of this.
LOSS = 2.0
#: No story loses more than this share: the day's second greatest story is news even beside the greatest.
MOST_LOSS = 0.2


class Kin:
    """Stories, by their place in the order given, and what is told of each."""

    def __init__(self, stories: Sequence[Story]) -> None:
        self._scores = [story.score for story in stories]
        self._means = _mean_vectors(stories)
        #: The likeness of each to the most alike of those that are told.
        self._told = np.zeros(len(stories))

    def worth(self, place: int) -> float:
        """Return a story's score less what is told of it; falls as others are told, and never rises."""
        told = float(self._told[place])
        loss = 0.0 if told < UNRELATED else min(LOSS * told, MOST_LOSS)
        # Rounded, so that a difference in the last bits of a machine's arithmetic decides nothing.
        return round(self._scores[place] * (1.0 - loss), 6)

    def tell(self, place: int) -> None:
        """Take a story as told."""
        likeness = (self._means @ self._means[[place], :].T).toarray()[:, 0]
        self._told = np.maximum(self._told, likeness)


def _mean_vectors(stories: Sequence[Story]) -> sparse.csr_array:
    """Return a row for each story; the product of two rows is the mean cosine of the two stories' articles."""
    bags = [article_stems(article) for story in stories for article in story.articles]
    owners = [place for place, story in enumerate(stories) for _ in story.articles]
    shares = [1 / len(stories[owner].articles) for owner in owners]
    mean = sparse.csr_array((shares, (owners, range(len(bags)))), shape=(len(stories), len(bags)))
    return (mean @ tfidf(bags)).tocsr()

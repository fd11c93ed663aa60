"""Stories in the order in which they are worth telling: what was told already counts for less.

Clustering stops where two groups of articles are no longer one event; for a reader of twenty stories the second
strand of a crisis is half a repeat well before that. Each story is chosen by its score less what it shares with
those that stand before it: maximal marginal relevance (Carbonell and Goldstein, 1998).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import sparse

from digest.model import Story
from digest.ranker.vectors import article_stems, tfidf

#: Stories less alike than this (mean cosine of their articles) have nothing to do with each other.
UNRELATED = 0.08
#: The share of its score that a story loses for each hundredth of likeness is a hundredth of this.
LOSS = 4.0
#: No story loses more than this share: the day's second greatest story is news even beside the greatest.
MOST_LOSS = 0.6
#: The best stories that are looked at; an edition holds fewer.
CANDIDATES = 100


def by_worth(stories: Sequence[Story]) -> list[Story]:
    """Return stories, which stand best first, in the order in which an edition should take them."""
    candidates = list(stories[:CANDIDATES])
    if not candidates:
        return []
    likeness = _likeness(candidates)
    scores = np.array([story.score for story in candidates])
    told = np.zeros(len(candidates))
    left = list(range(len(candidates)))
    order: list[int] = []
    while left:
        loss = np.where(told < UNRELATED, 0.0, np.minimum(LOSS * told, MOST_LOSS))
        worth = scores * (1.0 - loss)
        best = min(left, key=lambda place: (-round(float(worth[place]), 6), place))
        order.append(best)
        left.remove(best)
        told = np.maximum(told, likeness[best])
    return [*(candidates[place] for place in order), *stories[CANDIDATES:]]


def _likeness(stories: Sequence[Story]) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Return the mean cosine of each two stories' articles."""
    bags = [article_stems(article) for story in stories for article in story.articles]
    owners = [place for place, story in enumerate(stories) for _ in story.articles]
    shares = [1 / len(stories[owner].articles) for owner in owners]
    mean = sparse.csr_array((shares, (owners, range(len(bags)))), shape=(len(stories), len(bags)))
    means = mean @ tfidf(bags)
    dense: np.ndarray[tuple[int, int], np.dtype[np.float64]] = (means @ means.T).toarray()
    return dense

"""Stories that tell what another has told: strands of one crisis, or an event that fell into two.

Clustering stops where two groups of articles are no longer one event; for a reader of twenty stories the second
strand is a repeat well before that.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import sparse

from digest.model import Story
from digest.ranker.vectors import article_stems, tfidf

#: Two stories whose articles have this mean cosine tell much the same.
KINSHIP = 0.08
#: The best stories that are looked at; an edition holds fewer.
CANDIDATES = 100


def part_kin(stories: Sequence[Story]) -> tuple[list[Story], list[Story]]:
    """Return the stories in two parts: those that tell something new after the ones before them, and their kin."""
    if not stories:
        return [], []
    bags = [article_stems(article) for story in stories for article in story.articles]
    owners = [place for place, story in enumerate(stories) for _ in story.articles]
    shares = [1 / len(stories[owner].articles) for owner in owners]
    mean = sparse.csr_array((shares, (owners, range(len(bags)))), shape=(len(stories), len(bags)))
    means = mean @ tfidf(bags)
    likeness = (means @ means.T).toarray()
    new: list[int] = []
    for place in range(len(stories)):
        if not new or float(np.max(likeness[place, new])) < KINSHIP:
            new.append(place)
    told = set(new)
    return [stories[place] for place in new], [
        story for place, story in enumerate(stories) if place not in told
    ]

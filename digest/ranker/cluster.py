"""Average-link agglomerative clustering over a sparse graph of similarities.

The similarity of two clusters is the mean cosine over all pairs of their members; the two most similar are
merged until none reach the threshold. The sum over pairs is additive under merging (Lance and Williams, 1967),
so a merge costs no more than the neighbours of the smaller cluster, and pairs below a floor are taken as zero.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence

import numpy as np
from scipy import sparse

#: Cosines below this are noise, and not kept.
FLOOR = 0.03
#: Neighbours of one node that are kept, the nearest: bounds the work when thousands are alike.
MOST_NEIGHBOURS = 300
#: Rows of the product that are made at a time; bounds the memory.
_BLOCK = 512
#: A stem that stands in more than this many articles makes no candidates by itself: most of its pairs share
#: nothing else, and there are as many as its square.
_COMMON = 200
#: An article is looked up by this many of its rarest stems at least, common or not, so that the greatest story of
#: the day, whose every word is common, still holds together.
_LEAST_KEYS = 4


def _keys(vectors: sparse.csr_array) -> sparse.csr_array:
    """Return the vectors with only the stems by which candidates are looked up."""
    documents = np.bincount(vectors.indices, minlength=vectors.shape[1])
    frequencies = documents[vectors.indices]
    rows = np.repeat(np.arange(vectors.shape[0]), np.diff(vectors.indptr))
    by_rarity = np.lexsort((vectors.indices, frequencies, rows))
    rank = np.empty(len(rows), dtype=np.int64)
    rank[by_rarity] = np.arange(len(rows)) - np.repeat(vectors.indptr[:-1], np.diff(vectors.indptr))
    kept = (frequencies <= _COMMON) | (rank < _LEAST_KEYS)
    keys = sparse.csr_array((kept.astype(np.float64), vectors.indices, vectors.indptr), shape=vectors.shape)
    keys.eliminate_zeros()
    return keys


def similar_pairs(vectors: sparse.csr_array) -> Iterator[tuple[int, int, float]]:
    """Yield (i, j, cosine) with i < j for the pairs of rows that are worth a look."""
    keys = _keys(vectors)
    lookup, other = keys.T.tocsr(), vectors.T.tocsr()
    for start in range(0, vectors.shape[0], _BLOCK):
        candidates = (keys[start : start + _BLOCK] @ lookup).tocsr()
        product = (vectors[start : start + _BLOCK] @ other).multiply(candidates > 0).tocsr()
        for offset in range(product.shape[0]):
            row = start + offset
            span = slice(product.indptr[offset], product.indptr[offset + 1])
            columns, cosines = product.indices[span], product.data[span]
            keep = (columns > row) & (cosines >= FLOOR)
            columns, cosines = columns[keep], cosines[keep]
            nearest = np.lexsort((columns, -cosines))[:MOST_NEIGHBOURS]
            columns, cosines = columns[nearest], cosines[nearest]
            yield from zip([row] * len(columns), columns.tolist(), cosines.tolist(), strict=True)


class _Clusters:
    """The clusters as they grow: members, and the sums of similarities to their neighbours."""

    def __init__(self, weights: Sequence[int]) -> None:
        self.members: dict[int, list[int]] = {node: [node] for node in range(len(weights))}
        self.sizes = dict(enumerate(weights))
        self.sums: dict[int, dict[int, float]] = {node: {} for node in range(len(weights))}

    def mean(self, one: int, other: int) -> float:
        return self.sums[one][other] / (self.sizes[one] * self.sizes[other])

    def merge(self, one: int, other: int) -> int:
        """Merge two clusters into the one with more neighbours and return its key."""
        if (len(self.sums[one]), -one) < (len(self.sums[other]), -other):
            one, other = other, one
        for neighbour, total in self.sums.pop(other).items():
            del self.sums[neighbour][other]
            if neighbour != one:
                joint = self.sums[one].get(neighbour, 0.0) + total
                self.sums[one][neighbour] = self.sums[neighbour][one] = joint
        self.members[one] += self.members.pop(other)
        self.sizes[one] += self.sizes.pop(other)
        return one


def average_link(
    count: int,
    pairs: Iterator[tuple[int, int, float]],
    threshold: float,
    weights: Sequence[int] | None = None,
) -> list[list[int]]:
    """Return the clusters of `count` nodes, each sorted, in the order of their first member.

    `weights` says how many equal articles a node stands for. The result depends on nothing but its arguments:
    ties go to the pair that stands first.
    """
    clusters = _Clusters(weights or [1] * count)
    for one, other, cosine in pairs:
        total = cosine * clusters.sizes[one] * clusters.sizes[other]
        clusters.sums[one][other] = clusters.sums[other][one] = total
    queue = [
        (-clusters.mean(one, other), one, other, 0, 0)
        for one, neighbours in clusters.sums.items()
        for other in neighbours
        if one < other and clusters.mean(one, other) >= threshold
    ]
    heapq.heapify(queue)
    # A queued pair holds only as long as neither side has grown since.
    grown = [0] * count
    while queue:
        _, one, other, growth, other_growth = heapq.heappop(queue)
        if one not in clusters.members or other not in clusters.members:
            continue
        if (grown[one], grown[other]) != (growth, other_growth):
            continue
        merged = clusters.merge(one, other)
        grown[merged] += 1
        for neighbour in clusters.sums[merged]:
            mean = clusters.mean(merged, neighbour)
            if mean >= threshold:
                first, second = sorted((merged, neighbour))
                heapq.heappush(queue, (-mean, first, second, grown[first], grown[second]))
    return sorted(sorted(members) for members in clusters.members.values())

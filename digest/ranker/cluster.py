"""Agglomerative clustering over a sparse graph of similarities.

The likeness of two clusters is the mean cosine over all pairs of their members (average link), divided by how
alike the members of each are among themselves, to the power of `DAMPING`: 0 is average link, 1 is the cosine of
the two centroids. A story that a dozen outlets tell in their own words is less alike within than two copies of a
wire, and is asked for less. The two most alike are merged until none reach the threshold.

Sums over pairs are additive under merging (Lance and Williams, 1967), so a merge costs no more than the neighbours
of the smaller cluster; pairs below a floor are taken as zero, and never looked at.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

#: How much of a cluster's looseness is made up for; see above. At 1, loose clusters grow without end.
DAMPING = 0.9
#: Cosines below this are noise, and not kept.
FLOOR = 0.05
#: Neighbours of one node that are kept, the nearest: bounds the work when thousands are alike.
MOST_NEIGHBOURS = 100
#: Rows of the product that are made at a time; bounds the memory.
_BLOCK = 512
#: A stem that stands in more than this many articles makes no candidates by itself: most of its pairs share
#: nothing else, and there are as many as its square.
_COMMON = 200
#: An article is looked up by this many of its rarest stems at least, common or not, so that the greatest story of
#: the day, whose every word is common, still holds together.
_LEAST_KEYS = 4
#: Of the floor, the share that the looked-up stems alone must bring: the rest of two articles' likeness is common
#: words.
_BY_KEYS = 0.5


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of nodes that are alike, each once: `first[k] < second[k]`, and how alike, above 0 and at most 1."""

    first: NDArray[np.int32]
    second: NDArray[np.int32]
    likeness: NDArray[np.float64]


def _keys(vectors: sparse.csr_array) -> sparse.csr_array:
    """Return the vectors with only the stems by which candidates are looked up."""
    documents = np.bincount(vectors.indices, minlength=vectors.shape[1])
    frequencies = documents[vectors.indices]
    rows = np.repeat(np.arange(vectors.shape[0]), np.diff(vectors.indptr))
    by_rarity = np.lexsort((vectors.indices, frequencies, rows))
    rank = np.empty(len(rows), dtype=np.int64)
    rank[by_rarity] = np.arange(len(rows)) - np.repeat(vectors.indptr[:-1], np.diff(vectors.indptr))
    kept = (frequencies <= _COMMON) | (rank < _LEAST_KEYS)
    keys = sparse.csr_array(
        (np.where(kept, vectors.data, 0.0), vectors.indices, vectors.indptr), shape=vectors.shape
    )
    keys.eliminate_zeros()
    return keys


def similar_pairs(vectors: sparse.csr_array) -> Pairs:
    """Return the pairs of unit rows whose cosine reaches `FLOOR`, of each row's nearest."""
    keys = _keys(vectors)
    lookup = keys.T.tocsr()
    blocks = [Pairs(np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.float64))]
    for start in range(0, vectors.shape[0], _BLOCK):
        by_keys = (keys[start : start + _BLOCK] @ lookup).tocoo()
        first, second = by_keys.coords[0] + start, by_keys.coords[1]
        worth_a_look = (second > first) & (by_keys.data >= _BY_KEYS * FLOOR)
        blocks.append(_nearest(vectors, first[worth_a_look], second[worth_a_look]))
    return Pairs(
        first=np.concatenate([block.first for block in blocks]),
        second=np.concatenate([block.second for block in blocks]),
        likeness=np.concatenate([block.likeness for block in blocks]),
    )


def _nearest(vectors: sparse.csr_array, first: NDArray[np.int64], second: NDArray[np.int64]) -> Pairs:
    """Return those of the pairs that are alike enough, the nearest of each first row."""
    cosines = np.empty(len(first))
    for start in range(0, len(first), 64 * _BLOCK):
        span = slice(start, start + 64 * _BLOCK)
        cosines[span] = (vectors[first[span]] * vectors[second[span]]).sum(axis=1)
    kept = cosines >= FLOOR
    first, second, cosines = first[kept], second[kept], np.minimum(cosines[kept], 1.0)
    by_likeness = np.lexsort((second, -cosines, first))
    first, second, cosines = first[by_likeness], second[by_likeness], cosines[by_likeness]
    starts = np.searchsorted(first, first)
    kept = np.arange(len(first)) - starts < MOST_NEIGHBOURS
    return Pairs(first[kept].astype(np.int32), second[kept].astype(np.int32), cosines[kept])


class _Clusters:
    """The clusters as they grow: members, and the sums of similarities to their neighbours."""

    def __init__(self, pairs: Pairs, weights: Sequence[int]) -> None:
        self.members: dict[int, list[int]] = {node: [node] for node in range(len(weights))}
        self._sums: dict[int, dict[int, float]] = {node: {} for node in range(len(weights))}
        self._sizes = list(weights)
        #: Sums over all pairs within a cluster, each article with itself among them.
        self._within = [float(weight * weight) for weight in weights]
        #: What turns a sum over pairs into a likeness, from each side.
        self._factors = [self._factor(node) for node in range(len(weights))]
        for one, other, likeness in _rows(pairs):
            total = likeness * weights[one] * weights[other]
            self._sums[one][other] = self._sums[other][one] = total

    def _factor(self, node: int) -> float:
        # sum / (n m) / sqrt(within / n² · within' / m²) ^ DAMPING, split into a factor for each side.
        return math.pow(self._sizes[node], DAMPING - 1) * math.pow(self._within[node], -DAMPING / 2)

    def likeness(self, one: int, other: int) -> float:
        return self._sums[one][other] * self._factors[one] * self._factors[other]

    def merge(self, one: int, other: int) -> tuple[int, list[int]]:
        """Merge two clusters into the one with more neighbours; return its key, and whose likeness to it rose."""
        if (len(self._sums[one]), -one) < (len(self._sums[other]), -other):
            one, other = other, one
        mine, its = self._sums[one], self._sums.pop(other)
        self._within[one] += self._within[other] + 2 * its.pop(one)
        del mine[other]
        for neighbour, total in its.items():
            mine[neighbour] = joint = mine.get(neighbour, 0.0) + total
            theirs = self._sums[neighbour]
            del theirs[other]
            theirs[one] = joint
        self.members[one] += self.members.pop(other)
        self._sizes[one] += self._sizes[other]
        self._factors[one] = self._factor(one)
        return one, list(its)


def _rows(pairs: Pairs) -> zip[tuple[int, int, float]]:
    return zip(pairs.first.tolist(), pairs.second.tolist(), pairs.likeness.tolist(), strict=True)


def agglomerate(pairs: Pairs, threshold: float, weights: Sequence[int]) -> list[list[int]]:
    """Return the clusters of the nodes, each sorted, in the order of their first member.

    `weights` says how many equal articles each node stands for. The result depends on nothing but its arguments:
    ties go to the pair that stands first.
    """
    clusters = _Clusters(pairs, weights)
    # The queue holds for each pair at least what it is worth now. A cluster that grows becomes less like those
    # neighbours that it gained nothing from, so their entries are only looked at again when their turn comes.
    queue = [
        (-clusters.likeness(one, other), one, other) for one, other, likeness in _rows(pairs) if likeness > 0
    ]
    queue = [entry for entry in queue if -entry[0] >= threshold]
    heapq.heapify(queue)
    while queue:
        called_at, one, other = heapq.heappop(queue)
        if one not in clusters.members or other not in clusters.members:
            continue
        likeness = clusters.likeness(one, other)
        if likeness < -called_at:
            if likeness >= threshold:
                heapq.heappush(queue, (-likeness, one, other))
            continue
        merged, raised = clusters.merge(one, other)
        for neighbour in raised:
            likeness = clusters.likeness(merged, neighbour)
            if likeness >= threshold:
                first, second = sorted((merged, neighbour))
                heapq.heappush(queue, (-likeness, first, second))
    return sorted(sorted(members) for members in clusters.members.values())

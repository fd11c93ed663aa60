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
    # A copy: what is left out is left out in place.
    keys = vectors.copy()
    keys.data[~kept] = 0.0
    keys.eliminate_zeros()
    return keys


def similar_pairs(vectors: sparse.csr_array) -> Pairs:
    """Return the pairs of unit rows whose cosine reaches `FLOOR`, of each row's nearest."""
    keys = _keys(vectors)
    lookup = keys.T.tocsr()
    beyond = _BeyondKeys(vectors, keys)
    blocks = [Pairs(np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.float64))]
    for start in range(0, vectors.shape[0], _BLOCK):
        by_keys = (keys[start : start + _BLOCK] @ lookup).tocoo()
        first, second = by_keys.coords[0], by_keys.coords[1]
        worth_a_look = (second > first + start) & (by_keys.data >= _BY_KEYS * FLOOR)
        first, second = first[worth_a_look], second[worth_a_look]
        cosines = by_keys.data[worth_a_look] + beyond.products(start, first, second)
        blocks.append(_nearest(first + start, second, cosines))
    return Pairs(
        first=np.concatenate([block.first for block in blocks]),
        second=np.concatenate([block.second for block in blocks]),
        likeness=np.concatenate([block.likeness for block in blocks]),
    )


class _BeyondKeys:
    """What stems that are no keys of one row or of both add to the product of two rows.

    With a row's keys k and its rest r, k + r times k' + r' is k k', plus k + r times r', plus r times k'. All but
    the first need common stems only, of which there are few.
    """

    def __init__(self, vectors: sparse.csr_array, keys: sparse.csr_array) -> None:
        rest = (vectors - keys).tocsr()
        common = np.unique(rest.indices)
        self._left = sparse.hstack([vectors[:, common], rest[:, common]], format="csr")
        self._right = sparse.hstack([rest[:, common], keys[:, common]], format="csr")

    def products(
        self, start: int, first: NDArray[np.int32], second: NDArray[np.int32]
    ) -> NDArray[np.float64]:
        """Return a number for each pair; `first` is counted from `start`, and below `_BLOCK`."""
        left = self._left[start : start + _BLOCK].toarray()
        products = np.empty(len(first))
        for begin in range(0, len(first), 64 * _BLOCK):
            span = slice(begin, begin + 64 * _BLOCK)
            right = self._right[second[span]]
            rows = np.repeat(first[span], np.diff(right.indptr))
            right.data *= left[rows, right.indices]
            products[span] = right.sum(axis=1)
        return products


def _nearest(first: NDArray[np.int32], second: NDArray[np.int32], cosines: NDArray[np.float64]) -> Pairs:
    """Return those of the pairs that are alike enough, the nearest of each first row."""
    kept = cosines >= FLOOR
    first, second, cosines = first[kept], second[kept], np.minimum(cosines[kept], 1.0)
    by_likeness = np.lexsort((second, -cosines, first))
    first, second, cosines = first[by_likeness], second[by_likeness], cosines[by_likeness]
    starts = np.searchsorted(first, first)
    kept = np.arange(len(first)) - starts < MOST_NEIGHBOURS
    return Pairs(first[kept].astype(np.int32), second[kept].astype(np.int32), cosines[kept])


class _Clusters:
    """The clusters as they grow: members, and the sums of similarities to their neighbours.

    The sums of a node that was never merged stay in the pairs' arrays.
    """

    def __init__(self, pairs: Pairs, weights: Sequence[int]) -> None:
        self.members: dict[int, list[int]] = {node: [node] for node in range(len(weights))}
        self._cluster_of = np.arange(len(weights))
        sizes = np.array(weights, dtype=np.float64)
        totals = pairs.likeness * sizes[pairs.first] * sizes[pairs.second]
        one_way = sparse.csr_array((totals, (pairs.first, pairs.second)), shape=(len(weights), len(weights)))
        #: The sums of nodes, each in the rows of both.
        self._alone = (one_way + one_way.T).tocsr()
        #: By cluster that was looked at, its sums by neighbour.
        self._sums: dict[int, dict[int, float]] = {}
        self._sizes = list(weights)
        #: Sums over all pairs within a cluster, each article with itself among them.
        self._within = [float(weight * weight) for weight in weights]
        #: What turns a sum over pairs into a likeness, from each side.
        self._factors = [self._factor(node) for node in range(len(weights))]

    def _factor(self, node: int) -> float:
        # sum / (n m) / sqrt(within / n² · within' / m²) ^ DAMPING, split into a factor for each side.
        return math.pow(self._sizes[node], DAMPING - 1) * math.pow(self._within[node], -DAMPING / 2)

    def _sums_of(self, cluster: int) -> dict[int, float]:
        if cluster not in self._sums:
            row = slice(self._alone.indptr[cluster], self._alone.indptr[cluster + 1])
            neighbours = self._cluster_of[self._alone.indices[row]].tolist()
            sums = dict(zip(neighbours, self._alone.data[row].tolist(), strict=True))
            # Those that were merged meanwhile know the sum to all of their members.
            for neighbour in sums.keys() & self._sums.keys():
                sums[neighbour] = self._sums[neighbour][cluster]
            self._sums[cluster] = sums
        return self._sums[cluster]

    def likeness(self, one: int, other: int) -> float:
        return self._sums_of(one)[other] * self._factors[one] * self._factors[other]

    def merge(self, one: int, other: int, threshold: float) -> tuple[int, list[tuple[int, float]]]:
        """Merge two clusters into the one with more neighbours.

        Returns its key, and those that became more alike to it, and reach the threshold, with their likeness.
        """
        mine, its = self._sums_of(one), self._sums_of(other)
        if (len(mine), -one) < (len(its), -other):
            one, other, mine, its = other, one, its, mine
        del mine[other], self._sums[other]
        self._within[one] += self._within[other] + 2 * its.pop(one)
        self._sizes[one] += self._sizes[other]
        factors = self._factors
        factors[one] = factor = self._factor(one)
        raised = []
        for neighbour, total in its.items():
            mine[neighbour] = joint = mine.get(neighbour, 0.0) + total
            likeness = joint * factor * factors[neighbour]
            if likeness >= threshold:
                raised.append((neighbour, likeness))
        for neighbour in its.keys() & self._sums.keys():
            theirs = self._sums[neighbour]
            del theirs[other]
            theirs[one] = mine[neighbour]
        moved = self.members.pop(other)
        self._cluster_of[moved] = one
        self.members[one] += moved
        return one, raised


def agglomerate(pairs: Pairs, threshold: float, weights: Sequence[int]) -> list[list[int]]:
    """Return the clusters of the nodes, each sorted, in the order of their first member.

    `weights` says how many equal articles each node stands for. The result depends on nothing but its arguments:
    ties go to the pair that stands first.
    """
    clusters = _Clusters(pairs, weights)
    # The queue holds for each pair at least what it is worth now. A cluster that grows becomes less like those
    # neighbours that it gained nothing from, so their entries are only looked at again when their turn comes.
    alike = pairs.likeness >= threshold
    columns = (-pairs.likeness[alike], pairs.first[alike], pairs.second[alike])
    queue: list[tuple[float, int, int]] = list(zip(*(column.tolist() for column in columns), strict=True))
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
        merged, raised = clusters.merge(one, other, threshold)
        for neighbour, likeness in raised:
            first, second = sorted((merged, neighbour))
            heapq.heappush(queue, (-likeness, first, second))
    return sorted(sorted(members) for members in clusters.members.values())

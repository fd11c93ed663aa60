"""Clusters: events whole and apart, in any order of the articles."""

from __future__ import annotations

import math
import random
from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.model import Article
from digest.ranker.cluster import DAMPING, Pairs, agglomerate, similar_pairs
from digest.ranker.rank import RankSettings, cluster_articles, rank
from digest.ranker.vectors import tfidf
from tests.ranker.making import NOW, article, placer

PORT = [
    article(
        1,
        "افتتاح ميناء جديد في القاهرة",
        "افتتح وزير النقل ميناء نهرياً جديداً في القاهرة بكلفة 5.4 مليار جنيه",
    ),
    article(
        2,
        "وزير النقل يفتتح ميناء القاهرة النهري",
        "الميناء النهري الجديد كلف 5.4 مليار جنيه وافتتحه وزير النقل",
    ),
]
STORM = [
    article(3, "عاصفة تغلق مدارس لندن", "أغلقت عاصفة ثلجية مئات المدارس في لندن وعطلت القطارات"),
    article(4, "إغلاق مدارس لندن بسبب عاصفة ثلجية", "مئات المدارس مغلقة والقطارات معطلة بسبب الثلوج في لندن"),
]
FINAL = article(
    5,
    "فوز الوحدة بكأس الأردن بعد نهائي مثير",
    "فاز الوحدة 3-1 على الجزيرة في نهائي كأس الأردن لكرة القدم أمام 20 ألف متفرج",
)
OTHER_FINAL = article(
    6,
    "الميناء يتوج بكأس فرنسا للمرة الثالثة",
    "توج الميناء بلقب كأس فرنسا لكرة القدم بفوزه في النهائي 2-0 على القلعة بحضور 40 ألف متفرج",
)


def groups(articles: list[Article]) -> set[frozenset[str]]:
    one = placer()
    named = {each.id: one.read(each) for each in articles}
    return {
        frozenset(each.id for each in group) for group in cluster_articles(articles, named, one.name_stems)
    }


def test_articles_on_one_event_are_one_story_and_others_are_not() -> None:
    assert groups([*PORT, *STORM]) == {frozenset("12"), frozenset("34")}


def test_the_same_words_in_other_places_are_another_event() -> None:
    assert groups([FINAL, OTHER_FINAL]) == {frozenset("5"), frozenset("6")}


def test_copies_to_the_word_are_one_story() -> None:
    copies = [article(number, PORT[0].title, PORT[0].summary) for number in range(2000)]
    assert len(groups(copies)) == 1


def test_articles_without_words_stay_apart() -> None:
    assert groups([article(1, "…"), article(2, "!!"), article(3, "")]) == {
        frozenset("1"),
        frozenset("2"),
        frozenset("3"),
    }


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_articles_makes_no_difference(seed: int) -> None:
    articles = [*PORT, *STORM, FINAL, OTHER_FINAL]
    settings = RankSettings()
    shuffled = random.Random(seed).sample(articles, len(articles))
    assert rank(shuffled, placer(), settings, NOW) == rank(articles, placer(), settings, NOW)


ONE_PLACER = placer()
WORDS = st.sampled_from(
    [
        "ميناء",
        "عاصفة",
        "وزير",
        "نهائي",
        "3-1",
        "القاهرة",
        "لندن",
        "🚢",
        "port",
        "Orbita",
        "5.4%",
        "افتتاح",
        "إغلاق",
        "…",
        "«",
        "»",
        "مالي",
        "عمان",
    ]
)
TEXTS = st.one_of(
    st.lists(WORDS, max_size=12).map(" ".join),
    st.text(max_size=40),
    st.lists(WORDS, min_size=800, max_size=800).map(" ".join),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(TEXTS, TEXTS), max_size=12), st.randoms(use_true_random=False))
def test_any_articles_stand_in_exactly_one_story_each(
    texts: list[tuple[str, str]], order: random.Random
) -> None:
    articles = [article(number, title, summary) for number, (title, summary) in enumerate(texts)]
    one = ONE_PLACER
    stories = rank(articles, one, RankSettings(), NOW)
    assert Counter(each.id for story in stories for each in story.articles) == Counter(
        each.id for each in articles
    )
    assert all(abs(sum(story.score_parts.values()) - story.score) < 1e-3 for story in stories)
    shuffled = order.sample(articles, len(articles))
    assert [story.id for story in rank(shuffled, one, RankSettings(), NOW)] == [story.id for story in stories]


def pairs_of(*triples: tuple[int, int, float]) -> Pairs:
    first, second, likeness = zip(*triples, strict=True)
    return Pairs(np.array(first), np.array(second), np.array(likeness))


def listed(pairs: Pairs) -> list[tuple[int, int, float]]:
    return list(zip(pairs.first.tolist(), pairs.second.tolist(), pairs.likeness.tolist(), strict=True))


def test_agglomerate_merges_by_all_pairs() -> None:
    # 0-1 and 2-3 are alike; 1-2 are, but their clusters share only that one of four pairs (0.6 / 4).
    pairs = pairs_of((0, 1, 0.9), (2, 3, 0.8), (1, 2, 0.6))
    assert agglomerate(pairs, 0.2, [1] * 4) == [[0, 1], [2, 3]]
    assert agglomerate(pairs, 0.15, [1] * 4) == [[0, 1, 2, 3]]


def test_a_loose_cluster_is_asked_for_less() -> None:
    # To 2, both clusters are as alike on average; that of 3 and 4, who say it each in their own words, is nearer.
    pairs = pairs_of((0, 1, 1.0), (0, 2, 0.2), (1, 2, 0.2), (3, 4, 0.3), (2, 3, 0.2), (2, 4, 0.2))
    assert agglomerate(pairs, 0.2, [1] * 5) == [[0, 1], [2, 3, 4]]


def test_a_node_counts_for_all_that_it_stands_for() -> None:
    pairs = pairs_of((0, 1, 0.9), (1, 2, 0.6))
    assert agglomerate(pairs, 0.3, [1, 1, 1]) == [[0, 1, 2]]
    assert agglomerate(pairs, 0.3, [5, 1, 1]) == [[0, 1], [2]]


def test_ties_go_to_the_pair_that_stands_first() -> None:
    assert agglomerate(pairs_of((0, 1, 0.5), (1, 2, 0.5)), 0.3, [1] * 3) == [[0, 1], [2]]


SIMILARITIES = st.lists(st.floats(0.0, 1.0), min_size=45, max_size=45)


@settings(max_examples=200, deadline=None)
@given(SIMILARITIES, st.lists(st.integers(1, 4), min_size=10, max_size=10), st.floats(0.05, 0.9))
def test_the_queue_gives_what_looking_at_every_pair_at_every_step_gives(
    cosines: list[float], weights: list[int], threshold: float
) -> None:
    # Rounded to sixteenths of unequal steps, so that no two likenesses differ in their last bits only.
    pairs = [(i, j, cosines.pop()) for i in range(10) for j in range(i + 1, 10)]
    pairs = [(i, j, round(cosine, 3) + (10 * i + j) / 1e6) for i, j, cosine in pairs if cosine > 0.05]
    if pairs:
        assert agglomerate(pairs_of(*pairs), threshold, weights) == by_looking_everywhere(
            pairs, threshold, weights
        )


def by_looking_everywhere(
    pairs: list[tuple[int, int, float]], threshold: float, weights: list[int]
) -> list[list[int]]:
    cosine = {frozenset(pair[:2]): pair[2] for pair in pairs}
    clusters = [[node] for node in range(len(weights))]

    def mean(one: list[int], other: list[int]) -> float:
        total = sum(
            weights[i] * weights[j] * (1.0 if i == j else cosine.get(frozenset((i, j)), 0.0))
            for i in one
            for j in other
        )
        return total / (sum(weights[i] for i in one) * sum(weights[j] for j in other))

    def likeness(one: list[int], other: list[int]) -> float:
        return mean(one, other) / math.pow(mean(one, one) * mean(other, other), DAMPING / 2)

    while len(clusters) > 1:
        one, other = max(combinations(clusters, 2), key=lambda pair: likeness(*pair))
        if likeness(one, other) < threshold:
            break
        clusters = [each for each in clusters if each not in (one, other)] + [one + other]
    return sorted(sorted(cluster) for cluster in clusters)


def test_pairs_are_cosines_of_rows_that_share_a_stem() -> None:
    bags = [Counter({"ميناء": 1, "جديد": 1}), Counter({"ميناء": 1, "جديد": 1}), Counter({"عاصف": 1})]
    [(one, other, cosine)] = listed(similar_pairs(tfidf(bags)))
    assert (one, other) == (0, 1)
    assert cosine == pytest.approx(1.0)


def test_cosines_are_the_rows_own_where_some_stems_are_too_common_to_look_up_by() -> None:
    # The first stem stands in more rows than are looked up by one, so that it is left out of the look-up.
    bags = [Counter({"حدث": 1, f"خبر{row // 3}": 1 + row % 2, f"يوم{row // 7}": 1}) for row in range(420)]
    vectors = tfidf(bags)
    before = vectors.toarray()
    pairs = similar_pairs(vectors)
    assert (vectors.toarray() == before).all()
    dense = before @ before.T
    assert pairs.likeness == pytest.approx(dense[pairs.first, pairs.second])
    # Nothing that shares a rarer stem is missed.
    assert len(pairs.first) >= sum(row // 3 == (row + 1) // 3 for row in range(419))


def test_names_weigh_less_than_other_words() -> None:
    bags = [Counter({"بوتين": 1, "قمه": 1}), Counter({"بوتين": 1, "سجن": 1}), Counter({"نفط": 1})]
    [(_, _, plain)] = listed(similar_pairs(tfidf(bags)))
    [(_, _, damped)] = listed(similar_pairs(tfidf(bags, {"بوتين"})))
    assert damped < plain


def test_nothing_to_rank_gives_no_story() -> None:
    assert rank([], placer(), RankSettings(), NOW) == []


def test_the_greatest_story_of_the_day_holds_together_though_all_its_words_are_common() -> None:
    # A quarter of a day's articles on one event, each with words of its own, beside many small ones.
    own = [f"{first}{second}" for first in "بتثجحخدذرزسشصضطظعغفق" for second in "ابتثجحخدذرزسشصضط"]
    event = [article(n, PORT[0].title, f"{PORT[0].summary} بحسب {own[n]}ون") for n in range(300)]
    others = [
        article(f"o{n}", f"{own[n % 300]}ير يعلن {n}", f"{own[-n % 300]}ار في يوم {n}") for n in range(600)
    ]
    largest = max(groups([*event, *others]), key=len)
    assert sum(one.startswith("o") for one in largest) == 0
    assert len(largest) >= 200

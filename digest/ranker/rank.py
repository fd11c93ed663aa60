"""From articles to stories, best first.

articles | read places | learn spellings | collapse copies | vectors | pairs | agglomerate | place, score, word | sort
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from digest.model import Article, Story
from digest.ranker.cluster import Pairs, agglomerate, similar_pairs
from digest.ranker.gravity import Gravity
from digest.ranker.places import DISJOINT_PLACES, PlaceNamed, Placer
from digest.ranker.score import GRAVITY, score_parts
from digest.ranker.vectors import article_words, tfidf
from digest.ranker.words import headline_of, lead_article
from digest.text.spellings import learn_spellings

#: Likeness at which two clusters are still one story.
SAME_STORY = 0.22

#: The places that each article names, by its id.
NamedPlaces = Mapping[str, Sequence[PlaceNamed]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RankSettings:
    """What ranking goes by. The operator sets the first two and the words of `gravity`; the rest is for measuring."""

    #: Articles older than this are yesterday's.
    window_hours: float = 30.0
    #: By outlet; 1.0 where not named.
    outlet_weights: Mapping[str, float] = field(default_factory=dict)
    #: Likeness at which two clusters are still one story.
    same_story: float = SAME_STORY
    #: What each step of gravity adds to a score.
    gravity_step: float = GRAVITY
    #: How grave words are; without any, all are alike.
    gravity: Gravity = field(default_factory=lambda: Gravity({}))


def _story_id(articles: Sequence[Article]) -> str:
    """Return an id that stays while the story grows: that of its first article."""
    first = min(articles, key=lambda article: (article.published, article.id))
    return hashlib.blake2b(first.id.encode(), digest_size=6).hexdigest()


def _weigh_places(pairs: Pairs, countries: Sequence[frozenset[str]]) -> Pairs:
    """Return the pairs, those of articles whose countries are disjoint weaker."""
    bits = {country: place for place, country in enumerate(sorted(frozenset().union(*countries)))}
    named = np.zeros((len(countries), len(bits) // 64 + 1), dtype=np.uint64)
    for node, ours in enumerate(countries):
        for place in map(bits.__getitem__, ours):
            named[node, place // 64] |= np.uint64(1 << place % 64)
    names_any = (named != 0).any(axis=1)
    apart = names_any[pairs.first] & names_any[pairs.second]
    for some in named.T:
        apart &= some[pairs.first] & some[pairs.second] == 0
    return replace(pairs, likeness=pairs.likeness * np.where(apart, DISJOINT_PLACES, 1.0))


def cluster_articles(
    articles: Sequence[Article],
    named: NamedPlaces,
    name_stems: Container[str] = (),
    same_story: float = SAME_STORY,
) -> list[list[Article]]:
    """Return the articles by event, every one exactly once; their order makes no difference."""
    ordered = sorted(articles, key=lambda article: (article.published, article.id))
    said = [article_words(article) for article in ordered]
    spellings = learn_spellings([[*its.headline, *its.lede] for its in said], name_stems)
    # Copies to the word are one node from the start: ten thousand of them cost as much as one.
    copies: dict[tuple[tuple[str, int], ...], list[Article]] = {}
    for article, its_words in zip(ordered, said, strict=True):
        # An article without a single word is like no other.
        key = tuple(sorted(its_words.stems(spellings).items())) or ((f"\0{article.id}", 0),)
        copies.setdefault(key, []).append(article)
    groups = list(copies.values())
    bags = [Counter(dict(key)) if key[0][1] else Counter() for key in copies]
    countries = [frozenset(one.place[0] for one in named[group[0].id] if one.place[0]) for group in groups]
    pairs = _weigh_places(similar_pairs(tfidf(bags, name_stems)), countries)
    clusters = agglomerate(pairs, same_story, [len(group) for group in groups])
    return [[article for node in nodes for article in groups[node]] for nodes in clusters]


def make_story(
    articles: Sequence[Article],
    named: NamedPlaces,
    placer: Placer,
    settings: RankSettings,
    now: dt.datetime,
    language: str = "ar",
) -> Story:
    """Return the story that these articles tell; its summary is written once it is picked."""
    lead = lead_article(articles, language)
    rest = sorted(
        (article for article in articles if article is not lead),
        key=lambda article: (article.published, article.id),
    )
    members = (lead, *rest)
    placement = placer.place(members, named)
    parts = score_parts(members, settings.outlet_weights, settings.gravity, now, settings.gravity_step)
    return Story(
        id=_story_id(articles),
        headline=headline_of(lead),
        summary="",
        articles=members,
        region=placement.region,
        second_region=placement.second_region,
        countries=placement.countries,
        evidence=placement.evidence,
        score=round(sum(parts.values()), 4),
        score_parts=parts,
    )


def rank(
    articles: Sequence[Article],
    placer: Placer,
    settings: RankSettings,
    now: dt.datetime,
    language: str = "ar",
) -> list[Story]:
    """Return the stories of these articles, best first; every article stands in exactly one.

    The articles' ids are distinct. `language` is the readers': a story that is told in several has its headline in that
    one, where any of its articles does. The result depends on nothing but the arguments, and not on their order.
    """
    named = {article.id: placer.read(article) for article in articles}
    groups = cluster_articles(articles, named, placer.name_stems, settings.same_story)
    stories = [make_story(group, named, placer, settings, now, language) for group in groups]
    return sorted(stories, key=lambda story: (-story.score, -story.latest.timestamp(), story.id))

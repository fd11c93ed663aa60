"""From articles to stories, best first.

articles | read places | collapse copies | vectors | pairs | average link | place, score, word | sort
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from digest.model import Article, Story
from digest.ranker.cluster import average_link, similar_pairs
from digest.ranker.places import PlaceNamed, Placer
from digest.ranker.score import score_parts
from digest.ranker.vectors import article_stems, tfidf
from digest.ranker.words import lead_article, story_summary

#: Mean cosine at which two clusters are still one story.
THRESHOLD = 0.15
#: Two articles that name countries, and none in common, are this much less alike: football finals, budgets and
#: storms share their words the world over.
DISJOINT_PLACES = 0.25

#: The places that each article names, by its id.
NamedPlaces = Mapping[str, Sequence[PlaceNamed]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RankSettings:
    """What an operator may set."""

    #: Articles older than this are yesterday's.
    window_hours: float = 30.0
    #: By outlet; 1.0 where not named.
    outlet_weights: Mapping[str, float] = field(default_factory=dict)


def _story_id(articles: Sequence[Article]) -> str:
    """Return an id that stays while the story grows: that of its first article."""
    first = min(articles, key=lambda article: (article.published, article.id))
    return hashlib.blake2b(first.id.encode(), digest_size=6).hexdigest()


def _weigh_places(
    pairs: Iterable[tuple[int, int, float]], countries: Sequence[frozenset[str]]
) -> Iterator[tuple[int, int, float]]:
    """Yield the pairs, those of articles whose countries are disjoint weaker."""
    for one, other, cosine in pairs:
        apart = countries[one] and countries[other] and countries[one].isdisjoint(countries[other])
        yield one, other, cosine * (DISJOINT_PLACES if apart else 1.0)


def cluster_articles(
    articles: Sequence[Article], named: NamedPlaces, name_stems: Container[str] = ()
) -> list[list[Article]]:
    """Return the articles by event, every one exactly once; their order makes no difference."""
    ordered = sorted(articles, key=lambda article: (article.published, article.id))
    # Copies to the word are one node from the start: ten thousand of them cost as much as one.
    copies: dict[tuple[tuple[str, int], ...], list[Article]] = {}
    for article in ordered:
        # An article without a single word is like no other.
        key = tuple(sorted(article_stems(article).items())) or ((f"\0{article.id}", 0),)
        copies.setdefault(key, []).append(article)
    groups = list(copies.values())
    bags = [Counter(dict(key)) if key[0][1] else Counter() for key in copies]
    countries = [frozenset(one.place[0] for one in named[group[0].id] if one.place[0]) for group in groups]
    pairs = _weigh_places(similar_pairs(tfidf(bags, name_stems)), countries)
    clusters = average_link(len(groups), pairs, THRESHOLD, [len(group) for group in groups])
    return [[article for node in nodes for article in groups[node]] for nodes in clusters]


def make_story(
    articles: Sequence[Article], named: NamedPlaces, placer: Placer, settings: RankSettings, now: dt.datetime
) -> Story:
    """Return the story that these articles tell."""
    lead = lead_article(articles)
    rest = sorted(
        (article for article in articles if article is not lead),
        key=lambda article: (article.published, article.id),
    )
    placement = placer.place([lead, *rest], named)
    parts = score_parts(articles, settings.outlet_weights, now)
    return Story(
        id=_story_id(articles),
        headline=lead.title,
        summary=story_summary(lead, rest),
        articles=(lead, *rest),
        region=placement.region,
        countries=placement.countries,
        evidence=placement.evidence,
        score=round(sum(parts.values()), 4),
        score_parts=parts,
    )


def rank(
    articles: Sequence[Article], placer: Placer, settings: RankSettings, now: dt.datetime
) -> list[Story]:
    """Return the stories of these articles, best first; every article stands in exactly one.

    The articles' ids are distinct. The result depends on nothing but the arguments, and not on their order.
    """
    named = {article.id: placer.read(article) for article in articles}
    groups = cluster_articles(articles, named, placer.name_stems)
    stories = [make_story(group, named, placer, settings, now) for group in groups]
    return sorted(stories, key=lambda story: (-story.score, -story.latest.timestamp(), story.id))

"""Where a story belongs: which countries, which region, and on what evidence.

Each name in an article speaks for its country with a weight by kind: what happened where (a territory, a city) says
more than who acts (a leader, a capital in place of its government). Words that mark a place count extra, the country
that a headline names first a little, and the background at the end of a summary half. A story's evidence is the mean
over its articles, so that one outlet's background does not outvote the rest. The weights stand in the middle of a
plain: on labelled days, a step from any of them to either side changes less than what two people disagree on.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from digest.model import NOWHERE, Article, Evidence, Region
from digest.ranker.gazetteer import Gazetteer
from digest.ranker.names import Mention, NameKind

#: What one mention adds, by the kind of name.
KIND_WEIGHTS = {
    NameKind.TERRITORY: 1.0,
    NameKind.CITY: 1.0,
    NameKind.CAPITAL: 0.8,
    NameKind.REGION: 0.5,
    NameKind.DEMONYM: 0.8,
    NameKind.INSTITUTION: 0.9,
    NameKind.LEADER: 0.7,
    NameKind.TOPIC: 2.0,
}
#: Words before it say that something happens there.
LOCATIVE_WEIGHT = 1.7
#: The first name of a headline is the one that the news is told of.
HEADLINE_FIRST_WEIGHT = 1.2
#: The lede says where; what follows says where else.
BACKGROUND_WEIGHT = 0.5
_LEDE_CHARACTERS = 100
#: Where a report was filed is often, but not always, where it happened.
DATELINE_WEIGHT = 0.8
#: An outlet that files a report under a country or a part of the world has decided where it belongs.
SECTION_WEIGHT = 1.2
#: A further mention of the same country in the same field counts this much of a first one.
REPEAT_WEIGHT = 0.3
#: A country belongs to a story where it has this share of the first one's evidence.
COUNTRY_SHARE = 0.35
#: A story is told as a second region's too where that has this share of the first one's evidence.
SECOND_REGION_SHARE = 0.6
#: Beside the strongest country of a region, the others there add this much of theirs to the region.
NEIGHBOUR_WEIGHT = 0.3
#: Evidence below this is by the way: the story has no place.
LEAST_EVIDENCE = 0.5
#: Two articles or stories that name countries, and none in common, are this much less alike: football finals, budgets
#: and storms share their words the world over.
DISJOINT_PLACES = 0.25
#: What a source's configured region adds to an article without any name.
_HINT_WEIGHT = 0.6
#: Characters of a summary (or text) that are read.
_SUMMARY_CHARACTERS = 600
_MOST_EVIDENCE = 6
_BETWEEN_WORDS = re.compile(r"[\W_]+")
_LONGEST_SECTION = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Where a story belongs."""

    region: str
    #: Another region that it is news of nearly as much; empty for none.
    second_region: str = ""
    countries: tuple[str, ...]
    evidence: tuple[Evidence, ...]


#: A country and a region; one of the two may be empty.
Place = tuple[str, str]
_Weights = dict[Place, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceNamed:
    """A place that an article names."""

    place: Place
    weight: float
    #: As the article wrote it; empty for a place that only its source hints at.
    words: str


def _headline_weights(mentions: Sequence[Mention]) -> Iterator[float]:
    if mentions:
        yield HEADLINE_FIRST_WEIGHT
        yield from [1.0] * (len(mentions) - 1)


def _summary_weights(mentions: Sequence[Mention]) -> Iterator[float]:
    for mention in mentions:
        yield 1.0 if mention.start <= _LEDE_CHARACTERS else BACKGROUND_WEIGHT


def _field_weights(mentions: Sequence[Mention], factors: Iterable[float]) -> Iterator[PlaceNamed]:
    """Yield each place of one field once, with the words that speak for it most."""
    by_place: dict[Place, list[tuple[float, str]]] = {}
    for mention, factor in zip(mentions, factors, strict=True):
        weight = KIND_WEIGHTS[mention.name.kind] * (LOCATIVE_WEIGHT if mention.locative else 1.0) * factor
        by_place.setdefault((mention.name.country, mention.name.region), []).append((weight, mention.words))
    for place, weighed in by_place.items():
        weight, words = max(weighed, key=lambda pair: pair[0])
        rest = sum(each for each, _ in weighed) - weight
        yield PlaceNamed(place=place, weight=weight + REPEAT_WEIGHT * rest, words=words)


def _is_told(mention: Mention) -> bool:
    """Say whether a headline's mention counts: a topic only where it opens it."""
    return mention.name.kind is not NameKind.TOPIC or mention.start == 0


class Placer:
    """Places stories by a gazetteer and a map of the world."""

    def __init__(
        self,
        gazetteer: Gazetteer,
        regions: Iterable[Region],
        hints: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        """Take the map of the world, and by source the regions that its placeless articles are about."""
        self._gazetteer = gazetteer
        self._regions = {region.id: region for region in regions}
        self._region_of = {
            country: region.id for region in self._regions.values() for country in region.countries
        }
        self._hints = hints or {}

    @property
    def name_stems(self) -> frozenset[str]:
        """The stems of all names of one word."""
        return self._gazetteer.stems

    def place(self, articles: Sequence[Article], named: Mapping[str, Sequence[PlaceNamed]]) -> Placement:
        """Return where the story of these articles belongs; `named` is `read` of each, by its id."""
        totals: _Weights = defaultdict(float)
        said: dict[Place, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        for article in articles:
            for one in named[article.id]:
                totals[one.place] += one.weight / len(articles)
                if one.words:
                    said[one.place][one.words].append(article.id)
        weights = self._region_weights(totals)
        first, *rest = sorted(weights, key=lambda region: (-weights[region], region))
        second = rest[0] if rest and weights[rest[0]] >= SECOND_REGION_SHARE * weights[first] else ""
        return Placement(
            region=first,
            second_region="" if NOWHERE in (first, second) else second,
            countries=self._countries(totals, first),
            evidence=self._evidence(totals, said),
        )

    def read(self, article: Article) -> list[PlaceNamed]:
        """Return the places that an article names, each once a field."""
        day = article.published.astimezone(dt.UTC).date()
        title = [mention for mention in self._gazetteer.find(article.title, day) if _is_told(mention)]
        summary = [
            mention
            for mention in self._gazetteer.find((article.summary or article.text)[:_SUMMARY_CHARACTERS], day)
            if mention.name.kind is not NameKind.TOPIC
        ]
        found = [
            *_field_weights(title, _headline_weights(title)),
            *_field_weights(summary, _summary_weights(summary)),
        ]
        if article.dateline:
            dateline = self._gazetteer.find(article.dateline, day)
            found += _field_weights(dateline, [DATELINE_WEIGHT] * len(dateline))
        found += self._section(article, day)
        if not found:
            hinted = self._hints.get(article.source, ())[:1]
            found = [PlaceNamed(place=("", region), weight=_HINT_WEIGHT, words="") for region in hinted]
        return found

    def _section(self, article: Article, day: dt.date) -> Iterator[PlaceNamed]:
        # Sections are written small (asia, saudi-arabia); names of places are not.
        written = _BETWEEN_WORDS.sub(" ", article.section[:_LONGEST_SECTION]).title()
        for mention in self._gazetteer.find(written, day)[:1]:
            place = (mention.name.country, mention.name.region)
            yield PlaceNamed(place=place, weight=SECTION_WEIGHT, words=article.section)

    def _region_weights(self, totals: _Weights) -> dict[str, float]:
        """Return each region's evidence; that of no place is never missing."""
        by_region: dict[str, list[float]] = defaultdict(list)
        by_region[NOWHERE].append(LEAST_EVIDENCE)
        for (country, region), weight in totals.items():
            home = region or self._region_of.get(country)
            if home:
                by_region[home].append(weight)
        return {
            region: (self._regions[region].weight if region in self._regions else 1.0)
            * (max(weights) + NEIGHBOUR_WEIGHT * (sum(weights) - max(weights)))
            for region, weights in by_region.items()
            if region in self._regions or region == NOWHERE
        }

    def _countries(self, totals: _Weights, region: str) -> tuple[str, ...]:
        weights: dict[str, float] = defaultdict(float)
        for (country, _), weight in totals.items():
            if country:
                weights[country] += weight
        ranked = sorted(weights, key=lambda country: (-weights[country], country))
        if not ranked:
            return ()
        least = COUNTRY_SHARE * weights[ranked[0]]
        kept = [country for country in ranked if weights[country] >= least]
        # The main country is one of the main region, where that has one.
        at_home = [country for country in kept if self._region_of.get(country) == region]
        return tuple(at_home[:1] + [country for country in kept if country not in at_home[:1]])

    def _evidence(
        self, totals: _Weights, said: Mapping[Place, Mapping[str, list[str]]]
    ) -> tuple[Evidence, ...]:
        evidence = []
        for (country, region), weight in sorted(totals.items(), key=lambda pair: (-pair[1], pair[0])):
            spoken = said.get((country, region))
            if not spoken:
                continue
            words = min(spoken, key=lambda key: (-len(spoken[key]), key))
            evidence.append(
                Evidence(
                    words=words,
                    country=country,
                    region=region or self._region_of.get(country, NOWHERE),
                    articles=tuple(dict.fromkeys(article for ids in spoken.values() for article in ids)),
                    weight=round(weight, 3),
                )
            )
        return tuple(evidence[:_MOST_EVIDENCE])

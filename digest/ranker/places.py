"""Where a story belongs: which countries, which region, and on what evidence.

Each name in an article speaks for its country with a weight by kind: where something happens (a city, a
territory) says more than who acts (a leader, an institution, a demonym). Headlines count more than summaries, and
words that mark a place (في، بـ) count extra. A story's evidence is the mean over its articles, so that one
outlet's background does not outvote the rest.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from digest.model import Article, Evidence, Region
from digest.ranker.gazetteer import Gazetteer, Mention, NameKind

#: What one mention adds, by the kind of name.
KIND_WEIGHTS = {
    NameKind.TERRITORY: 1.0,
    NameKind.CITY: 1.3,
    NameKind.CAPITAL: 0.9,
    NameKind.REGION: 1.0,
    NameKind.DEMONYM: 0.8,
    NameKind.INSTITUTION: 0.8,
    NameKind.LEADER: 0.7,
}
TITLE_WEIGHT = 1.5
SUMMARY_WEIGHT = 1.0
#: Where a report was filed is often, but not always, where it happened.
DATELINE_WEIGHT = 0.8
LOCATIVE_WEIGHT = 1.4
#: A further mention of the same country in the same field counts this much of a first one.
REPEAT_WEIGHT = 0.3
#: A country belongs to a story where it has this share of the first one's evidence.
COUNTRY_SHARE = 0.35
#: Beside the strongest country of a region, the others there add this much of theirs to the region.
NEIGHBOUR_WEIGHT = 0.3
#: What a source's configured region adds to an article without any name.
_HINT_WEIGHT = 0.3
#: Words of a summary (or text) that are read: the lede says where, the background says where else.
_SUMMARY_CHARACTERS = 600
_MOST_EVIDENCE = 6

#: The region of stories that have no place.
NOWHERE = "world"


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Where a story belongs."""

    region: str
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


def _field_weights(mentions: Sequence[Mention], factor: float) -> tuple[_Weights, dict[Place, Mention]]:
    totals: _Weights = {}
    strongest: dict[Place, Mention] = {}
    by_place: dict[Place, list[tuple[float, Mention]]] = defaultdict(list)
    for mention in mentions:
        weight = KIND_WEIGHTS[mention.name.kind] * (LOCATIVE_WEIGHT if mention.locative else 1.0) * factor
        by_place[mention.name.country, mention.name.region].append((weight, mention))
    for place, weighed in by_place.items():
        weighed.sort(key=lambda pair: -pair[0])
        totals[place] = weighed[0][0] + REPEAT_WEIGHT * sum(weight for weight, _ in weighed[1:])
        strongest[place] = weighed[0][1]
    return totals, strongest


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
        regions = self._region_weights(totals)
        if not regions:
            return Placement(region=NOWHERE, countries=(), evidence=())
        region = min(regions, key=lambda key: (-regions[key], key))
        countries = self._countries(totals, region)
        return Placement(region=region, countries=countries, evidence=self._evidence(totals, said))

    def read(self, article: Article) -> list[PlaceNamed]:
        """Return the places that an article names, each once a field."""
        day = article.published.astimezone(dt.UTC).date()
        summary = (article.summary or article.text)[:_SUMMARY_CHARACTERS]
        found: list[PlaceNamed] = []
        fields = (
            (article.title, TITLE_WEIGHT),
            (summary, SUMMARY_WEIGHT),
            (article.dateline, DATELINE_WEIGHT),
        )
        for text, factor in fields:
            totals, strongest = _field_weights(self._gazetteer.find(text, day), factor)
            found += [
                PlaceNamed(place=place, weight=weight, words=strongest[place].words)
                for place, weight in totals.items()
            ]
        if not found:
            hinted = self._hints.get(article.source, ())[:1]
            found = [PlaceNamed(place=("", region), weight=_HINT_WEIGHT, words="") for region in hinted]
        return found

    def _region_weights(self, totals: _Weights) -> dict[str, float]:
        by_region: dict[str, list[float]] = defaultdict(list)
        for (country, region), weight in totals.items():
            home = region or self._region_of.get(country)
            if home:
                by_region[home].append(weight)
        return {
            region: self._regions[region].weight
            * (max(weights) + NEIGHBOUR_WEIGHT * (sum(weights) - max(weights)))
            for region, weights in by_region.items()
            if region in self._regions
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

"""How much a story matters today, in parts that add up.

After the way large news services describe theirs: how many outlets report it and how prominently, how fresh it is,
how far it reaches; and, since most stories of a day have one outlet, how grave its words are. One vote an outlet,
however many articles it ran.
"""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter
from collections.abc import Mapping, Sequence

from digest.model import Article
from digest.ranker.desks import Desk, desk_of
from digest.ranker.gravity import Gravity
from digest.ranker.kinds import Kind, kind_of

#: What each distinct outlet adds, times its weight.
OUTLET = 1.0
#: What the natural logarithm of the number of articles adds: a story that outlets come back to.
SIZE = 1.0
#: What each further country of the outlets adds, up to `MOST_COUNTRIES`.
COUNTRY = 0.2
MOST_COUNTRIES = 4
#: What a story of this moment adds; half of that after `HALF_LIFE_HOURS`.
FRESHNESS = 0.1
HALF_LIFE_HOURS = 12.0
#: What each step of gravity adds, or takes off where it is below 0.
GRAVITY = 0.2
#: What a story adds that stood on top of an outlet's feed; the third place adds a third of that. Nothing where no feed
#: says: most are in the order of their dates, and their first is only their newest.
PROMINENCE = 0.3
#: What is taken off where all articles come from this desk: sport of two outlets is not worth more than news of one.
DESKS = {Desk.SPORT: 1.5, Desk.CULTURE: 1.0, Desk.LIFE: 1.0, Desk.TECHNOLOGY: 0.5}
#: What is taken off where all articles are of this kind: they are no news, or not only.
KINDS = {
    Kind.ANALYSIS: 0.5,
    Kind.INTERVIEW: 0.5,
    Kind.VIDEO: 0.8,
    Kind.GALLERY: 0.8,
    Kind.LIVE: 0.3,
    Kind.OPINION: 1.0,
    Kind.PRESS_REVIEW: 1.0,
    Kind.PROGRAMME: 1.0,
    Kind.SOFT: 1.0,
    Kind.HOROSCOPE: 1.5,
    Kind.SERVICE: 1.5,
}


def score_parts(
    articles: Sequence[Article],
    weights: Mapping[str, float],
    gravity: Gravity,
    now: dt.datetime,
    gravity_step: float = GRAVITY,
) -> dict[str, float]:
    """Return the parts of a story's score; their sum is the score.

    `weights` is each outlet's, 1.0 where not named. The articles stand with the one that tells the story best first.
    """
    outlets = dict.fromkeys(article.outlet for article in articles)
    countries = Counter(article.country for article in articles if article.country)
    places = [article.feed_place for article in articles if article.feed_place]
    newest = max(article.published for article in articles)
    age_hours = max((now - newest).total_seconds() / 3600, 0.0)
    parts = {
        "outlets": OUTLET * sum(weights.get(outlet, 1.0) for outlet in outlets),
        "size": SIZE * math.log(len(articles)),
        "countries": COUNTRY * min(max(len(countries) - 1, 0), MOST_COUNTRIES),
        "freshness": FRESHNESS * 0.5 ** (age_hours / HALF_LIFE_HOURS),
        "prominence": PROMINENCE * max((1 / place for place in places), default=0.0),
        "gravity": gravity_step * gravity.weigh(articles),
        "desk": -sum(DESKS.get(desk_of(article), 0.0) for article in articles) / len(articles),
        "kind": -sum(KINDS.get(kind_of(article), 0.0) for article in articles) / len(articles),
    }
    return {name: round(value, 4) for name, value in parts.items()}

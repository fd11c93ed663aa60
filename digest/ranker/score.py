"""How much a story matters today, in parts that add up.

After the way large news services describe theirs: how many outlets report it and how prominently, how fresh it is,
how far it reaches. One vote an outlet, however many articles it ran.
"""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter
from collections.abc import Mapping, Sequence

from digest.model import Article
from digest.ranker.words import is_soft

#: What each distinct outlet adds, times its weight.
OUTLET = 1.0
#: What the natural logarithm of the number of articles adds: a story that outlets come back to.
SIZE = 0.5
#: What each further country of the outlets adds, up to `MOST_COUNTRIES`.
COUNTRY = 0.2
MOST_COUNTRIES = 4
#: What a story of this moment adds; half of that after `HALF_LIFE_HOURS`.
FRESHNESS = 0.3
HALF_LIFE_HOURS = 12.0
#: Taken off a story whose articles are all videos, questions or opinions.
SOFT = -0.8


def score_parts(
    articles: Sequence[Article], weights: Mapping[str, float], now: dt.datetime
) -> dict[str, float]:
    """Return the parts of a story's score; their sum is the score.

    `weights` is each outlet's, 1.0 where not named.
    """
    outlets = dict.fromkeys(article.outlet for article in articles)
    countries = Counter(article.country for article in articles if article.country)
    newest = max(article.published for article in articles)
    age_hours = max((now - newest).total_seconds() / 3600, 0.0)
    soft = sum(is_soft(article.title) for article in articles) / len(articles)
    parts = {
        "outlets": OUTLET * sum(weights.get(outlet, 1.0) for outlet in outlets),
        "size": SIZE * math.log(len(articles)),
        "countries": COUNTRY * min(max(len(countries) - 1, 0), MOST_COUNTRIES),
        "freshness": FRESHNESS * 0.5 ** (age_hours / HALF_LIFE_HOURS),
        "soft": SOFT * soft,
    }
    return {name: round(value, 4) for name, value in parts.items()}

"""Which story an editor's act means today."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence


def meant(articles: Sequence[str], standing_in: Mapping[str, int]) -> int | None:
    """Return the story that these articles mean, out of those that each article stands in today; None for none.

    It is the one that holds most of them; of two, the one that holds the first named, as a story's own article of its
    headline is. Articles that are gone do not count, and at least half of the others must stand together there: what
    fresh news has scattered is no story any more.

    >>> meant(["a", "b", "gone"], {"a": 1, "b": 2})
    1
    >>> meant(["a", "b", "c"], {"a": 1, "b": 2, "c": 3}) is None
    True
    """
    today = [standing_in[article] for article in dict.fromkeys(articles) if article in standing_in]
    # Of those with the same count, the first that was met comes first.
    for story, count in Counter(today).most_common(1):
        if 2 * count >= len(today):
            return story
    return None

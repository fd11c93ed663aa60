"""Stories of named articles, and what tells one out of them, for the tests of editing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from digest.model import Article, Story
from tests.ranker.making import NOW

REGIONS = ("gulf", "levant", "africa")
_LETTERS = str.maketrans("0123456789", "بتثجحخدرزس")


def article(name: str) -> Article:
    """Return an article of an outlet of its own; the later its name in the alphabet, the younger."""
    number = int(name.encode().hex(), 16)
    return Article(
        id=name,
        outlet=f"صحيفة {name}",
        # It shares no word with another one.
        title=f"ظ{number}غ".translate(_LETTERS),
        url=f"https://example.org/{name}",
        published=NOW - dt.timedelta(hours=5) + dt.timedelta(seconds=number % 9999),
    )


def tell(articles: Sequence[Article]) -> Story:
    """Tell a story as the ranker does, in little: the oldest article gives its id, its headline and its region."""
    first, *rest = sorted(articles, key=lambda one: (one.published, one.id))
    score = float(len(articles))
    return Story(
        id=f"s-{first.id}",
        headline=first.title,
        summary="",
        articles=(first, *rest),
        region=REGIONS[int(first.id.encode().hex(), 16) % len(REGIONS)],
        countries=(),
        evidence=(),
        score=score,
        score_parts={"outlets": score},
    )


def story(names: str) -> Story:
    """Return the story of the articles with these names, a letter each."""
    return tell([article(name) for name in names])


def names(one: Story) -> str:
    """Return the names of a story's articles in alphabetical order."""
    return "".join(sorted(each.id for each in one.articles))

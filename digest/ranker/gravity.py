"""How grave the event is that a headline and its lede tell about, by the words that they use.

Most stories of a day are told by one outlet. Between those, words say what the number of outlets cannot: a coup
or a flood against a wedding or a telephone. Which word is how grave is an editor's judgement, in config/gravity.toml.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from digest.model import Article
from digest.text.arabic import light_stem, words

#: What one word of each grade is worth.
GRADES = {"grave": 2, "serious": 1, "light": -1, "trivial": -2}
#: Words of a headline and of a lede that are read.
_HEADLINE_WORDS, _LEDE_WORDS = 16, 25
#: A word of the lede says less about the event than one of the headline.
_LEDE_WEIGHT = 0.3
#: Gravity never passes this, either way: the tenth grave word adds next to nothing.
_MOST = 4.0
#: Articles of a story that are read, in the order given.
_MOST_ARTICLES = 6


class Gravity:
    """The worth of words."""

    def __init__(self, worth: Mapping[str, int]) -> None:
        """Take the worth of each stem."""
        self._worth = worth

    @classmethod
    def of(cls, table: Mapping[str, object]) -> Gravity:
        """Return the gravity that config/gravity.toml says. Raises where the table has another shape.

        A stem that two languages grade in different ways says nothing.
        """
        worth: dict[str, int] = {}
        unclear: set[str] = set()
        for lists in table.values():
            if not isinstance(lists, Mapping):
                raise TypeError("a language is no table")
            for grade, listed in lists.items():
                if not isinstance(listed, list):
                    raise TypeError(f"{grade} is no list")
                for stem in {light_stem(word) for entry in listed for word in words(entry)}:
                    if worth.setdefault(stem, GRADES[grade]) != GRADES[grade]:
                        unclear.add(stem)
        return cls({stem: value for stem, value in worth.items() if stem not in unclear})

    def weigh(self, articles: Sequence[Article]) -> float:
        """Return how grave a story is, from -4 to 4; 0 where no word says."""
        read = articles[:_MOST_ARTICLES]
        total = sum(
            self._sum(words(article.title)[:_HEADLINE_WORDS])
            + _LEDE_WEIGHT * self._sum(words(article.summary)[:_LEDE_WORDS])
            for article in read
        )
        return _MOST * math.tanh(total / len(read) / _MOST)

    def _sum(self, its_words: Iterable[str]) -> int:
        return sum(self._worth.get(light_stem(word), 0) for word in its_words)

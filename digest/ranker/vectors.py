"""Articles as TF-IDF vectors over the light stems of headline and summary."""

from __future__ import annotations

import math
import sys
from collections import Counter
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from digest.model import Article
from digest.text.arabic import stems_of, words

#: A stem of the headline counts as this many of the summary.
TITLE_WEIGHT = 2
#: Stems of a summary that are read: the lede, not the background that follows it.
SUMMARY_STEMS = 60
TITLE_STEMS = 40
#: A day's articles are taken for a sample out of a stream in which this many others hold none of their stems:
#: else the words of the day's greatest event, in a fifth of all articles, would count as common words.
UNSEEN_ARTICLES = 3000
#: A president or a country is in many events of a day: what happens tells them apart, more than who it happens to.
NAME_WEIGHT = 0.8


@dataclass(frozen=True, slots=True)
class ArticleWords:
    """What an article says, as words in comparison form."""

    headline: Sequence[str]
    #: Of the summary; an article without one lends the first words of its text.
    lede: Sequence[str]

    def stems(self, spellings: Mapping[str, str]) -> Counter[str]:
        """Return the stems with their weights, each as `spellings` says that it is to be read."""
        bag = Counter(spellings.get(stem, stem) for stem in stems_of(self.lede)[:SUMMARY_STEMS])
        for stem in stems_of(self.headline)[:TITLE_STEMS]:
            bag[spellings.get(stem, stem)] += TITLE_WEIGHT
        return bag


def article_words(article: Article) -> ArticleWords:
    """Return the words of an article."""
    # News repeats its words. One copy of each takes a third of the memory, and is looked up faster.
    headline, lede = (
        list(map(sys.intern, words(text))) for text in (article.title, article.summary or article.text[:600])
    )
    return ArticleWords(headline, lede)


def article_stems(article: Article) -> Counter[str]:
    """Return the stems of an article with their weights, as they are spelled."""
    return article_words(article).stems({})


def tfidf(bags: Sequence[Counter[str]], names: Container[str] = ()) -> sparse.csr_array:
    """Return one unit row for each bag: sublinear term frequency times inverse document frequency.

    `names` holds the stems of places and of people who stand for them; they count `NAME_WEIGHT` of other words.
    An empty bag gives a zero row. Columns are the stems in alphabetical order, so the result does not depend on
    the order in which stems are met.
    """
    documents = Counter(stem for bag in bags for stem in bag)
    vocabulary = {stem: column for column, stem in enumerate(sorted(documents))}
    stream = 1 + len(bags) + UNSEEN_ARTICLES
    rarity = {
        stem: math.log(stream / (1 + count)) * (NAME_WEIGHT if stem in names else 1.0)
        for stem, count in documents.items()
    }
    pointers: list[int] = [0]
    columns: list[int] = []
    values: list[float] = []
    for bag in bags:
        row = {vocabulary[stem]: (1 + math.log(count)) * rarity[stem] for stem, count in bag.items()}
        length = math.sqrt(sum(value * value for value in row.values()))
        columns.extend(row)
        values.extend(value / length for value in row.values())
        pointers.append(len(columns))
    shape = (len(bags), len(vocabulary))
    matrix = sparse.csr_array(
        (np.array(values), np.array(columns, dtype=np.int32), np.array(pointers, dtype=np.int32)), shape=shape
    )
    matrix.sort_indices()
    return matrix

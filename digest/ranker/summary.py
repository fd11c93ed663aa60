"""One or two whole sentences under a headline, from the ledes of a story's articles."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from digest.model import Article, Story
from digest.ranker.tolls import latest_toll, toll
from digest.text.arabic import stems, words
from digest.text.sentences import leans_back, lede_sentences
from digest.text.stop_words import latin_language

#: Characters of a story's summary.
SUMMARY_CHARACTERS = 320
#: A first sentence shorter than this takes the second with it.
_SHORT_SENTENCE = 130
#: A sentence that brings fewer stems than this, or a smaller share of its own, repeats what was said.
_LEAST_NEW, _LEAST_SHARE = 3, 0.25
#: A sentence of more stems than this tells more than the event, as a rule.
_FULL_SENTENCE = 22
#: A sentence that is this many times longer than the headline says more than it.
_AT_LENGTH = 2.0
#: Articles of a story that are read: copies of an event by the thousand say no more.
MOST_READ = 40

_ARABIC = re.compile("[\u0620-\u064a]")
_DIGIT = re.compile(r"\d")
# Letters that come and go with a word's form: أقال and يقيل, هدد and تهديد.
_WEAK_LETTERS = str.maketrans("", "", "اويءت")
# Words that any report holds: who says so, and when.
_EMPTY = frozenset(
    stem.translate(_WEAK_LETTERS)
    for stem in stems(
        """
        قال قالت أعلن أعلنت ذكر ذكرت أفاد أفادت أكد أكدت أوضح كشف كشفت يقول تقول الرئيس رئيس وزير السيد مصادر
        مصدر وكالة اليوم أمس السبت الأحد الاثنين الإثنين الثلاثاء الأربعاء الخميس الجمعة
        said says told reported announced president monday tuesday wednesday thursday friday saturday sunday
        dit annoncé président lundi mardi mercredi jeudi vendredi samedi dimanche
        """
    )
)


def language_of(article: Article) -> str:
    """Return the language of an article: by its headline's letters for Arabic, else as the article says.

    Articles from a file often do not say, and are taken for Arabic: what is not then tells by its words.
    """
    if _ARABIC.search(article.title):
        return "ar"
    if not article.language.startswith("ar"):
        return article.language[:2]
    return latin_language(words(f"{article.title} {article.summary[:SUMMARY_CHARACTERS]}"))


def speaks(article: Article, language: str) -> bool:
    """Say whether an article is in a language, whatever the country it is written for."""
    return language_of(article) == language[:2]


def _content(text: str) -> set[str]:
    """Return what the words of a text tell, in one form for all of a word's: its stem's strong letters.

    >>> _content("أقال الرئيس، الاثنين، الوزير") == _content("يقيل الوزير")
    True
    """
    return {stem.translate(_WEAK_LETTERS) or stem for stem in stems(text)} - _EMPTY


def _says_more(own: set[str], told: set[str]) -> bool:
    fresh = len(own - told)
    return fresh >= _LEAST_NEW and fresh >= _LEAST_SHARE * len(own)


@dataclass(frozen=True, slots=True)
class _Candidate:
    article: Article
    #: The sentence with what follows it in the lede.
    lede: list[str]
    own: set[str]


def _lede(article: Article) -> list[str]:
    return lede_sentences(article.summary, SUMMARY_CHARACTERS) or lede_sentences(
        article.text, SUMMARY_CHARACTERS
    )


def _candidates(articles: Sequence[Article], told: set[str]) -> Iterator[_Candidate]:
    for article in articles:
        lede = _lede(article)
        for place, sentence in enumerate(lede[:2]):
            if leans_back(sentence):
                continue
            own = _content(sentence)
            if _says_more(own, told):
                yield _Candidate(article, lede[place:], own)


def _worth(
    candidate: _Candidate, lead: Article, told: set[str], common: Mapping[str, float], total: float
) -> float:
    own = candidate.own
    shared = sum(common.get(stem, 0.0) for stem in own) / (total * max(len(own), 8))
    fresh = len(own - told)
    age_hours = abs((lead.published - candidate.article.published).total_seconds()) / 3600
    return (
        shared
        + 0.04 * min(fresh, 10)
        # It is to speak of what the headline speaks of.
        + 0.2 * (len(own) - fresh) / max(len(told), 1)
        + 0.1 * bool(_DIGIT.search(candidate.lede[0]))
        + 0.2 * (candidate.article is lead)
        - 0.01 * min(age_hours, 24.0)
        - 0.02 * max(len(own) - _FULL_SENTENCE, 0)
        - 0.1 * (len(own) < 6)
    )


def _with_the_next(lede: Sequence[str], told: set[str]) -> str:
    """Return a lede's first sentence, with the second where it is short and the second says more."""
    first = lede[0]
    if len(first) >= _SHORT_SENTENCE or len(lede) < 2 or len(first) + 1 + len(lede[1]) > SUMMARY_CHARACTERS:
        return first
    return f"{first} {lede[1]}" if _says_more(_content(lede[1]), told | _content(first)) else first


def _of_one(article: Article) -> str:
    """Return the summary of an article that is a story by itself, as most are: its first fit sentence."""
    lede = _lede(article)
    told: set[str] = set()
    for place, sentence in enumerate(lede[:2]):
        if leans_back(sentence):
            continue
        # A sentence of so many more words says more: no need to stem them.
        at_length = len(sentence) > _AT_LENGTH * len(article.title)
        told = told or _content(article.title)
        if at_length or _says_more(_content(sentence), told):
            return _with_the_next(lede[place:], told)
    return ""


def story_summary(lead: Article, articles: Sequence[Article]) -> str:
    """Return one or two whole sentences that say more than the lead's headline, "" where no article has any.

    They come from one article, in the headline's language, and count no other dead than the headline does.
    """
    if not articles:
        return _of_one(lead)
    told = _content(lead.title)
    language = language_of(lead)
    read = [lead, *(article for article in articles if article is not lead and speaks(article, language))][
        :MOST_READ
    ]
    dead = toll(lead.title)
    if dead is None:
        dead = latest_toll(read)
    found = list(_candidates(read, told))
    agreeing = [one for one in found if toll(one.lede[0]) in {None, dead}]
    if not agreeing:
        return ""
    common: dict[str, float] = {}
    for article in read:
        for stem in _content(f"{article.title} {article.summary[:SUMMARY_CHARACTERS]}"):
            common[stem] = common.get(stem, 0.0) + 1.0
    best = min(
        agreeing,
        key=lambda one: (
            -round(_worth(one, lead, told, common, len(read)), 6),
            -one.article.published.timestamp(),
            one.article.id,
            one.lede[0],
        ),
    )
    follows = len(best.lede) > 1 and toll(best.lede[1]) in {None, dead}
    return _with_the_next(best.lede if follows else best.lede[:1], told)


def summed_up(story: Story) -> Story:
    """Return the story with its summary, where it has none yet. Nine in ten are never told, and need none.

    What was reworded for readers who know of it has its words: without a sentence that is news it gets no old one.
    """
    lead, *rest = story.articles
    has_its_words = story.summary or "told" in story.score_parts
    return story if has_its_words else replace(story, summary=story_summary(lead, rest))

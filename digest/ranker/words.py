"""The words that readers get: a story's headline and its one or two sentences, chosen among its articles'."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Sequence

from digest.model import Article
from digest.text.arabic import STOP_WORDS, normalise, stems
from digest.text.tidy import shorten

#: A headline of this many words says what happened without saying all.
_WORDS_LEAST, _WORDS_MOST = 5, 14
#: What an article tells is half as new after this many hours of a story.
_FRESH_HOURS = 4.0
#: Characters of a story's summary.
SUMMARY_CHARACTERS = 320
#: A sentence without an end of this many characters was cut off by its feed, as a rule.
_CUT_OFF = 140
#: A first sentence shorter than this takes the second with it.
_SHORT_SENTENCE = 110

_SENTENCE_END = re.compile(r"(?<=[.!?؟…])[»\"”’)]*\s+(?=\S)")
# An abbreviation's full stop ends no sentence: أ.ف.ب، د. فلان, U.S.
_ABBREVIATION = re.compile(r"(?:^|[\s.(])(?:\w|[A-Z][a-z]{0,2})\.$")
_CLOSED = re.compile(r"[.!?؟…»\"”)]$")
# Words with which outlets announce a video, a gallery, an opinion or a live page instead of news.
_BAIT = re.compile(
    r"^(?:شاهد|بالفيديو|فيديو|بالصور|صور|مباشر|عاجل|تحليل|رأي|مقال|حوار|بودكاست|كاريكاتير|خاص|حصري|watch|video|opinion|live)\b|"
    r"^(?:لماذا|كيف|هل|ماذا|ما هي|ما هو|من هو|من هي|هذا ما|هذه|إليك|تعرف على|كل ما)\b|[؟?]|!",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"[«\"“][^»\"”]+[»\"”]")


def is_soft(title: str) -> bool:
    """Say whether a headline announces something other than news: a video, a question, an opinion.

    >>> is_soft("شاهد.. لحظة انهيار الجسر"), is_soft("انهيار جسر في المدينة القديمة")
    (True, False)
    """
    return bool(_BAIT.search(title))


def _headline_worth(article: Article, common: dict[str, int], count: int, newest: dt.datetime) -> float:
    words = article.title.split()
    own = set(stems(article.title))
    # The share of the articles that its words stand in, on average; a headline of a word or two says too little.
    shared = sum(common.get(stem, 0) for stem in own) / (count * max(len(own), _WORDS_LEAST))
    quoted = sum(len(found.group()) for found in _QUOTED.finditer(article.title)) / max(len(article.title), 1)
    length = len(words)
    misfit = max(_WORDS_LEAST - length, length - _WORDS_MOST, 0) / _WORDS_MOST
    age_hours = (newest - article.published).total_seconds() / 3600
    return (
        shared
        + 0.1 * math.exp2(-age_hours / _FRESH_HOURS)
        - 0.5 * is_soft(article.title)
        - 0.2 * (".." in article.title)
        - 0.5 * max(quoted - 0.3, 0.0)
        - misfit
        + 0.05 * bool(article.summary)
    )


def lead_article(articles: Sequence[Article]) -> Article:
    """Return the article that tells the story best: central, complete, plain, and of the latest state of things."""
    common: dict[str, int] = {}
    for article in articles:
        for stem in set(stems(f"{article.title} {article.summary}")):
            common[stem] = common.get(stem, 0) + 1
    newest = max(article.published for article in articles)
    worth = {article.id: _headline_worth(article, common, len(articles), newest) for article in articles}
    return min(
        articles,
        key=lambda article: (-round(worth[article.id], 6), -article.published.timestamp(), article.id),
    )


def sentences(text: str) -> list[str]:
    """Return the sentences of a text; numbers and abbreviations with a full stop in them stay whole.

    >>> sentences("ارتفع السعر 3.2 في المئة. وقال د. سامي لـ(أ.ف.ب) إنه سيهبط. انتهى")
    ['ارتفع السعر 3.2 في المئة.', 'وقال د. سامي لـ(أ.ف.ب) إنه سيهبط.', 'انتهى']
    """
    parts: list[str] = []
    start = 0
    for found in _SENTENCE_END.finditer(text):
        if _ABBREVIATION.search(text[start : found.start()]):
            continue
        parts.append(text[start : found.end()].strip())
        start = found.end()
    return [part for part in [*parts, text[start:].strip()] if part]


def _lede(text: str) -> str:
    """Return the first whole sentence or two; what a feed cut off is left out, or closed with an ellipsis."""
    parts = sentences(text)
    whole = [part for part in parts if _CLOSED.search(part)] if len(parts) > 1 else parts
    if not whole:
        return ""
    lede = whole[0] if _CLOSED.search(whole[0]) else _close(whole[0])
    if len(lede) < _SHORT_SENTENCE and len(whole) > 1 and len(lede) + len(whole[1]) < SUMMARY_CHARACTERS:
        lede = f"{lede} {whole[1]}"
    return shorten(lede, SUMMARY_CHARACTERS)


def _close(sentence: str) -> str:
    """Return a sentence without an end, closed: with an ellipsis where the feed seems to have cut it off."""
    words = sentence.rstrip(" ،؛:-–—").split()
    cut_off = len(sentence) >= _CUT_OFF or (words and normalise(words[-1]) in STOP_WORDS)
    return " ".join(words) + ("…" if cut_off else ".")


def _says_more(lede: str, headline: str) -> bool:
    told = set(stems(headline))
    return len(set(stems(lede)) - told) >= 3


def story_summary(lead: Article, articles: Sequence[Article]) -> str:
    """Return one or two sentences that say more than the headline, from the lead article where it has them."""
    for article in (lead, *articles):
        lede = _lede(article.summary or article.text[: 2 * SUMMARY_CHARACTERS])
        if lede and _says_more(lede, lead.title):
            return lede
    return ""

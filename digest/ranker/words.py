"""The headline that readers get: the best of a story's, without what its outlet hung around it."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Mapping, Sequence

from digest.model import Article
from digest.ranker.kinds import Kind, is_soft, kind_of
from digest.ranker.summary import MOST_READ, SUMMARY_CHARACTERS, speaks, story_summary
from digest.ranker.tolls import latest_toll, toll
from digest.text.arabic import normalise, stems, word_set
from digest.text.sentences import begins_with_and
from digest.text.tidy import as_prose, shorten, tidy_paragraph

__all__ = ["SUMMARY_CHARACTERS", "headline_of", "is_soft", "lead_article", "story_summary"]

#: A headline of this many words says what happened without saying all.
_WORDS_LEAST, _WORDS_MOST = 5, 14
#: A headline of fewer stems leaves out who, what or where.
_STEMS_LEAST = 7
#: What an article tells is half as new after this many hours of a story.
_FRESH_HOURS = 6.0
#: Taken off the headline of an article that is not news; most of them announce instead of telling.
_NO_NEWS = 0.5
#: Taken off a headline with a count of the dead that is not the latest.
_OUT_OF_DATE = 0.4

_QUOTED = re.compile(r"[«\"“][^«»\"“”]+[»\"”]")
# Words that hold back what happened, in comparison form.
_TEASING = re.compile(
    r"^فيديو\b|^(?:في|من) هذ[اه]\b|\b[يت]لقن(?:ه|ها|هم)? (?:.* )?درسا\b|\b[يت]كشف (?!عن)|\b(?:حقيقه|مفاجاه|يفاجي|تفاجي|لغز|غامضه?|صادمه?|مثيره?|غريبه?|عجيبه?|سر"
    r"|اسرار|كواليس|تفاصيل|يعلق علي|تعلق علي|معلقا|قصه|حكايه|دراما"
    r"|هكذا|هذا ما|وهذه|وهذا|لهذا|والسبب|تعرف|خطيره?|مرعبه?|نهايه|بدايه|فصل جديد|يفجر|تفجر|فضيحه|واقعه"
    r"|رساله|رسايل|shocking|stunning|reveals?)\b"
)
# Marks of outlets before the news that say nothing of it. An opinion's mark stays: readers must know.
_LEADING_MARK = re.compile(
    r"[\[(«#|🔴⚡🎥📷📹\s]*(?:(?:شاهد(?:وا)? ?)?(?:بالفيديو والصور|بالصور والفيديو|بالفيديو|بالصور)|شاهد(?:وا)?"
    r"|فيديو|صور|عاجل(?: جدا)?|خبر عاجل|أخبار عاجلة"
    r"|خاص|حصريا?|انفراد|متابعات?|مباشر|بث مباشر|تغطية مباشرة|تغطية خاصة|تغطية مستمرة|محدث|تحديث"
    r"|(?i:breaking(?: news)?|urgent|exclusive|just in|update[sd]?(?: ?\d)?|watch|video"
    r"|live(?: updates)?|developing|alerte|en direct"
    r"|direct|exclusif|en images|en vidéo|vidéo|photos))"
    r"(?:\s*(?:[:|•/!»\])]|[–—-]\s|\.{2,}|…)[\s:|•.…–—-]*|(?<=بالفيديو)\s+(?!كونف)|(?<=بالصور)\s+)(?=\S)"
)
_FILM = r"(?:فيديو(?: وصور)?|صور(?: وفيديو)?|بالفيديو|بالصور|شاهد|(?i:video|photos?|vidéo|watch))"
_TRAILING_MARK = re.compile(
    rf"\s*(?:[(\[{{]\s*{_FILM}\s*[)\]}}]|(?:[|+•–—-]|(?<!\.)\.{{2,}}|…)\s*{_FILM})\s*$"
)
_PARTED = re.compile(r"[|•]| [-–—]")
_TAIL = re.compile(r"\s*[|•]\s*(?P<bar>[^|•]{2,40})$|\s+[-–—]\s*(?P<dash>[^|–—-]{2,40})$")
# Words of outlets' names that stand in no other place at a headline's end, in comparison form.
_OUTLET_WORDS = word_set(
    "bbc cnn afp reuters sky france24 news euronews guardian الجزيره نيوز رويترز صحيفه جريده"
)
# Dots behind a number part two clauses where a space follows: 3..2 is a score.
_DOTS = re.compile(r"(?:(?<![\d.])\s*(?:\.{2,}|…)(?!\d)\s*|(?<=\d)(?:\.{2,}|…)\s+)(?=[^\s.…!؟?])")
# A headline that begins so has no topic before its first two dots, but a circumstance.
_CIRCUMSTANCE = re.compile(
    r"(?:بعد|قبل|رغم|منذ|في|من|مع|على|عقب|إثر|وسط|بسبب|خلال|لأول|للمرة|بعيدا|بينما|بالرغم|لليوم|لليلة)\b"
)
_TOPIC_WORDS = 3
# Whose last full stop is the abbreviation's: U.S., E.A.U.
_ENDS_SHORTENED = re.compile(r"(?:^|[\s(])(?:[^\W\d_]\.){2,}$")
#: Characters of a headline; what is longer is none, and is cut between words.
_LONGEST = 300
#: No outlet hangs more around a headline.
_MOST_MARKS = 4
_ARABIC_LETTER = re.compile("[\u0620-\u064a]")


def headline_of(article: Article) -> str:
    """Return an article's headline without its outlet's marks and name, two dots as a newspaper prints them.

    >>> import datetime as dt
    >>> one = Article(id="1", outlet="صوت الزيتونة", url="", published=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    ...     title="عاجل | المغرب.. إغلاق الميناء  وسط العاصفة - صوت الزيتونة")
    >>> headline_of(one)
    'المغرب: إغلاق الميناء وسط العاصفة'
    """
    # Without a headline, the summary's beginning tells most.
    title = tidy_paragraph(article.title) or tidy_paragraph(article.summary)
    title = as_prose(title[: 2 * _LONGEST])
    title = _without_mark(_without_outlet(_without_mark(title), article.outlet))
    return shorten(_plain_dots(title) or title, _LONGEST)


def _without_mark(title: str) -> str:
    """Return a headline without the marks at its ends, two words of it at least."""
    for _ in range(_MOST_MARKS):
        found = _LEADING_MARK.match(title) or _TRAILING_MARK.search(title)
        less = (title[: found.start()] or title[found.end() :]) if found else ""
        if len(less.split()) < 2:
            break
        title = less
    return title


def _without_outlet(title: str, outlet: str) -> str:
    found = _TAIL.search(title) if _PARTED.search(title) else None
    if not found or len(title[: found.start()].split()) < 3:
        return title
    name = normalise(found["bar"] or found["dash"])
    words = name.split()
    is_name = name == normalise(outlet) or (len(words) <= 4 and not _OUTLET_WORDS.isdisjoint(words))
    if is_name or (found["bar"] and len(words) <= 3):
        return title[: found.start()]
    return title


def _plain_dots(title: str) -> str:
    if ".." not in title and "…" not in title and not title.endswith("."):
        return title
    if not _ENDS_SHORTENED.search(title):
        title = title.rstrip(" .…")
    found = _DOTS.search(title)
    if not found:
        return title
    topic = title[: found.start()]
    is_topic = len(topic.split()) <= _TOPIC_WORDS and ":" not in title and not _CIRCUMSTANCE.match(topic)
    # "مصر.. والوزير يغيب" goes on with what it began.
    is_topic = is_topic and not begins_with_and(title[found.end() :])
    comma = "، " if _ARABIC_LETTER.search(title) else ", "
    rest = _DOTS.sub(comma, title[found.end() :])
    return f"{topic}{': ' if is_topic else comma}{rest}"


def _weight(article: Article, newest: dt.datetime) -> float:
    """Return how much an article says about the latest state of things, between a tenth and one."""
    age_hours = (newest - article.published).total_seconds() / 3600
    return 0.1 + 0.9 * math.exp2(-age_hours / _FRESH_HOURS)


def _plainness(article: Article) -> float:
    """Return how plainly a headline tells its news, 0 at best."""
    title = article.title
    length = len(title.split())
    quoted = sum(len(found.group()) for found in _QUOTED.finditer(title)) / max(len(title), 1)
    misfit = max(_WORDS_LEAST - length, length - _WORDS_MOST, 0) / _WORDS_MOST
    return -(
        _NO_NEWS * (kind_of(article) is not Kind.NEWS or "!" in title)
        + 0.1 * (".." in title)
        + 0.15 * min(len(_TEASING.findall(normalise(title))), 3)
        + 0.15 * title.startswith(('"', "«", "“"))
        + 0.5 * max(quoted - 0.3, 0.0)
        + misfit
    )


def _worth(article: Article, common: Mapping[str, float], others: float, count: int, weight: float) -> float:
    """Return how good a headline is; `others` is the weight of the other articles, of `count` in all."""
    own = set(stems(article.title))
    # The share of the other articles that its words stand in, on average; a word or two say too little.
    shared = sum(common[stem] - weight for stem in own) / (others * max(len(own), _STEMS_LEAST))
    # Of two articles, what they share is chance as much as the heart of the matter.
    return (
        (count - 1) / (count + 1) * shared
        + 0.15 * weight
        + _plainness(article)
        + 0.05 * bool(article.summary)
    )


def lead_article(articles: Sequence[Article], language: str = "ar") -> Article:
    """Return the article that tells the story best: central, complete, plain, of the latest state of things.

    Of a story in several languages, one in `language` where there is any.
    """
    if len(articles) == 1:
        return articles[0]
    in_language = [article for article in articles if speaks(article, language)] or list(articles)
    read = sorted(in_language, key=lambda article: (-article.published.timestamp(), article.id))[:MOST_READ]
    if len(read) == 1:
        return read[0]
    weights = {article.id: _weight(article, read[0].published) for article in read}
    common: dict[str, float] = {}
    for article in read:
        for stem in set(stems(f"{article.title} {article.summary}")):
            common[stem] = common.get(stem, 0.0) + weights[article.id]
    total = sum(weights.values())
    dead = latest_toll(read)
    worth = {
        article.id: _worth(article, common, total - weights[article.id], len(read), weights[article.id])
        # What counts fewer dead than are known by now is out of date.
        - _OUT_OF_DATE * (toll(article.title) not in {None, dead})
        for article in read
    }
    return min(
        read, key=lambda article: (-round(worth[article.id], 6), -article.published.timestamp(), article.id)
    )

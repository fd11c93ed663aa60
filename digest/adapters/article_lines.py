"""Articles as JSON lines: what `digest articles` writes and `digest rank` reads."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable
from dataclasses import dataclass

from digest.collector.clean import LONGEST_SUMMARY, clean_title, plain_text
from digest.collector.dates import parse_date
from digest.model import Article
from digest.text.tidy import as_prose, shorten

_TEXTS = (
    "id",
    "outlet",
    "section",
    "url",
    "title",
    "summary",
    "text",
    "country",
    "source",
    "language",
    "dateline",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadLines:
    """The articles of a file, and what could not be read."""

    articles: tuple[Article, ...]
    #: One sentence for each line that was left out, with its number.
    faults: tuple[str, ...]


def article_line(article: Article) -> str:
    """Return an article as one line of JSON."""
    line: dict[str, object] = {
        "id": article.id,
        "source": article.source,
        "outlet": article.outlet,
        "section": article.section,
        "url": article.url,
        "published": article.published.isoformat(),
        "title": article.title,
        "summary": article.summary,
        "country": article.country,
        "language": article.language,
    }
    if article.dateline:
        line["dateline"] = article.dateline
    if not article.dated:
        line["dated"] = False
    if article.feed_place is not None:
        line["place"] = article.feed_place
    if article.text:
        line["text"] = article.text
    return json.dumps(line, ensure_ascii=False)


def read_articles(lines: Iterable[bytes], now: dt.datetime) -> ReadLines:
    """Return the articles of these lines; an article without a date that can be read is of `now`.

    A line that cannot be read, or whose id stood before, is left out and named.
    """
    articles: dict[str, Article] = {}
    first_lines: dict[str, int] = {}
    faults = []
    for number, raw in enumerate(lines, start=1):
        if not raw.strip():
            continue
        try:
            article = _article(json.loads(raw.decode("utf-8-sig" if number == 1 else "utf-8")), now)
        except (ValueError, TypeError, RecursionError) as error:
            faults.append(f"line {number} is left out: {error}")
            continue
        if article.id in articles:
            faults.append(
                f"line {number} is left out: the id {article.id!r} stands already on line {first_lines[article.id]}"
            )
            continue
        articles[article.id] = article
        first_lines[article.id] = number
    return ReadLines(articles=tuple(articles.values()), faults=tuple(faults))


def _article(fields: object, now: dt.datetime) -> Article:
    if not isinstance(fields, dict):
        raise TypeError("it is no JSON object")
    for name in ("id", "outlet"):
        if not isinstance(fields.get(name), str | int) or fields[name] == "":
            raise ValueError(f"it has no {name}")
        if _whole(str(fields[name])) != str(fields[name]):
            raise ValueError(f"its {name} holds half a letter (a lone surrogate)")
    texts = {name: "" if fields.get(name) is None else _whole(str(fields[name])) for name in _TEXTS}
    published = parse_date(str(fields.get("published") or fields.get("pub_date") or "")) or now
    return Article(
        id=texts["id"],
        outlet=texts["outlet"],
        title=clean_title(texts["title"], ()),
        url=texts["url"],
        published=published,
        summary=shorten(as_prose(plain_text(texts["summary"])), LONGEST_SUMMARY),
        text=texts["text"],
        section=texts["section"],
        source=texts["source"],
        country=texts["country"],
        language=texts["language"] or "ar",
        dateline=plain_text(texts["dateline"]),
        dated=fields.get("dated") is not False,
        feed_place=_place(fields.get("place")),
    )


def _whole(text: str) -> str:
    """Return a text without halves of letters, which JSON can write and UTF-8 cannot."""
    return text.encode("utf-8", "ignore").decode("utf-8")


def _place(given: object) -> int | None:
    # JSON's true is a number to Python.
    if given is None or (isinstance(given, int) and not isinstance(given, bool) and given >= 1):
        return given
    raise ValueError(f"its place is no whole number from 1: {given!r}")

"""The sample's outlets and articles, dated relative to a moment. Pure but for reading its own files."""

from __future__ import annotations

import datetime as dt
import pathlib
import tomllib
from dataclasses import dataclass
from typing import Any

_FOLDER = pathlib.Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleOutlet:
    """An invented outlet and the kind of feed it has."""

    id: str
    name: str
    country: str
    timezone: str
    weight: float
    #: rss, rdf or atom.
    format: str
    #: The codec of the feed's bytes.
    encoding: str
    #: How the feed misbehaves; empty for not at all.
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleArticle:
    """One article of the sample."""

    #: Unique; its guid and the end of its link.
    id: str
    outlet: str
    #: The event that it is about, and where that belongs: what a ranker should find.
    event: str
    region: str
    country: str
    published: dt.datetime
    section: str
    title: str
    summary: str


def sample_outlets() -> list[SampleOutlet]:
    """Return the outlets."""
    rows = tomllib.loads((_FOLDER / "outlets.toml").read_text(encoding="utf-8"))["outlet"]
    return [SampleOutlet(**row) for row in rows]


def sample_articles(now: dt.datetime) -> list[SampleArticle]:
    """Return the articles, oldest first, as if it were `now` when they were last written."""
    articles = []
    for path in sorted((_FOLDER / "news").glob("*.toml")):
        for event in tomllib.loads(path.read_text(encoding="utf-8"))["event"]:
            articles += [
                _article(path.stem, event, number, row, now) for number, row in enumerate(event["article"], 1)
            ]
    return sorted(articles, key=lambda article: (article.published, article.id))


def _article(
    region: str, event: dict[str, Any], number: int, row: dict[str, Any], now: dt.datetime
) -> SampleArticle:
    return SampleArticle(
        id=f"{event['id']}-{number}",
        outlet=row["outlet"],
        event=event["id"],
        region=region,
        country=event["country"],
        published=(now - dt.timedelta(hours=row["hours_ago"])).replace(microsecond=0),
        section=row["section"],
        title=row["title"],
        summary=row["summary"],
    )

"""The headlines of opened editions, and the words by which they are found.

A word is kept in the forms in which a reader may look for it, in the spelling of comparison: hamza, harakat, the
article and the commonest endings do not matter.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from digest.adapters.store.schema import edition, headline, headline_word
from digest.text.arabic import stems
from digest.text.tidy import tidy

#: Letters of a word that count; an index takes no words of any length.
MOST_LETTERS = 40
#: Words of a headline, and of a query, that count.
MOST_WORDS, MOST_ASKED = 100, 8
#: Particles that are written with a word, each with the letters that are left behind it at least.
_PARTICLES = {"و": 3, "ب": 3, "ل": 3, "ف": 4, "ك": 4}
#: An alif at the end of so many letters may be the tanween's.
_WITH_TANWEEN = 5

_Row: TypeAlias = dict[str, str | int]


def index_words(text: str) -> set[str]:
    """Return the forms under which a headline is found.

    >>> sorted(index_words("وليبيا تطلق 12 أسيراً"))
    ['12', 'اسير', 'اسيرا', 'تطلق', 'ليبي', 'ليبيا', 'وليبي', 'وليبيا']
    """
    return {form[:MOST_LETTERS] for stem in stems(text)[:MOST_WORDS] for form in _forms(stem)}


def query_words(query: str) -> list[str]:
    """Return the words that a query asks for, each once; stop words ask for nothing.

    >>> query_words("الأسير في لُبنان")
    ['اسير', 'لبن']
    """
    return list(dict.fromkeys(stem[:MOST_LETTERS] for stem in stems(query)))[:MOST_ASKED]


def _forms(stem: str) -> Iterator[str]:
    whole = [stem]
    # Whether the first letter is a particle nobody knows who sees one headline: both are kept.
    if len(stem) > _PARTICLES.get(stem[0], len(stem)):
        whole.append(stem[1:])
    for form in whole:
        yield form
        if len(form) >= _WITH_TANWEEN and form.endswith("ا"):
            yield form[:-1]


def index_headlines(connection: Connection, edition_id: str) -> None:
    """Put an edition's headlines where they are found, in the caller's transaction."""
    document = connection.scalars(sa.select(edition.c.document).where(edition.c.id == edition_id)).one()
    headlines, words = rows_of(edition_id, document)
    if headlines:
        connection.execute(sa.insert(headline), headlines)
    if words:
        connection.execute(sa.insert(headline_word), words)


def rows_of(edition_id: str, document: str) -> tuple[list[_Row], list[_Row]]:
    """Return the rows of an edition's headlines and those of their words, from its document as it is stored."""
    headlines: list[_Row] = []
    words: list[_Row] = []
    for number, story in enumerate(_stories(json.loads(document)), 1):
        told = story.get("update_of") or {}
        key = {"edition_id": edition_id, "story_id": story["id"]}
        rest = {
            "number": number,
            "headline": tidy(story["headline"]),
            "told_edition": told.get("edition_id", ""),
            "told_story": told.get("story_id", ""),
        }
        headlines.append(key | rest)
        words += [key | {"word": word} for word in sorted(index_words(story["headline"]))]
    return headlines, words


def _stories(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield every story once, in the order in which it is read: the lead, the sections', the briefs."""
    groups = [section["stories"] for section in document.get("sections", [])] + [document.get("briefs", [])]
    by_id = {story["id"]: story for group in groups for story in group}
    lead = by_id.pop(document.get("lead_id", ""), None)
    if lead:
        yield lead
    yield from by_id.values()

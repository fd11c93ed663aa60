"""Entries with names, and what a store knows of them."""

from __future__ import annotations

from typing import TypedDict, Unpack

from digest.collector.identity import aliases, match
from digest.model import ArticleDraft

TITLE = "افتتاح ميناء الواحة الجديد بحضور الوزراء"
SUMMARY = "حضر الحفل وزراء النقل من خمس دول عربية."


class Entry(TypedDict, total=False):
    """What names an entry."""

    source_id: str
    outlet: str
    guid: str
    url: str
    title: str
    summary: str


ENTRY = Entry(
    source_id="waha",
    outlet="صوت الواحة",
    guid="post-1",
    url="https://waha.example/1",
    title=TITLE,
    summary=SUMMARY,
)


def draft(**changes: Unpack[Entry]) -> ArticleDraft:
    """Return an entry with the names that the collector would give it."""
    entry = Entry(**{**ENTRY, **changes})
    return ArticleDraft(
        aliases=aliases(
            source_id=entry["source_id"],
            outlet=entry["outlet"],
            guid=entry["guid"],
            url=entry["url"],
            title=entry["title"],
            summary=entry["summary"],
        ),
        url=entry["url"],
        title=entry["title"],
        summary=entry["summary"],
        published=None,
    )


def store(drafts: list[ArticleDraft]) -> dict[str, str]:
    """Return what a store knows after it took in a feed."""
    return {alias: found.article_id for found in match(drafts, {}) for alias in found.draft.aliases}

"""What a feed holds, in figures: for the person who thinks of adding it. Pure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass

from digest.collector.decode import decode
from digest.model import FetchResult, ParsedFeed

#: Headlines that are shown.
_SHOWN = 3
#: A feed whose newest entry is older says nothing new any more, or not to us.
STALE_AFTER = dt.timedelta(days=7)
#: What a date may lie ahead of us.
_AHEAD = dt.timedelta(minutes=30)
#: Characters of a feed in which its first element stands.
_HEAD = 10_000
_ROOT = re.compile(r"<(?:[\w-]+:)?(rss|feed|RDF)\b([^<>]*)>")
_VERSION = re.compile(r"version\s*=\s*[\"']\s*([\d.]{1,5})")
_FIRST_ENTRY = re.compile(r"<(?:\w+:)?(?:item|entry)\b")
_LANGUAGE = re.compile(
    r"<(?:\w+:)?language(?:\s[^<>]*)?>(?:<!\[CDATA\[)?\s*([A-Za-z_-]{2,12})|xml:lang\s*=\s*[\"']([A-Za-z_-]{2,12})"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSurvey:
    """What a feed holds."""

    #: `RSS 2.0`, `Atom`.
    kind: str
    encoding: str
    #: What had to be mended to read it, in words; empty where nothing had.
    repair: str
    title: str
    #: As the feed declares it; empty where it does not.
    language: str
    #: In the body, and those among them that cannot be used or stand there twice.
    entries: int
    unusable: int
    #: Of the entries that can be used.
    usable: int
    dated: int
    with_summary: int
    with_guid: int
    with_image: int
    #: When the newest entry was published; dates ahead of us do not count.
    newest: dt.datetime | None
    #: Entries a day, lately; None where too few dates tell.
    per_day: float | None
    #: The first few.
    headlines: tuple[str, ...]
    #: All headlines in one, to tell the language by.
    sample: str

    @property
    def lacks_summaries(self) -> bool:
        """Whether most entries are a headline and no more."""
        return self.usable > 0 and self.with_summary * 2 < self.usable

    @property
    def lacks_dates(self) -> bool:
        """Whether most entries carry no date that can be read."""
        return self.usable > 0 and self.dated * 2 < self.usable

    def is_stale(self, now: dt.datetime) -> bool:
        """Say whether the newest entry is older than a week."""
        return self.newest is not None and now - self.newest > STALE_AFTER


def survey(fetched: FetchResult, feed: ParsedFeed, now: dt.datetime) -> FeedSurvey:
    """Return what a feed that was fetched and read holds."""
    decoded = decode(fetched.body, fetched.charset)
    head = decoded.text[:_HEAD]
    drafts = feed.drafts
    past = sorted(draft.published for draft in drafts if draft.published and draft.published <= now + _AHEAD)
    return FeedSurvey(
        kind=_kind(head),
        encoding=decoded.encoding,
        repair=feed.repair,
        title=feed.title,
        language=_language(head),
        entries=feed.entries,
        unusable=max(feed.entries - len(drafts), 0),
        usable=len(drafts),
        dated=sum(draft.published is not None for draft in drafts),
        with_summary=sum(bool(draft.summary) for draft in drafts),
        with_guid=sum(any(name.startswith("guid:") for name in draft.aliases) for draft in drafts),
        with_image=sum(draft.image_url is not None for draft in drafts),
        newest=past[-1] if past else None,
        per_day=_per_day(past),
        headlines=tuple(draft.title for draft in drafts[:_SHOWN]),
        sample=" ".join(draft.title for draft in drafts),
    )


def _kind(head: str) -> str:
    root = _ROOT.search(head)
    if root is None:
        return "a feed of an unusual kind"
    version = _VERSION.search(root[2])
    names = {"rss": f"RSS {version[1] if version else '2.0'}", "feed": "Atom", "RDF": "RSS 1.0 (RDF)"}
    return names[root[1]]


def _language(head: str) -> str:
    first = _FIRST_ENTRY.search(head)
    found = _LANGUAGE.search(head, 0, first.start() if first else len(head))
    return (found[1] or found[2]) if found else ""


def _per_day(moments: Sequence[dt.datetime]) -> float | None:
    """Return how many a day came lately, by the newer half: one old entry that is kept on top tells nothing."""
    newer = moments[len(moments) // 2 :] if len(moments) > 3 else moments
    span = newer[-1] - newer[0] if newer else dt.timedelta()
    return (len(newer) - 1) / (span / dt.timedelta(days=1)) if span else None

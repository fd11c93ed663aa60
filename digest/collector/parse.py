"""A feed's bytes to article drafts, through feedparser."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import feedparser
import feedparser.api

from digest.collector import buffered_sax
from digest.collector.answers import is_challenge
from digest.collector.clean import clean_summary, clean_title, plain_text
from digest.collector.dates import parse_date
from digest.collector.decode import Decoded, decode
from digest.collector.identity import aliases, drop_shared_names
from digest.collector.images import best_image
from digest.collector.order import is_chosen, written_dates
from digest.collector.trim import Item, find_items, without
from digest.collector.urls import canonical_url, web_url
from digest.errors import FeedError
from digest.model import ArticleDraft, Failure, FetchResult, ParsedFeed, Source
from digest.text.tidy import shorten

feedparser.api.PREFERRED_XML_PARSERS[:] = [buffered_sax.__name__]
#: Entries of one feed that are read at a time.
MOST_ENTRIES = 1000
#: Characters of the headline that is made of the text where a feed gives none.
_MADE_HEADLINE = 120


def read_feed(
    source: Source, fetched: FetchResult, seen: Mapping[str, tuple[str, ...]] | None = None
) -> ParsedFeed:
    """Return what a fetched feed brings.

    `seen` is the `items` of the last time: entries that stand in it are not read again. Entries without anything
    to show or to go to are counted and left out. Raises FeedError where the body is no feed, and says what it is
    instead.
    """
    decoded = decode(fetched.body, fetched.charset)
    body = decoded.as_utf8()
    items, fault = find_items(body)
    repair = "; ".join(part for part in (decoded.repair, fault) if part)
    known = seen or {}
    if items:
        unknown = [index for index, item in enumerate(items) if item.hash not in known]
        # The rest of a long archive's turn comes with the next fetches.
        fresh = unknown[:MOST_ENTRIES]
        trimmed = _trimmed(source, body, items, fresh, known, repair)
        if trimmed:
            return replace(trimmed, left=len(unknown) - len(fresh))
    feed = _read(body)
    if not feed.entries and not feed.version:
        kind = Failure.BLOCKED if is_challenge(decoded.text) else Failure.UNREADABLE
        raise FeedError(f"not a feed: {_what_it_is(decoded, fetched.content_type)}", kind)
    read = _drafts(source, feed, feed.entries[:MOST_ENTRIES])
    drafts = _placed(read, range(len(read)), (draft.published if draft else None for draft in read))
    return _parsed(feed, drafts, (), {}, len(feed.entries), repair)


def _trimmed(
    source: Source,
    body: bytes,
    items: Sequence[Item],
    fresh: Sequence[int],
    known: Mapping[str, tuple[str, ...]],
    repair: str,
) -> ParsedFeed | None:
    """Read only the fresh items; None where feedparser does not find the same entries as we."""
    present = {item.hash: known[item.hash] for item in items if item.hash in known}
    if not fresh:
        return ParsedFeed(drafts=(), items=present, entries=len(items), repair=repair)
    feed = _read(without(body, items, set(fresh)))
    if len(feed.entries) != len(fresh):
        return None
    drafts = _placed(_drafts(source, feed, feed.entries), fresh, written_dates(body, items, source.timezone))
    names = {items[at].hash: draft.aliases if draft else () for at, draft in zip(fresh, drafts, strict=True)}
    return _parsed(feed, drafts, tuple(present.values()), {**present, **names}, len(items), repair)


def _placed(
    drafts: Sequence[ArticleDraft | None], positions: Sequence[int], dates: Iterable[dt.datetime | None]
) -> Sequence[ArticleDraft | None]:
    """Tell the drafts their places in the feed, if the order of all its entries, of these dates, says anything."""
    if not is_chosen(dates):
        return drafts
    return [
        replace(draft, place=position + 1) if draft else None
        for draft, position in zip(drafts, positions, strict=True)
    ]


def _parsed(
    feed: Any,
    drafts: Sequence[ArticleDraft | None],
    others: Sequence[tuple[str, ...]],
    items: Mapping[str, tuple[str, ...]],
    found: int,
    repair: str,
) -> ParsedFeed:
    told = [draft for draft in drafts if draft]
    return ParsedFeed(
        drafts=tuple(drop_shared_names(told, others)),
        items=items,
        entries=found,
        skipped=len(drafts) - len(told),
        repair=repair,
        title=plain_text(feed.feed.get("title") or ""),
    )


def _read(body: bytes) -> Any:
    try:
        # Our own cleaning follows; feedparser's would cost three quarters of its time.
        return feedparser.parse(io.BytesIO(body), sanitize_html=False, resolve_relative_uris=False)
    except MemoryError:
        raise
    except Exception as error:
        # Its parser for what is not well-formed stumbles over some orders of tags: KeyError, IndexError.
        raise FeedError(f"too damaged to be read: {type(error).__name__}: {error}") from error


def _what_it_is(decoded: Decoded, content_type: str) -> str:
    begin = decoded.text[:2000].lstrip()
    head = begin.lower()
    if not head:
        return "an empty answer"
    if is_challenge(decoded.text):
        return "a challenge page that wants a browser: the outlet blocks programs"
    if head.startswith(("<!doctype html", "<html")) or "<body" in head:
        return "a web page (an error, a login page, or the feed has moved)"
    return f"content of type {content_type or 'unknown'} that begins with {begin[:40].strip()!r}"


def _drafts(source: Source, feed: Any, entries: Sequence[Any]) -> list[ArticleDraft | None]:
    names = (source.outlet, plain_text(feed.feed.get("title") or ""))
    front_page = canonical_url(feed.feed.get("link") or "")
    return [_draft(source, names, front_page, entry) for entry in entries]


def _draft(source: Source, names: tuple[str, ...], front_page: str, entry: Any) -> ArticleDraft | None:
    guid = entry.get("id") or ""
    url = _link(entry.get("link") or "", guid, source)
    title = clean_title(entry.get("title") or "", names)
    content = entry.get("summary") or next((part.get("value") for part in entry.get("content", [])), None)
    summary = clean_summary(content or "", title, names)
    title = title or shorten(summary.text, _MADE_HEADLINE)
    if not title or not url:
        return None
    tags = [plain_text(tag.get("term") or "") for tag in entry.get("tags", [])]
    image = best_image(entry, source.url)
    return ArticleDraft(
        aliases=aliases(
            source_id=source.id,
            outlet=source.outlet,
            guid=guid,
            url="" if canonical_url(url) == front_page else url,
            title=title,
            summary=summary.text,
        ),
        url=url,
        title=title,
        summary=summary.text,
        published=_published(entry, source),
        section=next((tag for tag in tags if tag), ""),
        dateline=summary.dateline,
        image_url=image.url if image else None,
        image_width=image.width if image else None,
        image_height=image.height if image else None,
    )


def _published(entry: Any, source: Source) -> dt.datetime | None:
    # Past feedparser's own `get`, which answers `updated` with `published`, and warns.
    dates = (dict.get(entry, key) for key in ("published", "updated", "created"))
    return next((moment for text in dates if text and (moment := parse_date(text, source.timezone))), None)


def _link(link: str, guid: str, source: Source) -> str | None:
    # feedparser gives a guid for a missing link; where it is no address, it must not become one.
    url = web_url(link, "" if link == guid else source.url)
    # A placeholder, `#` or `http://`, leads back to the feed.
    if url and url.partition("#")[0] != source.url:
        return url
    return web_url(guid) if guid.startswith("http") else None

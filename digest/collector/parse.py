"""A feed's bytes to article drafts, through feedparser."""

from __future__ import annotations

import io
from typing import Any

import feedparser

from digest.collector.clean import clean_summary, clean_title, plain_text
from digest.collector.dates import parse_date
from digest.collector.decode import Decoded, decode
from digest.collector.identity import aliases, drop_shared_names
from digest.collector.urls import canonical_url, web_url
from digest.errors import FeedError
from digest.model import ArticleDraft, FetchResult, Source

#: Entries of one feed that are read at most; a larger feed is an archive, newest first.
MOST_ENTRIES = 500


def parse_feed(source: Source, fetched: FetchResult) -> list[ArticleDraft]:
    """Return the entries of a fetched feed, in its order.

    Entries without headline or link are left out: there is nothing to show or to go to. Raises FeedError where
    the body is no feed, and says what it is instead.
    """
    decoded = decode(fetched.body, fetched.charset)
    feed = _read(decoded)
    if not feed.entries and not feed.version:
        raise FeedError(f"not a feed: {_what_it_is(decoded.text, fetched.content_type)}")
    site_link = feed.feed.get("link") or ""
    names = (source.outlet, plain_text(feed.feed.get("title") or ""))
    drafts = [_draft(source, entry, names, site_link) for entry in feed.entries[:MOST_ENTRIES]]
    return drop_shared_names([draft for draft in drafts if draft])


def _read(decoded: Decoded) -> Any:
    try:
        # Our own cleaning follows; feedparser's would cost three quarters of its time.
        return feedparser.parse(
            io.BytesIO(decoded.as_utf8()), sanitize_html=False, resolve_relative_uris=False
        )
    except Exception as error:
        # Its parser for what is not well-formed stumbles over some orders of tags: KeyError, IndexError.
        raise FeedError(f"too damaged to be read: {type(error).__name__}: {error}") from error


def _what_it_is(text: str, content_type: str) -> str:
    head = text[:2000].lstrip().lower()
    if not head:
        return "an empty answer"
    if head.startswith(("<!doctype html", "<html")) or "<body" in head:
        return "a web page (an error, a login or a challenge page, or the feed has moved)"
    return f"content of type {content_type or 'unknown'} that begins with {text[:40].strip()!r}"


def _draft(source: Source, entry: Any, names: tuple[str, ...], site_link: str) -> ArticleDraft | None:
    title = clean_title(entry.get("title") or "", names)
    guid = entry.get("id") or ""
    url = _link(entry.get("link") or "", guid, source)
    if not title or not url:
        return None
    content = entry.get("summary") or next((part.get("value") for part in entry.get("content", [])), None)
    summary = clean_summary(content or "", title)
    # Past feedparser's own `get`, which answers `updated` with `published`, and warns.
    dates = (dict.get(entry, key) for key in ("published", "updated", "created"))
    published = next(
        (moment for text in dates if text and (moment := parse_date(text, source.timezone))), None
    )
    tags = [plain_text(tag.get("term") or "") for tag in entry.get("tags", [])]
    return ArticleDraft(
        aliases=aliases(
            source_id=source.id,
            outlet=source.outlet,
            guid=guid,
            url="" if canonical_url(url) == canonical_url(site_link) else url,
            title=title,
            summary=summary,
        ),
        url=url,
        title=title,
        summary=summary,
        published=published,
        section=next((tag for tag in tags if tag), ""),
        image_url=_image(entry, source),
    )


def _link(link: str, guid: str, source: Source) -> str | None:
    # feedparser gives a guid for a missing link; where it is no address, it must not become one.
    url = web_url(link, "" if link == guid else source.url)
    # A placeholder, `#` or `http://`, leads back to the feed.
    if url and url.partition("#")[0] != source.url:
        return url
    return web_url(guid) if guid.startswith("http") else None


def _image(entry: Any, source: Source) -> str | None:
    candidates = [
        *entry.get("media_content", []),
        *entry.get("media_thumbnail", []),
        *entry.get("enclosures", []),
    ]
    for candidate in candidates:
        kind = candidate.get("type") or candidate.get("medium") or "image"
        url = web_url(candidate.get("url") or candidate.get("href") or "", source.url)
        if url and url.startswith("https:") and kind.startswith("image"):
            return url
    return None

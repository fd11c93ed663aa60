"""Where a site's feeds are: what its page announces, what it links to, and the usual places. Pure."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from lxml import etree

from digest.collector.urls import web_url
from digest.text.tidy import tidy

#: Requests that one search may make, the first page's own among them.
MOST_REQUESTS = 8
#: Characters of a page that are read: links to feeds stand at its top or at its foot.
_MOST_PAGE = 3_000_000
_LONGEST_NAME = 200
#: Links of a page that are kept: more than a search will try.
_MOST_LINKS = 50
#: Where content management systems put their feeds.
_USUAL_PATHS = ("/feed", "/rss", "/rss.xml", "/feed.xml", "/atom.xml", "/index.xml", "/ar/rss")
_FEED_TYPES = frozenset(
    {"application/rss+xml", "application/atom+xml", "application/rdf+xml", "application/xml", "text/xml"}
)
#: In an address: rss anywhere (`SectionRss?id=9`), the other words by themselves (no `feedback`, no `anatomy`).
_FEED_WORD = re.compile(
    r"rss|(?<![a-z])(?:news)?feeds?(?![a-z])|(?<![a-z])(?:atom|rdf)(?![a-z])", re.IGNORECASE
)
#: `utm_source=rss` says how a reader came, and stands behind articles.
_CAMPAIGN = re.compile(r"utm_\w+=[^&]*", re.IGNORECASE)
_OTHER_FILE = re.compile(r"\.(?:png|jpe?g|gif|svg|webp|ico|css|js|pdf|zip|opml)$", re.IGNORECASE)
_COMMENTS = re.compile(r"comment|تعليق", re.IGNORECASE)
#: A page's first tag, and what may stand before it (XML 1.0, 2.8); possessive, so that comments without end cost little.
_PAGE_START = re.compile(
    r"(?:[\s\ufeff]|<\?[^>]*>|<!--(?>.*?-->))*+<(?:!doctype\s+html|(?:html|head|body|title|meta|script)\b)",
    re.IGNORECASE | re.DOTALL,
)


class Origin(enum.StrEnum):
    """How we know of a feed's address."""

    GIVEN = "given"
    #: `<link rel="alternate">` of the page.
    ANNOUNCED = "announced"
    #: A link that looks like one to a feed.
    LINKED = "linked"
    #: A usual place that nobody has named.
    GUESSED = "guessed"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedLink:
    """An address where a feed may be."""

    url: str
    origin: Origin
    #: As the page calls it; empty where it does not.
    title: str = ""

    @property
    def of_comments(self) -> bool:
        """Whether it is a feed of what readers say."""
        return bool(_COMMENTS.search(self.url) or _COMMENTS.search(self.title))


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What a web page tells of itself and of its feeds."""

    #: The site's name where it gives one (`og:site_name`), else the page's title.
    name: str
    #: As declared, `ar-EG`; empty where it is not.
    language: str
    #: Likeliest first.
    links: tuple[FeedLink, ...]


def is_page(text: str) -> bool:
    """Say whether a body is a web page.

    >>> is_page("<!-- hi --><!DOCTYPE html><p>"), is_page("<?xml version='1.0'?><rss/>")
    (True, False)
    """
    return bool(_PAGE_START.match(text))


def read_page(text: str, url: str) -> Page:
    """Return what a page of this address tells; of no page at all, nothing. Never fails."""
    parser = etree.HTMLParser(encoding="utf-8", no_network=True, huge_tree=False)
    try:
        root = etree.fromstring(text[:_MOST_PAGE].encode("utf-8", "replace"), parser)
    except etree.LxmlError:
        root = None
    if root is None:
        return Page(name="", language="", links=())
    base = next((found for one in root.iter("base") if (found := web_url(one.get("href") or "", url))), url)
    links = _without_doubles([*_announced(root, base), *_linked(root, base)], besides=url)
    return Page(
        name=_site_name(root),
        language=tidy(root.get("lang") or root.get("xml:lang") or ""),
        links=tuple(sorted(links, key=lambda link: link.of_comments)[:_MOST_LINKS]),
    )


def usual_places(url: str) -> tuple[FeedLink, ...]:
    """Return where feeds lie by custom on the site of this address."""
    found = (web_url(path, url) for path in _USUAL_PATHS)
    return tuple(FeedLink(url=place, origin=Origin.GUESSED) for place in found if place)


def address_key(url: str) -> str:
    """Return what two addresses share that lead to one feed: scheme, fragment and a last slash aside.

    >>> address_key("https://waha.example/feed/#top") == address_key("http://WAHA.example/feed")
    True
    """
    parts = urlsplit(url)
    return f"{parts.netloc.lower()}{parts.path.rstrip('/')}?{parts.query}"


def _without_doubles(links: Iterable[FeedLink], besides: str) -> list[FeedLink]:
    seen, kept = {address_key(besides)}, []
    for link in links:
        if address_key(link.url) not in seen:
            seen.add(address_key(link.url))
            kept.append(link)
    return kept


def _announced(root: Any, base: str) -> Iterator[FeedLink]:
    for element in root.iter("link"):
        roles = (element.get("rel") or "").lower().split()
        kind = (element.get("type") or "").partition(";")[0].strip().lower()
        if "feed" in roles or ("alternate" in roles and kind in _FEED_TYPES):
            url = web_url(element.get("href") or "", base)
            if url:
                yield _feed_link(url, Origin.ANNOUNCED, element.get("title") or "")


def _linked(root: Any, base: str) -> Iterator[FeedLink]:
    site = urlsplit(base).hostname or ""
    for element in root.iter("a"):
        url = web_url(element.get("href") or "", base)
        # Links to feed readers and to other sites' news carry the word as well.
        if url and _looks_like_feed(url) and _same_site(urlsplit(url).hostname or "", site):
            yield _feed_link(url, Origin.LINKED, element.get("title") or "".join(element.itertext()))


def _looks_like_feed(url: str) -> bool:
    parts = urlsplit(url)
    query = _CAMPAIGN.sub("", parts.query)
    return bool(_FEED_WORD.search(f"{parts.path}?{query}")) and not _OTHER_FILE.search(parts.path)


def _feed_link(url: str, origin: Origin, title: str) -> FeedLink:
    return FeedLink(url=url.partition("#")[0], origin=origin, title=tidy(title)[:_LONGEST_NAME])


def _same_site(one: str, other: str) -> bool:
    return one.split(".")[-2:] == other.split(".")[-2:]


def _site_name(root: Any) -> str:
    for element in root.iter("meta"):
        if (element.get("property") or element.get("name") or "").lower() == "og:site_name":
            name = tidy(element.get("content") or "")
            if name:
                return name[:_LONGEST_NAME]
    title = next(root.iter("title"), None)
    return tidy("".join(title.itertext()))[:_LONGEST_NAME] if title is not None else ""

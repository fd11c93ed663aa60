"""Whose page is it? A link on the outlet's own site is the outlet's; one on another site may be anybody's."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import urlsplit

from tld import get_fld

from digest.collector.urls import web_url

#: A name of several parts, and not an address: those end with a number or a bracket.
_NAME = re.compile(r"(?:.*\.)?([a-z0-9_-]+\.[a-z][a-z0-9-]*)\.?(?::\d*)?")


def is_on_own_site(feed_url: str, url: str) -> bool:
    """Say whether a link leads to the site that the feed itself is served from.

    A site is a registrable domain by the Public Suffix List (`rss.news.example` and `www.news.example` are one, two
    blogs of one host are not); without one, as an address or a bare name, it is the host with its port.

    >>> is_on_own_site("https://rss.alnahar.com.eg/all.xml", "https://www.alnahar.com.eg/1")
    True
    >>> is_on_own_site("https://one.github.io/feed", "https://two.github.io/1")
    False
    """
    # A feed's address is as somebody typed it, perhaps with a host in Arabic letters; an article's has its ASCII form.
    site = _site(urlsplit(web_url(feed_url) or "").netloc)
    return bool(site) and site == _site(urlsplit(url).netloc)


@lru_cache(maxsize=4096)
def _site(netloc: str) -> str:
    host = netloc.rpartition("@")[2].lower()
    found: str | None = get_fld(f"https://{host}", fail_silently=True, search_private=True)
    if found:
        return found
    # A suffix that is not listed is a single label: the list's own rule for what it does not know.
    name = _NAME.fullmatch(host)
    return name.group(1) if name else host

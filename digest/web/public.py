"""What the public pages share: what they say of themselves to machines, how long they keep, and a small cache of them."""

from __future__ import annotations

import datetime as dt
import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import Response, abort, request

from digest.adapters.store.archive import SqlArchive
from digest.app import App
from digest.errors import UnknownNewsletter
from digest.mailer.view import shown
from digest.model import Newsletter
from digest.web.pages import Pages

#: Seconds that others may keep a page: one that may still change, and one that hardly will.
MINUTES, A_DAY = 300, 86400
#: Pages that one process keeps; of some 60 KB each.
KEPT_PAGES = 200
#: Further pages of a list than anybody turns to.
LAST_PAGE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What a page says of itself to machines, and to whoever shares it."""

    title: str
    description: str
    #: Where it is, from the slash on.
    path: str
    #: Open Graph's kind.
    kind: str = "website"
    published: dt.datetime | None = None
    #: False for pages that no search engine needs.
    indexed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPage:
    """A rendered page and its validator."""

    html: bytes
    etag: str


@dataclass(slots=True)
class PageCache:
    """The pages that were read last; a key says everything that a page depends on."""

    most: int = KEPT_PAGES
    _pages: OrderedDict[Hashable, KeptPage] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def page(self, key: Hashable, render: Callable[[], Response]) -> KeptPage:
        """Return the page of a key, rendered now where it is not there."""
        with self._lock:
            kept = self._pages.get(key)
            if kept is not None:
                self._pages.move_to_end(key)
                return kept
        html = render().get_data()
        kept = KeptPage(html=html, etag=etag_of(html))
        with self._lock:
            self._pages[key] = kept
            while len(self._pages) > self.most:
                self._pages.popitem(last=False)
        return kept


class Publisher:
    """Makes public pages and files."""

    def __init__(self, app: App, pages: Pages) -> None:
        self._app = app
        self._pages = pages

    @property
    def archive(self) -> SqlArchive:
        """The opened editions; the database is opened by the first request that needs it."""
        return SqlArchive(self._app.store.engine)

    @property
    def indexed(self) -> bool:
        """Whether search engines may list the site."""
        return self._app.settings.web.index

    def address(self, path: str) -> str:
        """Return the whole address of a path: under the site's own name where it is set, else as it was asked for."""
        return f"{self._app.settings.base_url or request.url_root.rstrip('/')}{path}"

    def newsletter(self, newsletter_id: str) -> Newsletter:
        """Return a newsletter; without it there is no page."""
        try:
            return self._app.newsletter(newsletter_id)
        except UnknownNewsletter:
            abort(404)

    def newsletter_ids(self) -> list[str]:
        """Return the ids of the newsletters that are published."""
        return [one.id for one in self._app.newsletters()]

    def page(self, template: str, newsletter: Newsletter, card: Card, **values: Any) -> Response:
        """Return a page with its card, and with the feeds of its newsletter."""
        base_url = self._app.settings.base_url
        common: dict[str, Any] = {
            "card": card,
            # Kept pages must not say what a forged Host has asked for.
            "address": f"{base_url}{card.path}" if base_url else "",
            "site_name": shown(newsletter.title),
            "noindex": not (self.indexed and card.indexed),
        }
        return self._pages.page(template, newsletter, **common, **values)

    def file(self, body: bytes, kind: str, modified: dt.datetime | None = None) -> Response:
        """Return what machines read."""
        response = Response(body, content_type=kind)
        if not self.indexed:
            # A file has no head to say it in.
            response.headers["X-Robots-Tag"] = "noindex"
        return kept_for(response, MINUTES, etag_of(body), modified)


def etag_of(body: bytes) -> str:
    """Return a validator that changes where the body does (RFC 9110, 8.8.3)."""
    return hashlib.sha256(body).hexdigest()[:20]


def kept_for(response: Response, seconds: int, etag: str, modified: dt.datetime | None = None) -> Response:
    """Return the answer as everybody may keep it; 304 where the asker has it already."""
    response.set_etag(etag)
    response.last_modified = modified
    response.cache_control.public = True
    response.cache_control.max_age = seconds
    response.make_conditional(request)
    return response


def sent_page(kept: KeptPage, seconds: int) -> Response:
    """Return a kept page as an answer."""
    return kept_for(Response(kept.html, content_type="text/html; charset=utf-8"), seconds, kept.etag)


def page_number() -> int:
    """Return the page of a list that was asked for, from 1; one that cannot be is none."""
    text = request.args.get("page", "1")
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(LAST_PAGE))):
        abort(404)
    number = int(text)
    if not 1 <= number <= LAST_PAGE:
        abort(404)
    return number


def one_line(parts: Sequence[str], most: int = 200) -> str:
    """Return parts as one description, cut behind a word."""
    text = shown(" ".join(parts))
    if len(text) <= most:
        return text
    return f"{text[:most].rpartition(' ')[0] or text[:most]}…"

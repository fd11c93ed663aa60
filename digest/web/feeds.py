"""Editions as feeds: Atom (RFC 4287) and JSON Feed 1.1, each edition with its headlines.

Ids are tag URIs (RFC 4151) of the sender's domain: they stay when the site moves to another address.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, Response
from lxml import etree

from digest.adapters.store.archive import Headline, Listed
from digest.app import App
from digest.mailer.language import Language
from digest.mailer.view import shown
from digest.text.bidi import starts_rtl
from digest.web.pages import Pages
from digest.web.public import Publisher

#: Editions that a feed holds.
EDITIONS = 30
ATOM, XHTML = "http://www.w3.org/2005/Atom", "http://www.w3.org/1999/xhtml"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
#: When a newsletter without any edition was last changed: it never was.
_NEVER = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An edition in a feed."""

    id: str
    url: str
    title: str
    summary: str
    opened_at: dt.datetime
    #: Each headline with the address of its story.
    headlines: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A newsletter as a feed."""

    id: str
    title: str
    tagline: str
    language: str
    direction: str
    home_url: str
    #: Without its ending.
    own_url: str
    updated: dt.datetime
    entries: tuple[Entry, ...]


def blueprint(app: App, pages: Pages) -> Blueprint:
    """Return the feeds of each newsletter."""
    part = Blueprint("feeds", __name__)
    publisher = Publisher(app, pages)
    domain = app.settings.mail.from_.rpartition("@")[2]

    def feed_of(newsletter_id: str) -> Feed:
        newsletter = publisher.newsletter(newsletter_id)
        listed = publisher.archive.newest([newsletter.id], EDITIONS)
        headlines = publisher.archive.headlines([one.id for one in listed])
        language = pages.language(newsletter)
        entries = [_entry(one, headlines[one.id], language, publisher, domain) for one in listed]
        return Feed(
            id=f"tag:{domain},2026:{newsletter.id}",
            title=shown(newsletter.title),
            tagline=shown(newsletter.tagline),
            language=language.tag,
            direction=language.direction,
            home_url=publisher.address("/"),
            own_url=publisher.address(f"/feeds/{newsletter.id}"),
            updated=max((entry.opened_at for entry in entries), default=_NEVER),
            entries=tuple(entries),
        )

    @part.get("/feeds/<newsletter_id>.atom")
    def atom(newsletter_id: str) -> Response:
        feed = feed_of(newsletter_id)
        return publisher.file(atom_bytes(feed), "application/atom+xml; charset=utf-8", feed.updated)

    @part.get("/feeds/<newsletter_id>.json")
    def json_feed(newsletter_id: str) -> Response:
        feed = feed_of(newsletter_id)
        return publisher.file(json_bytes(feed), "application/feed+json; charset=utf-8", feed.updated)

    return part


def _entry(
    one: Listed, headlines: Sequence[Headline], language: Language, publisher: Publisher, domain: str
) -> Entry:
    date = language.long_date(one.local_date)
    told = [(shown(each.headline), f"/editions/{one.id}/{each.story_id}") for each in headlines]
    return Entry(
        id=f"tag:{domain},{one.local_date.isoformat()}:{one.id}",
        url=publisher.address(f"/editions/{one.id}"),
        title=f"{date} {language.separator} {told[0][0]}" if told else date,
        summary=told[0][0] if told else date,
        opened_at=one.opened_at,
        headlines=tuple((words, publisher.address(path)) for words, path in told),
    )


def atom_bytes(feed: Feed) -> bytes:
    """Return a feed as Atom."""
    root = etree.Element(f"{{{ATOM}}}feed", {_LANG: feed.language}, nsmap={None: ATOM})
    _text(root, "id", feed.id)
    _text(root, "title", feed.title)
    if feed.tagline:
        _text(root, "subtitle", feed.tagline)
    _text(root, "updated", _moment(feed.updated))
    _text(_atom(root, "author"), "name", feed.title)
    _atom(root, "link", rel="self", type="application/atom+xml", href=f"{feed.own_url}.atom")
    _atom(root, "link", rel="alternate", type="text/html", href=feed.home_url)
    for entry in feed.entries:
        _atom_entry(_atom(root, "entry"), entry, feed)
    return bytes(etree.tostring(root, encoding="utf-8", xml_declaration=True))


def _atom_entry(element: etree._Element, entry: Entry, feed: Feed) -> None:
    _text(element, "id", entry.id)
    _text(element, "title", entry.title)
    # What was sent is never changed.
    _text(element, "published", _moment(entry.opened_at))
    _text(element, "updated", _moment(entry.opened_at))
    _atom(element, "link", rel="alternate", type="text/html", href=entry.url)
    _text(element, "summary", entry.summary)
    content = _atom(element, "content", type="xhtml")
    content.append(_headline_list(entry, feed, f"{{{XHTML}}}"))


def _headline_list(entry: Entry, feed: Feed, space: str) -> etree._Element:
    """Return the headlines as a list with links, the same for Atom's XHTML and for HTML, which has no namespace."""
    nsmap = {None: XHTML} if space else None
    box = etree.Element(f"{space}div", {"lang": feed.language, "dir": feed.direction}, nsmap=nsmap)
    rows = etree.SubElement(box, f"{space}ul")
    for words, url in entry.headlines:
        row = etree.SubElement(rows, f"{space}li", {"dir": "rtl" if starts_rtl(words) else "ltr"})
        etree.SubElement(row, f"{space}a", {"href": url}).text = words
    return box


def json_bytes(feed: Feed) -> bytes:
    """Return a feed as JSON Feed 1.1 (jsonfeed.org/version/1.1)."""
    items = [
        {
            "id": entry.id,
            "url": entry.url,
            "title": entry.title,
            "summary": entry.summary,
            "content_html": etree.tostring(
                _headline_list(entry, feed, ""), encoding="unicode", method="html"
            ),
            "content_text": "\n".join(words for words, _ in entry.headlines),
            "date_published": _moment(entry.opened_at),
        }
        for entry in feed.entries
    ]
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": feed.home_url,
        "feed_url": f"{feed.own_url}.json",
        **({"description": feed.tagline} if feed.tagline else {}),
        "language": feed.language,
        "authors": [{"name": feed.title}],
        "items": items,
    }
    return json.dumps(document, ensure_ascii=False).encode()


def _atom(parent: etree._Element, name: str, **attributes: str) -> etree._Element:
    return etree.SubElement(parent, f"{{{ATOM}}}{name}", attributes)


def _text(parent: etree._Element, name: str, words: str) -> None:
    _atom(parent, name).text = words


def _moment(moment: dt.datetime) -> str:
    """Return a moment as RFC 3339 has it, in UTC."""
    return moment.astimezone(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")

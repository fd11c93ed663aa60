"""Editions as Atom and JSON feeds, robots.txt and the sitemap."""

from __future__ import annotations

import datetime as dt
import json
import pathlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import feedparser
import pytest
from lxml import etree

from digest.web.crawling import SITEMAP
from digest.web.feeds import ATOM
from tests.conftest import NOW
from tests.web.site import BASE_URL, Site, add_reader, open_for_readers, opened_site, sample_editions

_NAMES = {"a": ATOM, "h": "http://www.w3.org/1999/xhtml", "s": SITEMAP}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with opened_site(tmp_path_factory.mktemp("home")) as opened:
        yield opened


def _atom(site: Site) -> etree._Element:
    answer = site.client.get("/feeds/mujaz.atom")
    assert answer.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
    return etree.fromstring(answer.get_data())


def _json(site: Site) -> dict[str, Any]:
    answer = site.client.get("/feeds/mujaz.json")
    assert answer.headers["Content-Type"] == "application/feed+json; charset=utf-8"
    found: dict[str, Any] = json.loads(answer.get_data())
    return found


def _texts(element: etree._Element, path: str) -> list[str]:
    return [str(one) for one in element.xpath(path, namespaces=_NAMES)]


def test_atom_has_what_rfc_4287_asks_for(site: Site) -> None:
    feed = _atom(site)
    # 4.1.1: exactly one of each; an author in the feed is the entries' as well.
    for name in ("id", "title", "updated", "author"):
        assert len(feed.xpath(f"a:{name}", namespaces=_NAMES)) == 1
    assert _texts(feed, "a:author/a:name/text()") == ["موجز"]
    assert _texts(feed, "a:link[@rel='self']/@href") == [f"{BASE_URL}/feeds/mujaz.atom"]
    entries = feed.xpath("a:entry", namespaces=_NAMES)
    assert len(entries) == len(sample_editions())
    for entry, edition in zip(entries, reversed(sample_editions()), strict=True):
        # 4.1.2
        for name in ("id", "title", "updated", "published", "summary", "content"):
            assert len(entry.xpath(f"a:{name}", namespaces=_NAMES)) == 1
        assert _texts(entry, "a:link[@rel='alternate']/@href") == [f"{BASE_URL}/editions/{edition.id}"]
        [updated] = _texts(entry, "a:updated/text()")
        assert dt.datetime.fromisoformat(updated) == edition.composed_at
    ids = [*_texts(feed, "a:id/text()"), *_texts(feed, "a:entry/a:id/text()")]
    assert len(ids) == len(set(ids))
    assert _texts(feed, "a:updated/text()") == ["2026-11-22T06:00:00Z"]


def test_an_entry_holds_its_headlines_the_lead_first(site: Site) -> None:
    edition = sample_editions()[-1]
    [entry] = _atom(site).xpath("a:entry[1]", namespaces=_NAMES)
    headlines = _texts(entry, ".//h:li/h:a/text()")
    assert headlines[0] == edition.lead.headline
    assert sorted(headlines) == sorted(story.headline for story in edition.stories())
    paths = _texts(entry, ".//h:li/h:a/@href")
    assert paths[0] == f"{BASE_URL}/editions/{edition.id}/{edition.lead_id}"
    assert all(site.client.get(path).status_code == 200 for path in paths[:3])


def test_a_feed_reader_reads_both(site: Site) -> None:
    read = feedparser.parse(site.client.get("/feeds/mujaz.atom").get_data())
    assert not read.bozo
    assert [one.link for one in read.entries] == [item["url"] for item in _json(site)["items"]]
    assert read.feed.title == "موجز"


def test_json_feed_has_what_its_version_asks_for(site: Site) -> None:
    feed = _json(site)
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert (feed["title"], feed["language"]) == ("موجز", "ar")
    assert feed["home_page_url"] == f"{BASE_URL}/"
    assert feed["feed_url"] == f"{BASE_URL}/feeds/mujaz.json"
    assert feed["authors"] == [{"name": "موجز"}]
    items, atom = feed["items"], _atom(site)
    assert [item["id"] for item in items] == _texts(atom, "a:entry/a:id/text()")
    for item in items:
        assert item["content_html"].startswith('<div lang="ar" dir="rtl"><ul>')
        assert item["content_text"].splitlines()
        assert dt.datetime.fromisoformat(item["date_published"]).tzinfo is not None


@pytest.mark.parametrize("path", ["/feeds/mujaz.atom", "/feeds/mujaz.json"])
def test_a_feed_that_has_not_changed_is_not_sent_again(site: Site, path: str) -> None:
    first = site.client.get(path)
    assert first.last_modified == NOW
    assert "public" in first.headers["Cache-Control"]
    for name, value in (
        ("If-None-Match", first.headers["ETag"]),
        ("If-Modified-Since", first.headers["Last-Modified"]),
    ):
        again = site.client.get(path, headers={name: value})
        assert (again.status_code, again.get_data()) == (304, b"")
    assert site.client.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_ids_stay_when_the_site_moves(tmp_path: pathlib.Path, site: Site) -> None:
    with opened_site(tmp_path, {"DIGEST_BASE_URL": "https://elsewhere.example"}) as moved:
        assert _texts(_atom(moved), "//a:id/text()") == _texts(_atom(site), "//a:id/text()")
        assert _json(moved)["items"][0]["url"].startswith("https://elsewhere.example/editions/")


def test_a_feed_without_any_edition_is_one(tmp_path: pathlib.Path) -> None:
    with opened_site(tmp_path, editions=False) as bare:
        assert _texts(_atom(bare), "a:updated/text()") == ["2026-01-01T00:00:00Z"]
        assert _json(bare)["items"] == []
        bare.app.store.editions.freeze(sample_editions()[0])
        assert _json(bare)["items"] == []


def test_feeds_of_no_newsletter_are_none(site: Site) -> None:
    for path in ("/feeds/other.atom", "/feeds/other.json", "/feeds/mujaz.rss", "/feeds/.atom"):
        assert site.client.get(path).status_code == 404


def test_hostile_headlines_make_no_markup_and_break_no_feed(tmp_path: pathlib.Path) -> None:
    edition = sample_editions()[-1]
    evil = "]]></title><script>alert(1)</script>\x00\x0b\ufffe &amp; «خبر»"
    sections = [
        replace(one, stories=tuple(replace(each, headline=evil) for each in one.stories))
        for one in edition.sections
    ]
    with opened_site(tmp_path, editions=False) as bare:
        add_reader(bare.app, "layla@example.org")
        open_for_readers(bare.app, replace(edition, sections=tuple(sections)))
        feed = _atom(bare)
        assert _texts(feed, "//h:script") == []
        assert "]]></title><script>alert(1)</script> &amp; «خبر»" in _texts(feed, "//h:a/text()")
        assert "<script>" not in _json(bare)["items"][0]["content_html"]


def test_robots_and_sitemap_lead_to_every_edition(site: Site) -> None:
    robots = site.client.get("/robots.txt").get_data(as_text=True)
    assert f"Sitemap: {BASE_URL}/sitemap.xml" in robots
    assert "Disallow: /u/" in robots
    sitemap = etree.fromstring(site.client.get("/sitemap.xml").get_data())
    assert _texts(sitemap, "s:url/s:loc/text()") == [
        f"{BASE_URL}/",
        f"{BASE_URL}/archive",
        *(f"{BASE_URL}/editions/{edition.id}" for edition in reversed(sample_editions())),
    ]
    assert _texts(sitemap, "s:url/s:lastmod/text()")[0] == "2026-11-22"


def test_a_site_that_wants_no_index_says_so_everywhere(tmp_path: pathlib.Path) -> None:
    with opened_site(tmp_path, {"DIGEST_WEB__INDEX": "false"}) as hidden:
        edition = sample_editions()[0]
        for path in ("/", "/archive", f"/editions/{edition.id}", f"/editions/{edition.id}/{edition.lead_id}"):
            assert '<meta name="robots" content="noindex">' in hidden.client.get(path).get_data(as_text=True)
        for path in ("/feeds/mujaz.atom", "/feeds/mujaz.json"):
            assert hidden.client.get(path).headers["X-Robots-Tag"] == "noindex"
        robots = hidden.client.get("/robots.txt").get_data(as_text=True)
        assert robots.splitlines() == ["User-agent: *", "Disallow:"]
        assert hidden.client.get("/sitemap.xml").status_code == 404

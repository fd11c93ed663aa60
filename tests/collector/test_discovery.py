"""A site's feeds are found where its page names them, and what is no feed is left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.collector.discovery import FeedLink, Origin, Page, address_key, is_page, read_page, usual_places
from tests.text.alphabets import anything

_SITE = "https://waha.example/ar/index.html"
_RSS = 'rel="alternate" type="application/rss+xml"'


def _page(head: str = "", body: str = "") -> Page:
    return read_page(f"<!DOCTYPE html><html lang='ar'><head>{head}</head><body>{body}</body></html>", _SITE)


def _urls(page: Page) -> list[str]:
    return [link.url for link in page.links]


# --------------------------------------------------------------------------- pages


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("<!DOCTYPE html><html>", True, id="HTML 5"),
        pytest.param("\ufeff\n <!doctype HTML>", True, id="a mark and space before it"),
        pytest.param("<html dir=rtl>", True, id="no document type"),
        pytest.param("<!-- by hand --><!-- -- --><HTML>", True, id="comments before it"),
        pytest.param('<?xml version="1.0"?>\n<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0//EN">', True, id="XHTML"),
        pytest.param("<meta charset=utf-8><p>", True, id="a page without its first tags"),
        pytest.param("<script>location='/'</script>", True, id="a script and no more"),
        pytest.param('<?xml version="1.0"?><rss version="2.0">', False, id="RSS"),
        pytest.param('<!-- <html> --><feed xmlns="http://www.w3.org/2005/Atom">', False, id="Atom with a comment"),
        pytest.param("<header>x</header>", False, id="another element that begins like one"),
        pytest.param("<rss><channel><title>&lt;html></title>", False, id="a feed about pages"),
        pytest.param("", False, id="nothing"),
        pytest.param("مرحبا", False, id="plain text"),
        pytest.param("<!-- x -->" * 20_000 + "<", False, id="comments without end"),
    ],
)  # fmt: skip
def test_pages_are_told_from_feeds(text: str, expected: bool) -> None:
    assert is_page(text) is expected


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        pytest.param(f'<link {_RSS} href="https://waha.example/rss">', ["https://waha.example/rss"], id="an address"),
        pytest.param(f'<link {_RSS} href="/rss">', ["https://waha.example/rss"], id="from the root"),
        pytest.param(f'<link {_RSS} href="feed.xml">', ["https://waha.example/ar/feed.xml"], id="beside the page"),
        pytest.param(f'<link {_RSS} href="//cdn.example/rss">', ["https://cdn.example/rss"], id="another host, the same scheme"),
        pytest.param(f'<base href="https://b.example/x/"><link {_RSS} href="rss">', ["https://b.example/x/rss"], id="a base"),
        pytest.param(f'<base href="/x/"><link {_RSS} href="rss">', ["https://waha.example/x/rss"], id="a base that is relative itself"),
        pytest.param('<LINK REL="Alternate" TYPE="Application/Atom+XML; charset=utf-8" HREF="/atom">', ["https://waha.example/atom"], id="capitals and parameters"),
        pytest.param("<link type='application/rdf+xml' href=/rdf rel='alternate feed'>", ["https://waha.example/rdf"], id="several roles"),
        pytest.param('<link rel="feed" href="/news">', ["https://waha.example/news"], id="the role of HTML 5"),
        pytest.param('<link rel="alternate" type="text/xml" href="/x">', ["https://waha.example/x"], id="plain XML"),
        pytest.param('<link rel="alternate" hreflang="en" href="/en">', [], id="another language"),
        pytest.param('<link rel="alternate" type="application/json+oembed" href="/o">', [], id="something to embed"),
        pytest.param('<link rel="alternate" type="text/html" media="handheld" href="/m">', [], id="the page for phones"),
        pytest.param('<link rel="stylesheet" type="text/css" href="/rss.css">', [], id="a style"),
        pytest.param(f"<link {_RSS}>", [], id="no address"),
        pytest.param(f'<link {_RSS} href="javascript:alert(1)">', [], id="no web address"),
        pytest.param(f'<link {_RSS} href="/rss"><link {_RSS} href="http://WAHA.example/rss/#x">', ["https://waha.example/rss"], id="the same one twice"),
        pytest.param(f'<link {_RSS} href="{_SITE}">', [], id="the page itself"),
        pytest.param(
            f'<link {_RSS} href="/comments/feed"><link {_RSS} title="تعليقات شراع" href="/c"><link {_RSS} href="/feed">',
            ["https://waha.example/feed", "https://waha.example/comments/feed", "https://waha.example/c"],
            id="comments come last",
        ),
    ],
)  # fmt: skip
def test_announced_feeds_are_found(head: str, expected: list[str]) -> None:
    page = _page(head)
    assert _urls(page) == expected
    assert {link.origin for link in page.links} <= {Origin.ANNOUNCED}


@pytest.mark.parametrize(
    ("href", "found"),
    [
        pytest.param("/rss", True, id="rss"),
        pytest.param("/rssFeed/190", True, id="within a word"),
        pytest.param("/SectionRss?SectionID=97", True, id="at a word's end"),
        pytest.param("/ar/feed/", True, id="feed"),
        pytest.param("/newsfeeds.php", True, id="feeds"),
        pytest.param("/index.php?feed=rss2", True, id="in the query"),
        pytest.param("/index.php?format=feed&type=atom", True, id="atom in the query"),
        pytest.param("https://feeds.waha.example/all.rdf", True, id="another host of the site"),
        pytest.param("/news/2026/feedback", False, id="feedback"),
        pytest.param("/news/anatomy-of-a-strike", False, id="anatomy"),
        pytest.param("/news/7?utm_source=rss&utm_medium=feed", False, id="an article that a feed links to"),
        pytest.param("/img/rss.png", False, id="its picture"),
        pytest.param("https://reader.example.net/subscribe?feed=https://waha.example/rss", False, id="a feed reader"),
        pytest.param("mailto:rss@waha.example", False, id="an address of mail"),
        pytest.param("/sport", False, id="a section"),
        pytest.param("", False, id="nothing"),
    ],
)  # fmt: skip
def test_links_that_look_like_feeds_are_found(href: str, found: bool) -> None:
    page = _page(body=f'<p><a href="{href}"><img src="/img/rss.png"> <b>خلاصة</b> الأخبار</a></p>')
    told = [(link.origin, link.title) for link in page.links]
    assert told == ([(Origin.LINKED, "خلاصة الأخبار")] if found else [])


def test_what_is_announced_comes_before_what_is_linked() -> None:
    page = _page(f'<link {_RSS} href="/b" title="شراع">', '<a href="/rss/a">سياسة</a><a href="/b">الكل</a>')
    assert [(link.url, link.title) for link in page.links] == [
        ("https://waha.example/b", "شراع"),
        ("https://waha.example/rss/a", "سياسة"),
    ]


@pytest.mark.parametrize(
    ("head", "name"),
    [
        pytest.param("<title>شراع | الرئيسية</title>", "شراع | الرئيسية", id="the title"),
        pytest.param('<title>عاجل</title><meta property="og:site_name" content=" وكالة  شراع ">', "وكالة شراع", id="the site's name"),
        pytest.param('<title>شراع</title><meta property="og:site_name" content="">', "شراع", id="an empty name"),
        pytest.param("", "", id="neither"),
    ],
)  # fmt: skip
def test_the_sites_name_and_language_are_read(head: str, name: str) -> None:
    page = _page(head)
    assert (page.name, page.language) == (name, "ar")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("\0\0", id="nulls"),
        pytest.param("<", id="a beginning"),
        pytest.param("<!--", id="a comment without end"),
        pytest.param("<div>" * 50_000, id="nesting without end"),
        pytest.param("<a href='/rss'>" * 20_000, id="links in links"),
        pytest.param('<base href="http://[">' + "<a href='//[/rss'>", id="addresses that cannot be read"),
    ],
)
def test_no_page_is_too_broken(text: str) -> None:
    assert len(read_page(text, _SITE).links) <= 1


def test_a_page_of_nothing_but_feeds_gives_no_more_than_a_search_can_use() -> None:
    page = _page(body="".join(f'<a href="/rss/{number}">x</a>' for number in range(5000)))
    assert _urls(page)[:2] == ["https://waha.example/rss/0", "https://waha.example/rss/1"]
    assert len(page.links) == 50


_pieces = st.sampled_from(
    [
        "<html>",
        "<base href='",
        "<link rel=alternate type=text/xml href='",
        "'>",
        "<a href='/rss",
        "</a>",
        "<!--",
    ]
)


@given(text=st.lists(anything | _pieces, max_size=12).map("".join))
def test_every_link_is_one_that_can_be_asked_for(text: str) -> None:
    for link in read_page(text, _SITE).links:
        assert link.url.startswith(("http://", "https://"))
        assert "#" not in link.url
        assert address_key(link.url) != address_key(_SITE)


# --------------------------------------------------------------------------- usual places


def test_usual_places_are_at_the_sites_root() -> None:
    urls = [link.url for link in usual_places(_SITE)]
    assert urls == [
        f"https://waha.example{path}"
        for path in ("/feed", "/rss", "/rss.xml", "/feed.xml", "/atom.xml", "/index.xml", "/ar/rss")
    ]
    assert {link.origin for link in usual_places(_SITE)} == {Origin.GUESSED}


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        pytest.param(FeedLink(url="https://waha.example/comments/feed/", origin=Origin.ANNOUNCED), True, id="by its address"),
        pytest.param(FeedLink(url="https://waha.example/f", origin=Origin.ANNOUNCED, title="صدف » خلاصة التعليقات"), True, id="by its name"),
        pytest.param(FeedLink(url="https://waha.example/feed/", origin=Origin.ANNOUNCED, title="صدف » الخلاصة"), False, id="news"),
    ],
)  # fmt: skip
def test_feeds_of_comments_are_known(link: FeedLink, expected: bool) -> None:
    assert link.of_comments is expected

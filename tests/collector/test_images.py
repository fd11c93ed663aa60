"""An entry's picture: which one is taken, and what is none."""

from __future__ import annotations

from typing import Any

import feedparser
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.collector.images import LARGEST_SIDE, Image, best_image
from tests.text.alphabets import anything

BASE = "https://waha.example/feed.xml"
PICTURE = "https://waha.example/port.jpg"


def media(url: str, **attributes: str) -> dict[str, Any]:
    """Return an entry with one media element."""
    return {"media_content": [{"url": url, **attributes}]}


def html(markup: str) -> dict[str, Any]:
    """Return an entry whose summary is this HTML."""
    return {"summary": markup}


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        pytest.param({}, None, id="nothing"),
        pytest.param(media(PICTURE), Image(PICTURE, None, None), id="media-content"),
        pytest.param(media(PICTURE, width="800", height="450"), Image(PICTURE, 800, 450), id="with-size"),
        pytest.param(media(PICTURE, medium="image"), Image(PICTURE, None, None), id="medium"),
        pytest.param(media(PICTURE, type="jpg"), Image(PICTURE, None, None), id="type-that-is-none"),
        pytest.param(media(PICTURE, type="application/octet-stream"), Image(PICTURE, None, None), id="bytes"),
        pytest.param(media("https://waha.example/film", medium="video"), None, id="film"),
        pytest.param(media("https://waha.example/film.mp4"), None, id="film-by-its-name"),
        pytest.param({"media_thumbnail": [{"url": PICTURE}]}, Image(PICTURE, None, None), id="thumbnail"),
        pytest.param(
            {"enclosures": [{"href": PICTURE, "type": "image/jpeg"}]},
            Image(PICTURE, None, None),
            id="enclosure",
        ),
        pytest.param(
            {"enclosures": [{"href": "https://waha.example/a.mp3", "type": "audio/mpeg"}]}, None, id="sound"
        ),
        pytest.param(
            {"links": [{"rel": "enclosure", "href": PICTURE}]}, Image(PICTURE, None, None), id="link"
        ),
        pytest.param({"links": [{"rel": "alternate", "href": PICTURE}]}, None, id="link-to-the-article"),
        pytest.param(html(f"<p>نص<img alt='' src='{PICTURE}'>"), Image(PICTURE, None, None), id="html"),
        pytest.param(
            html(f"<IMG SRC={PICTURE} WIDTH=640 HEIGHT=360>"), Image(PICTURE, 640, 360), id="html-bare"
        ),
        pytest.param(
            html(f"&lt;img src=&quot;{PICTURE}&quot;&gt;"), Image(PICTURE, None, None), id="html-escaped"
        ),
        pytest.param(
            {"content": [{"value": f"<img src='{PICTURE}'>"}]},
            Image(PICTURE, None, None),
            id="html-in-content",
        ),
        pytest.param(
            html(f"<img src='data:image/gif;base64,R0lG' data-src='{PICTURE}'>"),
            Image(PICTURE, None, None),
            id="html-loaded-late",
        ),
        pytest.param(html("<img alt='no source'>"), None, id="html-without-source"),
        pytest.param(
            html(f"<img src='https://waha.example/t.gif' width='1'><img src='{PICTURE}'>"),
            Image(PICTURE, None, None),
            id="the-first-real-one",
        ),
        pytest.param(
            {**html("<img src='https://waha.example/large.jpg' width=900 height=900>"), **media(PICTURE)},
            Image(PICTURE, None, None),
            id="media-before-html",
        ),
        pytest.param(media("/port.jpg"), Image(PICTURE, None, None), id="relative"),
        pytest.param(media("//waha.example/port.jpg"), Image(PICTURE, None, None), id="no-scheme"),
        pytest.param(
            media("https://waha.example/p.jpg?w=8&amp;h=4"),
            Image("https://waha.example/p.jpg?w=8&h=4", None, None),
            id="ampersand-escaped-twice",
        ),
        pytest.param(
            media("https://waha.example/p.jpg?w=8&amp;amp;h=4&#038;c=1"),
            Image("https://waha.example/p.jpg?w=8&h=4&c=1", None, None),
            id="ampersand-escaped-three-times",
        ),
        pytest.param(
            media("https://waha.example/p.jpg?w=8&copy=4"),
            Image("https://waha.example/p.jpg?w=8&copy=4", None, None),
            id="a-parameter-named-like-an-entity",
        ),
        pytest.param(
            media("https://waha.example/pixel-phone-review.jpg"),
            Image("https://waha.example/pixel-phone-review.jpg", None, None),
            id="a-phone-named-pixel",
        ),
    ],
)
def test_best_image(entry: dict[str, Any], expected: Image | None) -> None:
    assert best_image(entry, BASE) == expected


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("http://waha.example/port.jpg", id="http"),
        pytest.param("data:image/png;base64,AAAA", id="data"),
        pytest.param("javascript:alert(1)", id="script"),
        pytest.param("", id="empty"),
        pytest.param("https://feeds.feedburner.com/~r/waha/~4/x.gif", id="feedburner"),
        pytest.param("https://waha.feedsportal.com/c/1/mf.gif", id="feedsportal"),
        pytest.param("https://ad.doubleclick.net/ad/x", id="doubleclick"),
        pytest.param("https://stats.wordpress.com/b.gif?v=1", id="wordpress-statistics"),
        pytest.param("https://pixel.wp.com/g.gif?x", id="wordpress-pixel"),
        pytest.param("https://waha.example/pixel.gif?id=1", id="pixel"),
        pytest.param("https://waha.example/track/open.png", id="track"),
        pytest.param("https://waha.example/tracker/1", id="tracker"),
        pytest.param("https://www.facebook.com/tr?id=1", id="facebook"),
        pytest.param("https://waha.example/img/spacer.gif", id="spacer"),
        pytest.param("https://waha.example/img/blank.png", id="blank"),
        pytest.param("https://secure.gravatar.com/avatar/0a?s=96", id="gravatar"),
        pytest.param("https://s.w.org/images/core/emoji/15/72x72/1f4f7.png", id="emoji"),
        pytest.param("https://waha.example/wp-includes/images/smilies/smile.gif", id="smiley"),
        pytest.param("https://waha.example/logo.svg", id="svg"),
    ],
)
def test_what_is_no_picture(url: str) -> None:
    assert best_image(media(url), BASE) is None
    assert best_image(html(f"<img src='{url}'>"), BASE) is None


@pytest.mark.parametrize(
    ("written", "side"),
    [
        pytest.param("640", 640, id="number"),
        pytest.param("640px", 640, id="pixels"),
        pytest.param("640.0", 640, id="decimal"),
        pytest.param(" 640 ", 640, id="spaces"),
        pytest.param(str(LARGEST_SIDE), LARGEST_SIDE, id="largest"),
        pytest.param(str(LARGEST_SIDE + 1), None, id="beyond"),
        pytest.param("0", None, id="nought"),
        pytest.param("100%", None, id="share"),
        pytest.param("auto", None, id="word"),
        pytest.param("-5", None, id="negative"),
        pytest.param("", None, id="empty"),
    ],
)
def test_a_size_is_kept_where_it_is_sensible(written: str, side: int | None) -> None:
    assert best_image(media(PICTURE, width=written, height="480"), BASE) == Image(PICTURE, side, 480)


@pytest.mark.parametrize(
    "tag", ["width='1' height='1'", "height=1", "width=0", "style='display:none'", "style='width:1px'"]
)
def test_a_picture_that_nobody_sees_is_none(tag: str) -> None:
    assert best_image(html(f"<img src='{PICTURE}' {tag}>"), BASE) is None


def test_the_largest_of_several_sizes_is_taken() -> None:
    sizes = [
        {"url": f"https://waha.example/{width}.jpg", "width": str(width), "height": "100"}
        for width in (150, 900, 300)
    ]
    assert best_image({"media_content": sizes}, BASE) == Image("https://waha.example/900.jpg", 900, 100)


def test_without_sizes_the_first_is_taken_and_thumbnails_come_last() -> None:
    entry = {
        "media_thumbnail": [{"url": "https://waha.example/small.jpg", "width": "75", "height": "75"}],
        "media_content": [{"url": PICTURE}, {"url": "https://waha.example/second.jpg"}],
    }
    assert best_image(entry, BASE) == Image(PICTURE, None, None)


def test_an_entry_as_feedparser_gives_it() -> None:
    feed = feedparser.parse(
        """<rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/"><channel><title>صوت الواحة</title><item>
        <title>افتتاح الميناء</title>
        <enclosure url="https://waha.example/port.jpg?w=8&amp;amp;h=4" type="image/jpeg" length="1"/>
        <media:group><media:content url="https://secure.gravatar.com/avatar/1" medium="image"/></media:group>
        </item></channel></rss>""",
        sanitize_html=False,
        resolve_relative_uris=False,
    )
    assert best_image(feed.entries[0], BASE) == Image("https://waha.example/port.jpg?w=8&h=4", None, None)


@given(anything, anything, anything, st.sampled_from(["", "image/jpeg"]))
def test_whatever_comes_is_https_or_nothing(url: str, width: str, markup: str, kind: str) -> None:
    entry = {"media_content": [{"url": url, "width": width, "type": kind}], "summary": f"<img {markup}>"}
    image = best_image(entry, BASE)
    assert image is None or image.url.startswith("https://")
    assert image is None or image.width is None or 1 < image.width <= LARGEST_SIDE

"""What is no feed, is cut short or damaged, or is made to do harm: nothing but a FeedError, and never the process."""

from __future__ import annotations

import pathlib
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.errors import FeedError
from digest.model import Failure
from tests.collector.samples import ATOM, RSS, item, parse, rss
from tests.text.alphabets import anything

# --------------------------------------------------------------------------- what is no feed


@pytest.mark.parametrize(
    ("body", "content_type", "words"),
    [
        pytest.param("", "text/xml", "an empty answer", id="empty"),
        pytest.param(" \r\n\t", "text/xml", "an empty answer", id="blank"),
        pytest.param("\ufeff", "text/xml", "an empty answer", id="mark-only"),
        pytest.param("<!DOCTYPE html><html><body>خطأ</body></html>", "text/html", "a web page", id="html"),
        pytest.param("\n<HTML><BODY>خطأ", "text/html", "a web page", id="html-upper-case"),
        pytest.param("<div><body class='x'>خطأ", "text/html", "a web page", id="body"),
        pytest.param('{"items": []}', "application/json", "application/json", id="json"),
        pytest.param("تحت الصيانة", "text/plain", "تحت الصيانة", id="words"),
        pytest.param("<?xml version='1.0'?><sitemap/>", "", "type unknown", id="another-xml"),
        pytest.param(b"\x89PNG\r\n\x1a\n\x00\x00", "image/png", "image/png", id="picture"),
        pytest.param(b"%PDF-1.7\n\xff\xff", "application/pdf", "%PDF", id="pdf"),
        pytest.param(b"\x1f\x8b\x08\x00" + b"\x00" * 20, "application/gzip", "gzip", id="gzip"),
    ],
)
def test_what_is_no_feed_is_named(body: str | bytes, content_type: str, words: str) -> None:
    with pytest.raises(FeedError, match="not a feed: ") as raised:
        parse(body, content_type=content_type)
    assert words in str(raised.value)
    assert raised.value.kind == Failure.UNREADABLE


def test_a_challenge_page_is_no_fault_of_the_feed() -> None:
    page = "<html><title>Just a moment...</title><script src='/cdn-cgi/challenge-platform/x'></script></html>"
    with pytest.raises(FeedError, match="the outlet blocks programs") as raised:
        parse(page, content_type="text/html")
    assert raised.value.kind == Failure.BLOCKED


@pytest.mark.parametrize(
    "cut",
    [
        pytest.param(len(RSS) - 10, id="before-the-end"),
        pytest.param(RSS.index("</item>"), id="inside-the-item"),
        pytest.param(RSS.index("<category>"), id="before-the-category"),
    ],
)
def test_a_feed_that_is_cut_short_gives_what_came(cut: int) -> None:
    whole = RSS.replace("<item>", f"<item>{item('خبر أول', '/0')}</item><item>", 1)
    drafts = parse(whole[: cut + len(whole) - len(RSS)])
    assert drafts[0].title == "خبر أول"


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param("<textinput></title>", id="textinput"),
        pytest.param("</gml:pos>", id="place-that-ends-unbegun"),
    ],
)
def test_a_feed_that_the_parser_stumbles_over_is_named_as_damaged(damage: str) -> None:
    # The entity, unknown to XML, brings in the parser for what is not well-formed.
    with pytest.raises(FeedError, match="too damaged to be read"):
        parse(rss(f"{damage}&nbsp;{item('خبر')}"))


@pytest.mark.parametrize(
    "link",
    [
        pytest.param("<link/>", id="empty"),
        pytest.param('<link rel="alternate"/>', id="without-place"),
        pytest.param('<link rel="self" href="/1"/>', id="to-itself"),
    ],
)
def test_an_atom_entry_whose_link_leads_nowhere_is_left_out(link: str) -> None:
    assert parse(ATOM.replace('<link rel="alternate" href="/1"/>', link)) == []


def test_rubbish_in_front_of_a_feed_is_passed_over() -> None:
    [draft] = parse(f"<br />\n<b>Warning</b>: mysql_connect()\n{RSS}")
    assert draft.url == "https://waha.example/1"


# --------------------------------------------------------------------------- hostile feeds


def with_dtd(declarations: str, *items: str) -> str:
    head, _, rest = rss(*items).partition("?>")
    return f"{head}?><!DOCTYPE rss [{declarations}]>{rest}"


def test_a_billion_laughs_do_not_fill_the_memory() -> None:
    levels = "".join(f'<!ENTITY a{level} "{f"&a{level - 1};" * 10}">' for level in range(1, 12))
    bomb = with_dtd(f'<!ENTITY a0 "ها">{levels}', item("خبر &a11;"), item("خبر سليم", "/2"))
    drafts = parse(bomb)
    assert sum(len(draft.title) for draft in drafts) < 1000


def test_one_large_entity_many_times_does_not_fill_the_memory() -> None:
    bomb = with_dtd(f'<!ENTITY a "{"ها" * 50_000}">', item("خبر " + "&a;" * 10_000))
    drafts = parse(bomb)
    assert sum(len(draft.title) for draft in drafts) < 1000


def test_external_entities_are_not_read(tmp_path: pathlib.Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("كلمةالسر", encoding="utf-8")
    declarations = f'<!ENTITY x SYSTEM "{secret.as_uri()}"><!ENTITY % p SYSTEM "{secret.as_uri()}">%p;'
    body = with_dtd(declarations, item("خبر &x;", rest="<description>نص &x;</description>"))
    assert "كلمةالسر" not in repr(parse(body))
    assert "خبر" in repr(parse(body))


_DEEP = """
import sys
from tests.collector.samples import parse, rss, item
from digest.errors import FeedError
from digest.model import Failure

n = 50_000
bodies = {
    "elements": "<rss version='2.0'><channel>" + "<a>" * n + "</a>" * n,
    "items": rss("<item>" * n),
    "escaped": rss(item("خبر", rest="<description>" + "&lt;div&gt;" * n + "</description>")),
    "cdata": rss(item("خبر", rest="<description><![CDATA[" + "<div>" * n + "</div>" * n + "]]></description>")),
    "title": rss(item("&lt;b&gt;" * n + "خبر")),
    "xhtml": '<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>خبر</title><link href="/1"/><content type="xhtml">'
    + "<div>" * n + "</div>" * n + "</content></entry></feed>",
    "html": "<html>" + "<div>" * n,
}
for name, body in bodies.items():
    try:
        parse(body)
    except FeedError:
        pass
    print(name)
"""


def test_nesting_of_any_depth_does_not_end_the_process() -> None:
    repository = pathlib.Path(__file__).parent.parent.parent
    done = subprocess.run(
        [sys.executable, "-c", _DEEP],
        cwd=repository,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split() == ["elements", "items", "escaped", "cdata", "title", "xhtml", "html"]


_PIECES = st.sampled_from(
    [
        *(
            "<rss>",
            "<rss/>",
            "<channel>",
            "</channel>",
            "<item>",
            "</item>",
            "<title>",
            "</title>",
            "<link>",
            "</link>",
        ),
        *(
            "<guid>",
            "<entry>",
            "<feed>",
            "</feed>",
            "<pubDate>",
            "<description>",
            "<![CDATA[",
            "]]>",
            "<!DOCTYPE",
        ),
        *(
            "<?xml",
            "?>",
            "<!--",
            "-->",
            "&",
            "&amp;",
            "&#x202e;",
            "&#xd800;",
            "&#0;",
            "&lt;script>",
            "خبر",
            "عاجل",
        ),
        *(
            "https://waha.example/1",
            "http://[::1",
            "javascript:",
            "'",
            '"',
            "<",
            ">",
            "=",
            "/",
            '<link href="',
        ),
        *('<content type="xhtml">', ' xml:base="http://[::1"', ' xmlns="http://www.w3.org/2005/Atom"'),
    ]
)


@given(st.lists(_PIECES | anything, max_size=40).map("".join))
def test_pieces_of_feeds_in_any_order_raise_nothing_but_feed_errors(body: str) -> None:
    try:
        drafts = parse(f"<rss version='2.0'><channel>{body}".encode("utf-8", "surrogatepass"))
    except FeedError:
        return
    for draft in drafts:
        assert draft.title
        assert draft.url.startswith(("http://", "https://"))
        assert draft.aliases
        said = draft.title + draft.summary + draft.url + draft.section + draft.dateline
        said.encode("utf-8")
        assert "\0" not in said


@given(st.binary(max_size=200))
def test_any_bytes_raise_nothing_but_feed_errors(body: bytes) -> None:
    for whole in (body, RSS.encode()[:200] + body + RSS.encode()[200:]):
        try:
            drafts = parse(whole)
        except FeedError:
            continue
        assert all(draft.title and draft.url for draft in drafts)

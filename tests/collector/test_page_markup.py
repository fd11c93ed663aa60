"""Markup of every kind: what stands in paragraphs after it is made plain, and what no page may do to us."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree, html

from digest.collector.one_article import MOST_ELEMENTS
from digest.collector.page_markup import make_plain
from digest.collector.pages import LONGEST_TEXT, read_page
from digest.errors import FeedError
from digest.model import Failure
from digest.text.tidy import tidy_paragraph
from tests.collector import page_samples as samples
from tests.collector.page_samples import BRIDGE, HARBOUR
from tests.collector.samples import fetched

_SENTENCE = "قالت رئيسة البلدية إن الجسر مفتوح أمام الجميع."


def outcome(body: str) -> str:
    """Return the text that is read of a page, or of what kind its failure is."""
    try:
        return read_page(fetched(f"<html><body>{body}", content_type="text/html"), BRIDGE.title).text
    except FeedError as error:
        return error.kind


@pytest.mark.parametrize(
    ("markup", "plain"),
    [
        pytest.param("one", "<p>one</p>", id="bare"),
        pytest.param("<p>one <b>two</b></p>", "<p>one <b>two</b></p>", id="paragraph"),
        pytest.param("<div>one<br>two</div>", "<div><p>one</p><p>two</p></div>", id="line-break"),
        pytest.param("<div>one<br> <br/>two</div>", "<div><p>one</p><p>two</p></div>", id="line-breaks"),
        pytest.param("<p>one<br>two</p>", "<div><p>one</p><p>two</p></div>", id="line-break-in-a-paragraph"),
        pytest.param(
            "<div>a <i>b</i> c<p>d</p>e</div>", "<div><p>a <i>b</i> c</p><p>d</p><p>e</p></div>", id="mixed"
        ),
        pytest.param("<span>a<br>b</span>", "<span><p>a</p><p>b</p></span>", id="line-break-in-a-span"),
        pytest.param("<ul><li>a<li>b</ul>", "<ul><li><p>a</p></li><li><p>b</p></li></ul>", id="list"),
        pytest.param("<p>see <code>a.b</code> there</p>", "<p>see <code>a.b</code> there</p>", id="code"),
        pytest.param("<x-note>one</x-note>", "<x-note><p>one</p></x-note>", id="element-of-a-framework"),
        pytest.param("<h1>a<br>b</h1>", "<h1>a<br>b</h1>", id="heading"),
        pytest.param("<header><h1>a</h1><p>b</p></header>", "<h1>a</h1><p>b</p>", id="header"),
        pytest.param("<nav>a</nav><aside>b</aside>c<script>d</script>", "<p>c</p>", id="furniture"),
        pytest.param("<p>a<button>b</button> c</p>", "<p>a c</p>", id="button-in-a-sentence"),
        pytest.param("<aside><h1>a</h1>b</aside>", "<h1>a</h1><p>b</p>", id="furniture-around-the-page"),
        pytest.param(
            "<table><tr><td>1</td></tr></table>", "<table><tr><td><p>1</p></td></tr></table>", id="figures"
        ),
        pytest.param(
            f"<table><tr><td>{_SENTENCE}</td></tr></table>",
            f"<div><div><div><p>{_SENTENCE}</p></div></div></div>",
            id="layout",
        ),
        pytest.param(f"{_SENTENCE}<form>a</form>", f"<p>{_SENTENCE}</p>", id="sign-up"),
        pytest.param(f"<form>{_SENTENCE}</form>", f"<p>{_SENTENCE}</p>", id="form-around-the-page"),
        pytest.param('<p style="border: 0">a</p>', "<p>a</p>", id="style"),
        pytest.param('<p style="display:none">a</p>', '<p style="display:none">a</p>', id="hidden"),
    ],
)
def test_text_stands_in_paragraphs(markup: str, plain: str) -> None:
    body = html.document_fromstring(f"<html><body>{markup}</body></html>").find("body")
    make_plain(body)
    assert etree.tostring(body, method="html", encoding="unicode") == f"<body>{plain}</body>"


@pytest.mark.parametrize("tag", ["div", "span", "ul><li", "table><tr><td", "form", "blockquote", "font"])
@pytest.mark.parametrize("place", ["before", "after"])
def test_deep_nesting_costs_no_more_than_what_stands_below_it(tag: str, place: str) -> None:
    deep = f"<{tag}>" * 50_000
    told = f"<h1>{BRIDGE.title}</h1>{samples.paragraphs(BRIDGE.lines)}"
    page = deep + told if place == "before" else told + deep
    # lxml gives up what lies deeper than 256 elements.
    assert outcome(page) in ([BRIDGE.text, Failure.UNREADABLE] if place == "before" else [BRIDGE.text])


@pytest.mark.parametrize(
    "flood",
    [
        pytest.param("<div " + " ".join(f"a{at}=1" for at in range(100_000)) + ">", id="attributes"),
        pytest.param("<p>" + "كلمة<br>" * 100_000, id="line-breaks"),
        pytest.param("<script " * 200_000, id="scripts"),
        pytest.param("<p>" + "كلمات وكلمات أخرى من غير نهاية، " * 50_000, id="one-paragraph"),
        pytest.param("<p>عنوان آخر من العناوين</p>" * 50_000, id="elements"),
        pytest.param('<script type="application/ld+json">' + "[" * 100_000 + "</script>", id="data"),
    ],
)
def test_a_flood_below_the_text_does_not_drown_it(flood: str) -> None:
    text = outcome(f"<h1>{BRIDGE.title}</h1>{samples.paragraphs(BRIDGE.lines)}{flood}")
    assert text.startswith(BRIDGE.text)
    assert len(text) <= LONGEST_TEXT


_PIECES = st.sampled_from(
    [
        *(
            "<div>",
            "</div>",
            "<p>",
            "</p>",
            "<br>",
            "<table><tr><td>",
            "</table>",
            "<a href=/>",
            "</a>",
            "<article>",
        ),
        *(
            "</article>",
            "<ul><li>",
            "</ul>",
            "<b>",
            "</b>",
            "<h1>",
            "</h1>",
            "<h2 class=t>",
            "</h2>",
            "<form>",
            "<",
        ),
        *(
            "TT",
            "مقالات ذات صلة",
            "اقرأ أيضاً",
            BRIDGE.title,
            HARBOUR.title,
            BRIDGE.caption,
            "&nbsp;",
            "\x00",
            "\x01\x1f\x85",
            "&#1;",
            "&#xFFFE;",
            "\ufffe",
            "\ud800",
        ),
        *(BRIDGE.lines[:4]),
        *HARBOUR.lines,
    ]
)


def test_what_lies_behind_thousands_of_elements_is_not_read() -> None:
    told = f"<h1>{BRIDGE.title}</h1>{samples.paragraphs(BRIDGE.lines)}"
    assert outcome("<i></i>" * (MOST_ELEMENTS - 100) + told) == BRIDGE.text
    assert outcome("<i></i>" * MOST_ELEMENTS + told) == Failure.UNREADABLE


@given(pieces=st.lists(_PIECES, max_size=40), title=st.just(BRIDGE.title) | st.text(max_size=20))
def test_any_markup_gives_clean_lines_or_a_feed_error(pieces: list[str], title: str) -> None:
    body = f"<html><body><h1>{BRIDGE.title}</h1>{''.join(pieces)}".encode("utf-8", "surrogatepass")
    try:
        told = read_page(fetched(body, content_type="text/html"), title)
    except FeedError:
        return
    lines = told.text.split("\n")
    assert told.lede == lines[0]
    assert len(set(lines)) == len(lines)
    assert all(line and line == tidy_paragraph(line) and "<p>" not in line for line in lines)

"""What feeds call a headline or a summary, and what a reader should see of it."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.collector.clean import LONGEST_SUMMARY, LONGEST_TITLE, clean_summary, clean_title, plain_text
from tests.text.alphabets import anything

OUTLET = "صوت الواحة"


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        pytest.param("", "", id="empty"),
        pytest.param("افتتاح الميناء", "افتتاح الميناء", id="plain"),
        pytest.param("<b>افتتاح</b> <i>الميناء</i>", "افتتاح الميناء", id="inline-tags"),
        pytest.param("<p>افتتاح</p><p>الميناء</p>", "افتتاح الميناء", id="paragraphs"),
        pytest.param("افتتاح<br/>الميناء", "افتتاح الميناء", id="line-break"),
        pytest.param("<ul><li>أول</li><li>ثان</li></ul>", "أول ثان", id="list"),
        pytest.param("&laquo;نعم&raquo; &ndash; لا&hellip;", "«نعم» – لا…", id="entities"),
        pytest.param("&#1575;&#x628;", "اب", id="numeric-entities"),
        pytest.param("ارتفع&nbsp;3%", "ارتفع 3%", id="no-break-space"),
        pytest.param("&lt;p&gt;افتتاح&lt;/p&gt;", "افتتاح", id="escaped-once"),
        pytest.param("&amp;lt;p&amp;gt;", "<p>", id="escaped-twice-is-text"),
        pytest.param("A &amp;amp; B", "A & B", id="ampersand-escaped-twice"),
        pytest.param("A & B", "A & B", id="bare-ampersand"),
        pytest.param("3 < 5 > 2", "3 < 5 > 2", id="less-and-greater"),
        pytest.param("<script>alert(1)</script>افتتاح", "افتتاح", id="script"),
        pytest.param("<SCRIPT SRC=//x></SCRIPT>افتتاح", "افتتاح", id="script-upper-case"),
        pytest.param("<style>p{}</style>افتتاح", "افتتاح", id="style"),
        pytest.param("&lt;script&gt;alert(1)&lt;/script&gt;افتتاح", "افتتاح", id="escaped-script"),
        pytest.param("<!-- سر -->افتتاح", "افتتاح", id="comment"),
        pytest.param("<img src=x onerror=alert(1)>افتتاح", "افتتاح", id="image"),
        pytest.param("<svg onload=alert(1)>افتتاح</svg>", "افتتاح", id="svg"),
        pytest.param("<a href='javascript:x'>افتتاح</a>", "افتتاح", id="link"),
        pytest.param("<p>افتتاح <b>الميناء", "افتتاح الميناء", id="unclosed"),
        pytest.param("افتتاح</p></div>", "افتتاح", id="unopened"),
        pytest.param("قال <b>الوزير</b> : <i>نعم</i> .", "قال الوزير: نعم.", id="space-before-marks"),
        pytest.param("\u202eافتتاح\u202c\x0b الميناء", "افتتاح الميناء", id="override-and-control"),
        pytest.param("&#x202e;افتتاح", "افتتاح", id="override-as-entity"),
        pytest.param("افتتاح\ud800", "افتتاح?", id="surrogate"),
    ],
)
def test_plain_text(markup: str, expected: str) -> None:
    assert plain_text(markup) == expected


@given(
    anything
    | st.lists(st.sampled_from(["<", "b", ">", "/", "&", "lt;", "amp;", "!--", "'", "ا", " "])).map("".join)
)
def test_plain_text_holds_no_control_from_any_markup(markup: str) -> None:
    text = plain_text(markup)
    assert not [char for char in text if unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"}]
    assert not set(text) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@pytest.mark.parametrize(
    "markup",
    [
        pytest.param("<div>" * 50_000 + "عمق" + "</div>" * 50_000, id="closed"),
        pytest.param("<div>" * 500_000, id="open"),
        pytest.param("&lt;div&gt;" * 50_000, id="escaped"),
        pytest.param("<b><i>" * 50_000, id="formatting"),
        pytest.param("<table><tr><td>" * 50_000, id="tables"),
        pytest.param("<" * 500_000, id="brackets"),
        pytest.param("<a href='" * 50_000, id="quotation-marks"),
        pytest.param("<!--" * 50_000, id="comments"),
    ],
)
def test_markup_of_any_depth_is_read(markup: str) -> None:
    assert len(plain_text(markup)) <= len(markup)


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        pytest.param("افتتاح الميناء", "افتتاح الميناء", id="nothing-to-do"),
        pytest.param("افتتاح الميناء | صوت الواحة", "افتتاح الميناء", id="bar"),
        pytest.param("افتتاح الميناء - صوت الواحة", "افتتاح الميناء", id="hyphen"),
        pytest.param("افتتاح الميناء – صوت الواحة", "افتتاح الميناء", id="en-dash"),
        pytest.param("افتتاح الميناء — صوت الواحة", "افتتاح الميناء", id="em-dash"),
        pytest.param("افتتاح الميناء :: صوت الواحة", "افتتاح الميناء", id="colons"),
        pytest.param("افتتاح الميناء&nbsp;|&nbsp;صوت الواحة", "افتتاح الميناء", id="no-break-spaces"),
        pytest.param("افتتاح الميناء | waha.example", "افتتاح الميناء", id="the-feeds-own-title"),
        pytest.param("صوت الواحة | افتتاح الميناء", "صوت الواحة | افتتاح الميناء", id="name-in-front"),
        pytest.param(
            "أهالي القرية: هذا صوت الواحة", "أهالي القرية: هذا صوت الواحة", id="name-in-the-sentence"
        ),
        pytest.param("افتتاح - الميناء | ميناء", "افتتاح - الميناء | ميناء", id="another-name"),
        pytest.param("<b>افتتاح</b> الميناء", "افتتاح الميناء", id="markup"),
        pytest.param("<script>x()</script>", "", id="script-only"),
    ],
)
def test_clean_title(title: str, expected: str) -> None:
    assert clean_title(title, (OUTLET, "waha.example", "")) == expected


def test_a_long_title_is_cut_between_words() -> None:
    title = clean_title("قمة عربية " * 100, ())
    assert len(title) <= LONGEST_TITLE
    assert title.endswith(("قمة…", "عربية…"))


@pytest.mark.parametrize(
    ("summary", "expected"),
    [
        pytest.param("", "", id="empty"),
        pytest.param("حضر الوزراء الحفل.", "حضر الوزراء الحفل.", id="nothing-to-do"),
        pytest.param("<p>حضر الوزراء.</p>", "حضر الوزراء.", id="markup"),
        pytest.param("افتتاح الميناء. حضر الوزراء.", "حضر الوزراء.", id="headline-again"),
        pytest.param(
            "<h1>افتتاح الميناء</h1><p>حضر الوزراء.</p>", "حضر الوزراء.", id="headline-again-as-heading"
        ),
        pytest.param(
            "افتتاح الميناء<br><br>حضر الوزراء.", "حضر الوزراء.", id="headline-again-before-a-break"
        ),
        pytest.param(
            "افتتاح الميناء صباح اليوم بحضور الوزراء.",
            "افتتاح الميناء صباح اليوم بحضور الوزراء.",
            id="a-lede-that-begins-like-the-headline",
        ),
        pytest.param("افتتاح الميناء", "", id="headline-only"),
        pytest.param("افتتاح الميناءين معاً", "افتتاح الميناءين معاً", id="headline-ends-inside-a-word"),
        pytest.param(
            "حضر الوزراء. The post افتتاح الميناء appeared first on صوت الواحة.",
            "حضر الوزراء.",
            id="appeared-first",
        ),
        pytest.param(
            "<p>حضر الوزراء.</p><p>The post <a href='x'>افتتاح</a> appeared first on <a href='y'>W</a>.</p>",
            "حضر الوزراء.",
            id="appeared-first-with-links",
        ),
        pytest.param(
            "حضر الوزراء. ظهرت المقالة افتتاح الميناء أولاً على صوت الواحة.",
            "حضر الوزراء.",
            id="appeared-first-arabic",
        ),
        pytest.param(
            "حضر الوزراء. ظهرت المقالة افتتاح الميناء أولًا على صوت الواحة.",
            "حضر الوزراء.",
            id="appeared-first-tanween-before-alef",
        ),
        pytest.param(
            "حضر الوزراء. التدوينة افتتاح الميناء ظهرت أولاً على صوت الواحة.",
            "حضر الوزراء.",
            id="post-appeared-first",
        ),
        pytest.param("حضر الوزراء [&hellip;]", "حضر الوزراء", id="ellipsis-in-brackets"),
        pytest.param("حضر الوزراء [...]", "حضر الوزراء", id="stops-in-brackets"),
        pytest.param("حضر الوزراء اقرأ المزيد", "حضر الوزراء", id="read-more"),
        pytest.param("حضر الوزراء. اقرأ أيضاً: خبر آخر", "حضر الوزراء.", id="read-also"),
        pytest.param(
            "قراءة المزيد من الكتب تفيد، " + "والكتب كثيرة " * 30, None, id="read-more-in-the-sentence"
        ),
    ],
)
def test_clean_summary(summary: str, expected: str | None) -> None:
    assert clean_summary(summary, "افتتاح الميناء") == (summary.strip() if expected is None else expected)


def test_a_long_summary_is_cut_between_words() -> None:
    summary = clean_summary("قمة عربية " * 1000, "")
    assert len(summary) <= LONGEST_SUMMARY
    assert summary.endswith(("قمة…", "عربية…"))


@given(anything, anything)
def test_titles_and_summaries_of_any_text_stay_within_their_length(markup: str, title: str) -> None:
    assert len(clean_title(markup * 20, (title,))) <= LONGEST_TITLE
    assert len(clean_summary(markup * 20, title)) <= LONGEST_SUMMARY

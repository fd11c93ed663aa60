"""What feeds call a headline or a summary, and what a reader should see of it."""

from __future__ import annotations

import gzip
import json
import pathlib
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.collector.clean import (
    LONGEST_SUMMARY,
    LONGEST_TITLE,
    Summary,
    clean_summary,
    clean_title,
    plain_text,
)
from tests.collector.test_boilerplate import pieces
from tests.text.alphabets import anything

OUTLET = "صوت الواحة"
TITLE = "افتتاح الميناء"
NEWS = "حضر الوزراء الحفل."


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
        pytest.param(
            "<p>افتتاح</p>\n<figure><img><figcaption>سفينة</figcaption></figure>", "افتتاح", id="caption"
        ),
        pytest.param("افتتاح<figcaption>سفينة", "افتتاح", id="unclosed-caption"),
        pytest.param("صورة &amp;amp; خبر &nbsp;&#8230;", "صورة & خبر …", id="mixed-escapes"),
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
        pytest.param("صوت الواحة | افتتاح الميناء", "افتتاح الميناء", id="name-in-front"),
        pytest.param("صوت الواحة - افتتاح الميناء", "افتتاح الميناء", id="name-in-front-of-a-dash"),
        pytest.param("صوت الواحة: افتتاح الميناء", "صوت الواحة: افتتاح الميناء", id="name-and-a-colon"),
        pytest.param("افتتاح الميناء- صوت الواحة", "افتتاح الميناء", id="one-space"),
        pytest.param("افتتاح الميناء ـ صوت الواحة", "افتتاح الميناء", id="tatweel-for-a-dash"),
        pytest.param("افتتاح الميناء-صوت الواحة", "افتتاح الميناء-صوت الواحة", id="a-compound"),
        pytest.param("افتتاح الميناء | «صوت الواحة»", "افتتاح الميناء", id="quoted-name"),
        pytest.param("افتتاح الميناء &raquo; صوت الواحة", "افتتاح الميناء", id="guillemet"),
        pytest.param("صوت الواحة &laquo; افتتاح الميناء", "افتتاح الميناء", id="guillemet-after-the-name"),
        pytest.param("الوزير: «نعم» صوت الواحة", "الوزير: «نعم» صوت الواحة", id="name-after-a-quotation"),
        pytest.param("وزير يزور «صوت الواحة»", "وزير يزور «صوت الواحة»", id="name-quoted-in-the-sentence"),
        pytest.param("افتتاح الميناء \u200f|\u200f صوت الواحة", "افتتاح الميناء", id="right-to-left-marks"),
        pytest.param("افتتاح الميناء | صَوتُ الواحه", "افتتاح الميناء", id="name-spelt-otherwise"),
        pytest.param(
            "افتتاح الميناء | اقتصاد | صوت الواحة", "افتتاح الميناء | اقتصاد", id="section-and-name"
        ),
        pytest.param("افتتاح الميناء - صوت الواحة | صوت الواحة", "افتتاح الميناء", id="name-twice"),
        pytest.param("صوت الواحة", "صوت الواحة", id="nothing-but-the-name"),
        pytest.param("صوت الواحة | صوت الواحة", "صوت الواحة | صوت الواحة", id="nothing-but-the-name-twice"),
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
        pytest.param(NEWS, NEWS, id="nothing-to-do"),
        pytest.param(f"<p>{NEWS}</p>", NEWS, id="markup"),
        pytest.param(f"{TITLE}. {NEWS}", NEWS, id="headline-again"),
        pytest.param(f"{TITLE} – {NEWS}", NEWS, id="headline-and-a-dash"),
        pytest.param(f"<h1>{TITLE}</h1><p>{NEWS}</p>", NEWS, id="headline-as-heading"),
        pytest.param(f"{TITLE}<br><br>{NEWS}", NEWS, id="headline-before-a-break"),
        pytest.param(f"{TITLE}\n\n{NEWS}", NEWS, id="headline-before-an-empty-line"),
        pytest.param(
            f"{TITLE} {TITLE} {NEWS}", f"{TITLE} {NEWS}", id="a-lede-that-begins-so-after-the-headline"
        ),
        pytest.param(f"<p>{TITLE} | {OUTLET}</p><p>{NEWS}</p>", NEWS, id="headline-with-the-outlet"),
        pytest.param(f"{TITLE} القاهرة - رويترز: {NEWS}", NEWS, id="headline-before-a-dateline"),
        pytest.param(TITLE, "", id="headline-only"),
        pytest.param(
            f"{TITLE} صباح اليوم.", f"{TITLE} صباح اليوم.", id="a-lede-that-begins-like-the-headline"
        ),
        pytest.param(f"{TITLE}، وحضر الوزراء.", f"{TITLE}، وحضر الوزراء.", id="headline-and-a-comma"),
        pytest.param("افتتاح الميناءين معاً", "افتتاح الميناءين معاً", id="headline-ends-inside-a-word"),
        pytest.param(f"<p>{NEWS} [&hellip;]</p>", NEWS, id="ellipsis"),
        pytest.param(
            f"<p>{NEWS}</p><p>The post <a href='x'>{TITLE}</a> appeared first on <a href='y'>W</a>.</p>",
            NEWS,
            id="appeared-first-with-links",
        ),
        pytest.param(f"{NEWS} <a href='x'>اقرأ المزيد</a>", NEWS, id="read-more-link"),
        pytest.param(
            f"<figure><img src='x'><figcaption>سفينة كبيرة</figcaption></figure><p>{NEWS}</p>",
            NEWS,
            id="figure",
        ),
        pytest.param(
            f"<p>الوزير سالم الراوي (رويترز)</p><p>TT</p><p>{NEWS}</p>", NEWS, id="caption-and-player"
        ),
        pytest.param(
            f"<p>{NEWS}</p><p>اقرأ أيضاً</p><ul><li>خبر آخر</li><li>خبر ثالث</li></ul>",
            NEWS,
            id="related-list",
        ),
        pytest.param(f"&lt;p&gt;{TITLE}&lt;/p&gt;&lt;p&gt;{NEWS}&lt;/p&gt;", NEWS, id="escaped-markup"),
        pytest.param("<p>حضر\nالوزراء\nالحفل.</p>", NEWS, id="line-ends-in-markup"),
        pytest.param(f"{NEWS}\x0b\u2028\u202e", NEWS, id="controls"),
        pytest.param(
            "مقتل ثلاثة - رويترز", "مقتل ثلاثة - رويترز", id="nothing-but-a-headline-with-its-agency"
        ),
        pytest.param("<p>الوزير سالم الراوي (رويترز)</p>", "الوزير سالم الراوي (رويترز)", id="caption-only"),
        pytest.param("وَصَلَ الوفدُ إلى الريّاضِ.", "وَصَلَ الوفدُ إلى الريّاضِ.", id="harakat"),
    ],
)
def test_clean_summary(summary: str, expected: str) -> None:
    assert clean_summary(summary, TITLE, (OUTLET,)).text == expected


@pytest.mark.parametrize(
    ("summary", "dateline"),
    [
        pytest.param(f"القاهرة - رويترز: {NEWS}", "القاهرة", id="in-the-sentence"),
        pytest.param(f"<p>دبي - العربية.نت</p><p>{NEWS}</p>", "دبي", id="in-its-own-paragraph"),
        pytest.param(
            f"<p>{TITLE}</p><p>القاهرة: «{OUTLET}»</p><p>{NEWS}</p>", "القاهرة", id="after-the-headline"
        ),
        pytest.param(
            f"<p>سفينة في الميناء (رويترز)</p><p>القاهرة/الأناضول</p>{NEWS}", "القاهرة", id="after-a-caption"
        ),
        pytest.param(f"<b>دبي، الإمارات (CNN)</b>-- {NEWS}", "دبي، الإمارات", id="within-markup"),
        pytest.param(f"(CNN)-- {NEWS}", "", id="agency-only"),
        pytest.param(NEWS, "", id="none"),
    ],
)
def test_the_dateline_is_kept_apart(summary: str, dateline: str) -> None:
    assert clean_summary(summary, TITLE, (OUTLET,)) == Summary(NEWS, dateline)


_TELLS = "اقرأ المزيد عن القانون الجديد الذي أقره البرلمان أمس: رفع أجور البحارة."


@pytest.mark.parametrize(
    ("summary", "title", "expected"),
    [
        pytest.param(_TELLS, "اقرأ", _TELLS, id="title-says-nothing"),
        pytest.param(_TELLS, "", _TELLS, id="no-title"),
        pytest.param(f"<p>{_TELLS}</p>", TITLE, _TELLS, id="markup"),
        pytest.param(f"<p>{NEWS}</p><p>{_TELLS}</p>", TITLE, NEWS, id="under-news"),
        pytest.param(f"{NEWS} {_TELLS}", TITLE, NEWS, id="after-news"),
        pytest.param("اقرأ المزيد عن الميناء", TITLE, "", id="names-only"),
        pytest.param("اقرأ المزيد عن افتتاح الميناء في المدينة الساحلية", TITLE, "", id="headline-again"),
        pytest.param("اقرأ المزيد", TITLE, "", id="button"),
    ],
)
def test_an_invitation_stays_where_it_is_all_that_tells_the_news(
    summary: str, title: str, expected: str
) -> None:
    assert clean_summary(summary, title).text == expected


def test_a_page_as_the_arabic_press_builds_it() -> None:
    caption = "الوزير سالم الراوي في ميناء الواحة (إ.ب.أ)"
    lines = ["افتتاح ميناء الواحة الجديد", caption, caption, "TT"]
    lines += ["افتتاح ميناء الواحة الجديد", caption, caption, "القاهرة: «صوت الواحة»", NEWS, "وغادروا مساءً."]
    expected = Summary(f"{NEWS} وغادروا مساءً.", "القاهرة")
    paragraphs = "".join(f"<p>{line}</p>\n" for line in lines)
    for markup in (paragraphs, "\n".join(lines), "<br/>".join(lines), " ".join(lines)):
        assert clean_summary(markup, "افتتاح ميناء الواحة الجديد", (OUTLET,)) == expected


def test_a_long_summary_is_cut_between_words() -> None:
    summary = clean_summary(" ".join(f"قمة{number}" for number in range(1000)), "").text
    assert LONGEST_SUMMARY - 10 < len(summary) <= LONGEST_SUMMARY
    assert summary.endswith("…")
    assert summary.removesuffix("…").split()[-1] in {f"قمة{number}" for number in range(1000)}


@given(anything, anything)
def test_titles_and_summaries_of_any_text_stay_within_their_length(markup: str, title: str) -> None:
    assert len(clean_title(markup * 20, (title,))) <= LONGEST_TITLE
    assert len(clean_summary(markup * 20, title).text) <= LONGEST_SUMMARY


@given(pieces | anything, st.sampled_from([TITLE, "", "الوزير"]))
def test_cleaning_twice_is_cleaning_once(text: str, title: str) -> None:
    # Entities and tags are resolved anew each time: text about markup is no markup.
    once = clean_summary(text.replace("&", "").replace("<", ""), title, (OUTLET,)).text
    assert clean_summary(once, title, (OUTLET,)).text == once


@given(pieces | anything)
def test_cleaning_a_title_twice_is_cleaning_it_once(text: str) -> None:
    once = clean_title(text.replace("&", "").replace("<", "") + f" | {OUTLET}", (OUTLET, "الوزير"))
    assert clean_title(once, (OUTLET, "الوزير")) == once


@pytest.mark.parametrize(
    "piece",
    [
        "- ",
        "| ",
        "كلمة، ",
        "TT ",
        "[…] ",
        "اقرأ المزيد ",
        "(رويترز) ",
        "رويترز - ",
        "The post x ",
        "<p>a",
        "<img ",
    ],
)
def test_what_repeats_without_end_is_read(piece: str) -> None:
    markup = piece * (60_000 // len(piece))
    assert len(clean_summary(markup, TITLE, (OUTLET, "رويترز")).text) <= LONGEST_SUMMARY
    assert len(clean_title(markup, (OUTLET, "رويترز"))) <= LONGEST_TITLE


def test_real_summaries_lose_next_to_nothing(shared: pathlib.Path) -> None:
    """What goes of 20,690 real summaries: the headline said again, and invitations to watch."""
    with gzip.open(shared / "data" / "ant" / "items.jsonl.gz", "rt", encoding="utf-8") as lines:
        items = [json.loads(line) for line in lines]
    before = after = touched = 0
    for item in items:
        title = clean_title(item["title"], (item["outlet"],))
        whole, clean = clean_summary(item["summary"], "").text, clean_summary(item["summary"], title)
        before, after = before + len(plain_text(item["summary"])), after + len(clean.text)
        touched += clean.text != whole
    assert len(items) > 20_000
    assert touched <= 10
    assert 0.999 < after / before < 1.001

"""An article's page to its text: what must be in it, and what must not."""

from __future__ import annotations

import gzip
import json
import pathlib
from collections.abc import Callable
from html import escape

import pytest

from digest.collector.datelines import split_dateline
from digest.collector.pages import read_page
from digest.errors import FeedError
from digest.model import Failure, PageText
from digest.text.tidy import tidy_paragraph
from tests.collector import page_samples as samples
from tests.collector.page_samples import BRIDGE, ENGLISH, HARBOUR, TEASERS, TELESCOPE
from tests.collector.samples import fetched

OUTLET = ("صوت الوادي",)


#: A headline that could be a sentence.
_QUESTION = "هل يعود الصيادون إلى ميناء رأس الريح هذا الصيف؟"


def read(body: str | bytes, title: str = BRIDGE.title, *, charset: str | None = None) -> PageText:
    return read_page(fetched(body, content_type="text/html", charset=charset), title, OUTLET)


def failure(body: str | bytes, title: str = BRIDGE.title) -> FeedError:
    with pytest.raises(FeedError) as caught:
        read(body, title)
    return caught.value


def test_of_an_endless_page_only_the_first_article_is_read() -> None:
    told = read(samples.endless_page())
    assert told == PageText(text=BRIDGE.text, lede=BRIDGE.lede, dateline="وادي النخيل")


@pytest.mark.parametrize("story", [HARBOUR, TELESCOPE], ids=["second", "last"])
def test_of_an_endless_page_a_later_article_is_read_where_its_headline_is_asked_for(
    story: samples.Story,
) -> None:
    assert read(samples.endless_page(), story.title).text == story.text


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(samples.wordpress_page(), id="wordpress"),
        pytest.param(samples.amp_page(), id="amp"),
        pytest.param(samples.line_breaks_page(), id="double-line-breaks"),
        pytest.param(samples.line_breaks_page("<br/>\n"), id="single-line-breaks"),
        pytest.param(samples.line_breaks_page("</div><div>"), id="divs"),
        pytest.param(samples.table_page(), id="table-in-a-form"),
        pytest.param(samples.unclosed_page(), id="nothing-closed"),
        pytest.param(samples.pasted_page(), id="pasted-from-a-word-processor"),
        pytest.param(samples.machine_page(), id="text-for-machines-only"),
        pytest.param(
            samples.machine_page(more=("اقرأ أيضاً", TEASERS[0][0], TEASERS[0][2])), id="teasers-for-machines"
        ),
        pytest.param(samples.live_page(), id="live-blog"),
        pytest.param(samples.page(samples.one_of_many(BRIDGE)), id="nothing-below"),
        pytest.param(
            samples.page(f"<nav><main><h1>{BRIDGE.title}</h1>{samples.paragraphs(BRIDGE.lines)}</main>"),
            id="navigation-never-closed",
        ),
    ],
)
def test_every_shape_of_page_gives_the_same_text(page: str) -> None:
    told = read(page)
    assert [line for line in told.text.split("\n") if line != "تحديث"] == list(BRIDGE.lines)
    assert told.lede == BRIDGE.lede


@pytest.mark.parametrize(
    "box",
    [
        pytest.param('<aside><h4>اقرأ أيضاً</h4><a href="/2">{}</a></aside>', id="aside"),
        pytest.param('<div class="also"><h4>اقرأ أيضاً</h4><a href="/2">{}</a></div>', id="box"),
        pytest.param(
            '<div class="block"><p><strong>اقرأ أيضا:</strong><br><a href="/2">{}</a></p></div>',
            id="paragraph",
        ),
        pytest.param('<p><strong>اقرأ أيضاً:</strong></p><p><a href="/2">{}</a></p>', id="two-paragraphs"),
        pytest.param(
            '<section><h3>أخبار ذات صلة</h3><ul><li><a href="/2">{}</a></li></ul></section>', id="list"
        ),
        pytest.param('<p><b>اقرأ أيضاً:</b> <a href="/2">{}</a></p>', id="one-line"),
        pytest.param('<div class="ad">إعلان</div><article><h3><a href="/2">{}</a></h3></article>', id="card"),
    ],
)
def test_the_text_goes_on_after_a_box_of_links(box: str) -> None:
    assert read(samples.interrupted_page(box.format(TEASERS[0][0]))).text == BRIDGE.text


@pytest.mark.parametrize(
    "below",
    [
        pytest.param(
            f"<h2>مقالات ذات صلة</h2><p>{TEASERS[0][0]}</p><p>{TEASERS[0][2]}</p>", id="plain-teasers"
        ),
        pytest.param(
            "<h2>مقالات ذات صلة</h2>"
            + "".join(f'<p><a href="/2">{title}</a></p><p>{line}</p>' for title, _, line in TEASERS),
            id="linked-teasers",
        ),
        pytest.param(f"<h1>{HARBOUR.title}</h1>{samples.paragraphs(HARBOUR.lines)}", id="another-headline"),
        pytest.param(
            f'<h2 class="top">{HARBOUR.title}</h2>{samples.paragraphs(HARBOUR.lines)}',
            id="a-headline-of-its-kind",
        ),
        pytest.param(
            f"<article><h3>{HARBOUR.title}</h3>{samples.paragraphs(HARBOUR.lines)}</article>",
            id="another-article",
        ),
        pytest.param(
            f"<p>{HARBOUR.title}</p><p>{HARBOUR.caption}</p><p>TT</p><p>{HARBOUR.title}</p>"
            + samples.paragraphs(HARBOUR.lines),
            id="a-headline-said-twice",
        ),
        pytest.param(
            f"<p>{_QUESTION}</p><p>{HARBOUR.caption}</p><p>TT</p><p>{_QUESTION}</p>"
            + samples.paragraphs(HARBOUR.lines),
            id="a-question-said-twice",
        ),
        pytest.param("<p>بلدية وادي النخيل</p><p>جسور</p>", id="labels"),
    ],
)
def test_the_text_ends_where_something_else_begins(below: str) -> None:
    told = samples.paragraphs(BRIDGE.lines)
    assert (
        read(samples.page(f'<main><h2 class="top">{BRIDGE.title}</h2>{told}{below}</main>')).text
        == BRIDGE.text
    )


@pytest.mark.parametrize(
    ("inside", "kept"),
    [
        pytest.param(f"<h1>{BRIDGE.lines[2]}</h1>", BRIDGE.lines[2], id="heading-of-the-first-rank"),
        pytest.param(
            "<p>أين يقع الجسر الجديد في المدينة؟</p>", "أين يقع الجسر الجديد في المدينة؟", id="question"
        ),
        pytest.param(
            '<p>قالت البلدية إن <a href="/2">السوق القديمة في الضفة الشرقية</a> ستبقى مفتوحة.</p>',
            "قالت البلدية إن السوق القديمة في الضفة الشرقية ستبقى مفتوحة.",
            id="link-in-a-sentence",
        ),
        pytest.param("<ul><li>الحافلات مجانية.</li></ul>", "الحافلات مجانية.", id="list"),
        pytest.param(
            "<blockquote><p>كنا ننتظر هذا اليوم منذ الفيضان.</p></blockquote>",
            "كنا ننتظر هذا اليوم منذ الفيضان.",
            id="quotation",
        ),
        pytest.param(
            "<p>صورة الجسر من الجو</p><p>صورة الجسر من الجو</p>",
            "صورة الجسر من الجو",
            id="caption-said-twice",
        ),
    ],
)
def test_what_belongs_to_the_text_stays(inside: str, kept: str) -> None:
    above, below = samples.paragraphs(BRIDGE.lines[:2]), samples.paragraphs(BRIDGE.lines[3:])
    told = read(
        samples.page(
            f"<article><h1>{BRIDGE.title}</h1><div>{above}{inside}{below}</div></article>{samples.teasers()}"
        )
    )
    assert told.text.split("\n") == [*BRIDGE.lines[:2], kept, *BRIDGE.lines[3:]]


@pytest.mark.parametrize(
    "above",
    [
        pytest.param('<div class="also"><h4>اقرأ أيضاً</h4><a href="/2">{}</a></div>', id="box"),
        pytest.param("<p>أخبار ذات صلة</p>", id="heading"),
        pytest.param('<p><a href="/2">{}</a></p>', id="link"),
        pytest.param(f"<p>{BRIDGE.caption}</p><p>TT</p><p>12 مارس 2026</p>", id="labels"),
    ],
)
def test_what_stands_between_headline_and_text_is_left_out(above: str) -> None:
    told = samples.paragraphs(BRIDGE.lines)
    page = samples.page(f"<main><h1>{BRIDGE.title}</h1>{above.format(_QUESTION)}<div>{told}</div></main>")
    assert read(page).text == BRIDGE.text


def test_a_caption_between_paragraphs_is_left_out() -> None:
    told = samples.paragraphs([*BRIDGE.lines[:4], TELESCOPE.caption, *BRIDGE.lines[4:]])
    assert read(samples.page(f"<article><h1>{BRIDGE.title}</h1>{told}</article>")).text == BRIDGE.text


def test_a_table_of_contents_does_not_end_the_text() -> None:
    headings = ("كلفة الجسر الجديد", "أسواق الضفة الشرقية")
    contents = "".join(f'<li><a href="#{at}">{line}</a></li>' for at, line in enumerate(headings))
    first, second = (f"<h2>{line}</h2>" for line in headings)
    parts = [samples.paragraphs(BRIDGE.lines[at : at + 2]) for at in (0, 3, 5)]
    told = f"{parts[0]}<ul>{contents}</ul>{first}{parts[1]}{second}{parts[2]}"
    assert BRIDGE.lines[-1] in read(samples.page(f"<article><h1>{BRIDGE.title}</h1>{told}</article>")).text


def test_a_headline_that_asks_is_no_text() -> None:
    above = f"<p>{_QUESTION}</p><p>{BRIDGE.caption}</p><p>TT</p><p>{_QUESTION}</p>"
    assert read(samples.page(above + samples.paragraphs(BRIDGE.lines)), _QUESTION).text == BRIDGE.text


def test_one_paragraph_under_a_list_of_links_is_the_text() -> None:
    links = "".join(f'<li><a href="/2">{line}</a></li>' for line in (_QUESTION, TEASERS[0][0]))
    links = f"<section><div><b>قصص مقترحة</b></div><ul>{links}</ul><p>نهاية قصص مقترحة</p></section>"
    page = samples.page(f"<main><h1>{BRIDGE.title}</h1>{links}<div><p>{BRIDGE.lede}</p></div></main>")
    assert read(page).text == BRIDGE.lede


def test_a_headline_without_a_word_of_the_text_is_found_under_a_heading_that_nobody_closed() -> None:
    title = "مفاجأة سارة تسعد الجميع أخيراً"
    assert read(samples.unclosed_page().replace(BRIDGE.title, title), title).text == BRIDGE.text


def test_a_headline_said_under_the_text_is_not_where_it_begins() -> None:
    told = samples.paragraphs(BRIDGE.lines)
    share = f"<h4>{BRIDGE.title}</h4><p>شارك هذا الخبر مع أصدقائك على مواقع التواصل.</p>"
    page = f"<main><h1>عبور مجاني فوق النهر</h1><div>{told}</div>{share}</main>"
    assert read(page).text.startswith(BRIDGE.text)


def test_two_sentences_before_a_paywall_are_a_text() -> None:
    assert read(samples.paywall_page()).text == "\n".join(BRIDGE.lines[:2])


def test_one_sentence_is_a_text() -> None:
    short = samples.page(f"<h1>{BRIDGE.title}</h1><div><p>افتتح جسر وادي النخيل اليوم الأحد.</p></div>")
    assert read(short).lede == "افتتح جسر وادي النخيل اليوم الأحد."


def test_an_english_page_is_read_as_well() -> None:
    told = read(samples.english_page(), ENGLISH.title)
    assert (told.text, told.lede, told.dateline) == (ENGLISH.text, ENGLISH.lede, "PALM VALLEY")


def test_a_headline_that_was_changed_since_is_recognised_by_its_words() -> None:
    page = samples.endless_page().replace(BRIDGE.title, "بعد طول انتظار.. عبور مجاني فوق النهر")
    page = page.replace(
        "<main>", "<div><p>نستخدم ملفات تعريف الارتباط لتحسين تجربتك على موقعنا.</p></div><main>"
    )
    assert read(page, "وادي النخيل تفتتح جسر الضفتين").text == BRIDGE.text


@pytest.mark.parametrize(
    ("body", "charset"),
    [
        pytest.param('<meta charset="utf-8">', "utf-8", id="utf-8"),
        pytest.param("", "utf-8", id="utf-8-undeclared"),
        pytest.param('<meta charset="windows-1256">', "utf-8", id="utf-8-that-says-1256"),
        pytest.param("<meta charset=windows-1256>", "cp1256", id="1256"),
        pytest.param(
            '<META http-equiv="Content-Type" content="text/html; charset=windows-1256">',
            "cp1256",
            id="http-equiv",
        ),
        pytest.param("", "cp1256", id="1256-undeclared"),
        pytest.param('<meta charset="utf-8">', "cp1256", id="1256-that-says-utf-8"),
        pytest.param('<meta charset="iso-8859-1">', "cp1256", id="1256-that-says-latin"),
        pytest.param('<meta charset="iso-8859-6">', "iso8859-6", id="iso-arabic"),
        pytest.param('<meta charset="utf-8">', "utf-16", id="utf-16"),
        pytest.param("<script>" + "var a = 1;" * 9000 + "</script>", "cp1256", id="1256-behind-much-script"),
    ],
)
def test_a_page_is_read_in_its_encoding_whatever_it_says(body: str, charset: str) -> None:
    lines = [line for line in BRIDGE.lines if "«" not in line]
    page = (
        f"<html><head>{body}</head><body><h1>{BRIDGE.title}</h1>{''.join(f'<p>{line}</p>' for line in lines)}"
    )
    assert read(page.encode(charset)).text == "\n".join(lines)


@pytest.mark.parametrize("name", ["windows-1256", "utf-8", None])
def test_the_encoding_of_the_answer_counts_where_the_page_says_another(name: str | None) -> None:
    page = f'<html><meta charset="utf-8"><h1>{BRIDGE.title}</h1>{samples.paragraphs(BRIDGE.lines)}'
    assert read(page.encode("cp1256"), charset=name).text == BRIDGE.text


def _door(title: str, inside: str) -> str:
    return f"<html><head><title>{title}</title></head><body><h1>{title}</h1>{inside}</body></html>"


_LOGIN = "<p>أدخل بريدك الإلكتروني وكلمة المرور لتتابع القراءة على موقعنا.</p>"
_COOKIES = "<p>We and our partners store cookies on your device, and you may refuse them at any time.</p>"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        pytest.param("", Failure.UNREADABLE, id="nothing"),
        pytest.param("<!doctype html>", Failure.UNREADABLE, id="an-empty-page"),
        pytest.param("%PDF-1.7\n\x00\x01", Failure.UNREADABLE, id="pdf"),
        pytest.param(bytes(range(256)) * 40, Failure.UNREADABLE, id="bytes"),
        pytest.param('{"title": "<b>"}', Failure.UNREADABLE, id="json"),
        pytest.param(
            '<?xml version="1.0"?><rss><channel><description>&lt;p></description></channel></rss>',
            Failure.UNREADABLE,
            id="feed",
        ),
        pytest.param("<html><frameset><frame src='a'></frameset></html>", Failure.UNREADABLE, id="frames"),
        pytest.param(samples.gallery_page(), Failure.UNREADABLE, id="captions-only"),
        pytest.param(samples.page(""), Failure.UNREADABLE, id="no-article"),
        pytest.param(
            samples.machine_page(headline=HARBOUR.title), Failure.UNREADABLE, id="another-article's-data"
        ),
        pytest.param(samples.wordpress_page(TELESCOPE), Failure.UNREADABLE, id="another-article"),
        pytest.param(
            "<title>Just a moment...</title><div id='cf-chl-widget'></div><p>Checking your browser.</p>",
            Failure.BLOCKED,
            id="challenge",
        ),
        pytest.param(_door("تسجيل الدخول", _LOGIN), Failure.BLOCKED, id="login"),
        pytest.param(
            _door("صوت الوادي", f"<form><input type=password>{_LOGIN}</form>"), Failure.BLOCKED, id="password"
        ),
        pytest.param(_door("Before you continue", _COOKIES), Failure.BLOCKED, id="consent"),
        pytest.param(
            _door("403 Forbidden", "<p>You are not allowed to see this page here.</p>"),
            Failure.BLOCKED,
            id="403",
        ),
    ],
)
def test_what_is_no_article_is_refused(body: str | bytes, kind: Failure) -> None:
    assert failure(body).kind == kind


def test_an_article_with_a_login_box_is_no_door() -> None:
    box = '<form><h2>تسجيل الدخول</h2><input type="password"></form>'
    assert read(samples.page(box + samples.one_of_many(BRIDGE))).text == BRIDGE.text


# --------------------------------------------------------------------------- real news


def _in_paragraphs(lines: list[str], titles: set[str]) -> str:
    return "".join(f"<p>{escape(line)}</p>" for line in lines)


def _in_rows(lines: list[str], titles: set[str]) -> str:
    return f"<table>{''.join(f'<tr><td>{escape(line)}</td></tr>' for line in lines)}</table>"


def _between_breaks(lines: list[str], titles: set[str]) -> str:
    return f"<div>{'<br>'.join(map(escape, lines))}</div>"


def _under_headings(lines: list[str], titles: set[str]) -> str:
    return "".join(
        f"<h2 class=t>{escape(line)}</h2>" if line in titles else f"<p>{escape(line)}</p>" for line in lines
    )


@pytest.mark.parametrize("shape", [_in_paragraphs, _in_rows, _between_breaks, _under_headings])
def test_of_a_real_page_nothing_but_its_first_article_is_read(
    shared: pathlib.Path, shape: Callable[[list[str], set[str]], str]
) -> None:
    seed = shared / "data" / "seed"
    items = [json.loads(line) for line in (seed / "items.jsonl").read_text(encoding="utf-8").splitlines()]
    lines = [line for line in (seed / "page.txt").read_text(encoding="utf-8").splitlines() if line.strip()]
    first, *others = items
    told = read(
        samples.page(shape(lines, {item["title"] for item in items}), title=first["title"]), first["title"]
    )
    assert told.lede == first["summary"]
    assert told.text == first["text"]
    assert [item["id"] for item in others if item["summary"] in told.text or item["title"] in told.text] == []


def test_real_news_comes_back_from_its_page_as_it_went_in(shared: pathlib.Path) -> None:
    with gzip.open(shared / "data" / "ant" / "items.jsonl.gz", "rt", encoding="utf-8") as file:
        items = [item for item in map(json.loads, file) if item.get("text")][::5]
    whole = 0
    for item in items:
        lines = tuple(filter(None, map(tidy_paragraph, item["text"].split("\n"))))
        story = samples.Story(title=item["title"], caption="", lines=lines)
        told = read(samples.wordpress_page(story), item["title"])
        begun = split_dateline(lines[0])[1]
        whole += told.text.startswith(begun[:60]) and told.text.endswith(lines[-1][-40:])
    assert len(items) > 100
    assert whole / len(items) > 0.97

"""What an outlet says for itself after its news, or in the news's place, and the news that only sounds like it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.collector.boilerplate import without_boilerplate
from digest.collector.clean import clean_summary
from digest.collector.endings import ENDINGS, SEND_OFF
from digest.collector.pages import read_page
from digest.errors import FeedError
from tests.collector.page_samples import BRIDGE, page, paragraphs
from tests.collector.samples import fetched

NEWS = "حضر الوزراء الحفل."
PAYWALL = "هذا المحتوى للمشتركين فقط. سجل الدخول أو اشترك لقراءة المقال كاملا."
OWN_WORDS = [
    pytest.param(PAYWALL, id="paywall"),
    pytest.param("هذا المقال متاح للمشتركين فقط", id="for-subscribers"),
    pytest.param("هذه المقالة حصرية لمشتركي الواحة", id="for-our-subscribers"),
    pytest.param("يرجى تسجيل الدخول لقراءة بقية الخبر", id="log-in-please"),
    pytest.param("اشترك الآن لمتابعة القراءة.", id="subscribe-to-go-on"),
    pytest.param("This article is for subscribers only.", id="paywall-english"),
    pytest.param("Subscribe to continue reading.", id="subscribe-to-continue"),
    pytest.param("لمتابعة آخر الأخبار اشترك في قناتنا على تلغرام", id="to-follow-subscribe"),
    pytest.param("للاشتراك في قناتنا على واتساب اضغط هنا", id="to-subscribe-click"),
    pytest.param("للانضمام إلى مجموعتنا انقروا على هذا الرابط", id="to-join-click"),
    pytest.param("تابع أحدث الأخبار عبر جوجل نيوز", id="follow-on-google"),
    pytest.param("تابعوا آخر أخبار الميناء على تيليجرام", id="follow-on-telegram"),
    pytest.param("المزيد من الأخبار: الميناء القديم يغلق أبوابه", id="more-news"),
    pytest.param("جميع الحقوق محفوظة © 2026 صوت الواحة", id="all-rights"),
    pytest.param("جميع الحقوق محفوظة لموقع صوت الواحة", id="all-rights-of-the-site"),
    pytest.param("All rights reserved.", id="all-rights-english"),
    pytest.param("هذا المحتوى افتتاح الميناء ظهر أولاً في صوت الواحة.", id="content-appeared"),
    pytest.param("هذا الخبر افتتاح الميناء ظهر أولًا على صوت الواحة", id="news-appeared"),
    pytest.param("المقالة افتتاح الميناء نشرت أولا في صوت الواحة", id="article-was-published"),
    pytest.param("(تصوير: سالم)", id="photographer"),
    pytest.param("(مصدر الصورة: رويترز)", id="source-of-the-picture"),
]


@pytest.mark.parametrize("words", OWN_WORDS)
def test_an_outlets_own_words_are_no_news(words: str) -> None:
    assert without_boilerplate(words) == ""
    assert without_boilerplate(f"{NEWS} {words}") == NEWS
    assert clean_summary(f"<p>{NEWS}</p><p>{words}</p>", "").text == NEWS
    assert clean_summary(f"<p>حضر الوزراء</p><p>{words}</p>", "").text == "حضر الوزراء"


@pytest.mark.parametrize(
    "button", ["اقرأ المزيد", "أكمل القراءة", "المزيد", "Read More", "Read more »", "Continue reading"]
)
@pytest.mark.parametrize("cut", ["حضر الوزراء...", "حضر الوزراء…", "حضر الوزراء.."])
def test_a_button_needs_no_space_after_dots(cut: str, button: str) -> None:
    assert without_boilerplate(f"{cut}{button}") == cut


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("قالت الشركة إن هذا المحتوى للمشتركين فقط.", id="a-company-says-so"),
        pytest.param("سجل الدخول إلى البلاد رقماً قياسياً أمس.", id="arrivals-set-a-record"),
        pytest.param("تسجيل الدخول إلى الجامعات يبدأ غداً.", id="registration-begins"),
        pytest.param("اشترك لقراءة الفاتحة ألف شخص.", id="took-part-in-reading"),
        pytest.param("للحصول على التأشيرة يسافر الطلاب إلى العاصمة.", id="to-get-a-visa"),
        pytest.param("لمعرفة أسباب الحريق تابع المحققون عملهم.", id="to-know-the-causes"),
        pytest.param("تابع الوزير آخر الأخبار عبر الهاتف.", id="the-minister-followed"),
        pytest.param("المزيد من الأخبار السيئة في انتظار الأسواق.", id="more-bad-news"),
        pytest.param("جميع الحقوق محفوظة للعمال في القانون الجديد.", id="workers-rights"),
        pytest.param("المقالة التي كتبها الراوي نشرت أولاً في مجلة.", id="an-article-of-his"),
        pytest.param("وكان هذا الخبر قد ظهر أولاً على موقع الوزارة.", id="news-had-appeared"),
        pytest.param("هذا الخبر الذي ظهر أولاً على موقع الوزارة نفاه الوزير.", id="news-that-appeared"),
        pytest.param("هذا المقال الذي نشر أولاً في مجلة أثار جدلاً.", id="article-that-was-published"),
    ],
)
def test_news_that_sounds_like_it_stays(text: str) -> None:
    assert without_boilerplate(text) == text
    assert without_boilerplate(f"{NEWS} {text}") == f"{NEWS} {text}"


def _article(*lines: str) -> bytes:
    return page(f"<main><h1>{BRIDGE.title}</h1><article>{paragraphs(lines)}</article></main>").encode()


def test_a_paywall_is_no_lede() -> None:
    told = read_page(fetched(_article(PAYWALL, *BRIDGE.lines), content_type="text/html"), BRIDGE.title)
    assert told.lede == BRIDGE.lede
    assert "للمشتركين" not in told.text
    with pytest.raises(FeedError):
        read_page(fetched(_article(PAYWALL), content_type="text/html"), BRIDGE.title)


def test_news_after_a_paywall_stays() -> None:
    text = f"{PAYWALL} {NEWS}"
    assert NEWS in without_boilerplate(text)


@pytest.mark.parametrize(
    "opening",
    [
        pytest.param("مصدر الصورة، Getty Images التعليق على الصورة، ", id="credit-and-label"),
        pytest.param("صدر الصورة، Getty Images التعليق على الصورة، ", id="first-letter-lost"),
        pytest.param("مصدر الصورة، رويترز ", id="credit"),
        pytest.param("التعليق على الصورة، ", id="label"),
    ],
)
def test_a_pictures_labels_go_from_the_head_of_running_text(opening: str) -> None:
    assert clean_summary(f"{opening}سفينة في الميناء. {NEWS}", "").text == f"سفينة في الميناء. {NEWS}"


@given(st.lists(st.sampled_from([*(str(case.values[0]) for case in OWN_WORDS), NEWS, "قال"]), max_size=6))
def test_no_ending_is_overlooked_for_its_pieces(parts: list[str]) -> None:
    line = " ".join(parts)
    for ending in (*ENDINGS, SEND_OFF):
        spans = [found.span() for found in replace(ending, pieces=("",)).find_all(line)]
        assert [found.span() for found in ending.find_all(line)] == spans
    once = without_boilerplate(line)
    assert without_boilerplate(once) == once

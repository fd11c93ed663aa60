"""Headlines and summaries as readers get them."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.ranker.words import SUMMARY_CHARACTERS, is_soft, lead_article, sentences, story_summary
from tests.ranker.making import NOW, article


@pytest.mark.parametrize(
    ("title", "soft"),
    [
        pytest.param("شاهد.. لحظة سقوط الجسر", True, id="watch"),
        pytest.param("بالفيديو: لحظة سقوط الجسر", True, id="by-video"),
        pytest.param("لماذا سقط الجسر؟", True, id="question"),
        pytest.param("سقوط الجسر.. والبلدية تغلق الطريق", False, id="two-dots-part-clauses"),
        pytest.param("رأي: الجسر والمدينة", True, id="opinion"),
        pytest.param("سقوط جسر في المدينة القديمة", False, id="news"),
        pytest.param("شاهدة على الحادث تدلي بأقوالها", False, id="a-witness-is-no-video"),
        pytest.param("هلع في الأسواق بعد الزلزال", False, id="a-word-that-begins-like-a-question"),
    ],
)
def test_soft_headlines_are_told_from_news(title: str, soft: bool) -> None:
    assert is_soft(title) is soft


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("جملة أولى. جملة ثانية.", ["جملة أولى.", "جملة ثانية."], id="two"),
        pytest.param("بلغت 3.2 في المئة. انتهى.", ["بلغت 3.2 في المئة.", "انتهى."], id="decimal"),
        pytest.param("قال د. سامي إن الأمر انتهى.", ["قال د. سامي إن الأمر انتهى."], id="title-of-a-person"),
        pytest.param("نقلت (أ.ف.ب) الخبر. ثم نفته.", ["نقلت (أ.ف.ب) الخبر.", "ثم نفته."], id="agency"),
        pytest.param("هل انتهى؟ نعم!", ["هل انتهى؟", "نعم!"], id="question"),
        pytest.param("قال «انتهى الأمر.» ثم مضى.", ["قال «انتهى الأمر.»", "ثم مضى."], id="quote"),
        pytest.param("", [], id="empty"),
        pytest.param("بلا نقطة", ["بلا نقطة"], id="no-full-stop"),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


@given(st.text(alphabet="ابتثج .!؟3«»", max_size=80))
def test_sentences_lose_no_letter(text: str) -> None:
    assert "".join("".join(sentences(text)).split()) == "".join(text.split())


def test_the_headline_is_complete_and_plain() -> None:
    members = [
        article(1, "شاهد.. افتتاح ميناء القاهرة", "افتتح وزير النقل ميناء القاهرة الجديد."),
        article(2, "الميناء", "افتتح وزير النقل ميناء القاهرة الجديد."),
        article(
            3,
            "وزير النقل يفتتح ميناء القاهرة الجديد بكلفة 5 مليارات",
            "افتتح وزير النقل ميناء القاهرة الجديد.",
        ),
        article(4, "«نحن فخورون بهذا الإنجاز الكبير والتاريخي»", "قال وزير النقل في افتتاح ميناء القاهرة."),
    ]
    assert lead_article(members).id == "3"
    assert lead_article(members[::-1]).id == "3"


def test_a_teaser_gives_way_to_a_plain_headline() -> None:
    teaser = article(
        1, "غرد عن الميناء الجديد.. فأقاله وزير النقل", "أقال وزير النقل مدير الميناء الجديد.", published=NOW
    )
    plain = article(
        2, "وزير النقل يقيل مدير الميناء الجديد", "أقال وزير النقل مدير الميناء الجديد بسبب تأخر العمل."
    )
    assert lead_article([teaser, plain]).id == "2"


def test_the_summary_says_more_than_the_headline() -> None:
    lead = article(1, "وزير النقل يفتتح ميناء القاهرة", "وزير النقل يفتتح ميناء القاهرة.")
    other = article(2, "افتتاح الميناء", "يضم الميناء النهري خمسة أرصفة وتبلغ طاقته مليون حاوية سنوياً.")
    assert story_summary(lead, [other]) == other.summary


def test_a_sentence_that_the_feed_cut_off_is_left_out() -> None:
    summary = "افتتح الوزير الميناء النهري في القاهرة صباح اليوم. وقال إن الميناء سوف"
    assert (
        story_summary(article(1, "افتتاح", summary), [])
        == "افتتح الوزير الميناء النهري في القاهرة صباح اليوم."
    )


def test_no_summary_is_better_than_the_headline_again() -> None:
    assert story_summary(article(1, "وزير النقل يفتتح ميناء القاهرة", ""), []) == ""


@given(st.text(max_size=2000))
def test_a_summary_is_never_longer_than_its_limit(text: str) -> None:
    assert len(story_summary(article(1, "عنوان", text), [])) <= SUMMARY_CHARACTERS


@pytest.mark.parametrize(
    ("summary", "expected"),
    [
        pytest.param(
            "يضم الميناء النهري خمسة أرصفة جديدة",
            "يضم الميناء النهري خمسة أرصفة جديدة.",
            id="only-the-full-stop-is-missing",
        ),
        pytest.param(
            "يضم الميناء النهري خمسة أرصفة جديدة في",
            "يضم الميناء النهري خمسة أرصفة جديدة في…",
            id="cut-off-before-a-noun",
        ),
        pytest.param(
            "يضم الميناء خمسة أرصفة جديدة، ", "يضم الميناء خمسة أرصفة جديدة.", id="a-comma-at-the-end"
        ),
        pytest.param(
            "كلمة أخرى جديدة " * 12, ("كلمة أخرى جديدة " * 12).strip() + "…", id="as-long-as-a-feed-allows"
        ),
    ],
)
def test_a_summary_ends_as_a_sentence_does(summary: str, expected: str) -> None:
    assert story_summary(article(1, "افتتاح", summary), []) == expected


def test_of_equal_headlines_the_latest_state_of_things_is_told() -> None:
    early = article(1, "مقتل شخص في انهيار مبنى وسط القاهرة", published=NOW - dt.timedelta(hours=9))
    late = article(2, "مقتل سبعة أشخاص في انهيار مبنى وسط القاهرة", published=NOW)
    assert lead_article([early, late]).id == "2"

"""Summaries as readers get them: whole sentences that say more than the headline."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import pathlib
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.ranker.summary import SUMMARY_CHARACTERS, story_summary, summed_up
from digest.text.sentences import clipped, leans_back, lede_sentences, sentences
from tests.ranker.making import NOW, article, story

LEDE = "يضم الميناء النهري خمسة أرصفة وتبلغ طاقته مليون حاوية سنويا."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("جملة أولى. جملة ثانية.", ["جملة أولى.", "جملة ثانية."], id="two"),
        pytest.param("بلغت 3.2 في المئة. انتهى.", ["بلغت 3.2 في المئة.", "انتهى."], id="decimal"),
        pytest.param("قال د. سامي إن الأمر انتهى.", ["قال د. سامي إن الأمر انتهى."], id="title-of-a-person"),
        pytest.param("نقلت (أ.ف.ب) الخبر. ثم نفته.", ["نقلت (أ.ف.ب) الخبر.", "ثم نفته."], id="agency"),
        pytest.param("هل انتهى؟ نعم!", ["هل انتهى؟", "نعم!"], id="question"),
        pytest.param("قال «انتهى الأمر.» ثم مضى.", ["قال «انتهى الأمر.»", "ثم مضى."], id="quote"),
        pytest.param("في اليمن .. حققت القوات تقدما.", ["في اليمن .. حققت القوات تقدما."], id="two-dots"),
        pytest.param(
            "Mr. Haddad left. The U.S. did not.", ["Mr. Haddad left.", "The U.S. did not."], id="en"
        ),
        pytest.param("On Nov. 3 Gen. Haddad left.", ["On Nov. 3 Gen. Haddad left."], id="en-month-and-rank"),
        pytest.param("He left on Nov. 3. Why?", ["He left on Nov. 3.", "Why?"], id="en-a-number-at-the-end"),
        pytest.param(
            "M. Haddad et Mme. Nour. Puis rien.", ["M. Haddad et Mme. Nour.", "Puis rien."], id="fr"
        ),
        pytest.param("", [], id="empty"),
        pytest.param("بلا نقطة", ["بلا نقطة"], id="no-full-stop"),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


@given(st.text(alphabet="ابتثج .!؟3«»", max_size=80))
def test_sentences_lose_no_letter(text: str) -> None:
    assert "".join("".join(sentences(text)).split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("sentence", "leans"),
    [
        pytest.param("وأضاف الوزير أن العمل بدأ.", True, id="and-he-added"),
        pytest.param("وإلى جانب هذا بدأ العمل.", True, id="and-besides"),
        pytest.param("والتقى الوزير نظيره.", True, id="and-he-met"),
        pytest.param("كما افتتح الوزير الميناء.", True, id="as-well"),
        pytest.param("هذا ثالث ميناء يفتتحه الوزير.", True, id="this"),
        pytest.param("من جهته، نفى الوزير الخبر.", True, id="for-his-part"),
        pytest.param("ويعتبر الميناء الأكبر.", True, id="and-is-held"),
        pytest.param("يعتبر هذا ثالث ميناء.", True, id="this-is-held"),
        pytest.param("He said the port was open.", True, id="en-he"),
        pytest.param("Elle a ouvert le port.", True, id="fr-she"),
        pytest.param("وزير النقل يفتتح الميناء.", False, id="minister"),
        pytest.param("وصل الوزير إلى الميناء.", False, id="arrived"),
        pytest.param("واشنطن تعلن اتفاقا.", False, id="washington"),
        pytest.param("وفاة وزير سابق.", False, id="death"),
        pytest.param("وسائل إعلام تعلن اتفاقا.", False, id="media"),
        pytest.param("والد الطفل يروي ما جرى.", False, id="father"),
        pytest.param("The minister opened the port.", False, id="en"),
        pytest.param("Le ministre a ouvert le port.", False, id="fr"),
    ],
)
def test_sentences_that_lean_on_others_are_told(sentence: str, leans: bool) -> None:
    assert leans_back(sentence) is leans


@pytest.mark.parametrize(
    ("summary", "expected"),
    [
        pytest.param(LEDE, LEDE, id="whole"),
        pytest.param(LEDE[:-1], LEDE, id="only-the-full-stop-is-missing"),
        pytest.param(f"{LEDE[:-1]}،", LEDE, id="a-comma-at-the-end"),
        pytest.param(f"{LEDE[:-1]}..", LEDE, id="two-dots-at-the-end"),
        pytest.param(f"القاهرة (رويترز) - {LEDE}", LEDE, id="dateline-and-agency"),
        pytest.param(f"كتب سامي الحداد: {LEDE}", LEDE, id="byline"),
        pytest.param(f"{LEDE} اقرأ أيضا: ميناء آخر", LEDE, id="read-also"),
        pytest.param(f"{LEDE} للمزيد من التفاصيل تابع التقرير التالي.", LEDE, id="for-more"),
        pytest.param(f"{LEDE} فماذا بعد الافتتاح الكبير؟", LEDE, id="question-behind"),
        pytest.param(f"{LEDE} وقال إن الميناء سوف", LEDE, id="second-sentence-cut-off"),
        pytest.param(f"{LEDE} وقال إن الميناء الجديد سيعمل...", LEDE, id="second-sentence-marked-as-cut-off"),
        pytest.param(
            f"وقال إنه سعيد جدا بذلك اليوم. {LEDE}", LEDE, id="a-sentence-that-leans-back-is-no-opener"
        ),
        pytest.param(f"#القاهرة: {LEDE}", f"القاهرة: {LEDE}", id="hashtag"),
        pytest.param("يضم الميناء النهري خمسة أرصفة في", "", id="cut-off-before-a-noun"),
        pytest.param('قال الوزير "إن الميناء النهري يضم خمسة أرصفة', "", id="quote-left-open"),
        pytest.param("هل يضم الميناء النهري خمسة أرصفة جديدة؟", "", id="question"),
        pytest.param("وزير النقل يفتتح ميناء القاهرة.", "", id="the-headline-again"),
        pytest.param("", "", id="empty"),
    ],
)
def test_a_summary_is_whole_sentences(summary: str, expected: str) -> None:
    assert story_summary(article(1, "وزير النقل يفتتح ميناء القاهرة", summary), []) == expected


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("قال الوزير إن الميناء لن يفتتح إلا", id="except"),
        pytest.param("يربط الخط الجديد بين القاهرة و", id="and"),
        pytest.param("تبدأ مزايا الميناء الجديد ب:", id="with-and-a-colon"),
        pytest.param("افتتح الوزير الميناء الجديد، فهل يعود السياح", id="a-question-behind-a-comma"),
        pytest.param("هل يعود السياح إلى الميناء الجديد", id="a-question-without-its-mark"),
        pytest.param("قال الوزير: «افتتحنا الميناء الجديد.", id="a-quotation-left-open"),
        pytest.param("افتتح الوزير الميناء الجديد (شرق المدينة.", id="a-bracket-left-open"),
        pytest.param('افتتح الوزير الميناء الجديد".', id="a-quotation-that-never-began"),
    ],
)
def test_what_is_no_whole_sentence_is_refused(text: str) -> None:
    assert lede_sentences(text, SUMMARY_CHARACTERS) == []


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("يتساءل الناس هل يعود السياح إلى الميناء", id="a-question-told"),
        pytest.param("سأل الوزير: «هل يعود السياح؟»، ثم افتتح الميناء", id="a-question-with-its-mark"),
        pytest.param("افتتح الوزير الميناء ”الجديد” شرق المدينة", id="one-mark-at-both-ends"),
    ],
)
def test_what_is_whole_is_closed(text: str) -> None:
    assert lede_sentences(text, SUMMARY_CHARACTERS) == [f"{text}."]


def test_no_clause_is_closed_that_asks() -> None:
    told = "افتتح وزير النقل ميناء القاهرة النهري الجديد الذي يضم خمسة أرصفة للحاويات وثلاثة للركاب"
    assert clipped(f"{told}، وهل يعود السياح إلى المدينة القديمة، بعد أعوام من العمل في", 200) == f"{told}."


def test_a_sentence_that_its_feed_cut_off_ends_where_a_clause_does() -> None:
    told = "افتتح وزير النقل ميناء القاهرة النهري الجديد الذي يضم خمسة أرصفة للحاويات وثلاثة للركاب"
    cut = f"{told}، بعد أعوام من العمل المتواصل في"
    assert story_summary(article(1, "افتتاح ميناء", cut), []) == f"{told}."


def test_a_long_text_without_an_end_at_a_feeds_limit_was_cut_off() -> None:
    words = "كلمة أخرى جديدة " * 30
    assert lede_sentences(words[:198], SUMMARY_CHARACTERS) == []
    assert lede_sentences(words[:170].strip(), SUMMARY_CHARACTERS) == [f"{words[:170].strip()}."]


def test_what_the_minister_said_is_not_cut_from_the_minister() -> None:
    sentence = (
        "أعلن وزير النقل في مؤتمر صحفي عقده مع نظرائه في مبنى الميناء الجديد، وهو يبتسم، أن الميناء افتتح"
    )
    assert clipped(sentence, 200) == ""


def test_another_members_whole_sentence_is_better_than_none() -> None:
    lead = article(1, "وزير النقل يفتتح ميناء القاهرة", "افتتح وزير النقل ميناء القاهرة بحضور عدد من")
    assert story_summary(lead, [article(2, "افتتاح الميناء", LEDE)]) == LEDE


def test_the_summary_says_more_than_the_headline() -> None:
    lead = article(1, "وزير النقل يفتتح ميناء القاهرة", "وزير النقل يفتتح ميناء القاهرة.")
    assert story_summary(lead, [article(2, "افتتاح الميناء", LEDE)]) == LEDE


def test_a_short_sentence_takes_the_next_with_it() -> None:
    lede = f"{LEDE} وحضر الافتتاح ثلاثة وزراء من الدول المجاورة."
    assert story_summary(article(1, "افتتاح ميناء", lede), []) == lede


def test_the_text_serves_where_the_summary_has_no_whole_sentence() -> None:
    assert story_summary(article(1, "افتتاح ميناء", "افتتح الوزير في", text=LEDE), []) == LEDE


def test_headline_and_summary_count_the_same_dead() -> None:
    early = article(
        1,
        "انهيار مبنى",
        "قتل 3 أشخاص في انهيار مبنى سكني وسط القاهرة.",
        published=NOW - dt.timedelta(hours=3),
    )
    late = article(2, "مقتل 12 شخصا في انهيار مبنى", "قتل 12 شخصا في انهيار مبنى سكني وسط القاهرة القديمة.")
    plain = article(3, "انهيار مبنى سكني وسط القاهرة", "", published=NOW)
    assert story_summary(late, [early]) == late.summary
    assert story_summary(plain, [early, late]) == late.summary
    assert story_summary(article(4, "مقتل 20 شخصا في انهيار مبنى"), [early, late]) == ""


@pytest.mark.parametrize(
    ("title", "language", "expected"),
    [
        pytest.param("افتتاح ميناء", "ar", LEDE, id="ar"),
        pytest.param(
            "Port opens", "en", "The river port has five quays and room for a million boxes.", id="en"
        ),
        pytest.param(
            "Le port ouvre", "fr", "Le port fluvial compte cinq quais pour un million de boîtes.", id="fr"
        ),
    ],
)
def test_the_summary_is_in_the_headlines_language(title: str, language: str, expected: str) -> None:
    ledes = [
        article(1, "الميناء", LEDE),
        article(2, "Port", "The river port has five quays and room for a million boxes.", language="en"),
        article(3, "Port", "Le port fluvial compte cinq quais pour un million de boîtes.", language="fr"),
    ]
    assert story_summary(article(4, title, language=language), ledes) == expected


@given(st.text(max_size=2000), st.text(max_size=300))
def test_a_summary_is_never_longer_than_its_limit(text: str, other: str) -> None:
    assert len(story_summary(article(1, "عنوان", text), [])) <= SUMMARY_CHARACTERS
    assert len(story_summary(article(1, "عنوان", text), [article(2, "آخر", other)])) <= SUMMARY_CHARACTERS


@given(st.lists(st.text(alphabet="ابتثج .،و3", max_size=60), min_size=2, max_size=6))
def test_the_summary_does_not_depend_on_the_order(ledes: list[str]) -> None:
    lead, *rest = [article(number, "عنوان", lede) for number, lede in enumerate(ledes)]
    assert story_summary(lead, rest) == story_summary(lead, rest[::-1])


def test_real_summaries_are_whole(shared: pathlib.Path) -> None:
    with gzip.open(shared / "data/ant/items.jsonl.gz", "rt", encoding="utf-8") as lines:
        items = [json.loads(line) for line in lines][::10]
    told = [story_summary(article(item["id"], item["title"], item["summary"]), []) for item in items]
    whole = [summary for summary in told if summary]
    assert [summary for summary in whole if not re.search(r"[.!»”\")]$", summary)] == []
    assert [summary for summary in whole if "…" in summary[-3:] or "..." in summary[-4:]] == []
    assert len(whole) > 0.9 * len(items)


_OLD_NEWS = article(9, "حريق في مرفأ المدينة", "التهم الحريق مستودعين للأخشاب قبل أن تخمده فرق الإطفاء فجراً.")


def test_what_has_no_summary_yet_gets_one() -> None:
    made = replace(story(1, "levant", 2.0), articles=(_OLD_NEWS,), headline=_OLD_NEWS.title)
    assert summed_up(made).summary == _OLD_NEWS.summary
    assert summed_up(replace(made, summary="كما هو.")).summary == "كما هو."


def test_an_update_without_a_sentence_of_news_gets_no_old_one() -> None:
    update = replace(
        story(1, "levant", 2.0),
        articles=(article(8, "توقيف مدير المستودع", ""), _OLD_NEWS),
        score_parts={"outlets": 3.0, "told": -1.0},
    )
    assert summed_up(update).summary == ""

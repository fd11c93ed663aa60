"""Headlines as readers get them: the best of a story's, tidy."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.ranker.tolls import latest_toll, toll
from digest.ranker.words import headline_of, lead_article
from tests.ranker.making import NOW, article


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        pytest.param("افتتاح ميناء القاهرة الجديد", "افتتاح ميناء القاهرة الجديد", id="plain"),
        pytest.param("عاجل | افتتاح ميناء القاهرة", "افتتاح ميناء القاهرة", id="breaking"),
        pytest.param("عاجل: بالفيديو.. افتتاح ميناء القاهرة", "افتتاح ميناء القاهرة", id="two-marks"),
        pytest.param("شاهد.. لحظة افتتاح الميناء", "لحظة افتتاح الميناء", id="watch"),
        pytest.param("شاهد بالصور.. افتتاح الميناء", "افتتاح الميناء", id="watch-in-pictures"),
        pytest.param("شاهد عيان يروي افتتاح الميناء", "شاهد عيان يروي افتتاح الميناء", id="an-eyewitness"),
        pytest.param("خاص بالنساء: افتتاح ميناء", "خاص بالنساء: افتتاح ميناء", id="not-every-special"),
        pytest.param(
            "رأي: الميناء والمدينة القديمة", "رأي: الميناء والمدينة القديمة", id="an-opinion-says-so"
        ),
        pytest.param("افتتاح ميناء القاهرة (فيديو)", "افتتاح ميناء القاهرة", id="film-behind"),
        pytest.param(
            "افتتاح ميناء القاهرة.. فيديو وصور", "افتتاح ميناء القاهرة", id="film-and-pictures-behind"
        ),
        pytest.param("افتتاح ميناء القاهرة | سكاي نيوز عربية", "افتتاح ميناء القاهرة", id="outlet-bar"),
        pytest.param("افتتاح ميناء القاهرة - BBC Arabic", "افتتاح ميناء القاهرة", id="outlet-dash"),
        pytest.param("افتتاح ميناء القاهرة - صحيفة 1", "افتتاح ميناء القاهرة", id="its-own-outlet"),
        pytest.param(
            "قمة الوزيرين في القاهرة: سامي - نور", "قمة الوزيرين في القاهرة: سامي - نور", id="two-people"
        ),
        pytest.param("مصر.. افتتاح ميناء القاهرة", "مصر: افتتاح ميناء القاهرة", id="topic-before-dots"),
        pytest.param("مصر..افتتاح ميناء القاهرة", "مصر: افتتاح ميناء القاهرة", id="dots-without-space"),
        pytest.param(
            "لبنان.. افتتاح ميناء", "لبنان: افتتاح ميناء", id="a-country-that-begins-like-a-preposition"
        ),
        pytest.param("كندا.. والميناء يغلق", "كندا، والميناء يغلق", id="no-colon-before-and"),
        pytest.param("كندا.. و«الميناء» يغلق", "كندا، و«الميناء» يغلق", id="no-colon-before-and-a-quotation"),
        pytest.param("كندا.. وزير النقل يستقيل", "كندا: وزير النقل يستقيل", id="a-waw-of-its-own"),
        pytest.param("كندا.. وفيات في حريق", "كندا: وفيات في حريق", id="deaths-have-a-waw-of-their-own"),
        pytest.param("بعد عام.. افتتاح ميناء", "بعد عام، افتتاح ميناء", id="circumstance-before-dots"),
        pytest.param(
            "افتتاح ميناء القاهرة الجديد.. والوزير يغيب",
            "افتتاح ميناء القاهرة الجديد، والوزير يغيب",
            id="dots-between-clauses",
        ),
        pytest.param("افتتاح  ميناء   القاهرة..", "افتتاح ميناء القاهرة", id="spaces-and-dots-at-the-end"),
        pytest.param("فوز الأهلي 3..2 في النهائي", "فوز الأهلي 3..2 في النهائي", id="dots-between-numbers"),
        pytest.param(
            "لأول مرة منذ 2014.. افتتاح ميناء", "لأول مرة منذ 2014، افتتاح ميناء", id="dots-behind-a-number"
        ),
        pytest.param("بكل تواضع..!", "بكل تواضع..!", id="dots-before-an-exclamation"),
        pytest.param("BREAKING: Port opens in Cairo", "Port opens in Cairo", id="en-breaking"),
        pytest.param("Watch: port opens in Cairo", "port opens in Cairo", id="en-watch"),
        pytest.param(
            "Video-game maker opens in Cairo", "Video-game maker opens in Cairo", id="en-video-game"
        ),
        pytest.param("Port opens in Cairo - BBC News", "Port opens in Cairo", id="en-outlet"),
        pytest.param("EN DIRECT - Le port ouvre au Caire", "Le port ouvre au Caire", id="fr-live"),
        pytest.param("عاجل | الميناء", "عاجل | الميناء", id="one-word-is-too-little"),
        pytest.param("...", "...", id="nothing-but-dots"),
        pytest.param("عاجل: شاهد.. بالفيديو.. افتتاح ميناء (فيديو)", "افتتاح ميناء", id="four-marks"),
        pytest.param("", "", id="empty"),
    ],
)
def test_headlines_lose_what_outlets_hang_around_them(title: str, expected: str) -> None:
    assert headline_of(article(1, title)) == expected


@given(st.text(alphabet="ابتثج .|:-…!«»عاجلفيديو", max_size=60))
def test_a_headline_keeps_to_its_own_words(title: str) -> None:
    letters = "".join(char for char in headline_of(article(1, title)) if char.isalpha())
    assert letters in "".join(char for char in title if char.isalpha())


@given(st.text(max_size=200))
def test_a_headline_with_letters_is_never_lost(title: str) -> None:
    assert headline_of(article(1, f"ميناء {title}"))


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


PLAIN = "وزير النقل يقيل مدير ميناء القاهرة"


@pytest.mark.parametrize(
    ("worse", "address"),
    [
        pytest.param("غرد عن الميناء الجديد.. فأقاله وزير النقل", "", id="teaser"),
        pytest.param("لماذا أقال وزير النقل مدير ميناء القاهرة", "", id="question"),
        pytest.param("بالفيديو.. وزير النقل يقيل مدير ميناء القاهرة", "", id="video"),
        pytest.param(
            "وزير النقل يقيل مدير ميناء القاهرة فورا", "https://example.org/video/1", id="video-by-address"
        ),
        pytest.param("رأي: وزير النقل يقيل مدير ميناء القاهرة", "", id="opinion"),
        pytest.param("هذا ما فعله وزير النقل بمدير ميناء القاهرة", "", id="withholds"),
        pytest.param("في هذا اليوم أقال وزير النقل مدير الميناء", "", id="on-this-day"),
        pytest.param("من هذا المكتب أقال وزير النقل مدير ميناء القاهرة", "", id="from-this-office"),
        pytest.param("وزير النقل يلقن مدير ميناء القاهرة درسا", "", id="teaches-a-lesson"),
        pytest.param("مفاجأة.. وزير النقل يقيل مدير ميناء القاهرة", "", id="surprise"),
        pytest.param("«مدير ميناء القاهرة أخطأ وعليه أن يرحل»", "", id="all-quote"),
        pytest.param("إقالة مدير", "", id="too-short"),
        pytest.param("وزير النقل يقيل مدير ميناء القاهرة!", "", id="exclaims"),
    ],
)
def test_a_plain_headline_wins_even_where_it_is_older(worse: str, address: str) -> None:
    lede = "أقال وزير النقل مدير ميناء القاهرة بسبب تأخر العمل."
    other = article(1, worse, lede, published=NOW, url=address or "https://example.org/1")
    assert lead_article([other, article(2, PLAIN, lede)]).id == "2"


def test_of_equal_headlines_the_latest_state_of_things_is_told() -> None:
    early = article(1, "مقتل شخص في انهيار مبنى وسط القاهرة", published=NOW - dt.timedelta(hours=9))
    late = article(2, "مقتل سبعة أشخاص في انهيار مبنى وسط القاهرة", published=NOW)
    assert lead_article([early, late]).id == "2"


def test_a_toll_that_is_out_of_date_gives_way_to_a_headline_without() -> None:
    lede = "انهار مبنى من خمسة طوابق وسط القاهرة."
    early = [
        article(n, "مقتل 3 أشخاص في انهيار مبنى وسط القاهرة", lede, published=NOW - dt.timedelta(hours=2))
        for n in (1, 2)
    ]
    none = article(3, "انهيار مبنى سكني وسط القاهرة", lede, published=NOW - dt.timedelta(hours=2))
    late = article(
        4, "لماذا انهار المبنى وسط القاهرة؟", "ارتفعت حصيلة القتلى إلى 12 في انهيار مبنى.", published=NOW
    )
    assert lead_article([*early, none, late]).id == "3"


@pytest.mark.parametrize(
    ("language", "lead"),
    [pytest.param("ar", "1", id="ar"), pytest.param("en", "2", id="en"), pytest.param("fr", "3", id="fr")],
)
def test_a_story_of_several_languages_takes_the_one_that_is_asked_for(language: str, lead: str) -> None:
    members = [
        article(1, "افتتاح ميناء", published=NOW - dt.timedelta(hours=9)),
        article(2, "Minister opens new port in Cairo", published=NOW, language="en"),
        article(3, "Le ministre inaugure le nouveau port du Caire", published=NOW, language="fr"),
    ]
    assert lead_article(members, language).id == lead


def test_where_no_article_is_in_the_language_the_best_of_the_others_is_taken() -> None:
    members = [article(1, "Port"), article(2, "Minister opens new port in Cairo on Sunday")]
    assert lead_article(members, "ar").id == "2"


@given(st.lists(st.tuples(st.text(max_size=40), st.integers(0, 3)), min_size=1, max_size=8))
def test_the_lead_does_not_depend_on_the_order(titles: list[tuple[str, int]]) -> None:
    members = [
        article(number, title, published=NOW - dt.timedelta(hours=hours))
        for number, (title, hours) in enumerate(titles)
    ]
    assert lead_article(members).id == lead_article(members[::-1]).id


@pytest.mark.parametrize(
    ("text", "dead"),
    [
        pytest.param("مقتل 15 طفلا في غارة", 15, id="killing"),
        pytest.param("غارة تودي بحياة أسرة", None, id="no-number"),
        pytest.param("مقتل ما لا يقل عن 20 شخصا", 20, id="at-least"),
        pytest.param("ارتفاع عدد القتلى إلى 1,250", 1250, id="thousands"),
        pytest.param("ارتفاع حصيلة ضحايا الزلزال إلى 44", 44, id="victims-of-something"),
        pytest.param("٢٩ قتيلاً في هجوم", 29, id="arabic-digits"),
        pytest.param("لقي ثلاثة أشخاص مصرعهم", 3, id="in-a-word"),
        pytest.param("مقتل شخصين في حادث", 2, id="dual"),
        pytest.param("قتل جنديان في كمين", 2, id="two-soldiers"),
        pytest.param("مقتل جنديين في كمين", 2, id="two-soldiers-in-the-genitive"),
        pytest.param("قُتل فلسطينيان قرب السياج", 2, id="two-of-a-people"),
        pytest.param("مصرع امرأتين في حريق", 2, id="two-women"),
        pytest.param("مقتل فلسطينيين في غارة", None, id="two-or-many"),
        pytest.param("مقتل مدنيين في غارة", None, id="civilians"),
        pytest.param("قتل جنديان وأصيب 8 في كمين", 2, id="two-and-the-hurt"),
        pytest.param("مقتل جنديين و8 مسلحين", None, id="two-and-others"),
        pytest.param("قتل عنصران من الحرس وأربعة مسلحين", None, id="two-and-others-in-words"),
        pytest.param("قتل شرطيان من الحرس ومسلح", None, id="two-and-one"),
        pytest.param("مقتل رهبان في هجوم", None, id="monks-are-not-two"),
        pytest.param("مقتل سكان قرية في هجوم", None, id="people-of-a-village"),
        pytest.param("مقتل شبان في حادث", None, id="young-men"),
        pytest.param("قتل إنسان وحيوان في لبنان", None, id="words-in-alif-and-nun"),
        pytest.param("قتلت طالبان زعيم القبيلة", None, id="the-taliban"),
        pytest.param("قتلت القوات الحكومية 41", 41, id="the-killer-before-the-number"),
        pytest.param("قتلت غارة جوية 12 شخصا", 12, id="a-raid-before-the-number"),
        pytest.param("قتلت القوات الحكومية 41 في المئة من القطيع", None, id="a-share-of-a-herd"),
        pytest.param("قتل الرجل البالغ 41", None, id="an-age-behind-the-dead"),
        pytest.param("قتلت القوات الملك 1958", None, id="a-year"),
        pytest.param("قتل الرجل زوجته بمساعدة 3 رجال", None, id="helpers"),
        pytest.param("إصابة 7 أشخاص في حادث", None, id="hurt-only"),
        pytest.param("مقتل وزير سابق عن 80 عاما", None, id="an-age"),
        pytest.param("Bomb kills at least 12 in market", 12, id="en-kills"),
        pytest.param("Three dead after fire", 3, id="en-dead"),
        pytest.param("Un incendie fait 5 morts", 5, id="fr"),
        pytest.param("افتتاح 3 موانئ", None, id="other-numbers"),
        pytest.param("", None, id="empty"),
    ],
)
def test_the_dead_are_counted(text: str, dead: int | None) -> None:
    assert toll(text) == dead


def test_the_latest_count_stands() -> None:
    early = article(1, "مقتل 3 أشخاص", published=NOW - dt.timedelta(hours=2))
    late = article(2, "انهيار مبنى", "قتل 5 أشخاص في انهيار مبنى.", published=NOW)
    assert latest_toll([early, late]) == 5
    assert latest_toll([article(3, "انهيار مبنى")]) is None

"""What stands around the news goes, what merely looks like it stays: tables of named cases, and real news."""

from __future__ import annotations

import gzip
import json
import pathlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.collector import boilerplate
from digest.collector.boilerplate import (
    is_caption,
    is_player_mark,
    is_related_heading,
    without_boilerplate,
)
from digest.collector.endings import ENDINGS, SEND_OFF
from digest.text.tidy import tidy_paragraph
from tests.text.alphabets import anything

NEWS = "حضر الوزراء الحفل."
#: What a publishing system writes, and words of news: in any order, joined in any way.
_PIECES = (
    NEWS,
    "افتتاح الميناء",
    "الوزير سالم الراوي (رويترز)",
    "(أ.ف.ب)",
    "TT",
    "[…]",
    "اقرأ المزيد",
    "اقرأ أيضاً",
    "اقرأ أيضاً: خبر آخر",
    "مقالات ذات صلة",
    "تابعوا آخر الأخبار على قناتنا",
    "للمزيد: خبر آخر",
    "12 تعليق",
    "نشر في: 12/03/2026",
    "The post خبر appeared first on صوت الواحة.",
    "موسكو – رويترز:",
    "شارك",
    "-",
    "قال",
    "الوزير",
)
pieces = st.lists(st.tuples(st.sampled_from(_PIECES), st.sampled_from([" ", "\n", ". "])), max_size=12).map(
    lambda parts: "".join(piece + joint for piece, joint in parts)
)


@pytest.mark.parametrize(
    "ending",
    [
        pytest.param("The post افتتاح الميناء appeared first on صوت الواحة.", id="wordpress"),
        pytest.param("The post Port opens first appeared on Oasis.", id="wordpress-other-order"),
        pytest.param("This article was originally published on Oasis News.", id="originally-published"),
        pytest.param("This story first appeared in Oasis News.", id="first-appeared"),
        pytest.param("Read More: How the port was built", id="read-more-named"),
        pytest.param("ظهرت المقالة افتتاح الميناء أولاً على صوت الواحة.", id="wordpress-arabic"),
        pytest.param("ظهرت المقالة افتتاح الميناء أولًا على صوت الواحة", id="tanween-before-alef"),
        pytest.param("ظهرت المقالة افتتاح الميناء اولا على صوت الواحة", id="no-hamza-no-tanween"),
        pytest.param("التدوينة افتتاح الميناء ظهرت أولاً على صوت الواحة.", id="older-arabic"),
        pytest.param("المقالة افتتاح الميناء ظهرت أولاً على صوت الواحة", id="article-first"),
        pytest.param("ظهر المقال افتتاح الميناء للمرة الأولى على صوت الواحة.", id="for-the-first-time"),
        pytest.param("هذا الموضوع افتتاح الميناء ظهر أولاً على صوت الواحة", id="this-subject"),
        pytest.param("هذا المحتوى من «صوت الواحة».. اضغط هنا لقراءة الموضوع الأصلي", id="content-from"),
        pytest.param("Cet article Le port est apparu en premier sur Oasis.", id="wordpress-french"),
        pytest.param("L’article Le port est apparu en premier sur Oasis.", id="wordpress-newer-french"),
        pytest.param("Der Beitrag Der Hafen erschien zuerst auf Oase.", id="wordpress-german"),
        pytest.param("La entrada El puerto se publicó primero en Oasis.", id="wordpress-spanish"),
        pytest.param("L'articolo Il porto proviene da Oasi.", id="wordpress-italian"),
        pytest.param("[…]", id="ellipsis-in-brackets"),
        pytest.param("[...]", id="stops-in-brackets"),
        pytest.param("[…] اقرأ المزيد »", id="ellipsis-and-button"),
        pytest.param("اقرأ المزيد", id="read-more"),
        pytest.param("إقرأ المزيد...", id="read-more-misspelt"),
        pytest.param("قراءة المزيد", id="reading-more"),
        pytest.param("أكمل القراءة ←", id="go-on-reading"),
        pytest.param("Read more", id="read-more-english"),
        pytest.param("Continue reading افتتاح الميناء →", id="continue-reading"),
        pytest.param("Lire la suite", id="read-on-french"),
        pytest.param("شاهد الفيديو", id="watch-the-video"),
        pytest.param("اقرأ أيضاً: الميناء القديم يغلق أبوابه", id="read-also"),
        pytest.param("إقرأ ايضا الميناء القديم يغلق أبوابه", id="read-also-misspelt"),
        pytest.param("اقرأ أيضًا.. كيف بني الميناء؟", id="read-also-question"),
        pytest.param("شاهد أيضاً: الميناء من الجو", id="watch-also"),
        pytest.param("للمزيد: تاريخ الميناء", id="for-more"),
        pytest.param("للمزيد من الأخبار اضغط هنا", id="for-more-news"),
        pytest.param("لقراءة المزيد زوروا موقعنا", id="to-read-more"),
        pytest.param("تابعونا على فيسبوك", id="follow-us"),
        pytest.param("اشتركوا في قناتنا على يوتيوب", id="subscribe"),
        pytest.param("| اضغط هنا لمتابعة الخبر", id="click-after-a-bar"),
        pytest.param("0 تعليق", id="no-comments"),
        pytest.param("12 تعليقات 40 مشاركة", id="counts"),
        pytest.param("لا توجد تعليقات", id="no-comments-in-words"),
        pytest.param("(رويترز)", id="agency-after-the-last-sentence"),
        pytest.param("س.ر/ م.ع (د ب أ، رويترز)", id="initials-and-agencies"),
    ],
)
def test_an_ending_goes(ending: str) -> None:
    assert without_boilerplate(f"{NEWS} {ending}") == NEWS
    assert without_boilerplate(f"{NEWS}\n{ending}") == NEWS
    assert _found(f"{NEWS} {ending}", with_pieces=True) == _found(f"{NEWS} {ending}", with_pieces=False)


def _found(line: str, *, with_pieces: bool) -> list[tuple[int, int]]:
    """Return where endings stand in a line: looking for their pieces first, or for the patterns at once."""
    return [
        found.span()
        for ending in (*ENDINGS, SEND_OFF)
        for found in (ending if with_pieces else replace(ending, pieces=("",))).find_all(line)
    ]


@pytest.mark.parametrize(
    "ending",
    [
        pytest.param("نوشته بندر اولین بار در واحه", id="wordpress-persian"),
        pytest.param("O post Porto apareceu primeiro em Oásis", id="wordpress-portuguese"),
        pytest.param("Het bericht Haven verscheen eerst op Oase", id="wordpress-dutch"),
        pytest.param("L´articolo Il porto sembra essere il primo su Oasi", id="wordpress-italian"),
        pytest.param("هذا المنشور خبر تم نشره للمرة الأولى في الواحة", id="published-first"),
        pytest.param("(more…)", id="more"),
        pytest.param("READ MORE", id="read-more-capitals"),
        pytest.param("أكمل المقال كاملاً", id="whole-article"),
        pytest.param("متابعة الخبر »", id="follow-the-news"),
        pytest.param("لمشاهدة التقرير", id="to-watch-the-report"),
        pytest.param("3 LIKES", id="likes"),
        pytest.param("لا يوجد مشاهدات", id="no-views"),
        pytest.param("اقرؤوا كذلك خبراً آخر", id="read-as-well"),
        pytest.param("طالعوا ايضا: خبر آخر", id="look-also"),
        pytest.param("انقروا على الرابط", id="click-on-the-link"),
        pytest.param("انضموا إلى قناتنا", id="join-our-channel"),
        pytest.param("الأخبار المنشورة على الصفحة الرسمية لوكالة الأناضول", id="official-page"),
        pytest.param("انظروا الصور أدناه", id="pictures-below"),
        pytest.param("Sign up for our newsletter", id="sign-up"),
        pytest.param("FOLLOW US", id="follow-us-capitals"),
        pytest.param("À lire aussi", id="read-also-french"),
        pytest.param("VOIR AUSSI", id="see-also-french"),
    ],
)
def test_a_rare_ending_holds_one_of_its_pieces(ending: str) -> None:
    found = _found(f"{NEWS} {ending}", with_pieces=False)
    assert found
    assert _found(f"{NEWS} {ending}", with_pieces=True) == found


@given(pieces | anything)
def test_no_ending_is_overlooked_for_its_pieces(text: str) -> None:
    line = text.replace("\n", " ")
    assert _found(line, with_pieces=True) == _found(line, with_pieces=False)


@pytest.mark.parametrize(
    "invitation",
    [
        pytest.param("تابعوا المباراة مباشرة على موقع صوت الواحة عند الساعة 20:45.", id="follow-live"),
        pytest.param("شاهد الفيديو: لحظة الافتتاح", id="watch-the-video"),
        pytest.param("شاهدوا التقرير أعلاه.", id="watch-the-report"),
    ],
)
def test_an_invitation_goes_where_a_sentence_stands_before_it(invitation: str) -> None:
    assert without_boilerplate(f"{NEWS} {invitation}") == NEWS
    assert without_boilerplate(invitation) == invitation


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("يشجع المعلمون الأطفال على قراءة المزيد.", id="reading-more-ends-a-sentence"),
        pytest.param(
            "يشجع المعلمون الأطفال على قراءة المزيد", id="reading-more-ends-a-sentence-without-stop"
        ),
        pytest.param("يسعى التجار إلى تحقيق المزيد", id="more"),
        pytest.param("أكثر من مليون شخص شاهد الفيديو", id="watched-the-video"),
        pytest.param("حضر الوزراء. شاهد الفيديو أكثر من مليون شخص.", id="the-video-was-watched"),
        pytest.param("حضر الوزراء. تابع الرئيس زيارته أمس.", id="the-president-went-on"),
        pytest.param("حضر الوزراء. تابعنا خلال أسبوع أحداثاً كثيرة.", id="we-followed"),
        pytest.param("حضر الوزراء. اشترك في السباق 300 متسابق.", id="took-part"),
        pytest.param("حضر الوزراء. انضم إلى قناة الواحة مذيع جديد.", id="joined-a-channel"),
        pytest.param("تابعوا المباراة من المدرجات ثم غادروا.", id="they-followed-and-nothing-before"),
        pytest.param("قال: «اقرأ أيضاً ما كتبه جدك». ثم سكت.", id="read-also-in-a-quotation"),
        pytest.param(
            "انتهى الحفل. اقرأ أيضاً: خبر آخر. وقال الوزير إن الميناء كبير.", id="read-also-then-news"
        ),
        pytest.param("نشر في 12 مارس 2024 تقرير عن الميناء.", id="published-is-no-stamp"),
        pytest.param("حدث في 12 مارس 2011 زلزال كبير.", id="happened-is-no-stamp"),
        pytest.param("وكان الخبر قد نشر أولاً على موقع الصحيفة.", id="news-about-where-it-appeared"),
        pytest.param("نص القرار «يعطي [...] حقاً» للسكان.", id="ellipsis-in-the-middle"),
        pytest.param("حصد المقطع 300 مشاهدة", id="views-in-a-sentence"),
        pytest.param("نقلت وكالة الأنباء (رويترز) عن مصدر أن الميناء فتح.", id="agency-in-the-middle"),
        pytest.param("الوزير سالم الراوي في الميناء (رويترز)", id="nothing-but-a-caption"),
        pytest.param("مقتل ثلاثة في انهيار مبنى - رويترز", id="nothing-but-a-headline"),
        pytest.param("جاء جاء الربيع", id="a-word-twice"),
        pytest.param("يوم بعد يوم بعد يوم", id="a-figure-of-speech"),
        pytest.param(
            "Read more slowly, and you will learn more, a study finds.", id="read-more-in-the-sentence"
        ),
        pytest.param("Why Children Should Read More", id="read-more-ends-a-headline"),
        pytest.param("The story first appeared in a magazine in 1950.", id="a-story-appeared"),
        pytest.param(
            "وكان المقال الذي كتبه الراوي قد نشر أولاً على موقع الصحيفة.", id="an-article-was-published"
        ),
        pytest.param("", id="empty"),
    ],
)
def test_news_stays(text: str) -> None:
    assert without_boilerplate(text) == text


@pytest.mark.parametrize(
    "opening",
    [
        pytest.param("TT ", id="player-mark"),
        pytest.param("الوزير سالم الراوي (إ.ب.أ) TT ", id="caption-and-player-mark"),
        pytest.param("الوزير سالم الراوي (إ.ب.أ) الوزير سالم الراوي (إ.ب.أ) TT ", id="caption-twice"),
        pytest.param("الوزير سالم (أ.ف.ب) الوزير سالم (أ.ف.ب) ", id="caption-twice-without-player-mark"),
        pytest.param("نشر في: 12/03/2026 ", id="stamp"),
        pytest.param("تم النشر: ١٢/٣/٢٠٢٦ - 10:30 صباحاً | ", id="stamp-in-arabic-digits"),
        pytest.param("تاريخ النشر 2026-03-12 آخر تحديث: 12 مارس 2026 - 11:05 م ", id="two-stamps"),
        pytest.param("Published: 12/03/2026 10:30 GMT ", id="stamp-english"),
        pytest.param("الوزير سالم الراوي في الميناء (رويترز/أرشيف)\n", id="caption-before"),
        pytest.param("تصوير: سالم الراوي\n12 مارس 2026\n", id="photographer-and-date"),
        pytest.param("شارك\nفيسبوك | تويتر\nطباعة\n", id="share-words"),
        pytest.param("تشغيل الفيديو\n00:00 / 02:30\n", id="player"),
        pytest.param("مقالات ذات صلة\nالميناء القديم يغلق أبوابه\nكيف بني الميناء؟\n", id="related"),
    ],
)
def test_an_opening_goes(opening: str) -> None:
    assert without_boilerplate(opening + NEWS) == NEWS


def test_a_headline_said_twice_is_said_once() -> None:
    assert (
        without_boilerplate(f"افتتاح ميناء الواحة افتتاح ميناء الواحة {NEWS}")
        == f"افتتاح ميناء الواحة {NEWS}"
    )
    assert without_boilerplate(f"افتتاح الميناء\nافتتاح الميناء\n{NEWS}") == f"افتتاح الميناء\n{NEWS}"


def test_what_stands_between_paragraphs_goes() -> None:
    page = f"""
        افتتاح ميناء الواحة
        الوزير سالم الراوي في الميناء (رويترز)
        TT
        {NEWS}
        اقرأ أيضاً
        الميناء القديم يغلق أبوابه
        كيف بني الميناء؟
        وقال الوزير إن الميناء كبير.
        سفينة في الميناء يوم الافتتاح (د.ب.أ)
        وغادر الوزراء مساءً. للمزيد: تاريخ الميناء
        الأكثر قراءة
        ارتفاع الأسعار
    """
    assert without_boilerplate(page).split("\n") == [
        "افتتاح ميناء الواحة",
        NEWS,
        "وقال الوزير إن الميناء كبير.",
        "وغادر الوزراء مساءً.",
    ]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param("الوزير سالم الراوي (رويترز)", True, id="reuters"),
        pytest.param("الوزير سالم الراوي (إ.ب.أ)", True, id="epa"),
        pytest.param("الوزير سالم الراوي (أ.ف.ب)", True, id="afp"),
        pytest.param("الوزير سالم الراوي (أ ف ب)", True, id="afp-with-spaces"),
        pytest.param("الوزير سالم الراوي (د.ب.أ)", True, id="dpa"),
        pytest.param("الوزير سالم الراوي (أ.ب)", True, id="ap"),
        pytest.param("الوزير سالم الراوي (غيتي)", True, id="getty"),
        pytest.param("الوزير سالم الراوي (أرشيفية - رويترز)", True, id="archive-and-agency"),
        pytest.param("الوزير سالم الراوي (م. العامري - الأناضول)", True, id="photographer-and-agency"),
        pytest.param("الوزير سالم الراوي [رويترز]", True, id="square-brackets"),
        pytest.param("سفن في ميناء الواحة يوم 23 ديسمبر 2025 (أ.ف.ب)", True, id="with-a-date"),
        pytest.param("سفن في ميناء الواحة الجديد صباح اليوم - أرشيفية", True, id="archive-after-a-dash"),
        pytest.param("A ship in the port (Getty Images)", True, id="english"),
        pytest.param("Photo: AFP", True, id="photo"),
        pytest.param("Photo by Salem Alrawi", True, id="photo-by"),
        pytest.param("Getty Images", True, id="credit-alone"),
        pytest.param("(رويترز)", True, id="credit-alone-in-brackets"),
        pytest.param("AFP via Getty Images", True, id="two-credits"),
        pytest.param("مصدر الصورة، رويترز", True, id="source-of-the-picture"),
        pytest.param("التعليق على الصورة، سفينة في الميناء", True, id="caption-named"),
        pytest.param("صورة من ميناء الواحة", True, id="picture-of"),
        pytest.param("صورة أرشيفية لسفينة", True, id="archive-picture"),
        pytest.param("صورة من الفضاء تكشف اتساع الميناء.", False, id="picture-in-a-sentence"),
        pytest.param("وأضاف الوزير أن الميناء سيفتح غداً (رويترز)", False, id="he-added"),
        pytest.param("أعلنت الحكومة فتح الميناء (أ ف ب)", False, id="the-government-announced"),
        pytest.param("فتح الميناء أمس. (رويترز)", False, id="after-a-full-stop"),
        pytest.param("زار الوزير الميناء، حسب وكالة الأنباء (سانا).", False, id="agency-cited"),
        pytest.param(
            "زار الوزير الميناء، حسب وكالة الأنباء الرسمية (واس)", False, id="agency-cited-without-stop"
        ),
        pytest.param("نشر المقطع على منصة (إكس)", False, id="platform-named"),
        pytest.param("موسكو - رويترز", False, id="dateline"),
        pytest.param("«الشرق الأوسط» (موسكو)", False, id="dateline-in-brackets"),
        pytest.param("ارتفاع الأسعار (5%)", False, id="a-figure"),
        pytest.param("غرامة 200 مليون (CNN, The Oasis)", False, id="sources-in-a-list"),
        pytest.param("(تصوير: سالم)", True, id="photographer-in-brackets"),
        pytest.param("(تصوير: سالم) حضر الوزراء", False, id="photographer-in-brackets-before-news"),
        pytest.param("كلمة " * 60 + "(رويترز)", False, id="as-long-as-a-paragraph"),
        pytest.param("", False, id="empty"),
    ],
)
def test_is_caption(line: str, expected: bool) -> None:
    assert is_caption(line) is expected


@pytest.mark.parametrize("mark", [" - ", " – ", " — ", " | ", " /", "|", "©", " ©"])
def test_a_credit_may_stand_after_any_dash(mark: str) -> None:
    assert is_caption(f"سفن في ميناء الواحة الجديد صباح اليوم{mark}رويترز")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        *(
            (line, True)
            for line in ("TT", "تشغيل الفيديو", "Video Player", "00:00 / 02:30", "فيديو", "Play Video")
        ),
        *((line, True) for line in ("استمع إلى المقال", "متصفحك لا يدعم الفيديو", "جارٍ التحميل...")),
        *(
            (line, False)
            for line in ("", "TTT", "فيديو يظهر الحادث", "Play is suspended", "تشغيل الميناء الجديد")
        ),
    ],
)
def test_is_player_mark(line: str, expected: bool) -> None:
    assert is_player_mark(line) is expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        *(
            (line, True)
            for line in ("مقالات ذات صلة", "اقرأ أيضاً", "إقرأ ايضا:", "اقرأ المزيد", "أخبار متعلقة")
        ),
        *(
            (line, True)
            for line in ("موضوعات متعلقة", "شاهد أيضًا", "قد يعجبك أيضاً", "الأكثر قراءة", "للمزيد:")
        ),
        *((line, True) for line in ("أحدث الأخبار", "الأخبار ذات الصلة", "التعليقات", "المقال التالي")),
        *((line, True) for line in ("اترك تعليقاً", "More from Oasis News", "Latest news")),
        *((line, False) for line in ("أحدث الأخبار عن السد", "التعليقات على القرار كثيرة")),
        *((line, True) for line in ("Related", "Related articles:", "Read more", "READ ALSO", "Lire aussi")),
        *((line, False) for line in ("", "اقرأ أيضاً: خبر آخر", "أخبار الميناء", "Related costs rise")),
    ],
)
def test_is_related_heading(line: str, expected: bool) -> None:
    assert is_related_heading(line) is expected


@given(pieces | anything)
def test_doing_it_twice_changes_nothing_more(text: str) -> None:
    once = without_boilerplate(text)
    assert without_boilerplate(once) == once


@given(pieces)
def test_nothing_is_added(text: str) -> None:
    words = text.split()
    assert all(word in words for word in without_boilerplate(text).split())


def test_all_of_it_is_offered_in_one_place() -> None:
    assert all(hasattr(boilerplate, name) for name in boilerplate.__all__)


def test_real_paragraphs_stay(shared: pathlib.Path) -> None:
    """Of 20,690 summaries only the outlets' own invitations to watch go."""
    with gzip.open(shared / "data" / "ant" / "items.jsonl.gz", "rt", encoding="utf-8") as lines:
        paragraphs = [tidy_paragraph(json.loads(line)["summary"]) for line in lines]
    touched = [text for text in paragraphs if text and without_boilerplate(text) != text]
    assert len(paragraphs) > 20_000
    assert len(touched) <= 20
    assert all("تابعوا" in text for text in touched)
    assert not [text for text in paragraphs if is_caption(text) or is_related_heading(text)]

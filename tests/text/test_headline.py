"""Where headlines are cut: phrases stay whole, names and quotations too, and nothing wants a word that is gone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.text.headline import cut_headline
from digest.text.tidy import tidy
from tests.text.alphabets import anything


@pytest.mark.parametrize(
    ("text", "most", "expected"),
    [
        pytest.param("قمة الرياض تبدأ", 70, "قمة الرياض تبدأ", id="it fits"),
        pytest.param("قمة الرياض", 10, "قمة الرياض", id="it just fits"),
        pytest.param("الأمم المتحدة تدعو إلى هدنة في شمال البلاد", 26, "الأمم المتحدة تدعو…", id="before a preposition"),
        pytest.param("وزراء المالية يبحثون الديون في مراكش هذا الأسبوع", 36, "وزراء المالية يبحثون الديون…", id="not behind a place's preposition"),
        pytest.param("مجلس الأمن يبحث الوضع، والحكومة تعد برد قريب جداً", 38, "مجلس الأمن يبحث الوضع…", id="a clause's end"),
        pytest.param("اجتماع عاجل: مجلس الأمن يبحث الوضع في الشمال والجنوب", 24, "اجتماع عاجل…", id="a colon"),
        pytest.param("فريق الإنقاذ ينتشل ناجين من ركام مبنى في حي قديم", 46, "فريق الإنقاذ ينتشل ناجين من ركام مبنى…", id="not behind a preposition"),
        pytest.param("القضاء يستدعي شاهدين في قضية سامر بن راشد الزيني", 38, "القضاء يستدعي شاهدين…", id="not before bin"),
        pytest.param("القضاء يستدعي شاهدين ويسأل سامر عبد الرحيم الزيني", 37, "القضاء يستدعي شاهدين ويسأل…", id="not behind abd"),
        pytest.param("زيارة مفاجئة إلى المدينة الساحلية للرئيس مروان الكعكي", 42, "زيارة مفاجئة إلى المدينة الساحلية…", id="not behind a title"),
        pytest.param("زيارة مفاجئة إلى المدينة الساحلية لرئيس الوزراء السابق مروان الكعكي", 56, "زيارة مفاجئة إلى المدينة الساحلية…", id="not behind a title with an adjective"),
        pytest.param("فيضانات واسعة تضرب الولايات المتحدة الشرقية ليلاً", 31, "فيضانات واسعة…", id="not inside a name with the article"),
        pytest.param("الحكومة تقر خطة «ميناء لكل مدينة» في جلستها", 28, "الحكومة تقر خطة…", id="not inside a quotation"),
        pytest.param('الحكومة تقر خطة "ميناء لكل مدينة" في جلستها', 38, 'الحكومة تقر خطة "ميناء لكل مدينة"…', id="behind a quotation"),
        pytest.param("افتتاح الميناء الجديد والبحارون على أرصفته يضربون", 34, "افتتاح الميناء الجديد…", id="not behind who does what comes next"),
        pytest.param("تعديل في الحكومة يشمل وزارتي الدفاع والنقل", 38, "تعديل في الحكومة يشمل…", id="not between the two of a dual"),
        pytest.param("لقاء في القصر يجمع رئيسي بلدين من الشمال", 27, "لقاء في القصر يجمع…", id="not behind a dual that wants its noun"),
        pytest.param("شركة النقل البحري تشتري Boston Consulting Group في صفقة كبيرة", 39, "شركة النقل البحري تشتري…", id="not inside Latin words"),
        pytest.param("الشركة تبيع هاتفها iPhone 17 في المدينة القديمة", 28, "الشركة تبيع هاتفها…", id="not before a model's number"),
        pytest.param("الحكومة ترصد للمشروع الجديد 400 مليون دولار هذا العام", 33, "الحكومة ترصد للمشروع الجديد…", id="not behind a number"),
        pytest.param("مدير الشركة يقول: «نبدأ البناء في الربيع ونفرغ منه قبل حلول الخريف إن شاء الله»", 60, "مدير الشركة يقول: «نبدأ البناء في الربيع…»", id="a long quotation is cut and closed"),
    ],
)  # fmt: skip
def test_an_arabic_headline(text: str, most: int, expected: str) -> None:
    assert cut_headline(text, most) == expected


@pytest.mark.parametrize(
    ("text", "most", "expected"),
    [
        pytest.param("Oman opens a new port at Duqm after years of work", 30, "Oman opens a new port…", id="before a preposition"),
        pytest.param("Ministers agree on a plan to cut port fees by half", 36, "Ministers agree on a plan…", id="not behind to"),
        pytest.param("Court hears the case that Samer Zaini brought last year", 36, "Court hears the case…", id="not inside a name"),
        pytest.param("Port reopens to ships, and the mayor thanks the divers", 36, "Port reopens to ships…", id="a clause's end"),
        pytest.param("The paper says شراع النيل is the best of the boats", 22, "The paper says…", id="not inside Arabic words"),
    ],
)  # fmt: skip
def test_a_headline_from_left_to_right(text: str, most: int, expected: str) -> None:
    assert cut_headline(text, most, "ltr") == expected


@given(anything.map(tidy), st.integers(min_value=4, max_value=60), st.sampled_from(["rtl", "ltr"]))
def test_a_cut_headline_is_short_and_begins_the_whole_one(text: str, most: int, around: str) -> None:
    short = cut_headline(text, most, around)
    assert len(short) <= most
    if short != text:
        kept, _, closing = short.rpartition("…")
        assert text.startswith(kept)
        assert closing in {"", "»", "”", '"', ")", "]"}


_WORDS = ["الحكومة", "تعلن", "«نعم", "لا»", "في", "القاهرة", "Boston Group", "(أمس", "غداً)", "و", "3-1", "الرئيس", "بن", "خطة،"]  # fmt: skip


@given(st.lists(st.sampled_from(_WORDS), min_size=8, max_size=30).map(" ".join))
def test_no_cut_leaves_an_opening_mark_or_half_a_run(text: str) -> None:
    short = cut_headline(text, 40)
    if short == text:
        return
    assert short.removesuffix("»").removesuffix(")").endswith("…")
    last = short.rstrip("…»)").split()[-1]
    assert not last.endswith(("Boston", "«", "("))

"""Comparison copies: what counts as the same text, and what a word's stem is."""

from __future__ import annotations

import re

import pytest
from hypothesis import given

from digest.text.arabic import (
    SHORTEST_STEM,
    bare_stems,
    letters_share,
    light_stem,
    normalise,
    stems,
    without_article,
    words,
)
from tests.text.alphabets import anything, arabic


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", "", id="empty"),
        pytest.param("مُدَرِّسَةٌ", "مدرسه", id="harakat"),
        pytest.param("ٱلرَّحْمَٰن", "الرحمن", id="quranic-marks-and-alef-wasla"),
        pytest.param("عـــاجل", "عاجل", id="tatweel"),
        pytest.param("أحمد إلى آخر", "احمد الي اخر", id="alefs"),
        pytest.param("\u0627\u0653سيا", "اسيا", id="alef-with-madda-apart"),
        pytest.param("مستشفى", "مستشفي", id="alef-maksura"),
        pytest.param("مدرسة", "مدرسه", id="teh-marbuta"),
        pytest.param("مسؤول", "مسوول", id="waw-with-hamza"),
        pytest.param("هيئة", "هييه", id="yeh-with-hamza"),
        pytest.param("کی گ", "كي ك", id="persian-letters"),
        pytest.param("٠١٢٣٤٥٦٧٨٩", "0123456789", id="arabic-digits"),
        pytest.param("۰۱۲۳۴۵۶۷۸۹", "0123456789", id="persian-digits"),
        pytest.param("٣٫٢", "3.2", id="arabic-decimal-mark"),
        pytest.param("ﺍﻟﻘﻤﺔ", "القمه", id="presentation-forms"),
        pytest.param("ﻻ", "لا", id="lam-alef-ligature"),
        pytest.param("\u202bقمة\u202c\u200f \u2067الرياض\u2069\ufeff", "قمه الرياض", id="bidi-marks"),
        pytest.param("می\u200cروم", "ميروم", id="zero-width-non-joiner"),
        pytest.param("COP31 Straße", "cop31 strasse", id="latin-case"),
        pytest.param("قمة\u00a0الرياض", "قمه الرياض", id="no-break-space"),
        pytest.param("Ａｐｐｌｅ", "apple", id="full-width"),
    ],
)
def test_normalise_gives_one_spelling(text: str, expected: str) -> None:
    assert normalise(text) == expected


def test_normalise_keeps_words_apart_that_differ_in_letters() -> None:
    assert len({normalise(word) for word in ("قطر", "قطار", "مطر", "نظر")}) == 4


@given(anything)
def test_normalise_twice_is_normalise_once(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


def test_no_letter_is_overlooked() -> None:
    """A character that goes makes `normalise` look at everything; without it the text must come out alike."""
    every = [f"ب{chr(code)}A {chr(code)}" for code in range(0x10000)]
    assert [text for text in every if normalise(text) != normalise(f"{text}\u200b")] == []


@given(arabic)
def test_harakat_and_tatweel_never_count(text: str) -> None:
    decorated = "".join(char + "\u064e\u0640" if "ء" <= char <= "غ" else char for char in text)
    assert normalise(decorated) == normalise(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", [], id="empty"),
        pytest.param(" ،.؟! ", [], id="punctuation-only"),
        pytest.param("«قمة» الرياض: تبدأ!", ["قمه", "الرياض", "تبدا"], id="punctuation"),
        pytest.param("3.2%", ["3.2"], id="percentage"),
        pytest.param("٣٫٢٪", ["3.2"], id="arabic-percentage"),
        pytest.param("1,250,000 دولار", ["1,250,000", "دولار"], id="thousands"),
        pytest.param("2026.", ["2026"], id="number-at-the-end"),
        pytest.param("١٬٢٥٠", ["1,250"], id="arabic-thousands"),
        pytest.param("3-1", ["3", "1"], id="score"),
        pytest.param("l’accord qu'il", ["l", "accord", "qu", "il"], id="elisions"),
        pytest.param("minister's", ["minister", "s"], id="possessive"),
        pytest.param("#سد_النهضة", ["سد", "النهضه"], id="hashtag"),
        pytest.param("COP31", ["cop", "31"], id="letters-then-digits"),
        pytest.param("مقاتلات F-16", ["مقاتلات", "f", "16"], id="latin-with-a-number"),
        pytest.param("أ.ف.ب", ["ا", "ف", "ب"], id="abbreviation"),
    ],
)
def test_words(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@given(anything)
def test_words_are_numbers_and_letters_in_a_row(text: str) -> None:
    assert words(text) == re.findall(r"\d+(?:[.,]\d+)*|[^\W\d_]+", normalise(text))


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        pytest.param("الوزير", "وزير", id="article"),
        pytest.param("والوزير", "وزير", id="and-the"),
        pytest.param("بالوزير", "وزير", id="by-the"),
        pytest.param("كالوزير", "وزير", id="like-the"),
        pytest.param("فالوزير", "وزير", id="so-the"),
        pytest.param("للوزير", "وزير", id="for-the"),
        pytest.param("وللوزير", "وزير", id="and-for-the"),
        pytest.param("الوزيره", "وزير", id="feminine"),
        pytest.param("محادثات", "محادث", id="feminine-plural"),
        pytest.param("مراقبون", "مراقب", id="masculine-plural"),
        pytest.param("مراقبين", "مراقب", id="masculine-plural-oblique"),
        pytest.param("مراقبان", "مراقب", id="dual"),
        pytest.param("امريكيه", "امريك", id="nisba-feminine"),
        pytest.param("فرنسا", "فرنسا", id="name-keeps-its-alef"),
        pytest.param("لندن", "لندن", id="name-with-lam"),
        pytest.param("وزير", "وزير", id="waw-of-the-word"),
        pytest.param("الحق", "الحق", id="too-short-without-article"),
        pytest.param("الم", "الم", id="three-letters"),
        pytest.param("ان", "ان", id="two-letters"),
        pytest.param("trump", "trump", id="latin"),
        pytest.param("2026", "2026", id="number"),
        pytest.param("1,250,000", "1250000", id="thousands"),
        pytest.param("1,250.5", "1250.5", id="thousands-with-a-decimal"),
        pytest.param("3,2", "3.2", id="decimal-comma"),
        pytest.param("1.250", "1.250", id="point-stays"),
        pytest.param("talks", "talk", id="plural"),
        pytest.param("prices", "price", id="plural-of-e"),
        pytest.param("cities", "city", id="plural-of-y"),
        pytest.param("industrie", "industry", id="french-singular"),
        pytest.param("industries", "industry", id="plural-of-both-languages"),
        pytest.param("baies", "baie", id="aies"),
        pytest.param("virus", "virus", id="us"),
        pytest.param("press", "press", id="ss"),
        pytest.param("gas", "gas", id="latin-three-letters"),
        pytest.param("élus", "élus", id="us-with-an-accent"),
        pytest.param("soldats", "soldat", id="french-plural"),
        pytest.param("солдаты", "солдаты", id="cyrillic"),
    ],
)
def test_light_stem(word: str, expected: str) -> None:
    assert light_stem(word) == expected


@given(arabic)
def test_a_stem_is_a_part_of_its_word_and_never_too_short(text: str) -> None:
    for word in words(text):
        stem = light_stem(word)
        assert stem in word
        assert len(stem) >= min(SHORTEST_STEM, len(word))


@given(arabic)
def test_a_word_without_article_has_the_stem_of_the_word(text: str) -> None:
    for word in words(text):
        bare = without_article(word)
        assert word.endswith(bare)
        # What is left may begin like an article once more (الالعاب); it is no second one.
        if without_article(bare) == bare:
            assert light_stem(bare) == light_stem(word)


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        pytest.param({"روسيا": 3, "وروسيا": 2}, {"وروسيا": "روسيا"}, id="and"),
        pytest.param({"روسيا": 3, "بروسيا": 2}, {"بروسيا": "روسيا"}, id="in"),
        pytest.param({"روسيا": 3, "لروسيا": 2}, {"لروسيا": "روسيا"}, id="to"),
        pytest.param({"مدرب": 8, "كمدرب": 2}, {"كمدرب": "مدرب"}, id="like"),
        pytest.param({"محمد": 4, "فمحمد": 1}, {"فمحمد": "محمد"}, id="so"),
        pytest.param({"روسيا": 2, "وروسيا": 2}, {}, id="rest-no-commoner"),
        pytest.param({"وروسيا": 1}, {}, id="rest-unknown"),
        pytest.param({"بريطانيا": 3, "ريطانيا": 1}, {}, id="name-with-that-letter"),
        pytest.param({"كمال": 1, "مال": 9}, {}, id="short-with-kaf"),
        pytest.param({"فارس": 1, "ارس": 9}, {}, id="short-with-feh"),
        pytest.param({"مدرب": 3, "كمدرب": 1}, {}, id="kaf-needs-a-common-word"),
        pytest.param({"مصر": 4, "بمصر": 1}, {"بمصر": "مصر"}, id="four-letters-common-rest"),
        pytest.param({"مصر": 3, "بمصر": 1}, {}, id="four-letters-rest-not-common-enough"),
        pytest.param({"قف": 9, "وقف": 1}, {}, id="two-letters-left"),
        pytest.param({"علي": 9, "وعلي": 1}, {}, id="stop-word"),
        pytest.param({"": 1, "hat": 9, "that": 1}, {}, id="no-particle-at-all"),
    ],
)
def test_bare_stems(counts: dict[str, int], expected: dict[str, str]) -> None:
    assert bare_stems(counts) == expected


def test_bare_stems_leaves_protected_names() -> None:
    assert bare_stems({"لاوس": 1, "اوس": 9, "ولاوس": 1}, {"لاوس"}) == {}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", [], id="empty"),
        pytest.param("في من على إلى", [], id="stop-words-only"),
        pytest.param("القمة في الرياض", ["قمه", "رياض"], id="stop-word-between"),
        pytest.param("The summit of Riyadh", ["summit", "riyadh"], id="english"),
        pytest.param(
            "Minister's talks, he said, weren't easy", ["minister", "talk", "easy"], id="english-filler"
        ),
        pytest.param("L'accord qu'ils ont signé à l’ONU", ["accord", "signé", "onu"], id="french-elisions"),
        pytest.param("أ ب 5", ["5"], id="single-letters-go-single-digits-stay"),
        pytest.param("الأميركية والأمريكيّة", ["اميرك", "امريك"], id="spellings-stay-apart"),
    ],
)
def test_stems(text: str, expected: list[str]) -> None:
    assert stems(text) == expected


@given(anything)
def test_stems_take_any_text_and_hold_no_stop_word(text: str) -> None:
    found = stems(text)
    assert len(found) <= len(words(text))
    assert all(stem and not stem.isspace() for stem in found)


@pytest.mark.parametrize(
    ("text", "share"),
    [
        pytest.param("", 0.0, id="empty"),
        pytest.param("123 %", 0.0, id="no-letters"),
        pytest.param("قمة الرياض", 1.0, id="arabic"),
        pytest.param("summit", 0.0, id="latin"),
        pytest.param("قمة cop", 0.5, id="half"),
        pytest.param("ГР قم", 0.5, id="cyrillic-is-not-arabic"),
    ],
)
def test_letters_share(text: str, share: float) -> None:
    assert letters_share(text) == share


@given(anything)
def test_letters_share_is_a_share(text: str) -> None:
    assert 0.0 <= letters_share(text) <= 1.0

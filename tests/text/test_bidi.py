"""Which way a text runs, and that isolates change nothing but the order in which it shows."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.text.bidi import (
    FSI,
    LRI,
    PDI,
    RLI,
    RLM,
    direction,
    is_rtl,
    isolate_plain,
    lead_rtl,
    split_runs,
    starts_rtl,
)
from digest.text.tidy import tidy
from tests.text.alphabets import anything, arabic, written


@pytest.mark.parametrize(
    ("locale", "expected"),
    [
        pytest.param("ar", "rtl", id="arabic"),
        pytest.param("ar_EG", "rtl", id="arabic-egypt"),
        pytest.param("ar-SA", "rtl", id="arabic-saudi-hyphen"),
        pytest.param("AR", "rtl", id="upper-case"),
        pytest.param("fa", "rtl", id="persian"),
        pytest.param("ur_PK", "rtl", id="urdu"),
        pytest.param("he", "rtl", id="hebrew"),
        pytest.param("ckb", "rtl", id="sorani"),
        pytest.param("en", "ltr", id="english"),
        pytest.param("fr_MA", "ltr", id="french-morocco"),
        pytest.param("arn", "ltr", id="mapudungun-begins-like-arabic"),
        pytest.param("tr", "ltr", id="turkish"),
        pytest.param("", "ltr", id="none"),
    ],
)
def test_direction_follows_the_language(locale: str, expected: str) -> None:
    assert direction(locale) == expected
    assert is_rtl(locale) is (expected == "rtl")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", False, id="empty"),
        pytest.param("قمة", True, id="arabic"),
        pytest.param("שלום", True, id="hebrew"),
        pytest.param("Apple تعلن", False, id="latin-first"),
        pytest.param("2026 قمة", True, id="digits-are-not-strong"),
        pytest.param("٢٠٢٦ قمة", True, id="arabic-digits-are-not-strong"),
        pytest.param("«— قمة", True, id="punctuation-first"),
        pytest.param("🔴 عاجل", True, id="emoji-first"),
        pytest.param("123 %", False, id="nothing-strong"),
        pytest.param(RLM + "abc", True, id="mark-first"),
    ],
)
def test_the_first_strong_character_decides(text: str, expected: bool) -> None:
    assert starts_rtl(text) is expected


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        pytest.param("", [], id="empty"),
        pytest.param("قمة عربية في الرياض", [], id="arabic-only"),
        pytest.param("في 2026 وفي 1999", [], id="bare-integers"),
        pytest.param("في ٢٠٢٦", [], id="bare-arabic-integer"),
        pytest.param("ارتفع 3.2% اليوم", ["3.2%"], id="percentage"),
        pytest.param("تراجع -5% أمس", ["-5%"], id="negative-percentage"),
        pytest.param("تراجع −5% أمس", ["−5%"], id="true-minus"),
        pytest.param("فوز 3-1 مستحق", ["3-1"], id="score"),
        pytest.param("بين 10–20 قتيلاً", ["10–20"], id="range"),
        pytest.param("الساعة 08:30 صباحاً", ["08:30"], id="clock"),
        pytest.param("يوم 13/02/2026 مساء", ["13/02/2026"], id="date"),
        pytest.param("بقيمة $1,250.50 نقداً", ["$1,250.50"], id="money"),
        pytest.param("بقيمة 20€ نقداً", ["20€"], id="money-after"),
        pytest.param("لغة C++ أسرع", ["C++"], id="c-plus-plus"),
        pytest.param("قمة COP-31 للمناخ", ["COP-31"], id="hyphen-and-number"),
        pytest.param("شركة Apple Inc. تعلن", ["Apple Inc"], id="two-words"),
        pytest.param("مقاتلة F-16 وأخرى", ["F-16"], id="letter-and-number"),
        pytest.param("عبر https://a.example/x?b=1&c=2#d إذن", ["https://a.example/x?b=1&c=2#d"], id="url"),
        pytest.param("انظر (https://a.example/?b=1).", ["https://a.example/?b=1"], id="url-before-a-stop"),
        pytest.param(
            "في Boston https://a.example/?b=1", ["Boston", "https://a.example/?b=1"], id="url-behind-a-name"
        ),
        pytest.param(
            "عبر https://a.example/خبر/٣-١?b=1 إذن", ["https://a.example/خبر/٣-١?b=1"], id="url-with-arabic"
        ),
        pytest.param("راسلوا news@a.example الآن", ["news@a.example"], id="address"),
        pytest.param("وسم #COP31 و@mujaz", ["#COP31", "@mujaz"], id="hashtag-and-handle"),
        pytest.param("قال L'Équipe إن", ["L'Équipe"], id="apostrophe-and-accent"),
        pytest.param("هاتف +966 11 123 4567 فقط", ["+966 11 123 4567"], id="phone-number"),
        pytest.param("BBC وCNN", ["BBC", "CNN"], id="two-runs"),
        pytest.param("Reuters", ["Reuters"], id="latin-only"),
        pytest.param(" Reuters (English)! ", ["Reuters (English)!"], id="latin-only-with-marks"),
        pytest.param("2026 (14)", [], id="integers-only"),
    ],
)
def test_runs_that_need_holding_together_are_found(text: str, runs: list[str]) -> None:
    assert [piece for piece, ltr in split_runs(text) if ltr] == runs


@given(anything)
def test_the_pieces_join_to_the_text(text: str) -> None:
    pieces = split_runs(text)
    assert "".join(piece for piece, _ in pieces) == text
    assert all(piece for piece, _ in pieces)


@given(written)
def test_no_piece_that_runs_left_to_right_holds_an_arabic_letter(text: str) -> None:
    assert not [piece for piece, ltr in split_runs(text) if ltr and re.search("[\u0621-\u064a]", piece)]


@given(arabic.map(tidy))
def test_without_its_isolates_isolated_text_is_the_text(text: str) -> None:
    assert isolate_plain(text).translate(dict.fromkeys(map(ord, LRI + PDI))) == text


@given(anything.map(tidy))
def test_isolates_open_and_close_in_turn(text: str) -> None:
    isolates = [char for char in isolate_plain(text) if char in LRI + RLI + FSI + PDI]
    assert isolates == [LRI, PDI] * (len(isolates) // 2)


def test_isolates_stand_around_the_run_alone() -> None:
    assert isolate_plain("ارتفع 3.2% اليوم") == f"ارتفع {LRI}3.2%{PDI} اليوم"


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        pytest.param("قمة الرياض", False, id="arabic"),
        pytest.param("«قمة» الرياض", True, id="quotation-mark-first"),
        pytest.param("🔴 عاجل", True, id="emoji-first"),
        pytest.param("Apple تعلن", True, id="latin-first"),
        pytest.param("3.2% نمو", True, id="number-first"),
        pytest.param(f"{LRI}3.2%{PDI} نمو", True, id="isolate-first"),
        pytest.param("🔴", True, id="nothing-strong"),
    ],
)
def test_a_header_begins_from_right_to_left(text: str, marked: bool) -> None:
    assert lead_rtl(text) == (RLM + text if marked else text)


@given(anything)
def test_a_led_header_starts_right_to_left_and_is_led_once(text: str) -> None:
    led = lead_rtl(text)
    assert starts_rtl(led)
    assert lead_rtl(led) == led


@given(st.lists(st.sampled_from(["a", "-", ",", " ", "1", "%", "&", ";"]), max_size=400).map("".join))
def test_long_tangles_of_latin_and_marks_come_apart(text: str) -> None:
    assert "".join(piece for piece, _ in split_runs(text)) == text

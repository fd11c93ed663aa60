"""Text from outside made fit to show: what goes, what stays, and that doing it twice changes nothing."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.text.tidy import as_prose, shorten, tidy, tidy_paragraph
from tests.text.alphabets import MARKS, anything, written

_DIRECTING = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", "", id="empty"),
        pytest.param(" \t\r\n\u00a0\u2003 ", "", id="white-space-only"),
        pytest.param("قمّةُ الرياضِ", "قمّةُ الرياضِ", id="harakat-stay"),
        pytest.param("أإآىة", "أإآىة", id="letters-stay"),
        pytest.param("قمة\u00a0الرياض", "قمة الرياض", id="no-break-space"),
        pytest.param("قمة\r\n\tالرياض", "قمة الرياض", id="line-end"),
        pytest.param("قمة\u2028الرياض\u2029", "قمة الرياض", id="line-and-paragraph-separators"),
        pytest.param("قمة\u0085الرياض", "قمة الرياض", id="next-line"),
        pytest.param("قمة\x0bالرياض\x0c", "قمة الرياض", id="vertical-tab-and-form-feed"),
        pytest.param("قمة\x00 الر\x07ياض", "قمة الرياض", id="controls"),
        pytest.param("\u202eقمة\u202c", "قمة", id="override"),
        pytest.param("\u2066abc\u2069 \u2067قمة\u2069", "abc قمة", id="isolates"),
        pytest.param("\u200fقمة\u200e \u061cهنا", "قمة هنا", id="marks"),
        pytest.param("قمة\u200b \u2060الرياض\ufeff", "قمة الرياض", id="zero-width"),
        pytest.param("\u00adمحاد\u00adثات", "محادثات", id="soft-hyphen"),
        pytest.param("قمة\ufffc", "قمة", id="object-replacement"),
        pytest.param("\ufeffقمة \ufeffالرياض", "قمة الرياض", id="byte-order-marks"),
        pytest.param("قمة\u180e\u034f\u3164", "قمة", id="fillers"),
        pytest.param("قمة\U000e0041\U000e007f", "قمة", id="tags"),
        pytest.param("قمة\ufdd0\uffff", "قمة", id="noncharacters"),
        pytest.param("قمة\ud800", "قمة", id="lone-surrogate"),
        pytest.param("می\u200cروم", "می\u200cروم", id="persian-non-joiner-stays"),
        pytest.param("👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧", id="emoji-joiner-stays"),
        pytest.param("نیم\u200cفاصله‌ها", "نیم\u200cفاصله‌ها", id="persian-non-joiners-stay"),
        pytest.param("عام 1447ه\u200d", "عام 1447ه\u200d", id="joiner-of-the-hijri-year-stays"),
        pytest.param("قمة\u200c الرياض\u200c.", "قمة الرياض.", id="non-joiner-at-a-word-end"),
        pytest.param("\u200cقمة \u200dالرياض", "قمة الرياض", id="joiners-at-a-word-beginning"),
        pytest.param("a\u200cb\u200d 3\u200d", "ab 3", id="joiners-in-latin-and-digits"),
        pytest.param("می\u200c\u200cروم", "می\u200cروم", id="joiners-in-a-row"),
        pytest.param("قمة \u200c الرياض", "قمة الرياض", id="joiner-between-spaces"),
        pytest.param("ﺍﻟﻘﻤﺔ ﻻ", "القمة لا", id="presentation-forms"),
        pytest.param("قمﹰة", "قمًة", id="haraka-in-its-own-shape"),
        pytest.param("مرحبا ﷺ", "مرحبا صلى الله عليه وسلم", id="a-phrase-in-one-character"),
        pytest.param("ﬁnance", "finance", id="latin-ligature"),
        pytest.param("ﷲ أكبر", "الله أكبر", id="allah-ligature"),
        pytest.param("﴿آية﴾", "﴿آية﴾", id="ornate-parentheses-stay"),
        pytest.param("3½ ① ™", "3½ ① ™", id="other-compatibility-forms-stay"),
        pytest.param("ق" + "\u0651\u064e" * 900 + "مة", "ق\u0651\u064e\u0651\u064eمة", id="flood-of-harakat"),
        pytest.param(
            "Z\u0351\u0344\u0489\u0310\u0315\u0346!", "Z\u0351\u0344\u0489\u0310!", id="flood-of-accents"
        ),
        pytest.param("❤\ufe0f شَّ", "❤\ufe0f شَّ", id="a-few-marks-stay"),
    ],
)
def test_tidy(text: str, expected: str) -> None:
    assert tidy(text) == expected


@given(anything)
def test_tidy_twice_is_tidy_once(text: str) -> None:
    assert tidy(tidy(text)) == tidy(text)


@given(anything)
def test_tidy_leaves_nothing_that_controls_or_directs(text: str) -> None:
    kept = tidy(text)
    assert not [char for char in kept if unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"}]
    assert not [char for char in kept if unicodedata.bidirectional(char) in _DIRECTING]
    assert not set(kept) & set("\u200e\u200f\u061c\ufeff\u2060\u200b")


@given(anything)
def test_tidy_text_is_one_line_with_single_spaces(text: str) -> None:
    kept = tidy(text)
    assert kept == " ".join(kept.split())
    assert len(kept.splitlines()) <= 1


def test_no_character_is_overlooked() -> None:
    """A hostile character makes `tidy` look at everything; without it the text must come out alike."""
    every = [f"ب{chr(code)}a {chr(code)}" for code in (*range(0x10000), *range(0xE0000, 0xE0100))]
    assert [text for text in every if tidy(text) != tidy(f"{text}\u200b")] == []


@given(anything)
def test_tidy_paragraph_leaves_no_space_inside_brackets_or_before_marks(text: str) -> None:
    assert not re.search(r" (?:[،؛:!؟»)\]]|\.(?![A-Za-z0-9]))|[«(\[] ", tidy_paragraph(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("قال : نعم", "قال: نعم", id="colon"),
        pytest.param("نعم ، ثم لا ؛ ثم نعم .", "نعم، ثم لا؛ ثم نعم.", id="comma-semicolon-stop"),
        pytest.param("حقاً ؟ نعم !", "حقاً؟ نعم!", id="question-and-exclamation"),
        pytest.param("قال « نعم »", "قال «نعم»", id="quotation-marks"),
        pytest.param("( رويترز ) [ صورة ]", "(رويترز) [صورة]", id="brackets"),
        pytest.param("قمة\n:\nتبدأ", "قمة: تبدأ", id="line-ends"),
        pytest.param("«نعم» (لا)", "«نعم» (لا)", id="right-already"),
        pytest.param("أطر .NET ونطاق .sa", "أطر .NET ونطاق .sa", id="a-stop-that-opens-a-word"),
        pytest.param("قال .ثم سكت ...", "قال.ثم سكت...", id="a-stop-that-closes-one"),
        pytest.param("بين 3 - 5", "بين 3 - 5", id="dash-stays"),
    ],
)
def test_tidy_paragraph_puts_spaces_right(text: str, expected: str) -> None:
    assert tidy_paragraph(text) == expected


@given(anything)
def test_tidy_paragraph_twice_is_once(text: str) -> None:
    assert tidy_paragraph(tidy_paragraph(text)) == tidy_paragraph(text)


@given(written.filter(lambda text: not re.search(f"[{MARKS}]{{5}}", text)))
def test_tidy_paragraph_changes_nothing_but_spaces(text: str) -> None:
    assert tidy_paragraph(text).replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize(
    ("text", "most", "expected"),
    [
        pytest.param("", 5, "", id="empty"),
        pytest.param("قمة", 3, "قمة", id="just-fits"),
        pytest.param("قمة الرياض", 10, "قمة الرياض", id="fits"),
        pytest.param("قمة الرياض", 9, "قمة…", id="cut-between-words"),
        pytest.param("قمة الرياض تبدأ", 11, "قمة الرياض…", id="cut-at-the-end-of-a-word"),
        pytest.param("قمة، الرياض", 7, "قمة…", id="comma-before-the-cut"),
        pytest.param("قال: «نعم ولا»", 8, "قال…", id="opening-quotation-mark-before-the-cut"),
        pytest.param("الاستثماراتالخليجية", 6, "الاست…", id="one-long-word"),
        pytest.param("قمة الرياض", 1, "…", id="one-character"),
        pytest.param("👨\u200d👩\u200d👧" * 3, 9, "👨\u200d👩\u200d👧…", id="families-of-emoji"),
        pytest.param("👍🏽👍🏽👍🏽", 4, "👍🏽…", id="skin-tones"),
        pytest.param("🇪🇬🇶🇦🇸🇦", 4, "🇪🇬…", id="flags"),
        pytest.param("قُمَّةُ", 4, "قُ…", id="harakat"),
    ],
)
def test_shorten(text: str, most: int, expected: str) -> None:
    assert shorten(text, most) == expected


@given(anything, st.integers(min_value=1, max_value=40))
def test_shortened_text_is_never_longer_than_asked(text: str, most: int) -> None:
    assert len(shorten(text, most)) <= most


@given(anything, st.integers(min_value=1, max_value=40))
def test_shortened_text_is_the_text_or_begins_it_and_says_that_it_is_cut(text: str, most: int) -> None:
    short = shorten(text, most)
    assert short == text or (short.endswith("…") and text.startswith(short[:-1]))


@given(st.lists(written.map(tidy).filter(bool), min_size=1), st.integers(min_value=1, max_value=40))
def test_a_cut_text_ends_with_a_whole_word_where_it_has_one(parts: list[str], most: int) -> None:
    text = " ".join(parts)
    short = shorten(text, most)
    if short != text and " " in text[: most - 1]:
        assert text[len(short) - 1] in ' ،؛:.-–—«("' or short == "…"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("#سد_النهضة يعود", "سد النهضة يعود", id="hashtag"),
        pytest.param("فوز #Orbita", "فوز Orbita", id="latin-hashtag"),
        pytest.param("المركز #1 عالمياً", "المركز #1 عالمياً", id="a-number-is-no-hashtag"),
        pytest.param("https://example.org/#قسم", "https://example.org/#قسم", id="a-fragment-is-no-hashtag"),
        pytest.param("انتهى الأمر.وقال الوزير", "انتهى الأمر. وقال الوزير", id="no-space-after-a-full-stop"),
        pytest.param("واشنطن تصعد:لن ننسحب", "واشنطن تصعد: لن ننسحب", id="no-space-after-a-colon"),
        pytest.param("الساعة 10:30 والآية 2:5", "الساعة 10:30 والآية 2:5", id="colons-in-numbers"),
        pytest.param("نقلت أ.ف.ب الخبر", "نقلت أ.ف.ب الخبر", id="abbreviation"),
        pytest.param("في سي.آي.إيه", "في سي.آي.إيه", id="names-of-letters"),
        pytest.param("(إف.بي.آي) قال", "(إف.بي.آي) قال", id="names-of-letters-in-brackets"),
        pytest.param("جهاز (إم.آي 6) البريطاني", "جهاز (إم.آي 6) البريطاني", id="two-names-of-letters"),
        pytest.param("قال لها.إنه بي.ثم سكت", "قال لها. إنه بي. ثم سكت", id="a-letter-and-a-word"),
        pytest.param("وبالبي.بي.سي", "وبالبي.بي.سي", id="names-of-letters-after-particles"),
        pytest.param(
            "نفت السي.آي.إيه.وأضاف الوزير", "نفت السي.آي.إيه. وأضاف الوزير", id="names-of-letters-end"
        ),
        pytest.param("قال.ثم سكت", "قال. ثم سكت", id="two-short-words"),
        pytest.param("حضر الوزراء.ثم.غادروا", "حضر الوزراء. ثم. غادروا", id="long-words-in-a-row"),
        pytest.param("بلغ 3.2%", "بلغ 3.2%", id="decimal"),
        pytest.param("نقلت العربية.نت الخبر", "نقلت العربية.نت الخبر", id="an-address"),
        pytest.param(
            "انتهى الأمر.نتائج أولية", "انتهى الأمر. نتائج أولية", id="a-word-that-begins-like-an-address"
        ),
    ],
)
def test_as_prose(text: str, expected: str) -> None:
    assert as_prose(text) == expected


@given(
    st.lists(st.sampled_from(["سي", "آي", "قال", "الوزراء", "أ", ".", "،", " ", "#"]), max_size=12).map(
        "".join
    )
)
def test_as_prose_adds_nothing_but_spaces_and_those_once(text: str) -> None:
    once = as_prose(text)
    assert as_prose(once) == once
    assert once.replace(" ", "").replace("#", "") == text.replace(" ", "").replace("#", "")

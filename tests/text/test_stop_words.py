"""Stop words: their form, what they leave alone, and the language that they give away."""

from __future__ import annotations

import pytest

from digest.text.arabic import stems, words
from digest.text.stop_words import LINKING_WORDS, STOP_WORDS, latin_language


def test_stop_words_stand_in_comparison_form() -> None:
    assert {word for word in STOP_WORDS if words(word) != [word]} == set()


def test_words_that_want_another_are_stop_words() -> None:
    assert LINKING_WORDS < STOP_WORDS


@pytest.mark.parametrize(
    "word",
    [
        pytest.param("us", id="united-states"),
        pytest.param("ai", id="artificial-intelligence"),
        pytest.param("car", id="english-noun-french-because"),
        pytest.param("pays", id="french-country-english-verb"),
        pytest.param("dire", id="french-verb-english-adjective"),
        pytest.param("march", id="month-and-demonstration"),
        pytest.param("force", id="noun-of-both"),
        pytest.param("killed", id="what-happened"),
        pytest.param("bilan", id="toll"),
        pytest.param("talks", id="what-happens"),
        pytest.param("قال", id="arabic-filler-is-left-to-its-frequency"),
    ],
)
def test_words_that_say_something_stay(word: str) -> None:
    assert len(stems(word)) == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", "", id="empty"),
        pytest.param("Ankara Oslo 2026", "", id="names-only"),
        pytest.param("Bridge falls into the river", "en", id="english"),
        pytest.param("Le pont tombe dans le fleuve", "fr", id="french"),
        pytest.param("L'usine qu'on ferme", "fr", id="elisions"),
        pytest.param("Sommet à Oslo", "fr", id="one-word"),
        pytest.param("The mayor of La Paz and the governor of Las Villas", "en", id="a-spanish-name"),
        pytest.param("son on an or", "", id="words-of-both"),
        pytest.param("سقوط الجسر في النهر", "", id="arabic"),
    ],
)
def test_latin_language(text: str, expected: str) -> None:
    assert latin_language(words(text)) == expected

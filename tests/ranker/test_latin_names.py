"""Names in English and French: capital letters and the words around tell them from common words."""

from __future__ import annotations

import datetime as dt
import functools

import pytest

from digest.app import App
from digest.ranker.names import Case, demonym_forms
from digest.ranker.places import Placer
from tests.ranker.making import article

DAY = dt.date(2026, 11, 22)


@functools.cache
def placer() -> Placer:
    return App(environment={}).placer


def found(text: str) -> list[str]:
    return [mention.name.country or mention.name.region for mention in placer()._gazetteer.find(text, DAY)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("US and UK ships leave Yemen", ["US", "GB", "YE"], id="letters-for-a-name"),
        pytest.param("They told us to wait", [], id="us-is-a-pronoun"),
        pytest.param("U.S. forces stay", ["US"], id="with-dots"),
        pytest.param("Polish farmers block roads", ["PL"], id="polish-with-a-capital"),
        pytest.param("How to polish silver", [], id="polish-is-a-verb"),
        pytest.param("Turkey holds a vote", ["TR"], id="turkey-with-a-capital"),
        pytest.param("How to roast a turkey", [], id="turkey-is-a-bird"),
        pytest.param("He broke the china", [], id="china-is-tableware"),
        pytest.param("Jordan closes the crossing", ["JO"], id="jordan"),
        pytest.param("Michael Jordan sells his house", [], id="jordan-is-a-surname"),
        pytest.param("Chad opens a bakery", [], id="chad-is-a-first-name"),
        pytest.param("Chad sends its army to the border", ["TD"], id="chad-in-context"),
        pytest.param("Le Tchad ferme sa frontière", ["TD"], id="tchad"),
        pytest.param("Georgia elects a governor", ["US"], id="georgia-the-state"),
        pytest.param("Georgia protesters return to Tbilisi streets", ["GE", "GE"], id="georgia-the-country"),
        pytest.param("Papua New Guinea and Guinea", ["PG", "PG"], id="the-longest-name-first"),
        pytest.param("Rain in Guinea", ["GN"], id="guinea"),
        pytest.param("A nice day out", [], id="nice-is-an-adjective"),
        pytest.param("Nice weather ahead", [], id="nice-opens-a-sentence"),
        pytest.param("Incendie à Nice, dans le sud de la France", ["FR", "FR"], id="nice-the-city"),
        pytest.param("Reading is good for you", [], id="reading"),
        pytest.param("Réunion de crise au palais", [], id="a-meeting"),
        pytest.param("Cyclone sur l’île de La Réunion", ["RE"], id="the-island"),
        pytest.param("Mali junta names a cabinet", ["ML"], id="mali"),
        pytest.param("le gouvernement français et les Espagnoles", ["FR", "ES"], id="french-adjectives"),
        pytest.param(
            "des soldats ukrainiens et une ville grecque", ["UA", "GR"], id="french-plural-and-irregular"
        ),
        pytest.param("l’Iran et la Côte d’Ivoire", ["IR", "CI"], id="elision"),
        pytest.param("Etats-Unis, États-Unis", ["US", "US"], id="with-and-without-accent"),
        pytest.param("Syria’s capital Damascus", ["SY", "SY"], id="possessive"),
        pytest.param("The ambassador of good will", [], id="word-boundaries"),
        pytest.param("The New York Times and Radio France", [], id="outlets-are-no-places"),
        pytest.param("American Airlines cancels flights", [], id="a-company-is-no-country"),
        pytest.param("South Koreans and North Korean envoys", ["KR", "KP"], id="demonyms-of-two-words"),
        pytest.param("Le détroit d’Ormuz, the Strait of Hormuz", ["IR", "IR"], id="a-strait"),
        pytest.param("Houthi and Taliban fighters", ["YE", "AF"], id="armed-groups"),
        pytest.param("EU and African Union meet", ["europe", "africa"], id="wider-than-a-country"),
        pytest.param("وزير الخارجية في Washington", ["US"], id="latin-in-arabic-text"),
    ],
)
def test_names_are_told_from_common_words(text: str, expected: list[str]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    ("title", "region", "country"),
    [
        pytest.param("Norwegian court jails a Chilean sailor", "europe", "NO", id="a-court-sits-at-home"),
        pytest.param("Un tribunal norvégien condamne un marin chilien", "europe", "NO", id="in-french"),
        pytest.param(
            "White House warns of famine in Sudan", "north_africa", "SD", id="a-statement-about-elsewhere"
        ),
        pytest.param(
            "Washington s’inquiète de la situation au Soudan",
            "north_africa",
            "SD",
            id="about-elsewhere-in-french",
        ),
        pytest.param("Oil prices rise as US stocks fall", "world", "US", id="a-market-is-of-no-place"),
    ],
)
def test_stories_in_latin_letters_are_placed(title: str, region: str, country: str) -> None:
    one = article(1, title, language="en")
    placed = placer().place([one], {one.id: placer().read(one)})
    assert (placed.region, placed.countries[:1]) == (region, (country,))


@pytest.mark.parametrize(
    ("demonym", "expected"),
    [
        pytest.param("Norwegian", {"Norwegian", "Norwegians"}, id="english"),
        pytest.param("Swedish", {"Swedish"}, id="english-without-plural"),
        pytest.param("américain", {"américain", "américains", "américaine", "américaines"}, id="french"),
        pytest.param("canadien", {"canadien", "canadiens", "canadienne", "canadiennes"}, id="french-doubled"),
        pytest.param("français", {"français", "française", "françaises"}, id="french-in-s"),
        pytest.param("russe", {"russe", "russes"}, id="french-in-e"),
    ],
)
def test_demonyms_are_inflected(demonym: str, expected: set[str]) -> None:
    assert set(demonym_forms(demonym)) == expected


@pytest.mark.parametrize(
    ("listed", "fits", "fails"),
    [
        pytest.param("US", "US", "Us", id="capitals"),
        pytest.param("Turkey", "TURKEY", "turkey", id="initial"),
    ],
)
def test_a_name_is_written_with_the_capitals_that_it_is_listed_with(
    listed: str, fits: str, fails: str
) -> None:
    assert Case.of(listed).fits(fits)
    assert not Case.of(listed).fits(fails)


def test_what_is_listed_in_small_letters_may_be_written_in_any() -> None:
    assert all(Case.of("français").fits(text) for text in ("français", "Français", "FRANÇAIS"))
    assert Case.of("القاهرة") is Case.ANY

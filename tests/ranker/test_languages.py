"""English and French beside Arabic: events whole and apart, in their places, in whole sentences of one language."""

from __future__ import annotations

import datetime as dt
import functools
import json
import pathlib
import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

import pytest

from digest.adapters.article_lines import read_articles
from digest.app import App
from digest.model import Article, Story
from digest.ranker.kinds import Kind, kind_of
from digest.ranker.rank import RankSettings, make_story, rank
from digest.ranker.summary import language_of, story_summary, summed_up
from digest.ranker.words import headline_of
from digest.text.sentences import leans_back, lede_sentences
from tests.ranker.making import NOW, article, labelled_day

DAY = labelled_day(pathlib.Path(__file__).with_name("latin_day.txt"))
#: The event of each article, by its id.
EVENTS = {one.id: event for event, one in DAY}
COUNTRIES = {
    "en-flood-porto": "PT", "en-flood-lahore": "PK", "en-bank-rate": "NO", "en-election-zambia": "ZM",
    "en-election-iceland": "IS", "en-train-osaka": "JP", "en-strike-heathrow": "GB", "en-strike-mine": "CL",
    "en-vaccine": "GH", "en-museum": "DE", "en-space": "IN", "en-wildfire": "US", "en-court-mayor": "FR",
    "en-court-tycoon": "SG", "en-football-final": "NL", "en-cricket": "ZA", "en-cyber": "DK", "en-bridge": "VN",
    "en-whale": "AU", "en-trade": "CA", "fr-incendie": "FR", "fr-greve-sncf": "FR", "fr-budget": "BE",
    "fr-senegal": "SN", "fr-avalanche": "CH", "fr-rugby": "FR", "fr-vin": "FR", "fr-madagascar": "MG",
    "fr-tunnel": "FR", "fr-nobel": "CH", "fr-lait": "FR", "fr-musee": "BE",
}  # fmt: skip


@functools.cache
def app() -> App:
    """The shipped gazetteer and map."""
    return App(environment={})


def ranked(articles: Sequence[Article]) -> list[Story]:
    return rank(articles, app().placer, RankSettings(), NOW)


def arabic_day(folder: pathlib.Path) -> list[Article]:
    """A hundred and fifty Arabic articles of one real day, as if of today."""
    lines = (folder / "data" / "ant" / "gold" / "2018-07-04.jsonl").read_bytes().splitlines()
    read = read_articles(random.Random(3).sample(lines, min(150, len(lines))), NOW).articles
    return [replace(one, published=NOW - dt.timedelta(hours=n % 9)) for n, one in enumerate(read)]


@pytest.fixture(scope="module")
def beside_arabic(shared: pathlib.Path) -> list[Story]:
    """The stories of the day, most of whose articles are Arabic."""
    return ranked([*arabic_day(shared), *(one for _, one in DAY)])


@pytest.fixture(scope="module")
def by_themselves() -> list[Story]:
    """The stories of English and French articles alone."""
    return ranked([one for _, one in DAY])


def b_cubed(stories: Iterable[Story], language: str) -> float:
    """Return the F1 of Bagga and Baldwin (1998) over the articles of one language."""
    found = {one.id: {each.id for each in story.articles} for story in stories for one in story.articles}
    events = defaultdict(set)
    for one, event in EVENTS.items():
        events[event].add(one)
    ids = [one for one, event in EVENTS.items() if event.startswith(language)]
    same = {one: len(found[one] & events[EVENTS[one]]) for one in ids}
    precision = sum(same[one] / len(found[one]) for one in ids) / len(ids)
    recall = sum(same[one] / len(events[EVENTS[one]]) for one in ids) / len(ids)
    return 2 * precision * recall / (precision + recall)


def mixed(stories: Iterable[Story]) -> list[set[str]]:
    """Return the events of each story that has more than one; Arabic articles count as another."""
    events = [{EVENTS.get(one.id, "arabic") for one in story.articles} for story in stories]
    return [one for one in events if len(one) > 1]


def test_the_day_is_as_large_as_said() -> None:
    languages = [event[:2] for event in EVENTS.values()]
    assert (languages.count("en"), languages.count("fr")) == (60, 30)
    assert set(EVENTS.values()) == set(COUNTRIES)


# What is measured is .98 for English and 1 for French.
@pytest.mark.parametrize("language", ["en", "fr"])
def test_events_are_whole(language: str, by_themselves: list[Story]) -> None:
    assert b_cubed(by_themselves, language) >= 0.9


@pytest.mark.parametrize("language", ["en", "fr"])
def test_events_are_whole_beside_arabic_ones(language: str, beside_arabic: list[Story]) -> None:
    assert b_cubed(beside_arabic, language) >= 0.9


def test_no_story_mixes_events(by_themselves: list[Story]) -> None:
    assert mixed(by_themselves) == []


def test_no_story_mixes_events_beside_arabic_ones(beside_arabic: list[Story]) -> None:
    assert mixed(beside_arabic) == []


def test_stories_get_their_country(by_themselves: list[Story]) -> None:
    right = [
        COUNTRIES[EVENTS[one.id]] in story.countries[:1] for story in by_themselves for one in story.articles
    ]
    assert sum(right) / len(right) >= 0.85


@pytest.mark.parametrize("declared", [True, False], ids=["language-declared", "language-not-declared"])
def test_readers_get_whole_sentences_in_the_language_of_the_headline(declared: bool) -> None:
    stories = ranked([one if declared else replace(one, language="ar") for _, one in DAY])
    for story in map(summed_up, stories):
        titles = {headline_of(one) for one in story.articles}
        sentences = [each for one in story.articles for each in lede_sentences(one.summary, 320)]
        assert story.headline in titles
        assert story.summary == "" or story.summary in {*sentences, *_pairs_of(sentences)}
    assert sum(not summed_up(story).summary for story in stories) <= 2


@pytest.mark.parametrize(
    ("language", "headline"),
    [
        pytest.param("ar", "افتتاح جسر بورتو الجديد", id="Arabic readers"),
        pytest.param("en_GB", "New Porto bridge opens to traffic", id="English readers"),
    ],
)
def test_a_story_in_two_languages_has_its_headline_in_the_readers(language: str, headline: str) -> None:
    bridge = [
        article(1, "افتتاح جسر بورتو الجديد", "افتتح رئيس البلدية الجسر الجديد في بورتو."),
        article(2, "New Porto bridge opens to traffic", "The mayor opened the new bridge in Porto."),
    ]
    named = {one.id: app().placer.read(one) for one in bridge}
    assert make_story(bridge, named, app().placer, RankSettings(), NOW, language).headline == headline


def _pairs_of(sentences: Sequence[str]) -> set[str]:
    return {f"{one} {other}" for one in sentences for other in sentences}


# Three events in the same words around them.
FRAMES = {
    "en": [
        "Minister said he will resign after new report, telling reporters on Tuesday he had been warned about it",
        "Coach said he will return after new offer, telling players on Tuesday he had been asked again this week",
        "Singer said she will not tour after all, telling fans on Monday that it had been her own choice",
    ],
    "fr": [
        "Le maire dit qu'il ne sera pas candidat et qu'il avait annoncé cela mardi, après plusieurs mois",
        "Le pilote dit qu'il ne sera pas au départ et qu'il avait dit cela mardi, après plusieurs semaines",
        "La chanteuse dit qu'elle sera en tournée et qu'elle avait écrit cela mardi après plusieurs années",
    ],
}


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_words_around_the_news_join_nothing(language: str) -> None:
    stories = ranked([article(number, text, text) for number, text in enumerate(FRAMES[language])])
    assert [len(story.articles) for story in stories] == [1, 1, 1]


# Each event in two languages; neighbours share kinds of event.
PAIRS = [
    (
        ("زلزال بقوة 6.8 يضرب هوكايدو ويقتل 41 شخصا", "ضرب زلزال بقوة 6.8 درجة جزيرة هوكايدو وقتل 41 شخصا في سابورو"),
        ("Magnitude 6.8 quake hits Hokkaido, killing 41", "A 6.8 quake struck Hokkaido, killing 41 around Sapporo."),
    ),
    (
        ("زلزال بقوة 5.2 يهز كوينزلاند دون ضحايا", "هز زلزال بقوة 5.2 درجة ساحل كوينزلاند في أستراليا دون ضحايا"),
        ("Quake of 5.2 shakes Queensland coast", "A quake of magnitude 5.2 shook Queensland; nobody was hurt."),
    ),
    (
        ("مانشستر سيتي يهزم ليفربول 3-1 في ويمبلي", "فاز مانشستر سيتي على ليفربول 3-1 أمام 88,400 متفرج في ويمبلي"),
        ("Manchester City beat Liverpool 3-1", "Manchester City won 3-1 against Liverpool before 88,400 at Wembley."),
    ),
    (
        ("فولكسفاغن تسحب 124,000 سيارة بسبب خلل", "أعلنت فولكسفاغن في فولفسبورغ سحب 124,000 سيارة من طراز غولف"),
        ("Volkswagen rappelle 124.000 voitures", "À Wolfsburg, Volkswagen rappelle 124.000 Golf aux freins défectueux."),
    ),
    (
        ("تويوتا تسحب 310,000 سيارة في كندا", "أعلنت تويوتا في تورونتو سحب 310,000 سيارة بسبب وسائد الهواء"),
        ("Toyota recalls 310,000 cars in Canada", "Toyota said in Toronto that it would recall 310,000 cars."),
    ),
]  # fmt: skip


def test_two_languages_join_on_one_event_only() -> None:
    articles = [
        article(f"{number}{side}", *texts)
        for number, pair in enumerate(PAIRS)
        for side, texts in zip("ab", pair, strict=True)
    ]
    stories = ranked(articles)
    assert [ids for story in stories if len(ids := {one.id[0] for one in story.articles}) > 1] == []
    # Names and numbers say so.
    both = [story for story in stories if len(story.articles) == 2]
    assert len(both) >= 2
    for story in both:
        assert language_of(story.articles[0]) == "ar"


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        pytest.param("Live-fire drills begin off the coast", Kind.NEWS, id="live-fire"),
        pytest.param("Video-sharing site fined in Oslo", Kind.NEWS, id="video-sharing"),
        pytest.param("Direct-to-consumer sales rise", Kind.NEWS, id="direct-to"),
        pytest.param("Live: flood in Porto", Kind.LIVE, id="live"),
        pytest.param("Live - flood in Porto", Kind.LIVE, id="live-and-a-dash"),
        pytest.param("En direct : les inondations", Kind.LIVE, id="en-direct"),
        pytest.param("بالفيديو-سقوط الجسر", Kind.VIDEO, id="an-arabic-mark-and-a-hyphen"),
    ],
)
def test_a_compound_is_no_mark(title: str, kind: Kind) -> None:
    assert kind_of(article(1, title)) is kind


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        pytest.param(
            "Storm hits northeast U.S.", "Storm hits northeast U.S.", id="abbreviation-keeps-its-stop"
        ),
        pytest.param("Storm hits the coast.", "Storm hits the coast", id="full-stop-goes"),
        pytest.param("Floods in Porto - BBC News", "Floods in Porto", id="outlet-goes"),
    ],
)
def test_latin_headlines(title: str, expected: str) -> None:
    assert headline_of(article(1, title)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("Paris : le budget est voté.", ["Paris: le budget est voté."], id="par-within-a-word"),
        pytest.param("By Jane Example — The bridge fell.", ["The bridge fell."], id="byline"),
        pytest.param(
            "He said 'no.' The bridge fell.", ["He said 'no.'", "The bridge fell."], id="single-quotes"
        ),
        pytest.param("Maj. Sample won. He left.", ["Maj. Sample won.", "He left."], id="rank"),
        pytest.param("The bridge that fell was built by", [], id="cut-off"),
    ],
)
def test_latin_sentences(text: str, expected: list[str]) -> None:
    assert lede_sentences(text, 320) == expected


@pytest.mark.parametrize(
    ("sentence", "leaning"),
    [
        pytest.param("C'est la fin.", True, id="c-est"),
        pytest.param("It's over.", True, id="it-s"),
        pytest.param("'He is gone,' the mayor said.", True, id="quoted"),
        pytest.param("L'usine ferme.", False, id="article"),
        pytest.param("Chile's mine reopens.", False, id="possessive"),
    ],
)
def test_sentences_that_need_another(sentence: str, leaning: bool) -> None:
    assert leans_back(sentence) is leaning


def test_an_english_story_takes_its_summary_from_any_member_though_none_says_its_language() -> None:
    lead = article(1, "Bridge in Hanoi falls into the river")
    other = article(
        2, "Hanoi bridge collapses", "Divers searched the river for four workers on Tuesday night."
    )
    assert story_summary(lead, [other]) == other.summary


def test_arabic_lines_without_a_language_are_arabic() -> None:
    line = json.dumps({"id": "1", "outlet": "x", "title": "سقوط جسر BBC"}).encode()
    assert language_of(read_articles([line], NOW).articles[0]) == "ar"

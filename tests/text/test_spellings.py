"""Spelling variants of names: what sounds alike, what may be one name, and what the articles tell."""

from __future__ import annotations

import gzip
import json
import pathlib
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.text.arabic import light_stem, normalise, words
from digest.text.sounds import looks_native, may_transcribe, spelling_distance, spelling_key
from digest.text.spellings import learn_spellings
from tests.text.alphabets import anything, arabic


@pytest.mark.parametrize(
    "variants",
    [
        pytest.param("ترمب ترامب Trump", id="vowel-left-out"),
        pytest.param("بوتن بوتين Putin", id="vowel-before-the-last"),
        pytest.param("نتنياهو نتانياهو Netanyahu", id="vowel-added"),
        pytest.param("زيلينسكي زلنسكي زيلنسكي Zelensky Zelenskyy", id="several-vowels"),
        pytest.param("غوتيريش جوتيريش غوتيرش", id="g-by-two-letters"),
        pytest.param("إيمانويل ايمانويل إمانويل Emmanuel", id="first-vowel"),
        pytest.param("ماكرون مكرون Macron", id="c-is-k"),
        pytest.param("جونغ جونج Jong", id="g-at-the-end"),
        pytest.param("هلسنكي هلسينكي Helsinki", id="vowel-at-the-end"),
        pytest.param("أردوغان اردوجان Erdoğan", id="diacritic"),
        pytest.param("أنغيلا أنجيلا Angela", id="vowel-first"),
        pytest.param("سكريبال سكربيال Skripal", id="vowel-moved"),
        pytest.param("فرانس فرنس France", id="soft-c"),
        pytest.param("أمريكا أميركا أمريكه America", id="last-vowel"),
        pytest.param("فيسبوك فايسبوك Facebook", id="silent-e"),
        pytest.param("تشيلسي تشلسي شيلسي Chelsea", id="ch"),
        pytest.param("نتفليكس Netflix", id="x"),
        pytest.param("تويتر Twitter", id="double-letter"),
        pytest.param("جونسون Johnson", id="silent-h"),
        pytest.param("واتساب WhatsApp", id="wh"),
        pytest.param("هواوي Huawei", id="hardly-a-consonant"),
        pytest.param("غوطة Ghouta", id="gh"),
    ],
)
def test_spellings_of_one_name_share_their_key(variants: str) -> None:
    assert len({spelling_key(word) for word in normalise(variants).split()}) == 1


def test_names_of_other_consonants_have_other_keys() -> None:
    names = "موسكو طهران بكين لندن باريس مدريد برلين twitter facebook google"
    assert len({spelling_key(name) for name in names.split()}) == 10


@given(anything)
def test_a_key_takes_any_word(text: str) -> None:
    for word in words(text):
        assert len(spelling_key(word)) <= 2 * len(normalise(word)) + 1


@given(arabic, st.integers(min_value=1), st.sampled_from("اوي"))
def test_a_long_vowel_inside_a_word_never_counts(text: str, place: int, vowel: str) -> None:
    for word in words(text):
        if "ب" <= word[0] <= "ن" and len(word) > 2 and word.isalpha() and "تش" not in word:
            at = 1 + place % (len(word) - 2)
            assert spelling_key(word[:at] + vowel + word[at:]) == spelling_key(word)


@pytest.mark.parametrize(
    ("word", "native"),
    [
        pytest.param("قاتل", True, id="active-participle"),
        pytest.param("مقتول", True, id="passive-participle"),
        pytest.param("مستشفيات", True, id="tenth-form-plural"),
        pytest.param("اعتراض", True, id="eighth-form"),
        pytest.param("صواريخ", True, id="broken-plural"),
        pytest.param("وزيره", True, id="feminine"),
        pytest.param("زوكربيرغ", False, id="too-many-consonants"),
        pytest.param("تويتر", False, id="two-vowels-in-no-pattern"),
        pytest.param("نتفليكس", False, id="five-consonants"),
        pytest.param("trump", False, id="latin"),
        pytest.param("", False, id="empty"),
    ],
)
def test_looks_native(word: str, native: bool) -> None:
    assert looks_native(word) is native


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [
        pytest.param("ترمب", "ترمب", 0, id="same"),
        pytest.param("ترمب", "ترامب", 1, id="one-vowel-left-out"),
        pytest.param("غوتيريش", "جوتيريش", 0, id="a-letter-that-takes-turns"),
        pytest.param("سكريبال", "سكربيال", 2, id="vowel-moved"),
        pytest.param("ميركل", "ماركل", 3, id="another-vowel"),
        pytest.param("قلبه", "غلبه", 4, id="a-letter-of-another-word"),
        pytest.param("امريكا", "امريكه", 0, id="last-vowel-by-two-letters"),
    ],
)
def test_spelling_distance(one: str, other: str, distance: int) -> None:
    assert spelling_distance(one, other) == spelling_distance(other, one) == distance


@pytest.mark.parametrize(
    ("arabic_word", "latin", "may"),
    [
        pytest.param("نتفليكس", "netflix", True, id="x-is-two-sounds"),
        pytest.param("يوتيوب", "youtube", True, id="u-as-yu"),
        pytest.param("انستغرام", "instagram", True, id="alef-carries-any-vowel"),
        pytest.param("بوسطن", "boston", True, id="short-vowels-unwritten"),
        pytest.param("سامباولي", "simple", False, id="vowel-where-there-is-none"),
        pytest.param("برتغالي", "protocol", False, id="another-vowel"),
        pytest.param("سنغال", "single", False, id="vowel-before-the-last"),
        pytest.param("مكسك", "mexico", False, id="spoken-vowel-at-the-end-missing"),
    ],
)
def test_may_transcribe(arabic_word: str, latin: str, may: bool) -> None:
    assert may_transcribe(arabic_word, latin) is may


def news(*lines: str) -> list[list[str]]:
    return [words(line) for line in lines]


@pytest.mark.parametrize(
    ("lines", "learned"),
    [
        pytest.param(
            ("الرئيس دونالد ترامب في القمة", "دونالد ترامب يغادر القمة", "دونالد ترمب يلتقي نظيره"),
            {"ترمب": "ترامب"},
            id="same-neighbour-the-commoner-wins",
        ),
        pytest.param(
            ("دونالد ترامب يلتقي نظيره", "دونالد ترمب يغادر القمة"),
            {"ترمب": "ترامب"},
            id="tie-is-alphabetical",
        ),
        pytest.param(
            ("فلاديمير بوتين يزور أنقرة", "فلاديمير بوتين في أنقرة", "فلاديمير بوتن في أنقرة"),
            {"بوتن": "بوت"},
            id="stems-are-mapped-though-words-are-compared",
        ),
        pytest.param(
            ("مارك زوكربيرغ أمام النواب", "النواب يسألون زوكربرغ", "زوكربيرغ يعتذر"),
            {"زوكربرغ": "زوكربيرغ"},
            id="five-foreign-consonants-need-no-neighbour",
        ),
        pytest.param(
            (
                "أنطونيو غوتيريش يدعو إلى الحوار",
                "غوتيريش يدعو إلى الحوار",
                "أنطونيو جوتيريش يدعو إلى التهدئة",
            ),
            {"جوتيريش": "غوتيريش"},
            id="g-by-two-letters",
        ),
        pytest.param(
            ("عطل يصيب Facebook ليلا", "فيسبوك يعود بعد عطل", "فيسبوك ينشر أرباحه"),
            {"facebook": "فيسبوك"},
            id="latin-name-in-arabic-text",
        ),
        pytest.param(
            ("Skripal leaves hospital", "سكريبال يغادر المستشفى", "سكريبال يتحدث"),
            {"skripal": "سكريبال"},
            id="latin-name-in-an-english-article",
        ),
        pytest.param(
            ("كارل يفوز بالجائزة", "Carol sings in the park"),
            {},
            id="three-consonants-of-two-languages",
        ),
        pytest.param(
            ("مقتل شرطي في هجوم", "مقاتل من المعارضة يستسلم", "مقتل جندي"), {}, id="native-words-of-one-root"
        ),
        pytest.param(
            ("انغيلا ميركل تزور باريس", "الأميرة ميغان ماركل في لندن", "ميركل تتحدث"),
            {},
            id="two-people-another-vowel",
        ),
        pytest.param(
            ("فرنسا تفوز بالكأس", "فرنسا في النهائي", "فرانسوا يكتب رواية"), {}, id="two-names-another-ending"
        ),
        pytest.param(("صيف حار في المدينة", "سيف قديم في المتحف"), {}, id="short-words-are-no-names"),
        pytest.param(
            ("روسيا ترد", "روسيا تنفي", "تركيا وروسيا", "تركيا في القمة"), {"وروسيا": "روسيا"}, id="particle"
        ),
        pytest.param((), {}, id="no-article"),
        pytest.param(("",), {}, id="empty-article"),
    ],
)
def test_learn_spellings(lines: tuple[str, ...], learned: dict[str, str]) -> None:
    assert learn_spellings(news(*lines)) == learned


def test_a_variant_with_a_particle_is_read_as_the_commonest_spelling() -> None:
    lines = ["دونالد ترامب يغادر"] * 4 + ["دونالد ترمب يغادر"] * 2 + ["كيم وترمب يلتقيان"]
    assert learn_spellings(news(*lines)) == {"ترمب": "ترامب", "وترمب": "ترامب"}


def test_a_protected_name_keeps_its_first_letter() -> None:
    lines = ["بنما تفتح القناة", *["نما الاقتصاد"] * 5]
    assert learn_spellings(news(*lines)) == {"بنما": "نما"}
    assert learn_spellings(news(*lines), {"بنما"}) == {}


def test_a_stem_that_is_mostly_another_word_is_not_touched() -> None:
    """جريمي and جريمة have one stem; that جيرمي is جريمي says nothing about the crime."""
    minister = ["جريمي هانت وزيرا للخارجية", "جيرمي هانت وزيرا للخارجية"]
    assert learn_spellings(news(*minister)) == {"جيرم": "جريم"}
    crimes = [f"جريمة في {place}" for place in ("الريف", "الميناء", "السوق", "المحطة")]
    assert learn_spellings(news(*minister, *crimes)) == {}


def test_names_found_first_make_the_company_of_the_rest() -> None:
    """Languages share no neighbours: only that both articles name Zuckerberg tells who Trump is."""
    lines = ["ترامب يلتقي زوكربيرغ", "ترامب يغادر واشنطن"]
    assert learn_spellings(news("Trump meets Zuckerberg", *lines))["trump"] == "ترامب"
    assert "trump" not in learn_spellings(news("Trump meets reporters", *lines))


def test_copies_of_one_article_by_the_thousand_are_no_trouble() -> None:
    copies = news(*["الوزير والوزيرة والوزيران: ترامب وترمب وزوكربيرغ وزوكربرغ"] * 4000)
    assert learn_spellings(copies) == learn_spellings(copies[:1])


VOCABULARY = (
    "ترامب ترمب وترمب دونالد الرييس زوكربيرغ زوكربرغ facebook فيسبوك بوتين بوتن قتل قاتل وزير ووزير في 2026"
)


@given(st.lists(st.lists(st.sampled_from(VOCABULARY.split()), max_size=8), max_size=12), st.randoms())
def test_the_order_of_articles_makes_no_difference(articles: list[list[str]], chance: random.Random) -> None:
    shuffled = chance.sample(articles, len(articles))
    assert learn_spellings(shuffled) == learn_spellings(articles)


@given(st.lists(anything, max_size=6))
def test_any_articles_give_stems_read_as_stems_that_stay(texts: list[str]) -> None:
    articles = [words(text) for text in texts]
    learned = learn_spellings(articles)
    stems = {light_stem(word) for article in articles for word in article}
    assert learned.keys() <= stems
    assert set(learned.values()) <= stems - learned.keys()


def test_real_days_of_news_teach_the_known_variants(shared: pathlib.Path) -> None:
    """Two weeks of five outlets, each of which spells in its own way."""
    with gzip.open(shared / "data" / "ant" / "items.jsonl.gz", "rt", encoding="utf-8") as lines:
        items = [json.loads(line) for line in lines]
    fortnight = [item for item in items if "2018-03-12" <= (item["published"] or "") < "2018-03-26"]
    learned = learn_spellings([words(f"{item['title']} {item['summary'] or ''}") for item in fortnight])

    def reading(word: str) -> str:
        stem = light_stem(normalise(word))
        return learned.get(stem, stem)

    for one, other in (
        ("ترامب", "ترمب"),
        ("بوتين", "بوتن"),
        ("نتنياهو", "نتانياهو"),
        ("أميركية", "أمريكية"),
        ("زوكربيرغ", "زوكربرغ"),
        ("سيرغي", "سيرجي"),
        ("ميليشيات", "مليشيات"),
    ):
        assert reading(one) == reading(other), one
    for one, other in (
        ("قتل", "قاتل"),
        ("مقتل", "مقاتل"),
        ("عامل", "عمل"),
        ("سوريا", "سيارة"),
        ("وزير", "وزارة"),
        ("قطر", "قطار"),
        ("كوريا", "قرية"),
    ):
        assert reading(one) != reading(other), one

"""Names found in text, and the names that ship."""

from __future__ import annotations

import datetime as dt
import functools
import itertools
from collections.abc import Iterator

import pytest
from babel import Locale
from hypothesis import given
from hypothesis import strategies as st

from digest.app import App
from digest.home import default_home
from digest.lexicons import gazetteer_tables
from digest.ranker.gazetteer import Gazetteer
from digest.ranker.names import NameKind, demonym_forms, phrase, without_clitics
from tests.ranker.making import gazetteer

DAY = dt.date(2026, 11, 22)


def found(text: str, day: dt.date = DAY) -> list[tuple[str, str]]:
    return [
        (mention.words, mention.name.country or mention.name.region)
        for mention in gazetteer().find(text, day)
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("زار القاهرة", [("القاهرة", "EG")], id="bare"),
        pytest.param("وصل بالقاهرة", [("بالقاهرة", "EG")], id="with-ba"),
        pytest.param("الطريق للقاهرة", [("للقاهرة", "EG")], id="lam-swallows-the-article"),
        pytest.param("وللقاهرة رأي", [("وللقاهرة", "EG")], id="waw-and-lam"),
        pytest.param("ولبنان أيضاً", [("ولبنان", "LB")], id="waw"),
        pytest.param("لبنان يوقع", [("لبنان", "LB")], id="a-name-that-begins-like-a-clitic"),
        pytest.param("بريطانيا توقع", [("بريطانيا", "GB")], id="ba-of-its-own"),
        pytest.param("الولايات المتحدة تعلن", [("الولايات المتحدة", "US")], id="two-words"),
        pytest.param("بالولايات المتّحدة", [("بالولايات المتّحدة", "US")], id="harakat-and-clitic"),
        pytest.param("كوريا الشمالية ونظيرتها", [("كوريا الشمالية", "KP")], id="longest-wins"),
        pytest.param(
            "الفرنسيون والأميركيات", [("الفرنسيون", "FR"), ("والأميركيات", "US")], id="demonyms-inflected"
        ),
        pytest.param("الروس", [("الروس", "RU")], id="broken-plural"),
        pytest.param("فرنسياً وأمريكية", [("فرنسياً", "FR"), ("وأمريكية", "US")], id="adverb-and-feminine"),
        pytest.param("قمة آسيا الوسطى", [("آسيا الوسطى", "asia")], id="wider-than-a-country"),
        pytest.param("الأمم المتحدة", [], id="a-body-of-no-place"),
        pytest.param("ارتفع الدولار الأميركي", [], id="a-currency-is-no-country"),
        pytest.param("منصة باريس للتواصل", [], id="a-platform-is-no-place"),
        pytest.param("افتتاح معرض في عمان", [("عمان", "JO")], id="ambiguous-default"),
        pytest.param("سلطنة عمان", [("عمان", "OM")], id="ambiguous-by-context"),
        pytest.param("القطاع المالي في مالي", [], id="a-common-word"),
        pytest.param("باماكو عاصمة مالي", [("مالي", "ML")], id="a-common-word-in-context"),
        pytest.param("رزق بثلاثة بنين وبنات", [], id="a-common-word-that-may-stand-as-a-place"),
        pytest.param("فيضانات في بنين", [("بنين", "BJ")], id="it-stands-as-a-place-after-in"),
        pytest.param("بنين: المعارضة تتظاهر", [("بنين", "BJ")], id="it-stands-as-a-place-before-a-colon"),
        pytest.param("بنين.. المعارضة تتظاهر", [("بنين", "BJ")], id="it-stands-as-a-place-before-dots"),
        pytest.param("صبر بنين: حكاية أسرة", [], id="a-colon-later-says-nothing"),
        pytest.param("طرابلس في شمال لبنان", [("طرابلس", "LB"), ("لبنان", "LB")], id="one-name-two-cities"),
        pytest.param("طرابلس الغرب", [("طرابلس الغرب", "LY")], id="longer-than-the-ambiguous"),
        pytest.param("ambassador of the United States", [("United States", "US")], id="latin"),
        pytest.param("unitedstates", [], id="word-boundaries"),
        pytest.param("#القاهرة_الآن", [("القاهرة", "EG")], id="hashtag"),
        pytest.param("ــ القاهرة ــ", [("القاهرة", "EG")], id="tatweel-alone-is-no-word"),
        pytest.param(
            "الأمم المتحدة الولايات المتحدة", [("الولايات المتحدة", "US")], id="silence-ends-with-its-phrase"
        ),
        pytest.param("في الولايات", [], id="half-a-name-at-the-end"),
        pytest.param("", [], id="empty"),
        pytest.param("نكرة", [], id="a-territory-of-no-region"),
    ],
)
def test_names_are_found_as_whole_words_with_their_clitics(
    text: str, expected: list[tuple[str, str]]
) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        pytest.param(dt.date(2019, 12, 31), [], id="before"),
        pytest.param(dt.date(2020, 1, 1), [("الورداني", "LB")], id="first-day"),
        pytest.param(dt.date(2024, 12, 31), [("الورداني", "LB")], id="last-day"),
        pytest.param(dt.date(2025, 1, 1), [], id="after"),
    ],
)
def test_a_leader_stands_for_a_country_while_in_office(day: dt.date, expected: list[tuple[str, str]]) -> None:
    assert found("صرح الورداني اليوم", day) == expected


@pytest.mark.parametrize(
    ("text", "locative"),
    [
        pytest.param("انفجار في القاهرة", True, id="in"),
        pytest.param("انفجار بالقاهرة", True, id="prefix"),
        pytest.param("يزور القاهرة", False, id="visits"),
        pytest.param("وفي مدينة القاهرة", True, id="city-of"),
        pytest.param("أعلنت القاهرة", False, id="subject"),
        pytest.param("حكمت محكمة فرنسية", True, id="a-court-sits-at-home"),
        pytest.param("حذر الرئيس الفرنسي", False, id="a-president-acts-abroad"),
        pytest.param("وحكمت المحكمة العليا الفرنسية", False, id="only-the-word-beside-it"),
    ],
)
def test_words_before_a_name_tell_a_place_from_an_actor(text: str, locative: bool) -> None:
    [mention] = gazetteer().find(text, DAY)
    assert mention.locative is locative


def test_a_word_has_no_form_shorter_than_three_letters() -> None:
    assert without_clitics("وفد") == ["وفد"]
    assert all(len(form) >= 3 for form in without_clitics("بلبن"))


def test_demonyms_keep_to_their_country_in_all_forms() -> None:
    forms = set(demonym_forms("أردني"))
    assert {"اردني", "الاردنيه", "اردنيون", "الاردنيين", "اردنيات"} <= forms
    assert all(
        mention.name.kind is NameKind.DEMONYM for form in forms for mention in gazetteer().find(form, DAY)
    )


@functools.cache
def shipped() -> Gazetteer:
    return App(environment={}).placer._gazetteer


def shipped_codes() -> Iterator[tuple[str, str]]:
    files = gazetteer_tables(default_home({}))
    for stem, file in files.items():
        yield from ((stem, key) for key, value in file.items() if isinstance(value, dict))
    for stem, key in itertools.product(files, ("institution", "leader")):
        table = files[stem].get(key, [])
        assert isinstance(table, list)
        yield from ((stem, row["country"]) for row in table if row["country"])


def test_the_shipped_gazetteer_names_only_countries_of_iso_3166() -> None:
    known = {str(code) for code in Locale("en").territories}
    assert [(stem, code) for stem, code in shipped_codes() if code not in known] == []


def test_the_shipped_gazetteer_knows_the_capitals_and_short_forms_of_the_region() -> None:
    real = shipped()
    names = {
        "الرياض": "SA", "أبوظبي": "AE", "الدوحة": "QA", "الكويت": "KW", "المنامة": "BH", "صنعاء": "YE", "بيروت": "LB",
        "دمشق": "SY", "بغداد": "IQ", "رام الله": "PS", "تل أبيب": "IL", "القاهرة": "EG", "الخرطوم": "SD",
        "تونس": "TN", "الجزائر": "DZ", "الرباط": "MA", "نواكشوط": "MR", "طهران": "IR", "أنقرة": "TR",
        "سلطنة عمان": "OM", "مضيق هرمز": "IR", "قناة السويس": "EG", "الأوكرانيين": "UA", "بريطانية": "GB",
    }  # fmt: skip
    read = {text: [mention.name.country for mention in real.find(text, DAY)] for text in names}
    wrong = {text: countries for text, countries in read.items() if countries != [names[text]]}
    assert wrong == {}


def test_no_shipped_name_means_two_countries_unless_it_is_ambiguous() -> None:
    real = shipped()
    twice = {
        " ".join(words): sorted({name.country for name in names})
        for words, names in real._names.items()
        if words not in real._ambiguous and len({name.country for name in names if name.country}) > 1
    }
    assert twice == {}


#: Without people or a government; with a capital of their own name; with one whose name means other things as well.
NO_CAPITAL = {
    *("AQ", "BV", "CC", "CX", "GS", "HM", "TF", "TK", "UM"),
    *("BM", "GI", "HK", "IL", "MO", "MS", "SG", "SM", "VA"),
    *("BE", "CL", "CR", "KR", "PM", "NF"),
}


def test_every_country_with_a_government_has_its_capital_in_arabic() -> None:
    app = App(environment={})
    territories = gazetteer_tables(app.home)["territories"]
    assert isinstance(territories, dict)
    without = {
        country for country in app.settings.region_of if not territories.get(country, {}).get("capital")
    }
    assert without <= NO_CAPITAL


@pytest.mark.parametrize(
    ("cities", "country"),
    [
        pytest.param("شنغهاي تيانجين شينيانغ كونمينغ نانتشانغ", "CN", id="china"),
        pytest.param("مومباي كانبور ناغبور باتنا سورات", "IN", id="india"),
        pytest.param("لاهور مولتان غوجرانوالا بيشاور", "PK", id="pakistan"),
        pytest.param("جاكرتا باندونغ سيمارانغ سورابايا", "ID", id="indonesia"),
        pytest.param("أوساكا سابورو كاواساكي سنداي", "JP", id="japan"),
        pytest.param("لاغوس كانو إبادان إيلورين كادونا", "NG", id="nigeria"),
        pytest.param("كينشاسا لوبومباشي كيسانغاني كانانغا", "CD", id="congo"),
        pytest.param("نوفوسيبيرسك كراسنويارسك أومسك سامارا", "RU", id="russia"),
        pytest.param("ساو باولو كوريتيبا ريسيفي كامبيناس", "BR", id="brazil"),
        pytest.param("هيوستن فينيكس دالاس ديترويت", "US", id="united-states"),
        pytest.param("أصفهان تبريز شيراز كرج", "IR", id="iran"),
        pytest.param("أم درمان نيالا بورتسودان", "SD", id="sudan"),
    ],
)
def test_the_great_cities_are_known(cities: str, country: str) -> None:
    read = shipped().find(cities, DAY)
    assert {mention.name.country for mention in read} == {country}
    assert " ".join(mention.words for mention in read) == cities


@given(
    st.lists(
        st.sampled_from(
            [
                "القاهرة",
                "بالقاهرة",
                "الولايات",
                "المتحدة",
                "في",
                "United",
                "States",
                "ــ",
                "_",
                "؟",
                "\n",
                "ﷺ",
                "٣",
            ]
        )
        | st.text(max_size=6)
    )
)
def test_any_text_gives_its_own_words_in_their_order(words: list[str]) -> None:
    text = " ".join(words)
    mentions = gazetteer().find(text, DAY)
    at = 0
    for mention in mentions:
        assert mention.start >= at
        assert text[mention.start :].startswith(mention.words)
        at = mention.start + len(mention.words)


def test_phrases_are_compared_in_one_spelling() -> None:
    assert phrase("القاهِرة") == phrase("القاهره")
    pairs = itertools.combinations(["أميركا", "اميركا", "أميركـــا"], 2)
    assert all(phrase(one) == phrase(other) for one, other in pairs)

"""Dates, hours and figures as a newsletter writes them: month names by country, Hijri beside them, digits as set."""

from __future__ import annotations

import datetime as dt
import gettext
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.mailer.language import ARABIC_MONTHS, Language
from tests.mailer.making import ARABIC, DATE, ENGLISH, edition, full_edition, rendered, story, viewed

_ARABIC_FIGURES = re.compile("[٠-٩]")
#: What the tables of Umm al-Qura hold; before, they copy almanacs in which some months have 28 or 31 days.
_HIJRI_DAYS = st.dates(dt.date(1946, 1, 1), dt.date(2077, 11, 16))


def _language(locale: str, months: str = "", digits: str = "latin") -> Language:
    return Language(locale, gettext.NullTranslations(), months, digits)


@pytest.mark.parametrize(
    ("months", "names"),
    [
        pytest.param("gulf", "يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر", id="the Gulf and Egypt"),
        pytest.param("levant", "كانون الثاني|شباط|آذار|نيسان|أيار|حزيران|تموز|آب|أيلول|تشرين الأول|تشرين الثاني|كانون الأول", id="the Levant"),
        pytest.param("maghreb", "جانفي فيفري مارس أفريل ماي جوان جويلية أوت سبتمبر أكتوبر نوفمبر ديسمبر", id="the Maghreb"),
        pytest.param("morocco", "يناير فبراير مارس أبريل ماي يونيو يوليوز غشت شتنبر أكتوبر نونبر دجنبر", id="Morocco"),
        pytest.param("", "يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر", id="the locale's own"),
    ],
)  # fmt: skip
def test_the_months_of_an_arabic_newsletter(months: str, names: str) -> None:
    expected = names.split("|") if "|" in names else names.split()
    language = _language("ar", months)
    assert [language.short_date(dt.date(2026, month, 3)) for month in range(1, 13)] == [
        f"3 {name}" for name in expected
    ]
    assert [name in language.long_date(dt.date(2026, 1 + at, 3)) for at, name in enumerate(expected)] == [
        True
    ] * 12


@pytest.mark.parametrize(
    ("locale", "long", "short"),
    [
        pytest.param("ar", "الأحد، 22 نوفمبر 2026", "22 نوفمبر", id="Arabic"),
        pytest.param("ar-LB", "الأحد، 22 تشرين الثاني 2026", "22 تشرين الثاني", id="Lebanon, nothing set"),
        pytest.param("ar_MA", "الأحد، 22 نونبر 2026", "22 نونبر", id="Morocco, nothing set"),
        pytest.param("en", "Sunday, November 22, 2026", "November 22", id="English"),
        pytest.param("en-GB", "Sunday, 22 November 2026", "22 November", id="British English"),
        pytest.param("fr", "dimanche 22 novembre 2026", "22 novembre", id="French"),
        pytest.param("he", "יום ראשון, 22 בנובמבר 2026", "22 בנובמבר", id="Hebrew, with its preposition"),
    ],
)
def test_a_locale_writes_dates_in_its_own_way(locale: str, long: str, short: str) -> None:
    assert (_language(locale).long_date(DATE), _language(locale).short_date(DATE)) == (long, short)


def test_months_are_chosen_for_arabic_only() -> None:
    assert _language("en", "levant").long_date(DATE) == _language("en").long_date(DATE)


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        pytest.param(dt.date(2026, 11, 22), "12 جمادى الآخرة 1448 هـ", id="a day"),
        pytest.param(dt.date(2026, 6, 16), "1 محرم 1448 هـ", id="a new year"),
        pytest.param(dt.date(2026, 2, 18), "1 رمضان 1447 هـ", id="Ramadan begins"),
        pytest.param(dt.date(2026, 5, 27), "10 ذو الحجة 1447 هـ", id="the feast"),
        pytest.param(dt.date(1924, 7, 31), "", id="before the tables"),
        pytest.param(dt.date(2077, 11, 17), "", id="after the tables"),
    ],
)
def test_the_hijri_date(day: dt.date, expected: str) -> None:
    assert _language("ar").hijri_date(day) == expected


@given(_HIJRI_DAYS)
def test_days_follow_each_other_in_the_hijri_calendar_too(day: dt.date) -> None:
    language = _language("ar")
    number = int(language.hijri_date(day).split()[0])
    before = language.hijri_date(day - dt.timedelta(days=1))
    # Months have 29 or 30 days.
    assert not before or int(before.split()[0]) in ({number - 1} if number > 1 else {29, 30})


@pytest.mark.parametrize(
    ("locale", "hijri", "there"),
    [
        pytest.param("ar", None, True, id="Arabic"),
        pytest.param("ar_EG", None, True, id="of a country"),
        pytest.param("ar", False, False, id="Arabic, not wanted"),
        pytest.param("en", None, False, id="English"),
        pytest.param("en", True, True, id="English, wanted"),
        pytest.param("he", None, False, id="Hebrew"),
    ],
)
def test_the_masthead_has_the_hijri_date_where_it_is_wanted(
    locale: str, hijri: bool | None, there: bool
) -> None:
    newsletter = replace(ARABIC, locale=locale, hijri=hijri)
    date = viewed(full_edition(), newsletter).date_hijri
    assert bool(date) == there
    message = rendered(full_edition(), newsletter)
    assert ("1448" in message.html, "1448" in message.text) == (there, there)


# --------------------------------------------------------------------------- figures


@pytest.mark.parametrize(
    ("locale", "digits", "number", "clock"),
    [
        pytest.param("ar", "latin", "1,240", "07:05", id="Arabic, Latin figures"),
        pytest.param("ar", "arab", "١٬٢٤٠", "٠٧:٠٥", id="Arabic figures"),
        pytest.param("fa", "arab", "۱٬۲۴۰", "۰۷:۰۵", id="Persian has its own"),
        pytest.param("en", "latin", "1,240", "07:05", id="English"),
        pytest.param("fr", "latin", "1\N{NARROW NO-BREAK SPACE}240", "07:05", id="French"),
        pytest.param("en", "arab", "1,240", "07:05", id="English has no others"),
    ],
)
def test_figures(locale: str, digits: str, number: str, clock: str) -> None:
    language = _language(locale, digits=digits)
    moment = dt.datetime(2026, 11, 22, 4, 5, tzinfo=dt.UTC)
    assert (language.number(1240), language.clock(moment, "Asia/Riyadh")) == (number, clock)
    assert language.count("{n} word", "{n} words", 1240) == f"{number} words"


@given(st.dates(dt.date(1930, 1, 1), dt.date(2070, 1, 1)), st.sampled_from(sorted(ARABIC_MONTHS)))
def test_no_latin_digit_is_left_where_arabic_figures_are_wanted(day: dt.date, months: str) -> None:
    language = _language("ar", months, "arab")
    for text in (language.long_date(day), language.short_date(day), language.hijri_date(day)):
        assert _ARABIC_FIGURES.search(text)
        assert not re.search("[0-9]", text)


def test_all_that_we_count_is_in_the_chosen_figures() -> None:
    view = viewed(full_edition(), replace(ARABIC, digits="arab"))
    ours = [view.date, view.date_hijri, view.extent, view.words, *(one.time for one in view.stories())]
    assert not re.search("[0-9]", " ".join(ours))
    assert view.extent == "١٢ خبراً من ١١ مصدراً"
    many = viewed(
        edition([[story(1, outlets=[f"منبر {n}" for n in range(9)])]]), replace(ARABIC, digits="arab")
    )
    assert (many.lead.outlets_counted, many.lead.more_counted) == ("٩ مصادر", "و٤ مصادر أخرى")


def test_the_outlets_own_figures_stay_as_they_are() -> None:
    made = full_edition()
    view = viewed(made, replace(ARABIC, digits="arab", months="levant"))
    assert [one.headline for one in view.stories()].count("قطر ترفع إنتاج الغاز 3.2% في الربع الثالث") == 1
    assert "5.4 مليار دولار بزيادة 12%" in view.lead.summary


@pytest.mark.parametrize(
    ("digits", "mark"),
    [pytest.param("latin", "·", id="Latin"), pytest.param("arab", "|", id="Arabic: a dot would be a zero")],
)
def test_no_dot_stands_beside_arabic_figures(digits: str, mark: str) -> None:
    message = rendered(full_edition(), replace(ARABIC, digits=digits, tagline=""))
    body = message.html.partition("<h1")[2]
    for told in (body, message.text):
        assert mark in told
        assert ("·" in told) == (mark == "·")


def test_an_english_letter_counts_its_words() -> None:
    made = edition([[story(1, headline="خبر", summary="كلمة " * 1300)]])
    assert viewed(made, ENGLISH).words == "1,301 words"
    assert viewed(made).words == "1,301 كلمة"
    assert viewed(edition([[story(1, headline="خبر قصير", summary="")]])).words == "كلمتان"

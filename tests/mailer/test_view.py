"""What a template gets: the lead, the sections, the reader's order, words and times of the locale."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.mailer.view import PREFERENCES_TOKEN, UNSUBSCRIBE_TOKEN, linked, shown, view_edition
from digest.model import Region
from tests.mailer.making import ARABIC, ENGLISH, app, article, edition, full_edition, story, viewed

# --------------------------------------------------------------------------- lead, sections, headlines


def test_the_lead_opens_the_letter_and_stands_in_no_section() -> None:
    made = full_edition()
    view = viewed(made)
    assert view.lead.headline == made.lead.headline
    assert [section.name for section in view.sections] == ["الخليج واليمن", "أوروبا وروسيا", "الأميركتان"]
    assert [len(section.stories) for section in view.sections] == [2, 3, 3]
    assert view.lead.anchor not in [one.anchor for section in view.sections for one in section.stories]


def test_every_story_stands_once() -> None:
    made = full_edition()
    anchors = [one.anchor for one in viewed(made).stories()]
    assert sorted(anchors) == sorted(f"s-{one.id}" for one in made.stories())
    assert len(set(anchors)) == 12


def test_a_section_that_holds_the_lead_only_is_left_out() -> None:
    view = viewed(edition([[story(1)], [story(2, "europe")]]))
    assert [section.name for section in view.sections] == ["أوروبا وروسيا"]
    assert view.lead.region == "الخليج واليمن"


def test_an_edition_of_one_story_has_a_lead_and_no_sections() -> None:
    view = viewed(edition([[story(1)]]))
    assert (view.sections, view.briefs, [one.anchor for one in view.headlines]) == (
        (),
        (),
        [view.lead.anchor],
    )


def test_the_headlines_on_top_are_the_lead_and_the_first_of_each_other_section() -> None:
    view = viewed(full_edition())
    # The lead's own section is there with the lead.
    assert [one.anchor for one in view.headlines] == [
        view.lead.anchor,
        *(section.stories[0].anchor for section in view.sections[1:]),
    ]


def test_every_region_of_a_full_edition_has_its_headline_on_top() -> None:
    regions = list(app().settings.regions)
    made = edition(
        [[story(place * 2, region), story(place * 2 + 1, region)] for place, region in enumerate(regions)]
    )
    view = viewed(made, regions=regions)
    assert [one.region for one in view.headlines] == [section.name for section in view.sections]
    assert len(view.headlines) == 9


# --------------------------------------------------------------------------- a reader's regions


@pytest.mark.parametrize(
    ("regions", "names"),
    [
        pytest.param(["americas", "gulf"], ["الأميركتان", "الخليج واليمن"], id="in the reader's order"),
        pytest.param(["europe"], ["أوروبا وروسيا"], id="one"),
        pytest.param(["asia", "europe", "africa"], ["أوروبا وروسيا"], id="without those that have no news"),
        pytest.param(["asia", "africa"], ["الخليج واليمن", "أوروبا وروسيا", "الأميركتان"], id="none has news: the edition's"),
    ],
)  # fmt: skip
def test_sections_follow_the_reader(regions: list[str], names: list[str]) -> None:
    view = viewed(full_edition(), regions=regions)
    assert [section.name for section in view.sections] == names


def test_a_reader_who_does_not_read_the_leads_region_gets_the_best_of_the_rest_first() -> None:
    made = full_edition()
    view = viewed(made, regions=["americas", "europe"])
    # Europe's first scores higher than the Americas', though the Americas stand first.
    assert view.lead.headline == made.sections[1].stories[0].headline
    assert view.headlines[0] == view.lead
    assert len({one.anchor for one in view.stories()}) == len(list(view.stories()))


def test_the_lead_of_the_edition_stays_the_lead_where_the_reader_reads_its_region() -> None:
    made = full_edition()
    assert viewed(made, regions=["americas", "gulf"]).lead.headline == made.lead.headline


# --------------------------------------------------------------------------- outlets, counts, names


def test_each_outlet_is_linked_once_by_the_headlines_article_first() -> None:
    told = story(1, outlets=("شراع", "النخلة", "شراع", "صدف"))
    [first, *rest] = viewed(edition([[told]])).lead.links
    assert (first.outlet, first.url) == ("شراع", told.articles[0].url)
    assert [link.outlet for link in rest] == ["النخلة", "صدف"]


@pytest.mark.parametrize(("count", "links", "more"), [(1, 1, 0), (5, 5, 0), (6, 5, 1), (14, 5, 9)])
def test_five_outlets_are_linked_and_the_others_counted(count: int, links: int, more: int) -> None:
    lead = viewed(edition([[story(1, outlets=[f"منبر {n}" for n in range(count)])]])).lead
    assert (len(lead.links), lead.more_outlets) == (links, more)


@pytest.mark.parametrize(
    ("count", "arabic", "english"),
    [
        pytest.param(1, "مصدر واحد", "1 outlet", id="one"),
        pytest.param(2, "مصدران", "2 outlets", id="two"),
        pytest.param(3, "3 مصادر", "3 outlets", id="few"),
        pytest.param(10, "10 مصادر", "10 outlets", id="few, the last"),
        pytest.param(11, "11 مصدراً", "11 outlets", id="many"),
        pytest.param(99, "99 مصدراً", "99 outlets", id="many, the last"),
        pytest.param(100, "100 مصدر", "100 outlets", id="other"),
        pytest.param(103, "103 مصادر", "103 outlets", id="few again"),
    ],
)
def test_outlets_are_counted_in_the_locales_plural(count: int, arabic: str, english: str) -> None:
    made = edition([[story(1, outlets=[f"منبر {n}" for n in range(count)])]])
    assert viewed(made).lead.outlets_counted == arabic
    assert viewed(made, ENGLISH).lead.outlets_counted == english


def test_the_masthead_counts_what_the_letter_holds() -> None:
    assert viewed(full_edition()).extent == "12 خبراً من 11 مصدراً"
    assert viewed(full_edition(), ENGLISH).extent == "12 stories from 11 outlets"
    assert viewed(full_edition(), ENGLISH, ["europe"]).extent == "6 stories from 11 outlets"


@pytest.mark.parametrize(
    ("words", "expected"),
    [pytest.param(1, "1 minute's read", id="short"), pytest.param(400, "3 minutes' read", id="longer")],
)
def test_the_reading_time(words: int, expected: str) -> None:
    made = edition([[story(1, headline="خبر", summary="كلمة " * words)]])
    assert viewed(made, ENGLISH).reading_time == expected


@pytest.mark.parametrize(
    ("countries", "region", "arabic", "english"),
    [
        pytest.param(("OM", "QA"), "gulf", "عُمان", "Oman", id="the main country"),
        pytest.param((), "world", "حول العالم", "Around the world", id="no country: the region"),
        pytest.param((), "moon", "moon", "moon", id="a region that is no more"),
    ],
)
def test_the_place(countries: tuple[str, ...], region: str, arabic: str, english: str) -> None:
    made = edition([[story(1, region, countries=countries)]])
    assert viewed(made, regions=[region]).lead.place == arabic
    assert viewed(made, ENGLISH, [region]).lead.place == english


def test_a_region_without_a_name_in_the_language_is_named_in_english() -> None:
    names = {"gulf": Region(id="gulf", name={"ar": "الخليج", "en": "The Gulf"}, countries=frozenset())}
    for locale, expected in (("fr", "The Gulf"), ("ar", "الخليج")):
        language = app().language(locale)
        made = edition([[story(1)]])
        assert (
            view_edition(made, replace(ARABIC, locale=locale), ["gulf"], names, language).lead.region
            == expected
        )


@pytest.mark.parametrize(
    ("base_url", "browser", "preferences"),
    [
        pytest.param("", "", "", id="no pages"),
        pytest.param(
            "https://mujaz.example",
            "https://mujaz.example/editions/daily-2026-11-22",
            PREFERENCES_TOKEN,
            id="pages",
        ),
    ],
)
def test_pages_are_linked_where_there_are_any(base_url: str, browser: str, preferences: str) -> None:
    view = view_edition(
        full_edition(), ARABIC, ARABIC.regions, app().settings.regions, app().language("ar"), base_url
    )
    assert (view.browser_url, view.preferences_url, view.shortened) == (browser, preferences, False)


def test_more_outlets_are_counted_in_words_only_where_there_are_more() -> None:
    few, many = (edition([[story(1, outlets=[f"منبر {n}" for n in range(count)])]]) for count in (5, 7))
    assert (viewed(few).lead.more_counted, viewed(many).lead.more_counted) == ("", "ومصدران آخران")
    assert viewed(many, ENGLISH).lead.more_counted == "and 2 others"


def test_language_direction_and_date_are_the_locales() -> None:
    arabic, english = viewed(full_edition()), viewed(full_edition(), ENGLISH)
    assert (arabic.lang, arabic.direction, arabic.date) == ("ar", "rtl", "الأحد، 22 نوفمبر 2026")
    assert (english.lang, english.direction, english.date) == ("en", "ltr", "Sunday, November 22, 2026")
    assert viewed(full_edition(), replace(ARABIC, locale="ar-EG")).lang == "ar-EG"


@pytest.mark.parametrize(
    ("zone", "hours", "expected"),
    [
        pytest.param("Asia/Riyadh", 2.0, "04:30", id="today"),
        pytest.param("Asia/Riyadh", 6.5, "00:00", id="since midnight"),
        pytest.param("Asia/Riyadh", 6.6, "21 نوفمبر، 23:54", id="yesterday"),
        pytest.param("Africa/Casablanca", 2.0, "02:30", id="in the newsletter's zone"),
        pytest.param("Africa/Casablanca", 5.0, "21 نوفمبر، 23:30", id="yesterday there"),
    ],
)
def test_a_story_has_the_time_of_its_newest_article(zone: str, hours: float, expected: str) -> None:
    newsletter = replace(ARABIC, timezone=zone)
    assert viewed(edition([[story(1, hours=hours)]]), newsletter).lead.time == expected


@pytest.mark.parametrize(
    ("headline", "in_arabic", "in_english"),
    [
        pytest.param("سلطنة عُمان تفتتح ميناءً", "rtl", "rtl", id="Arabic"),
        pytest.param("Oman opens a port", "ltr", "ltr", id="English"),
        pytest.param("Microsoft تعلن نتائجها للربع الثالث من العام", "rtl", "rtl", id="Arabic that begins with a Latin name"),
        pytest.param("iPhone 17 Pro Max يصل", "rtl", "ltr", id="Arabic with more Latin than Arabic letters"),
        pytest.param("3-1", "rtl", "ltr", id="no letters at all"),
    ],
)  # fmt: skip
def test_a_headlines_direction(headline: str, in_arabic: str, in_english: str) -> None:
    made = edition([[story(1, headline=headline)]])
    assert viewed(made).lead.direction == in_arabic
    assert viewed(made, ENGLISH).lead.direction == in_english


def test_a_summary_has_a_direction_of_its_own() -> None:
    made = edition([[story(1, headline="Oman opens a port", summary="افتتح الميناء اليوم.")]])
    assert (viewed(made).lead.direction, viewed(made).lead.summary_direction) == ("ltr", "rtl")
    assert viewed(edition([[story(1, summary="")]]), ENGLISH).lead.summary_direction == "ltr"


# --------------------------------------------------------------------------- text that would be a token


@pytest.mark.parametrize("underscores", [2, 3, 4, 5])
@pytest.mark.parametrize("name", ["UNSUBSCRIBE_URL", "PREFERENCES_URL", "OTHER", "A_B"])
def test_no_token_can_be_forged(name: str, underscores: int) -> None:
    forged = "_" * underscores + name + "_" * underscores
    for text in (forged, f"قبل {forged} بعد", forged + forged):
        assert UNSUBSCRIBE_TOKEN not in shown(text)
        assert UNSUBSCRIBE_TOKEN not in linked(f"https://example.org/{text}")
        assert shown(text).replace("\N{WORD JOINER}", "") == text
        assert linked(text).replace("%5F", "_") == text


@given(
    st.text("_UNSBCRIEL \N{WORD JOINER}\N{ZERO WIDTH SPACE}\r", max_size=30),
    st.sampled_from(["", UNSUBSCRIBE_TOKEN]),
)
def test_no_text_around_a_token_makes_one(text: str, token: str) -> None:
    assert UNSUBSCRIBE_TOKEN not in shown(text + token + text)
    assert UNSUBSCRIBE_TOKEN not in linked(text + token + text)


def test_all_that_a_feed_says_is_shown_tidy() -> None:
    hostile = "قمة\r\nالرياض\u2028اليوم \u202eمعكوس\x00"
    first = article(1, outlet=hostile, title=hostile)
    told = replace(story(1, headline=hostile, summary=hostile), articles=(first,))
    lead = viewed(edition([[told]])).lead
    tidy = "قمة الرياض اليوم معكوس"
    assert (lead.headline, lead.summary, lead.links[0].outlet, lead.links[0].title) == (
        tidy,
        tidy,
        tidy,
        tidy,
    )

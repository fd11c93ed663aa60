"""The subject and the preheader: news, whole phrases, balanced isolates, and a beginning in the right direction."""

from __future__ import annotations

import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.mailer.subject import PREHEADER_CHARACTERS, preheader, subject_line
from digest.model import Newsletter
from digest.text.bidi import FSI, LRI, LRM, PDI, RLI, RLM
from tests.mailer.making import ARABIC, ENGLISH, edition, full_edition, rendered, story, update, viewed

_MARKS = str.maketrans("", "", LRI + RLI + FSI + PDI + RLM + LRM)
_LATIN = "Oman opens a new port at Duqm"


def _subject(headline: str, newsletter: Newsletter = ARABIC) -> str:
    return subject_line(viewed(edition([[story(1, headline=headline)]]), newsletter))


def _balanced(text: str) -> bool:
    depth = 0
    for char in text:
        depth += (char in LRI + RLI + FSI) - (char == PDI)
        if depth < 0:
            return False
    return depth == 0


@pytest.mark.parametrize(
    ("headline", "subject"),
    [
        pytest.param("سلطنة عُمان تفتتح ميناءً", "سلطنة عُمان تفتتح ميناءً", id="Arabic: as it is"),
        pytest.param("Microsoft تعلن نتائجها", f"{RLM}{LRI}Microsoft{PDI} تعلن نتائجها", id="a Latin name first"),
        pytest.param("3.2% نمو الاقتصاد", f"{RLM}{LRI}3.2%{PDI} نمو الاقتصاد", id="a figure first"),
        pytest.param("😀 خبر سار", f"{RLM}😀 خبر سار", id="an emoji first"),
        pytest.param("🇪🇬 مصر تفوز", f"{RLM}🇪🇬 مصر تفوز", id="a flag first: its letters run from the left"),
        pytest.param("«Orbita» ترسو", f"{RLM}«{LRI}Orbita{PDI}» ترسو", id="a quotation first"),
        pytest.param("2026 عام المناخ", f"{RLM}2026 عام المناخ", id="a year first"),
        pytest.param("فوز مصر 3-1 على G7", f"فوز مصر {LRI}3-1{PDI} على {LRI}G7{PDI}", id="runs within"),
        pytest.param(_LATIN, f"{RLM}{LRI}{_LATIN}{PDI}", id="no Arabic at all"),
    ],
)  # fmt: skip
def test_an_arabic_subject(headline: str, subject: str) -> None:
    assert _subject(headline) == subject


@pytest.mark.parametrize(
    ("headline", "subject"),
    [
        pytest.param(_LATIN, _LATIN, id="as it is"),
        pytest.param("3.2% growth", f"{LRM}3.2% growth", id="a figure first"),
        pytest.param("قمة الرياض", f"{LRM}{FSI}قمة الرياض{PDI}", id="Arabic"),
        pytest.param("Port of الدقم opens", f"Port of {RLI}الدقم{PDI} opens", id="an Arabic name"),
        pytest.param("فوز 3-1", f"{LRM}{FSI}فوز {LRI}3-1{PDI}{PDI}", id="a score within Arabic"),
    ],
)
def test_an_english_subject_is_the_mirror_image(headline: str, subject: str) -> None:
    assert _subject(headline, ENGLISH) == subject


def test_a_long_subject_ends_with_a_phrase() -> None:
    headline = "سلطنة عُمان تفتتح ميناء الدقم الجديد أمام السفن الكبيرة بعد أعوام من العمل المتواصل في الموقع"
    assert _subject(headline) == "سلطنة عُمان تفتتح ميناء الدقم الجديد أمام السفن الكبيرة…"


def test_a_long_subject_does_not_end_with_who_does_what_comes_next() -> None:
    headline = "سلطنة عُمان تفتتح ميناء الدقم الجديد أمام السفن الكبيرة والبحارون على الأرصفة يحتفلون"
    assert _subject(headline) == "سلطنة عُمان تفتتح ميناء الدقم الجديد أمام السفن الكبيرة…"


def test_a_cut_subject_closes_its_isolates() -> None:
    headline = (
        "شركة Northern Light Shipping Holding تشتري ميناءين من Blue Harbour Consulting Group في صفقة كبيرة"
    )
    subject = _subject(headline)
    assert subject == f"شركة {LRI}Northern Light Shipping Holding{PDI} تشتري ميناءين…"


def test_an_update_s_mark_is_not_in_the_subject() -> None:
    made = edition([[update(story(1, headline="قطر ترفع الإنتاج"), "قطر تعلن خطة")]])
    assert subject_line(viewed(made)) == "قطر ترفع الإنتاج"


def test_the_subject_is_of_the_readers_own_lead() -> None:
    made = full_edition()
    message = rendered(made, regions=["europe"])
    assert message.subject == made.sections[1].stories[0].headline


_TEXT = st.lists(
    st.sampled_from(["قمة", "الرياض", "Boston Group", "3-1", "C++", "«نعم»", "في", "😀", "-5%", "🇪🇬", "(أمس)", "2026", "وزير", "a@b.example"]),
    min_size=1,
    max_size=25,
).map(" ".join)  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(_TEXT, st.lists(_TEXT, max_size=4), st.sampled_from([ARABIC, ENGLISH]))
def test_isolates_are_balanced_and_hold_no_space_at_their_edges(
    headline: str, others: list[str], newsletter: Newsletter
) -> None:
    regions = ("europe", "asia", "africa", "americas")
    sections = [[story(1, headline=headline)]] + [
        [story(place + 2, regions[place], headline=other)] for place, other in enumerate(others)
    ]
    view = viewed(edition(sections), newsletter, ["gulf", *regions])
    first = {"R", "AL"} if newsletter is ARABIC else {"L"}
    for text in (subject_line(view), preheader(view)):
        assert _balanced(text)
        assert f"{LRI} " not in text
        assert f" {PDI}" not in text
        assert unicodedata.bidirectional(text[0]) in first
    assert len(subject_line(view).translate(_MARKS)) <= 70


# --------------------------------------------------------------------------- the preheader


def _preheader(headlines: list[str], summary: str = "", newsletter: Newsletter = ARABIC) -> str:
    regions = ["gulf", "europe", "asia", "africa", "americas", "levant"]
    sections = [
        [story(place, regions[place], headline=headline, summary=summary)]
        for place, headline in enumerate(headlines)
    ]
    return preheader(viewed(edition(sections), newsletter, regions)).translate(_MARKS)


def test_the_preheader_holds_the_next_headlines_whole() -> None:
    said = _preheader(
        ["الصدارة", "برلين تعلن خطة لخفض الانبعاثات", "طوكيو تختبر قطاراً سريعاً", "كندا تستقبل وفداً"]
    )
    assert said == "برلين تعلن خطة لخفض الانبعاثات · طوكيو تختبر قطاراً سريعاً · كندا تستقبل وفداً"


def test_what_has_no_room_is_cut_at_a_phrase() -> None:
    second = "برلين تعلن خطة لخفض الانبعاثات في قطاع النقل"
    third = "طوكيو تختبر قطاراً سريعاً على الخط الشمالي بعد أعوام من العمل المتواصل"
    said = _preheader(["الصدارة", second, third])
    assert said == f"{second} · طوكيو تختبر قطاراً سريعاً على الخط الشمالي…"


def test_what_would_be_a_stump_is_left_out() -> None:
    second = "برلين تعلن خطة لخفض الانبعاثات في قطاع النقل والصناعة والبناء خلال العقد المقبل"
    assert _preheader(["الصدارة", second, "طوكيو تختبر قطاراً سريعاً على الخط الشمالي بعد أعوام"]) == second


@pytest.mark.parametrize(
    ("summary", "newsletter"),
    [
        pytest.param("قال الوزير إن الميناء يستقبل السفن من الشهر المقبل.", ARABIC, id="the lead's summary"),
        pytest.param("كلمة " * 600, ARABIC, id="a long summary"),
        pytest.param("", ARABIC, id="the newsletter's line"),
        pytest.param("", replace(ARABIC, tagline=""), id="nothing but counts and a date"),
        pytest.param("", replace(ENGLISH, tagline=""), id="the same in English"),
    ],
)
def test_a_lead_that_is_alone_has_a_preheader_of_good_length(summary: str, newsletter: Newsletter) -> None:
    assert len(_preheader(["خبر"], summary, newsletter)) in PREHEADER_CHARACTERS


def test_the_letter_carries_both() -> None:
    made = full_edition()
    message = rendered(made)
    view = viewed(made)
    assert message.subject == subject_line(view)
    assert preheader(view) in message.html

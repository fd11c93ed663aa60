"""The size budget: nothing is taken away that fits, the least important goes first, and what must stay stays."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.mailer.budget import ENCODED_BYTES, HTML_BYTES, encoded_size, fit, fits
from digest.mailer.render import render
from digest.mailer.view import PREFERENCES_TOKEN, UNSUBSCRIBE_TOKEN
from digest.model import Edition, Message, Newsletter, Story
from tests.mailer.making import ARABIC, app, edition, full_edition, page, seen, seen_page, story
from tests.mailer.newsletters import BOTH_WAYS

_BASE = "https://mujaz.example"
_FIRST = "قال مسؤولون إن الخطوة تأتي ضمن برنامج يمتد خمسة أعوام."
_SECOND = "وكلفتها تبلغ 5.4 مليار دولار بزيادة 12% عن التقدير الأول الذي أعلن قبل عامين."
_REGIONS = ("gulf", "levant", "north_africa", "iran_turkey", "europe", "asia", "africa", "americas", "world")


def _many(count: int, briefs: int = 0, summary: str = f"{_FIRST} {_SECOND}", headline: str = "") -> Edition:
    """Return an edition of so many stories, dealt out to all regions, and so many briefs."""
    stories = [
        story(
            number,
            _REGIONS[number % 9],
            headline or f"مدينة تفتتح ميناءها رقم {number} أمام السفن",
            summary,
            score=1000.0 - number,
        )
        for number in range(count)
    ]
    sections = [row for place in range(9) if (row := stories[place::9])]
    return edition(sections, [story(1000 + n, "asia", f"طوكيو تختبر القطار {n}") for n in range(briefs)])


def _rendered(made: Edition, newsletter: Newsletter = ARABIC) -> Message:
    known = app()
    language = known.language(newsletter.locale)
    return render(made, newsletter, _REGIONS, known.settings.regions, language, known.templates, _BASE)


_LARGE = [
    pytest.param(_many(150, 50), id="200 stories"),
    pytest.param(_many(200, 0, summary=""), id="200 stories without summaries"),
    pytest.param(_many(75, 25), id="100 stories"),
    pytest.param(_many(27, 9, summary=f"{_FIRST} {_SECOND} " * 22), id="summaries of 3,000 letters"),
    pytest.param(_many(27, 9, summary=("كلمة " * 600).strip()), id="summaries of one sentence of 3,000 letters"),
    pytest.param(_many(30, 9, summary="س" * 5000, headline="س" * 5000), id="words of 5,000 letters"),
    pytest.param(_many(30, 9, summary="<&>'" * 700, headline="<&>'" * 100), id="what takes more room in HTML"),
]  # fmt: skip


@pytest.mark.parametrize("newsletter", BOTH_WAYS)
@pytest.mark.parametrize("made", _LARGE)
def test_the_letter_keeps_the_budget_and_what_must_stay(made: Edition, newsletter: Newsletter) -> None:
    message = _rendered(made, newsletter)
    size = len(message.html.encode())
    assert size <= HTML_BYTES
    assert len(base64.encodebytes(message.html.replace("\n", "\r\n").encode())) <= ENCODED_BYTES
    # As much as there is room for.
    assert size > 0.8 * HTML_BYTES
    text = seen_page(message.html)
    assert seen(made.lead.headline) in text
    assert newsletter.postal_address in text
    links = page(message.html).xpath("//a/@href")
    assert {UNSUBSCRIBE_TOKEN, PREFERENCES_TOKEN, f"{_BASE}/editions/{made.id}"} <= set(links)
    language = app().language(newsletter.locale)
    assert language.say("The rest of this edition is in the browser.") in text


def test_what_fits_is_left_as_it_is() -> None:
    made = full_edition()
    message = _rendered(made)
    assert [one.headline for one in made.stories() if one.headline not in seen_page(message.html)] == []
    assert "بقية هذا العدد" not in message.html + message.text


def test_both_parts_tell_the_same_stories() -> None:
    made = _many(60, 20)
    message = _rendered(made)
    urls = {one.articles[0].url for one in made.stories()}
    told = {url for url in urls if url in page(message.html).xpath("//a/@href")}
    assert 20 < len(told) < 80
    assert {url for url in urls if url in message.text.split()} == told


def test_rendering_again_gives_the_same_bytes() -> None:
    assert _rendered(_many(60, 20)) == _rendered(_many(60, 20))


# --------------------------------------------------------------------------- the order


def _fitted(made: Edition, scale: float) -> tuple[Edition, int]:
    """Return what is left of an edition whose page would be `scale` times as large as it may be, and the pages made."""
    written: list[Edition] = []

    def units(of: Edition) -> int:
        return sum(200 + len(one.headline) + len(one.summary) for one in of.stories())

    each = HTML_BYTES * 0.96 * scale / units(made)

    def write(of: Edition) -> str:
        written.append(of)
        return "x" * round(units(of) * each)

    smaller, html = fit(made, made.lead_id, write(made), write)
    assert fits(html)
    return smaller, len(written)


def _told(made: Edition) -> list[tuple[str, str]]:
    return [(one.headline, one.summary) for section in made.sections for one in section.stories]


def _cuts(made: Edition, smaller: Edition) -> tuple[int, int, int, int]:
    """Return how many briefs went, how many summaries are their first sentence or none, and how many stories went."""
    left = _told(smaller)
    return (
        len(made.briefs) - len(smaller.briefs),
        sum(summary == _FIRST for _, summary in left),
        sum(not summary for _, summary in left),
        len(_told(made)) - len(left),
    )


def test_briefs_go_first_from_the_last() -> None:
    made = _many(18, 6)
    smaller, _ = _fitted(made, 1.06)
    gone = len(made.briefs) - len(smaller.briefs)
    assert 1 <= gone < 6
    assert smaller.briefs == made.briefs[:-gone]
    assert smaller.sections == made.sections


def test_summaries_shorten_next_from_the_last_story_up() -> None:
    made = _many(18, 3)
    smaller, _ = _fitted(made, 1.25)
    summaries = [summary for _, summary in _told(smaller)]
    shortened = [summary == _FIRST for summary in summaries]
    assert smaller.briefs == ()
    assert shortened == sorted(shortened)
    assert 1 <= sum(shortened) < 18
    assert set(summaries) == {_FIRST, f"{_FIRST} {_SECOND}"}


def test_then_summaries_go_from_the_last_story_up() -> None:
    smaller, _ = _fitted(_many(18), 1.5)
    summaries = [summary for _, summary in _told(smaller)]
    gone = [not summary for summary in summaries]
    assert gone == sorted(gone)
    assert 1 <= sum(gone) < 18
    assert set(summaries) == {_FIRST, ""}


def test_then_stories_go_from_the_end_of_the_longest_section() -> None:
    stories = [[story(place * 10 + n, region, f"خبر {place}{n}", f"{_FIRST} {_SECOND}") for n in range(count)] for place, (region, count) in enumerate([("gulf", 3), ("europe", 6), ("asia", 4)])]  # fmt: skip
    smaller, _ = _fitted(edition(stories), 2.1)
    assert [len(section.stories) for section in smaller.sections] == [3, 3, 3]
    assert [one.id for one in smaller.sections[1].stories] == [one.id for one in stories[1][:3]]


def test_the_lead_stays_when_all_else_is_gone() -> None:
    made = _many(9, 3)
    smaller, _ = _fitted(made, 9)
    assert [one.id for one in smaller.stories()] == [made.lead_id]
    assert smaller.lead.summary == _FIRST


def test_a_lead_that_fills_a_letter_by_itself_is_cut() -> None:
    outlets = [letter * 20_000 for letter in "ابتثج"]
    lead: Story = story(1, headline="س" * 30_000, summary="ش" * 5000, outlets=outlets)
    message = _rendered(edition([[lead]]))
    assert len(message.html.encode()) <= HTML_BYTES
    assert "س" * 250 in message.html
    assert UNSUBSCRIBE_TOKEN in message.html


@settings(max_examples=60, deadline=None)
@given(
    st.integers(min_value=1, max_value=40),
    st.integers(min_value=0, max_value=12),
    st.floats(min_value=1.02, max_value=6),
)
def test_what_matters_more_is_whole_while_what_matters_less_is_there(
    count: int, briefs: int, scale: float
) -> None:
    made = _many(count, briefs)
    smaller, pages = _fitted(made, min(scale, count + briefs))
    assert pages <= 7
    briefs_gone, first_sentences, without, stories_gone = _cuts(made, smaller)
    assert smaller.lead_id in {one.id for one in smaller.stories()}
    if first_sentences or without or stories_gone:
        assert briefs_gone == len(made.briefs)
    if stories_gone:
        assert without >= len(_told(smaller)) - 1


@given(st.text(alphabet="سa<\n\r😀", max_size=3000))
def test_the_encoded_size_is_that_of_base64_with_room_for_links(html: str) -> None:
    lines = html.replace("\r\n", "\n").replace("\r", "")
    exact = len(base64.encodebytes(lines.replace("\n", "\r\n").encode()).replace(b"\n", b"\r\n"))
    assert exact <= encoded_size(lines) <= exact + 900

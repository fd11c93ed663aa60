"""A story that comes back with news: its mark, what is new, and where it was told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from digest.mailer.render import TEMPLATES, render
from digest.mailer.view import UNSUBSCRIBE_TOKEN, EarlierView, view_edition
from digest.model import Edition, Newsletter, Story
from tests.mailer.making import (
    ARABIC,
    ENGLISH,
    app,
    edition,
    page,
    rendered,
    seen,
    seen_page,
    story,
    update,
    viewed,
)

_THEN = "عُمان تعلن موعد افتتاح الميناء"
_BASE = "https://mujaz.example"


def _edition(lead: bool = False, section: bool = False, brief: bool = False) -> Edition:
    """Return an edition of a lead, another story and a brief, those that are named as updates."""
    stories = [
        story(1, headline="خبر الصدارة"),
        story(2, headline="قطر ترفع إنتاج الغاز", countries=("QA",)),
        story(3, "asia", headline="طوكيو تختبر قطاراً", countries=("JP",)),
    ]
    first, second, third = (
        update(one, _THEN) if marked else one
        for one, marked in zip(stories, (lead, section, brief), strict=True)
    )
    return edition([[first, second]], [third])


def _view(of: Story, newsletter: Newsletter = ARABIC, base_url: str = "") -> EarlierView:
    names = app().settings.regions
    language = app().language(newsletter.locale)
    view = view_edition(edition([[of]]), newsletter, newsletter.regions, names, language, base_url)
    assert view.lead.update_of is not None
    return view.lead.update_of


# --------------------------------------------------------------------------- the view


def test_a_new_story_has_no_mark() -> None:
    assert [one.update_of for one in viewed(_edition()).stories()] == [None, None, None]


@pytest.mark.parametrize(
    ("days", "arabic", "english"),
    [
        pytest.param(1, "ذكرناه يوم السبت", "We told it on Saturday", id="yesterday"),
        pytest.param(4, "ذكرناه يوم الأربعاء", "We told it on Wednesday", id="this week"),
        pytest.param(7, "ذكرناه يوم الأحد، 15 نوفمبر", "We told it on Sunday, November 15", id="a week ago: the same weekday"),
    ],
)  # fmt: skip
def test_the_day_on_which_it_was_told(days: int, arabic: str, english: str) -> None:
    told = update(story(1), _THEN, days)
    assert _view(told).when == arabic
    assert _view(told, ENGLISH).when == english


@pytest.mark.parametrize(
    ("base_url", "url"),
    [
        pytest.param("", "", id="no pages on the web"),
        pytest.param(_BASE, f"{_BASE}/editions/daily-2026-11-21#story-0a1b", id="the archive"),
    ],
)
def test_the_earlier_edition_is_linked_where_it_can_be_read(base_url: str, url: str) -> None:
    assert _view(update(story(1), _THEN), base_url=base_url).url == url


def test_what_was_told_is_shown_as_feed_text_is() -> None:
    hostile = f"قمة\r\nالرياض {UNSUBSCRIBE_TOKEN}"
    earlier = _view(update(story(1), hostile))
    assert UNSUBSCRIBE_TOKEN not in earlier.headline
    assert "\n" not in earlier.headline
    message = rendered(edition([[update(story(1), "<i>قمة</i>")]]))
    assert "<i>قمة</i>" in seen_page(message.html)
    assert page(message.html).xpath("//i") == []


# --------------------------------------------------------------------------- the letter


@pytest.mark.parametrize(
    ("newsletter", "mark", "new", "when"),
    [
        pytest.param(ARABIC, "تحديث", "الجديد:", "ذكرناه يوم السبت", id="Arabic"),
        pytest.param(ENGLISH, "Update", "What is new:", "We told it on Saturday", id="English"),
    ],
)
@pytest.mark.parametrize("place", ["lead", "section", "brief"])
def test_an_update_says_so_before_its_headline(
    newsletter: Newsletter, mark: str, new: str, when: str, place: str
) -> None:
    made = _edition(**{place: True})
    headline = next(one.headline for one in made.stories() if one.update_of)
    message = rendered(made, newsletter)
    [heading] = [
        one for one in page(message.html).xpath("//h2 | //h3") if seen(one.text_content()).endswith(headline)
    ]
    # It stands in the heading, as a word: for eyes without colours and for ears.
    assert seen(heading.text_content()) == f"{mark} {headline}"
    text, body = seen(message.text), seen_page(message.html)
    assert f"{mark}: {headline}" in text
    for told in (text, body):
        assert when in told
        assert told.count(when) == 1
        # A brief is its headline, and that is what is new.
        assert (new in told) == (place != "brief")


def test_a_story_that_is_new_is_not_marked() -> None:
    message = rendered(_edition())
    for told in (seen(message.text), seen_page(message.html)):
        assert "تحديث" not in told
        assert "الجديد:" not in told


def test_what_was_told_stands_below_what_is_new() -> None:
    made = _edition(section=True)
    summary = seen(next(one.summary for one in made.stories() if one.update_of))
    message = rendered(made)
    for told in (seen(message.text), seen_page(message.html)):
        assert f"الجديد: {summary} ذكرناه يوم السبت: {_THEN}" in told


def test_an_update_without_a_summary_says_when_it_was_told() -> None:
    made = edition([[replace(update(story(1), _THEN), summary="")]])
    message = rendered(made)
    for told in (seen(message.text), seen_page(message.html)):
        assert "الجديد:" not in told
        assert f"ذكرناه يوم السبت: {_THEN}" in told


def test_the_earlier_edition_s_address_is_linked_in_both_parts() -> None:
    made = _edition(lead=True, section=True, brief=True)
    names, language = app().settings.regions, app().language("ar")
    view = view_edition(made, ARABIC, ARABIC.regions, names, language, _BASE)
    values = {"edition": view, "say": language.say, "count": language.count, "subject": "", "preheader": ""}
    html, text = (app().templates.get_template(f"email/{name}").render(values) for name in TEMPLATES)
    url = f"{_BASE}/editions/daily-2026-11-21#story-0a1b"
    links = page(html).xpath(f"//a[@href='{url}']")
    assert [seen(link.text_content()) for link in links] == ["ذكرناه يوم السبت"] * 3
    # Alone in its line: a client would take what follows for a part of it.
    assert [line for line in text.splitlines() if url in line] == [url] * 3
    assert url not in render(made, ARABIC, ARABIC.regions, names, language, app().templates).html


def test_words_of_ours_keep_their_direction_before_a_headline_of_the_other() -> None:
    latin = replace(
        story(2), headline="Oman opens a new port at Duqm", summary="It will open in May.", region="gulf"
    )
    [link] = page(rendered(edition([[story(1), update(latin, _THEN)]])).html).xpath("//h3/a")
    assert link.get("dir") == "ltr"
    assert link.getparent().get("dir") is None
    assert seen(link.getparent().text_content()).startswith("تحديث")

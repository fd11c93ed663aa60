"""The letter as plain text: all of it, in lines that can be read, each with isolates and a direction of its own."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.mailer.plain_text import COLUMNS, bidi_text, display_width, lead_line, wrap_text
from digest.mailer.render import render
from digest.mailer.view import PREFERENCES_TOKEN, UNSUBSCRIBE_TOKEN
from digest.model import Edition, Message, Newsletter
from digest.text.bidi import FSI, LRI, LRM, PDI, RLI, RLM, split_runs, starts_rtl
from tests.mailer.making import ARABIC, ENGLISH, app, edition, full_edition, page, rendered, seen, story
from tests.mailer.newsletters import NEWSLETTERS

_BASE = "https://mujaz.example"
_HELD = re.compile(f"[{LRI}{RLI}{FSI}][^{PDI}]*{PDI}")


def _on_the_web(made: Edition, newsletter: Newsletter) -> Message:
    known = app()
    language = known.language(newsletter.locale)
    return render(
        made, newsletter, newsletter.regions, known.settings.regions, language, known.templates, _BASE
    )


def _is_address(line: str) -> bool:
    return "://" in line or line.strip() in {UNSUBSCRIBE_TOKEN, PREFERENCES_TOKEN}


@pytest.mark.parametrize("newsletter", NEWSLETTERS)
def test_every_link_of_the_html_stands_alone_in_a_line(newsletter: Newsletter) -> None:
    message = _on_the_web(full_edition(), newsletter)
    links = {href for href in page(message.html).xpath("//a/@href") if not href.startswith("#")}
    assert {UNSUBSCRIBE_TOKEN, PREFERENCES_TOKEN, f"{_BASE}/editions/daily-2026-11-22"} <= links
    assert links - {line.strip() for line in message.text.split("\n")} == set()


@pytest.mark.parametrize("newsletter", NEWSLETTERS)
def test_all_that_is_told_is_in_it_as_text(newsletter: Newsletter) -> None:
    made = full_edition()
    text = rendered(made, newsletter).text
    said = seen(text)
    assert [one.headline for one in made.stories() if one.headline not in said] == []
    assert [
        one.summary for section in made.sections for one in section.stories if one.summary not in said
    ] == []
    assert newsletter.postal_address in said
    assert not re.search(r"<[a-z/]|&[a-z]+;|&#", text)
    assert text.endswith("\n")


@pytest.mark.parametrize("newsletter", NEWSLETTERS)
def test_lines_can_be_read_in_a_terminal(newsletter: Newsletter) -> None:
    long = "كلمة و Boston Consulting Group بنسبة 3.2% " * 9
    made = edition(
        [[story(1, summary=long, headline=long)], [story(2, "europe", summary=long)]],
        [story(3, "asia", headline=long)],
    )
    text = rendered(made, replace(newsletter, tagline=long, postal_address=long)).text
    lines = [line for line in text.split("\n") if not _is_address(line)]
    assert len(lines) > 30
    assert [line for line in lines if display_width(line) > COLUMNS] == []
    # Nothing that a terminal would not show, and no line that ends in a space.
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e]| \n|\n\n\n", text)


@pytest.mark.parametrize("newsletter", NEWSLETTERS)
def test_sections_are_ruled(newsletter: Newsletter) -> None:
    lines = seen_lines(rendered(full_edition(), newsletter).text)
    headings = [
        lines[at + 1]
        for at, line in enumerate(lines)
        if line.startswith("═══") and lines[at + 2].startswith("───")
    ]
    # On top, the lead's region, its section, two more, the briefs.
    assert len(headings) == 6
    assert all(headings)


def seen_lines(text: str) -> list[str]:
    return [seen(line) for line in text.split("\n")]


@pytest.mark.parametrize("newsletter", NEWSLETTERS)
def test_each_line_says_its_direction_first(newsletter: Newsletter) -> None:
    latin = story(1, headline="Microsoft تعلن نتائجها", outlets=("Reuters (English)", "شراع"))
    text = rendered(
        edition([[latin], [replace(latin, id="b", region="europe")]], [replace(latin, id="c")]), newsletter
    ).text
    rtl = newsletter.locale in {"ar", "he"}
    prose = [line for line in text.split("\n") if line and not _is_address(line)]
    assert len(prose) > 30
    for line in prose:
        # What the letter itself says runs in its direction, and so does Arabic that begins with a Latin name.
        if rtl or not re.search("[\u0621-\u064a]", line):
            assert starts_rtl(line) == starts_rtl(_HELD.sub("", line)) == rtl


def test_a_run_is_not_cut() -> None:
    text = "س" * 60 + " Boston Consulting Group 3.2% نهاية"
    twin = rendered(edition([[story(1, headline="خبر", summary=text)]])).text
    assert f"{RLM}{LRI}Boston Consulting Group{PDI} {LRI}3.2%{PDI} نهاية" in twin.split("\n")


def test_a_run_that_is_longer_than_a_line_is_held_in_each() -> None:
    text = "قال: " + "Boston Consulting Group " * 8 + "ثم سكت"
    lines = [bidi_text(line) for line in wrap_text(text).split("\n")]
    assert len(lines) > 2
    for line in lines:
        assert line.count(LRI) == line.count(PDI) == 1


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        pytest.param("قمة", 3, id="Arabic"),
        pytest.param("قِمَّةٌ", 3, id="harakat take no place"),
        pytest.param(f"{LRI}C++{PDI}", 3, id="isolates take no place"),
        pytest.param("日本", 4, id="Chinese takes two"),
        pytest.param("😀", 2, id="so does an emoji"),
        pytest.param("می\u200cروم", 5, id="a joiner takes no place"),
    ],
)
def test_columns(text: str, columns: int) -> None:
    assert display_width(text) == columns


@pytest.mark.parametrize(
    ("line", "direction", "led"),
    [
        pytest.param("قمة", "rtl", "قمة", id="Arabic"),
        pytest.param("- قمة", "rtl", "- قمة", id="a bullet before it"),
        pytest.param(f"{LRI}C++{PDI} هنا", "rtl", f"{RLM}{LRI}C++{PDI} هنا", id="an isolate first"),
        pytest.param(
            f"- {LRI}C++{PDI} هنا", "rtl", f"{RLM}- {LRI}C++{PDI} هنا", id="a bullet and an isolate"
        ),
        pytest.param(f"- قمة {LRI}C++{PDI}", "rtl", f"- قمة {LRI}C++{PDI}", id="an isolate behind Arabic"),
        pytest.param(f"- {LRI}C++{PDI}", "rtl", f"{RLM}- {LRI}C++{PDI}", id="nothing but an isolate"),
        pytest.param(
            f"Oman {FSI}شراع {LRI}C++{PDI}{PDI}",
            "ltr",
            f"Oman {FSI}شراع {LRI}C++{PDI}{PDI}",
            id="isolates in one another",
        ),
        pytest.param("═══", "rtl", f"{RLM}═══", id="a rule"),
        pytest.param("═══", "ltr", f"{LRM}═══", id="a rule from left to right"),
        pytest.param("Oman", "ltr", "Oman", id="Latin"),
        pytest.param(f"{FSI}شراع{PDI}", "ltr", f"{LRM}{FSI}شراع{PDI}", id="an Arabic name"),
        pytest.param("", "rtl", "", id="an empty line"),
    ],
)
def test_a_line_is_led_where_a_client_would_go_wrong(line: str, direction: str, led: str) -> None:
    assert lead_line(line, direction) == led


_WORDS = st.lists(
    st.sampled_from(["قمة", "الرياض،", "Boston", "Group", "3-1", "C++", "-5%", "日本", "😀", "https://a.example/b?c=1&d=2", "شراع" * 9]),
    max_size=60,
)  # fmt: skip


@given(_WORDS, st.sampled_from(["rtl", "ltr"]), st.integers(min_value=20, max_value=80))
def test_wrapping_keeps_the_words_and_cuts_no_run(words: list[str], around: str, width: int) -> None:
    text = " ".join(words)
    lines = wrap_text(text, width, around).split("\n")
    assert " ".join(lines).strip() == text
    runs = [piece for piece, held in split_runs(text, around) if held and display_width(piece) <= width]
    assert [run for run in runs if not any(run in line for line in lines)] == []
    for line in lines:
        shown = bidi_text(line, around)
        assert len(re.findall(f"[{LRI}{RLI}{FSI}]", shown)) == shown.count(PDI)
        # Wider than asked is only what could not be cut.
        if display_width(line) > width:
            assert " " not in line


def test_a_shortened_letter_says_where_the_rest_is() -> None:
    stories = [story(n, summary="كلمة " * 90) for n in range(90)]
    made = edition([stories[:60]], stories[60:])
    assert "بقية هذا العدد في المتصفح." in _on_the_web(made, ARABIC).text
    assert "The rest of this edition is in the browser." in _on_the_web(made, ENGLISH).text
    assert "بقية هذا العدد" not in _on_the_web(full_edition(), ARABIC).text

"""The letters' HTML as it stands in the message: what the requirements ask of the mark-up itself."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from tests.clients.letters import THEMES, each_letter, letter
from tests.mailer.making import page, seen

#: Gmail cuts a message off at about 102 KB, and drops style blocks of more than 16 KB.
_HTML_BYTES, _STYLE_BYTES = 75_000, 16_000
_ISOLATES = "[\u2066-\u2068]"
_WHITE = re.compile(r"color:\s*(?:#fff\b|#ffffff\b|white\b)|font-size:\s*[01](?:px)?\b", re.IGNORECASE)


def _styles(html: str) -> list[str]:
    return re.findall(r"<style[^>]*>(.*?)</style>", html, flags=re.DOTALL)


def _rules_within(css: str, opening: str) -> list[str]:
    """Return the bodies of the at-rules that begin so."""
    return re.findall(re.escape(opening) + r"[^{]*\{((?:[^{}]*\{[^{}]*\})*)", css)


@each_letter
def test_r01_html_body_and_wrapper_name_language_and_direction(theme: str, name: str) -> None:
    shown = letter(theme, name)
    root = page(shown.html)
    body = root.find("body")
    language = {"rtl": "ar", "ltr": "en"}[shown.direction]
    for element in (root, body, body[0]):
        assert (element.get("lang"), element.get("dir")) == (language, shown.direction), element.tag
    # All that is shown stands in the wrapper.
    assert len(body) == 1


@each_letter
def test_r03_no_element_has_both_a_direction_and_padding(theme: str, name: str) -> None:
    elements = page(letter(theme, name).html).iter()
    assert [e.tag for e in elements if e.get("dir") and re.search(r"padding", e.get("style") or "")] == []


@each_letter
def test_r04_nothing_names_start_or_end(theme: str, name: str) -> None:
    found = re.findall(
        r"<bdi\b|(?:text-align|float):\s*(?:start|end)\b|(?:padding|margin|border|inset)-(?:inline|block)|"
        r"align=\"(?:start|end)\"",
        letter(theme, name).html,
    )
    assert found == []


@each_letter
def test_r05_no_space_stands_at_the_edge_of_an_isolate(theme: str, name: str) -> None:
    shown = letter(theme, name)
    spans = page(shown.html).xpath("//span[@dir]")
    assert [span.text_content() for span in spans if span.text_content() != span.text_content().strip()] == []
    assert re.findall(rf"{_ISOLATES}\s|\s\u2069", shown.html + shown.text) == []


@each_letter
def test_r06_what_text_isolates_it_closes_in_its_line(theme: str, name: str) -> None:
    for line in letter(theme, name).text.splitlines():
        assert len(re.findall(_ISOLATES, line)) == line.count("\u2069"), line


@pytest.mark.parametrize("theme", THEMES)
def test_r06_figures_and_names_are_isolated_in_the_text_twin(theme: str) -> None:
    text = letter(theme, "latin").text
    held = "".join(re.findall(rf"{_ISOLATES}[^\u2069]*\u2069", text))
    for words in ("3.2%", "C++", "-5", "3-1", "Northwind Labs", "12,500"):
        assert text.count(words) == held.count(words) > 0, words


@each_letter
def test_r09_every_table_is_for_layout(theme: str, name: str) -> None:
    tables = page(letter(theme, name).html).xpath("//table")
    assert tables
    assert [table for table in tables if table.get("role") != "presentation"] == []


@each_letter
def test_r10_one_heading_on_top_and_no_level_left_out(theme: str, name: str) -> None:
    levels = [
        int(heading.tag[1]) for heading in page(letter(theme, name).html).iter("h1", "h2", "h3", "h4", "h5")
    ]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert [(one, other) for one, other in pairwise(levels) if other > one + 1] == []


@each_letter
def test_r11_every_picture_has_words_and_a_size(theme: str, name: str) -> None:
    pictures = page(letter(theme, name).html).xpath("//img")
    assert bool(pictures) == (name == "pictures")
    for picture in pictures:
        assert picture.get("alt", "").strip()
        assert int(picture.get("width")) > 0
        assert int(picture.get("height")) > 0
        assert picture.get("src").startswith("https://")


@each_letter
def test_r15_media_queries_still_overrule_what_is_inlined(theme: str, name: str) -> None:
    css = "".join(_styles(letter(theme, name).html))
    bodies = _rules_within(css, "@media")
    assert len(bodies) >= 2
    assert [body for body in bodies if "!important" not in body] == []


@each_letter
def test_r16_outlooks_blocks_are_closed_and_name_its_fonts(theme: str, name: str) -> None:
    html = letter(theme, name).html
    for opening, closing in (
        ("<!--[if", "<![endif]"),
        ("<table", "</table"),
        ("<tr", "</tr"),
        ("<td", "</td"),
    ):
        assert html.count(opening) == html.count(closing) > 0, opening
    blocks = re.findall(r"<!--\[if mso\]>(.*?)<!\[endif\]-->", html, flags=re.DOTALL)
    assert any(re.search(r"font-family:[^;}]*(?:Tahoma|Arial)[^;}]*!important", block) for block in blocks)
    assert any("<o:PixelsPerInch>96<" in block for block in blocks)


@each_letter
def test_r17_both_kinds_of_dark_rules_are_there(theme: str, name: str) -> None:
    css = "".join(_styles(letter(theme, name).html))
    dark = "".join(_rules_within(css, "@media (prefers-color-scheme: dark)"))
    for properties in (dark, "".join(re.findall(r"\[data-ogs[cb]\][^{]*\{[^}]*\}", css))):
        assert re.search(r"background(?:-color)?:[^;}]*!important", properties)
        assert re.search(r"[^-]color:[^;}]*!important", properties)


@each_letter
def test_r18_style_blocks_are_small_enough_for_gmail(theme: str, name: str) -> None:
    styles = _styles(letter(theme, name).html)
    assert 0 < sum(len(style.encode()) for style in styles) < _STYLE_BYTES


@each_letter
def test_r19_nothing_is_left_to_fill_in(theme: str, name: str) -> None:
    shown = letter(theme, name)
    head = shown.raw.partition(b"\r\n\r\n")[0].decode()
    assert re.findall(r"\{\{|\{%|%7B%7B|__[A-Z_]+__", shown.html + shown.text + head) == []
    assert page(shown.html).xpath("//a[not(@href) and not(@name) or @href='']") == []


@each_letter
def test_r20_the_preheader_carries_news_and_is_not_white(theme: str, name: str) -> None:
    hidden = page(letter(theme, name).html).xpath(
        "//body//*[contains(translate(@style, ' ', ''), 'display:none')]"
    )
    assert len(hidden) == 1
    # What fills the line behind it, so that nothing else of the letter is shown there, is no text.
    words = seen(re.sub("[\u034f\u00ad\u200b\u200c\u200d\u2007\ufeff]", "", hidden[0].text_content()))
    assert 40 <= len(words) <= 110
    assert _WHITE.findall(hidden[0].get("style")) == []


@each_letter
def test_r21_it_is_small_enough_to_be_shown_whole(theme: str, name: str) -> None:
    assert len(letter(theme, name).html.encode()) <= _HTML_BYTES

"""The letters in Chromium as clients show them: widths, directions, contrast, enlarged text, no pictures."""

from __future__ import annotations

import pathlib
import re
from typing import TYPE_CHECKING, Any, Literal

import pytest

from tests.clients.letters import THEMES, Letter, each_letter, letter
from tests.conftest import REPOSITORY, require

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

_IN_PAGE = (pathlib.Path(__file__).parent / "in_page.js").read_text("utf-8")
_AXE = REPOSITORY / "node_modules" / "axe-core" / "axe.min.js"
_PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" width="1200" height="675"><rect width="1200" height="675"/></svg>'
#: Phones, and a desktop's pane.
_WIDTHS = (320, 375, 600)
_ARABIC = re.compile("[\u0621-\u064a]")
_LATIN = re.compile("[A-Za-z]")

Scheme = Literal["light", "dark"]


@pytest.fixture(scope="module")
def tab(browser: Browser) -> Page:
    """A page of Chromium, for all tests of this module; it gets pictures, and nothing else, from nowhere."""
    page = browser.new_page()
    page.route("**/*", _answer)
    return page


def _answer(route: Route) -> None:
    if route.request.resource_type == "image":
        route.fulfill(body=_PICTURE, content_type="image/svg+xml")
    else:
        route.abort()


def _show(tab: Page, html: str, width: int = 600, scheme: Scheme = "light") -> None:
    tab.emulate_media(color_scheme=scheme)
    tab.set_viewport_size({"width": width, "height": 800})
    tab.set_content(html, wait_until="load")


def _ask(tab: Page, question: str) -> Any:
    return tab.evaluate(f"{_IN_PAGE.strip()}.{question}()")


def _as_gmail_has_it(html: str) -> str:
    """Return the letter in a left-to-right host page: html and head dropped, body a div without attributes."""
    body = html.partition("<body")[2].partition(">")[2].rpartition("</body>")[0]
    assert body
    return (
        '<!DOCTYPE html><html lang="en" dir="ltr"><head><title>Inbox</title></head>'
        f'<body dir="ltr"><div>{body}</div></body></html>'
    )


# --------------------------------------------------------------------------- widths


@each_letter
def test_r08_nothing_stands_beyond_the_edges(tab: Page, theme: str, name: str) -> None:
    _show(tab, letter(theme, name).html)
    for width in _WIDTHS:
        tab.set_viewport_size({"width": width, "height": 800})
        assert _ask(tab, "wide") == {"scroll": width, "outside": []}
        assert _ask(tab, "overlaps") == []


@each_letter
def test_r08_nor_where_gmail_drops_the_style_sheets(tab: Page, theme: str, name: str) -> None:
    _show(tab, _as_gmail_has_it(letter(theme, name).html), 375)
    assert _ask(tab, "wide") == {"scroll": 375, "outside": []}


@each_letter
def test_r14_text_of_twice_the_size_lies_on_no_other(tab: Page, theme: str, name: str) -> None:
    _show(tab, letter(theme, name).html, 375)
    before = tab.evaluate("document.body.scrollHeight")
    _ask(tab, "enlarge")
    assert tab.evaluate("document.body.scrollHeight") > 1.5 * before
    assert _ask(tab, "overlaps") == []


# --------------------------------------------------------------------------- directions


def _astray(texts: list[dict[str, Any]], direction: str) -> list[str]:
    """Return the texts that run or lean the wrong way in a letter of this direction."""
    letters, wrong_side = (_ARABIC, "left") if direction == "rtl" else (_LATIN, "right")
    astray = [text for text in texts if letters.search(text["words"]) and text["block"] != direction]
    # A cell that names its side means it: the masthead's other corner.
    ours = [text for text in texts if text["block"] == direction]
    astray += [text for text in ours if text["align"] == wrong_side and not text["placed"]]
    # Arabic within a block of English.
    astray += [
        text
        for text in texts
        if _ARABIC.search(text["words"]) and not _LATIN.search(text["words"]) and text["own"] != "rtl"
    ]
    return [text["words"] for text in astray]


@each_letter
def test_r02_every_block_keeps_its_direction_in_gmail(tab: Page, theme: str, name: str) -> None:
    shown = letter(theme, name)
    _show(tab, _as_gmail_has_it(shown.html))
    texts = _ask(tab, "texts")
    assert len(texts) > 10
    assert _astray(texts, shown.direction) == []


@each_letter
def test_r06_figures_and_names_are_read_from_left_to_right(tab: Page, theme: str, name: str) -> None:
    _show(tab, _as_gmail_has_it(letter(theme, name).html))
    for width in _WIDTHS:
        tab.set_viewport_size({"width": width, "height": 800})
        figures = _ask(tab, "figures")
        assert figures
        assert [one["words"] for one in figures if one["scattered"] or one["cut"]] == []


def test_r06_what_stands_in_no_isolate_would_be_found(tab: Page) -> None:
    bare = "ارتفع 3.2% بلغة C++ إلى -5 بعد 3-1 في Atlas 4.2"
    _show(tab, f'<p dir="rtl">{bare}</p><p style="width:1px">20-21</p>')
    figures = _ask(tab, "figures")
    assert {"3.2%", "C++", "-5", "3-1"} <= {one["words"] for one in figures if one["scattered"]}
    assert [one["words"] for one in figures if one["cut"]] == ["20-21"]


@each_letter
def test_r14_text_is_large_and_airy(tab: Page, theme: str, name: str) -> None:
    _show(tab, letter(theme, name).html)
    texts = _ask(tab, "texts")
    assert [text["words"] for text in texts if text["size"] < 16] == []
    running = [text for text in texts if not text["heading"]]
    assert running
    assert [text["words"] for text in running if text["leading"] < 1.6] == []


@pytest.mark.parametrize("name", ["full", "english"])
def test_r02_a_letter_without_its_wrapper_would_be_found(tab: Page, name: str) -> None:
    shown = letter("email", name)
    other = {"rtl": "ltr", "ltr": "rtl"}[shown.direction]
    _show(tab, _as_gmail_has_it(shown.html).replace(f'dir="{shown.direction}"', f'dir="{other}"'))
    assert len(_astray(_ask(tab, "texts"), shown.direction)) > 10


# --------------------------------------------------------------------------- pictures


@pytest.mark.parametrize("scheme", ["light", "dark"])
@each_letter
def test_r11_without_pictures_their_words_are_read_and_the_page_stands(
    tab: Page, theme: str, name: str, scheme: Scheme
) -> None:
    tab.route("**/*", lambda route: route.abort())
    try:
        _show(tab, letter(theme, name).html, 375, scheme)
        pictures, wide, overlaps = _ask(tab, "pictures"), _ask(tab, "wide"), _ask(tab, "overlaps")
    finally:
        tab.unroute("**/*")
        tab.route("**/*", _answer)
    assert bool(pictures) == (name == "pictures")
    for one in pictures:
        assert one["alt"]
        assert (one["came"], one["sized"], one["fits"]) == (False, True, True), one
        assert one["contrast"] >= 4.5, one
    assert (wide, overlaps) == ({"scroll": 375, "outside": []}, [])


@pytest.mark.parametrize("theme", THEMES)
def test_r11_with_pictures_the_page_shows_them(tab: Page, theme: str) -> None:
    _show(tab, letter(theme, "pictures").html, 375)
    pictures = _ask(tab, "pictures")
    # The logo and the lead's.
    assert len(pictures) == 2
    assert [one for one in pictures if not one["came"] or not 30 < one["width"] <= 375] == []


# --------------------------------------------------------------------------- contrast and structure


def _axe(tab: Page, *rules: str) -> list[tuple[str, str, str]]:
    """Return what axe finds against WCAG 2 A and AA, or against these rules: the rule, the element and why.

    What axe cannot decide counts: a letter has no picture behind its text that would make it hard to tell.
    """
    require(_AXE.is_file(), "axe-core (npm ci)")
    tab.add_script_tag(path=_AXE)
    only = {"type": "rule", "values": rules} if rules else {"type": "tag", "values": ["wcag2a", "wcag2aa"]}
    result = tab.evaluate("only => axe.run(document, {runOnly: only})", only)
    return [
        (rule["id"], node["html"][:120], node["failureSummary"])
        for rule in [*result["violations"], *result["incomplete"]]
        for node in rule["nodes"]
    ]


def _in_outlook_dark(tab: Page, shown: Letter) -> None:
    """Show a letter as Outlook's dark mode marks it; how it then looks is left to the letter's own rules."""
    _show(tab, shown.html)
    tab.evaluate(
        "for (const name of ['data-ogsc', 'data-ogsb']) document.documentElement.setAttribute(name, '')"
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
@each_letter
def test_r12_axe_finds_nothing(tab: Page, theme: str, name: str, scheme: Scheme) -> None:
    _show(tab, letter(theme, name).html, scheme=scheme)
    assert _axe(tab) == []


@each_letter
def test_r17_text_can_be_read_in_outlooks_dark(tab: Page, theme: str, name: str) -> None:
    _in_outlook_dark(tab, letter(theme, name))
    assert _axe(tab, "color-contrast") == []


@pytest.mark.parametrize("theme", THEMES)
def test_r17_both_darks_are_dark(tab: Page, theme: str) -> None:
    ask = """() => {
      const colors = [...document.querySelectorAll('body, body *')].map((e) => getComputedStyle(e).backgroundColor);
      return colors.map((c) => c.match(/[\\d.]+/g).map(Number)).filter((c) => c.length < 4 || c[3] > 0);
    }"""
    shown = letter(theme, "full")
    _show(tab, shown.html, scheme="dark")
    grounds = tab.evaluate(ask)
    _in_outlook_dark(tab, shown)
    marked = tab.evaluate(ask)
    assert grounds
    assert [ground for ground in [*grounds, *marked] if sum(ground[:3]) > 3 * 96] == []


# --------------------------------------------------------------------------- the checks themselves


@pytest.mark.parametrize(
    ("question", "html"),
    [
        pytest.param("overlaps", '<p>one</p><p style="margin-top:-30px">two</p>', id="overlap"),
        pytest.param("overlaps", '<p style="line-height:8px">one<br>two</p>', id="lines that touch"),
    ],
)
def test_what_is_wrong_is_found(tab: Page, question: str, html: str) -> None:
    _show(tab, f"<body>{html}</body>")
    assert len(_ask(tab, question)) == 1


def test_a_line_height_in_pixels_does_not_survive_larger_text(tab: Page) -> None:
    _show(tab, '<p style="font-size:16px;line-height:20px">one<br>two</p>')
    assert _ask(tab, "overlaps") == []
    _ask(tab, "enlarge")
    assert len(_ask(tab, "overlaps")) == 1


def test_what_is_too_wide_or_too_pale_is_found(tab: Page) -> None:
    _show(tab, '<html lang="en"><title>x</title><p style="width:700px;color:#999">word</p>', 320)
    assert _ask(tab, "wide")["scroll"] > 320
    assert [rule for rule, _, _ in _axe(tab)] == ["color-contrast"]

"""The letter in a browser: no sideways scroll, and right to left where Gmail has taken html and body away."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from digest.model import Newsletter
from tests.mailer.making import ARABIC, ENGLISH, edition, full_edition, rendered, story
from tests.mailer.newsletters import NEWSLETTERS, THEMES

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

# For each text that is shown: the direction of the block that it stands in, its own, and its words.
_TEXTS = """() => {
  const texts = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const own = walker.currentNode.parentElement;
    let block = own;
    while (getComputedStyle(block).display.startsWith('inline')) block = block.parentElement;
    const text = walker.currentNode.data.trim();
    if (text && block.tagName !== 'STYLE' && getComputedStyle(block).display !== 'none')
      texts.push([getComputedStyle(block).direction, getComputedStyle(own).direction, text]);
  }
  return texts;
}"""

# For each text that is shown: its size in pixels, its lines' height relative to that, and its words.
_SIZES = """() => {
  const sizes = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.data.trim();
    const box = walker.currentNode.parentElement;
    const style = getComputedStyle(box);
    if (text && box.tagName !== 'STYLE' && box.checkVisibility())
      sizes.push([parseFloat(style.fontSize), parseFloat(style.lineHeight) / parseFloat(style.fontSize), text]);
  }
  return sizes;
}"""
_MARKS = {"ar": "تحديث", "en": "Update", "fr": "Mise à jour", "he": "עדכון"}
_SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="1200" height="675"/>'


@pytest.fixture(scope="module")
def tab(browser: Browser) -> Page:
    """A page of Chromium, for all tests of this module."""
    return browser.new_page()


def _show(tab: Page, html: str, width: int = 600) -> None:
    tab.set_viewport_size({"width": width, "height": 800})
    tab.set_content(html, wait_until="domcontentloaded")


def _as_gmail_has_it(html: str) -> str:
    """Return the letter in a left-to-right host page, html dropped and body turned into a div without attributes."""
    body = html.partition("<body")[2].partition(">")[2].rpartition("</body>")[0]
    style = html.partition("<head>")[2].partition("</head>")[0]
    return f'<!DOCTYPE html><html dir="ltr" lang="en"><head>{style}</head><body dir="ltr"><div>{body}</div></body></html>'


@pytest.mark.parametrize("width", [320, 375, 600])
@pytest.mark.parametrize("newsletter", NEWSLETTERS)
def test_nothing_scrolls_sideways(tab: Page, newsletter: Newsletter, width: int) -> None:
    _show(tab, rendered(full_edition(), newsletter).html, width)
    wide = tab.evaluate("document.documentElement.scrollWidth")
    assert wide <= width
    assert tab.evaluate("document.body.innerText.length") > 500


@pytest.mark.parametrize(
    "word",
    [
        pytest.param("Donaudampfschifffahrtsgesellschaft" * 6, id="Latin"),
        pytest.param("والمستشفيات" * 20, id="Arabic"),
        pytest.param(
            "https://news.example.org/2026/11/22/a-long-address-without-a-place-to-break", id="an address"
        ),
    ],
)
def test_a_word_that_is_longer_than_the_screen_does_not_scroll_it(tab: Page, word: str) -> None:
    stories = [
        story(n, headline=f"خبر {word}", summary=f"نص {word}", outlets=(f"منبر {word}",)) for n in (1, 2)
    ]
    _show(tab, rendered(edition([stories], [story(3, "asia", headline=word)])).html, 320)
    assert tab.evaluate("document.documentElement.scrollWidth") <= 320


@pytest.mark.parametrize("newsletter", [case for case in NEWSLETTERS if str(case.id)[:2] in {"ar", "he"}])
def test_every_block_of_a_right_to_left_letter_runs_so_in_gmail(tab: Page, newsletter: Newsletter) -> None:
    _show(tab, _as_gmail_has_it(rendered(full_edition(), newsletter).html))
    texts = tab.evaluate(_TEXTS)
    assert len(texts) > 60
    assert [text for block, _, text in texts if block != "rtl"] == []


@pytest.mark.parametrize("theme", THEMES)
def test_an_english_letter_keeps_both_directions_in_gmail(tab: Page, theme: str) -> None:
    made = full_edition()
    _show(tab, _as_gmail_has_it(rendered(made, replace(ENGLISH, template=theme)).html))
    texts = tab.evaluate(_TEXTS)
    told = {text[:12] for one in made.stories() for text in (one.headline, one.summary)}
    arabic = [own for _, own, text in texts if text[:12] in told]
    assert len(arabic) > 15
    assert set(arabic) == {"rtl"}
    english = [block for block, _, text in texts if text.isascii() and len(text) > 12]
    assert len(english) > 5
    assert set(english) == {"ltr"}


@pytest.mark.parametrize("width", [375, 600])
@pytest.mark.parametrize("newsletter", NEWSLETTERS)
def test_all_that_is_to_be_read_is_large_and_has_room(tab: Page, newsletter: Newsletter, width: int) -> None:
    _show(tab, rendered(full_edition(), newsletter).html, width)
    sizes = tab.evaluate(_SIZES)
    assert len(sizes) > 30
    # The mark of an update stands in a frame.
    assert [words for size, _, words in sizes if size < 14] == []
    assert [words for size, _, words in sizes if size < 16 and words != _MARKS[newsletter.locale]] == []
    # Lines of headlines stand closer.
    assert [words for size, line, words in sizes if size < 18 and line < 1.6 and size > 14] == []


@pytest.mark.parametrize("theme", THEMES)
def test_a_picture_and_a_logo_stay_on_a_phone(tab: Page, theme: str) -> None:
    made = full_edition()
    first, *rest = made.sections[0].stories
    picture = replace(
        first.articles[0], image_url="https://a.example/p.jpg", image_width=1200, image_height=675
    )
    sections = (
        replace(made.sections[0], stories=(replace(first, articles=(picture,)), *rest)),
        *made.sections[1:],
    )
    newsletter = replace(
        ARABIC, template=theme, images="lead", logo="https://a.example/l.png", logo_width=500, logo_height=80
    )
    # The wires are cut: what is not loaded keeps the room that its size asks for.
    tab.route("https://a.example/**", lambda route: route.fulfill(content_type="image/svg+xml", body=_SVG))
    _show(tab, rendered(replace(made, sections=sections), newsletter).html, 320)
    widths = tab.evaluate("[...document.images].map(one => one.getBoundingClientRect().width)")
    assert len(widths) == 2
    assert max(widths) <= 280
    assert min(widths) > 200
    assert tab.evaluate("document.documentElement.scrollWidth") <= 320


def test_the_simulation_would_find_a_letter_without_a_wrapper(tab: Page) -> None:
    html = rendered(full_edition()).html
    bare = _as_gmail_has_it(html).replace('dir="rtl"', "")
    _show(tab, bare)
    assert {block for block, _, _ in tab.evaluate(_TEXTS)} == {"ltr"}


def test_hostile_text_runs_no_script(tab: Page) -> None:
    hostile = '<img src=x onerror="window.hit=1"><script>window.hit=1</script>\'"><svg onload=window.hit=1>'
    made = edition(
        [
            [story(1, headline=hostile, summary=hostile, outlets=(hostile, "ب"))],
            [story(2, "europe", headline=hostile)],
        ]
    )
    _show(tab, rendered(made).html)
    tab.wait_for_timeout(50)
    assert tab.evaluate("window.hit") is None
    assert "onerror" in tab.evaluate("document.body.innerText")

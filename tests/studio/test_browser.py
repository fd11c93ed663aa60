"""The studio in Chromium: every view, live reload, faults and their end, and not a request to anybody else."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.mailer.making import full_edition
from tests.studio.editing import HTML, change, line_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser, FrameLocator, Page

_LEAD = full_edition().lead.headline


@pytest.fixture
def stranger(browser: Browser, studio: str) -> Iterator[Page]:
    """A tab with the studio's first page, for letters that try what they must not; a request to others fails the test."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(studio)
    yield page
    page.close()
    assert [url for url in asked if not url.startswith(f"{studio}/")] == []


@pytest.fixture
def tab(stranger: Page) -> Iterator[Page]:
    """The same; what the page logs as an error fails the test as well."""
    faults: list[str] = []
    stranger.on("pageerror", lambda error: faults.append(str(error)))
    stranger.on("console", lambda line: faults.append(line.text) if line.type == "error" else None)
    stranger.reload()
    yield stranger
    assert faults == []


def _frame(tab: Page, view: str, width: int) -> FrameLocator:
    return tab.frame_locator(f'iframe[src^="/view/{view}.html"][data-width="{width}"]')


def _background(frame: FrameLocator) -> int:
    """Return how bright the letter's page is, from 0 to 255."""
    colour = frame.locator("body").evaluate("body => getComputedStyle(body).backgroundColor")
    return max(int(part) for part in str(colour).strip("rgba()").split(",")[:3])


@pytest.mark.parametrize("width", [1280, 800])
@pytest.mark.parametrize("screen", ["light", "dark"])
def test_both_widths_stand_side_by_side_in_light_and_dark(tab: Page, screen: str, width: int) -> None:
    # Whatever the editor's own screen prefers.
    tab.emulate_media(color_scheme="dark" if screen == "dark" else "light")
    tab.set_viewport_size({"width": width, "height": 900})
    tab.reload(wait_until="load")
    for view, bright in (("light", True), ("dark", False)):
        for letter in (375, 600):
            frame = _frame(tab, view, letter)
            assert _LEAD in frame.locator("body").inner_text()
            assert (_background(frame) > 128) is bright
            shown = frame.locator("html").evaluate("page => page.clientWidth")
            assert abs(shown - letter) <= 1
        phone, desktop = (
            tab.locator(f'iframe[src^="/view/{view}"][data-width="{letter}"]').bounding_box()
            for letter in (375, 600)
        )
        assert phone is not None
        assert desktop is not None
        assert abs(phone["y"] - desktop["y"]) < 2
    assert tab.evaluate("document.documentElement.scrollWidth") <= width


def test_every_view_is_a_click_away(tab: Page) -> None:
    letter = tab.locator("main").inner_text()
    assert _LEAD in letter
    seen = {}
    for number, path in enumerate(["/", "/gmail", "/text", "/headers", "/report"]):
        tab.locator("nav a").nth(number).click()
        tab.wait_for_url(f"**{path}")
        seen[path] = tab.locator("main").inner_text()
        assert tab.locator("nav a[aria-current]").count() == 1
    assert _LEAD in seen["/text"]
    assert "https://news.example.org/" in seen["/text"]
    assert "List-Unsubscribe" in seen["/headers"]
    assert "multipart/alternative" in seen["/headers"]
    assert _LEAD in seen["/headers"]
    report = tab.frame_locator("iframe.whole").locator("body").inner_text()
    assert "DKIM" in report
    assert report.count("✓") > 20


def test_gmails_view_is_a_page_from_left_to_right_with_an_arabic_letter(tab: Page, studio: str) -> None:
    tab.goto(f"{studio}/gmail")
    frame = _frame(tab, "gmail", 600)
    assert frame.locator("html").get_attribute("dir") == "ltr"
    assert frame.locator("h1").evaluate("h1 => getComputedStyle(h1).direction") == "rtl"


def test_a_saved_template_comes_up_by_itself_and_the_letter_stays_where_it_was(
    tab: Page, home: pathlib.Path
) -> None:
    frame = _frame(tab, "light", 375)
    frame.locator("html").evaluate("page => page.ownerDocument.defaultView.scrollTo(0, 700)")
    change(home / HTML, "<h1>", "<h1>جديد ")
    for view in ("light", "dark"):
        _frame(tab, view, 375).locator("h1", has_text="جديد").wait_for(timeout=15_000)
    tab.wait_for_function("document.querySelector('iframe').contentWindow.scrollY === 700")
    change(home / "config" / "digest.toml", "title =", 'tagline = "شعار آخر"\ntitle =')
    _frame(tab, "light", 600).get_by_text("شعار آخر").first.wait_for(timeout=15_000)


def test_a_fault_is_shown_with_file_and_line_until_it_is_mended(tab: Page, home: pathlib.Path) -> None:
    line = line_of(home / HTML, "<h1>")
    change(home / HTML, "<h1>", "<h1>{% if %}")
    alarm = tab.get_by_role("alert")
    alarm.wait_for(timeout=15_000)
    assert f"{HTML}:{line}" in alarm.inner_text()
    assert "{% if %}" in alarm.locator(".hit").inner_text()
    assert tab.locator("iframe").count() == 0
    # Another fault takes its place.
    change(home / HTML, "<h1>{% if %}", "<h1>")
    change(home / "config" / "digest.toml", "06:30", "half past six")
    tab.get_by_text("config/digest.toml").wait_for(timeout=15_000)
    assert "half past six" in alarm.inner_text()
    change(home / "config" / "digest.toml", "half past six", "06:30")
    _frame(tab, "light", 375).locator("h1").wait_for(timeout=15_000)
    assert alarm.count() == 0


def test_pictures_are_off_until_the_editor_asks(stranger: Page, home: pathlib.Path, studio: str) -> None:
    own = f"{studio}/static/icon.svg"
    change(home / HTML, "<h1>", f'<img src="{own}" alt="صورة السفينة" width="300" height="200"><h1>')
    frame = _frame(stranger, "light", 375)
    image = frame.locator("img")
    image.wait_for(timeout=15_000)
    assert image.evaluate("image => image.naturalWidth") == 0
    assert image.get_attribute("alt") == "صورة السفينة"
    stranger.locator('a[href="?pictures=on"]').click()
    stranger.wait_for_url("**/?pictures=on")
    assert stranger.locator("iframe").first.get_attribute("src") == "/view/light.html?pictures=on"


def test_a_letter_in_its_frame_runs_no_script(stranger: Page, home: pathlib.Path) -> None:
    hostile = (
        '<h1><img src="x" onerror="top.hit=1"><script>top.hit = 1</script><svg onload="top.hit=1"></svg>'
    )
    change(home / HTML, "<h1>", hostile)
    _frame(stranger, "light", 375).locator("svg").first.wait_for(state="attached", timeout=15_000)
    stranger.wait_for_timeout(100)
    assert stranger.evaluate("window.hit") is None

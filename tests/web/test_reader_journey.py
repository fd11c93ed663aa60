"""A reader's whole way in a real browser, on a phone and in Arabic: from the form to leaving, with the mails read."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.web.reading import known, letter_to, link_in, reader_of, readers_site
from tests.web.site import Site

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

_LAYLA = "layla@example.org"
_PHONE = {"width": 375, "height": 720}


@pytest.fixture
def site(tmp_path: pathlib.Path) -> Iterator[Site]:
    with readers_site(tmp_path, live=True) as opened:
        yield opened


@contextmanager
def _phone(browser: Browser, site: Site, *, scripts: bool = True) -> Iterator[Page]:
    """Give a page at a phone's width in Cairo; it asks nobody but the site, fits the screen, and logs no error."""
    context = browser.new_context(
        viewport={"width": 375, "height": 720},
        java_script_enabled=scripts,
        timezone_id="Africa/Cairo",
        accept_downloads=True,
    )
    asked: list[str] = []
    complaints: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page = context.new_page()
    page.on(
        "console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None
    )
    try:
        yield page
        assert [url for url in asked if not url.startswith(f"{site.base_url}/")] == []
        assert complaints == []
    finally:
        context.close()


def _fits(page: Page) -> None:
    """Check that the page is read from right to left and that nothing stands beside the screen."""
    assert page.locator("html").get_attribute("dir") == "rtl"
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= _PHONE["width"], f"{page.url} is {wide} pixels wide"


def test_from_subscribing_to_leaving(browser: Browser, site: Site) -> None:
    with _phone(browser, site) as page:
        page.goto(f"{site.base_url}/subscribe")
        _fits(page)
        page.get_by_label("عنوان البريد الإلكتروني").fill(_LAYLA)
        page.get_by_text("المناطق والتوقيت والاسم").click()
        assert page.get_by_label("المنطقة الزمنية").input_value() == "Africa/Cairo"
        page.get_by_label("آسيا وأوقيانوسيا").select_option("1")
        page.get_by_label("الاسم").fill("ليلى")
        _fits(page)
        page.get_by_role("button", name="اشترك").click()
        assert page.get_by_role("heading", level=1).inner_text() == "تفقّد بريدك"
        assert reader_of(site, _LAYLA) is None

        page.goto(link_in(letter_to(site, _LAYLA)))
        _fits(page)
        assert reader_of(site, _LAYLA) is None
        page.get_by_role("button", name="نعم، أريد الاشتراك").click()
        assert page.get_by_role("heading", level=1).inner_text() == "تم اشتراكك"
        layla = known(site, _LAYLA)
        assert (layla.name, layla.timezone) == ("ليلى", "Africa/Cairo")
        assert layla.active["mujaz"].regions[:2] == ("asia", "gulf")

        page.get_by_role("link", name="تفضيلاتك").click()
        _fits(page)
        page.get_by_label("إيران وتركيا").select_option("0")
        page.get_by_label("إيقاف مؤقت حتى").fill("2026-12-01")
        page.get_by_role("button", name="حفظ").click()
        assert page.get_by_role("status").is_visible()
        _fits(page)
        assert "iran_turkey" not in known(site, _LAYLA).active["mujaz"].regions
        with page.expect_download() as downloading:
            page.get_by_role("link", name="نزّل كل ما نحتفظ به عنك").click()
        kept = json.loads(pathlib.Path(downloading.value.path()).read_text(encoding="utf-8"))
        assert (kept["email"], kept["subscriptions"][0]["paused_until"]) == (_LAYLA, "2026-12-01")

        page.get_by_role("link", name="إلغاء الاشتراك").click()
        _fits(page)
        page.get_by_role("button", name="نعم، ألغوا اشتراكي").click()
        assert known(site, _LAYLA).active == {}
        page.get_by_role("button", name="أعد اشتراكي").click()
        assert known(site, _LAYLA).active.keys() == {"mujaz"}

        page.get_by_role("link", name="تفضيلاتك").click()
        page.get_by_role("link", name="امحُ بياناتي").click()
        _fits(page)
        page.get_by_role("button", name="نعم، امحُ بياناتي").click()
        assert page.get_by_role("heading", level=1).inner_text() == "مُحيت بياناتك"
        assert reader_of(site, _LAYLA) is None


def test_the_same_without_scripts(browser: Browser, site: Site) -> None:
    with _phone(browser, site, scripts=False) as page:
        page.goto(f"{site.base_url}/subscribe")
        page.get_by_label("عنوان البريد الإلكتروني").fill(_LAYLA)
        page.get_by_text("المناطق والتوقيت والاسم").click()
        assert page.get_by_label("المنطقة الزمنية").input_value() == "Asia/Riyadh"
        page.get_by_label("أوروبا وروسيا").select_option("1")
        page.get_by_label("المنطقة الزمنية").select_option("Africa/Tunis")
        page.get_by_role("button", name="اشترك").click()
        page.goto(link_in(letter_to(site, _LAYLA)))
        page.get_by_role("button", name="نعم، أريد الاشتراك").click()
        layla = known(site, _LAYLA)
        assert (layla.timezone, layla.active["mujaz"].regions[0]) == ("Africa/Tunis", "europe")

        page.goto(f"{site.base_url}/preferences")
        page.get_by_label("عنوان البريد الإلكتروني").fill(_LAYLA)
        page.get_by_role("button", name="أرسلوا إليّ الرابط").click()
        page.goto(link_in(letter_to(site, _LAYLA)))
        page.get_by_label("المنطقة الزمنية").select_option("Asia/Samarkand")
        page.get_by_role("button", name="حفظ").click()
        assert known(site, _LAYLA).timezone == "Asia/Samarkand"


def test_a_zone_that_the_form_lacks_is_added_by_the_script(browser: Browser, site: Site) -> None:
    context = browser.new_context(timezone_id="Asia/Samarkand")
    page = context.new_page()
    page.goto(f"{site.base_url}/subscribe")
    page.locator("summary").click()
    assert page.locator("#timezone").input_value() == "Asia/Samarkand"
    assert page.locator("#timezone option:checked").inner_text() == "Samarkand"
    context.close()


def test_the_form_is_filled_in_with_the_keyboard_alone(browser: Browser, site: Site) -> None:
    with _phone(browser, site) as page:
        page.goto(f"{site.base_url}/subscribe")
        page.get_by_label("عنوان البريد الإلكتروني").focus()
        page.keyboard.type(_LAYLA)
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        assert page.get_by_label("الاسم").is_visible()
        for _ in range(12):
            page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.tagName") == "BUTTON"
        page.keyboard.press("Enter")
        page.wait_for_url(f"{site.base_url}/subscribe")
        page.get_by_role("heading", name="تفقّد بريدك").wait_for()

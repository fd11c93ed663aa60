"""The public pages in a real browser: from nobody but ourselves, within the screen, and nothing that axe finds."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page

from tests.conftest import REPOSITORY, require
from tests.web.site import Site, live_site, sample_editions

_AXE = REPOSITORY / "node_modules" / "axe-core" / "axe.min.js"
_WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
_EDITION = sample_editions()[1]
_PAGES = {
    "home": "/",
    "edition": f"/editions/{_EDITION.id}",
    "story": f"/editions/{_EDITION.id}/{_EDITION.lead_id}",
    "archive": "/archive",
    "month": "/archive/mujaz/2026/11",
    "search": "/search?q=كييف",
    "nothing": "/editions/nothing",
}
_ENGLISH = """
[[newsletter]]
id = "mujaz"
title = "Mujaz"
tagline = "The day from Arabic sources, by region"
locale = "en"
timezone = "Asia/Riyadh"
regions = ["gulf", "levant", "north_africa", "iran_turkey", "europe", "asia", "africa", "americas", "world"]
"""


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Site]]:
    """The same editions in an Arabic and in an English newsletter."""
    with ExitStack() as stack:
        home = tmp_path_factory.mktemp("english")
        (home / "config").mkdir()
        (home / "config" / "digest.toml").write_text(_ENGLISH, encoding="utf-8")
        homes: dict[str, pathlib.Path] = {"ar": tmp_path_factory.mktemp("arabic"), "en": home}
        yield {locale: stack.enter_context(live_site(home)) for locale, home in homes.items()}


def _problems(tab: Page) -> list[str]:
    """Return what goes wrong in a page from now on; what it asks for elsewhere counts."""
    said: list[str] = []
    tab.on("console", lambda message: said.append(message.text))
    tab.on("pageerror", lambda error: said.append(str(error)))
    return said


@pytest.mark.parametrize("locale", ["ar", "en"])
@pytest.mark.parametrize("name", _PAGES)
def test_a_page_asks_nobody_else_and_fits_the_screen(
    browser: Browser, sites: dict[str, Site], name: str, locale: str
) -> None:
    site = sites[locale]
    with browser.new_context(viewport={"width": 375, "height": 800}) as context:
        tab = context.new_page()
        said, asked = _problems(tab), []
        tab.on("request", lambda request: asked.append(request.url))
        tab.goto(f"{site.base_url}{_PAGES[name]}")
        assert asked
        assert [url for url in asked if not url.startswith(f"{site.base_url}/")] == []
        assert [one for one in said if "404" not in one or name != "nothing"] == []
        assert context.cookies() == []
        for width in (375, 1280):
            tab.set_viewport_size({"width": width, "height": 800})
            assert tab.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize(("locale", "scheme"), [("ar", "light"), ("en", "dark")])
@pytest.mark.parametrize("name", _PAGES)
def test_axe_finds_nothing(
    browser: Browser, sites: dict[str, Site], name: str, locale: str, scheme: Literal["light", "dark"]
) -> None:
    require(_AXE.is_file(), "axe-core (npm ci)")
    # Our own policy would keep the tool out.
    with browser.new_context(
        viewport={"width": 375, "height": 800}, color_scheme=scheme, bypass_csp=True
    ) as context:
        tab = context.new_page()
        tab.goto(f"{sites[locale].base_url}{_PAGES[name]}")
        tab.add_script_tag(path=_AXE)
        result = tab.evaluate("only => axe.run(document, {runOnly: {type: 'tag', values: only}})", _WCAG)
        found = [(rule["id"], node["html"][:120]) for rule in result["violations"] for node in rule["nodes"]]
        assert found == []
        assert result["passes"]


def test_from_the_first_page_to_a_story_with_the_keyboard_alone(
    browser: Browser, sites: dict[str, Site]
) -> None:
    site = sites["ar"]
    with browser.new_context(java_script_enabled=False) as context:
        tab = context.new_page()
        tab.goto(f"{site.base_url}/search")
        tab.locator("#q").focus()
        tab.keyboard.type("كهرباء كييف")
        tab.keyboard.press("Enter")
        tab.wait_for_url("**/search?q=*")
        tab.locator(".found a").first.focus()
        tab.keyboard.press("Enter")
        latest = sample_editions()[-1]
        tab.wait_for_url(f"**/editions/{latest.id}/{latest.lead_id}")
        assert latest.lead.headline in tab.locator("h1").inner_text().replace("\n", " ")

"""Every kind of page in a real browser: it asks nobody but the site, complains of nothing, fits, and axe is content."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

import pytest

from tests.conftest import REPOSITORY, require
from tests.web.desk_site import PASSWORD
from tests.web.everything import PAGES, Whole, whole_site
from tests.web.reading import letter_to, link_in, reader_of
from tests.web.site import READER

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

_AXE = REPOSITORY / "node_modules" / "axe-core" / "axe.min.js"
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
_NEWCOMER = "newcomer@example.org"
#: The letters have their own tests, as clients show them.
_OURS = [name for name in PAGES if "letter" not in name]
# Whatever the policy has stopped, said by the browser before any script of the page could run.
_LISTEN = """
window.stopped = [];
document.addEventListener("securitypolicyviolation", (e) => stopped.push(`${e.violatedDirective} ${e.blockedURI}`));
"""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    with whole_site(tmp_path_factory.mktemp("home"), live=True) as opened:
        yield opened


@pytest.fixture(scope="module")
def session(browser: Browser, whole: Whole) -> Any:
    """The cookies of an editor who has signed in with the form."""
    with browser.new_context() as context:
        tab = context.new_page()
        tab.goto(f"{whole.site.base_url}/desk/login")
        tab.locator("#name").fill("سلمى")
        tab.locator("#password").fill(PASSWORD)
        tab.locator("main button").click()
        tab.wait_for_url("**/desk/edition/**")
        [cookie] = context.cookies()
        assert cookie["httpOnly"]
        assert cookie["sameSite"] == "Lax"
        return [cookie]


@contextmanager
def _opened(browser: Browser, session: Any, name: str, **kwargs: Any) -> Iterator[BrowserContext]:
    with browser.new_context(**kwargs) as context:
        if name.startswith("desk"):
            context.add_cookies(session)
        yield context


def _axe(tab: Page, scheme: Literal["light", "dark"]) -> list[tuple[str, str, str]]:
    require(_AXE.is_file(), "axe-core (npm ci)")
    tab.emulate_media(color_scheme=scheme)
    asked = {"runOnly": {"type": "tag", "values": _RULES}, "iframes": False}
    result = tab.evaluate("asked => axe.run(document, asked)", asked)
    assert len(result["passes"]) > 5
    return [
        (rule["id"], node["html"][:160], node["failureSummary"])
        for rule in result["violations"]
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_asks_nobody_else_and_complains_of_nothing(
    browser: Browser, whole: Whole, session: Any, name: str
) -> None:
    asked: list[str] = []
    said: list[str] = []
    with _opened(browser, session, name, viewport={"width": 320, "height": 800}) as context:
        context.on("request", lambda request: asked.append(request.url))
        context.add_init_script(_LISTEN)
        tab = context.new_page()
        tab.on("console", lambda message: said.append(message.text))
        tab.on("pageerror", lambda error: said.append(str(error)))
        answer = tab.goto(f"{whole.site.base_url}{whole.page(name)}")
        assert answer is not None
        assert tab.url == answer.url
        assert asked
        assert [url for url in asked if not url.startswith(f"{whole.site.base_url}/")] == []
        # Chromium itself says what status the page has, where it is an error.
        assert [one for one in said if answer.status < 400 or str(answer.status) not in one] == []
        assert tab.evaluate("stopped") == []
        assert [one["name"] for one in context.cookies() if not one["name"].startswith("mujaz_desk")] == []
        assert bool(context.cookies()) == name.startswith(("desk", "login"))
        if name in _OURS:
            assert tab.evaluate("document.documentElement.scrollWidth") <= 320


@pytest.mark.parametrize("name", _OURS)
def test_axe_finds_nothing(browser: Browser, whole: Whole, session: Any, name: str) -> None:
    with _opened(browser, session, name) as context:
        tab = context.new_page()
        tab.goto(f"{whole.site.base_url}{whole.page(name)}")
        # What is folded away is read as well; a desk's stories fold alike.
        tab.evaluate(
            "[...document.querySelectorAll('details')].slice(0, 6).forEach((one) => { one.open = true; })"
        )
        tab.evaluate(_AXE.read_text("utf-8") if _AXE.is_file() else "")
        for width in (375, 1280):
            tab.set_viewport_size({"width": width, "height": 900})
            assert _axe(tab, "light") == []
            assert _axe(tab, "dark") == []
            assert tab.evaluate("document.documentElement.scrollWidth") <= width


def test_what_axe_and_the_policy_are_for_is_found(browser: Browser, whole: Whole) -> None:
    with browser.new_context() as context:
        context.add_init_script(_LISTEN)
        tab = context.new_page()
        tab.goto(f"{whole.site.base_url}/subscribe")
        tab.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=//other.example/x><input>')")
        tab.wait_for_function("stopped.length")
        assert tab.evaluate("stopped") == ["img-src http://other.example/x"]
        tab.evaluate(_AXE.read_text("utf-8") if _AXE.is_file() else "")
        assert {"image-alt", "label"} <= {rule for rule, _, _ in _axe(tab, "light")}


def test_subscribing_and_choosing_without_scripts(browser: Browser, whole: Whole) -> None:
    site = whole.site
    with browser.new_context(java_script_enabled=False, viewport={"width": 320, "height": 800}) as context:
        tab = context.new_page()
        tab.goto(f"{site.base_url}/")
        tab.locator("input[type=email]").first.fill(_NEWCOMER)
        tab.locator("form:has(input[type=email]) button").first.click()
        tab.goto(link_in(letter_to(site, _NEWCOMER)))
        assert reader_of(site, _NEWCOMER) is None
        tab.locator("main form button").first.click()
        reader = reader_of(site, _NEWCOMER)
        assert reader is not None
        assert reader.active.keys() == {"mujaz"}
        tab.goto(f"{site.base_url}/preferences/{site.app.links.preferences(reader.id, 'mujaz')}")
        tab.locator("select[name=region-asia]").select_option("1")
        tab.locator("main form button").first.click()
        chosen = reader_of(site, _NEWCOMER)
        assert chosen is not None
        assert chosen.active["mujaz"].regions[0] == "asia"
        assert reader_of(site, READER) is not None

"""An editor's morning in Chromium, from login to approved; by keyboard alone; axe, sizes, and no request elsewhere."""

from __future__ import annotations

import email
import email.policy
import pathlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal

import pytest

from tests.conftest import REPOSITORY, require
from tests.web.desk_site import EDITOR, HERE, PASSWORD, desk_site
from tests.web.site import TODAY, Site

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Locator, Page

_AXE = REPOSITORY / "node_modules" / "axe-core" / "axe.min.js"
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@pytest.fixture
def site(tmp_path: pathlib.Path) -> Iterator[Site]:
    """A desk on loopback."""
    with desk_site(tmp_path, live=True) as opened:
        yield opened


@pytest.fixture(params=["with JavaScript", "without JavaScript"])
def context(request: pytest.FixtureRequest, browser: Browser) -> Iterator[BrowserContext]:
    """A browser of its own for an editor; with and without JavaScript."""
    opened = browser.new_context(
        java_script_enabled=request.param == "with JavaScript", viewport={"width": 1280, "height": 900}
    )
    yield opened
    opened.close()


@pytest.fixture
def tab(context: BrowserContext, site: Site) -> Iterator[Page]:
    """A tab; a request to anybody else, or an error that the page logs, fails the test."""
    page = context.new_page()
    asked: list[str] = []
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda line: faults.append(line.text) if line.type == "error" else None)
    page.on("request", lambda request: asked.append(request.url))
    yield page
    assert faults == []
    assert asked
    assert [url for url in asked if not url.startswith(f"{site.base_url}/")] == []


def _sign_in(tab: Page, site: Site) -> None:
    tab.goto(f"{site.base_url}/desk/")
    tab.get_by_label("اسمك").fill(EDITOR)
    tab.get_by_label("كلمة المرور").fill(PASSWORD)
    tab.get_by_role("button", name="إلى مكتب التحرير").click()
    tab.wait_for_url(f"**{HERE}")


def _card(tab: Page, number: int) -> Locator:
    return tab.locator("article.card:not(.waiting)").nth(number)


def _headline(card: Locator) -> str:
    return card.locator("h3").inner_text().partition(" ")[2].strip()


def _press(tab: Page, within: Locator, name: str, said: str) -> None:
    """Press a button, and wait until the page says what was done."""
    within.get_by_role("button", name=name, exact=False).first.click()
    tab.get_by_role("status").get_by_text(said).wait_for()


def test_a_morning_from_draft_to_approved(tab: Page, site: Site) -> None:
    _sign_in(tab, site)
    dropped = _headline(_card(tab, 1))
    _press(tab, _card(tab, 1), "استبعاد", "استُبعد:")
    pinned = tab.locator("article.waiting:not(:has(.badge))").last
    wanted = pinned.locator("h3").inner_text()
    _press(tab, pinned, "تثبيت", "ثُبّت:")

    card = _card(tab, 2)
    card.locator("summary", has_text="تحرير النص").click()
    card.get_by_label("العنوان", exact=True).fill("عنوان من المحررة")
    _press(tab, card, "حفظ العنوان", "العنوان الجديد")

    other = _card(tab, 3).locator("h3").inner_text().partition(" ")[2]
    for number in (0, 3):
        _card(tab, number).get_by_role("checkbox", name="حدّد للدمج").check()
    _press(tab, tab.locator("#merge"), "دمج", "دُمجت")

    moved = _card(tab, 0)
    moved.get_by_role("combobox").select_option("asia")
    _press(tab, moved, "نقل", "منطقة أخرى")

    tab.get_by_label("عنوان الرسالة").fill("صباح الخير من المحررة")
    _press(tab, tab.locator(".draft"), "حفظ عنوان الرسالة", "عنوان الرسالة")

    told = "\n".join(tab.locator("article.card:not(.waiting) h3").all_inner_texts())
    assert dropped not in told
    assert other not in told
    assert wanted in told
    assert tab.locator("ol.record > li").count() == 6
    letter = tab.frame_locator("iframe.light").locator("body")
    letter.get_by_text("عنوان من المحررة").locator("visible=true").first.wait_for()
    words = letter.inner_text()
    assert dropped not in words
    assert tab.locator("aside .subject").inner_text() == "صباح الخير من المحررة"

    tab.get_by_label("إرسال نسخة تجريبية إلى").fill("zayd@example.org")
    _press(tab, tab.locator("#test"), "إرسال", "zayd@example.org")
    [path] = (site.app.var / "outbox").rglob("*.eml")
    copy = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    assert copy["Subject"] == "صباح الخير من المحررة"
    plain = copy.get_body(("plain",))
    assert plain is not None
    assert "عنوان من المحررة" in plain.get_content()

    _press(tab, tab.locator(".record"), "تراجع", "تم التراجع")
    assert tab.locator("#subject").input_value() == ""
    _press(tab, tab.locator("#approval"), "اعتماد العدد", "اعتُمد")
    approval = site.app.store.desk.approval("daily", TODAY)
    assert approval is not None
    assert approval.approved_by == EDITOR


@pytest.mark.parametrize("context", ["with JavaScript"], indirect=True)
def test_a_morning_by_keyboard(tab: Page, site: Site) -> None:
    keys = tab.keyboard
    tab.goto(f"{site.base_url}/desk/")
    _tab_to(tab, "#name")
    keys.type(EDITOR)
    _tab_to(tab, "#password")
    keys.type(PASSWORD)
    keys.press("Enter")
    tab.wait_for_url(f"**{HERE}")
    first, second = _headline(_card(tab, 0)), _headline(_card(tab, 1))

    _tab_to(tab, "article:nth-of-type(1) button[value=pin]")
    keys.press("Enter")
    tab.get_by_role("status").get_by_text("ثُبّت").wait_for()
    _tab_to(tab, "summary")
    keys.press("Enter")
    _tab_to(tab, "details.words summary")
    keys.press("Enter")
    _tab_to(tab, "details.words input[name=text]")
    keys.press("Control+A")
    keys.type("عنوان بلا فأرة")
    keys.press("Enter")
    tab.get_by_role("status").get_by_text("العنوان الجديد").wait_for()
    assert "عنوان بلا فأرة" in tab.locator(".draft").inner_text()
    assert first not in _headline(_card(tab, 0))
    _tab_to(tab, "article button[value=drop]", skip=1)
    keys.press("Space")
    tab.get_by_role("status").get_by_text("استُبعد:").wait_for()
    assert second not in "\n".join(tab.locator("article.card:not(.waiting) h3").all_inner_texts())
    _tab_to(tab, "#approval button")
    keys.press("Enter")
    tab.get_by_role("status").get_by_text("اعتُمد").wait_for()


_FOCUSED = """(chosen) => {
  const one = document.activeElement;
  return one.matches(chosen) ? getComputedStyle(one).outlineStyle : "";
}"""


def _tab_to(tab: Page, chosen: str, skip: int = 0) -> None:
    """Press Tab until what is wanted has the focus, which must be seen."""
    for _ in range(400):
        tab.keyboard.press("Tab")
        outline = tab.evaluate(_FOCUSED, chosen)
        if outline and not skip:
            assert outline != "none"
            return
        skip -= bool(outline)
    raise AssertionError(f"{chosen} is out of reach")


# --------------------------------------------------------------------------- looks


@pytest.mark.parametrize("context", ["with JavaScript"], indirect=True)
def test_keys_act_on_the_story_that_has_the_focus(tab: Page, site: Site) -> None:
    _sign_in(tab, site)
    tab.keyboard.press("p")
    assert site.app.store.desk.edits("daily", TODAY) == []
    _card(tab, 0).focus()
    tab.keyboard.press("j")
    focused = tab.locator("article:focus h3").inner_text()
    assert focused == _card(tab, 1).locator("h3").inner_text()
    tab.keyboard.press("p")
    tab.get_by_role("status").get_by_text("ثُبّت").wait_for()
    # The place on the page stays, and so does the focus.
    assert tab.evaluate("document.activeElement.value") == "unpin"
    tab.keyboard.press("x")
    tab.get_by_role("status").get_by_text("استُبعد:").wait_for()
    assert [edit.kind.value for edit in site.app.store.desk.edits("daily", TODAY)] == ["pin", "drop"]


def _axe(tab: Page, scheme: Literal["light", "dark"]) -> list[tuple[str, str, str]]:
    """Return what axe finds in a page in these colours: the rule, the element and why."""
    require(_AXE.is_file(), "axe-core (npm ci)")
    tab.emulate_media(color_scheme=scheme)
    # Straight into the page's world: the page itself loads no script but its own.
    tab.evaluate(_AXE.read_text("utf-8"))
    asked: dict[str, Any] = {"runOnly": {"type": "tag", "values": _RULES}, "iframes": False}
    result = tab.evaluate("asked => axe.run(document, asked)", asked)
    assert len(result["passes"]) > 10
    return [
        (rule["id"], node["html"][:160], node["failureSummary"])
        for rule in result["violations"]
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize("context", ["with JavaScript"], indirect=True)
@pytest.mark.parametrize("width", [375, 1280])
def test_axe_finds_nothing_and_nothing_overflows(tab: Page, site: Site, width: int) -> None:
    tab.set_viewport_size({"width": width, "height": 900})
    tab.goto(f"{site.base_url}/desk/")
    assert _axe(tab, "light") == []
    assert _axe(tab, "dark") == []
    _sign_in(tab, site)
    _press(tab, _card(tab, 2), "تثبيت", "ثُبّت:")
    for summary in _card(tab, 1).locator("summary").all():
        summary.click()
    assert _axe(tab, "light") == []
    assert _axe(tab, "dark") == []
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    small = tab.evaluate(
        "[...document.querySelectorAll('main button, main select, main summary, .mark')]"
        ".filter(one => one.offsetParent && (one.offsetHeight < 24 || one.offsetWidth < 24)).map(one => one.outerHTML)"
    )
    assert small == []
    for choice, seen in (("#night", "iframe.dark"), ("#wide", "iframe.dark"), ("#day", "iframe.light")):
        tab.locator(choice).check()
        assert tab.locator(seen).is_visible()
    assert tab.locator("iframe.light").evaluate("one => one.offsetWidth") == 660

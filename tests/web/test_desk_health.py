"""The desk's health page and its subscribers, as an editor uses them, without JavaScript."""

from __future__ import annotations

import io
import pathlib
from collections.abc import Iterator
from typing import Any

import lxml.html
import pytest
from lxml.html import HtmlElement
from werkzeug.test import TestResponse

from digest.model import Suppression, SuppressionReason
from digest.web.charts import HEIGHT, WIDTH, columns, line
from digest.web.desk_subscribers import MOST_BYTES
from tests.cli.running import write_newsletter
from tests.conftest import NOW
from tests.web.busy import LAYLA, fill
from tests.web.desk_site import EDITOR, WITH_DESK, Editor
from tests.web.site import opened_site

_HOME = "/desk/subscribers"
_PAGES = ("/desk/health", _HOME, f"{_HOME}/1")
_POSTS = (f"{_HOME}/add", f"{_HOME}/suppress", f"{_HOME}/import", f"{_HOME}/import/confirm")


@pytest.fixture
def editor(tmp_path: pathlib.Path) -> Iterator[Editor]:
    """Somebody who is signed in, at a site that has run for a while."""
    with opened_site(tmp_path, WITH_DESK, editions=False) as site:
        fill(site)
        someone = Editor(site=site)
        someone.sign_in()
        yield someone


def _post(editor: Editor, page: str, **fields: Any) -> TestResponse:
    return editor.site.client.post(page, data={"csrf": editor.token(_HOME)} | fields)


def _text(answer: TestResponse) -> str:
    page: HtmlElement = lxml.html.document_fromstring(answer.get_data(as_text=True))
    return " ".join(str(page.text_content()).split())


def _said(editor: Editor) -> str:
    return str(editor.page(_HOME).xpath("//div[@role='status']")[0].text_content()).strip()


def _import(editor: Editor, content: str | bytes, **fields: str) -> TestResponse:
    raw = content if isinstance(content, bytes) else content.encode()
    return _post(editor, f"{_HOME}/import", file=(io.BytesIO(raw), "people.csv"), **fields)


def _confirm(editor: Editor, preview: TestResponse) -> TestResponse:
    page = lxml.html.document_fromstring(preview.get_data(as_text=True))
    [form] = page.xpath(f"//form[@action='{_HOME}/import/confirm']")
    return editor.site.client.post(form.action, data=dict(form.fields))


# --------------------------------------------------------------------------- who may


@pytest.mark.parametrize("page", _PAGES)
def test_nobody_sees_it_without_a_session(tmp_path: pathlib.Path, page: str) -> None:
    with opened_site(tmp_path, WITH_DESK, editions=False) as site:
        fill(site)
        answer = site.client.get(page)
        assert answer.status_code == 303
        assert answer.headers["Location"].startswith("/desk/login")


def test_without_a_desk_there_are_no_such_pages(tmp_path: pathlib.Path) -> None:
    with opened_site(tmp_path, editions=False) as site:
        assert {site.client.get(page).status_code for page in _PAGES} == {404}
        assert {site.client.post(page).status_code for page in _POSTS} == {404}


@pytest.mark.parametrize("page", _POSTS)
def test_a_form_without_the_sessions_token_does_nothing(editor: Editor, page: str) -> None:
    fields = {"email": "new@example.org", "agreed": "yes", "csrf": "another"}
    assert editor.site.client.post(page, data=fields).status_code == 403
    assert len(list(editor.site.app.store.subscribers.suppressions())) == 2


@pytest.mark.parametrize("page", _POSTS)
def test_looking_changes_nothing(editor: Editor, page: str) -> None:
    assert editor.site.client.get(page).status_code in {404, 405}


# --------------------------------------------------------------------------- health


def test_the_health_page_tells_how_it_stands(editor: Editor) -> None:
    page = editor.page("/desk/health")
    counts = {
        str(one.findtext("dt")): str(one.findtext("dd")) for one in page.xpath("//dl[@class='counts']/div")
    }
    assert counts["رُفضت"] == "42"
    assert counts["منها مرتدّة"] == "42"
    assert counts["القراء"] == "80"
    words = " ".join(str(page.text_content()).split())
    for told in (
        "Of the last edition 6 % bounced.",
        "السليمة: 3 من 47",
        "no answer within 20 seconds",
        "mail1 41",
        "انتهى آخر جلب للأخبار 22 نوفمبر، 08:52",
        "23 نوفمبر، 06:30",
    ):
        assert told in words
    assert len(page.xpath("//svg//rect[@class='refused']")) == 14
    # Whoever cannot see the charts has their names, and the tables.
    assert len(page.xpath("//svg[@role='img'][@aria-labelledby=./title/@id]")) == 3
    assert len(page.xpath("//details//table//tbody/tr")) == 14 + 13


def test_an_empty_installation_has_a_health_page(tmp_path: pathlib.Path) -> None:
    write_newsletter(tmp_path, locale="en", title="The Morning Digest")
    with opened_site(tmp_path, WITH_DESK, editions=False) as site:
        someone = Editor(site=site)
        someone.sign_in()
        words = " ".join(str(someone.page("/desk/health").text_content()).split())
    for told in (
        "None stands.",
        "No edition has left in this time.",
        "No worker has run of late",
        "0 readers",
    ):
        assert told in words


def test_hostile_words_are_shown_as_words(editor: Editor) -> None:
    app = editor.site.app
    app.store.operations.raise_alert("x", "<script>alert(1)</script>", NOW)
    app.store.subscribers.suppress(
        Suppression(email=LAYLA, reason=SuppressionReason.BOUNCED, since=NOW, detail="<img src=x>\u202e")
    )
    for page in ("/desk/health", f"{_HOME}?q=<b>layla", f"{_HOME}/1"):
        found = editor.page(page)
        assert not found.xpath("//script[not(@src)] | //img | //b | //*[@style]")


def test_time_runs_as_the_language_does() -> None:
    steps = [("first", {"sent": 1, "refused": 0}), ("last", {"sent": 2, "refused": 2})]
    for direction, edges in (("ltr", (0, WIDTH / 2)), ("rtl", (WIDTH / 2, 0))):
        first, last = columns(steps, direction)
        assert [one.bars[0].x // (WIDTH / 2) * (WIDTH / 2) for one in (first, last)] == list(edges)
        assert [bar.kind for bar in first.bars] == ["sent"]
        # They stand on the ground and on each other, and the highest reaches the top.
        assert last.bars[0].y + last.bars[0].height == HEIGHT
        assert (last.bars[1].y, last.bars[1].y + last.bars[1].height) == (0, last.bars[0].y)
    assert columns([], "rtl") == []
    assert line([], "rtl") == ""
    assert line([0, 0], "ltr", 10, 10) == "0.0,10.0 10.0,10.0"


# --------------------------------------------------------------------------- one subscriber


@pytest.mark.parametrize(
    ("query", "addresses"),
    [
        pytest.param("layla", [LAYLA], id="an address"),
        pytest.param("ليلى", [LAYLA], id="a name"),
        pytest.param("reader0", [f"reader0{n}@example.org" for n in range(1, 10)], id="several"),
        pytest.param("nobody at all", [], id="nobody"),
        pytest.param("\0%_\u202e", [], id="signs"),
    ],
)
def test_people_are_looked_for(editor: Editor, query: str, addresses: list[str]) -> None:
    page = editor.page(f"{_HOME}?q={query}".replace("\0", "%00").replace("%_", "%25_"))
    assert page.xpath("//ul[@class='rows']//a/bdi/text()") == addresses


def test_one_persons_history_is_shown(editor: Editor) -> None:
    page = editor.page(f"{_HOME}/2")
    assert page.xpath("//h1/bdi/text()") == ["reader01@example.org"]
    states = page.xpath("//li//em/text()")
    assert states.count("رُفضت") == 14
    for number in (0, 999, 2**63, 10**30):
        assert editor.site.client.get(f"{_HOME}/{number}").status_code == 404


def test_somebody_who_agreed_is_added_by_an_editors_word(editor: Editor) -> None:
    fields = {"email": " Salma@Example.ORG ", "name": "سلمى\u202e\n", "newsletter": "", "agreed": "yes"}
    answer = _post(editor, f"{_HOME}/add", **fields)
    assert answer.status_code == 303
    assert "Salma@example.org" in _text(editor.site.client.get(answer.headers["Location"]))
    people = editor.site.app.store.subscribers
    [added] = [one for one in people.subscriptions() if one.person.email == "Salma@example.org"]
    assert (added.person.name, added.person.confirmed) == ("سلمى", True)
    assert (added.consent.how, added.consent.source, added.consent.at) == ("desk", EDITOR, NOW)


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        pytest.param({"email": "new@example.org"}, 400, id="who has not agreed"),
        pytest.param({"email": "no address", "agreed": "yes"}, 400, id="no address"),
        pytest.param({"email": "a@example.org\r\nBcc: b@example.org", "agreed": "yes"}, 400, id="a header"),
        pytest.param({"email": "new@example.org", "agreed": "yes", "newsletter": "none"}, 400, id="no newsletter"),
        pytest.param({"email": "reader03@example.org", "agreed": "yes"}, 409, id="who bounced"),
        pytest.param({}, 400, id="nothing"),
    ],
)  # fmt: skip
def test_others_are_not_added(editor: Editor, fields: dict[str, str], status: int) -> None:
    people = editor.site.app.store.subscribers
    before = list(people.subscriptions())
    answer = _post(editor, f"{_HOME}/add", **fields)
    assert answer.status_code == status
    assert lxml.html.document_fromstring(answer.get_data(as_text=True)).xpath("//p[@class='bad']")
    assert list(people.subscriptions()) == before


def test_who_asked_to_come_back_does(editor: Editor) -> None:
    fields = {"email": "reader03@example.org", "agreed": "yes", "returning": "yes"}
    assert _post(editor, f"{_HOME}/add", **fields).status_code == 303
    assert editor.site.app.store.subscribers.suppression_of("reader03@example.org") is None


def test_an_address_is_suppressed_by_an_editors_word(editor: Editor) -> None:
    people = editor.site.app.store.subscribers
    answer = _post(editor, f"{_HOME}/suppress", email=LAYLA, detail="طلبت ذلك هاتفياً")
    assert answer.headers["Location"] == f"{_HOME}/1"
    found = people.suppression_of(LAYLA)
    assert found is not None
    assert (found.reason, found.detail) == ("by_hand", f"{EDITOR}: طلبت ذلك هاتفياً")
    # Again changes nothing; an address of nobody may be suppressed as well.
    _post(editor, f"{_HOME}/suppress", email=LAYLA)
    assert people.suppression_of(LAYLA) == found
    assert _post(editor, f"{_HOME}/suppress", email="stranger@example.org").headers["Location"] == _HOME
    assert people.suppression_of("stranger@example.org") is not None
    assert _post(editor, f"{_HOME}/suppress", email="no address").status_code == 400


# --------------------------------------------------------------------------- lists

_LIST = "email,name\nnew@example.org,سارة\nlayla.haddad@example.org,\nreader03@example.org,\nno address,\n"


def test_a_list_is_judged_before_anything_is_written_and_then_done(editor: Editor) -> None:
    people = editor.site.app.store.subscribers
    before = list(people.subscriptions())
    preview = _import(editor, _LIST, agreed="yes")
    assert preview.status_code == 200
    page = lxml.html.document_fromstring(preview.get_data(as_text=True))
    assert page.xpath("//dl[@class='counts']//dd/text()") == ["1", "1", "1", "1"]
    assert "'no address' is no mail address" in str(page.text_content())
    assert list(people.subscriptions()) == before
    assert _confirm(editor, preview).headers["Location"] == _HOME
    assert _said(editor) == "تم. الجدد: 1، والمعروفون: 1، والمستبعدون: 2."
    [added] = [one for one in people.subscriptions() if one not in before]
    assert (added.person.email, added.person.name, added.person.confirmed) == (
        "new@example.org",
        "سارة",
        True,
    )
    assert (added.consent.how, added.consent.source) == ("import", "people.csv")
    # It is done once.
    assert _confirm(editor, preview).status_code == 410


def test_who_has_not_agreed_gets_nothing_and_that_is_told(editor: Editor) -> None:
    preview = _import(editor, _LIST)
    assert "قارئ جديد واحد لم يوافق بعد" in _text(preview)
    _confirm(editor, preview)
    [added] = [
        one for one in editor.site.app.store.subscribers.subscribers() if one.email == "new@example.org"
    ]
    assert not added.confirmed


def test_a_list_that_waited_too_long_is_gone(editor: Editor) -> None:
    preview = _import(editor, _LIST)
    editor.site.clock.sleep(901)
    assert _confirm(editor, preview).status_code == 410


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"name,phone\n1,2\n", id="no addresses"),
        pytest.param("email\nعلي@example.org\n".encode("utf-16"), id="UTF-16"),
        pytest.param(bytes(range(256)) * 40, id="no text"),
    ],
)
def test_a_file_that_is_no_list_is_refused(editor: Editor, content: bytes) -> None:
    assert _import(editor, content).status_code == 400
    assert not list((editor.site.app.var / "imports").glob("*"))


def test_a_list_may_be_longer_than_other_forms_but_not_without_end(editor: Editor) -> None:
    row = b"reader01@example.org," + b"x" * 150 + b"\n"
    token = editor.token(_HOME).encode()

    def send(rows: int) -> TestResponse:
        # The test client would keep a large file of its own, and leave it open.
        parts = [
            (b'name="csrf"', token),
            (b'name="file"; filename="people.csv"', b"email,name\n" + row * rows),
        ]
        body = b"".join(b"--x\r\nContent-Disposition: form-data; %b\r\n\r\n%b\r\n" % part for part in parts)
        kind = "multipart/form-data; boundary=x"
        return editor.site.client.post(f"{_HOME}/import", data=body + b"--x--\r\n", content_type=kind)

    assert send(2000).status_code == 200
    assert send(MOST_BYTES // len(row) - 9).status_code == 200
    assert send(MOST_BYTES // len(row)).status_code == 413
    assert _post(editor, f"{_HOME}/suppress", email="a" * 100_000).status_code == 413


def test_a_form_without_a_file_is_told_so(editor: Editor) -> None:
    assert _post(editor, f"{_HOME}/import").status_code == 400
    assert _post(editor, f"{_HOME}/import/confirm", upload="../../config/digest.toml").status_code == 410


def test_no_page_can_be_framed_or_kept(editor: Editor) -> None:
    for page in _PAGES:
        headers = editor.site.client.get(page).headers
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["Cache-Control"] == "no-store"

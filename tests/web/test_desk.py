"""The desk's acts, each with its undo, over HTTP and without JavaScript; what is asked for in vain; hostile words."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from digest.model import Edit, EditKind
from tests.web.desk_site import EDITOR, HERE, Editor, desk_site
from tests.web.site import TODAY

_HOSTILE = '"><script>alert(1)</script>\N{RIGHT-TO-LEFT OVERRIDE}\x07{{ 7 * 7 }} __UNSUBSCRIBE_URL__'


@pytest.fixture(scope="module")
def shared_editor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editor]:
    """An editor who has signed in, for all tests of this module."""
    with desk_site(tmp_path_factory.mktemp("home")) as site:
        seated = Editor(site=site)
        assert seated.sign_in().status_code == 303
        yield seated


@pytest.fixture
def editor(shared_editor: Editor) -> Iterator[Editor]:
    """The editor, with nothing done yet; whatever a test leaves standing is taken back."""
    yield shared_editor
    for one in _edits(shared_editor):
        if one.undone_at is None:
            shared_editor.site.app.store.desk.undo(one.id, "the test", shared_editor.site.clock.now())
    shared_editor.said()


def _edits(editor: Editor) -> list[Edit]:
    return list(editor.site.app.store.desk.edits("daily", TODAY))


def _text(editor: Editor, key: str) -> str:
    return str(editor.card(key).text_content())


# --------------------------------------------------------------------------- each act and its undo

_Act = Callable[[Editor], str]
_Check = Callable[[Editor, str], bool]


def _pin_the_last_in_line(editor: Editor) -> str:
    key = editor.waiting()[-1]
    editor.act("pin", story=key)
    return key


def _drop_the_lead(editor: Editor) -> str:
    key = editor.cards()[0]
    editor.act("drop", story=key)
    return key


def _make_another_lead(editor: Editor) -> str:
    key = next(one for one in editor.cards() if "lead" not in str(editor.card(one).get("class")))
    editor.act("lead", story=key)
    return key


def _raise(editor: Editor) -> str:
    [up, *_] = editor.page().xpath("//button[starts-with(@value, 'place:')]")
    [key] = up.xpath("../input[@name='story']/@value")
    editor.act(str(up.get("value")), story=str(key))
    return str(key)


def _move(editor: Editor) -> str:
    key = editor.cards()[-1]
    [now] = editor.card(key).xpath(".//option[@selected]/@value")
    editor.act("move", story=key, region="africa" if now != "africa" else "asia")
    return key


def _retitle(editor: Editor) -> str:
    key = editor.cards()[2]
    editor.act("headline", story=key, text="عنوان من المحرر")
    return key


def _sum_up(editor: Editor) -> str:
    key = editor.cards()[1]
    editor.act("summary", story=key, text="ملخص من المحرر.")
    return key


def _rename_the_letter(editor: Editor) -> str:
    editor.act("subject", text="موضوع من المحرر")
    return ""


def _merge(editor: Editor) -> str:
    first, second = editor.cards()[:2]
    editor.act("merge", marked=[first, second])
    return second


def _split(editor: Editor) -> str:
    key = editor.cards()[0]
    last = editor.card(key).xpath(".//input[@name='article']/@value")[-1]
    editor.act("split", story=key, article=str(last))
    return str(last)


def _has_story(editor: Editor, key: str) -> bool:
    return key in [*editor.cards(), *editor.waiting()]


@pytest.mark.parametrize(
    ("kind", "act", "holds"),
    [
        pytest.param(EditKind.PIN, _pin_the_last_in_line, lambda editor, key: key in editor.cards(), id="pin"),
        pytest.param(EditKind.DROP, _drop_the_lead, lambda editor, key: key not in editor.cards(), id="drop"),
        pytest.param(EditKind.LEAD, _make_another_lead, lambda editor, key: "الخبر الرئيس" in _text(editor, key) and "lead" in str(editor.card(key).get("class")), id="lead"),
        pytest.param(EditKind.PLACE, _raise, lambda editor, key: "مثبّت" in _text(editor, key), id="place"),
        pytest.param(EditKind.MOVE, _move, lambda editor, key: "معدّل" in _text(editor, key), id="move"),
        pytest.param(EditKind.HEADLINE, _retitle, lambda editor, _: "عنوان من المحرر" in editor.headlines(), id="headline"),
        pytest.param(EditKind.SUMMARY, _sum_up, lambda editor, key: "ملخص من المحرر." in _text(editor, key), id="summary"),
        pytest.param(EditKind.SUBJECT, _rename_the_letter, lambda editor, _: "موضوع من المحرر" in editor.page().xpath("//input[@id='subject']/@value"), id="subject"),
        pytest.param(EditKind.MERGE, _merge, lambda editor, key: not _has_story(editor, key), id="merge"),
        pytest.param(EditKind.SPLIT, _split, lambda editor, key: _has_story(editor, key), id="split"),
    ],
)  # fmt: skip
def test_an_act_is_kept_with_who_and_when_and_can_be_taken_back(
    editor: Editor, kind: EditKind, act: _Act, holds: _Check
) -> None:
    before = editor.cards(), editor.headlines()
    key = act(editor)
    kept = _edits(editor)[-1]
    assert (kept.kind, kept.made_by, kept.made_at) == (kind, EDITOR, editor.site.clock.now())
    assert editor.said()
    assert holds(editor, key)
    [record] = editor.page().xpath("//ol[@class='record']/li[not(@class='undone')]")
    assert EDITOR in record.text_content()

    taken = editor.act(f"undo:{kept.id}")
    assert taken.headers["Location"] == f"{HERE}#record"
    assert not holds(editor, key)
    assert (editor.cards(), editor.headlines()) == before
    undone = _edits(editor)[-1]
    assert (undone.undone_by, undone.undone_at) == (EDITOR, editor.site.clock.now())
    assert "تراجع عنه" in editor.page().xpath("//ol[@class='record']/li")[0].text_content()


def test_what_was_pinned_and_given_a_place_is_free_again_with_one_button(editor: Editor) -> None:
    key = _raise(editor)
    editor.act("pin", story=key)
    assert editor.card(key).xpath(".//button[@value='unpin']")
    editor.act("unpin", story=key)
    assert editor.card(key).xpath(".//button[@value='pin']")
    assert {one.undone_by for one in _edits(editor)} <= {EDITOR, "the test"}


def test_what_was_dropped_waits_to_be_put_back(editor: Editor) -> None:
    key = _drop_the_lead(editor)
    assert key in editor.waiting()
    assert "استبعده المحرر" in _text(editor, key)
    editor.act("restore", story=key)
    assert key in editor.cards()


def test_three_stories_become_one(editor: Editor) -> None:
    first, *others = editor.cards()[:3]
    editor.act("merge", marked=[first, *others])
    assert not [one for one in others if _has_story(editor, one)]
    articles = editor.card(first).xpath(".//input[@name='article']/@value")
    assert {first, *others} <= set(map(str, articles))


def test_with_everything_out_the_record_still_takes_it_back(editor: Editor) -> None:
    # Far fewer acts than stories: the desk is tried as the store has it.
    desk, now = editor.site.app.store.desk, editor.site.clock.now()
    articles = tuple(one.id for one in editor.site.app.store.articles.articles(None, now))
    for article in articles:
        drop = Edit(id=0, kind=EditKind.DROP, articles=(article,), made_by=EDITOR, made_at=now)
        desk.record("daily", TODAY, drop)
    page = editor.page()
    assert "لا أخبار بعد" in page.text_content()
    assert page.xpath("//aside//iframe") == []
    assert editor.site.client.get(f"{HERE}/light.html").status_code == 404
    editor.act(f"undo:{_edits(editor)[-1].id}")
    assert editor.said() == "تم التراجع."


# --------------------------------------------------------------------------- the place on the page


def test_the_page_comes_back_where_the_act_was_done(editor: Editor) -> None:
    _, second, third, *_ = editor.cards()
    assert editor.act("pin", story=second).headers["Location"] == f"{HERE}#s-{second}"
    assert editor.act("drop", story=second).headers["Location"] == f"{HERE}#s-{third}"
    assert editor.act("subject", text="عنوان").headers["Location"] == f"{HERE}#edition"


# --------------------------------------------------------------------------- in vain


@pytest.mark.parametrize(
    ("act", "values", "said"),
    [
        pytest.param("", {}, "لا يعرف", id="no act"),
        pytest.param("explode", {}, "لا يعرف", id="an unknown act"),
        pytest.param("pin", {"story": "nothing"}, "لم يعد هذا الخبر", id="a story that is gone"),
        pytest.param("unpin", {}, "لا شيء", id="nothing is pinned"),
        pytest.param("restore", {}, "لا شيء", id="nothing is dropped"),
        pytest.param("undo:999999", {}, "لا شيء", id="no such edit"),
        pytest.param("undo:x", {}, "لا شيء", id="no edit at all"),
        pytest.param("place:0", {}, "لا يعرف", id="place nought"),
        pytest.param("place:" + "9" * 5000, {}, "لا يعرف", id="a place without end"),
        pytest.param("place:\u0663", {}, "لا يعرف", id="a place in other figures"),
        pytest.param("move", {"region": "atlantis"}, "مثل هذه المنطقة", id="no such region"),
        pytest.param("headline", {"text": " \N{ZERO WIDTH SPACE}\x00 "}, "فارغاً", id="an empty headline"),
        pytest.param("headline", {"text": "ط" * 301}, "أطول", id="a long headline"),
        pytest.param("summary", {"text": "ط" * 2001}, "أطول", id="a long summary"),
        pytest.param("subject", {"text": "ط" * 201}, "أطول", id="a long subject"),
        pytest.param("merge", {"marked": ["nothing", "either"]}, "خبرين", id="nothing to merge"),
        pytest.param("split", {"article": "nothing"}, "بعض المقالات", id="nothing to split off"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_said_and_changes_nothing(
    editor: Editor, act: str, values: dict[str, str | list[str]], said: str
) -> None:
    before = _edits(editor)
    fields = {"csrf": editor.csrf, "act": act, "story": editor.cards()[0]}
    answer = editor.site.client.post(f"{HERE}/edit", data=fields | values)
    assert answer.status_code == 303
    assert said in editor.said()
    assert _edits(editor) == before


@pytest.mark.parametrize(
    "page",
    [
        "/desk/edition/nothing/2026-11-22",
        "/desk/edition/daily/yesterday",
        "/desk/edition/daily/0001-01-01",
        "/desk/edition/daily/9999-12-31",
        "/desk/edition/daily/2026-11-21",
        "/desk/edition/daily/2026-12-22",
        f"{HERE}/purple.html",
        f"{HERE}/nothing",
    ],
)
def test_there_is_no_page_for_other_days_and_names(editor: Editor, page: str) -> None:
    assert editor.site.client.get(page).status_code == 404


# --------------------------------------------------------------------------- hostile words


def test_hostile_words_are_words(editor: Editor) -> None:
    key = editor.cards()[0]
    for act in ("headline", "summary", "subject"):
        editor.act(act, story=key, text=_HOSTILE)
    answer = editor.site.client.get(HERE).get_data(as_text=True)
    assert "<script>alert" not in answer
    assert "alert(1)" in answer
    assert "49" not in _text(editor, key)
    assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in html.unescape(answer)
    letter = editor.site.client.get(f"{HERE}/light.html")
    assert "<script" not in letter.get_data(as_text=True)
    policy = letter.headers["Content-Security-Policy"]
    assert "script-src" not in policy
    assert policy.startswith("default-src 'none'")
    assert editor.site.client.get(HERE).headers["Content-Security-Policy"].count("unsafe") == 0


def test_an_editors_name_is_words_as_well(editor: Editor) -> None:
    other = Editor(site=replace(editor.site, client=editor.site.flask.test_client()))
    other.sign_in(name='<b onmouseover="x">سلمى\r\nX-Odd: 1')
    answer = other.site.client.get(HERE)
    assert "&lt;b onmouseover" in answer.get_data(as_text=True)
    assert "<b onmouseover" not in answer.get_data(as_text=True)
    assert "X-Odd" not in answer.headers

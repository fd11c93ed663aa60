"""The desk beyond the stories: approval, frozen editions, test copies and what is kept between two clicks."""

from __future__ import annotations

import datetime as dt
import email
import email.policy
import pathlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from digest.app import App
from digest.model import Edit, EditKind, FetchState, Source
from digest.pipeline.composing import RankedNews, rank_news
from digest.schedule import slot_of
from digest.web import desk_drafts, desk_sending
from digest.web.desk_drafts import Drafts
from tests.conftest import NOW
from tests.samples import draft, parsed
from tests.web.desk_site import EDITOR, HERE, Editor, desk_site
from tests.web.site import TODAY, Site, add_reader, open_for_readers


@pytest.fixture
def site(tmp_path: pathlib.Path) -> Iterator[Site]:
    """A desk with a morning's news."""
    with desk_site(tmp_path) as opened:
        yield opened


@pytest.fixture
def editor(site: Site) -> Editor:
    """An editor who has signed in."""
    seated = Editor(site=site)
    seated.sign_in()
    return seated


# --------------------------------------------------------------------------- approval


def _words_of_approval(editor: Editor) -> str:
    [found] = editor.page().xpath("//section[@id='approval']")
    return str(found.text_content())


def test_an_edition_is_approved_and_the_approval_taken_back(editor: Editor) -> None:
    store = editor.site.app.store.desk
    assert "حُجز" in _words_of_approval(editor)
    assert "10:30" in _words_of_approval(editor)
    assert editor.act("", to="approve").headers["Location"] == f"{HERE}#approval"
    kept = store.approval("daily", TODAY)
    assert kept is not None
    assert (kept.approved_by, kept.approved_at) == (EDITOR, NOW)
    assert f"اعتمده {EDITOR} الساعة 09:00" in _words_of_approval(editor)
    editor.act("", to="withdraw")
    assert store.approval("daily", TODAY) is None


def test_one_that_is_held_says_until_when_it_can_be_approved(editor: Editor) -> None:
    editor.site.clock.sleep(2 * 3600)
    assert "13:30" in _words_of_approval(editor)
    assert editor.site.client.get("/desk/").headers["Location"] == HERE
    editor.site.clock.sleep(3 * 3600)
    assert editor.site.client.get("/desk/").headers["Location"] == "/desk/edition/daily/2026-11-23"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        pytest.param({"unapproved": "send"}, "على كل حال", id="sent all the same"),
        pytest.param({"approval": "none"}, None, id="no approval"),
    ],
)
def test_what_becomes_of_it_is_as_the_newsletter_says(
    tmp_path: pathlib.Path, settings: dict[str, Any], words: str | None
) -> None:
    with desk_site(tmp_path, **settings) as site:
        editor = Editor(site=site)
        editor.sign_in()
        if words:
            assert words in _words_of_approval(editor)
        else:
            assert editor.page().xpath("//section[@id='approval']") == []
            editor.act("", to="approve")
            assert "بلا اعتماد" in editor.said()
            assert site.app.store.desk.approval("daily", TODAY) is None


# --------------------------------------------------------------------------- frozen


def test_a_frozen_edition_is_for_reading(editor: Editor) -> None:
    editor.act("headline", story=editor.cards()[0], text="عنوان من المحرر")
    add_reader(editor.site.app, "layla@example.org")
    edition = editor.frozen()
    page = editor.page()
    assert page.xpath("//button[@name='act']") == []
    assert page.xpath("//article//select") == []
    assert "عنوان من المحرر" in editor.headlines()
    assert EDITOR in page.xpath("//ol[@class='record']")[0].text_content()
    before = editor.site.app.store.desk.edits("daily", TODAY)
    editor.act("pin", story=editor.cards()[1])
    assert "أُقفل" in editor.said()
    assert editor.site.app.store.desk.edits("daily", TODAY) == before
    # Before it is on its way an editor can still say that it may leave; then not.
    editor.act("", to="approve")
    open_for_readers(editor.site.app, edition)
    assert "1 في الانتظار" in " ".join(editor.page().xpath("//ul[@class='states']")[0].text_content().split())
    editor.act("", to="withdraw")
    assert "بدأ إرساله" in editor.said()
    assert editor.site.app.store.desk.approval("daily", TODAY) is not None
    assert editor.site.client.get("/desk/").headers["Location"] == HERE
    editor.site.clock.sleep(2 * 3600)
    assert editor.site.client.get("/desk/").headers["Location"] == "/desk/edition/daily/2026-11-23"


# --------------------------------------------------------------------------- a test copy


def _outbox(app: App) -> list[str]:
    return [str(path) for path in sorted((app.var / "outbox").rglob("*.eml"))]


def test_a_test_copy_says_what_the_desk_shows(editor: Editor) -> None:
    editor.act("subject", text="موضوع من المحرر")
    answer = editor.act("", to="test", email="zayd@example.org")
    assert answer.headers["Location"] == f"{HERE}#test"
    assert "zayd@example.org" in editor.said()
    [path] = _outbox(editor.site.app)
    letter = email.message_from_bytes(pathlib.Path(path).read_bytes(), policy=email.policy.default)
    assert letter["To"] == "zayd@example.org"
    assert "موضوع من المحرر" in letter["Subject"]
    assert editor.site.app.store.editions.latest_edition_id() is None


def test_only_one_mail_address_gets_it(editor: Editor) -> None:
    odd = (
        "",
        "nobody",
        "a@b\r\nBcc: c@example.org",
        "a@example.org, b@example.org",
        "<a@example.org>",
        "\u202ea@b.example",
    )
    for address in odd:
        editor.act("", to="test", email=address)
        assert editor.said() == "هذا ليس عنوان بريد.", address
    assert _outbox(editor.site.app) == []


def test_test_copies_are_limited(editor: Editor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk_sending, "MOST_COPIES", 2)
    for name, said in (("zayd", "zayd@"), ("hind", "hind@"), ("omar", "كثيرة"), ("omar", "كثيرة")):
        editor.act("", to="test", email=f"{name}@example.org")
        assert said in editor.said()
    assert [pathlib.Path(path).stem for path in _outbox(editor.site.app)] == [
        "hind@example.org",
        "zayd@example.org",
    ]
    editor.site.clock.sleep(3600)
    editor.act("", to="test", email="omar@example.org")
    assert "omar@" in editor.said()


def test_a_carrier_that_is_away_is_named(tmp_path: pathlib.Path) -> None:
    with desk_site(tmp_path) as site:
        editor = Editor(site=site)
        editor.sign_in()
        (site.app.var / "outbox").parent.mkdir(exist_ok=True)
        (site.app.var / "outbox").write_text("no folder")
        answer = editor.act("", to="test", email="zayd@example.org")
        assert answer.status_code == 303
        assert "لم تُرسل" in editor.said()


# --------------------------------------------------------------------------- between two clicks


def test_news_are_ranked_once_for_many_clicks(editor: Editor, monkeypatch: pytest.MonkeyPatch) -> None:
    ranked: list[dt.datetime] = []

    def counting(*what: Any) -> RankedNews:
        ranked.append(what[-1])
        return rank_news(*what)

    monkeypatch.setattr(desk_drafts, "rank_news", counting)
    for key in editor.cards()[:4]:
        editor.act("pin", story=key)
    editor.letter()
    assert len(ranked) == 1
    editor.site.clock.sleep(6 * 60)
    editor.page()
    assert len(ranked) == 2


def test_fresh_news_comes_in_and_the_editors_word_stands(editor: Editor) -> None:
    first, second, *_ = editor.cards()
    editor.act("drop", story=first)
    editor.act("headline", story=second, text="عنوان من المحرر")
    of = Source(
        id="late", outlet="منبر", name="منبر", url="https://late.example/feed", country="LY", language="ar"
    )
    editor.site.clock.sleep(60)
    title = "زلزال عنيف يضرب شرق ليبيا ويوقع عشرات القتلى والجرحى"
    entry = draft(title, of=of, guid="late", url="https://late.example/1", summary=title, published=NOW)
    before = len(editor.cards()) + len(editor.waiting())
    editor.site.clock.sleep(60)
    entry = replace(entry, published=editor.site.clock.now())
    editor.site.app.store.articles.save_feed(
        of, parsed(entry), FetchState(source_id=of.id), editor.site.clock.now()
    )
    page = str(editor.page().text_content())
    assert title in page
    assert len(editor.cards()) + len(editor.waiting()) >= before
    assert first not in editor.cards()
    assert "عنوان من المحرر" in editor.headlines()


def test_what_finds_nothing_any_more_is_said(editor: Editor) -> None:
    lost = Edit(id=0, kind=EditKind.PIN, articles=("gone",), made_by=EDITOR, made_at=NOW)
    editor.site.app.store.desk.record("daily", TODAY, lost)
    [row] = editor.page().xpath("//ol[@class='record']/li")
    assert "لم يعد له محل" in row.text_content()


def test_each_day_and_newsletter_has_its_own_draft(site: Site, editor: Editor) -> None:
    drafts, newsletter = Drafts(site.app), site.app.newsletter()
    days = [slot_of(newsletter, TODAY + dt.timedelta(days=ahead)) for ahead in range(3)]
    editor.act("subject", text="موضوع من المحرر")
    lying = [drafts.of(newsletter, slot) for slot in days]
    assert [one.edition.subject if one.edition else None for one in lying] == ["موضوع من المحرر", "", ""]
    assert drafts.of(newsletter, days[0]) is lying[0]

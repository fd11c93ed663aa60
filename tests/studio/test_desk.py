"""The desk: a proof of the files as they are, and faults by file and line."""

from __future__ import annotations

import pathlib
import shutil
from collections.abc import Callable
from dataclasses import replace

import pytest

from digest.app import App
from digest.home import shipped
from digest.studio.desk import Desk
from digest.studio.proof import Proof
from digest.studio.trouble import Spot, Trouble
from tests.mailer.making import full_edition
from tests.studio.editing import HTML, TEXT, change, line_of

_Edit = Callable[[pathlib.Path], None]


def _proof(desk: Desk) -> Proof:
    shown = desk.now().shown
    assert isinstance(shown, Proof), shown
    return shown


def _spot(desk: Desk) -> Spot:
    shown = desk.now().shown
    assert isinstance(shown, Trouble)
    return shown.spots[0]


def test_the_proof_is_made_once_and_again_when_a_template_was_saved(desk: Desk, home: pathlib.Path) -> None:
    first = desk.now()
    assert desk.now() is first
    change(home / HTML, "<h1", '<h1 title="new"')
    second = desk.now()
    assert second.version != first.version
    assert 'title="new"' in _proof(desk).html
    assert _proof(desk).edition_id == "daily-2026-11-22"


@pytest.mark.parametrize(
    ("place", "old", "new", "then"),
    [
        pytest.param("config/digest.toml", "title =", 'tagline = "نشرة الصباح"\ntitle =', "نشرة الصباح", id="a tagline"),
        pytest.param("config/digest.toml", 'timezone = "Asia/Riyadh"', 'timezone = "Asia/Tokyo"', "10:30", id="a zone"),
        pytest.param(TEXT, "{{ lines(edition.title) }}", "كلمة جديدة", "كلمة جديدة", id="the text's template"),
    ],
)  # fmt: skip
def test_what_was_saved_is_shown(
    desk: Desk, home: pathlib.Path, place: str, old: str, new: str, then: str
) -> None:
    assert then not in _proof(desk).text
    change(home / place, old, new)
    assert then in _proof(desk).text


def test_a_template_that_the_home_gets_of_its_own_takes_the_shipped_ones_place(
    tmp_path: pathlib.Path,
) -> None:
    made = replace(full_edition(), newsletter_id="mujaz")
    desk = Desk(App(home=tmp_path, environment={}), made)
    before = _proof(desk)
    shutil.copytree(shipped("templates") / "email", tmp_path / "templates" / "email")
    change(tmp_path / TEXT, "{{ lines(edition.title) }}", "قالب البيت")
    assert "قالب البيت" in _proof(desk).text
    shutil.rmtree(tmp_path / "templates")
    assert _proof(desk) == replace(before, language=_proof(desk).language)


def test_a_file_saved_unchanged_shows_nothing_new(desk: Desk, home: pathlib.Path) -> None:
    before = desk.now()
    (home / HTML).touch()
    after = desk.now()
    assert after is not before
    assert after.version == before.version


@pytest.mark.parametrize("name", [".edition.html.j2.swp", "edition.html.j2~", ".#edition.html.j2"])
def test_an_editors_own_files_are_not_looked_at(desk: Desk, home: pathlib.Path, name: str) -> None:
    before = desk.now()
    (home / "templates" / "email" / name).write_text("half")
    assert desk.now() is before


@pytest.mark.parametrize(
    ("place", "at", "old", "new", "says"),
    [
        pytest.param(HTML, "{% for section in", "{% for section in", "{% for section on", "expected token 'in'", id="syntax"),
        pytest.param(HTML, "<h1>", "<h1>", "<h1>{{ edition.titel }}", "has no attribute 'titel'", id="a misspelt name"),
        pytest.param(HTML, "<h1>", "<h1>", "<h1>{{ edition.title | reversd }}", "reversd", id="an unknown filter"),
        pytest.param(HTML, "<h1>", "<h1>", "<h1>{{ 1 + edition.title }}", "unsupported operand", id="a wrong kind"),
        pytest.param(HTML, "<h1>", "<h1>", "<h1>{{ 1 // 0 }}", "by zero", id="arithmetic"),
        pytest.param(TEXT, "{{ lines(edition.title)", "{{ lines(edition.title)", "{{ lines(edition.title, 1, 2, 3)", "lines", id="a macro's arguments"),
        pytest.param("templates/preview/report.html.j2", "{% if failed %}", "{% if failed %}", "{% if faild %}", "'faild' is undefined", id="the report"),
    ],
)  # fmt: skip
def test_a_templates_fault_is_told_by_file_and_line(
    desk: Desk, home: pathlib.Path, place: str, at: str, old: str, new: str, says: str
) -> None:
    before = _proof(desk)
    line = line_of(home / place, at)
    change(home / place, old, new)
    spot = _spot(desk)
    assert (spot.file, spot.line) == (place, line)
    assert says in spot.wrong
    assert new in dict(spot.excerpt)[line]
    assert [str(fault) for fault in Trouble(spots=(spot,)).faults()] == [
        f"{place}: line {line}: {spot.wrong.rstrip('.')}. Mend the template."
    ]
    change(home / place, new, old)
    assert _proof(desk).files() == before.files()


def _write(place: str, content: bytes) -> _Edit:
    def edit(home: pathlib.Path) -> None:
        (home / place).parent.mkdir(parents=True, exist_ok=True)
        (home / place).write_bytes(content)

    return edit


@pytest.mark.parametrize(
    ("edit", "where", "says"),
    [
        pytest.param(lambda home: change(home / "config/digest.toml", "06:30", "6 o'clock"), "config/digest.toml", "6 o'clock", id="a value"),
        pytest.param(lambda home: change(home / "config/digest.toml", "[[newsletter]]", "[[newsletter"), "config/digest.toml", "line 1", id="no TOML"),
        pytest.param(lambda home: change(home / "config/digest.toml", '"daily"', '"weekly"'), "", "no newsletter 'daily'", id="the newsletter is gone"),
        pytest.param(_write("config/regions.toml", b"[[region]]\n"), "config/regions.toml", "", id="regions"),
        pytest.param(_write("config/locales/ar.po", b'msgid "x\n'), "config/locales/ar.po", "cannot be read", id="a catalogue"),
        pytest.param(_write(HTML, b"\xff\xfe"), "", "decode", id="no UTF-8"),
        pytest.param(lambda home: change(home / "config/digest.toml", "[[newsletter]]", '[[newsletter]]\ntemplate = "nowhere"'), "templates/nowhere/edition.html.j2", "is not there", id="no such theme"),
    ],
)  # fmt: skip
def test_a_settings_fault_is_told_and_mended(
    desk: Desk, home: pathlib.Path, edit: _Edit, where: str, says: str
) -> None:
    before = _proof(desk)
    kept = shutil.copytree(home, home.parent / "kept")
    edit(home)
    spot = _spot(desk)
    assert spot.file == where
    assert says in f"{spot.key} {spot.wrong}"
    assert desk.now().language.tag == before.language.tag
    shutil.rmtree(home)
    shutil.copytree(kept, home)
    assert _proof(desk).files() == before.files()

"""The report speaks the editor's language: the newsletter's where its catalogue has editors' words, else English."""

from __future__ import annotations

import pathlib

import lxml.html
import pytest

from digest.studio.desk import Desk
from digest.studio.proof import Proof, headers_of
from tests.cli.running import write_newsletter

_HEAD = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n\n'
_TITLE = 'msgid "Inbox report"\nmsgstr "تقرير البريد"\n\nmsgid "size"\nmsgstr "الحجم"\n'


def _proof(desk: Desk) -> Proof:
    shown = desk.now().shown
    assert isinstance(shown, Proof), shown
    return shown


@pytest.mark.parametrize(
    ("locale", "catalogue", "lang", "direction", "title"),
    [
        pytest.param("ar", _HEAD + _TITLE, "ar", "rtl", "تقرير البريد", id="a catalogue with editors' words"),
        pytest.param("ar", _HEAD, "en", "ltr", "Inbox report", id="a catalogue without"),
        pytest.param("en", _HEAD + _TITLE, "en", "ltr", "Inbox report", id="an English newsletter"),
    ],
)
def test_the_report_is_in_the_editors_language(
    desk: Desk, home: pathlib.Path, locale: str, catalogue: str, lang: str, direction: str, title: str
) -> None:
    write_newsletter(home, locale=locale)
    (home / "config" / "locales").mkdir(parents=True)
    (home / "config" / "locales" / "ar.po").write_text(catalogue, encoding="utf-8")
    proof = _proof(desk)
    page = lxml.html.document_fromstring(proof.report_page)
    assert (page.get("lang"), page.get("dir")) == (lang, direction)
    assert page.findtext(".//h1") == title
    assert (proof.language.tag, desk.now().language.tag) == (lang, lang)
    names = [name.text.strip() for name in page.xpath('//span[@class="name"]')]
    assert ("الحجم" if lang == "ar" else "size") in names
    # What programs read stays as it is.
    assert b'"name": "size"' in proof.files()["report.json"]


def test_the_report_shows_what_to_mend_first_then_what_waits(desk: Desk, home: pathlib.Path) -> None:
    path = home / "templates" / "email" / "edition.html.j2"
    path.write_text(
        path.read_text(encoding="utf-8").replace("<h1>", '<h1><img src="x">', 1), encoding="utf-8"
    )
    proof = _proof(desk)
    assert [str(check.name) for check in proof.failed] == ["images"]
    assert len(proof.judged) + len(proof.waiting) == len(proof.checks) == 31
    signs = [
        row.xpath("string(./span[1])") for row in lxml.html.document_fromstring(proof.report_page).iter("li")
    ]
    assert signs == ["✕"] + ["…"] * 3 + ["✓"] * 27


def test_headers_are_shown_as_they_are_read() -> None:
    raw = b"Subject: =?utf-8?b?2YXZiNis2LI=?=\r\nTo: a@b.example\r\n\r\nbody"
    assert list(headers_of(raw)) == [("Subject", "موجز"), ("To", "a@b.example")]

"""The Arabic catalogue: every message that templates and code say is in it, in all of Arabic's plural forms."""

from __future__ import annotations

import gettext
import io
import re
from functools import cache
from typing import Any

import pytest
from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from jinja2 import Environment
from jinja2.ext import extract_from_ast

from digest.home import shipped
from digest.mailer.language import Language
from tests.conftest import REPOSITORY
from tests.mailer.making import app

#: CLDR's plural categories of Arabic in the order of the catalogue's forms.
_FORMS = ["zero", "one", "two", "few", "many", "other"]
_PLACEHOLDER = re.compile(r"\{\w*\}")

Message = str | tuple[str, str]


@cache
def _catalog() -> Catalog:
    with (shipped("config") / "locales" / "ar.po").open("rb") as file:
        return read_po(file, locale="ar", abort_invalid=True)


def _said_in_templates() -> set[Message]:
    environment = Environment(autoescape=True)
    found: set[Message] = set()
    for path in sorted((REPOSITORY / "templates" / "email").glob("*.j2")):
        tree = environment.parse(path.read_text(encoding="utf-8"))
        for _, _, message in extract_from_ast(tree, ("say", "count"), babel_style=False):
            texts = tuple(text for text in (message if isinstance(message, tuple) else (message,)) if text)
            found.add(texts[0] if len(texts) == 1 else (texts[0], texts[1]))
    return found


def _said_in_code() -> set[Message]:
    keywords: dict[str, Any] = {"say": None, "count": (1, 2)}
    found: set[Message] = set()
    for path in sorted((REPOSITORY / "digest").rglob("*.py")):
        for _, message, _, _ in extract_from_file("python", path, keywords=keywords):
            found.add(message if isinstance(message, str) else (message[0], message[1]))
    return found


def _messages() -> list[Message]:
    return sorted(_said_in_templates() | _said_in_code(), key=str)


def _translation(message: Message) -> tuple[str, ...]:
    entry = _catalog().get(message[0] if isinstance(message, tuple) else message)
    if entry is None:
        return ()
    strings = entry.string if isinstance(entry.string, tuple) else (entry.string,)
    return tuple(str(string or "") for string in strings)


def test_messages_are_found_in_templates_and_in_code() -> None:
    assert {"Unsubscribe", "In brief"} <= _said_in_templates()
    assert {("{n} outlet", "{n} outlets"), ("{n} minute's read", "{n} minutes' read")} <= _said_in_code()


@pytest.mark.parametrize(
    "message", [pytest.param(m, id=m if isinstance(m, str) else m[0]) for m in _messages()]
)
def test_a_message_is_translated_in_every_form(message: Message) -> None:
    translation = _translation(message)
    assert len(translation) == (1 if isinstance(message, str) else 6), "not in config/locales/ar.po"
    assert all(translation), "an empty translation"
    known = set(_PLACEHOLDER.findall(message if isinstance(message, str) else " ".join(message)))
    for form in translation:
        assert set(_PLACEHOLDER.findall(form)) <= known
        assert re.search(r"[\u0621-\u064a،]|·", form)
    if isinstance(message, str):
        assert set(_PLACEHOLDER.findall(translation[0])) == known
    else:
        # None, one and two are words in Arabic; from three on the number itself stands there.
        assert [("{n}" in form) for form in translation[3:]] == [True] * 3


def test_the_catalogue_holds_no_message_that_nobody_says() -> None:
    said = {message if isinstance(message, str) else message[0] for message in _messages()}
    written = {entry.id if isinstance(entry.id, str) else entry.id[0] for entry in _catalog() if entry.id}
    # The comma of a list is asked for with its context.
    assert written - said == {", "}


def test_the_catalogues_plural_rule_is_arabics() -> None:
    compiled = io.BytesIO()
    write_mo(compiled, _catalog())
    compiled.seek(0)
    messages = gettext.GNUTranslations(compiled)
    rule = Locale("ar").plural_form
    forms = _translation(("{n} outlet", "{n} outlets"))
    for number in range(1200):
        assert messages.ngettext("{n} outlet", "{n} outlets", number) == forms[_FORMS.index(rule(number))]


def test_the_catalogue_of_a_language_serves_its_countries() -> None:
    for name in ("ar", "ar-EG", "ar_SA"):
        assert app().language(name).say("Unsubscribe") == _translation("Unsubscribe")[0]


def test_english_needs_no_catalogue() -> None:
    language = Language("en", gettext.NullTranslations())
    assert language.count("{n} outlet", "{n} outlets", 1) == "1 outlet"
    assert language.count("{n} outlet", "{n} outlets", 0) == "0 outlets"
    assert language.list(["a", "b"]) == "a, b"

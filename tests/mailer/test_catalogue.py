"""The catalogues: every message that templates and code say is in each, in all plural forms of its language."""

from __future__ import annotations

import gettext
import io
import pathlib
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
from tests.mailer.newsletters import THEMES

#: CLDR's plural categories of each language in the order of its catalogue's forms.
_FORMS = {
    "ar": ["zero", "one", "two", "few", "many", "other"],
    "fr": ["one", "other"],
    "he": ["one", "two", "other"],
}
#: Forms that write the number: Arabic and Hebrew have words for one and two.
_WITH_NUMBER = {"ar": slice(3, None), "fr": slice(None), "he": slice(2, None)}
#: Letters of the language; a message of signs alone has none.
_LETTERS = {"ar": "[\u0621-\u064a]", "fr": "[a-zà-ÿ]", "he": "[\u05d0-\u05ea]"}
_PLACEHOLDER = re.compile(r"\{\w*\}")

#: What only those see who make a newsletter: English will do where a catalogue has no words for it.
_FOR_MAKERS = (
    "digest/mailer/inbox/",
    "digest/studio/",
    "digest/cli/",
    "digest/web/desk",
    "digest/web/charts",
)
#: Folders of templates: what readers see, and what only makers do. The desk's pages stand beside the readers'.
_READERS, _MAKERS, _DESK = (*THEMES, "confirm", "web"), ("preview",), "desk"
Message = str | tuple[str, str]
_LOCALES = sorted(path.stem for path in (shipped("config") / "locales").glob("*.po"))


@cache
def _catalog(locale: str) -> Catalog:
    with (shipped("config") / "locales" / f"{locale}.po").open("rb") as file:
        return read_po(file, locale=locale, abort_invalid=True)


def _said_in_templates(*folders: str) -> set[Message]:
    environment = Environment(autoescape=True)
    found: set[Message] = set()
    paths = (
        path
        for folder in folders or _READERS
        for path in (REPOSITORY / "templates" / folder).glob("*.j2")
        if folders or not path.name.startswith(_DESK)
    )
    for path in sorted(paths):
        tree = environment.parse(path.read_text(encoding="utf-8"))
        for _, _, message in extract_from_ast(tree, ("say", "count"), babel_style=False):
            texts = tuple(text for text in (message if isinstance(message, tuple) else (message,)) if text)
            found.add(texts[0] if len(texts) == 1 else (texts[0], texts[1]))
    return found


@cache
def _said_in_module(path: pathlib.Path) -> frozenset[Message]:
    """Return what a module says; each is read once for all languages."""
    keywords: dict[str, Any] = {"say": None, "count": (1, 2)}
    said = extract_from_file("python", path, keywords=keywords)
    return frozenset(
        message if isinstance(message, str) else (message[0], message[1]) for _, message, _, _ in said
    )


def _said_in_code(without: tuple[str, ...] = ()) -> set[Message]:
    found: set[Message] = set()
    for path in sorted((REPOSITORY / "digest").rglob("*.py")):
        if str(path.relative_to(REPOSITORY)).startswith(without):
            continue
        found |= _said_in_module(path)
    return found


def _messages(locale: str = "ar") -> list[Message]:
    """Return what a catalogue must hold: Arabic's all, the others' what readers and `digest explain` say."""
    if locale == "ar":
        return sorted(_said_in_templates(*_READERS, *_MAKERS) | _said_in_code(), key=str)
    return sorted(_said_in_templates() | _said_in_code(without=_FOR_MAKERS), key=str)


def _translation(locale: str, message: Message) -> tuple[str, ...]:
    entry = _catalog(locale).get(message[0] if isinstance(message, tuple) else message)
    if entry is None:
        return ()
    strings = entry.string if isinstance(entry.string, tuple) else (entry.string,)
    return tuple(str(string or "") for string in strings)


def test_messages_are_found_in_templates_and_in_code() -> None:
    assert {"Unsubscribe", "In brief"} <= _said_in_templates()
    assert {("{n} outlet", "{n} outlets"), ("{n} minute's read", "{n} minutes' read")} <= _said_in_code()


def test_the_languages_that_are_written_for() -> None:
    assert sorted(_FORMS) == _LOCALES


@pytest.mark.parametrize(
    ("message", "locale"),
    [
        pytest.param(message, locale, id=f"{locale}: {message if isinstance(message, str) else message[0]}")
        for locale in _LOCALES
        for message in _messages(locale)
    ],
)
def test_a_message_is_translated_in_every_form(message: Message, locale: str) -> None:
    translation = _translation(locale, message)
    forms = 1 if isinstance(message, str) else len(_FORMS[locale])
    assert len(translation) == forms, f"not in config/locales/{locale}.po"
    assert all(translation), "an empty translation"
    texts = [message] if isinstance(message, str) else list(message)
    known = set(_PLACEHOLDER.findall(" ".join(texts)))
    signs = not re.search("[a-z]", _PLACEHOLDER.sub("", texts[0]))
    for form in translation:
        assert set(_PLACEHOLDER.findall(form)) <= known
        assert signs or re.search(_LETTERS[locale], _PLACEHOLDER.sub("", form))
    if isinstance(message, str):
        assert set(_PLACEHOLDER.findall(translation[0])) == known
    else:
        assert ["{n}" in form for form in translation[_WITH_NUMBER[locale]]].count(False) == 0


@pytest.mark.parametrize("locale", _LOCALES)
def test_a_catalogue_holds_no_message_that_nobody_says(locale: str) -> None:
    said = {message if isinstance(message, str) else message[0] for message in _messages()}
    written = {
        entry.id if isinstance(entry.id, str) else entry.id[0] for entry in _catalog(locale) if entry.id
    }
    # The comma of a list is asked for with its context.
    assert written - said == {", "}


@pytest.mark.parametrize("locale", _LOCALES)
def test_a_catalogues_plural_rule_is_its_languages(locale: str) -> None:
    compiled = io.BytesIO()
    write_mo(compiled, _catalog(locale))
    compiled.seek(0)
    messages = gettext.GNUTranslations(compiled)
    rule = Locale(locale).plural_form
    forms = _translation(locale, ("{n} outlet", "{n} outlets"))
    for number in range(1200):
        found = messages.ngettext("{n} outlet", "{n} outlets", number)
        assert found == forms[_FORMS[locale].index(rule(number))]


@pytest.mark.parametrize(
    ("locale", "counted"),
    [
        pytest.param("ar", "خبر واحد|خبران|3 أخبار|11 خبراً|100 خبر", id="Arabic"),
        pytest.param("fr", "1 sujet|2 sujets|3 sujets|11 sujets|100 sujets", id="French"),
        pytest.param("he", "ידיעה אחת|שתי ידיעות|3 ידיעות|11 ידיעות|100 ידיעות", id="Hebrew"),
    ],
)
def test_counting(locale: str, counted: str) -> None:
    language = app().language(locale)
    assert [language.count("{n} story", "{n} stories", n) for n in (1, 2, 3, 11, 100)] == counted.split("|")


def test_the_catalogue_of_a_language_serves_its_countries() -> None:
    for name in ("ar", "ar-EG", "ar_SA"):
        assert app().language(name).say("Unsubscribe") == _translation("ar", "Unsubscribe")[0]


def test_english_needs_no_catalogue() -> None:
    language = Language("en", gettext.NullTranslations())
    assert language.count("{n} outlet", "{n} outlets", 1) == "1 outlet"
    assert language.count("{n} outlet", "{n} outlets", 0) == "0 outlets"
    assert language.list(["a", "b"]) == "a, b"

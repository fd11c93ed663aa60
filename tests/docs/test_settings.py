"""docs/reference/settings.md has every setting and every variable of the environment, and no other."""

from __future__ import annotations

import re

import pytest

from tests.docs.options import Option, tables, variables
from tests.docs.pages import DOCS, codes, sections, table

_TABLES = tables()
_TEXT = (DOCS / "reference" / "settings.md").read_text(encoding="utf-8")
_SECTIONS = sections(_TEXT)
_EACH = pytest.mark.parametrize("name", _TABLES)


def _told(name: str) -> dict[str, list[str]]:
    """Return the rows of a table's section by their key."""
    assert name in _SECTIONS, f"the page lacks the heading: ### `{name}`"
    return {codes(row[0])[0]: row for row in table(_SECTIONS[name])}


def _facts(row: list[str], option: Option) -> tuple[str, str, str]:
    """Return what a row says of a setting's variable, values and default."""
    variable = "".join(codes(row[0])[1:])
    # Where only words can say what is right, any will do.
    allowed = "" if option.allowed is None else row[2]
    return variable, allowed, row[3]


def test_the_page_tells_of_no_table_that_is_not_there() -> None:
    assert {name for name in _SECTIONS if name.startswith("[")} == set(_TABLES)


@_EACH
def test_a_table_has_all_its_settings_and_no_other(name: str) -> None:
    told = _told(name)
    lacking = [str(option) for option in _TABLES[name] if option.key not in told]
    assert lacking == [], f"{name}: the page lacks these lines"
    assert set(told) - {option.key for option in _TABLES[name]} == set(), f"{name}: not settings of it"


@_EACH
def test_a_setting_has_its_variable_its_values_and_its_default(name: str) -> None:
    told = _told(name)
    shared = [option for option in _TABLES[name] if option.key in told]
    assert {option.key: _facts(told[option.key], option) for option in shared} == {
        option.key: (option.variable, option.allowed or "", option.default) for option in shared
    }


@_EACH
def test_a_setting_has_its_meaning_in_words(name: str) -> None:
    silent = [key for key, row in _told(name).items() if not row[1] or not row[2]]
    assert silent == [], f"{name}: say what they mean and what is allowed"


def test_the_page_has_every_variable_that_the_program_reads_and_no_other() -> None:
    told = {row[0].strip("`"): row for row in table(_SECTIONS["The environment"])}
    assert set(told) == variables()
    assert [name for name, row in told.items() if not row[1]] == []


def test_no_page_names_a_variable_that_is_not_there() -> None:
    known = variables() | {option.variable for options in _TABLES.values() for option in options}
    pattern = re.compile(r"DIGEST_[A-Z_]*[A-Z]\b|DATABASE_URL|SENDGRID_API_KEY")
    wrong = {
        (path.relative_to(DOCS).as_posix(), name)
        for path in DOCS.rglob("*.md")
        if "adr" not in path.parts
        for name in pattern.findall(" ".join(codes(path.read_text(encoding="utf-8"))))
        if name not in known | {"DIGEST_TEST_ALL"}
    }
    assert wrong == set()

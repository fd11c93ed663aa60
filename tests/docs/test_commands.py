"""docs/reference/commands.md has every command and every option of the program, and no other."""

from __future__ import annotations

import re

import pytest

from tests.docs.commands import Command, commands
from tests.docs.pages import DOCS, sections, table

_COMMANDS = commands()
_BY_HEADING = sections((DOCS / "reference" / "commands.md").read_text(encoding="utf-8"))
_EACH = pytest.mark.parametrize("command", _COMMANDS, ids=[command.path for command in _COMMANDS])


def _section(command: Command) -> str:
    lines = "\n".join(map(str, command.rows))
    assert command.heading in _BY_HEADING, f"the page lacks a section:\n### `{command.heading}`\n{lines}"
    return _BY_HEADING[command.heading]


def test_the_page_tells_of_no_command_that_is_not_there() -> None:
    known = {command.heading for command in _COMMANDS}
    told = {heading for heading in _BY_HEADING if re.match(r"digest( |$)", heading)}
    assert told - known == set()


@_EACH
def test_a_command_has_its_meaning_in_words(command: Command) -> None:
    first = _section(command).strip().split("\n\n")[0]
    assert re.fullmatch(r"[A-Z].{20,}\.", first, re.DOTALL), f"{command.path}: say in a sentence what it does"


@_EACH
def test_a_command_has_all_its_options_and_no_other(command: Command) -> None:
    told = {row[0].strip("`"): row for row in table(_section(command))}
    lacking = [str(row) for row in command.rows if row.name not in told]
    assert lacking == [], f"{command.path}: the page lacks these lines"
    assert set(told) - {row.name for row in command.rows} == set(), f"{command.path}: not options of it"
    assert {name: row[2] for name, row in told.items()} == {row.name: row.default for row in command.rows}
    assert [name for name, row in told.items() if not row[1]] == [], "options without their meaning"


@_EACH
def test_a_command_with_json_has_its_keys(command: Command) -> None:
    assert ("**JSON:**" in _section(command)) == command.takes_json, command.path

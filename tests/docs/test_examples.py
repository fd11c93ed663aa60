"""What pages show of Python and of the command line is what there is: examples run, commands and options exist."""

from __future__ import annotations

import doctest
import pathlib
import re
from collections.abc import Iterator

import pytest

from tests.conftest import REPOSITORY
from tests.docs.commands import commands
from tests.docs.pages import codes, fences, pages, prose

_OPTIONS = {
    command.path: {name for row in command.rows for name in row.name.split()[0].split("/")}
    for command in commands()
}
_GROUPS = {path.rpartition(" ")[0] for path in _OPTIONS}
#: Of every command.
_HELP = {"--help", "-h"}
_PAGES = [page for page in pages() if "adr" not in page.parts and page.name != "CHANGELOG.md"]
_EACH = pytest.mark.parametrize(
    "page", _PAGES, ids=[page.relative_to(REPOSITORY).as_posix() for page in _PAGES]
)


def _shown(text: str) -> Iterator[str]:
    """Yield the command lines of a page, in its blocks and in its sentences, each up to where another begins."""
    blocks = [line for fence in fences(text) for line in fence.text.splitlines()]
    for line in [*blocks, *codes(prose(text))]:
        for found in re.finditer(r"(?:^|[ (/])digest ((?:[a-z][^|#;)]*)?)", line):
            yield found[1].strip()


def _wrong(line: str) -> str:
    """Return what is wrong with the words behind `digest`; empty where nothing is."""
    words = line.split()
    path = "digest"
    while words and f"{path} {words[0]}" in _OPTIONS.keys() | _GROUPS:
        path = f"{path} {words.pop(0)}"
    if path == "digest deliveries" and len(words) > 1 and f"{path} {words[1]}" in _OPTIONS:
        path = f"{path} {words.pop(1)}"
    if path == "digest" and words and re.fullmatch(r"[a-z][a-z-]+", words[0]):
        return f"there is no command {words[0]!r}"
    given = {word.partition("=")[0].strip("[]`,.") for word in words if re.match(r"\[?--?[a-z]", word)}
    unknown = given - _OPTIONS.get(path, set()) - _HELP
    return f"{path} has no {', '.join(sorted(unknown))}" if unknown else ""


@_EACH
def test_the_commands_that_a_page_shows_are_there(page: pathlib.Path) -> None:
    lines = set(_shown(page.read_text(encoding="utf-8")))
    assert {line: wrong for line in lines if (wrong := _wrong(line))} == {}


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("colect", "there is no command 'colect'"),
        ("collect --twice", "digest collect has no --twice"),
        ("deliveries EDITION settle --as sent", ""),
        ("deliveries settle EDITION --state sent", "digest deliveries settle has no --state"),
        ("subscribers add reader@example.org [--name] [--regions gulf,asia]", ""),
        ("send EDITION --to you@your.domain", ""),
        ("--version", ""),
    ],
)
def test_a_command_that_is_not_there_is_noticed(line: str, wrong: str) -> None:
    assert _wrong(line) == wrong


@_EACH
def test_the_python_examples_of_a_page_run(page: pathlib.Path) -> None:
    text = "\n".join(fence.text for fence in fences(page.read_text(encoding="utf-8"), "python"))
    test = doctest.DocTestParser().get_doctest(text, {}, page.name, str(page), 0)
    said: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    runner.run(test, out=said.append)
    assert said == []

"""The tutorial's commands run as they stand, and the program says what the page says it says."""

from __future__ import annotations

import json
import shutil
import socket

import pytest

from tests.cli.inside import inside
from tests.cli.running import LOOPBACK
from tests.conftest import require
from tests.docs.commands import commands
from tests.docs.pages import DOCS, codes, sections, table
from tests.docs.tutorial import Walk, can_serve, three_outlets, typed, untrue, walk

_TYPED = typed()
#: What can be asked of the tutorial's home at its end; EDITION stands for its edition.
_ASKED = [
    "articles",
    "collect",
    "compose",
    "deliveries EDITION",
    "deliveries EDITION --state sent",
    "doctor",
    "explain EDITION",
    "explain EDITION 1",
    "send EDITION --dry-run",
    "sources list",
    "status",
    "subscribers history layla@example.org",
    "subscribers list",
]


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Walk:
    """The tutorial, walked once."""
    for program in ("bash", "curl", "make"):
        require(shutil.which(program) is not None, program)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    require(can_serve(), "a network of loopback addresses, 127.0.0.1 and the others")
    with three_outlets() as feeds:
        return walk(tmp_path_factory.mktemp("tutorial"), {**LOOPBACK, **feeds, "PORT": port})


def test_every_command_of_the_tutorial_succeeds(walked: Walk) -> None:
    done = len(walked.answers) - 1
    assert "Traceback" not in walked.err, walked.err
    assert done == len(_TYPED), f"this one failed: {_TYPED[done].line}\n{walked.err[-2000:]}"
    assert walked.code == 0


@pytest.mark.parametrize("number", range(len(_TYPED)), ids=[one.line.split("\n")[0][:60] for one in _TYPED])
def test_the_program_says_what_the_tutorial_shows(number: int, walked: Walk) -> None:
    assert untrue(_TYPED[number].answer, walked.answers[number]) == [], walked.answers[number]


def test_what_the_program_does_not_say_is_noticed() -> None:
    said = "Edition morning-2026-11-22: 2 sent.\nA second line.\n"
    assert untrue(["Edition …: 3 sent.", "…", "A second line."], said) == []
    assert untrue(["A second line.", "Edition morning-1: 2 sent."], said) == ["Edition morning-1: 2 sent."]
    assert untrue(["Edition morning-1: 2 failed."], said) == ["Edition morning-1: 2 failed."]


@pytest.mark.parametrize("line", _ASKED)
def test_the_keys_of_json_are_those_of_the_page(line: str, walked: Walk) -> None:
    [edition] = [path.name for path in (walked.home / "var" / "outbox").iterdir()]
    ran = inside(walked.home, *line.replace("EDITION", edition).split(), "--json")
    assert ran.code in {0, 1}, ran.err
    printed = set(json.loads(ran.out.splitlines()[0]))
    # The longest of the commands that the line begins with.
    command = max(
        (one for one in commands() if f"digest {line}".startswith(one.path)), key=lambda one: len(one.path)
    )
    page = sections((DOCS / "reference" / "commands.md").read_text(encoding="utf-8"))
    told = set(codes(page[command.heading].partition("**JSON:**")[2]))
    assert printed - told == set(), f"docs/reference/commands.md, {command.path}: the page lacks these keys"


def test_var_holds_what_the_page_says(walked: Walk) -> None:
    rows = table(sections((DOCS / "reference" / "files.md").read_text(encoding="utf-8"))["var"])
    told = {codes(row[0])[0] for row in rows}
    names = {path.name.removesuffix("-wal").removesuffix("-shm") for path in (walked.home / "var").iterdir()}
    assert {f"var/{name}" for name in names} <= told

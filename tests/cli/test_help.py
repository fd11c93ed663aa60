"""Help, wrong words, and what the exit code says."""

from __future__ import annotations

import pathlib
import subprocess
import sys

import pytest

from tests.cli.running import digest, environment

_COMMANDS = [
    "demo",
    "collect",
    "articles",
    "rank",
    "compose",
    "explain",
    "preview",
    "send",
    "deliveries",
    "cancel",
    "subscribers",
    "worker",
    "doctor",
]
_HEAVY = ["aiohttp", "alembic", "apscheduler", "babel", "feedparser", "jinja2", "lxml", "numpy", "premailer", "psycopg", "pydantic", "scipy", "sendgrid", "sqlalchemy", "tqdm"]  # fmt: skip
_HELP_THEN_MODULES = """
import sys
from digest.cli import main
sys.argv = ["digest", *sys.argv[1:]]
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
print("\\n" + " ".join(sorted({name.partition(".")[0] for name in sys.modules})))
"""


@pytest.mark.parametrize(
    "line",
    ["--help", "-h", "--version", "compose --help", "send --help", "deliveries --help", "worker --help"],
)
def test_help_imports_nothing_heavy(line: str, empty: pathlib.Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _HELP_THEN_MODULES, *line.split()],
        env=environment(empty),
        cwd=empty,
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = done.stdout.splitlines()[-1].split()
    assert {"click", "digest"} <= set(loaded)
    assert [name for name in _HEAVY if name in loaded] == []


def test_help_names_every_command(empty: pathlib.Path) -> None:
    ran = digest(empty, "--help")
    assert (ran.code, ran.err) == (0, "")
    assert [name for name in _COMMANDS if f"\n  {name} " not in ran.out] == []


@pytest.mark.parametrize(
    "command",
    [
        *_COMMANDS,
        *(f"subscribers {name}" for name in ("add", "import", "list", "remove")),
        *(f"deliveries {name}" for name in ("export", "settle", "resend-unknown", "resend-failed", "cancel")),
    ],
)
def test_each_command_has_its_help(command: str, empty: pathlib.Path) -> None:
    ran = digest(empty, *command.split(), "--help")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"Usage: python -m digest {command}")
    # Help touches nothing.
    assert list(empty.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "says"),
    [
        pytest.param(["colect"], "No such command 'colect'", id="no such command"),
        pytest.param(["collect", "--twice"], "No such option", id="no such option"),
        pytest.param(["compose", "--at", "yesterday"], "'yesterday' is no ISO 8601 moment", id="no moment"),
        pytest.param(["compose", "--at", "2026-13-01"], "'2026-13-01' is no ISO 8601 moment", id="no such month"),
        pytest.param(["articles", "--since", "now"], "'now' is no ISO 8601 moment", id="no moment to begin at"),
        pytest.param(["rank", "missing.jsonl"], "missing.jsonl", id="no such file"),
        pytest.param(["send"], "Missing argument 'EDITION'", id="no edition named"),
        pytest.param(["compose", "evening"], "There is no newsletter 'evening'. Configured in config/digest.toml: mujaz.", id="unknown newsletter"),
        pytest.param(["preview", "mujaz-1999-01-01"], "There is no edition 'mujaz-1999-01-01'. None has been composed yet", id="unknown edition"),
        pytest.param(["send", "x"], "There is no edition 'x'.", id="unknown edition to send"),
        pytest.param(["deliveries", "x"], "There is no edition 'x'.", id="unknown edition's deliveries"),
        pytest.param(["deliveries", "x", "--state", "lost"], "There is no state 'lost'. States are pending, claimed", id="unknown state"),
        pytest.param(["subscribers", "add", "layla"], "'layla' is no mail address.", id="no address"),
        pytest.param(["subscribers", "list", "--newsletter", "x"], "There is no newsletter 'x'.", id="a list of no newsletter"),
    ],
)  # fmt: skip
def test_wrong_words_end_with_2_and_a_sentence(words: list[str], says: str, blank: pathlib.Path) -> None:
    ran = digest(blank, *words)
    assert (ran.code, ran.out) == (2, "")
    assert says in ran.err


@pytest.mark.parametrize(
    ("url", "says"),
    [
        pytest.param(
            "mysql://localhost/x", "Mujaz keeps its data in SQLite or PostgreSQL", id="another kind"
        ),
        pytest.param(
            "postgresql://mujaz:hunter2@127.0.0.1:9/x", "127.0.0.1", id="a server that is not there"
        ),
        pytest.param("nonsense hunter2", "DATABASE_URL cannot be read", id="no URL"),
    ],
)
def test_a_database_that_cannot_be_opened_ends_with_2(url: str, says: str, empty: pathlib.Path) -> None:
    ran = digest(empty, "compose", extra={"DATABASE_URL": url})
    assert (ran.code, ran.out) == (2, "")
    assert says in ran.err
    assert "hunter2" not in ran.err


@pytest.mark.parametrize("command", ["preview --at 2026-11-22T06:00Z", "demo"])
def test_a_folder_that_cannot_be_written_is_a_sentence(command: str, home: pathlib.Path) -> None:
    (home / "file").write_text("in the way", encoding="utf-8")
    ran = digest(home, *command.split(), "--to", "file/folder")
    assert (ran.code, ran.out) == (1, "")
    assert "Not a directory" in ran.err

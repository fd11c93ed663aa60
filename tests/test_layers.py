"""The layers hold, and a breach is really found."""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import sys

import pytest

from tests.conftest import REPOSITORY

_MOST_LINES = 400


def _lint_imports(folder: pathlib.Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter on the package in `folder`, and be sure that it is that one."""
    environment = os.environ | {"PYTHONPATH": str(folder), "NO_COLOR": "1", "COLUMNS": "300"}
    where = subprocess.run(
        [sys.executable, "-c", "import digest; print(digest.__file__)"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert pathlib.Path(where.stdout.strip()).is_relative_to(folder)
    return subprocess.run(
        [pathlib.Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def copy(tmp_path: pathlib.Path) -> pathlib.Path:
    """A copy of the package with its contracts, to break."""
    shutil.copytree(REPOSITORY / "digest", tmp_path / "digest", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(REPOSITORY / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_package_keeps_its_contracts(copy: pathlib.Path) -> None:
    done = _lint_imports(copy)
    assert done.returncode == 0, done.stdout
    assert "2 kept, 0 broken" in done.stdout


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        pytest.param("ranker/score.py", "import socket", "The core does no I/O", id="the ranker opens a socket"),
        pytest.param("mailer/view.py", "import sqlalchemy", "The core does no I/O", id="the mailer asks a database"),
        pytest.param("pipeline/composing.py", "import digest.adapters.fetch", "The core does no I/O", id="the pipeline knows an adapter"),
        pytest.param("text/tidy.py", "import digest.ranker.rank", "The doors stand on", id="the text leans on the ranker"),
        pytest.param("adapters/outbox.py", "import digest.app", "The doors stand on", id="an adapter leans on the root"),
    ],
)  # fmt: skip
def test_a_breach_is_found_and_named(copy: pathlib.Path, module: str, line: str, contract: str) -> None:
    path = copy / "digest" / module
    before = path.read_text(encoding="utf-8")
    anchor = "from __future__ import annotations\n"
    assert anchor in before
    path.write_text(before.replace(anchor, f"{anchor}{line}\n", 1), encoding="utf-8")
    done = _lint_imports(copy)
    assert done.returncode == 1, done.stdout
    [kept_or_broken] = [text for text in done.stdout.splitlines() if text.startswith(contract)][:1]
    assert kept_or_broken.endswith("BROKEN")
    assert line.removeprefix("import ") in done.stdout.partition("Broken contracts")[2]


@pytest.mark.parametrize(
    "module",
    [
        pytest.param(path, id=str(path.relative_to(REPOSITORY)))
        for path in sorted((REPOSITORY / "digest").rglob("*.py"))
    ],
)
def test_no_module_is_longer_than_400_lines(module: pathlib.Path) -> None:
    assert len(module.read_text(encoding="utf-8").splitlines()) <= _MOST_LINES

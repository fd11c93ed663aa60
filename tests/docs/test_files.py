"""docs/reference/files.md has every file and folder that ships, every key of the word lists, and no other."""

from __future__ import annotations

import pathlib
import shutil
import subprocess
import tomllib
from collections.abc import Iterator, Mapping

from digest.ranker.gravity import GRADES
from tests.conftest import REPOSITORY, require
from tests.docs.pages import DOCS, codes, sections, table

_SECTIONS = sections((DOCS / "reference" / "files.md").read_text(encoding="utf-8"))


def _first_cells(section: str) -> set[str]:
    return {name for row in table(_SECTIONS[section]) for name in codes(row[0])}


def _files(folder: pathlib.Path) -> Iterator[pathlib.Path]:
    return (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)


def test_the_page_has_every_file_of_config_and_no_other() -> None:
    there = {path.relative_to(REPOSITORY).as_posix() for path in _files(REPOSITORY / "config")}
    assert _first_cells("config") == there


def test_the_page_has_every_folder_of_templates_and_the_files_of_each_letter() -> None:
    rows = {codes(row[0])[0]: row[1] for row in table(_SECTIONS["templates"])}
    there = {path.relative_to(REPOSITORY).as_posix() for path in (REPOSITORY / "templates").iterdir()}
    assert set(rows) == there
    for folder, holds in rows.items():
        files = {path.name for path in (REPOSITORY / folder).iterdir() if path.is_file()}
        named = {name for name in codes(holds) if name.endswith(".j2")}
        # The web's pages are many and no one's to replace one by one.
        assert named == (set() if folder == "templates/web" else files), folder


def test_the_page_has_everything_at_the_top_of_the_checkout_and_nothing_else() -> None:
    require(shutil.which("git") is not None and (REPOSITORY / ".git").exists(), "a git checkout")
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=REPOSITORY,
        capture_output=True,
        check=True,
        text=True,
    ).stdout.split("\0")
    there = {path.partition("/")[0] for path in listed if path and (REPOSITORY / path).exists()}
    assert _first_cells("The checkout") == there


def test_the_page_has_the_grades_of_gravity() -> None:
    lists = tomllib.loads((REPOSITORY / "config" / "gravity.toml").read_text(encoding="utf-8"))
    assert _first_cells("gravity.toml") == set(GRADES)
    assert {f"[{language}]" for language in lists} <= set(codes(_SECTIONS["gravity.toml"]))


def test_the_page_has_every_key_of_the_gazetteer_and_no_other() -> None:
    told: dict[str, set[str]] = {}
    here = ""
    for row in table(_SECTIONS["gazetteer"]):
        here = row[0] or here
        told.setdefault(here, set()).update(codes(row[1]))
    used: dict[str, set[str]] = {name: set() for name in told}
    for path in (REPOSITORY / "config" / "gazetteer").glob("*.toml"):
        for name, keys in _keys(tomllib.loads(path.read_text(encoding="utf-8"))):
            used[name].update(keys)
    assert told == used


def _keys(file: Mapping[str, object]) -> Iterator[tuple[str, set[str]]]:
    """Yield the keys of each table of a gazetteer's file, by the table as the page names it."""
    for key, value in file.items():
        if isinstance(value, Mapping):
            yield "a country's code, such as `[JO]`", set(value)
        elif isinstance(value, list) and all(isinstance(row, dict) for row in value):
            for row in value:
                yield f"`[[{key}]]`", set(row)
                for context in row.get("context", []):
                    yield "`[[ambiguous.context]]`", set(context)
        else:
            yield "top of the file", {key}


def test_the_kinds_of_institutions_are_those_that_are_used() -> None:
    [kinds] = [set(codes(row[2])) for row in table(_SECTIONS["gazetteer"]) if codes(row[1]) == ["kind"]]
    files = (REPOSITORY / "config" / "gazetteer").glob("*.toml")
    rows = [row for path in files for row in tomllib.loads(path.read_text("utf-8")).get("institution", [])]
    assert {row["kind"] for row in rows} == kinds

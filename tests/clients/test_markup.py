"""The letters' HTML against what clients can (caniemail) and what HTML allows (html-validate); see allowed.toml."""

from __future__ import annotations

import json
import pathlib
import re
import shutil
import subprocess
import tomllib
from typing import Any

import pytest

from tests.clients.letters import NAMES, THEMES, each_letter, letters
from tests.conftest import REPOSITORY, require

_HERE = pathlib.Path(__file__).parent
_ALLOWED: dict[str, list[dict[str, Any]]] = tomllib.loads((_HERE / "allowed.toml").read_text("utf-8"))
_CLIENTS = {(row["feature"], client) for row in _ALLOWED["caniemail"] for client in row["clients"]}
_PLANTED = (
    '<!DOCTYPE html><html lang="ar"><head><title>x</title><style>p { display: grid }</style></head>'
    '<body><p id="a">x</p><p id="a">y</p></body></html>'
)

#: For each page, pairs under `clients` (feature, client) and `markup` (rule, message).
Findings = dict[str, dict[str, list[list[str]]]]


def _run_node(pages: dict[str, str], folder: pathlib.Path) -> Findings:
    node = shutil.which("node")
    require(node is not None, "node")
    for module in ("caniemail", "html-validate"):
        require((REPOSITORY / "node_modules" / module).is_dir(), f"{module} (npm ci)")
    assert node is not None
    paths = {name: folder / f"{name}.html" for name in pages}
    for name, path in paths.items():
        path.write_text(pages[name], encoding="utf-8")
    command = [node, str(_HERE / "check_pages.mjs"), *map(str, paths.values())]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    return {name: found[str(path)] for name, path in paths.items()}


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory) -> Findings:
    """What was found in each letter, and in a page that is wrong on purpose."""
    pages = {f"{one.theme}-{one.name}": one.html for one in letters()}
    return _run_node(pages | {"planted": _PLANTED}, tmp_path_factory.mktemp("pages"))


def _is_allowed(rule: str, message: str) -> bool:
    return any(
        row["rule"] == rule and re.search(row["message"], message) for row in _ALLOWED["html_validate"]
    )


@each_letter
def test_r07_caniemail_finds_only_what_is_known_to_be_harmless(
    findings: Findings, theme: str, name: str
) -> None:
    found = {(feature, client) for feature, client in findings[f"{theme}-{name}"]["clients"]}
    assert sorted(found - _CLIENTS) == []


def test_r07_everything_that_is_allowed_still_occurs(findings: Findings) -> None:
    found = {
        (feature, client)
        for page, rows in findings.items()
        for feature, client in rows["clients"]
        if page != "planted"
    }
    assert sorted(_CLIENTS - found) == []


@each_letter
def test_r13_html_validate_finds_only_what_mail_needs(findings: Findings, theme: str, name: str) -> None:
    found = findings[f"{theme}-{name}"]["markup"]
    assert [(rule, message) for rule, message in found if not _is_allowed(rule, message)] == []


def test_r13_everything_that_is_allowed_still_occurs(findings: Findings) -> None:
    found = [row for page, rows in findings.items() if page != "planted" for row in rows["markup"]]
    stale = [
        (allowed["rule"], allowed["message"])
        for allowed in _ALLOWED["html_validate"]
        if not any(rule == allowed["rule"] and re.search(allowed["message"], text) for rule, text in found)
    ]
    assert stale == []


def test_both_checks_find_what_is_wrong(findings: Findings) -> None:
    planted = findings["planted"]
    assert any("grid" in feature for feature, _ in planted["clients"])
    assert "no-dup-id" in {rule for rule, _ in planted["markup"]}
    # gmail.mobile-webmail is left out, the others are all there.
    families = {client.partition(".")[0] for _, client in planted["clients"]}
    assert families <= {"gmail", "outlook", "apple-mail", "yahoo"}
    assert "gmail.mobile-webmail" not in {client for _, client in planted["clients"]}


@pytest.mark.parametrize("kind", ["caniemail", "html_validate"])
def test_each_allowance_has_a_reason(kind: str) -> None:
    rows = _ALLOWED[kind]
    assert rows
    assert [row for row in rows if len(row["why"].split()) < 5] == []


def test_the_versions_are_exact_and_the_lock_names_no_address() -> None:
    package = json.loads((REPOSITORY / "package.json").read_text("utf-8"))
    lock = (REPOSITORY / "package-lock.json").read_text("utf-8")
    locked = json.loads(lock)["packages"]
    for name, version in package["devDependencies"].items():
        assert locked[f"node_modules/{name}"]["version"] == version
    assert re.findall(r"://|\"resolved\"|\"funding\"", lock) == []
    assert [name for name, entry in locked.items() if name and "integrity" not in entry] == []


def test_every_theme_and_every_letter_is_read(findings: Findings) -> None:
    assert "email" in THEMES
    assert len(findings) == len(THEMES) * len(NAMES) + 1


def test_each_of_the_thirty_requirements_has_a_test_of_its_number() -> None:
    named = [re.findall(r"def test_r(\d\d)_", path.read_text("utf-8")) for path in _HERE.glob("test_*.py")]
    assert {int(number) for numbers in named for number in numbers} == set(range(1, 31))

"""The letters before SpamAssassin, offline, as a receiving server would score them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping

import pytest

from tests.clients.letters import THEMES, letter
from tests.conftest import require

_NAMES = ("full", "short", "latin")
#: A letter that a server should not like.
_UNDATED = "undated"


def _undated() -> bytes:
    lines = letter("email", "short").raw.split(b"\r\n")
    return b"\r\n".join(line for line in lines if not line.startswith((b"Date:", b"List-ID:")))


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """What SpamAssassin says of each letter: one start for all, which costs more than what it reads."""
    program = shutil.which("spamassassin")
    require(program is not None, "SpamAssassin")
    assert program is not None
    home = tmp_path_factory.mktemp("spamassassin")
    letters = {f"{name}-{theme}": letter(theme, name).raw for name in _NAMES for theme in THEMES}
    letters[_UNDATED] = _undated()
    files = []
    for name, raw in letters.items():
        file = home / f"{name}.eml"
        file.write_bytes(raw)
        files.append(str(file))
    # Local tests only, no look-up in the network.
    done = subprocess.run(
        [program, "--test-mode", "--local", *files],
        capture_output=True,
        env={"HOME": str(home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"},
        timeout=100,
        check=True,
    )
    out = done.stdout.decode(errors="replace")
    told = re.split(r"^(?=Content analysis details:)", out, flags=re.MULTILINE)[1:]
    return dict(zip(letters, told, strict=True))


def _points(report: str) -> float:
    found = re.match(r"Content analysis details:\s+\((-?[\d.]+) points", report)
    assert found, report
    return float(found[1])


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", _NAMES)
def test_r30_spamassassin_has_nothing_against_it(theme: str, name: str, reports: Mapping[str, str]) -> None:
    report = reports[f"{name}-{theme}"]
    assert _points(report) <= 0, report


def test_the_score_would_rise_for_a_letter_without_a_date(reports: Mapping[str, str]) -> None:
    assert _points(reports[_UNDATED]) > 0, reports[_UNDATED]

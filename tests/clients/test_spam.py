"""The letters before SpamAssassin, offline, as a receiving server would score them."""

from __future__ import annotations

import os
import pathlib
import re
import shutil
import subprocess

import pytest

from tests.clients.letters import THEMES, letter
from tests.conftest import require


def _score(raw: bytes, home: pathlib.Path) -> tuple[float, str]:
    """Return a message's points and the report that explains them; local tests only, no look-up in the network."""
    program = shutil.which("spamassassin")
    require(program is not None, "SpamAssassin")
    assert program is not None
    done = subprocess.run(
        [program, "--test-mode", "--local"],
        input=raw,
        capture_output=True,
        env={"HOME": str(home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"},
        timeout=100,
        check=True,
    )
    out = done.stdout.decode(errors="replace")
    found = re.search(r"Content analysis details:\s+\((-?[\d.]+) points", out)
    assert found, out
    return float(found[1]), out[found.start() :]


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", ["full", "short", "latin"])
def test_r30_spamassassin_has_nothing_against_it(theme: str, name: str, tmp_path: pathlib.Path) -> None:
    points, report = _score(letter(theme, name).raw, tmp_path)
    assert points <= 0, report


def test_the_score_would_rise_for_a_letter_without_a_date(tmp_path: pathlib.Path) -> None:
    lines = letter("email", "short").raw.split(b"\r\n")
    undated = b"\r\n".join(line for line in lines if not line.startswith((b"Date:", b"List-ID:")))
    points, report = _score(undated, tmp_path)
    assert points > 0, report

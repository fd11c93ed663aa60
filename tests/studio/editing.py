"""What an editor does to files."""

from __future__ import annotations

import pathlib

HTML = "templates/email/edition.html.j2"
TEXT = "templates/email/edition.txt.j2"


def change(path: pathlib.Path, old: str, new: str) -> None:
    """Save a file with the first `old` replaced; one that is not there would prove nothing."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def line_of(path: pathlib.Path, words: str) -> int:
    """Return the number of the first line that holds the words."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if words in line)

"""The text twin's lines: cut for reading, then each with isolates of its own, since a line's end closes them (UAX #9)."""

from __future__ import annotations

import functools
import re
import unicodedata

from digest.text.bidi import FSI, LRI, LRM, PDI, RLI, RLM, isolate_plain, split_runs

#: Columns of a line, as mail has been read for forty years (RFC 3676, 4.2).
COLUMNS = 72
#: Keeps the words of a run together while lines are cut; feed text has none, it is no character that shows.
_GLUE = "\0"
# From the first isolate's beginning to its end, those inside it included.
_ISOLATED = re.compile(f"[{LRI}{RLI}{FSI}](?:[^{LRI}{RLI}{FSI}{PDI}]|[{LRI}{RLI}{FSI}][^{PDI}]*{PDI})*{PDI}")


def display_width(text: str) -> int:
    """Return how many columns of a terminal a text takes: marks and joiners none, CJK and emoji two.

    >>> display_width("كِتَاب"), display_width("日本")
    (4, 4)
    """
    return sum(map(_columns, text))


@functools.lru_cache(maxsize=4096)
def _columns(char: str) -> int:
    if char.isascii():
        return int(char.isprintable())
    if unicodedata.category(char) in {"Mn", "Me", "Cf", "Cc"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1


def _words(text: str, width: int, around: str) -> list[str]:
    """Return the words between which a line may be cut; a run that fits into one line is one word."""
    glued = "".join(
        piece.replace(" ", _GLUE) if held and display_width(piece) <= width else piece
        for piece, held in split_runs(text, around)
    )
    return glued.split()


def wrap_text(text: str, width: int = COLUMNS, around: str = "rtl") -> str:
    """Return a paragraph in lines of at most `width` columns, cut between words and in no run.

    A word that is wider stands alone in its line: an address that is cut leads nowhere.
    """
    lines: list[list[str]] = [[]]
    used = 0
    for word in _words(text, width, around):
        columns = display_width(word.replace(_GLUE, " "))
        if lines[-1] and used + 1 + columns > width:
            lines.append([])
            used = 0
        used += columns + bool(lines[-1])
        lines[-1].append(word)
    return "\n".join(" ".join(line) for line in lines).replace(_GLUE, " ")


def bidi_text(text: str, around: str = "rtl") -> str:
    """Return one line of plain text in which the runs against the direction `around` are isolated."""
    return isolate_plain(text, around)


def lead_line(line: str, direction: str) -> str:
    """Return a line of plain text with a mark before it where a client would take it for the other direction.

    Clients seek a direction for each line by itself. By rule P2 they skip isolates; browsers, and what stands on
    them, look inside (HTML, `dir=auto`).
    """
    if not line or (_first_strong(line) == _first_strong(_ISOLATED.sub("", line)) == direction):
        return line
    return (RLM if direction == "rtl" else LRM) + line


def _first_strong(text: str) -> str:
    kinds = (unicodedata.bidirectional(char) for char in text)
    return next(("ltr" if kind == "L" else "rtl" for kind in kinds if kind in {"L", "R", "AL"}), "")

"""Direction: which way a text runs, and isolates around the parts that run the other way.

Mail clients drop `<bdi>` and CSS isolation, so a left-to-right run inside right-to-left text is held together
by `<span dir="ltr">` in HTML and by the isolates U+2066-U+2069 (UAX #9) in plain text and headers. Without
them `3.2%` shows as `%3.2`, `C++` as `++C` and `3-1` as `1-3`. Pure.
"""

from __future__ import annotations

import re
import unicodedata

LRI = "\N{LEFT-TO-RIGHT ISOLATE}"
RLI = "\N{RIGHT-TO-LEFT ISOLATE}"
FSI = "\N{FIRST STRONG ISOLATE}"
PDI = "\N{POP DIRECTIONAL ISOLATE}"
RLM = "\N{RIGHT-TO-LEFT MARK}"

_RTL_LANGUAGES = frozenset({"ar", "fa", "ur", "he", "ps", "ckb", "ug", "yi", "dv", "sd"})

# An address of the web, to its last letter: the full stop behind it is the sentence's.
_URL = r"https?://[!-~]*[A-Za-z0-9/]"
# A word with a Latin letter in it, marks and digits that belong to it included: C++, COP-31, Nimbus-3, 20€.
_LATIN_WORD = r"[#@$€£+\-]?(?:[A-Za-z0-9\u00c0-\u024f]+(?:['’./:_&=?#@+\-–%~,][A-Za-z0-9\u00c0-\u024f]+)*)(?:\+\+|[%+#/$€£])?"
# A number that a right-to-left line would turn round: signed, a percentage, a score or range, a decimal, a
# clock time, money.
_NUMBER = r"[+\-−]?[$€£]?\d+(?:[.,:/\-–]\d+)*[%$€£+]?"
_LATIN_RUN = re.compile(rf"{_URL}|{_LATIN_WORD}(?:[ ,;&\-–]{{1,2}}{_LATIN_WORD})*|{_NUMBER}")
_PLAIN_INTEGER = re.compile(r"\d+")


def is_rtl(locale: str) -> bool:
    """Say whether the language of a locale (`ar`, `ar_EG`, `en`) is written from right to left."""
    return re.split(r"[_-]", locale, maxsplit=1)[0].lower() in _RTL_LANGUAGES


def direction(locale: str) -> str:
    """Return `rtl` or `ltr`, as HTML's `dir` wants it."""
    return "rtl" if is_rtl(locale) else "ltr"


def starts_rtl(text: str) -> bool:
    """Say whether the first strong character of a text runs from right to left (UAX #9, rules P2 and P3)."""
    for char in text:
        kind = unicodedata.bidirectional(char)
        if kind in {"R", "AL"}:
            return True
        if kind == "L":
            return False
    return False


def split_runs(text: str) -> list[tuple[str, bool]]:
    """Return right-to-left text in pieces, each with whether it runs from left to right.

    >>> split_runs("فوز 3-1 في 2026")
    [('فوز ', False), ('3-1', True), (' في 2026', False)]
    """
    pieces: list[tuple[str, bool]] = []
    end = 0
    for found in _LATIN_RUN.finditer(text):
        # A bare integer keeps its order in either direction.
        if _PLAIN_INTEGER.fullmatch(found.group()):
            continue
        if found.start() > end:
            pieces.append((text[end : found.start()], False))
        pieces.append((found.group(), True))
        end = found.end()
    return [*pieces, (text[end:], False)] if end < len(text) else pieces


def isolate_plain(text: str) -> str:
    """Return right-to-left plain text with its left-to-right runs between isolates."""
    return "".join(f"{LRI}{piece}{PDI}" if ltr else piece for piece, ltr in split_runs(text))


def lead_rtl(text: str) -> str:
    """Return a header's text that begins from right to left, with U+200F in front where it would not.

    A subject that begins with a Latin word, a number or an emoji makes the whole line run left to right.
    """
    first_strong = next(
        (char for char in text if unicodedata.bidirectional(char) in {"L", "R", "AL", "LRI", "EN"}), ""
    )
    if first_strong and unicodedata.bidirectional(first_strong) in {"R", "AL"}:
        return text
    return RLM + text

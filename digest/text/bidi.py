"""Direction: which way a text runs, and isolates around the parts that run the other way.

Mail clients drop `<bdi>` and CSS isolation, so a left-to-right run inside right-to-left text is held together
by `<span dir="ltr">` in HTML and by the isolates U+2066-U+2069 (UAX #9) in plain text and headers. Without
them `3.2%` shows as `%3.2`, `C++` as `++C` and `3-1` as `1-3`.

Numbers in Arabic-Indic digits are left alone in right-to-left text: there the sign stands on the right of the
number and ٪ on its left, as CLDR has it for `ar` and `arab` (each with an Arabic letter mark), and so the algorithm shows them. An isolate
from left to right would not turn them round either: a hyphen between two such numbers runs from right to left
wherever it stands (rule N1). Left-to-right text holds them together as it does Arabic words. Pure.
"""

from __future__ import annotations

import functools
import re
import unicodedata

LRI = "\N{LEFT-TO-RIGHT ISOLATE}"
RLI = "\N{RIGHT-TO-LEFT ISOLATE}"
FSI = "\N{FIRST STRONG ISOLATE}"
PDI = "\N{POP DIRECTIONAL ISOLATE}"
RLM = "\N{RIGHT-TO-LEFT MARK}"
LRM = "\N{LEFT-TO-RIGHT MARK}"

_RTL_LANGUAGES = frozenset({"ar", "fa", "ur", "he", "ps", "ckb", "ug", "yi", "dv", "sd"})

# Letters and digits from right to left: Hebrew, Arabic and their neighbours, with the digits of Arabic and Persian.
_RTL = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff"
# Letters from left to right, and their accents.
_LTR = (
    "A-Za-z\u00aa\u00b5\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02b8\u0300-\u036f\u0370-\u0373\u0376-\u037d\u037f-\u058f"
    "\u0900-\u167f\u1681-\u17ff\u1820-\u1fff\u2c00-\u2dff\u3041-\u4dbf\u4e00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff"
)
_WRITTEN = f"0-9{_LTR}"
# What a figure carries behind it: money, a part of a hundred or a thousand.
_UNIT = "%٪‰$€£¥"
# An address of the web, to its last letter: the full stop behind it is the sentence's.
_URL = r"(?:https?://|www\.)[^\s<>«»\"“”،؛\u2066-\u2069]*[^\s<>«»\"“”،؛.,:;!?؟)\]}'’…\u2066-\u2069]"
# U.S., a.m., and the titles and firms that are written with a full stop before another word.
_SHORT = (
    r"(?:[A-Za-z]\.){2,}(?![A-Za-z])|(?:Mr|Mrs|Ms|Dr|St|Jr|Sr|No|Inc|Ltd|Co|Corp|vs|[A-Z])\.(?= [A-Za-z0-9])"
)
_WITHIN = r"['’./:_&=?#@+\-–~%,°]{1,2}"
# Letters and digits with the marks that a word may hold within: Wi-Fi, R&D, news@a.example, 6.2.1, L'Équipe.
_CORE = rf"(?=(?:[0-9]+{_WITHIN}){{0,8}}[0-9]*[_{_LTR}])[_{_WRITTEN}]+(?:{_WITHIN}[_{_WRITTEN}]+)*"
# What is a sign before a word or a figure is a hyphen behind a letter: كوفيد-19.
_SIGN_MAY_STAND = rf"(?<![_{_WRITTEN}{_RTL}])"
_WORD_ENDS = rf"(?![_{_WRITTEN}{_RTL}])"
_WORD = rf"(?!https?://|www\.)(?:{_SHORT}|(?:{_SIGN_MAY_STAND}[+\-.]|[@#$€£¥])?{_CORE}(?:\+\+|[+#/$€£¥%]{_WORD_ENDS})?)"
# What a name goes on with: 17 behind iPhone, 737-800 behind Boeing; but no score, and no figure with a sign.
_MODEL = (
    r"(?![0-9]{1,2}[-–][0-9]{1,2}(?![0-9]))[0-9]+(?:[.\-][0-9]+)*"
    rf"{_WORD_ENDS}(?! ?[{_UNIT}]|[°/+]|[.,:\-–][0-9])"
)
_BETWEEN = r"(?: & |: |[ ,;&/\-–—]{1,2})"
_LATIN = rf"{_WORD}(?:{_BETWEEN}(?:{_WORD}|{_MODEL}))*"
# +966 11 123 4567, (02) 2345-6789.
_PHONE = r"(?:\+[0-9]{1,4}|\([0-9]{1,4}\)|(?<![0-9])[0-9]{2,4})(?:[ .\-][0-9]{2,4}){2,}(?![0-9])"
_AMOUNT = r"[0-9]{1,3}(?: [0-9]{3})+(?![0-9])|[0-9]+(?:[.,:/\-–٫٬][0-9]+)*"
# A number that a right-to-left line would turn round: signed, a percentage, a score or range, a decimal, a clock
# time, money. A score with spaces (3 - 1) stays as it is: each figure is then beside its own team.
_NUMBER = rf"(?:{_SIGN_MAY_STAND}[+\-−±~≈]{{1,2}})?[$€£¥]?(?:{_AMOUNT})(?:°| ?[{_UNIT}](?![0-9])|\+)?"
_LTR_RUN = re.compile(f"{_URL}|{_LATIN}|{_PHONE}|{_NUMBER}")
_RTL_LETTER, _LTR_LETTER = re.compile(f"[{_RTL}]"), re.compile(f"[{_LTR}]")
_PLAIN_INTEGER = re.compile("[0-9]+")
_RTL_RUN = re.compile(rf"[{_RTL}](?:[^{_LTR}]*[{_RTL}])?(?:-?[0-9]+(?:[.,:/][0-9]+)*%?)?")


def is_rtl(locale: str) -> bool:
    """Say whether the language of a locale (`ar`, `ar_EG`, `en`) is written from right to left."""
    return re.split(r"[_-]", locale, maxsplit=1)[0].lower() in _RTL_LANGUAGES


def direction(locale: str) -> str:
    """Return `rtl` or `ltr`, as HTML's `dir` wants it.

    >>> direction("ar_EG"), direction("fr")
    ('rtl', 'ltr')
    """
    return "rtl" if is_rtl(locale) else "ltr"


def starts_rtl(text: str) -> bool:
    """Say whether the first strong character of a text runs from right to left (UAX #9, rules P2 and P3).

    >>> starts_rtl("«خبر"), starts_rtl("3 nouvelles")
    (True, False)
    """
    for char in text:
        kind = unicodedata.bidirectional(char)
        if kind in {"R", "AL"}:
            return True
        if kind == "L":
            return False
    return False


# A letter's headlines, outlets and places stand in it several times, and again in its every variant.
@functools.lru_cache(maxsize=4096)
def split_runs(text: str, around: str = "rtl") -> tuple[tuple[str, bool], ...]:
    """Return text of the direction `around` in pieces, each with whether it runs the other way.

    >>> split_runs("فوز 3-1 في 2026")
    (('فوز ', False), ('3-1', True), (' في 2026', False))
    >>> split_runs("Al-Ahram (الأهرام) says", "ltr")
    (('Al-Ahram (', False), ('الأهرام', True), (') says', False))
    """
    if around == "rtl" and _LTR_LETTER.search(text) and not _RTL_LETTER.search(text):
        # A name or a sentence of its own: Reuters (English).
        before, run, behind = text.partition(text.strip())
        return tuple(piece for piece in ((before, False), (run, True), (behind, False)) if piece[0])
    pieces: list[tuple[str, bool]] = []
    end = 0
    for found in (_LTR_RUN if around == "rtl" else _RTL_RUN).finditer(text):
        # A bare integer keeps its order in either direction.
        if _PLAIN_INTEGER.fullmatch(found.group()):
            continue
        if found.start() > end:
            pieces.append((text[end : found.start()], False))
        pieces.append((found.group(), True))
        end = found.end()
    if end < len(text):
        pieces.append((text[end:], False))
    return tuple(pieces)


def isolate_plain(text: str, around: str = "rtl") -> str:
    """Return plain text of the direction `around` with the runs that go the other way between isolates.

    >>> isolate_plain("في Paris") == f"في {LRI}Paris{PDI}"
    True
    """
    if around == "rtl":
        return "".join(f"{LRI}{piece}{PDI}" if ltr else piece for piece, ltr in split_runs(text))
    if starts_rtl(text):
        return f"{FSI}{isolate_plain(text)}{PDI}"
    return "".join(
        f"{RLI}{isolate_plain(piece)}{PDI}" if rtl else piece for piece, rtl in split_runs(text, "ltr")
    )


def lead(text: str, direction: str) -> str:
    """Return a header's text that begins in its direction, with a mark (U+200F or U+200E) where it would not."""
    if direction == "rtl":
        return lead_rtl(text)
    return text if text and unicodedata.bidirectional(text[0]) == "L" else LRM + text


def lead_rtl(text: str) -> str:
    """Return a header's text that begins from right to left, with U+200F in front where it would not.

    A subject that begins with a Latin word, a number or an emoji makes the whole line run left to right. Some
    clients look at the first character only, whatever it is: so a quotation mark gets a mark before it as well.
    """
    return text if text and unicodedata.bidirectional(text[0]) in {"R", "AL"} else RLM + text

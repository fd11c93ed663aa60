"""Comparison copies of text, Arabic first: normalised, cut into words, lightly stemmed.

A comparison copy is for matching only; what readers see is always the author's own spelling. The rules
are those of light10 (Larkey, Ballesteros and Connell, 2002) with fewer suffixes, since heavier stemmers
(Snowball, Khoja) merge names with common words: فرنسا must not become رنس. Latin words lose their plural by the
rules of the S stemmer (Harman, 1991), which most French plurals follow too; elisions (l', d', qu') and the possessive's s
are words of their own, which count for nothing.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Container, Iterable, Mapping

from digest.text.stop_words import STOP_WORDS, word_set

__all__ = [
    "SHORTEST_STEM",
    "STOP_WORDS",
    "bare_stems",
    "letters_share",
    "light_stem",
    "normalise",
    "stems",
    "stems_of",
    "without_article",
    "word_set",
    "words",
]

# Harakat and Quranic marks, tatweel, zero-width and bidi marks: written or not, the word is the same.
_DROPPED = dict.fromkeys(
    [
        *range(0x0610, 0x061B),
        *range(0x064B, 0x0660),
        0x0670,
        *range(0x06D6, 0x06EE),
        0x0640,
        0x061C,
        *range(0x200B, 0x2010),
        *range(0x202A, 0x202F),
        *range(0x2066, 0x206A),
        0xFEFF,
    ]
)
_FOLDED = str.maketrans(
    "أإآٱىیةؤئکگ" + "٠١٢٣٤٥٦٧٨٩" + "۰۱۲۳۴۵۶۷۸۹" + "٫٬",
    "اااايي" + "هوي" + "كك" + "0123456789" + "0123456789" + ".,",
)
_TABLE = {**_DROPPED, **_FOLDED}
# The letters of every sentence, and the tanween: to replace them one by one costs a tenth of the whole table, which
# is for texts that hold anything else of it.
_COMMON = tuple((letter, letter.translate(_TABLE)) for letter in "أإآىةؤئ\u064b")
_RARE = re.compile(f"[{''.join(map(chr, _TABLE.keys() - set(map(ord, dict(_COMMON)))))}]")
# A number with its decimal or thousands mark is one word; else letters and digits, underscores apart.
_WORD = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+")
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")

_PREFIXES = ("وال", "بال", "كال", "فال", "ولل", "لل", "ال")
_SUFFIXES = ("ها", "ات", "ان", "ين", "ون", "يه", "ه", "ي")
#: No stem is shorter than this many letters.
SHORTEST_STEM = 3


# For each particle, the shortest stem that may begin with it, and how many times as common the rest has to
# be: ف and ك begin names and common words (فراس، كمال) more often than they are particles.
_PARTICLES = {"و": (4, 1), "ب": (4, 1), "ل": (4, 1), "ف": (5, 4), "ك": (5, 4)}
# The same for stems of four letters that begin with ب or ل.
_SHORT_TIMES = 4


def normalise(text: str) -> str:
    """Return the comparison copy of a text: one spelling for what readers take as one.

    >>> normalise("الرئيسُ الأميركيّ في ٢٠٢٦")
    'الرييس الاميركي في 2026'
    >>> normalise("آسيا ـــ Łódź")
    'اسيا  łódź'
    """
    text = unicodedata.normalize("NFKC", text)
    for letter, plain in _COMMON:
        text = text.replace(letter, plain)
    if _RARE.search(text):
        text = text.translate(_TABLE)
    return text.casefold()


def words(text: str) -> list[str]:
    """Return the words of a text in comparison form, numbers whole.

    >>> words("ارتفع النفط 3.2% إلى 1,250 دولاراً #سد_النهضة")
    ['ارتفع', 'النفط', '3.2', 'الي', '1,250', 'دولارا', 'سد', 'النهضه']
    """
    found: list[str] = []
    for piece in normalise(text).split():
        # Most are letters only, and need no pattern.
        if piece.isalpha():
            found.append(piece)
        else:
            found += _WORD.findall(piece)
    return found


def without_article(word: str) -> str:
    """Return a word in comparison form without its article and the particles that are written with it.

    >>> [without_article(word) for word in ("والمحادثات", "للوزير", "لندن")]
    ['محادثات', 'وزير', 'لندن']
    """
    # One look at all of them is as dear as at one, and most words have none.
    if word.startswith(_PREFIXES):
        for prefix in _PREFIXES:
            if word.startswith(prefix) and len(word) - len(prefix) >= SHORTEST_STEM:
                return word[len(prefix) :]
    return word


@functools.lru_cache(maxsize=1 << 16)
def light_stem(word: str) -> str:
    """Return a word in comparison form without its article and its commonest endings.

    >>> [light_stem(word) for word in ("والمحادثات", "الامريكيه", "بريطانيا", "للوزير", "لندن")]
    ['محادث', 'امريك', 'بريطانيا', 'وزير', 'لندن']
    >>> [light_stem(word) for word in ("talks", "cities", "virus", "soldats", "1,250", "3,2")]
    ['talk', 'city', 'virus', 'soldat', '1250', '3.2']
    """
    if not "ء" <= word[0] <= "ي":
        return _plain_number(word) if word[0].isdigit() else _singular(word)
    word = without_article(word)
    if word.endswith(_SUFFIXES):
        for suffix in _SUFFIXES:
            if word.endswith(suffix) and len(word) - len(suffix) >= SHORTEST_STEM:
                word = word[: -len(suffix)]
    return word


def _singular(word: str) -> str:
    """Return a Latin word without its plural's s; economy, economies and économie are told alike at their ends."""
    if len(word) <= SHORTEST_STEM or word.endswith(("us", "ss")):
        return word
    word = word.removesuffix("s")
    return f"{word[:-2]}y" if word.endswith("ie") and not word.endswith(("aie", "eie")) else word


def _plain_number(number: str) -> str:
    """Return a number without marks of thousands; the decimal mark is a point."""
    return number.replace(",", "" if _THOUSANDS.fullmatch(number) else ".")


def bare_stems(counts: Mapping[str, int], protected: Container[str] = ()) -> dict[str, str]:
    """Return the stems that begin with a particle (و ف ب ك ل), each with the stem that is left without it.

    `counts` tells how often each stem occurs: only where the rest is the commoner word is the first letter a
    particle, and not a part of the word, and never in a stem of `protected`. Every rest stands in `counts`.

    >>> bare_stems({"روسيا": 5, "وروسيا": 2, "بروسيا": 1, "كمال": 1, "مال": 9, "بريطانيا": 3, "ريطانيا": 1})
    {'وروسيا': 'روسيا', 'بروسيا': 'روسيا'}
    """
    found: dict[str, str] = {}
    for stem, count in counts.items():
        shortest, times = _PARTICLES.get(stem[0], (0, 0)) if stem else (0, 0)
        if not times or len(stem) < shortest:
            continue
        if len(stem) == SHORTEST_STEM + 1 and stem[0] in "بل":
            times = _SHORT_TIMES
        rest = counts.get(stem[1:], 0)
        if rest > count and rest >= times * count and stem not in STOP_WORDS and stem not in protected:
            found[stem] = stem[1:]
    return found


def stems(text: str) -> list[str]:
    """Return the stems of a text's words in order, stop words and single letters left out.

    >>> stems("قالت الوزيرة إن المحادثات في جنيف انتهت")
    ['قالت', 'وزير', 'محادث', 'جنيف', 'انتهت']
    """
    return stems_of(words(text))


def stems_of(its_words: Iterable[str]) -> list[str]:
    """Return the stems of words in comparison form in order, stop words and single letters left out.

    >>> stems_of(words("الوزير في المدينة"))
    ['وزير', 'مدين']
    """
    return [
        light_stem(word) for word in its_words if word not in STOP_WORDS and (len(word) > 1 or word.isdigit())
    ]


def letters_share(text: str) -> float:
    """Return the share of Arabic letters among all letters of a text; 0 where it has none.

    >>> letters_share("خبر abc")
    0.5
    """
    letters = [char for char in text if char.isalpha()]
    return sum("\u0600" <= char <= "\u06ff" for char in letters) / len(letters) if letters else 0.0

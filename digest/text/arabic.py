"""Comparison copies of Arabic text: normalised, cut into words, lightly stemmed.

A comparison copy is for matching only; what readers see is always the author's own spelling. The rules
are those of light10 (Larkey, Ballesteros and Connell, 2002) with fewer suffixes, since heavier stemmers
(Snowball, Khoja) merge names with common words: فرنسا must not become رنس.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Container, Iterable, Mapping

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
    "أإآٱىیةؤئکگ" + "٠١٢٣٤٥٦٧٨٩" + "۰۱۲۳۴۵۶۷۸۹" + "٫",
    "اااايي" + "هوي" + "كك" + "0123456789" + "0123456789" + ".",
)
_TABLE = {**_DROPPED, **_FOLDED}
# The letters of every sentence, and the tanween: to replace them one by one costs a tenth of the whole table, which
# is for texts that hold anything else of it.
_COMMON = tuple((letter, letter.translate(_TABLE)) for letter in "أإآىةؤئ\u064b")
_RARE = re.compile(f"[{''.join(map(chr, _TABLE.keys() - set(map(ord, dict(_COMMON)))))}]")
# A number with its decimal or thousands mark is one word; else letters and digits, underscores apart.
_WORD = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+")

_PREFIXES = ("وال", "بال", "كال", "فال", "ولل", "لل", "ال")
_SUFFIXES = ("ها", "ات", "ان", "ين", "ون", "يه", "ه", "ي")
#: No stem is shorter than this many letters.
SHORTEST_STEM = 3


def word_set(text: str) -> frozenset[str]:
    """Return the words of a list written as running text, as they stand."""
    return frozenset(text.split())


# For each particle, the shortest stem that may begin with it, and how many times as common the rest has to
# be: ف and ك begin names and common words (فراس، كمال) more often than they are particles.
_PARTICLES = {"و": (4, 1), "ب": (4, 1), "ل": (4, 1), "ف": (5, 4), "ك": (5, 4)}
# The same for stems of four letters that begin with ب or ل.
_SHORT_TIMES = 4

#: Words that say nothing about the event, in comparison form. The news's own filler (قال، أعلن) is left to
#: inverse document frequency.
STOP_WORDS = word_set(
    """
    في من علي الي عن مع بعد قبل بين حتي منذ خلال عند لدي حول ضد دون تحت فوق امام خلف عبر نحو
    ان انه انها انهم اذا اذ ثم او ام بل لكن لان كما كان كانت يكون تكون كانوا ليس ليست
    هذا هذه ذلك تلك هولاء هو هي هم هن نحن انت انا التي الذي الذين اللذين اللواتي ما ماذا لماذا كيف متي اين
    لا لم لن قد لقد سوف كل بعض غير اي ايضا فقط هناك هنا حيث وفق وفقا بشان بسبب اثر اثناء ضمن
    وقد ولا ولم ومن وفي وعلي والي وهو وهي وكان وكانت فيما مما عما به بها له لها منه منها فيه فيها عليه عليها
    the a an of in on at to for and or is are was were by with from as that this it its be has have
    le la les des du de et en un une au aux sur pour dans par est
    """
)


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
    """
    if not "ء" <= word[0] <= "ي":
        return word
    word = without_article(word)
    if word.endswith(_SUFFIXES):
        for suffix in _SUFFIXES:
            if word.endswith(suffix) and len(word) - len(suffix) >= SHORTEST_STEM:
                word = word[: -len(suffix)]
    return word


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
    """Return the stems of words in comparison form in order, stop words and single letters left out."""
    return [
        light_stem(word) for word in its_words if word not in STOP_WORDS and (len(word) > 1 or word.isdigit())
    ]


def letters_share(text: str) -> float:
    """Return the share of Arabic letters among all letters of a text; 0 where it has none."""
    letters = [char for char in text if char.isalpha()]
    return sum("\u0600" <= char <= "\u06ff" for char in letters) / len(letters) if letters else 0.0

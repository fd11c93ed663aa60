"""How a foreign name sounds, as far as two ways to write it agree: vowels and letters of one sound folded.

Arabic writes a foreign name by ear. Short vowels are left out or written long (ترمب، ترامب), and a sound that
Arabic lacks gets one of several letters (g: غ ج ك ق). What every spelling keeps is the order of the consonants.
"""

from __future__ import annotations

import re
import unicodedata

# A sound, and the letters that outlets write for it.
_SOUNDS = {
    "g": "غجكقگک",
    "f": "فڤ",
    "b": "بپ",
    "t": "تطث",
    "s": "سصزذظژ",
    "d": "دض",
    "S": "شچ",
    "h": "هح",
    "x": "خ",
    "E": "ع",
    "r": "ر",
    "m": "م",
    "n": "ن",
    "l": "ل",
}
_SOUND_OF = {letter: sound for sound, letters in _SOUNDS.items() for letter in letters}
_VOWELS = "اوي"
_TO_SOUNDS = str.maketrans(_SOUND_OF) | dict.fromkeys(map(ord, _VOWELS + "ء"))
_TO_CONSONANTS = dict.fromkeys(map(ord, _VOWELS + "ء"))
# Letters that stand for one foreign sound often; others of one sound do so seldom, and part native words.
_NEAR = [
    frozenset(pair)
    for pair in ("غج", "غك", "جك", "تط", "تث", "سز", "سص", "فڤ", "بپ", "شچ", "كگ", "غگ", "جگ", "زژ")
]

#: What another long vowel, or a letter that seldom takes the other's place, adds to the distance of two
#: spellings; a vowel left out adds 1.
_OTHER_VOWEL, _FAR_LETTER = 3, 4

# Letters of a Latin word that are rewritten before its consonants are read.
_REWRITTEN = (
    (re.compile(r"(?<=[aeiou])h(?![aeiouy])"), ""),  # Johnson: it only lengthens the vowel
    (re.compile(r"([b-df-hj-np-tvxz])\1"), r"\1"),
    (re.compile(r"c(?=[eiy])"), "s"),
    (re.compile(r"x"), "ks"),
    (re.compile(r"wh"), "w"),
)
# Latin spellings of a sound: of several letters, and of one.
_LATIN = {
    "sch": "S", "tch": "S", "sh": "S", "ch": "S", "kh": "x", "gh": "g", "ph": "f", "th": "t", "ck": "g",
    "dj": "g", "c": "g", "k": "g", "q": "g", "j": "g", "g": "g", "v": "f", "f": "f", "p": "b", "b": "b",
    "t": "t", "d": "d", "s": "s", "z": "s", "h": "h", "l": "l", "m": "m", "n": "n", "r": "r",
}  # fmt: skip
_LATIN_CONSONANT = re.compile("|".join(sorted(_LATIN, key=len, reverse=True)))
_LATIN_START = {"w": "و", "y": "ي"} | dict.fromkeys("aeiou", "ا")
_ARABIC_CONSONANT = re.compile(f"[^{_VOWELS}]")
# What a long vowel of Arabic may stand for in Latin letters.
_HEARD_AS = {"ا": "auo", "و": "ouw", "ي": "eiyau"}

# The forms of a native word: three consonants with a long vowel where a pattern has one, or two and a weak
# letter (فعل، فاعل، فعال، فعيل، فواعل، فعائل ...), between what patterns and inflection put before and after.
_C = "[ءبت-غفقكلمنه]"
_NATIVE = re.compile(
    "[وبلك]?(?:[متاني]|سي|ست|مت|اس|است|مست|يست|تست|ان|من|ين|تن|يت|تت|ما|تا|لل)?"
    f"(?:{_C}ا?{_C}[اوي]?{_C}|{_C}وا{_C}ي?{_C}|{_C}{_C}اي{_C}|{_C}و{_C}ا{_C}|{_C}ي{_C}ا{_C}"
    f"|{_C}ت{_C}?[اوي]{{0,2}}{_C}|{_C}[اوي]{{1,2}}{_C}|{_C}ا?{_C}[اوي]|[وي]ا?{_C}[اوي]?{_C})"
    "(?:ون|ين|ان|ات|يه|يون|يين|تين|تان|ايه|اوي|يا|نا|وا|ا?ته?ا?|(?:ات?|ت|ي)?(?:ه|ها|هم|هما|هن)|[هيتاو])?"
)


def spelling_key(word: str) -> str:
    """Return what the spellings of one foreign name share: its consonants by sound, and how it starts.

    The word is in comparison form and without article. Words of one key need not be one name: قتل and قاتل
    share theirs too.

    >>> spelling_key("ترامب") == spelling_key("ترمب") == spelling_key("trump")
    True
    >>> [spelling_key(word) for word in ("غوتيريش", "جوتيريش", "اردوغان", "facebook", "فيسبوك")]
    ['gtrS', 'gtrS', 'اrdgn', 'fsbg', 'fsbg']
    """
    if not word:
        return ""
    if "ء" <= word[0] <= "ۓ":
        start = word[0] if word[0] in _VOWELS else ""
        return start + word.removesuffix("ه").replace("تش", "ش").translate(_TO_SOUNDS)
    return _latin_key(word)


def _latin_key(word: str) -> str:
    plain = _plain_latin(word)
    return _LATIN_START.get(plain[:1], "") + "".join(map(_LATIN.__getitem__, _LATIN_CONSONANT.findall(plain)))


def _plain_latin(word: str) -> str:
    plain = "".join(char for char in unicodedata.normalize("NFKD", word) if char.isascii() and char.isalpha())
    for pattern, written in _REWRITTEN:
        plain = pattern.sub(written, plain)
    return plain


def looks_native(word: str) -> bool:
    """Say whether the patterns of Arabic can make such a word; of most foreign names they cannot.

    >>> [looks_native(word) for word in ("مقاتلون", "محكومه", "زوكربيرغ", "فيسبوك")]
    [True, True, False, False]
    """
    return _NATIVE.fullmatch(word) is not None


def spelling_distance(one: str, other: str) -> int:
    """Return how far apart two Arabic words of one key are: what they write differently, weighed.

    >>> [spelling_distance(*pair) for pair in (("ترمب", "ترامب"), ("ميركل", "ماركل"), ("تركيه", "طريقه"))]
    [1, 3, 6]
    """
    ours, theirs = _slots(one), _slots(other)
    if len(ours) != len(theirs):
        return _FAR_LETTER
    vowels = sum(
        _vowel_distance(mine, yours) for mine, yours in zip(ours, theirs, strict=True) if mine != yours
    )
    return vowels + _FAR_LETTER * (not _letters_near(one, other))


def _slots(word: str) -> list[str]:
    """Return the long vowels before, between and after the consonants of an Arabic word."""
    # A ه at the end is a vowel.
    return _ARABIC_CONSONANT.split(re.sub("ه$", "ا", word.replace("تش", "ش")))


def _vowel_distance(one: str, other: str) -> int:
    """Return 1 where one spelling only leaves a long vowel out, more where they disagree about it."""
    short, long = sorted((one, other), key=len)
    rest = iter(long)
    return 1 if all(vowel in rest for vowel in short) and short != long else _OTHER_VOWEL


def _letters_near(one: str, other: str) -> bool:
    ours, theirs = (word.replace("تش", "ش").translate(_TO_CONSONANTS) for word in (one, other))
    return ours == theirs or all(
        mine == yours or frozenset((mine, yours)) in _NEAR for mine, yours in zip(ours, theirs, strict=False)
    )


def may_transcribe(arabic: str, latin: str) -> bool:
    """Say whether an Arabic word may be the Latin one of its key as it is heard: no long vowel without a cause.

    >>> may_transcribe("فيسبوك", "facebook"), may_transcribe("سامباولي", "simple")
    (True, False)
    """
    # The alef at the start carries any vowel.
    heard = _slots(arabic.removeprefix("ا"))
    written = _LATIN_CONSONANT.split(_plain_latin(latin))
    if written[-1][-1:] in tuple("aiouy") and not heard[-1]:
        return False
    return len(heard) == len(written) and all(map(_vowels_agree, heard, written))


def _vowels_agree(heard: str, written: str) -> bool:
    """Say whether each long vowel between two consonants has a Latin vowel that it may stand for."""
    return all(
        any(vowel in written for vowel in _HEARD_AS[long])
        for long in heard
        if long != "ا" or "ي" not in heard
    )

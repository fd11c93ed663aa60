"""Text from outside made fit to show: no control characters, no overrides, one kind of space. Pure."""

from __future__ import annotations

import re
import unicodedata

# Marks that change the direction of what follows, or that nothing should show: C0 and C1 controls, line and
# paragraph separators, bidi embeddings, overrides, isolates and marks, zero-width space, word joiner, BOM, soft
# hyphen, the object replacement character, and surrogates that a damaged feed may bring. The joiners U+200C and
# U+200D stay: Persian words and emoji need them.
_HOSTILE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffc\ud800-\udfff]"
)
# White space of every kind, with the separators that end a line where none should end.
_SPACE = re.compile("[\\s\x1c-\x1f\x85\u2028\u2029]+")
# Arabic letters in their positional shapes, as old systems and PDF copies write them.
_PRESENTATION_FORMS = re.compile("[\ufb50-\ufdcf\ufdf0-\ufdff\ufe70-\ufefe]+")
_SPACE_BEFORE_MARK = re.compile(r" +([،؛:.!؟»)\]])")
_OPENING_THEN_SPACE = re.compile(r"([«(\[]) +")


def tidy(text: str) -> str:
    r"""Return one line of text that cannot harm what stands around it; letters and harakat are kept.

    >>> tidy("\u202eقمّة\u00a0الرياض \u2028  تبدأ\x07 اليوم")
    'قمّة الرياض تبدأ اليوم'
    >>> tidy("ﺍﻟﻘﻤﺔ")
    'القمة'
    """
    text = _PRESENTATION_FORMS.sub(lambda found: unicodedata.normalize("NFKC", found.group()), text)
    return _SPACE.sub(" ", _HOSTILE.sub("", text)).strip()


def tidy_paragraph(text: str) -> str:
    """Return tidy text with the space around punctuation that stripping tags leaves behind put right.

    >>> tidy_paragraph("قال الوزير : « نعم » .")
    'قال الوزير: «نعم».'
    """
    text = _SPACE_BEFORE_MARK.sub(r"\1", tidy(text))
    return _OPENING_THEN_SPACE.sub(r"\1", text)


# A hashtag within a sentence is its words: #سد_النهضة is سد النهضة.
_HASHTAG = re.compile(r"(?<![\w&/#])#(?=[^\W\d])(\w+)")
# Two Arabic words with nothing but a full stop or a comma between them; abbreviations (أ.ف.ب) have single letters.
_NO_SPACE = re.compile(r"(?<=[\u0621-\u064a]{2})([.،؛؟!])(?=[\u0621-\u064a]{2})")


def as_prose(text: str) -> str:
    """Return text as a newspaper prints it: hashtags as words, a space after each mark.

    >>> as_prose("توقف #سد_النهضة.وقال الوزير إن (أ.ف.ب) أخطأت")
    'توقف سد النهضة. وقال الوزير إن (أ.ف.ب) أخطأت'
    """
    spoken = _HASHTAG.sub(lambda found: found.group(1).replace("_", " ").strip(), text)
    return _NO_SPACE.sub(r"\1 ", spoken)


def shorten(text: str, most: int) -> str:
    """Return at most this many characters, cut between words and closed with an ellipsis.

    >>> shorten("افتتح الوزير الميناء الجديد", 14)
    'افتتح الوزير…'
    """
    if len(text) <= most:
        return text
    cut = text[: most - 1]
    head = cut.rsplit(" ", 1)[0] if " " in cut and text[most - 1] != " " else cut
    return head.rstrip(' ،؛:.-–—«("') + "…"

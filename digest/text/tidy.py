"""Text from outside made fit to show: no control characters, no overrides, one kind of space. Pure."""

from __future__ import annotations

import re
import unicodedata

# Marks that change the direction of what follows, or that nothing should show: C0 and C1 controls, line and
# paragraph separators, bidi embeddings, overrides, isolates and marks, zero-width space, word joiner, BOM, soft
# hyphen, fillers, the object replacement character, tags, noncharacters, and surrogates that a damaged feed may bring.
_HOSTILE_CHARACTERS = (
    "\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufdd0-\ufdef\ufeff\uffa0\ufff0-\ufffc\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f"
)
_HOSTILE = re.compile(f"[{_HOSTILE_CHARACTERS}]")
# The joiners U+200C and U+200D stay after a letter, a mark or an emoji: Persian words, the Hijri year's ه‍ and
# families of emoji need them. They go after a space, after Latin text and punctuation, and after one another, and
# the non-joiner goes where no letter follows it.
_STRAY_JOINER = re.compile(
    "(?<![^\x00-\u02ff\u2000-\u206f\u3000])[\u200c\u200d]+|(?<=[\u200c\u200d])[\u200c\u200d]+|\u200c(?![\u200c\u200d]*\\w)"
)
# Arabic letters in their positional shapes, and ligatures, as old systems and PDF copies write them.
_SHAPES = "\ufb00-\ufb06\ufb50-\ufdcf\ufdf0-\ufdff\ufe70-\ufefe"
_PRESENTATION_FORMS = re.compile(f"[{_SHAPES}]+")
# Accents, harakat and Hebrew points: no word has more than four on one letter, a flood of them covers other lines.
_MARKS = (
    "\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u08d3-\u08ff"
    "\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f"
)
_FLOOD = re.compile(f"([{_MARKS}]{{4}})[{_MARKS}]+")
# Most text has none of all these: one search tells.
_ODD = re.compile(f"[{_HOSTILE_CHARACTERS}{_SHAPES}\u200c\u200d]")
# A haraka's shape by itself stands on a space or a tatweel (Unicode, Arabic Presentation Forms-B).
_HARAKA_ALONE = re.compile("[ \u0640]+(?=[\u064b-\u0652\u0670])")
# A full stop that opens a Latin word or a number belongs to it: .NET, .sa, .5.
_SPACE_BEFORE_MARK = re.compile(r" +([،؛:!؟»)\]]|\.(?![A-Za-z0-9]))")
_OPENING_THEN_SPACE = re.compile(r"([«(\[]) +")
# One of both. The mark is looked for first, and then what stands beside it: there are more spaces than marks.
_SPACE_AT_A_MARK = re.compile(r"[،؛:.!؟»)\]](?<= .)|[«(\[](?= )")


def tidy(text: str) -> str:
    r"""Return one line of text that cannot harm what stands around it; letters and harakat are kept.

    >>> tidy("\u202eقمّة\u00a0الرياض \u2028  تبدأ\x07 اليوم")
    'قمّة الرياض تبدأ اليوم'
    >>> tidy("ﺍﻟﻘﻤﺔ")
    'القمة'
    """
    if _ODD.search(text):
        text = _HOSTILE.sub("", _PRESENTATION_FORMS.sub(_plain_letters, text))
        text = _STRAY_JOINER.sub("", text)
    text = _FLOOD.sub(r"\1", text)
    # Python's white space is of every kind, the separators that end a line among it.
    return " ".join(text.split())


def _plain_letters(shapes: re.Match[str]) -> str:
    return _HARAKA_ALONE.sub("", unicodedata.normalize("NFKC", shapes.group()))


def tidy_paragraph(text: str) -> str:
    """Return tidy text with the space around punctuation that stripping tags leaves behind put right.

    >>> tidy_paragraph("قال الوزير : « نعم » .")
    'قال الوزير: «نعم».'
    """
    text = tidy(text)
    if _SPACE_AT_A_MARK.search(text):
        text = _OPENING_THEN_SPACE.sub(r"\1", _SPACE_BEFORE_MARK.sub(r"\1", text))
    return text


# A hashtag within a sentence is its words: #سد_النهضة is سد النهضة.
_HASHTAG = re.compile(r"(?<![\w&/#])#(?=[^\W\d])(\w+)")
# Two Arabic words with nothing but a full stop, a comma or a colon between them; abbreviations (أ.ف.ب) have single letters,
# and addresses (العربية.نت) are one word.
# Here too the mark is looked for first, and then what stands before it.
_NO_SPACE = re.compile(r"([.،؛:؟!])(?<=[\u0621-\u064a]{2}.)(?=[\u0621-\u064a]{2})(?!(?:نت|كوم)(?!\w))")
# Names of Latin letters that are no words, or none that begins a sentence.
_LETTER = "إيه|ايه|بي|سي|دي|إف|اف|جي|إتش|اتش|آي|جيه|كيه|إل|إم|كيو|آر|إس|اس|تي|يو|دبليو|إكس|اكس|زد"
# Abbreviations by the names of their letters, in any number of them: السي.آي.إيه, بي.بي.سي. Two are so only where both
# are known: إم.آي.
_LETTER_NAMES = (
    r"(?<!\w)[وف]?[بكل]?(?:ال|لل)?(?:[\u0621-\u064a]{1,4}(?:\.[\u0621-\u064a]{1,4}){2,}"
    rf"|(?:{_LETTER})\.(?:{_LETTER}))(?!\w)"
)
_NO_SPACE_OR_LETTERS = re.compile(f"(?P<letters>{_LETTER_NAMES})|{_NO_SPACE.pattern}")


def as_prose(text: str) -> str:
    """Return text as a newspaper prints it: hashtags as words, a space after each mark.

    >>> as_prose("توقف #سد_النهضة.وقال الوزير إن (أ.ف.ب) أخطأت")
    'توقف سد النهضة. وقال الوزير إن (أ.ف.ب) أخطأت'
    >>> as_prose("قال.ثم نفت السي.آي.إيه")
    'قال. ثم نفت السي.آي.إيه'
    """
    if "#" in text:
        text = _HASHTAG.sub(lambda found: found.group(1).replace("_", " ").strip(), text)
    if _NO_SPACE.search(text):
        text = _NO_SPACE_OR_LETTERS.sub(lambda found: found["letters"] or f"{found.group()} ", text)
    return text


# What belongs to the character before it: marks, joiners, skin tones, the second half of a flag.
_GOES_ON = re.compile(f"[{_MARKS}\u200d\U0001f3fb-\U0001f3ff]")
_FLAG_LETTERS = re.compile("[\U0001f1e6-\U0001f1ff]*$")


def _whole(text: str, end: int) -> int:
    """Return the last place up to `end` at which no character is parted from its marks, no emoji from its family."""
    while 0 < end < len(text):
        flag = _FLAG_LETTERS.search(text, 0, end)
        half_a_flag = flag is not None and len(flag.group()) % 2 and "\U0001f1e6" <= text[end] <= "\U0001f1ff"
        if not (_GOES_ON.match(text, end) or text[end - 1] == "\u200d" or half_a_flag):
            break
        end -= 1
    return end


def shorten(text: str, most: int) -> str:
    """Return at most this many characters, cut between words and closed with an ellipsis.

    >>> shorten("افتتح الوزير الميناء الجديد", 14)
    'افتتح الوزير…'
    """
    if len(text) <= most:
        return text
    cut = text[: _whole(text, most - 1)]
    head = cut.rsplit(" ", 1)[0] if " " in cut and text[most - 1] != " " else cut
    return head.rstrip(' ،؛:.-–—«("') + "…"

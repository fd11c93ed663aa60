"""The words of feeds' dates: months in Arabic, English and French, and the parts of the day.

All words stand in comparison form (digest.text.arabic.normalise), so that hamza, harakat and case do not count.
"""

from __future__ import annotations

# A line a month: Egypt and the Gulf, the Levant and Iraq, the Maghreb; English, French. Names of two words
# stand as `joined_months` leaves them.
_NAMES = """
    يناير ينايير كانونالثاني جانفي جانفييه january jan janvier janv
    فبراير شباط فيفري فيفرييه february feb febr février fevrier févr fevr fév fev
    مارس اذار مارث march mar mars
    ابريل نيسان افريل april apr avril avr
    مايو ايار مايس ماي may mai
    يونيو يونيه حزيران جوان june jun juin
    يوليو يوليه تموز جويليه جويلي يوليوز july jul juillet juil
    اغسطس اغسطوس اوغسطس اب غشت اغشت اوت august aug août aout
    سبتمبر سيبتمبر ايلول شتنبر شتمبر september sep sept septembre
    اكتوبر اوكتوبر تشرينالاول october oct octobre
    نوفمبر نوفنبر تشرينالثاني نونبر نونمبر november nov novembre
    ديسمبر ديسيمبر دسمبر كانونالاول دجنبر دجمبر december dec décembre decembre déc
"""
_MONTHS = {
    name: number for number, line in enumerate(_NAMES.strip().splitlines(), start=1) for name in line.split()
}
_SECOND_WORDS = {" الاول": "الاول", " اول": "الاول", " الثاني": "الثاني", " ثاني": "الثاني"}

_PARTS_OF_DAY = {
    "morning": (
        "am",
        "ص",
        "صباحا",
        "صباح",
        "فجرا",
        "فجر",
        "ضحي",
        "قبل الظهر",
        "قبل الزوال",
        "بعد منتصف الليل",
    ),
    "noon": ("ظهرا", "ظهر", "زوالا"),
    "evening": ("pm", "م", "مساء", "مساءا", "عصرا", "عصر", "بعد الظهر", "بعد الزوال", "عشاء"),
    "night": ("ليلا", "منتصف الليل"),
}
_PART_OF = {word: part for part, words in _PARTS_OF_DAY.items() for word in words}
#: The hours that are of the afternoon or the evening, where this part of the day is named.
_AFTERNOON = {"morning": range(0), "noon": range(1, 10), "evening": range(12), "night": range(5, 12)}
#: A part of the day behind a clock: 8:00 p.m., 8:00 مساء.
PART_PATTERN = rf"(?:{'|'.join(sorted(_PART_OF, key=len, reverse=True))}|[ap]\.\s?m)(?!\w)"
#: The parts of the day that say so wherever they stand, and mean nothing else.
ADVERB_PATTERN = r"(?<!\w)(?:صباحا|فجرا|ظهرا|زوالا|عصرا|مساءا?|ليلا)(?!\w)"


def joined_months(text: str) -> str:
    """Return a text with the Levant's months of two words made one: كانون الثاني, تشرين أول."""
    for first in ("كانون", "تشرين"):
        if first in text:
            for second, joined in _SECOND_WORDS.items():
                text = text.replace(first + second, first + joined)
    return text


def month_number(name: str) -> int | None:
    """Return the number of the month that a word names; None where it names none.

    >>> [month_number(name) for name in ("شباط", "غشت", "sept", "رمضان")]
    [2, 8, 9, None]
    """
    return _MONTHS.get(name)


def hour_of_day(hour: int, part: str) -> int:
    """Return the hour of the day that an hour of this part of it is; an hour past 12 is right already.

    Twelve م is noon, as programs write it; twelve at night (ليلا) is the day's beginning.

    >>> hour_of_day(8, "مساء"), hour_of_day(12, "a.m"), hour_of_day(1, "ظهرا"), hour_of_day(2, "ليلا")
    (20, 0, 13, 2)
    """
    # The English parts may carry full stops: p.m
    name = _PART_OF.get(part) or _PART_OF[part[0] + "m"]
    if hour in _AFTERNOON[name]:
        return hour + 12
    return 0 if hour == 12 and name in {"morning", "night"} else hour

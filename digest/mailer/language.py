"""How a locale speaks: its catalogue of messages, its dates and figures, its plurals. Pure."""

from __future__ import annotations

import datetime as dt
import gettext
from collections.abc import Iterable, Mapping
from typing import Literal
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time
from babel.numbers import format_decimal
from hijridate import Gregorian

from digest.text.bidi import direction

#: Whose month names an Arabic newsletter writes, by what its `months` says; CLDR has them by country.
ARABIC_MONTHS = {"gulf": "ar_SA", "levant": "ar_LB", "maghreb": "ar_DZ", "morocco": "ar_MA"}
# Languages in which the months of the Hijri calendar have names.
_HIJRI_LANGUAGES: Mapping[str, Literal["ar", "en", "bn", "tr"]] = {
    "ar": "ar",
    "en": "en",
    "bn": "bn",
    "tr": "tr",
}
# Persian and Urdu have figures of their own: their four, five and six look different.
_FIGURES = {"ar": "٠١٢٣٤٥٦٧٨٩", "ckb": "٠١٢٣٤٥٦٧٨٩"} | dict.fromkeys(("fa", "ur", "ps"), "۰۱۲۳۴۵۶۷۸۹")


class Language:
    """One locale with its messages; English message ids stand for themselves.

    `months` is a key of ARABIC_MONTHS, for Arabic only; empty: as the locale has them. `digits` is `latin`, or `arab`
    for the figures of the locale's script.
    """

    def __init__(
        self, locale: str, messages: gettext.NullTranslations, months: str = "", digits: str = "latin"
    ) -> None:
        self.locale = Locale.parse(locale.replace("-", "_"))
        self.messages = messages
        arabic = self.locale.language == "ar"
        self._months = Locale.parse(ARABIC_MONTHS[months]) if arabic and months else self.locale
        figures = _FIGURES.get(self.locale.language) if digits == "arab" else None
        self._figures = str.maketrans("0123456789", figures) if figures else {}

    def written(self, months: str, digits: str) -> Language:
        """Return the language with a newsletter's choice of month names and figures."""
        return Language(str(self.locale), self.messages, months, digits)

    @property
    def tag(self) -> str:
        """The language as HTML's `lang` wants it (BCP 47): `ar`, `ar-EG`."""
        return str(self.locale).replace("_", "-")

    @property
    def direction(self) -> str:
        """`rtl` or `ltr`."""
        return direction(self.locale.language)

    def say(self, message: str, **values: object) -> str:
        """Return a message in the language, with its {placeholders} filled."""
        return self.messages.gettext(message).format(**values)

    def count(self, one: str, many: str, number: int, **values: object) -> str:
        """Return a message in the plural form that the language has for the number.

        Arabic has six: none, one, two, few (3-10), many (11-99), other.
        """
        return self.messages.ngettext(one, many, number).format(n=self.number(number), **values)

    def list(self, items: Iterable[str]) -> str:
        """Return the items as the language lists them, parted by its comma."""
        return self.messages.pgettext("between items", ", ").join(items)

    @property
    def separator(self) -> str:
        """What stands between two facts of a line; beside Arabic figures a dot would be read as a zero."""
        return "|" if self._figures else "·"

    def number(self, number: int) -> str:
        """Return a number in the locale's groups and the chosen figures: 1,240, ١٬٢٤٠."""
        system = "arab" if self._figures else "latn"
        return self._in_figures(format_decimal(number, locale=self.locale, numbering_system=system))

    def long_date(self, day: dt.date) -> str:
        """Return a date as a newspaper's masthead has it, weekday first."""
        return self._in_figures(format_date(day, "full", locale=self._months))

    def hijri_date(self, day: dt.date) -> str:
        """Return the date of the Hijri calendar, as Umm al-Qura reckons it.

        Empty where the language has no names for its months, and for days that the tables do not hold (they run
        from 1924 to 2077).
        """
        language = _HIJRI_LANGUAGES.get(self.locale.language)
        if language is None:
            return ""
        try:
            hijri = Gregorian.fromdate(day).to_hijri()
        except OverflowError:
            return ""
        return self._in_figures(
            f"{hijri.day} {hijri.month_name(language)} {hijri.year} {hijri.notation(language)}"
        )

    def short_date(self, day: dt.date) -> str:
        """Return day and month."""
        pattern = self._months.datetime_skeletons["MMMMd"]
        return self._in_figures(format_date(day, pattern.pattern, locale=self._months))

    def weekday(self, day: dt.date) -> str:
        """Return the name of a date's day."""
        return str(self.locale.days["format"]["wide"][day.weekday()])

    def clock(self, moment: dt.datetime, timezone: str) -> str:
        """Return the time of day in a zone."""
        return self._in_figures(
            format_time(moment.astimezone(ZoneInfo(timezone)), "HH:mm", locale=self.locale)
        )

    def country(self, code: str) -> str:
        """Return a territory's name."""
        return str(self.locale.territories.get(code, code))

    def _in_figures(self, text: str) -> str:
        return text.translate(self._figures)

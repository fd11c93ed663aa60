"""How a locale speaks: its catalogue of messages, its dates, its plurals. Pure."""

from __future__ import annotations

import datetime as dt
import gettext
from collections.abc import Iterable
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time

from digest.text.bidi import direction


class Language:
    """One locale with its messages; English message ids stand for themselves."""

    def __init__(self, locale: str, messages: gettext.NullTranslations) -> None:
        self.locale = Locale.parse(locale.replace("-", "_"))
        self.messages = messages

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
        return self.messages.ngettext(one, many, number).format(n=number, **values)

    def list(self, items: Iterable[str]) -> str:
        """Return the items as the language lists them, parted by its comma."""
        return self.messages.pgettext("between items", ", ").join(items)

    def long_date(self, day: dt.date) -> str:
        """Return a date as a newspaper's masthead has it, weekday first."""
        return format_date(
            day, "EEEE، d MMMM y" if self.locale.language == "ar" else "full", locale=self.locale
        )

    def short_date(self, day: dt.date) -> str:
        """Return day and month."""
        return format_date(day, "d MMMM", locale=self.locale)

    def clock(self, moment: dt.datetime, timezone: str) -> str:
        """Return the time of day in a zone."""
        return format_time(moment.astimezone(ZoneInfo(timezone)), "HH:mm", locale=self.locale)

    def country(self, code: str) -> str:
        """Return a territory's name."""
        return str(self.locale.territories.get(code, code))

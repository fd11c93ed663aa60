"""Months and times as a newsletter's pages say them."""

from __future__ import annotations

import datetime as dt

from babel import Locale
from babel.dates import format_date, format_time, get_timezone_location

from digest.mailer.language import ARABIC_MONTHS, Language
from digest.model import Newsletter

_WEEK = range(7)


def month_name(first: dt.date, newsletter: Newsletter, language: Language) -> str:
    """Return month and year, in the month names that the newsletter writes."""
    arabic = language.locale.language == "ar"
    locale = (
        Locale.parse(ARABIC_MONTHS[newsletter.months]) if arabic and newsletter.months else language.locale
    )
    pattern = language.locale.datetime_skeletons["yMMMM"].pattern
    return in_figures(format_date(first, pattern, locale=locale), language)


def when_it_comes(newsletter: Newsletter, language: Language) -> str:
    """Return the days and the time at which the newsletter leaves.

    A zone is named by its city: its readers know that, and not what the zone is called.
    """
    time = in_figures(format_time(newsletter.send_at, "HH:mm", locale=language.locale), language)
    city = get_timezone_location(newsletter.timezone, locale=language.locale, return_city=True)
    if len(newsletter.weekdays) in {0, len(_WEEK)}:
        return language.say("Every day at {time}, {city} time", time=time, city=city)
    names = language.locale.days["format"]["wide"]
    days = language.list(str(names[day]) for day in _WEEK if day in newsletter.weekdays)
    return language.say("{days} at {time}, {city} time", days=days, time=time, city=city)


def language_name(language: Language) -> str:
    """Return a language's name in itself, as its readers look for it."""
    return str(language.locale.languages.get(language.locale.language, language.tag))


def in_figures(text: str, language: Language) -> str:
    """Return text with the figures that the language writes."""
    return "".join(language.number(int(char)) if char.isascii() and char.isdigit() else char for char in text)

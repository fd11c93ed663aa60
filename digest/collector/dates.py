"""The moments that feeds write, in Arabic, in English and in numbers.

    text --tidy--> RFC 822, else ISO 8601, else digits alone, else a day, a clock and a zone looked for apart

Each reader returns a moment, naive where the text names no zone, or None; an impossible day or hour is a
ValueError.
"""

from __future__ import annotations

import datetime as dt
import html
import re
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from digest.collector.date_words import (
    ADVERB_PATTERN,
    PART_PATTERN,
    hour_of_day,
    joined_months,
    month_number,
)
from digest.collector.zones import fixed_zone, zone_of_name, zone_of_text
from digest.text.arabic import normalise

#: Characters that are read; the longest honest dates, in two calendars and with a place's name, have 120.
_LONGEST = 200
#: Years outside of these are a fault of the feed, or of another calendar.
_EARLIEST, _LATEST = 1990, 2100
# Dashes, commas and slashes of other kinds.
_MARKS = str.maketrans("‐‑‒–—―−،؍⁄", "-------,//")

# RFC 822 as nearly all feeds write it: no am or pm, no month in full, no comment.
_RFC_822 = re.compile(
    r"(?:[a-z]{3}, )?(\d{1,2}) ([a-z]{3}) (\d{4}) ([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?"
    r"(?: (?:([+-])(0\d|1[0-3])([0-5]\d)|(?![ap]m)([a-z]{1,5})))?",
    re.ASCII,
)
_ISO_8601 = re.compile(
    r"(?:\d{4}-\d\d-\d\d|\d{8}(?=t|$))"
    r"(?:[t ](?:[01]\d|2[0-3])(?::?[0-5]\d(?::?[0-5]\d(?:[.,]\d+)?)?)?(?:z|[+-](?:0\d|1[0-3])(?::?[0-5]\d)?)?)?",
    re.ASCII,
)
_STAMP = re.compile(r"(\d{8})(\d{4}|\d{6})", re.ASCII)
_EPOCH = re.compile(r"(\d{10})(\d{3})?(?:\.\d*)?", re.ASCII)

_WORD = r"[^\W\d_]++"
_SECOND_NAME = rf"(?:\s?[(/-]\s?{_WORD}\s?\)?)?"
_NAMED_DAYS = (
    # 13 فبراير (شباط) 2026, 13-Feb-2026, 13th of February 2026; not the minutes of 20:13 فبراير.
    re.compile(
        r"(?<![\d:])(?P<day>\d{1,2})(?:st|nd|rd|th|er)?[\s.,/-]{0,3}(?:(?:of|de|من|شهر)\s)*"
        rf"(?P<month>{_WORD})\.?{_SECOND_NAME}"
    ),
    # Feb 13, 2026, فبراير (شباط) 13, and C's Fri Feb 13 08:00:00 2026.
    re.compile(rf"(?<!\w)(?P<month>{_WORD})[\s.,/)-]{{0,3}}(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?![\d:])"),
)
# A year may stand far behind its day, or in front.
_YEAR = re.compile(r"(?:^[/-]|(?<![\d:+-]))(?P<year>(?:19|20)\d\d)(?!\d)")
_SHORT_YEAR = re.compile(rf"[\s,'’-]{{1,3}}(?P<year>\d\d)(?![\d:]|\.\d|\s?h|\s?{PART_PATTERN})")
_YEAR_FIRST = r"(?<!\d)(?<!^-)(?P<year>(?:19|20)\d\d)"
_NUMBERED_DAYS = (
    re.compile(
        rf"{_YEAR_FIRST}\s?(?P<mark>[/.-])\s?(?P<month>\d{{1,2}})\s?(?P=mark)\s?(?P<day>\d{{1,2}})(?!\d)"
    ),
    re.compile(rf"{_YEAR_FIRST}(?P<month>\d\d)(?P<day>\d\d)(?!\d)"),
    re.compile(
        r"(?<![\d:])(?P<day>\d{1,2})\s?(?P<mark>[/.-])\s?(?P<month>\d{1,2})\s?(?P=mark)\s?"
        r"(?P<year>\d{4}|\d\d(?!:))(?!\d)"
    ),
    re.compile(r"(?<![\d:])(?P<day>\d{1,2})\s(?P<month>\d{1,2})\s(?P<year>\d{4})(?!\d)"),
)
#: What stands where a day was taken out: no part of the day or clock reaches across.
_GAP = " ; "
_CLOCKS = (
    # 20:00, 8:00:00.5 PM, 20h30; not the minutes of +03:30 or GMT-3:30.
    re.compile(
        r"(?<![\d.+])(?<![tcش]-)(?P<hour>\d{1,2})\s?[:.h]\s?(?P<minute>\d{1,2})"
        rf"(?:\s?[:.]\s?(?P<second>\d{{1,2}})(?:[.,]\d+)?)?(?!\d)(?:\s?(?P<part>{PART_PATTERN}))?"
    ),
    # 20260213T200000 AST.
    re.compile(r"(?<![^\W\d])t(?P<hour>\d\d)(?P<minute>\d\d)(?P<second>\d\d)?(?!\d)"),
    # 9 AM and الساعة 9.
    re.compile(rf"(?<![\d:.+-])(?P<hour>0?[1-9]|1[0-2])\s?(?P<part>{PART_PATTERN})"),
    re.compile(r"الساعه\s(?P<hour>\d{1,2})(?!\d)"),
)
_ADVERB = re.compile(ADVERB_PATTERN)


def _rfc_822(text: str, source_zone: str | None) -> dt.datetime | None:
    found = _RFC_822.fullmatch(text)
    if not found:
        return None
    day, month_name, year, hour, minute, second, sign, hours, minutes, name = found.groups()
    month = month_number(month_name)
    if not month:
        return None
    zone = fixed_zone(sign, hours, minutes) if sign else zone_of_name(name, source_zone) if name else None
    return dt.datetime(int(year), month, int(day), int(hour), int(minute), int(second or 0), tzinfo=zone)


def _iso_8601(text: str) -> dt.datetime | None:
    return dt.datetime.fromisoformat(text.upper()) if _ISO_8601.fullmatch(text) else None


def _digits(text: str) -> dt.datetime | None:
    stamp = _STAMP.fullmatch(text)
    if stamp:
        return dt.datetime.fromisoformat(f"{stamp[1]}T{stamp[2]}")
    epoch = _EPOCH.fullmatch(text)
    if not epoch:
        return None
    milliseconds = dt.timedelta(milliseconds=int(epoch[2] or 0))
    return dt.datetime.fromtimestamp(int(epoch[1]), dt.UTC) + milliseconds


def _day(year: str, month: int, day: int) -> dt.date | None:
    # Two digits are of this century below 50 (RFC 2822, section 4.3).
    number = int(year) + (0 if len(year) > 2 else 2000 if int(year) < 50 else 1900)
    try:
        return dt.date(number, month, day) if _EARLIEST <= number <= _LATEST else None
    except ValueError:
        return None


def _named_days(text: str) -> Iterator[tuple[dt.date, str]]:
    """Yield the days with a month's name, each with the text that is left without it."""
    for found in (match for pattern in _NAMED_DAYS for match in pattern.finditer(text)):
        month = month_number(found["month"])
        if not month:
            continue
        before, after = text[: found.start()], text[found.end() :]
        year = _YEAR.search(after) or _SHORT_YEAR.match(after)
        if year:
            after = f"{after[: year.start()]}{_GAP}{after[year.end() :]}"
        else:
            year = _YEAR.search(before)
            before = f"{before[: year.start()]}{_GAP}{before[year.end() :]}" if year else before
        day = _day(year["year"], month, int(found["day"])) if year else None
        if day:
            yield day, f"{before}{_GAP}{after}"


def _numbered_days(text: str) -> Iterator[tuple[dt.date, str]]:
    """Yield the days in numbers, each with the text that is left without it."""
    for found in (match for pattern in _NUMBERED_DAYS for match in pattern.finditer(text)):
        month, day = int(found["month"]), int(found["day"])
        # The day stands first, as everywhere but in the United States; but no month is past December.
        if month > 12 and found.start("day") < found.start("month"):
            month, day = day, month
        date = _day(found["year"], month, day)
        if date:
            yield date, f"{text[: found.start()]}{_GAP}{text[found.end() :]}"


def _time_of_day(clock: re.Match[str], text: str) -> dt.timedelta:
    """Return the time since the day's beginning; ValueError where there is no such hour, minute or second."""
    groups = clock.groupdict()
    hour, minute, second = (int(groups.get(name) or 0) for name in ("hour", "minute", "second"))
    part = groups.get("part") or next(iter(_ADVERB.findall(text)), None)
    if part:
        hour = hour_of_day(hour, part)
    # 24:00:00 is the day's end (ISO 8601), 60 a leap second.
    if (hour, minute, second) > (24, 0, 0) or minute > 59 or second > 60:
        raise ValueError(f"no such time: {clock[0]}")
    return dt.timedelta(hours=hour, minutes=minute, seconds=second)


def _written(text: str, source_zone: str | None) -> dt.datetime | None:
    text = joined_months(text)
    date, rest = next(_named_days(text), None) or next(_numbered_days(text), (None, ""))
    if date is None:
        return None
    clock = next((found for pattern in _CLOCKS if (found := pattern.search(rest))), None)
    midnight = dt.datetime.combine(date, dt.time())
    moment = midnight + _time_of_day(clock, rest) if clock else midnight
    return moment.replace(tzinfo=zone_of_text(rest, clock.end() if clock else rest.rindex(_GAP), source_zone))


def parse_date(text: str, timezone: str | None = None) -> dt.datetime | None:
    """Return the moment that a feed's date means, in UTC; None where it cannot be read.

    `timezone` is the IANA zone of dates that carry none, and tells what ambiguous names of zones mean; UTC where
    not given. An hour that its clocks show twice is the first of the two, since news of the future is held back;
    an hour that they skip was written by a clock that had not been put forward yet. A date without a clock is
    the day's beginning. Times relative to now (منذ ساعة) cannot be read.

    >>> parse_date("13 فبراير (شباط) 2026 08:00 مساءً", "Asia/Riyadh").isoformat()
    '2026-02-13T17:00:00+00:00'
    >>> parse_date("Fri, 13 Feb 2026 20:00:00 +0300").isoformat()
    '2026-02-13T17:00:00+00:00'
    """
    # Some feeds escape twice: 13&nbsp;Feb.
    text = html.unescape(text.strip()[:_LONGEST])
    # One character may become eighteen (ﷺ).
    text = text.casefold() if text.isascii() else normalise(text).translate(_MARKS)[:_LONGEST]
    text = " ".join(text.split())
    try:
        moment = _rfc_822(text, timezone) or _iso_8601(text) or _digits(text) or _written(text, timezone)
        if moment is None or not _EARLIEST <= moment.year <= _LATEST:
            return None
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(timezone) if timezone else dt.UTC)
    return moment.astimezone(dt.UTC)

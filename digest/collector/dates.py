"""The moments that feeds write, in Arabic, in English and in numbers."""

from __future__ import annotations

import datetime as dt
import re
from zoneinfo import ZoneInfo

from digest.text.arabic import normalise

# Month names in comparison form: Egypt and the Gulf, the Levant, the Maghreb.
_MONTHS = {
    "يناير": 1, "جانفي": 1, "كانون الثاني": 1,
    "فبراير": 2, "فيفري": 2, "شباط": 2,
    "مارس": 3, "اذار": 3,
    "ابريل": 4, "افريل": 4, "نيسان": 4,
    "مايو": 5, "ماي": 5, "ايار": 5,
    "يونيو": 6, "يونيه": 6, "جوان": 6, "حزيران": 6,
    "يوليو": 7, "يوليوز": 7, "يوليه": 7, "جويليه": 7, "تموز": 7,
    "اغسطس": 8, "غشت": 8, "اوت": 8, "اب": 8,
    "سبتمبر": 9, "شتنبر": 9, "ايلول": 9,
    "اكتوبر": 10, "تشرين الاول": 10,
    "نوفمبر": 11, "نونبر": 11, "تشرين الثاني": 11,
    "ديسمبر": 12, "دجنبر": 12, "كانون الاول": 12,
}  # fmt: skip
_ENGLISH = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH_NAME = "|".join([*sorted(_MONTHS, key=len, reverse=True), *(rf"{name}[a-z]*\.?" for name in _ENGLISH)])
# Hours that a zone's name adds; outlets that write AST mean Arabia's, not the Atlantic's. The Americas' are
# those of RFC 822, section 5.1.
_ZONES = {
    "gmt": 0, "utc": 0, "ut": 0, "z": 0, "غرينتش": 0, "غرينيتش": 0, "جرينتش": 0,
    "wet": 0, "bst": 1, "cet": 1, "cest": 2, "eet": 2, "eest": 3, "ast": 3, "ksa": 3, "msk": 3, "gst": 4,
    "edt": -4, "est": -5, "cdt": -5, "cst": -6, "mdt": -6, "mst": -7, "pdt": -7, "pst": -8,
}  # fmt: skip

_DATES = (
    # 13 فبراير (شباط) 2026, 13-Feb-2026, and RFC 822's 13 Feb 26.
    re.compile(
        rf"(?<!\d)(?P<day>\d{{1,2}})[\s.-]+(?P<month>{_MONTH_NAME})(?!\w)"
        rf"(?:\s*[(/-]\s*(?:{_MONTH_NAME})\s*\)?)?(?:\s[\d:]{{5,8}}\s)?\D{{0,3}}(?P<year>\d{{4}}|\d{{2}}(?![\d:]))"
    ),
    # Feb 13, 2026, and C's Fri Feb 13 08:00:00 2026.
    re.compile(
        rf"(?<!\w)(?P<month>{_MONTH_NAME})\s+(?P<day>\d{{1,2}})(?![\d:]).{{0,20}}?(?<![\d+-])(?P<year>\d{{4}})(?!\d)"
    ),
    re.compile(r"(?<!\d)(?P<year>\d{4})[/.-](?P<month>\d{1,2})[/.-](?P<day>\d{1,2})(?!\d)"),
    # In numbers the day stands first, as everywhere but in the United States.
    re.compile(r"(?<!\d)(?P<day>\d{1,2})[/.-](?P<month>\d{1,2})[/.-](?P<year>\d{4})(?!\d)"),
)
_CLOCK = re.compile(
    r"(?<![\d:+])(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}))?\s*(?P<half>[ap]\.?m\b|صباحا|مساء|ص\b|م\b)?"
)
# What may follow the zone: C's year, a comment (RFC 822) or the zone's own name.
_END = r"(?:\s+\d{4})?(?:\s*[\[(].*)?$"
_OFFSET = re.compile(
    rf"(?<![\w/.])(?:gmt|utc)?\s*(?P<sign>[+-])(?P<hours>\d{{1,2}}):?(?P<minutes>\d{{2}})?{_END}"
)
_ZONE = re.compile(rf"(?<!\w)(?P<name>{'|'.join(_ZONES)}){_END}")
#: Years outside of these are a fault of the feed.
_EARLIEST, _LATEST = 1990, 2100


def _month(name: str) -> int:
    if name.isdecimal():
        return int(name)
    return _MONTHS.get(name) or _ENGLISH.index(name[:3]) + 1


def _year(digits: str) -> int:
    # Two digits are of this century below 50 (RFC 2822, section 4.3).
    return int(digits) + (0 if len(digits) > 2 else 2000 if int(digits) < 50 else 1900)


def _time(clock: re.Match[str] | None) -> dt.time:
    if clock is None:
        return dt.time()
    hour, half = int(clock["hour"]), (clock["half"] or "").replace(".", "")
    if half in {"pm", "مساء", "م"} and hour < 12:
        hour += 12
    elif half in {"am", "صباحا", "ص"} and hour == 12:
        hour = 0
    return dt.time(hour, int(clock["minute"]), int(clock["second"] or 0))


def _zone(text: str, otherwise: dt.tzinfo) -> dt.tzinfo:
    offset = _OFFSET.search(text)
    if offset:
        span = dt.timedelta(hours=int(offset["hours"]), minutes=int(offset["minutes"] or 0))
        return dt.timezone(span if offset["sign"] == "+" else -span)
    named = _ZONE.search(text)
    return dt.timezone(dt.timedelta(hours=_ZONES[named["name"]])) if named else otherwise


def _iso(text: str, zone: dt.tzinfo) -> dt.datetime | None:
    if not re.match(r"\d{4}-\d\d-\d\d", text):
        return None
    moment = dt.datetime.fromisoformat(text.upper())
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _written(text: str, zone: dt.tzinfo) -> dt.datetime | None:
    date = next((found for pattern in _DATES if (found := pattern.search(text))), None)
    if date is None:
        return None
    # Many outlets write the clock in front: 08:30-13 فبراير 2026.
    clock = _CLOCK.search(text)
    day = dt.date(_year(date["year"]), _month(date["month"]), int(date["day"]))
    return dt.datetime.combine(day, _time(clock), _zone(text[(clock or date).end() :], zone))


def parse_date(text: str, timezone: str | None = None) -> dt.datetime | None:
    """Return the moment that a feed's date means, in UTC; None where it cannot be read.

    `timezone` is the IANA zone of dates that carry none; UTC where not given.

    >>> parse_date("13 فبراير (شباط) 2026 08:00 مساءً", "Asia/Riyadh").isoformat()
    '2026-02-13T17:00:00+00:00'
    >>> parse_date("Fri, 13 Feb 2026 20:00:00 +0300").isoformat()
    '2026-02-13T17:00:00+00:00'
    """
    text = " ".join(normalise(text).split())
    zone = ZoneInfo(timezone) if timezone else dt.UTC
    for read in (_iso, _written):
        try:
            moment = read(text, zone)
        except (ValueError, OverflowError):
            continue
        if moment and _EARLIEST <= moment.year <= _LATEST:
            return moment.astimezone(dt.UTC)
    return None

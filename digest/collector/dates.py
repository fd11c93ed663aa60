"""The moments that feeds write, in Arabic, in English and in numbers."""

from __future__ import annotations

import datetime as dt
import re
from email.utils import parsedate_tz
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
_MONTH_NAMES = "|".join(sorted(_MONTHS, key=len, reverse=True))
_ARABIC_DATE = re.compile(
    rf"(?P<day>\d{{1,2}})\s+(?P<month>{_MONTH_NAMES})\b(?:\s*[(/]\s*(?:{_MONTH_NAMES})\s*\)?)?\D{{0,3}}(?P<year>\d{{4}})"
)
_CLOCK = re.compile(
    r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}))?\s*(?P<half>[ap]m|صباحا|مساء|ص\b|م\b)?", re.I
)
_OFFSET = re.compile(r"(?:gmt|utc)?\s*(?P<sign>[+-])(?P<hours>\d{1,2}):?(?P<minutes>\d{2})?\s*$", re.I)
#: Years outside of these are a fault of the feed.
_EARLIEST, _LATEST = 1990, 2100


def _zone(name: str | None) -> dt.tzinfo:
    return ZoneInfo(name) if name else dt.UTC


def _hour(clock: re.Match[str]) -> int:
    hour = int(clock["hour"])
    half = (clock["half"] or "").lower()
    if half in {"pm", "مساء", "م"} and hour < 12:
        return hour + 12
    return 0 if half in {"am", "صباحا", "ص"} and hour == 12 else hour


def _arabic(text: str, zone: dt.tzinfo) -> dt.datetime | None:
    date = _ARABIC_DATE.search(text)
    if not date:
        return None
    clock = _CLOCK.search(text, date.end())
    offset = _OFFSET.search(text, clock.end() if clock else date.end())
    if offset:
        span = dt.timedelta(hours=int(offset["hours"]), minutes=int(offset["minutes"] or 0))
        zone = dt.timezone(span if offset["sign"] == "+" else -span)
    elif text.endswith((" gmt", " utc", "z")):
        zone = dt.UTC
    hour, minute, second = (
        (_hour(clock), int(clock["minute"]), int(clock["second"] or 0)) if clock else (0, 0, 0)
    )
    return dt.datetime(
        int(date["year"]), _MONTHS[date["month"]], int(date["day"]), hour, minute, second, tzinfo=zone
    )


def _iso(text: str, zone: dt.tzinfo) -> dt.datetime | None:
    if not re.match(r"\d{4}-\d\d-\d\d", text):
        return None
    moment = dt.datetime.fromisoformat(text.upper().replace(" UTC", "+00:00").replace(" GMT", "+00:00"))
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _rfc822(text: str, zone: dt.tzinfo) -> dt.datetime | None:
    parts = parsedate_tz(text)
    if not parts:
        return None
    given = dt.timezone(dt.timedelta(seconds=parts[9])) if parts[9] is not None else zone
    return dt.datetime(*parts[:6], tzinfo=given)


def parse_date(text: str, timezone: str | None = None) -> dt.datetime | None:
    """Return the moment that a feed's date means, in UTC; None where it cannot be read.

    `timezone` is the IANA zone of dates that carry none; UTC where not given.

    >>> parse_date("13 فبراير (شباط) 2026 08:00 مساءً", "Asia/Riyadh").isoformat()
    '2026-02-13T17:00:00+00:00'
    >>> parse_date("Fri, 13 Feb 2026 20:00:00 +0300").isoformat()
    '2026-02-13T17:00:00+00:00'
    """
    text = " ".join(normalise(text).split())
    for read in (_arabic, _iso, _rfc822):
        try:
            moment = read(text, _zone(timezone))
        except (ValueError, OverflowError):
            continue
        if moment and _EARLIEST <= moment.year <= _LATEST:
            return moment.astimezone(dt.UTC)
    return None

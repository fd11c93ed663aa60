"""The time zone that a feed's date names, read as the source's region means it.

Three rules, in this order:

1. UTC and numbers mean what they say: GMT, +0300, GMT+3, UTC+03:00.
2. A name that the source's own zone goes by, or went by, is the clock on the source's wall. An outlet of Cairo
   that writes EET in July has a fixed label behind its local time: a program that knew of zones would have
   written EEST. Were it wrong, the news would be an hour too old, which loses nothing; the other way round it
   would be an hour in the future, and held back.
3. Other names have one meaning for all, RFC 822's where it has one (section 5.1), but for those that a region
   reads differently: AST is Arabia's, the Atlantic's only in the Americas.
"""

from __future__ import annotations

import datetime as dt
import functools
import re
from zoneinfo import ZoneInfo

_GREENWICH = frozenset(f"{g}ر{y}ن{i}تش" for g in "غجكق" for y in ("ي", "") for i in ("ي", ""))
_UTC = frozenset({"gmt", "utc", "ut", "z", "zulu", "تغ", "عالمي", "عالميه", *_GREENWICH})
#: Hours that a zone's name adds to UTC.
_HOURS = {
    "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7,
    "adt": -3, "nst": -3.5, "ndt": -2.5, "akst": -9, "akdt": -8, "hst": -10, "brt": -3, "art": -3,
    "wet": 0, "west": 1, "bst": 1, "cet": 1, "met": 1, "cest": 2, "mest": 2, "eet": 2, "eest": 3, "msk": 3,
    "wat": 1, "cat": 2, "sast": 2, "eat": 3, "idt": 3, "trt": 3, "ast": 3, "ksa": 3,
    "irst": 3.5, "irdt": 4.5, "gst": 4, "uae": 4, "aft": 4.5, "pkt": 5, "ist": 5.5,
    "wib": 7, "hkt": 8, "sgt": 8, "myt": 8, "awst": 8, "jst": 9, "kst": 9, "aest": 10, "aedt": 11, "nzst": 12,
    "nzdt": 13,
}  # fmt: skip
#: What a name means for the sources of one zone, where it is neither their zone's own nor what others mean.
_FOR_SOURCE = {
    ("ist", "Asia/Hebron"): "Asia/Jerusalem",
    ("ist", "Asia/Gaza"): "Asia/Jerusalem",
    ("ist", "Asia/Tehran"): "Asia/Tehran",
    ("ist", "Europe/Istanbul"): "Europe/Istanbul",
    ("bst", "Asia/Dhaka"): "Asia/Dhaka",
    ("pst", "Asia/Karachi"): "Asia/Karachi",
}
# بتوقيت of a place, without its article. عمان is left out: it is Amman or Oman; so is طرابلس, of two countries.
_PLACES = {
    "Asia/Riyadh": "مكه سعوديه رياض", "Asia/Dubai": "امارات دبي ابوظبي ابو", "Asia/Qatar": "قطر دوحه",
    "Asia/Kuwait": "كويت", "Asia/Bahrain": "بحرين منامه", "Asia/Muscat": "مسقط", "Asia/Aden": "يمن صنعاء عدن",
    "Asia/Baghdad": "بغداد عراق", "Asia/Damascus": "دمشق سوريا سوريه", "Asia/Beirut": "بيروت لبنان",
    "Asia/Amman": "اردن", "Asia/Jerusalem": "قدس", "Asia/Hebron": "فلسطين", "Africa/Cairo": "قاهره مصر",
    "Africa/Khartoum": "خرطوم سودان", "Africa/Tripoli": "ليبيا", "Africa/Tunis": "تونس",
    "Africa/Algiers": "جزاير", "Africa/Casablanca": "مغرب رباط", "Africa/Nouakchott": "موريتانيا نواكشوط",
    "Europe/Istanbul": "تركيا اسطنبول انقره", "Asia/Tehran": "طهران ايران", "Europe/Moscow": "موسكو",
    "Europe/London": "لندن", "Europe/Paris": "باريس", "America/New_York": "واشنطن نيويورك",
}  # fmt: skip
_ZONE_OF_PLACE = {place: zone for zone, places in _PLACES.items() for place in places.split()}

_NUMBER = r"(?P<hours>\d{1,2}):?(?P<minutes>\d{2})?(?!\d)"
# Right behind the clock, a name may stand between: 20:00 +0300, 20:00 MST-07:00. A day of another calendar
# (-3 رمضان) is no offset.
_BEHIND_CLOCK = re.compile(rf"(?:[\s;,:|(\[]|-\s)*(?:[a-z]{{2,5}}\s?)?(?P<sign>[+-]){_NUMBER}(?!\s*[ء-ي])")
# A dash between spaces is no minus: 17:00 GMT - 20:00.
_FROM_UTC = re.compile(
    rf"(?<![^\W\d])(?<!/)(?:gmt|utc|ut|{'|'.join(sorted(_GREENWICH))})\s?(?P<sign>[+-]|\+\s){_NUMBER}"
)
_NAME = re.compile(
    r"(?P<iana>etc/gmt[+-]\d{1,2}|(?:africa|america|asia|atlantic|australia|europe|indian|pacific)/[a-z_]+(?:/[a-z_]+)?)"
    r"|ب?(?:ال)?توقيت\s(?:ال)?(?P<place>\w+)|(?P<word>ت\.\s?غ(?!\w)|[^\W\d_]+)"
)
_NEXT_CLOCK = re.compile(r"\d:\d")
_AMERICAS = ("America/", "Atlantic/", "Canada/", "US/")
_FARTHEST = dt.timedelta(hours=14)


def fixed_zone(sign: str, hours: str, minutes: str | None) -> dt.timezone:
    """Return the zone of an offset's sign and digits; ValueError for an offset that no place has."""
    span = dt.timedelta(hours=int(hours), minutes=int(minutes or 0))
    if span > _FARTHEST:
        raise ValueError(f"no place is {span} from UTC")
    return dt.timezone(-span if sign == "-" else span)


def zone_of_name(name: str, source_zone: str | None) -> dt.tzinfo | None:
    """Return the zone that a name without spaces means to a source of this IANA zone; None where it is unknown.

    >>> zone_of_name("ast", "Asia/Riyadh"), zone_of_name("ast", "America/New_York")
    (datetime.timezone(datetime.timedelta(seconds=10800)), datetime.timezone(datetime.timedelta(days=-1, seconds=72000)))
    """
    if name in _UTC:
        return dt.UTC
    if source_zone and name in _own_names(source_zone):
        return ZoneInfo(source_zone)
    if source_zone and (name, source_zone) in _FOR_SOURCE:
        return ZoneInfo(_FOR_SOURCE[name, source_zone])
    if name == "ast" and source_zone and source_zone.startswith(_AMERICAS):
        return dt.timezone(dt.timedelta(hours=-4))
    return dt.timezone(dt.timedelta(hours=_HOURS[name])) if name in _HOURS else None


def zone_of_text(text: str, end: int, source_zone: str | None) -> dt.tzinfo | None:
    """Return the zone that a text in comparison form names; None where it names none that is known.

    `end` is where the clock ends: what stands behind it goes before what stands in front. `source_zone` is the
    source's IANA zone. Raises ValueError for an offset that no place has.
    """
    offset = _BEHIND_CLOCK.match(text, end) or _FROM_UTC.search(text)
    if offset:
        return fixed_zone(offset["sign"], offset["hours"], offset["minutes"])
    # A second clock has a zone of its own.
    behind = _NEXT_CLOCK.split(text[end:], maxsplit=1)[0]
    names = (*_NAME.finditer(behind), *_NAME.finditer(text[:end]))
    zones = (_named(name, source_zone) for name in names)
    return next((zone for zone in zones if zone), None)


def _named(name: re.Match[str], source_zone: str | None) -> dt.tzinfo | None:
    if name["iana"]:
        return _iana(name["iana"].title().replace("Gmt", "GMT"))
    if name["place"] in _ZONE_OF_PLACE:
        return ZoneInfo(_ZONE_OF_PLACE[name["place"]])
    return zone_of_name(re.sub(r"\W", "", name["place"] or name["word"]), source_zone)


@functools.cache
def _own_names(source_zone: str) -> frozenset[str]:
    # Summer and winter; Amman and Istanbul gave up EET for good, their outlets' labels did not.
    zone = ZoneInfo(source_zone)
    days = (dt.datetime(year, month, 1, tzinfo=zone) for year in (2010, 2020, 2026) for month in (1, 7))
    return frozenset((day.tzname() or "").casefold() for day in days)


@functools.lru_cache(maxsize=256)
def _iana(key: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(key)
    except (KeyError, ValueError, OSError):
        # No such zone, or a folder of zones.
        return None

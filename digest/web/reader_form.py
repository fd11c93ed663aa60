"""The form in which a reader chooses: regions and their order, a time zone, a name. Pure.

It works without JavaScript: each region has a select with its place. Whoever wants one region moved changes one
select; the others make room.
"""

from __future__ import annotations

import datetime as dt
import re
import zoneinfo
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from babel import Locale
from babel.core import get_global
from babel.dates import get_timezone_location

from digest.mailer.address import normal_address
from digest.mailer.language import Language
from digest.mailer.view import shown
from digest.model import Newsletter, Region
from digest.text.tidy import tidy

#: Characters of the longest name and the longest address that are looked at.
LONGEST_NAME, _LONGEST_EMAIL = 80, 320
#: No pause is longer: who wants none for a year wants to leave.
LONGEST_PAUSE = dt.timedelta(days=366)
_PLACE = re.compile(r"[0-9]{1,3}")
#: Zones of which a reader without JavaScript finds a near one; the script adds the reader's own where it lacks.
_NEAR = (
    "Asia/Riyadh Asia/Dubai Asia/Qatar Asia/Kuwait Asia/Bahrain Asia/Muscat Asia/Aden Asia/Baghdad Asia/Damascus "
    "Asia/Beirut Asia/Amman Asia/Gaza Asia/Hebron Asia/Jerusalem Africa/Cairo Africa/Khartoum Africa/Tripoli "
    "Africa/Tunis Africa/Algiers Africa/Casablanca Africa/Nouakchott Africa/Mogadishu Africa/Djibouti Indian/Comoro "
    "Europe/Istanbul Asia/Tehran Asia/Kabul Asia/Karachi Asia/Kolkata Asia/Dhaka Asia/Jakarta Asia/Kuala_Lumpur "
    "Asia/Shanghai Asia/Tokyo Australia/Sydney Pacific/Auckland Europe/London Europe/Paris Europe/Berlin "
    "Europe/Madrid Europe/Rome Europe/Athens Europe/Stockholm Europe/Moscow Africa/Lagos Africa/Nairobi "
    "Africa/Johannesburg America/New_York America/Chicago America/Denver America/Los_Angeles America/Toronto "
    "America/Sao_Paulo America/Argentina/Buenos_Aires America/Mexico_City"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One of the things that a select offers."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionRow:
    """A region and its place, from 1; 0: not wanted."""

    id: str
    name: str
    place: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderForm:
    """What the form shows."""

    regions: tuple[RegionRow, ...]
    zones: tuple[Option, ...]
    timezone: str
    #: Whether the script may choose the browser's zone: only where the reader has chosen none yet.
    guess: bool = False
    name: str = ""
    email: str = ""
    #: What is wrong with what was typed, as a message id; empty for nothing.
    problem: str = ""


def blank_form(newsletter: Newsletter, names: Mapping[str, Region], language: Language) -> ReaderForm:
    """Return the form of somebody who is new here."""
    return ReaderForm(
        regions=region_rows(newsletter, (), names, language),
        zones=zone_options(language, newsletter.timezone),
        timezone=newsletter.timezone,
        guess=True,
    )


def region_rows(
    newsletter: Newsletter, chosen: Sequence[str], names: Mapping[str, Region], language: Language
) -> tuple[RegionRow, ...]:
    """Return the newsletter's regions, those that were chosen first and in their order."""
    places = {region: place for place, region in enumerate(_order(newsletter, chosen), start=1)}
    rows = [
        RegionRow(id=one, name=_name(names, one, language), place=places.get(one, 0))
        for one in newsletter.regions
    ]
    return tuple(sorted(rows, key=lambda row: (row.place == 0, row.place)))


def read_regions(
    form: Mapping[str, str], newsletter: Newsletter, before: Sequence[str] = ()
) -> tuple[str, ...]:
    """Return the regions of a form that showed `before`, in the order that was asked for; () for the newsletter's own.

    A region that was moved stands exactly where it was put, before one that comes from behind and behind one that
    comes from before; what was not moved makes room.
    """
    order = _order(newsletter, before)
    wanted = []
    for region in newsletter.regions:
        was = order.index(region) + 1 if region in order else 0
        text = form.get(f"region-{region}", "")
        place = int(text) if _PLACE.fullmatch(text) else was
        if not place:
            continue
        # From outside is from behind.
        moved = 0.0 if place == was else 0.5 if 0 < was < place else -0.5
        wanted.append((place + moved, was, region))
    chosen = tuple(region for *_, region in sorted(wanted))
    return () if chosen == newsletter.regions else chosen


def read_name(text: str) -> str:
    """Return a name as one line that can stand in a page and in a header.

    >>> read_name(" ليلى\\r\\nBcc: a@example.org \\u202e")
    'ليلى Bcc: a@example.org'
    """
    return tidy(text[: 4 * LONGEST_NAME])[:LONGEST_NAME].strip()


def read_email(text: str) -> str:
    """Return an address as it is stored. Raises ValueError where it cannot be written to."""
    if len(text) > _LONGEST_EMAIL:
        raise ValueError("It is longer than any address.")
    return normal_address(text.strip())


def read_zone(text: str, otherwise: str) -> str:
    """Return a time zone's name, `otherwise` for what is none."""
    return text if text in _zones() else otherwise


def read_pause(text: str, today: dt.date) -> dt.date | None:
    """Return the date on which letters begin again; None for what is no date after today and within a year."""
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        return None
    return day if today < day <= today + LONGEST_PAUSE else None


def zone_options(language: Language, *own: str, whole: bool = False) -> tuple[Option, ...]:
    """Return time zones by the names of their cities, those of `own` among them; all that CLDR knows with `whole`."""
    named = dict(_named_zones(str(language.locale), whole))
    for zone in own:
        if zone and zone not in named:
            named[zone] = _city(zone, language.locale)
    return tuple(Option(id=zone, name=name) for zone, name in sorted(named.items(), key=lambda row: row[1]))


@lru_cache(maxsize=32)
def _named_zones(locale: str, whole: bool) -> tuple[tuple[str, str], ...]:
    spoken = Locale.parse(locale)
    zones = get_global("zone_territories") if whole else _NEAR.split()
    return tuple((zone, _city(zone, spoken)) for zone in zones if "/" in zone and zone in _zones())


def _city(zone: str, locale: Locale) -> str:
    city = get_timezone_location(zone, locale=locale, return_city=True).rpartition("/")[2]
    territory = get_global("zone_territories").get(zone, "")
    country = locale.territories.get(territory, "")
    return f"{city} ({country})" if country and country != city else city


def _name(names: Mapping[str, Region], region_id: str, language: Language) -> str:
    region = names.get(region_id)
    by_locale = region.name if region else {}
    return shown(by_locale.get(language.locale.language) or by_locale.get("en") or region_id)


def _order(newsletter: Newsletter, chosen: Sequence[str]) -> tuple[str, ...]:
    # A region may have been taken from the newsletter since it was chosen.
    return tuple(one for one in chosen if one in newsletter.regions) or newsletter.regions


@cache
def _zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())

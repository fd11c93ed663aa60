"""What a feed's [[source]] would best be, guessed from its address, its names and its words; and that as TOML. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Sequence
from functools import cache
from urllib.parse import urlsplit

from babel.core import get_global

from digest.collector.clean import plain_text
from digest.model import Source
from digest.text.arabic import letters_share, word_set
from digest.text.bidi import is_rtl
from digest.text.tidy import shorten

#: CLDR's code for a country that nobody knows, and ISO 639's for a language.
UNKNOWN_COUNTRY, UNKNOWN_LANGUAGE = "ZZ", "und"
#: What programs declare until somebody changes it.
_DEFAULT_LANGUAGE = "en-us"
#: Country domains that are sold to everybody, or given away: they tell nothing of where an outlet sits.
_SOLD = word_set(
    "ac ag ai bz cc cf co fm ga gd gg gl gq im io la me ml ms mu nu pw sc sh st tk to tv vc vg ws"
)
#: Domains that are not their country's ISO 3166 code, the Arabic ones among them (IANA root zone).
_OTHER_DOMAINS = {
    "uk": "GB", "su": "RU", "مصر": "EG", "السعودية": "SA", "امارات": "AE", "الاردن": "JO", "فلسطين": "PS", "قطر": "QA",
    "تونس": "TN", "سورية": "SY", "المغرب": "MA", "الجزائر": "DZ", "عمان": "OM", "عراق": "IQ", "سودان": "SD",
    "موريتانيا": "MR", "البحرين": "BH", "ایران": "IR", "پاکستان": "PK",
}  # fmt: skip
#: The capital's zone, where a country has several.
_CAPITAL_ZONES = {
    "AR": "America/Argentina/Buenos_Aires", "AU": "Australia/Sydney", "BR": "America/Sao_Paulo", "CA": "America/Toronto",
    "CD": "Africa/Kinshasa", "CL": "America/Santiago", "CN": "Asia/Shanghai", "CY": "Asia/Nicosia", "DE": "Europe/Berlin",
    "EC": "America/Guayaquil", "ES": "Europe/Madrid", "GL": "America/Nuuk", "ID": "Asia/Jakarta", "KZ": "Asia/Almaty",
    "MN": "Asia/Ulaanbaatar", "MX": "America/Mexico_City", "MY": "Asia/Kuala_Lumpur", "NZ": "Pacific/Auckland",
    "PF": "Pacific/Tahiti", "PG": "Pacific/Port_Moresby", "PS": "Asia/Hebron", "PT": "Europe/Lisbon",
    "RU": "Europe/Moscow", "UA": "Europe/Kyiv", "US": "America/New_York", "UZ": "Asia/Tashkent",
}  # fmt: skip
#: Labels in front of a name that say what a host is for, and behind it what kind of body owns it.
_HOST_ROLES = word_set("www www2 m mobile amp ar arabic en fr feeds feed rss news")
_OWNER_KINDS = word_set("ac co com edu gob gouv gov info mil net news ngo or org press sch")
#: Hosts that carry everybody's feeds.
_SHARED_HOSTS = word_set(
    "feedburner.com google.com youtube.com medium.com rss.app fetchrss.com rsshub.app reddit.com"
)
#: Parts of a title that name a feed or a section, and no outlet.
_NO_NAME = re.compile(
    r"(?:rss|atom|feeds?|home|home ?page|latest|news|latest news|all|الرئيسية|الصفحة الرئيسية|الأخبار|أخبار|آخر الأخبار|"
    r"أهم الأخبار|كل الأخبار|جميع الأخبار|خلاصات?|تغذية|سياسة|رياضة|اقتصاد|ثقافة|فن|منوعات|محليات|دولي|عربي|عربي ودولي|"
    r"politics|world|sports?|business|culture|economy)(?: rss| feed)?",
    re.IGNORECASE,
)
_TITLE_PARTS = re.compile(r"\s+[|\-–—:»«•·]+\s+|\s*[|»«]\s*|\s+RSS(?:\s+(?:feed|2\.0))?$", re.IGNORECASE)
_LANGUAGE = re.compile(r"([a-z]{2,3})(?:[-_]([a-z]{4}))?(?:[-_]([a-z]{2}))?\b", re.IGNORECASE)
_PORT = re.compile(r":\d+$")
#: Of the letters of Arabic headlines this share is Arabic at least; Latin names stand among them.
_ARABIC = 0.5
_LONGEST_NAME = 100


def suggest(
    *,
    url: str,
    titles: Sequence[str],
    language: str,
    sample: str,
    known: Collection[Source],
    taken: Collection[str],
    full_text: bool = False,
) -> Source:
    """Return what a feed's source would best be.

    `titles` are what the feed and its site call themselves, best first; `language` is as declared, `sample` some of
    the feed's words; `known` are sources whose outlets are known already, and `taken` the ids that are in use.
    """
    code = language_of(language, sample)
    # A default that does not fit the words tells nothing of the country either.
    declared = language if language.lower().startswith(code) else ""
    sibling = source_of_host(url, known)
    outlet = sibling.outlet if sibling else outlet_of(titles, url)
    country = country_of(url, declared, known)
    zone = sibling.timezone if sibling and sibling.country == country else None
    return Source(
        id=id_of(url, taken),
        outlet=outlet,
        name=next((name for title in titles if (name := _name(title))), outlet),
        url=url,
        country=country,
        language=code,
        timezone=zone or zone_of(country),
        full_text=full_text,
    )


def _name(title: str) -> str:
    return shorten(plain_text(title), _LONGEST_NAME)


def country_of(url: str, language: str = "", known: Iterable[Source] = ()) -> str:
    """Return the country of the outlet behind an address; ZZ where nothing tells it.

    `language` is the feed's, whose region (`ar-EG`) tells where the host does not. A known source of the same host
    tells more than either.

    >>> country_of("https://waha.com.sa/rss"), country_of("https://waha.tv/", "ar-EG"), country_of("https://waha.com/")
    ('SA', 'EG', 'ZZ')
    """
    sibling = source_of_host(url, (source for source in known if source.country != UNKNOWN_COUNTRY))
    if sibling:
        return sibling.country
    tag = _LANGUAGE.match(language)
    region = (tag[3] or "").upper() if tag and tag.group().lower() != _DEFAULT_LANGUAGE else ""
    return _country_of_domain(_labels(urlsplit(url).hostname)) or (
        region if region in _territories() else UNKNOWN_COUNTRY
    )


@cache
def _territories() -> frozenset[str]:
    return frozenset(code for code in get_global("territory_zones") if len(code) == 2) - {
        UNKNOWN_COUNTRY,
        "EU",
    }


def _country_of_domain(labels: list[str]) -> str:
    top = _decoded(labels[-1]) if labels else ""
    if top in _OTHER_DOMAINS:
        return _OTHER_DOMAINS[top]
    # `example.tv` may sit anywhere, `example.com.co` only there.
    sold = top in _SOLD and not (len(labels) > 2 and labels[-2] in _OWNER_KINDS)
    return top.upper() if top.upper() in _territories() and not sold else ""


def _decoded(label: str) -> str:
    try:
        return label.encode("ascii").decode("idna")
    except UnicodeError:
        return label


def source_of_host(url: str, known: Iterable[Source]) -> Source | None:
    """Return a known source that is served from the same host: the outlet is the same, then."""
    host = _bare_host(url)
    if not host or host in _SHARED_HOSTS:
        return None
    return next((source for source in known if _bare_host(source.url) == host), None)


def zone_of(country: str) -> str | None:
    """Return a country's time zone, its capital's where it has several; None where it is not known.

    >>> zone_of("JO"), zone_of("RU"), zone_of("ZZ")
    ('Asia/Amman', 'Europe/Moscow', None)
    """
    zones = get_global("territory_zones").get(country, []) if country in _territories() else []
    return zones[0] if len(zones) == 1 else _CAPITAL_ZONES.get(country)


def id_of(url: str, taken: Collection[str]) -> str:
    """Return an id that is not taken yet, after the host's own name.

    >>> id_of("https://feeds.waha.com.sa/rss", ()), id_of("https://www.waha.org/", {"waha", "waha-2"})
    ('waha', 'waha-3')
    """
    labels = _telling_labels(url)
    if len(labels) > 1 and not labels[-1].isdigit():
        labels = labels[:-1]
        if len(labels) > 1 and labels[-1] in _OWNER_KINDS:
            labels = labels[:-1]
        labels = labels[-1:]
    return free_id(re.sub(r"[^a-z0-9._-]+", "-", ".".join(labels)).strip("._-") or "source", taken)


def free_id(name: str, taken: Collection[str]) -> str:
    """Return an id after this name, with a number where the name is taken."""
    number = 1
    while (found := name if number == 1 else f"{name}-{number}") in taken:
        number += 1
    return found


def _labels(host: str | None) -> list[str]:
    return [label for label in (host or "").lower().split(".") if label]


def _telling_labels(url: str) -> list[str]:
    """Return the labels of a host without those that say what it is for."""
    labels = _labels(urlsplit(url).hostname)
    while len(labels) > 2 and labels[0] in _HOST_ROLES and labels[1] not in _OWNER_KINDS:
        labels = labels[1:]
    return labels


def _bare_host(url: str) -> str:
    """Return the host without what it is for, and with its port: on one machine each port may be another's."""
    port = _PORT.search(urlsplit(url).netloc)
    return ".".join(_telling_labels(url)) + (port.group() if port else "")


def outlet_of(titles: Iterable[str], url: str) -> str:
    """Return the outlet's name: the first part of the first title that names something, else the host.

    >>> outlet_of(["", "آخر الأخبار | صوت الواحة"], "https://waha.example/rss")
    'صوت الواحة'
    """
    for title in titles:
        for part in _TITLE_PARTS.split(plain_text(title)):
            name = part.strip(" -|–—:")
            if name and not _NO_NAME.fullmatch(name):
                return shorten(name, _LONGEST_NAME)
    return _bare_host(url)


def language_of(declared: str, sample: str) -> str:
    """Return the language code of a feed; its headlines count for more than what it says, often a default `en-US`.

    >>> language_of("en-US", "افتتاح الميناء"), language_of("fa", "گشایش بندر"), language_of("", "Le port ouvre")
    ('ar', 'fa', 'und')
    """
    tag = _LANGUAGE.match(declared)
    code = tag[1].lower() if tag else ""
    if not any(char.isalpha() for char in sample):
        return code or UNKNOWN_LANGUAGE
    if letters_share(sample) >= _ARABIC:
        return code if code and is_rtl(code) else "ar"
    return code if code and not is_rtl(code) else UNKNOWN_LANGUAGE


def source_toml(source: Source) -> str:
    """Return the [[source]] table of a source; what is as usual is left out."""
    fields: dict[str, object] = {"id": source.id, "outlet": source.outlet}
    if source.name != source.outlet:
        fields["name"] = source.name
    fields |= {"url": source.url, "country": source.country}
    if source.timezone:
        fields["timezone"] = source.timezone
    fields["language"] = source.language
    unusual = {
        "weight": (source.weight, 1.0),
        "regions": (list(source.regions), []),
        "full_text": (source.full_text, False),
        "enabled": (source.enabled, True),
    }
    fields |= {key: value for key, (value, usual) in unusual.items() if value != usual}
    rows = (f"{key} = {_toml_value(value)}{_remark(key, value)}" for key, value in fields.items())
    return "[[source]]\n" + "".join(f"{row}\n" for row in rows)


def _toml_value(value: object) -> str:
    # JSON's strings, numbers and lists are TOML's, but for DELETE, which TOML wants escaped.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _remark(key: str, value: object) -> str:
    return (
        "  # unknown: where the outlet sits, ISO 3166" if (key, value) == ("country", UNKNOWN_COUNTRY) else ""
    )

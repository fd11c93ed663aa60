"""What is guessed of a feed: right where something tells it, and openly unknown where nothing does."""

from __future__ import annotations

import datetime as dt
import tomllib
from zoneinfo import available_timezones

import pytest
from babel.core import get_global
from hypothesis import given
from hypothesis import strategies as st

from digest.collector.suggestion import (
    country_of,
    free_id,
    id_of,
    language_of,
    outlet_of,
    source_of_host,
    source_toml,
    suggest,
    zone_of,
)
from digest.collector.survey import survey
from digest.config import source_of
from digest.model import ArticleDraft, FetchResult, FetchStatus, ParsedFeed, Source
from digest.settings import SourcesFile
from tests.text.alphabets import anything

NOW = dt.datetime(2026, 11, 22, 6, 0, tzinfo=dt.UTC)


def _source(
    url: str, *, outlet: str = "شراع", country: str = "LB", timezone: str | None = "Asia/Beirut"
) -> Source:
    return Source(id="shiraa", outlet=outlet, name=outlet, url=url, country=country, timezone=timezone)


# --------------------------------------------------------------------------- guesses


@pytest.mark.parametrize(
    ("url", "language", "expected"),
    [
        pytest.param("https://waha.sa/rss", "", "SA", id="a country's domain"),
        pytest.param("https://www.waha.com.eg/rss", "", "EG", id="behind com"),
        pytest.param("https://waha.co.uk/rss", "", "GB", id="uk"),
        pytest.param("https://waha.xn--wgbh1c/rss", "", "EG", id="Egypt's Arabic domain"),
        pytest.param("https://waha.xn--mgberp4a5d4ar/", "", "SA", id="Saudi Arabia's Arabic domain"),
        pytest.param("https://waha.com/rss", "", "ZZ", id="com tells nothing"),
        pytest.param("https://waha.tv/rss", "", "ZZ", id="tv is sold to everybody"),
        pytest.param("https://waha.me/rss", "ar-JO", "JO", id="a sold domain, and a language with a region"),
        pytest.param("https://waha.com.co/rss", "", "CO", id="com.co is Colombia's"),
        pytest.param("https://waha.com/rss", "ar-EG", "EG", id="the language's region"),
        pytest.param("https://waha.com/rss", "ar_ma", "MA", id="in another spelling"),
        pytest.param("https://waha.com/rss", "ar-Arab-DZ", "DZ", id="behind the script"),
        pytest.param("https://waha.com/rss", "en-US", "ZZ", id="a default that programs declare"),
        pytest.param("https://waha.com/rss", "ar-XX", "ZZ", id="no such region"),
        pytest.param("https://waha.com/rss", "Arabic", "ZZ", id="no code"),
        pytest.param("https://waha.sa/rss", "ar-EG", "SA", id="the domain before the language"),
        pytest.param("https://waha.eu/rss", "", "ZZ", id="eu is no country"),
        pytest.param("https://waha.zz/rss", "", "ZZ", id="no such domain"),
        pytest.param("http://127.0.0.1:8080/rss", "", "ZZ", id="a number"),
        pytest.param("http://[::1]/rss", "", "ZZ", id="a long number"),
        pytest.param("http://localhost/rss", "", "ZZ", id="no dot"),
        pytest.param("nonsense", "", "ZZ", id="no address"),
    ],
)  # fmt: skip
def test_countries(url: str, language: str, expected: str) -> None:
    assert country_of(url, language) == expected


@pytest.mark.parametrize(
    ("known", "url", "found"),
    [
        pytest.param("https://www.shiraa.com/rss", "https://shiraa.com/feed", True, id="the same host but for www"),
        pytest.param("https://shiraa.com/rss", "http://feeds.shiraa.com/sport", True, id="the host of its feeds"),
        pytest.param("https://shiraa.com/rss", "https://nakhla.com/rss", False, id="another host"),
        pytest.param("https://shiraa.blogs.example/rss", "https://nakhla.blogs.example/rss", False, id="another name on one platform"),
        pytest.param("https://feeds.feedburner.com/shiraa", "https://feeds.feedburner.com/nakhla", False, id="a host that carries everybody's feeds"),
        pytest.param("http://127.0.0.1:8001/rss", "http://127.0.0.1:8002/rss", False, id="another port"),
        pytest.param("http://shiraa.com:99999/rss", "http://shiraa.com/rss", False, id="a port that there is not"),
    ],
)  # fmt: skip
def test_a_host_that_is_known_tells_its_outlet(known: str, url: str, found: bool) -> None:
    source = _source(known)
    assert source_of_host(url, [source]) == (source if found else None)
    assert country_of(url, "ar-EG", [source]) == ("LB" if found else "EG")


def test_every_zone_that_is_suggested_is_one() -> None:
    zones = {code: zone_of(code) for code in get_global("territory_zones")}
    assert set(zones.values()) - {None} <= available_timezones()
    assert {code for code, zone in zones.items() if zone is None} == {
        "001", "AQ", "FM", "KI", "MH", "UM", "ZZ",
    }  # fmt: skip
    assert (zones["PS"], zones["US"], zones["MA"]) == ("Asia/Hebron", "America/New_York", "Africa/Casablanca")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        pytest.param("https://www.waha.example/rss", "waha", id="the name"),
        pytest.param(
            "https://feeds.waha.co.uk/ar/rss", "waha", id="behind what it is for, before who owns it"
        ),
        pytest.param("https://arabic.waha.com/", "waha", id="a language"),
        pytest.param("https://news.sa/", "news", id="a name that is a role elsewhere"),
        pytest.param("https://24.ae/rss", "24", id="a number for a name"),
        pytest.param("https://al-waha.org.sa/", "al-waha", id="a hyphen"),
        pytest.param("http://127.0.0.1:8080/rss", "127.0.0.1", id="an address"),
        pytest.param("http://[2001:db8::1]/rss", "2001-db8-1", id="a long address"),
        pytest.param("http://localhost/rss", "localhost", id="no dot"),
        pytest.param("https://xn--mgbab2bd.xn--wgbh1c/", "xn--mgbab2bd", id="an international name"),
        pytest.param("nonsense", "source", id="no address"),
    ],
)
def test_ids(url: str, expected: str) -> None:
    assert id_of(url, ()) == expected
    assert id_of(url, {expected, f"{expected}-2"}) == f"{expected}-3"


@given(taken=st.sets(st.sampled_from(["a", "a-2", "a-3", "b"])))
def test_a_free_id_is_free_and_stays_where_it_can(taken: set[str]) -> None:
    found = free_id("a", taken)
    assert found not in taken
    assert (found == "a") == ("a" not in taken)


@pytest.mark.parametrize(
    ("titles", "expected"),
    [
        pytest.param(["صوت الواحة"], "صوت الواحة", id="a name"),
        pytest.param(["صوت الواحة | آخر الأخبار"], "صوت الواحة", id="before what the feed is"),
        pytest.param(["الرئيسية - صوت الواحة"], "صوت الواحة", id="behind what the feed is"),
        pytest.param(["RSS » صوت الواحة"], "صوت الواحة", id="a chevron"),
        pytest.param(["رياضة – صوت الواحة"], "صوت الواحة", id="behind the section"),
        pytest.param(["صوت الواحة RSS Feed"], "صوت الواحة", id="RSS at its end"),
        pytest.param(["Al-Waha Voice: News"], "Al-Waha Voice: News", id="marks within words stay"),
        pytest.param(["صوت الواحة -"], "صوت الواحة", id="a mark that is left over"),
        pytest.param(["RSS", "", "صوت الواحة"], "صوت الواحة", id="the site's name where the feed's is none"),
        pytest.param(["<b>صوت</b> &amp; الواحة"], "صوت & الواحة", id="markup"),
        pytest.param(["الرئيسية"], "waha.example", id="no name at all"),
        pytest.param([], "waha.example", id="no title at all"),
    ],
)
def test_outlets(titles: list[str], expected: str) -> None:
    assert outlet_of(titles, "https://www.waha.example/rss") == expected


@pytest.mark.parametrize(
    ("declared", "sample", "expected"),
    [
        pytest.param("ar", "افتتاح الميناء", "ar", id="as declared"),
        pytest.param("ar-EG", "افتتاح الميناء", "ar", id="with a region"),
        pytest.param("en-US", "افتتاح الميناء", "ar", id="a default that nobody changed"),
        pytest.param("", "افتتاح الميناء", "ar", id="not declared"),
        pytest.param("ar", "", "ar", id="no words to tell by"),
        pytest.param("", "2026 - 100%", "und", id="no letters, no declaration"),
        pytest.param("fa-IR", "گشایش بندر", "fa", id="another language in Arabic letters"),
        pytest.param("fr", "Le port ouvre", "fr", id="Latin as declared"),
        pytest.param("ar", "The port opens", "und", id="Latin that says Arabic"),
        pytest.param("", "The port opens", "und", id="Latin that says nothing"),
        pytest.param("???", "The port opens", "und", id="no code"),
    ],
)
def test_languages(declared: str, sample: str, expected: str) -> None:
    assert language_of(declared, sample) == expected


@pytest.mark.parametrize(
    ("language", "country", "code"),
    [
        pytest.param("ar-OM", "OM", "ar", id="a region"),
        pytest.param("en-US", "ZZ", "ar", id="a default tells nothing of the country"),
    ],
)
def test_a_suggestion_holds_together(language: str, country: str, code: str) -> None:
    source = suggest(
        url="https://waha.com/rss",
        titles=["صوت الواحة | رياضة"],
        language=language,
        sample="افتتاح الميناء",
        known=[],
        taken=["waha"],
    )
    assert (source.id, source.outlet, source.name) == ("waha-2", "صوت الواحة", "صوت الواحة | رياضة")
    assert (source.country, source.language, source.timezone) == (country, code, zone_of(country))


def test_a_second_feed_of_an_outlet_has_its_name_country_and_zone() -> None:
    known = _source("https://shiraa.com/rss", country="PS", timezone="Asia/Gaza")
    source = suggest(
        url="https://shiraa.com/sport", titles=["رياضة"], language="", sample="", known=[known], taken=[]
    )
    assert (source.outlet, source.name) == ("شراع", "رياضة")
    assert (source.country, source.timezone) == ("PS", "Asia/Gaza")


# --------------------------------------------------------------------------- TOML

_words = anything.map(lambda text: text.encode("utf-8", "ignore").decode()).filter(len)


@given(
    outlet=_words,
    name=_words,
    path=st.text(alphabet="ابaz/?&=\"\\'\x7f\n"),
    weight=st.floats(min_value=0, max_value=10, exclude_min=True),
    regions=st.lists(st.sampled_from(["gulf", "asia"])),
    flags=st.tuples(st.booleans(), st.booleans()),
    country=st.sampled_from(["SA", "ZZ"]),
)
def test_a_source_comes_back_out_of_its_toml(
    outlet: str,
    name: str,
    path: str,
    weight: float,
    regions: list[str],
    flags: tuple[bool, bool],
    country: str,
) -> None:
    source = Source(
        id="waha",
        outlet=outlet,
        name=name,
        url=f"https://waha.example/{path}",
        country=country,
        timezone=zone_of(country),
        weight=weight,
        regions=tuple(regions),
        full_text=flags[0],
        enabled=flags[1],
    )
    [table] = SourcesFile.model_validate(tomllib.loads(source_toml(source))).source
    assert source_of(table) == source


def test_toml_names_only_what_is_not_as_usual() -> None:
    assert source_toml(_source("https://shiraa.example/rss")) == (
        '[[source]]\nid = "shiraa"\noutlet = "شراع"\nurl = "https://shiraa.example/rss"\ncountry = "LB"\n'
        'timezone = "Asia/Beirut"\nlanguage = "ar"\n'
    )
    unknown = source_toml(_source("https://shiraa.example/rss", country="ZZ", timezone=None))
    assert 'country = "ZZ"  # unknown' in unknown
    assert "timezone" not in unknown


# --------------------------------------------------------------------------- what a feed holds


def _draft(
    hours_ago: float | None, *, summary: str = "", guid: bool = True, image: str | None = None
) -> ArticleDraft:
    return ArticleDraft(
        aliases=("guid:1", "link:2") if guid else ("link:2",),
        url="https://waha.example/1",
        title="افتتاح الميناء",
        summary=summary,
        published=None if hours_ago is None else NOW - dt.timedelta(hours=hours_ago),
        image_url=image,
    )


def _fetched(body: str) -> FetchResult:
    return FetchResult(key="check", status=FetchStatus.FETCHED, body=body.encode())


def test_a_feed_is_counted() -> None:
    drafts = (
        _draft(1, summary="خبر", image="https://waha.example/1.jpg"),
        _draft(None),
        _draft(3, guid=False),
    )
    feed = ParsedFeed(drafts=drafts, entries=5, skipped=2, title="صوت الواحة", repair="is mended")
    found = survey(_fetched("<rss version='2.0'><channel>"), feed, NOW)
    assert (found.entries, found.usable, found.unusable) == (5, 3, 2)
    assert (found.dated, found.with_summary, found.with_guid, found.with_image) == (2, 1, 2, 1)
    assert (found.newest, found.title, found.repair) == (
        NOW - dt.timedelta(hours=1),
        "صوت الواحة",
        "is mended",
    )
    assert found.headlines == ("افتتاح الميناء",) * 3
    assert (found.lacks_summaries, found.lacks_dates, found.is_stale(NOW)) == (True, False, False)
    assert found.is_stale(NOW + dt.timedelta(days=8))


@pytest.mark.parametrize(
    ("hours_ago", "per_day", "newest"),
    [
        pytest.param([], None, None, id="nothing"),
        pytest.param([5], None, 5, id="one entry"),
        pytest.param([None, None], None, None, id="no dates"),
        pytest.param([5, 5, 5, 5], None, 5, id="all at one moment"),
        pytest.param([0, 2, 4, 6, 8, 10, 12, 14], 12, 0, id="one every two hours"),
        pytest.param([0, 2, 4, 6, 8, 10, 12, 90_000], 12, 0, id="and an old one that is kept"),
        pytest.param([-48, 0, 2, 4, 6, 8, 10, 12], 12, 0, id="and one that is dated ahead"),
        pytest.param([0, 48], 0.5, 0, id="two entries"),
    ],
)
def test_the_pace_is_that_of_late(
    hours_ago: list[float | None], per_day: float | None, newest: float | None
) -> None:
    feed = ParsedFeed(drafts=tuple(map(_draft, hours_ago)), entries=len(hours_ago))
    found = survey(_fetched(""), feed, NOW)
    assert found.per_day == pytest.approx(per_day)
    assert found.newest == (None if newest is None else NOW - dt.timedelta(hours=newest))


@pytest.mark.parametrize(
    ("body", "kind", "language"),
    [
        pytest.param('<?xml version="1.0"?><rss version="2.0"><channel><language>ar-SA</language><item>', "RSS 2.0", "ar-SA", id="RSS"),
        pytest.param("<rss version='0.91'><channel><item><language>en</language>", "RSS 0.91", "", id="an item's language is not the feed's"),
        pytest.param("<rss><channel><dc:language><![CDATA[ar]]></dc:language>", "RSS 2.0", "ar", id="Dublin Core's"),
        pytest.param('<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="fa"><entry>', "Atom", "fa", id="Atom"),
        pytest.param('<rdf:RDF xmlns="http://purl.org/rss/1.0/"><item>', "RSS 1.0 (RDF)", "", id="RDF"),
        pytest.param("<channel>", "a feed of an unusual kind", "", id="something else"),
    ],
)  # fmt: skip
def test_kind_and_language_are_read(body: str, kind: str, language: str) -> None:
    found = survey(_fetched(body), ParsedFeed(drafts=()), NOW)
    assert (found.kind, found.language) == (kind, language)

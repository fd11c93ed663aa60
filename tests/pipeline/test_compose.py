"""compose(): the slot's edition out of the window's articles, once; or in words why there is none."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from functools import cache
from zoneinfo import available_timezones

import pytest

from digest.app import App
from digest.errors import NothingToSay
from digest.model import ArticleDraft, FetchState, Newsletter, Source
from digest.pipeline import compose, draft_edition, edition_id
from digest.pipeline.composing import RankedNews, rank_news
from digest.ranker.places import Placer
from digest.ranker.rank import RankSettings
from tests.conftest import NOW
from tests.fakes import MemoryArticleStore, MemoryEditionStore
from tests.samples import draft, newsletter, parsed, slot, source

_SETTINGS = RankSettings(window_hours=24)
_HEADLINES = {
    "gulf": "الرياض تستضيف قمة الطاقة في السعودية",
    "levant": "لبنان: حريق كبير في مرفأ طرابلس",
    "north_africa": "افتتاح الميناء الجديد في تونس",
}


@pytest.fixture(scope="module")
def placer(tmp_path_factory: pytest.TempPathFactory) -> Placer:
    """The placer that ships, with its own gazetteer."""
    return App(home=tmp_path_factory.mktemp("home"), environment={}).placer


def _entry(headline: str, published: dt.datetime = NOW - dt.timedelta(hours=1)) -> ArticleDraft:
    return draft(
        headline,
        guid=headline,
        url=f"https://x.example/{headline.replace(' ', '-')}",
        summary="",
        published=published,
    )


def _stored(*drafts: ArticleDraft, of: Source | None = None) -> MemoryArticleStore:
    store = MemoryArticleStore()
    of = of or source()
    store.save_feed(of, parsed(*drafts), FetchState(source_id=of.id), NOW)
    return store


def _compose(
    store: MemoryArticleStore,
    editions: MemoryEditionStore,
    placer: Placer,
    wanted: Newsletter | None = None,
    now: dt.datetime = NOW,
) -> list[str]:
    made = compose(wanted or newsletter(), slot(), store, editions, placer, _SETTINGS, now)
    return [story.headline for story in made.stories()]


def test_an_edition_has_the_window_s_stories_by_region(placer: Placer) -> None:
    store = _stored(*(_entry(headline) for headline in _HEADLINES.values()))
    made = compose(newsletter(), slot(), store, MemoryEditionStore(), placer, _SETTINGS, NOW)
    assert {section.region: section.stories[0].headline for section in made.sections} == _HEADLINES
    assert (made.articles_read, made.stories_found) == (3, 3)
    assert (made.newsletter_id, made.local_date, made.cohort) == ("mujaz", slot().local_date, "")
    assert made.composed_at == NOW
    assert made.lead in list(made.stories())


@pytest.mark.parametrize(
    ("published", "told"),
    [
        pytest.param(NOW, True, id="of this moment"),
        pytest.param(NOW + dt.timedelta(minutes=29), True, id="by a clock that runs fast"),
        pytest.param(NOW + dt.timedelta(minutes=31), False, id="of the future"),
        pytest.param(
            NOW - dt.timedelta(hours=24) + dt.timedelta(seconds=1), True, id="of the window's first moment"
        ),
        pytest.param(NOW - dt.timedelta(hours=24), False, id="just too old"),
    ],
)
def test_only_the_window_is_told(placer: Placer, published: dt.datetime, told: bool) -> None:
    store = _stored(_entry(_HEADLINES["gulf"]), _entry(_HEADLINES["levant"], published))
    headlines = _compose(store, MemoryEditionStore(), placer)
    assert (_HEADLINES["levant"] in headlines) == told
    assert _HEADLINES["gulf"] in headlines


def test_an_article_that_is_held_back_is_told_when_its_time_has_come(placer: Placer) -> None:
    ahead = dt.timedelta(minutes=31)
    store = _stored(_entry(_HEADLINES["gulf"], NOW + ahead))
    with pytest.raises(NothingToSay, match="no articles are stored yet"):
        _compose(store, MemoryEditionStore(), placer)
    assert _compose(store, MemoryEditionStore(), placer, now=NOW + ahead) == [_HEADLINES["gulf"]]


def test_nothing_newer_than_the_moment_of_composing_is_told(placer: Placer) -> None:
    later = [_entry(_HEADLINES["levant"], NOW + dt.timedelta(seconds=1)), _entry(_HEADLINES["gulf"], NOW)]
    store = MemoryArticleStore()
    # Collected after the edition's moment, as where a preview looks back.
    store.save_feed(source(), parsed(*later), FetchState(source_id="zaytuna"), NOW + dt.timedelta(hours=1))
    assert _compose(store, MemoryEditionStore(), placer) == [_HEADLINES["gulf"]]
    assert len(rank_news(newsletter(), store, placer, _SETTINGS, NOW).articles) == 1


def test_a_newsletter_reads_its_own_sources_only(placer: Placer) -> None:
    store = _stored(_entry(_HEADLINES["gulf"]), of=source("one"))
    store.save_feed(source("two"), parsed(_entry(_HEADLINES["levant"])), FetchState(source_id="two"), NOW)
    made = draft_edition(
        newsletter(sources=("two",)), slot(), store, placer, _SETTINGS, NOW, MemoryEditionStore()
    )
    assert [story.headline for story in made.stories()] == [_HEADLINES["levant"]]
    assert made.articles_read == 1


def test_what_is_frozen_is_returned(placer: Placer) -> None:
    store, editions = _stored(_entry(_HEADLINES["gulf"])), MemoryEditionStore()
    first = compose(newsletter(), slot(), store, editions, placer, _SETTINGS, NOW)
    store.save_feed(source(), parsed(_entry(_HEADLINES["levant"])), FetchState(source_id="zaytuna"), NOW)
    later = NOW + dt.timedelta(hours=1)
    assert compose(newsletter(), slot(), store, editions, placer, _SETTINGS, later) == first
    tomorrow = slot(slot().local_date + dt.timedelta(days=1))
    second = compose(newsletter(), tomorrow, store, editions, placer, _SETTINGS, later)
    assert len(list(second.stories())) == 2


def test_a_draft_freezes_nothing(placer: Placer) -> None:
    store, editions = _stored(_entry(_HEADLINES["gulf"])), MemoryEditionStore()
    draft_edition(newsletter(), slot(), store, placer, _SETTINGS, NOW, MemoryEditionStore())
    assert editions.latest_edition_id() is None


_OLD = NOW - dt.timedelta(days=3)


@pytest.mark.parametrize(
    ("store", "wanted", "said"),
    [
        pytest.param(
            _stored(), newsletter(), "no articles are stored yet. Run `digest collect`", id="nothing"
        ),
        pytest.param(
            _stored(_entry(_HEADLINES["gulf"], _OLD)),
            newsletter(),
            "no articles since 2026-11-21 06:00 UTC; the newest is of 2026-11-19 06:00 UTC",
            id="nothing new",
        ),
        pytest.param(
            _stored(_entry(_HEADLINES["gulf"])),
            newsletter(sources=("another",)),
            "no articles of its sources are stored yet",
            id="nothing of its sources, ever",
        ),
        pytest.param(
            _stored(_entry(_HEADLINES["gulf"])),
            newsletter(regions=("africa", "asia")),
            "1 articles, but none in its regions (found: gulf)",
            id="nothing in its regions",
        ),
    ],
)
def test_where_there_is_nothing_to_say_it_is_said_why(
    placer: Placer, store: MemoryArticleStore, wanted: Newsletter, said: str
) -> None:
    editions = MemoryEditionStore()
    with pytest.raises(NothingToSay) as caught:
        _compose(store, editions, placer, wanted)
    assert said in str(caught.value)
    assert "mujaz" in str(caught.value)
    assert editions.latest_edition_id() is None


def test_the_newest_that_is_named_is_one_of_its_own_sources(placer: Placer) -> None:
    store = _stored(_entry(_HEADLINES["gulf"], _OLD), of=source("own"))
    store.save_feed(source("other"), parsed(_entry(_HEADLINES["levant"])), FetchState(source_id="other"), NOW)
    with pytest.raises(NothingToSay, match="the newest is of 2026-11-19"):
        _compose(store, MemoryEditionStore(), placer, newsletter(sources=("own",)))


# --------------------------------------------------------------------------- cohorts


def test_cohorts_that_are_composed_at_once_share_the_ranking(placer: Placer) -> None:
    store = _stored(*(_entry(headline) for headline in _HEADLINES.values()))
    calls: list[RankedNews] = []

    @cache
    def ranked() -> RankedNews:
        calls.append(rank_news(newsletter(), store, placer, _SETTINGS, NOW))
        return calls[-1]

    what = (store, MemoryEditionStore(), placer, _SETTINGS, NOW)
    alone = compose(newsletter(), slot(), *what)
    for cohort in ("Africa/Cairo", "Asia/Amman", "Africa/Cairo"):
        made = compose(newsletter(), slot(cohort=cohort), *what, ranked)
        assert made == replace(alone, id=edition_id(slot(cohort=cohort)), cohort=cohort)
    assert len(calls) == 1


def test_a_frozen_edition_asks_for_no_ranking(placer: Placer) -> None:
    store, editions = _stored(_entry(_HEADLINES["gulf"])), MemoryEditionStore()
    first = compose(newsletter(), slot(), store, editions, placer, _SETTINGS, NOW)

    def ranked() -> RankedNews:
        raise AssertionError("it is not needed")

    assert compose(newsletter(), slot(), store, editions, placer, _SETTINGS, NOW, ranked) == first


@pytest.mark.parametrize(
    ("cohort", "expected"),
    [
        pytest.param("", "mujaz-2026-11-22", id="the newsletter's own zone"),
        pytest.param("Africa/Cairo", "mujaz-2026-11-22-africa-cairo", id="another zone"),
        pytest.param("Etc/GMT-5", "mujaz-2026-11-22-etc-gmt-5", id="a zone with a minus"),
        pytest.param("Etc/GMT+5", "mujaz-2026-11-22-etc-gmt-plus-5", id="a zone with a plus"),
        pytest.param(
            "America/North_Dakota/Center", "mujaz-2026-11-22-america-north_dakota-center", id="of three parts"
        ),
    ],
)
def test_an_edition_is_named_by_its_slot(cohort: str, expected: str) -> None:
    assert edition_id(slot(cohort=cohort)) == expected


def test_no_two_cohorts_editions_have_one_name_and_each_is_fit_for_files_and_addresses() -> None:
    zones = ["", *available_timezones()]
    # One newsletter's id may be the beginning of another's.
    slots = [
        slot(day, newsletter_id=name, cohort=zone)
        for name in ("mujaz", "mujaz-2026-11-22", "mujaz-2026-11-22-africa-cairo", "mujaz-2026")
        for day in (slot().local_date, slot().local_date + dt.timedelta(days=1))
        for zone in zones
    ]
    names = [edition_id(one) for one in slots]
    assert len(zones) > 400
    assert len(set(names)) == len(slots)
    # Nothing to be quoted in an address (RFC 3986, 2.3), no folder, and small letters, for file systems without case.
    assert [name for name in names if not re.fullmatch(r"[a-z0-9._-]+", name)] == []

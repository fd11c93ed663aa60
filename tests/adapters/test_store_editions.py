"""Editions: frozen once, and whole when they come back."""

from __future__ import annotations

import datetime as dt
import itertools
import pathlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.adapters.store import Store, open_store
from digest.model import (
    Article,
    Audience,
    Consent,
    Edition,
    Evidence,
    Section,
    Story,
    Subscriber,
    Told,
)
from digest.ports import EditionStore, Ledger
from tests.adapters.databases import KINDS, opened_store
from tests.conftest import NOW
from tests.fakes import MemoryEditionStore, MemoryLedger, MemorySubscribers
from tests.samples import TODAY, edition, message, person, slot

_ARTICLE = Article(
    id="a1",
    outlet="صوت الزيتونة",
    title="«الميناء» الجديد\N{RIGHT-TO-LEFT MARK} — 3.2% نمواً & أكثر",
    url="https://zaytuna.example/أخبار/1?x=1&y=2",
    published=dt.datetime(2026, 11, 22, 8, 59, 59, 999999, tzinfo=dt.timezone(dt.timedelta(hours=3))),
    summary='قال: "نعم".\nثم مضى.',
    section="اقتصاد",
    source="zaytuna",
    country="TN",
    image_url=None,
)
_STORY = Story(
    id="s1",
    headline=_ARTICLE.title,
    summary=_ARTICLE.summary,
    articles=(
        _ARTICLE,
        replace(_ARTICLE, id="a2", outlet="بردى", published=NOW, image_url="https://b.example/2.jpg"),
    ),
    region="north_africa",
    countries=("TN", "EG"),
    evidence=(
        Evidence(words="بصفاقس", country="TN", region="north_africa", articles=("a1", "a2"), weight=1.234),
        Evidence(words="الخليج", country="", region="gulf", articles=("a2",), weight=0.1),
    ),
    score=2.3001,
    score_parts={"outlets": 2.0, "freshness": 0.3001, "soft": -0.0},
)
_FULL = Edition(
    id="mujaz-2026-11-22",
    newsletter_id="mujaz",
    local_date=TODAY,
    cohort="",
    composed_at=NOW + dt.timedelta(microseconds=7),
    sections=(Section(region="north_africa", stories=(_STORY,)), Section(region="gulf", stories=())),
    briefs=(replace(_STORY, id="s2", countries=(), evidence=()),),
    lead_id="s1",
    articles_read=1200,
    stories_found=340,
)


@dataclass(frozen=True, slots=True)
class Shelves:
    """A store of editions, and the ledger that opens them."""

    editions: EditionStore
    ledger: Ledger
    subscribe: Callable[[Subscriber], object]

    def send(self, *sent: Edition) -> None:
        """Open editions, each for a reader of its newsletter and cohort."""
        for one in sent:
            audience = Audience(newsletter_id=one.newsletter_id, zones=(one.cohort,))
            reader = replace(
                person(1), email=f"{one.id}@example.org", newsletter_id=one.newsletter_id, timezone=one.cohort
            )
            self.subscribe(reader)
            opened = self.ledger.open(one.id, {"default": message()}, audience, {(): "default"}, NOW)
            assert opened, "somebody was there to be told"


@pytest.fixture(params=KINDS)
def shelves(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> Iterator[Shelves]:
    """Empty shelves, of each kind in turn."""
    consent = Consent(at=NOW, how="import")
    if request.param == "memory":
        people = MemorySubscribers()
        ledger = MemoryLedger(people)
        yield Shelves(MemoryEditionStore(ledger.is_open), ledger, partial(people.add, consent=consent))
        return
    with opened_store(request.param, request, tmp_path) as store:
        yield Shelves(store.editions, store.ledger, partial(store.subscribers.add, consent=consent))


@pytest.fixture
def editions(shelves: Shelves) -> EditionStore:
    """The store alone."""
    return shelves.editions


def test_there_is_nothing_at_first(editions: EditionStore) -> None:
    assert editions.edition("mujaz-2026-11-22") is None
    assert editions.edition_of(slot()) is None
    assert editions.latest_edition_id() is None


def test_an_edition_comes_back_whole(editions: EditionStore) -> None:
    assert editions.freeze(_FULL) == _FULL
    assert editions.edition(_FULL.id) == _FULL
    assert editions.edition_of(slot()) == _FULL


def test_what_is_frozen_stays(editions: EditionStore) -> None:
    editions.freeze(_FULL)
    later = replace(_FULL, composed_at=NOW + dt.timedelta(hours=1), sections=(), articles_read=9999)
    assert editions.freeze(later) == _FULL
    assert editions.edition(_FULL.id) == _FULL


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(replace(_FULL, id="x", local_date=TODAY + dt.timedelta(days=1)), id="another day"),
        pytest.param(replace(_FULL, id="x", cohort="Africa/Cairo"), id="another cohort"),
        pytest.param(replace(_FULL, id="x", newsletter_id="asdaa"), id="another newsletter"),
    ],
)
def test_another_slot_has_its_own_edition(editions: EditionStore, other: Edition) -> None:
    editions.freeze(_FULL)
    assert editions.freeze(other) == other
    of_other = slot(other.local_date, newsletter_id=other.newsletter_id, cohort=other.cohort)
    assert editions.edition_of(of_other) == other
    assert editions.edition_of(slot()) == _FULL


def test_the_latest_is_the_one_composed_last(editions: EditionStore) -> None:
    for number, hours in enumerate((1, 3, 2)):
        day = TODAY + dt.timedelta(days=number)
        composed = NOW + dt.timedelta(hours=hours)
        editions.freeze(replace(edition(f"e{hours}", day=day), composed_at=composed))
    assert editions.latest_edition_id() == "e3"


def _frozen(editions: EditionStore, day: int, **changes: Any) -> Edition:
    """Freeze the full edition as that of another day and return it."""
    made = replace(
        _FULL,
        id=f"e{day}-{changes.get('newsletter_id', '')}-{changes.get('cohort', '').replace('/', '-')}",
        local_date=TODAY - dt.timedelta(days=day),
        composed_at=NOW - dt.timedelta(days=day),
        **changes,
    )
    return editions.freeze(made)


def test_what_was_told_is_what_was_sent_to_these_readers_since_then(shelves: Shelves) -> None:
    editions = shelves.editions
    told = [_frozen(editions, day) for day in (6, 2, 1)]
    others = [_frozen(editions, 7), _frozen(editions, 1, newsletter_id="weekly")]
    shelves.send(*told, *others)
    _frozen(editions, 3)
    since = NOW - dt.timedelta(days=7)
    assert editions.told_since("mujaz", "", since) == told
    assert editions.told_since("weekly", "", since) == others[-1:]
    assert editions.told_since("mujaz", "", NOW) == []


def test_a_cohort_was_told_by_its_own_edition_of_each_date_else_by_the_newsletters(shelves: Shelves) -> None:
    editions = shelves.editions
    common = {day: _frozen(editions, day) for day in (4, 3, 2, 1)}
    cairo = {day: _frozen(editions, day, cohort="Africa/Cairo") for day in (5, 3, 1)}
    amman = _frozen(editions, 2, cohort="Asia/Amman")
    # Of the second day before, nobody got the newsletter's own; of the last, nobody in Cairo theirs.
    shelves.send(common[4], common[3], common[1], cairo[5], cairo[3], amman)
    since = NOW - dt.timedelta(days=7)
    assert editions.told_since("mujaz", "Africa/Cairo", since) == [cairo[5], common[4], cairo[3], common[1]]
    assert editions.told_since("mujaz", "Asia/Amman", since) == [common[4], common[3], amman, common[1]]
    assert editions.told_since("mujaz", "", since) == [common[4], common[3], common[1]]


def test_an_edition_is_told_from_the_moment_at_which_its_recipients_are_frozen(shelves: Shelves) -> None:
    editions = shelves.editions
    made = _frozen(editions, 1)
    since = NOW - dt.timedelta(days=7)
    assert editions.told_since("mujaz", "", since) == []
    assert editions.opened_slots(made.local_date) == set()
    shelves.send(made)
    assert editions.told_since("mujaz", "", since) == [made]
    assert editions.opened_slots(made.local_date) == {("mujaz", made.local_date, "")}


def test_the_opened_slots_are_those_from_a_date_on_of_all_newsletters_and_cohorts(shelves: Shelves) -> None:
    editions = shelves.editions
    assert editions.opened_slots(TODAY) == set()
    shelves.send(
        _frozen(editions, 2),
        _frozen(editions, 1, cohort="Pacific/Apia"),
        _frozen(editions, 0, newsletter_id="weekly"),
        _frozen(editions, 0),
    )
    _frozen(editions, 1)
    yesterday = TODAY - dt.timedelta(days=1)
    of_today = {("mujaz", TODAY, ""), ("weekly", TODAY, "")}
    assert editions.opened_slots(TODAY) == of_today
    assert editions.opened_slots(yesterday) == of_today | {("mujaz", yesterday, "Pacific/Apia")}
    assert len(editions.opened_slots(TODAY - dt.timedelta(days=9))) == 4


def test_an_id_that_stands_in_another_slot_is_refused(store: Store) -> None:
    store.editions.freeze(_FULL)
    with pytest.raises(RuntimeError, match="mujaz-2026-11-22"):
        store.editions.freeze(replace(_FULL, local_date=TODAY + dt.timedelta(days=1)))


def test_of_editions_frozen_at_once_one_wins_and_all_get_it(database_url: str, store: Store) -> None:
    racers = 6
    start = threading.Barrier(racers)

    def freeze(number: int) -> Edition:
        own = open_store(database_url)
        try:
            start.wait(timeout=20)
            return own.editions.freeze(replace(_FULL, articles_read=number))
        finally:
            own.close()

    with ThreadPoolExecutor(racers) as threads:
        frozen = list(threads.map(freeze, range(racers)))
    kept = store.editions.edition_of(slot())
    assert kept is not None
    assert kept.articles_read in range(racers)
    assert frozen == [kept] * racers


# --------------------------------------------------------------------------- any edition comes back

_WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
_FLOATS = st.floats(allow_nan=False, allow_infinity=False)
_MOMENTS = st.datetimes(
    min_value=dt.datetime.fromisoformat("1990-01-01"),
    max_value=dt.datetime.fromisoformat("2100-01-01"),
    timezones=st.sampled_from([dt.UTC, dt.timezone(dt.timedelta(hours=5, minutes=45))]),
)
_ARTICLES = st.builds(
    Article,
    id=_WORDS,
    outlet=_WORDS,
    title=_WORDS,
    url=_WORDS,
    published=_MOMENTS,
    image_url=st.none() | _WORDS,
)
_STORIES = st.builds(
    Story,
    id=_WORDS,
    headline=_WORDS,
    summary=_WORDS,
    articles=st.lists(_ARTICLES, min_size=1, max_size=2).map(tuple),
    region=_WORDS,
    countries=st.lists(_WORDS, max_size=2).map(tuple),
    evidence=st.lists(
        st.builds(
            Evidence, words=_WORDS, country=_WORDS, region=_WORDS, articles=st.tuples(_WORDS), weight=_FLOATS
        ),
        max_size=2,
    ).map(tuple),
    score=_FLOATS,
    score_parts=st.dictionaries(_WORDS, _FLOATS, max_size=2),
    second_region=_WORDS,
    update_of=st.none()
    | st.builds(Told, edition_id=_WORDS, story_id=_WORDS, local_date=st.dates(), headline=_WORDS),
)


@pytest.fixture(scope="module")
def shelf() -> Iterator[EditionStore]:
    """One store for all examples."""
    store = open_store("sqlite:///:memory:")
    yield store.editions
    store.close()


_DAYS = itertools.count(1)


@settings(max_examples=60, deadline=None)
@given(stories=st.lists(_STORIES, min_size=1, max_size=3).map(tuple), composed_at=_MOMENTS)
def test_any_edition_comes_back_whole(
    shelf: EditionStore, stories: tuple[Story, ...], composed_at: dt.datetime
) -> None:
    number = next(_DAYS)
    made = replace(
        edition(f"e{number}", day=TODAY + dt.timedelta(days=number)),
        composed_at=composed_at,
        sections=(Section(region="gulf", stories=stories),),
        briefs=stories[:1],
        lead_id=stories[0].id,
    )
    shelf.freeze(made)
    assert shelf.edition(made.id) == made

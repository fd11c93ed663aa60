"""The archive: opened editions by date, a story's days, and headlines found however they are spelled."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

import pytest
import sqlalchemy as sa
from alembic import command
from hypothesis import given
from pydantic import TypeAdapter

from digest.adapters.store import Store, open_store
from digest.adapters.store.archive import SqlArchive
from digest.adapters.store.engine import alembic_config, open_engine
from digest.adapters.store.headlines import MOST_ASKED, MOST_LETTERS, index_words, query_words
from digest.adapters.store.schema import headline_word
from digest.model import Audience, Consent, Edition, Section, Story, Subscriber, Told
from digest.text.arabic import stems
from tests.conftest import NOW
from tests.mailer.making import story
from tests.samples import TODAY, message
from tests.text.alphabets import anything

_NEWSLETTERS = ["mujaz", "evening"]


def _edition(*headlines: str, days: int = 0, cohort: str = "", newsletter: str = "mujaz") -> Edition:
    """Return an edition of some days ago with these headlines, the last one in brief."""
    day = TODAY - dt.timedelta(days=days)
    stories = [story(number, headline=one) for number, one in enumerate(headlines, 1)]
    return Edition(
        id=f"{newsletter}-{day}{'-' if cohort else ''}{cohort.lower()}",
        newsletter_id=newsletter,
        local_date=day,
        cohort=cohort,
        composed_at=NOW - dt.timedelta(days=days),
        sections=(Section(region="gulf", stories=tuple(stories[:-1] or stories)),),
        briefs=tuple(stories[-1:]) if len(stories) > 1 else (),
        lead_id=stories[0].id,
    )


def _open(store: Store, *editions: Edition) -> SqlArchive:
    for one in editions:
        reader = Subscriber(
            id=0,
            email=f"{one.id}@example.org",
            newsletter_id=one.newsletter_id,
            timezone=one.cohort,
        )
        store.subscribers.add(reader, consent=Consent(at=NOW, how="a test"))
        store.editions.freeze(one)
        audience = Audience(newsletter_id=one.newsletter_id, zones=(one.cohort,))
        opened = store.ledger.open(one.id, {"default": message()}, audience, {(): "default"}, one.composed_at)
        assert opened, "somebody was there to be told"
    return SqlArchive(store.engine)


def _continuing(of: Story, earlier: Edition) -> Story:
    lead = earlier.lead
    told = Told(
        edition_id=earlier.id, story_id=lead.id, local_date=earlier.local_date, headline=lead.headline
    )
    return replace(of, update_of=told)


def _days_of_one_story(days: int) -> list[Edition]:
    """Return an edition a day, the oldest first, whose lead goes on with that of the day before."""
    made: list[Edition] = []
    for number in range(days):
        one = _edition(f"اليوم {number} من المحادثات", "خبر آخر", days=days - number)
        if made:
            lead = _continuing(one.lead, made[-1])
            one = replace(one, sections=(Section(region="gulf", stories=(lead,)),))
        made.append(one)
    return made


def test_what_was_composed_and_not_opened_is_not_there(store: Store) -> None:
    sent, drawn_up = _edition("افتتاح الميناء", days=1), _edition("افتتاح الميناء")
    archive = _open(store, sent)
    store.editions.freeze(drawn_up)
    assert archive.edition(sent.id) == sent
    assert archive.edition(drawn_up.id) is None
    assert archive.standing(drawn_up.id) is None
    assert [one.id for one in archive.newest(_NEWSLETTERS, 9)] == [sent.id]
    standing = archive.standing(sent.id)
    assert standing is not None
    assert (standing.before, standing.after) == (None, None)
    assert [one.edition_id for one in archive.search("الميناء", _NEWSLETTERS, 9)] == [sent.id]


def test_an_edition_stands_between_those_of_its_newsletter_and_readers(store: Store) -> None:
    archive = _open(
        store,
        _edition("أ ب", days=5),
        _edition("ج د", days=3),
        _edition("ه و", days=2, newsletter="evening"),
        _edition("ز ح", days=2, cohort="Asia/Tokyo"),
        _edition("ط ي"),
    )
    standing = archive.standing(f"mujaz-{TODAY - dt.timedelta(days=3)}")
    assert standing is not None
    assert standing.edition.opened_at == NOW - dt.timedelta(days=3)
    assert standing.before == f"mujaz-{TODAY - dt.timedelta(days=5)}"
    assert standing.after == f"mujaz-{TODAY}"


def test_of_a_date_one_edition_is_listed_the_newsletters_own_where_there_is_one(store: Store) -> None:
    archive = _open(
        store,
        _edition("خبر", cohort="Asia/Tokyo"),
        _edition("خبر"),
        _edition("خبر", days=1, cohort="Asia/Tokyo"),
        _edition("خبر", days=1, cohort="Africa/Cairo"),
    )
    listed = [(one.local_date, one.cohort) for one in archive.newest(["mujaz"], 9)]
    assert listed == [(TODAY, ""), (TODAY - dt.timedelta(days=1), "Africa/Cairo")]
    assert [one.edition_id for one in archive.search("خبر", ["mujaz"], 9)] == [
        f"mujaz-{TODAY}",
        f"mujaz-{TODAY - dt.timedelta(days=1)}-africa/cairo",
    ]
    assert archive.edition(f"mujaz-{TODAY}-asia/tokyo") is not None


def test_lists_by_page_and_month(store: Store) -> None:
    archive = _open(store, *(_edition("خبر", days=days) for days in (0, 1, 21, 22, 60)))
    _open(store, _edition("خبر", days=1, newsletter="evening"), _edition("خبر", newsletter="retired"))
    newest = archive.newest(_NEWSLETTERS, 2)
    assert [one.id for one in newest] == ["mujaz-2026-11-22", "evening-2026-11-21"]
    assert [one.id for one in archive.newest(_NEWSLETTERS, 2, offset=2)] == [
        "mujaz-2026-11-21",
        "mujaz-2026-11-01",
    ]
    november = archive.of_month("mujaz", dt.date(2026, 11, 1))
    assert [one.local_date.day for one in november] == [22, 21, 1]
    assert archive.of_month("mujaz", dt.date(9999, 12, 1)) == []
    assert archive.months("mujaz") == [dt.date(2026, 11, 1), dt.date(2026, 10, 1), dt.date(2026, 9, 1)]


def test_headlines_come_in_the_order_of_reading_the_lead_first(store: Store) -> None:
    made = _edition("الأول", "الثاني", "الثالث")
    made = replace(made, lead_id=made.sections[0].stories[1].id)
    archive = _open(store, made)
    found = archive.headlines([made.id, "nothing"])
    assert [one.headline for one in found[made.id]] == ["الثاني", "الأول", "الثالث"]
    assert found["nothing"] == []


def test_a_storys_days_are_found_from_each_of_them(store: Store) -> None:
    editions = _days_of_one_story(4)
    archive = _open(store, *editions)
    second = editions[1]
    assert [one.edition_id for one in archive.earlier_days(second.id, second.lead_id)] == [editions[0].id]
    later = archive.later_days(second.id, second.lead_id)
    assert [one.edition_id for one in later] == [editions[2].id, editions[3].id]
    assert [one.local_date for one in later] == [editions[2].local_date, editions[3].local_date]
    last = editions[3]
    assert [one.edition_id for one in archive.earlier_days(last.id, last.lead_id)] == [
        one.id for one in reversed(editions[:3])
    ]
    alone = editions[0].briefs[0]
    assert archive.earlier_days(editions[0].id, alone.id) == []
    assert archive.later_days(editions[0].id, alone.id) == []


@pytest.mark.parametrize(
    ("headline", "query", "found"),
    [
        pytest.param("أطلقت إيران سراح أسيراً", "اطلقت ايران", True, id="hamza"),
        pytest.param("الرئيسُ الأميركيّ في جنيف", "الرئيس الأميركي", True, id="harakat in the headline"),
        pytest.param("الرئيس في جنيف", "الرَّئِيسُ", True, id="harakat in the query"),
        pytest.param("افتتاح الميناء الجديد", "ميناء", True, id="without the article"),
        pytest.param("افتتاح ميناء جديد", "الميناء", True, id="with the article"),
        pytest.param("زيارة إلى مصر", "مصر", True, id="a short name"),
        pytest.param("مباحثات بمصر", "مصر", True, id="a particle"),
        pytest.param("روسيا ولبنان", "لبنان", True, id="and"),
        pytest.param("تبادل 460 أسيراً", "أسير", True, id="a tanween"),
        pytest.param("قرض بقيمة ٤٦٠ دولار", "460", True, id="figures"),
        pytest.param("Talks in Cairo", "TALK cairo", True, id="Latin"),
        pytest.param("افتتاح الميناء الجديد", "الميناء القديم", False, id="one word of two"),
        pytest.param("افتتاح الميناء", "مطار", False, id="another word"),
        pytest.param("نسبة 100% من الطاقة", "%", False, id="a wildcard of LIKE"),
        pytest.param("افتتاح_الميناء", "_______", False, id="another wildcard"),
        pytest.param("افتتاح الميناء", "ا" * 10_000, False, id="letters without end"),
        pytest.param("افتتاح الميناء", "\x00\x1b'; DROP TABLE headline; --", False, id="controls and SQL"),
        pytest.param("الخبر في الصحف", "في من على", False, id="nothing but stop words"),
        pytest.param("افتتاح الميناء", " ".join(["الميناء"] * 500), True, id="one word five hundred times"),
    ],
)
def test_a_headline_is_found_by_its_words(headline: str, query: str, found: bool) -> None:
    asked = query_words(query)
    assert (bool(asked) and index_words(headline).issuperset(asked)) is found


def test_a_query_asks_for_all_of_its_words_and_hostile_ones_for_nothing(store: Store) -> None:
    archive = _open(store, _edition("افتتاح الميناء الجديد", "افتتاح مطار 100%", "لا خبر_فيه"))

    def found(query: str) -> list[str]:
        return [one.headline for one in archive.search(query, ["mujaz"], 9)]

    assert found("إفتتاح ميناء") == ["افتتاح الميناء الجديد"]
    assert found("افتتاح") == ["افتتاح الميناء الجديد", "افتتاح مطار 100%"]
    assert found(" ".join(["الميناء"] * 500)) == ["افتتاح الميناء الجديد"]
    for hostile in (
        "%",
        "_",
        "خبر%",
        "\x00\x1b",
        "'; DROP TABLE headline; --",
        "ا" * 10_000,
        "في من على",
        "",
    ):
        assert found(hostile) == ([] if hostile != "خبر%" else ["لا خبر_فيه"])


def test_what_is_found_comes_newest_first_and_by_pages(store: Store) -> None:
    archive = _open(store, *(_edition(f"قمة {days}", f"قمة أخرى {days}", days=days) for days in (2, 0, 1)))
    everything = [one.headline for one in archive.search("قمة", ["mujaz"], 99)]
    assert everything == ["قمة 0", "قمة أخرى 0", "قمة 1", "قمة أخرى 1", "قمة 2", "قمة أخرى 2"]
    pages: Sequence[str] = [one.headline for one in archive.search("قمة", ["mujaz"], 2, offset=2)]
    assert pages == everything[2:4]
    assert archive.search("قمة", ["evening"], 99) == []


@given(anything)
def test_every_headline_is_found_by_each_of_its_own_words(text: str) -> None:
    held = index_words(text)
    assert all(0 < len(word) <= MOST_LETTERS for word in held)
    asked = query_words(text)
    assert len(asked) <= MOST_ASKED
    if len(stems(text)) <= MOST_ASKED:
        assert set(asked) <= held


def test_the_migration_indexes_what_was_opened_before_it(database_url: str) -> None:
    document = TypeAdapter(Edition)
    sent, drawn_up = _edition("افتتاح الميناء", "خبر آخر", days=1), _edition("افتتاح الميناء")
    engine = open_engine(database_url)
    with engine.begin() as connection:
        command.upgrade(alembic_config(connection), "0005")
        table = sa.Table("edition", sa.MetaData(), autoload_with=connection)
        for one, opened_at in ((sent, NOW), (drawn_up, None)):
            row = {
                "id": one.id,
                "newsletter_id": one.newsletter_id,
                "local_date": one.local_date,
                "cohort": "",
                "composed_at": NOW,
                "document": document.dump_json(one).decode(),
                "opened_at": opened_at,
                "recipients": 1,
                "held_why": "",
            }
            connection.execute(sa.insert(table), [row])
    engine.dispose()
    store = open_store(database_url)
    archive = SqlArchive(store.engine)
    assert [one.edition_id for one in archive.search("ميناء", ["mujaz"], 9)] == [sent.id]
    assert [one.headline for one in archive.headlines([sent.id])[sent.id]] == ["افتتاح الميناء", "خبر آخر"]
    with store.engine.connect() as connection:
        assert set(connection.scalars(sa.select(headline_word.c.edition_id))) == {sent.id}
    store.close()

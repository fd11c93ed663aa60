"""Figures and searches over the store, on both engines; files that wait to be confirmed."""

from __future__ import annotations

import datetime as dt
import pathlib
from dataclasses import replace

import pytest
import sqlalchemy as sa

from digest.adapters.store import Store
from digest.adapters.store.figures import SqlFigures
from digest.adapters.store.people import SqlPeople
from digest.adapters.store.schema import subscription
from digest.adapters.store.subscribing import Wish
from digest.adapters.uploads import KEPT_FOR, Uploads
from digest.model import Bounce, DeliveryState, ReceiptStatus
from tests.adapters.ledgers import hand_over, sql_desk
from tests.adapters.people import CONSENT, LAYLA, OMAR, add, leave, suppressed
from tests.conftest import NOW
from tests.samples import TODAY

_DAY = dt.timedelta(days=1)


def test_deliveries_are_counted_by_day_and_by_newsletter(store: Store) -> None:
    desk = sql_desk(store)
    desk.subscribe(3, "daily")
    first, second = desk.open_next("daily"), desk.open_next("daily")
    hand_over(desk.ledger, first, ReceiptStatus.SENT, NOW)
    hand_over(desk.ledger, second, ReceiptStatus.REJECTED, NOW, Bounce.SOFT)
    figures = SqlFigures(store.engine)
    days = figures.delivery_days(TODAY, TODAY + 3 * _DAY)
    assert [(one.total, one.bounces) for one in days] == [(0, 0), (3, 0), (3, 3), (0, 0)]
    assert days[1].states == {DeliveryState.SENT: 3}
    assert figures.delivery_states(TODAY + 2 * _DAY) == {
        ("daily", TODAY + 2 * _DAY): {DeliveryState.FAILED_PERM: 3}
    }
    assert figures.editions() == {"daily": 2}
    assert figures.waiting_since() is None
    desk.open(1)
    assert figures.waiting_since() == NOW


def test_readers_are_counted_by_day(store: Store) -> None:
    people = store.subscribers
    for days in (10, 3, 3, 1, 0):
        number = days * 10 + len(list(people.subscribers()))
        person = replace(LAYLA, email=f"reader{number}@example.org")
        people.add(person, consent=replace(CONSENT, at=NOW - days * _DAY))
    people.add(replace(OMAR, confirmed=False), consent=replace(CONSENT, at=NOW))
    people.remove("reader31@example.org", None, reason="unsubscribed", now=NOW - _DAY)
    found = SqlFigures(store.engine).reader_days(TODAY - 4 * _DAY, TODAY)
    assert [(one.readers, one.joined, one.left) for one in found] == [
        (1, 0, 0),
        (3, 2, 0),
        (3, 0, 0),
        (3, 1, 1),
        (4, 1, 0),
    ]
    assert SqlFigures(store.engine).subscribers() == {("mujaz", True): 4, ("mujaz", False): 1}
    assert SqlFigures(store.engine).suppressions() == {"unsubscribed": 1}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("LAYLA", [LAYLA.email], id="a part of the address, in capitals"),
        pytest.param("example", [LAYLA.email, OMAR.email], id="a part of both"),
        pytest.param("ليلى", [LAYLA.email], id="a name"),
        pytest.param("%", [], id="a sign of LIKE"),
        pytest.param("_", [], id="another sign of LIKE"),
        pytest.param("nobody", [], id="nobody"),
    ],
)
def test_people_are_found(store: Store, text: str, expected: list[str]) -> None:
    for person in (OMAR, LAYLA):
        add(store.subscribers, person)
    forgotten = replace(LAYLA, email="forgotten@example.org")
    add(store.subscribers, forgotten)
    store.subscribers.forget(forgotten.email, NOW)
    found = SqlPeople(store.engine).search(text, 9)
    assert [one.email for one in found] == expected
    assert [one.email for one in SqlPeople(store.engine).search(text, 1)] == expected[:1]


def test_a_person_is_shown_with_all_subscriptions(store: Store) -> None:
    add(store.subscribers)
    add(store.subscribers, replace(LAYLA, newsletter_id="weekly"))
    leave(store.subscribers, "weekly")
    store.subscribers.suppress(suppressed())
    people = SqlPeople(store.engine)
    [layla] = people.search(LAYLA.email, 9)
    assert layla.suppressed == "bounced"
    assert [(one.newsletter_id, one.ended_at) for one in layla.standings] == [
        ("mujaz", None),
        ("weekly", NOW),
    ]
    assert layla.standings[0].regions == LAYLA.regions
    assert people.person(layla.id) == layla
    assert people.person(layla.id + 1) is None


def test_a_list_is_judged_as_it_would_be_granted_and_nothing_is_written(store: Store) -> None:
    people = store.subscribers
    add(people, LAYLA)
    add(people, OMAR)
    add(people, replace(OMAR, newsletter_id="weekly"))
    leave(people, "weekly", OMAR.email)
    people.suppress(suppressed("gone@example.org"))
    addresses = [
        LAYLA.email.upper(),
        OMAR.email,
        "gone@example.org",
        "new@example.org",
        "New@Example.org",
        "newer@example.org",
    ]
    wishes = [
        Wish(person=replace(LAYLA, email=email, newsletter_id=newsletter), consent=CONSENT)
        for email in addresses
        for newsletter in ("mujaz", "weekly")
    ]
    count = sa.select(sa.func.count()).select_from(subscription)
    with store.engine.connect() as connection:
        before = connection.scalar(count)
    judged = SqlPeople(store.engine).judged(wishes)
    with store.engine.connect() as connection:
        assert connection.scalar(count) == before
    assert judged == people.add_all(wishes)
    assert {*judged} == {"new", "known", "left"}


def test_a_file_is_kept_for_a_while_under_a_name_that_nobody_guesses(tmp_path: pathlib.Path) -> None:
    uploads = Uploads(tmp_path / "imports")
    first, second = uploads.keep(b"one", NOW), uploads.keep(b"two", NOW)
    assert first != second
    assert uploads.read(first, NOW + KEPT_FOR) == b"one"
    assert uploads.read(first, NOW + KEPT_FOR + dt.timedelta(seconds=1)) is None
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "imports").iterdir()} == {0o600}
    uploads.drop(second)
    assert uploads.read(second, NOW) is None
    uploads.drop(second)
    last = uploads.keep(b"three", NOW + _DAY)
    assert [path.name for path in (tmp_path / "imports").iterdir()] == [last]


@pytest.mark.parametrize(
    "name", ["", "../secret", "9999999999-../../secret", "/etc/passwd", "9999999999-" + "a" * 31]
)
def test_no_other_file_can_be_named(tmp_path: pathlib.Path, name: str) -> None:
    (tmp_path / "secret").write_text("secret", encoding="utf-8")
    uploads = Uploads(tmp_path / "imports")
    assert uploads.read(name, NOW) is None
    uploads.drop(name)
    assert (tmp_path / "secret").exists()

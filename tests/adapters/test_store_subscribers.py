"""Who gets what: coming, coming again, leaving, and never being written to after that."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
import sqlalchemy as sa

from digest.adapters.store import Store
from digest.adapters.store.schema import subscriber
from digest.adapters.store.subscribers import SqlSubscriberStore, email_key, unwanted
from digest.model import AddOutcome, Audience, Consent, Subscriber, SuppressionReason, ZoneReaders
from tests.adapters.people import (
    CONSENT,
    EVERYBODY,
    LATER,
    LAYLA,
    OMAR,
    active,
    add,
    leave,
    readers,
    suppressed,
)
from tests.conftest import NOW


@pytest.fixture
def people(store: Store) -> SqlSubscriberStore:
    """An empty store of subscribers, on each database in turn."""
    return store.subscribers


def _consent(people: SqlSubscriberStore) -> Consent:
    [found] = people.all_subscriptions()
    return found.consent


# --------------------------------------------------------------------------- coming


def test_a_subscriber_comes_back_as_added(people: SqlSubscriberStore) -> None:
    assert add(people) is AddOutcome.NEW
    [found] = people.subscriptions()
    assert replace(found.person, id=0) == LAYLA
    assert found.person.id > 0
    assert (found.consent, found.ended_at, found.suppressed) == (CONSENT, None, None)


@pytest.mark.parametrize(
    ("again", "after"),
    [
        pytest.param(LAYLA, LAYLA, id="the same"),
        pytest.param(replace(LAYLA, name="", regions=()), LAYLA, id="what is not given stays"),
        pytest.param(replace(LAYLA, name="ليلى س."), replace(LAYLA, name="ليلى س."), id="a new name"),
        pytest.param(replace(LAYLA, regions=("gulf",)), replace(LAYLA, regions=("gulf",)), id="new regions"),
        pytest.param(replace(LAYLA, email="layla@example.ORG"), LAYLA, id="another case"),
        pytest.param(replace(LAYLA, email="  LAYLA@example.org "), LAYLA, id="another case, and blanks"),
        pytest.param(replace(LAYLA, confirmed=False), LAYLA, id="who agreed has agreed"),
        pytest.param(
            replace(LAYLA, timezone="Africa/Cairo"), replace(LAYLA, timezone="Africa/Cairo"), id="a time zone"
        ),
    ],
)
def test_adding_again_changes_only_what_is_given(
    people: SqlSubscriberStore, again: Subscriber, after: Subscriber
) -> None:
    add(people)
    [first] = people.subscribers()
    assert add(people, again, LATER) is AddOutcome.KNOWN
    [found] = people.subscribers()
    assert found == replace(after, id=first.id)
    assert _consent(people) == CONSENT


def test_consent_is_that_of_the_yes(people: SqlSubscriberStore) -> None:
    add(people, replace(LAYLA, confirmed=False))
    assert [person.confirmed for person in people.subscribers()] == [False]
    assert _consent(people) == CONSENT
    assert add(people, LAYLA, LATER) is AddOutcome.KNOWN
    assert [person.confirmed for person in people.subscribers()] == [True]
    assert _consent(people) == LATER
    add(people, LAYLA, CONSENT)
    assert _consent(people) == LATER


def test_one_person_may_have_several_newsletters(people: SqlSubscriberStore) -> None:
    assert add(people) is AddOutcome.NEW
    assert add(people, replace(LAYLA, newsletter_id="asdaa", regions=())) is AddOutcome.NEW
    both = list(people.subscribers())
    assert [(person.newsletter_id, person.regions) for person in both] == [
        ("asdaa", ()),
        ("mujaz", ("levant", "gulf")),
    ]
    assert len({person.id for person in both}) == 1
    assert active(people, "mujaz") == [(LAYLA.email, "mujaz")]
    assert active(people, "another") == []


def test_subscribers_stand_by_address(people: SqlSubscriberStore) -> None:
    for name in ("carol", "Alice", "bob"):
        add(people, replace(LAYLA, email=f"{name}@example.org"))
    assert [person.email.partition("@")[0] for person in people.subscribers()] == ["Alice", "bob", "carol"]


def test_whoever_reads_the_subscribers_may_write_in_between_and_stop(people: SqlSubscriberStore) -> None:
    for number in range(5):
        add(people, replace(LAYLA, email=f"reader{number}@example.org"))
    for person in people.subscribers():
        add(people, replace(person, name="س"))
        if person.email == "reader2@example.org":
            break
    assert [person.name for person in people.subscribers()] == ["س", "س", "س", "ليلى", "ليلى"]


# --------------------------------------------------------------------------- leaving, and coming back


def test_who_leaves_is_suppressed_and_not_brought_back(people: SqlSubscriberStore) -> None:
    add(people)
    assert leave(people, email="layla@EXAMPLE.org") == 1
    assert active(people) == []
    [kept] = people.suppressions()
    assert (email_key(kept.email), kept.reason) == ("layla@example.org", SuppressionReason.UNSUBSCRIBED)
    for newsletter_id in ("mujaz", "asdaa"):
        assert add(people, replace(LAYLA, newsletter_id=newsletter_id)) is AddOutcome.LEFT
        assert active(people) == []
    assert leave(people, "nothing of the kind") == 0
    [gone] = people.all_subscriptions()
    assert (gone.ended_at, gone.suppressed, gone.consent) == (NOW, SuppressionReason.UNSUBSCRIBED, CONSENT)


def test_who_was_never_here_can_ask_to_be_left_alone(people: SqlSubscriberStore) -> None:
    assert leave(people) == 0
    assert add(people) is AddOutcome.LEFT


def test_leaving_one_newsletter_of_two_keeps_the_other(people: SqlSubscriberStore) -> None:
    add(people)
    add(people, replace(LAYLA, newsletter_id="asdaa"))
    assert leave(people, "asdaa") == 1
    assert active(people) == [(LAYLA.email, "mujaz")]
    assert people.suppression_of(LAYLA.email) is None
    # Nor does an import bring back the one that was left.
    assert add(people, replace(LAYLA, newsletter_id="asdaa")) is AddOutcome.LEFT
    assert active(people) == [(LAYLA.email, "mujaz")]
    assert leave(people, "mujaz") == 1
    assert people.suppression_of(LAYLA.email) is not None


def test_leaving_everything_ends_every_subscription(people: SqlSubscriberStore) -> None:
    for person in (LAYLA, replace(LAYLA, newsletter_id="asdaa"), OMAR):
        add(people, person)
    assert leave(people) == 2
    assert active(people) == [(OMAR.email, "mujaz")]


def test_who_asks_to_come_back_does_to_that_newsletter_only(people: SqlSubscriberStore) -> None:
    add(people)
    add(people, replace(LAYLA, newsletter_id="asdaa"))
    leave(people)
    assert people.revive(LAYLA, consent=LATER) is AddOutcome.NEW
    assert active(people) == [(LAYLA.email, "mujaz")]
    assert list(people.suppressions()) == []
    [_, mujaz] = people.all_subscriptions()
    assert mujaz.consent == LATER
    assert people.revive(LAYLA, consent=CONSENT) is AddOutcome.KNOWN
    assert [one.consent for one in people.subscriptions()] == [LATER]


@pytest.mark.parametrize("confirmed", [True, False], ids=["who said yes", "who is asked again"])
def test_who_bounced_and_comes_back_agrees_anew(people: SqlSubscriberStore, confirmed: bool) -> None:
    add(people)
    people.suppress(suppressed())
    assert people.revive(replace(LAYLA, confirmed=confirmed), consent=LATER) is AddOutcome.NEW
    [back] = people.subscriptions()
    assert (back.person.confirmed, back.consent) == (confirmed, LATER)


def test_whoever_was_never_there_can_be_revived_as_well(people: SqlSubscriberStore) -> None:
    assert people.revive(LAYLA, consent=CONSENT) is AddOutcome.NEW


# --------------------------------------------------------------------------- an edition's readers

_OUTSIDERS = [
    pytest.param(lambda people: add(people, replace(OMAR, confirmed=False)), id="not confirmed"),
    pytest.param(lambda people: (add(people, OMAR), leave(people, email=OMAR.email)), id="left"),
    pytest.param(
        lambda people: (
            add(people, OMAR),
            add(people, replace(OMAR, newsletter_id="asdaa")),
            leave(people, "mujaz", OMAR.email),
        ),
        id="left this newsletter",
    ),
    pytest.param(
        lambda people: (add(people, OMAR), people.suppress(suppressed(OMAR.email))), id="suppressed"
    ),
    pytest.param(lambda people: (add(people, OMAR), people.forget(OMAR.email, NOW)), id="forgotten"),
    pytest.param(lambda people: add(people, replace(OMAR, newsletter_id="asdaa")), id="another newsletter"),
]


@pytest.mark.parametrize("put", _OUTSIDERS)
def test_readers_agreed_did_not_leave_and_are_not_suppressed(store: Store, put: object) -> None:
    people = store.subscribers
    add(people)
    assert callable(put)
    put(people)
    assert readers(store) == [LAYLA.email]
    assert people.count(EVERYBODY) == 1
    assert people.choices(EVERYBODY) == {("levant", "gulf"): 1}
    assert people.zones("mujaz") == {"": ZoneReaders(count=1, since=CONSENT.at)}
    with store.engine.connect() as connection:
        others = sa.select(subscriber.c.id).where(subscriber.c.email != LAYLA.email)
        expected = set(connection.scalars(others))
        assert set(connection.scalars(unwanted("mujaz"))) == expected
        narrowed = unwanted("mujaz").where(subscriber.c.id.in_([*expected, 10_000]))
        assert set(connection.scalars(narrowed)) == expected


def test_readers_are_those_of_the_zones(store: Store) -> None:
    people = store.subscribers
    for number, zone in enumerate(("", "Africa/Cairo", "Africa/Cairo", "Asia/Tokyo")):
        consent = replace(CONSENT, at=NOW - dt.timedelta(days=number))
        add(people, replace(OMAR, email=f"reader{number}@example.org", timezone=zone), consent)
    assert people.zones("mujaz") == {
        "": ZoneReaders(count=1, since=NOW),
        "Africa/Cairo": ZoneReaders(count=2, since=NOW - dt.timedelta(days=2)),
        "Asia/Tokyo": ZoneReaders(count=1, since=NOW - dt.timedelta(days=3)),
    }
    assert people.zones("asdaa") == {}
    cairo = Audience(newsletter_id="mujaz", zones=("Africa/Cairo",))
    assert readers(store, cairo) == ["reader1@example.org", "reader2@example.org"]
    assert [people.count(replace(cairo, zones=zones)) for zones in ((), ("",), ("", "Africa/Cairo"))] == [
        0,
        1,
        3,
    ]


def test_choices_are_counted_in_the_readers_order(people: SqlSubscriberStore) -> None:
    for number, regions in enumerate([(), ("gulf", "asia"), ("asia", "gulf"), ("gulf", "asia")]):
        add(people, replace(LAYLA, email=f"reader{number}@example.org", regions=regions))
    assert people.choices(EVERYBODY) == {(): 1, ("gulf", "asia"): 2, ("asia", "gulf"): 1}


# --------------------------------------------------------------------------- addresses


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("a@example.org", "A@EXAMPLE.ORG", id="case"),
        pytest.param(" a@example.org\n", "a@example.org", id="blanks"),
        pytest.param("straße@example.org", "STRASSE@example.org", id="letters whose case is another letter"),
        pytest.param("\u0622ya@example.org", "\u0627\u0653ya@example.org", id="a letter in two characters"),
    ],
)
def test_two_spellings_of_one_address_have_one_key(one: str, other: str) -> None:
    assert email_key(one) == email_key(other)


def test_two_addresses_have_two_keys() -> None:
    assert email_key("a@example.org") != email_key("a+b@example.org")

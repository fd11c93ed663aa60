"""Who gets what: coming, coming again, leaving, and never being written to after that."""

from __future__ import annotations

from dataclasses import replace

import pytest

from digest.adapters.store import Store
from digest.adapters.store.subscribers import SqlSubscriberStore, email_key
from digest.model import AddOutcome, Subscriber
from tests.conftest import NOW

_LAYLA = Subscriber(
    id=0, email="Layla@Example.org", name="ليلى", newsletter_id="mujaz", regions=("levant", "gulf")
)


@pytest.fixture
def people(store: Store) -> SqlSubscriberStore:
    """An empty store of subscribers, on each database in turn."""
    return store.subscribers


def _add(people: SqlSubscriberStore, person: Subscriber) -> AddOutcome:
    return people.add(person, source="a test", now=NOW)


def _leave(people: SqlSubscriberStore, newsletter_id: str | None = None, email: str = _LAYLA.email) -> int:
    return people.remove(email, newsletter_id, reason="unsubscribed", now=NOW)


def test_a_subscriber_comes_back_as_added(people: SqlSubscriberStore) -> None:
    assert _add(people, _LAYLA) is AddOutcome.NEW
    [found] = people.subscribers()
    assert replace(found, id=0) == _LAYLA
    assert found.id > 0


@pytest.mark.parametrize(
    ("again", "after"),
    [
        pytest.param(_LAYLA, _LAYLA, id="the same"),
        pytest.param(replace(_LAYLA, name="", regions=()), _LAYLA, id="what is not given stays"),
        pytest.param(replace(_LAYLA, name="ليلى س."), replace(_LAYLA, name="ليلى س."), id="a new name"),
        pytest.param(
            replace(_LAYLA, regions=("gulf",)), replace(_LAYLA, regions=("gulf",)), id="new regions"
        ),
        pytest.param(replace(_LAYLA, email="layla@example.ORG"), _LAYLA, id="another case"),
        pytest.param(replace(_LAYLA, email="  LAYLA@example.org "), _LAYLA, id="another case, and blanks"),
        pytest.param(replace(_LAYLA, confirmed=False), _LAYLA, id="who agreed has agreed"),
        pytest.param(
            replace(_LAYLA, timezone="Africa/Cairo"),
            replace(_LAYLA, timezone="Africa/Cairo"),
            id="a time zone",
        ),
    ],
)
def test_adding_again_changes_only_what_is_given(
    people: SqlSubscriberStore, again: Subscriber, after: Subscriber
) -> None:
    _add(people, _LAYLA)
    [first] = people.subscribers()
    assert _add(people, again) is AddOutcome.KNOWN
    [found] = people.subscribers()
    assert found == replace(after, id=first.id)


def test_an_unconfirmed_subscriber_is_kept_as_such_until_the_yes(people: SqlSubscriberStore) -> None:
    _add(people, replace(_LAYLA, confirmed=False))
    assert [person.confirmed for person in people.subscribers()] == [False]
    _add(people, _LAYLA)
    assert [person.confirmed for person in people.subscribers()] == [True]


def test_one_person_may_have_several_newsletters(people: SqlSubscriberStore) -> None:
    assert _add(people, _LAYLA) is AddOutcome.NEW
    assert _add(people, replace(_LAYLA, newsletter_id="asdaa", regions=())) is AddOutcome.NEW
    both = people.subscribers()
    assert [(person.newsletter_id, person.regions) for person in both] == [
        ("asdaa", ()),
        ("mujaz", ("levant", "gulf")),
    ]
    assert len({person.id for person in both}) == 1
    assert [person.newsletter_id for person in people.subscribers("mujaz")] == ["mujaz"]
    assert people.subscribers("another") == []


def test_subscribers_stand_by_address(people: SqlSubscriberStore) -> None:
    for name in ("carol", "Alice", "bob"):
        _add(people, replace(_LAYLA, email=f"{name}@example.org"))
    assert [person.email.partition("@")[0] for person in people.subscribers()] == ["Alice", "bob", "carol"]


def test_who_leaves_is_suppressed_and_not_brought_back(people: SqlSubscriberStore) -> None:
    _add(people, _LAYLA)
    assert _leave(people, email="layla@EXAMPLE.org") == 1
    assert people.subscribers() == []
    assert people.suppressed() == {email_key(_LAYLA.email): "unsubscribed"}
    for newsletter_id in ("mujaz", "asdaa"):
        _add(people, replace(_LAYLA, newsletter_id=newsletter_id))
        assert people.subscribers() == []
    assert _leave(people, "nothing of the kind") == 0


def test_the_first_reason_for_a_suppression_stays(people: SqlSubscriberStore) -> None:
    people.remove(_LAYLA.email, None, reason="bounced", now=NOW)
    people.remove(_LAYLA.email, None, reason="unsubscribed", now=NOW)
    assert people.suppressed() == {"layla@example.org": "bounced"}


def test_who_was_never_here_can_ask_to_be_left_alone(people: SqlSubscriberStore) -> None:
    assert _leave(people) == 0
    _add(people, _LAYLA)
    assert people.subscribers() == []


def test_leaving_one_newsletter_of_two_keeps_the_other(people: SqlSubscriberStore) -> None:
    _add(people, _LAYLA)
    _add(people, replace(_LAYLA, newsletter_id="asdaa"))
    assert _leave(people, "asdaa") == 1
    assert [person.newsletter_id for person in people.subscribers()] == ["mujaz"]
    assert people.suppressed() == {}


def test_a_newsletter_that_was_left_is_not_brought_back_by_an_import(people: SqlSubscriberStore) -> None:
    _add(people, _LAYLA)
    _add(people, replace(_LAYLA, newsletter_id="asdaa"))
    _leave(people, "asdaa")
    assert _add(people, replace(_LAYLA, newsletter_id="asdaa")) is AddOutcome.LEFT
    assert [person.newsletter_id for person in people.subscribers()] == ["mujaz"]


def test_who_asks_to_come_back_does_to_that_newsletter_only(people: SqlSubscriberStore) -> None:
    _add(people, _LAYLA)
    _add(people, replace(_LAYLA, newsletter_id="asdaa"))
    _leave(people)
    assert people.revive(_LAYLA, source="a letter", now=NOW) is AddOutcome.NEW
    assert [person.newsletter_id for person in people.subscribers()] == ["mujaz"]
    assert people.suppressed() == {}
    assert people.revive(_LAYLA, source="a letter", now=NOW) is AddOutcome.KNOWN


def test_whoever_was_never_there_can_be_revived_as_well(people: SqlSubscriberStore) -> None:
    assert people.revive(_LAYLA, source="a letter", now=NOW) is AddOutcome.NEW


def test_leaving_the_last_newsletter_suppresses(people: SqlSubscriberStore) -> None:
    _add(people, _LAYLA)
    _add(people, replace(_LAYLA, newsletter_id="asdaa"))
    assert [_leave(people, "asdaa"), _leave(people, "mujaz")] == [1, 1]
    assert people.suppressed() == {"layla@example.org": "unsubscribed"}


def test_leaving_everything_ends_every_subscription(people: SqlSubscriberStore) -> None:
    _add(people, _LAYLA)
    _add(people, replace(_LAYLA, newsletter_id="asdaa"))
    _add(people, replace(_LAYLA, email="omar@example.com"))
    assert _leave(people) == 2
    assert [person.email for person in people.subscribers()] == ["omar@example.com"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("a@example.org", "A@EXAMPLE.ORG", id="case"),
        pytest.param(" a@example.org\n", "a@example.org", id="blanks"),
        pytest.param("straße@example.org", "STRASSE@example.org", id="letters whose case is another letter"),
    ],
)
def test_two_spellings_of_one_address_have_one_key(one: str, other: str) -> None:
    assert email_key(one) == email_key(other)


def test_two_addresses_have_two_keys() -> None:
    assert email_key("a@example.org") != email_key("a+b@example.org")

"""One reader's own choices in the store: found by key, changed, and heeded by the next edition."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from digest.adapters.store import Store
from digest.adapters.store.reader_choices import KnownReader, ReaderChoices
from digest.model import Audience, Consent, DeliveryState
from tests.adapters.people import CONSENT, EVERYBODY, LATER, LAYLA, OMAR, add, leave, put_delivery, readers
from tests.conftest import NOW

_TODAY = NOW.date()


def _known(store: Store, email: str = LAYLA.email) -> KnownReader:
    found = ReaderChoices(store.engine).reader_at(email)
    assert found is not None
    return found


def test_a_person_is_found_by_number_and_by_address(store: Store) -> None:
    add(store.subscribers)
    add(store.subscribers, replace(LAYLA, newsletter_id="evening", regions=()))
    add(store.subscribers, OMAR)
    layla = _known(store, "LAYLA@example.org")
    assert ReaderChoices(store.engine).reader(layla.id) == layla
    assert (layla.email, layla.name, layla.created_at) == ("Layla@Example.org", "ليلى", CONSENT.at)
    assert {one.newsletter_id: one.regions for one in layla.choices} == {
        "evening": (),
        "mujaz": ("levant", "gulf"),
    }
    assert layla.active.keys() == {"evening", "mujaz"}
    assert layla.active["mujaz"].consent == CONSENT


def test_who_is_not_there_is_not_found(store: Store) -> None:
    choices = ReaderChoices(store.engine)
    assert (choices.reader(7), choices.reader_at("nobody@example.org")) == (None, None)
    assert choices.address_of_delivery(7) == ""


def test_what_ended_is_known_and_not_active(store: Store) -> None:
    add(store.subscribers)
    leave(store.subscribers)
    layla = _known(store)
    choice = layla.choice("mujaz")
    assert choice is not None
    assert (choice.ended_at, layla.active) == (NOW, {})
    assert layla.choice("evening") is None


def test_who_was_forgotten_is_not_found_and_not_changed(store: Store) -> None:
    add(store.subscribers)
    layla = _known(store)
    store.subscribers.forget(LAYLA.email, NOW)
    choices = ReaderChoices(store.engine)
    choices.set_person(layla.id, name="ليلى", timezone="Africa/Cairo")
    assert (choices.reader(layla.id), choices.reader_at(""), choices.reader_at(LAYLA.email)) == (None,) * 3
    add(store.subscribers, OMAR)
    assert _known(store, OMAR.email).name == OMAR.name


def test_choices_are_kept(store: Store) -> None:
    add(store.subscribers)
    add(store.subscribers, OMAR)
    choices, layla = ReaderChoices(store.engine), _known(store)
    until = _TODAY + dt.timedelta(days=3)
    choices.choose(layla.id, "mujaz", regions=("asia",), paused_until=until)
    choices.set_person(layla.id, name="", timezone="Africa/Cairo")
    changed = _known(store)
    assert (changed.name, changed.timezone) == ("", "Africa/Cairo")
    assert (changed.active["mujaz"].regions, changed.active["mujaz"].paused_until) == (("asia",), until)
    assert changed.active["mujaz"].consent == CONSENT
    assert _known(store, OMAR.email).active["mujaz"].paused_until is None


def test_a_new_consent_takes_the_old_ones_place(store: Store) -> None:
    add(store.subscribers)
    new: Consent = replace(LATER, source="192.0.2.0/24")
    ReaderChoices(store.engine).choose(_known(store).id, "mujaz", regions=(), paused_until=None, consent=new)
    assert _known(store).active["mujaz"].consent == new


def test_what_ended_is_not_chosen_of(store: Store) -> None:
    add(store.subscribers)
    leave(store.subscribers)
    ReaderChoices(store.engine).choose(_known(store).id, "mujaz", regions=("asia",), paused_until=_TODAY)
    choice = _known(store).choice("mujaz")
    assert choice is not None
    assert (choice.regions, choice.paused_until) == (("levant", "gulf"), None)


@pytest.mark.parametrize(
    ("days", "gets"),
    [
        pytest.param(-1, True, id="the pause is over"),
        pytest.param(0, True, id="it ends on this day"),
        pytest.param(1, False, id="it goes on"),
    ],
)
def test_an_edition_leaves_out_who_has_paused(days: int, gets: bool, store: Store) -> None:
    add(store.subscribers)
    add(store.subscribers, OMAR)
    until = _TODAY + dt.timedelta(days=days)
    ReaderChoices(store.engine).choose(_known(store).id, "mujaz", regions=(), paused_until=until)
    of_today: Audience = replace(EVERYBODY, day=_TODAY)
    assert (LAYLA.email in readers(store, of_today)) is gets
    assert OMAR.email in readers(store, of_today)
    assert LAYLA.email in readers(store, EVERYBODY)
    assert store.subscribers.count(of_today) == 1 + gets


def test_the_address_of_a_delivery(store: Store) -> None:
    add(store.subscribers)
    layla = _known(store)
    put_delivery(store, replace(LAYLA, id=layla.id), 22, DeliveryState.SENT)
    [past] = store.subscribers.history(LAYLA.email)
    assert past.edition_id == "mujaz-2026-11-22"
    choices = ReaderChoices(store.engine)
    assert choices.address_of_delivery(1) == LAYLA.email
    store.subscribers.forget(LAYLA.email, NOW)
    assert choices.address_of_delivery(1) == ""

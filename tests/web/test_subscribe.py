"""Subscribing: a form, a letter, a button; nothing kept before, replays harmless, the same answer for everybody."""

from __future__ import annotations

import datetime as dt
import pathlib
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from digest.adapters.store.schema import attempt, subscriber, suppression
from digest.model import AddOutcome, Consent, Subscriber, Suppression, SuppressionReason
from digest.web.wishes import Wish, sealed
from tests.conftest import NOW
from tests.web.reading import (
    ask,
    confirmed,
    known,
    letter_to,
    letters_with_one_to,
    link_in,
    made_last_week,
    path_of,
    reader_of,
    readers_site,
)
from tests.web.site import Site

_LAYLA = "layla@example.org"


@pytest.fixture
def site(tmp_path: pathlib.Path) -> Iterator[Site]:
    with readers_site(tmp_path) as opened:
        yield opened


def _leave(site: Site, address: str) -> None:
    site.app.store.subscribers.remove(address, None, reason="unsubscribed", now=site.clock.now())


def _later(site: Site, **spans: float) -> None:
    site.clock.moment += dt.timedelta(**spans)


# --------------------------------------------------------------------------- the way


def test_from_the_form_to_the_subscription(site: Site) -> None:
    fields = {"name": "ليلى", "timezone": "Africa/Cairo", "region-asia": "1", "region-gulf": "0"}
    assert ask(site, "Layla@Example.org", **fields) == 200
    letter = letter_to(site, "Layla@example.org")
    assert str(letter["Subject"]) == "أكّد اشتراكك في «موجز»"
    path = path_of(link_in(letter))
    page = site.client.get(path).get_data(as_text=True)
    assert '<form method="post">' in page
    assert "Layla@example.org" in page
    _later(site, minutes=5)
    assert site.client.post(path, environ_overrides={"REMOTE_ADDR": "192.0.2.77"}).status_code == 200
    layla = known(site, _LAYLA)
    choice = layla.active["mujaz"]
    assert (layla.name, layla.timezone, choice.regions[0]) == ("ليلى", "Africa/Cairo", "asia")
    assert "gulf" not in choice.regions
    assert choice.consent == Consent(at=site.clock.now(), how="double opt-in", source="192.0.2.0/24")


def test_before_the_yes_nothing_that_names_the_person_is_kept(site: Site) -> None:
    ask(site, _LAYLA, name="ليلى")
    path = path_of(link_in(letter_to(site, _LAYLA)))
    for method in ("GET", "HEAD"):
        assert site.client.open(path, method=method).status_code == 200
    with site.app.store.engine.connect() as connection:
        for table in (subscriber, suppression):
            assert connection.scalar(sa.select(sa.func.count()).select_from(table)) == 0
        assert not [name for name in connection.scalars(sa.select(attempt.c.name)) if "layla" in name]


def test_the_form_needs_no_script(site: Site) -> None:
    page = site.client.get("/subscribe").get_data(as_text=True)
    for field in ("email", "name", "timezone", "region-gulf", "region-world"):
        assert f'name="{field}"' in page
        assert f'for="{field}"' in page
    assert '<option value="Asia/Riyadh" selected>' in page
    assert "data-guess" in page
    assert "<script>" not in page


def test_an_address_that_is_none_is_shown_again(site: Site) -> None:
    answer = site.client.post(
        "/subscribe", data={"email": '"><b>x', "name": "ليلى", "region-asia": "1", "timezone": "Asia/Kabul"}
    )
    page = answer.get_data(as_text=True)
    assert answer.status_code == 400
    assert "لا يمكننا الكتابة إلى هذا العنوان" in page
    assert '<option value="Asia/Kabul" selected>' in page
    assert 'value="ليلى"' in page
    assert "<b>x" not in page
    assert page.index("region-asia") < page.index("region-gulf")


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        pytest.param("ليلى@example.org", "ليلى@example.org", id="Arabic before the @"),
        pytest.param("layla@مثال.إختبار", "layla@xn--mgbh0fb.xn--kgbechtv", id="Arabic domain"),
        pytest.param("l'ayla+a=b@example.org", "l'ayla+a=b@example.org", id="odd signs"),
    ],
)
def test_addresses_of_all_scripts_come_through(typed: str, stored: str, site: Site) -> None:
    ask(site, typed)
    assert site.client.post(path_of(link_in(letter_to(site, stored)))).status_code == 200
    assert known(site, stored).active.keys() == {"mujaz"}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("ليلى\r\nBcc: victim@example.org", id="a header more"),
        pytest.param("\u202eevil\u202c", id="an override"),
        pytest.param("Visit https://spam.example now", id="an advertisement"),
        pytest.param("__UNSUBSCRIBE_URL__", id="a token of ours"),
        pytest.param("<script>alert(1)</script>", id="markup"),
    ],
)
def test_no_word_of_a_stranger_stands_in_the_letter(name: str, site: Site) -> None:
    ask(site, _LAYLA, name=name)
    letter = letter_to(site, _LAYLA)
    assert "Bcc" not in letter
    for kind in ("plain", "html"):
        body = letter.get_body((kind,))
        assert body is not None
        text = body.get_content()
        assert not any(word in text for word in ("victim", "evil", "spam", "UNSUBSCRIBE", "script"))


# --------------------------------------------------------------------------- the same answer for everybody


def _subscribed(site: Site) -> None:
    confirmed(site, _LAYLA)


def _suppressed(reason: SuppressionReason, site: Site) -> None:
    since = site.clock.now() - dt.timedelta(days=1)
    site.app.store.subscribers.suppress(Suppression(email=_LAYLA, reason=reason, since=since))


@pytest.mark.parametrize(
    ("state", "mailed"),
    [
        pytest.param("unknown", True, id="unknown"),
        pytest.param("subscribed", True, id="subscribed"),
        pytest.param("unsubscribed", True, id="left"),
        pytest.param("complained", False, id="complained"),
        pytest.param("bounced", False, id="bounced"),
        pytest.param("by_hand", False, id="barred"),
    ],
)
def test_the_answer_does_not_tell_who_is_known(state: str, mailed: bool, site: Site) -> None:
    ask(site, "somebody@example.org")
    letter_to(site, "somebody@example.org")
    if state == "subscribed":
        _subscribed(site)
    elif state != "unknown":
        _suppressed(SuppressionReason(state), site)
    _later(site, hours=2)
    answers = [
        site.client.post("/subscribe", data={"email": address})
        for address in (_LAYLA, "reference@example.org")
    ]
    known_one, unknown_one = (
        (one.status_code, sorted(one.headers.keys()), one.get_data(as_text=True)) for one in answers
    )
    assert known_one[:2] == unknown_one[:2]
    assert known_one[2].replace(_LAYLA, "-") == unknown_one[2].replace("reference@example.org", "-")
    # One letter after the other: the second is there, so the first would be.
    assert (_LAYLA in letters_with_one_to(site, "reference@example.org")) is mailed


def test_a_program_that_fills_in_everything_gets_the_same_page_and_no_letter(site: Site) -> None:
    data = {"email": _LAYLA, "website": "https://spam.example"}
    trapped = site.client.post("/subscribe", data=data).get_data(as_text=True)
    plain = site.client.post("/subscribe", data={"email": "reference@example.org"}).get_data(as_text=True)
    assert trapped.replace(_LAYLA, "-") == plain.replace("reference@example.org", "-")
    assert letters_with_one_to(site, "reference@example.org").keys() == {"reference@example.org"}


# --------------------------------------------------------------------------- links


def _changed(path: str) -> str:
    # Not the last letter: some of its bits say nothing.
    return path[:-4] + ("A" if path[-4] != "A" else "B") + path[-3:]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_links_that_are_not_whole_or_for_something_else(method: str, site: Site) -> None:
    ask(site, _LAYLA)
    path = path_of(link_in(letter_to(site, _LAYLA)))
    links = site.app.links
    others = [
        _changed(path),
        path[:-20],
        "/confirm/x",
        f"/confirm/{links.unsubscribe(1, 'mujaz')}",
        f"/confirm/{links.preferences(1, 'mujaz')}",
        f"/confirm/{links.confirm({'email': _LAYLA})}",
        f"/confirm/{sealed(site.app, Wish(email=_LAYLA, newsletter_id='gone', at=NOW))}",
    ]
    for other in others:
        answer = site.client.open(other, method=method)
        assert answer.status_code == 400, other
        assert 'action="/subscribe"' in answer.get_data(as_text=True)
    assert reader_of(site, _LAYLA) is None


def test_an_old_link_says_so_and_offers_the_form(site: Site) -> None:
    ask(site, _LAYLA)
    old = made_last_week(site, path_of(link_in(letter_to(site, _LAYLA))))
    for method in ("GET", "POST"):
        answer = site.client.open(old, method=method)
        assert answer.status_code == 410
        assert "انتهت صلاحية هذا الرابط" in answer.get_data(as_text=True)
        assert 'action="/subscribe"' in answer.get_data(as_text=True)
    assert reader_of(site, _LAYLA) is None


def test_a_second_yes_changes_nothing(site: Site) -> None:
    path = confirmed(site, _LAYLA, name="ليلى")
    before = known(site, _LAYLA)
    _later(site, minutes=1)
    assert site.client.post(path).status_code == 200
    assert known(site, _LAYLA) == before


def test_an_old_yes_does_not_undo_a_newer_choice(site: Site) -> None:
    first = confirmed(site, _LAYLA)
    _later(site, hours=2)
    confirmed(site, _LAYLA, **{"region-asia": "1"})
    newer = known(site, _LAYLA)
    assert newer.active["mujaz"].regions[0] == "asia"
    _later(site, minutes=1)
    assert site.client.post(first).status_code == 200
    assert known(site, _LAYLA) == newer


def test_who_left_is_not_brought_back_by_a_replay(site: Site) -> None:
    path = confirmed(site, _LAYLA)
    _later(site, minutes=1)
    _leave(site, _LAYLA)
    assert site.client.post(path).status_code == 410
    assert known(site, _LAYLA).active == {}


def test_who_left_and_asks_again_comes_back(site: Site) -> None:
    confirmed(site, _LAYLA)
    _later(site, minutes=1)
    _leave(site, _LAYLA)
    _later(site, hours=2)
    confirmed(site, _LAYLA)
    assert known(site, _LAYLA).active.keys() == {"mujaz"}
    assert site.app.store.subscribers.suppression_of(_LAYLA) is None


def test_who_was_forgotten_comes_back_by_a_new_wish_only(site: Site) -> None:
    path = confirmed(site, _LAYLA)
    _later(site, minutes=1)
    site.app.store.subscribers.forget(_LAYLA, site.clock.now())
    assert site.client.post(path).status_code == 410
    assert reader_of(site, _LAYLA) is None
    _later(site, hours=2)
    confirmed(site, _LAYLA)
    assert known(site, _LAYLA).active.keys() == {"mujaz"}


@pytest.mark.parametrize("reason", ["complained", "bounced", "by_hand"])
def test_who_complained_since_is_not_brought_back(reason: str, site: Site) -> None:
    ask(site, _LAYLA)
    path = path_of(link_in(letter_to(site, _LAYLA)))
    _suppressed(SuppressionReason(reason), site)
    assert site.client.post(path).status_code == 410
    assert reader_of(site, _LAYLA) is None


def test_a_key_is_changed_without_breaking_links(tmp_path: pathlib.Path) -> None:
    keys = {"DIGEST_SECRET_KEY": "the first key of these tests, long enough"}
    with readers_site(tmp_path, keys) as site:
        ask(site, _LAYLA)
        path = path_of(link_in(letter_to(site, _LAYLA)))
    both = {"DIGEST_SECRET_KEY": f"the second key of these tests, long enough,{keys['DIGEST_SECRET_KEY']}"}
    with readers_site(tmp_path, both) as site:
        assert site.client.post(path).status_code == 200
    with readers_site(tmp_path, {"DIGEST_SECRET_KEY": "quite another key of these tests"}) as site:
        assert site.client.post(path).status_code == 400


# --------------------------------------------------------------------------- limits and settings


def test_one_address_gets_three_letters_an_hour(site: Site) -> None:
    statuses = [ask(site, spelling) for spelling in (_LAYLA, "LAYLA@example.org", _LAYLA, _LAYLA)]
    assert statuses == [200, 200, 200, 429]
    assert ask(site, "omar@example.org") == 200
    _later(site, hours=1)
    assert ask(site, _LAYLA) == 200


def test_a_letter_that_waits_is_sent_before_the_store_is_closed(tmp_path: pathlib.Path) -> None:
    with readers_site(tmp_path) as site:
        assert ask(site, _LAYLA) == 200
        engine = site.app.store.engine
    assert letter_to(site, _LAYLA)["To"] == _LAYLA
    # No connection was opened since: SQLAlchemy makes a closed pool anew where somebody asks.
    assert engine.pool.checkedin() + engine.pool.checkedout() == 0  # type: ignore[attr-defined]


def test_one_network_may_ask_twenty_times_an_hour(site: Site) -> None:
    def from_(address: str, number: int) -> int:
        data = {"email": f"reader{number}@example.org"}
        return site.client.post(
            "/subscribe", data=data, environ_overrides={"REMOTE_ADDR": address}
        ).status_code

    statuses = [from_(f"192.0.2.{number}", number) for number in range(21)]
    assert statuses == [200] * 20 + [429]
    answer = site.client.post(
        "/subscribe", data={"email": "x@example.org"}, environ_overrides={"REMOTE_ADDR": "192.0.2.1"}
    )
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "3600")
    # Who is refused uses up nobody's letters, and leaves nothing in the table.
    assert {from_("192.0.2.1", 40) for _ in range(4)} == {429}
    assert from_("198.51.100.1", 40) == 200
    assert from_("198.51.100.1", 30) == 200
    assert from_("2001:db8::1", 31) == 200


def test_without_an_address_of_its_own_the_site_writes_to_nobody(tmp_path: pathlib.Path) -> None:
    with readers_site(tmp_path, {"DIGEST_BASE_URL": ""}) as site:
        answer = site.client.post("/subscribe", data={"email": _LAYLA}, headers={"Host": "evil.example"})
        assert answer.status_code == 503


def test_a_newsletter_that_is_none(site: Site) -> None:
    assert site.client.get("/subscribe?newsletter=moon").status_code == 404
    assert ask(site, _LAYLA, newsletter="moon") == 404


def test_an_import_still_does_not_bring_back_who_left(site: Site) -> None:
    confirmed(site, _LAYLA)
    _later(site, minutes=1)
    _leave(site, _LAYLA)
    person = Subscriber(id=0, email=_LAYLA, newsletter_id="mujaz")
    added = site.app.store.subscribers.add(person, consent=Consent(at=NOW, how="import"))
    assert added is AddOutcome.LEFT

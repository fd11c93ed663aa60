"""`digest subscribers` for one person: add, list, remove, suppress, forget, history."""

from __future__ import annotations

import datetime as dt
import pathlib
from typing import Any

import pytest

from digest.model import Consent, DeliveryState, Subscriber
from tests.adapters.people import put_delivery
from tests.cli.inside import inside
from tests.cli.running import Ran, digest, opened

_AGREED = dt.datetime(2026, 3, 13, 18, 0, tzinfo=dt.UTC)


def _people(home: pathlib.Path) -> list[Subscriber]:
    with opened(home) as app:
        return list(app.store.subscribers.subscribers())


def _subscribe(home: pathlib.Path, *addresses: str) -> None:
    with opened(home) as app:
        for address in addresses:
            person = Subscriber(id=0, email=address, newsletter_id="mujaz")
            app.store.subscribers.add(person, consent=Consent(at=_AGREED, how="import", source="people.csv"))


def _said(ran: Ran) -> str:
    assert (ran.code, ran.err) == (0, "")
    return ran.out


# --------------------------------------------------------------------------- add


def test_add_is_idempotent_and_keeps_what_is_not_given(blank: pathlib.Path) -> None:
    words = ["--name", "ليلى", "--regions", "gulf,asia", "--timezone", "Africa/Cairo"]
    first = digest(blank, "subscribers", "add", "Layla@example.org", *words)
    assert _said(first) == "Layla@example.org is subscribed to mujaz.\n"
    again = inside(blank, "subscribers", "add", "layla@example.org")
    assert _said(again) == "layla@example.org was subscribed already to mujaz.\n"
    [person] = _people(blank)
    assert (person.name, person.regions, person.timezone) == ("ليلى", ("gulf", "asia"), "Africa/Cairo")
    assert person.confirmed


@pytest.mark.parametrize(
    ("words", "says"),
    [
        pytest.param(["layla"], "'layla' is no mail address.", id="no address"),
        pytest.param(["a b@example.org"], "is no mail address.", id="a space"),
        pytest.param(["a@example.org\nBcc: b@example.org"], "is no mail address.", id="a second line"),
        pytest.param(["a@example.org", "--regions", "moon"], "'moon' is no region of mujaz; regions are gulf, ", id="no region"),
        pytest.param(["a@example.org", "--newsletter", "x"], "There is no newsletter 'x'.", id="no newsletter"),
        pytest.param(["a@example.org", "--timezone", "Africa/Kairo"], "'Africa/Kairo' is no IANA time zone; did you mean 'Africa/Cairo'?", id="no time zone"),
    ],
)  # fmt: skip
def test_add_refuses_what_cannot_be_used(words: list[str], says: str, blank: pathlib.Path) -> None:
    ran = inside(blank, "subscribers", "add", *words)
    assert (ran.code, ran.out) == (2, "")
    assert says in ran.err
    assert _people(blank) == []


def test_an_international_domain_is_kept_in_its_ascii_form(blank: pathlib.Path) -> None:
    inside(blank, "subscribers", "add", "layla@موقع.إختبار")
    [person] = _people(blank)
    assert person.email.startswith("layla@xn--")
    assert person.email.isascii()
    assert _said(inside(blank, "subscribers", "remove", "LAYLA@موقع.إختبار")).startswith("1 subscription of ")


# --------------------------------------------------------------------------- remove, suppress, forget


def test_remove_ends_a_subscription_for_good(blank: pathlib.Path) -> None:
    _subscribe(blank, "layla@example.org")
    gone = inside(blank, "subscribers", "remove", "LAYLA@example.org")
    assert _said(gone) == "1 subscription of LAYLA@example.org ended.\n"
    again = inside(blank, "subscribers", "remove", "layla@example.org")
    assert _said(again) == "layla@example.org had no subscription.\n"
    assert _people(blank) == []
    back = inside(blank, "subscribers", "add", "layla@example.org")
    assert (back.code, back.out) == (2, "")
    assert "left or bounced" in back.err
    asked = inside(blank, "subscribers", "add", "layla@example.org", "--revive")
    assert _said(asked) == "layla@example.org is subscribed to mujaz.\n"


def test_a_suppressed_address_is_listed_and_let_go_again(blank: pathlib.Path) -> None:
    _subscribe(blank, "layla@example.org", "omar@example.org")
    detail = "wrote\u202e to us"
    words = ["layla@example.org", "--reason", "complained", "--detail", detail]
    assert _said(inside(blank, "subscribers", "suppress", *words)) == "layla@example.org is suppressed.\n"
    again = inside(blank, "subscribers", "suppress", "LAYLA@example.org")
    assert _said(again) == "LAYLA@example.org was already suppressed.\n"
    assert [person.email for person in _people(blank)] == ["omar@example.org"]
    [line] = inside(blank, "subscribers", "list", "--suppressed", "--json").lines
    assert (line["email"], line["reason"], line["detail"]) == (
        "layla@example.org",
        "complained",
        "wrote to us",
    )
    freed = inside(blank, "subscribers", "unsuppress", "layla@EXAMPLE.org")
    assert _said(freed) == "layla@example.org may be written to again.\n"
    assert (
        _said(inside(blank, "subscribers", "unsuppress", "x@example.org"))
        == "x@example.org was not suppressed.\n"
    )
    assert len(_people(blank)) == 2


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["suppress", "layla"], id="suppress"),
        pytest.param(
            ["suppress", "layla@example.org", "--reason", "forgotten"], id="a reason that is not ours"
        ),
        pytest.param(["unsuppress", "layla"], id="unsuppress"),
        pytest.param(["remove", "layla"], id="remove"),
        pytest.param(["forget", "layla", "--yes"], id="forget"),
        pytest.param(["history", "layla"], id="history"),
    ],
)
def test_what_is_no_address_is_refused(words: list[str], blank: pathlib.Path) -> None:
    ran = inside(blank, "subscribers", *words)
    assert (ran.code, ran.out) == (2, "")


def test_forget_asks_and_then_erases(blank: pathlib.Path) -> None:
    _subscribe(blank, "layla@example.org", "omar@example.org")
    for answer in ("", "n\n"):
        refused = digest(blank, "subscribers", "forget", "layla@example.org", given=answer)
        assert (refused.code, refused.out) == (130, "")
        assert "Erase layla@example.org" in refused.err
    assert len(_people(blank)) == 2
    done = inside(blank, "subscribers", "forget", "LAYLA@example.org", given="y\n")
    assert done.code == 0
    assert done.out.endswith("LAYLA@example.org is forgotten.\n")
    again = inside(blank, "subscribers", "forget", "layla@example.org", "--yes")
    assert _said(again) == "Nothing is known of layla@example.org.\n"
    assert [person.email for person in _people(blank)] == ["omar@example.org"]
    ran = digest(
        blank, "subscribers", "import", "-", "--json", "--revive-suppressed", given="layla@example.org\n"
    )
    assert ran.json["suppressed"] == 1
    [line] = inside(blank, "subscribers", "list", "--suppressed").out.splitlines()
    assert line.startswith("- forgotten 20")


# --------------------------------------------------------------------------- list, history


def test_list_names_one_a_line(blank: pathlib.Path) -> None:
    _subscribe(blank, "a@example.org")
    inside(blank, "subscribers", "add", "b@example.org", "--regions", "asia gulf", "--timezone", "Asia/Tokyo")
    digest(blank, "subscribers", "import", "-", given="c@example.org\n")
    assert _said(digest(blank, "subscribers", "list")) == (
        "a@example.org mujaz all\nb@example.org mujaz asia,gulf\nc@example.org mujaz all (not confirmed)\n"
    )
    [first, second, third] = inside(blank, "subscribers", "list", "--json", "--newsletter", "mujaz").lines
    assert first == {
        "email": "a@example.org",
        "name": "",
        "newsletter": "mujaz",
        "regions": [],
        "timezone": "",
        "confirmed": True,
        "consent": {"at": "2026-03-13T18:00:00+00:00", "how": "import", "source": "people.csv"},
    }
    assert (second["regions"], second["timezone"]) == (["asia", "gulf"], "Asia/Tokyo")
    assert second["consent"]["how"] == "command line"
    assert (third["confirmed"], third["consent"]["source"]) == (False, "standard input")


def _sent_to_layla(home: pathlib.Path) -> None:
    _subscribe(home, "layla@example.org")
    with opened(home) as app:
        [layla] = app.store.subscribers.subscribers()
        put_delivery(app.store, layla, 21, DeliveryState.FAILED_PERM, "550 no such user")
        put_delivery(app.store, layla, 22, DeliveryState.SENT)


def test_history_tells_what_was_sent_to_one(blank: pathlib.Path) -> None:
    nobody = inside(blank, "subscribers", "history", "layla@example.org")
    assert _said(nobody) == "No edition was to go to layla@example.org.\n"
    _sent_to_layla(blank)
    ran = inside(blank, "subscribers", "history", "LAYLA@example.org")
    assert _said(ran).splitlines() == [
        "2026-11-22 mujaz-2026-11-22 sent",
        "2026-11-21 mujaz-2026-11-21 failed_perm 550 no such user",
    ]
    lines: list[dict[str, Any]] = inside(blank, "subscribers", "history", "layla@example.org", "--json").lines
    assert [(line["edition"], line["date"], line["state"], line["detail"]) for line in lines] == [
        ("mujaz-2026-11-22", "2026-11-22", "sent", ""),
        ("mujaz-2026-11-21", "2026-11-21", "failed_perm", "550 no such user"),
    ]

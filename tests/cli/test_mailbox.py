"""`digest mail-in`: a mail on standard input ends a subscription or suppresses an address, or is left alone."""

from __future__ import annotations

import pathlib
from dataclasses import replace

import pytest
from click.testing import CliRunner

from digest.adapters.links import LinkSigner
from digest.adapters.store.reader_choices import ReaderChoices
from digest.cli.mailbox import mail_in
from digest.mailer.incoming import MOST_BYTES
from digest.model import Consent, DeliveryState, Subscriber
from tests.adapters.people import put_delivery
from tests.cli.running import environment, opened
from tests.conftest import NOW
from tests.mailer.returned import LAYLA, bounce, complaint, wish

_KEY = "a key that signs nothing but these links"
_PERSON = Subscriber(id=0, email=LAYLA, newsletter_id="mujaz")


@pytest.fixture
def home(blank: pathlib.Path) -> pathlib.Path:
    """Layla gets two newsletters; her delivery of the 22nd is the first of all."""
    with opened(blank) as app:
        for newsletter in ("mujaz", "evening"):
            person = replace(_PERSON, newsletter_id=newsletter)
            app.store.subscribers.add(person, consent=Consent(at=NOW, how="a test"))
        put_delivery(app.store, replace(_PERSON, id=1), 22, DeliveryState.SENT)
    return blank


def _take_in(home: pathlib.Path, raw: bytes, *words: str) -> str:
    seen: dict[str, str | None] = {"DATABASE_URL": None, "DIGEST_SECRET_KEY": _KEY, **environment(home)}
    result = CliRunner(env=seen).invoke(mail_in, list(words), input=raw)
    assert result.exception is None, result.exception
    assert result.exit_code == 0
    assert "@" not in result.output, "an address in what a mail server logs"
    return result.stdout


def _state(home: pathlib.Path) -> tuple[set[str], str]:
    with opened(home) as app:
        reader = ReaderChoices(app.store.engine).reader_at(LAYLA)
        suppression = app.store.subscribers.suppression_of(LAYLA)
    assert reader is not None
    return set(reader.active), suppression.reason if suppression else ""


def _token(home: pathlib.Path, purpose: str = "unsubscribe") -> str:
    with opened(home) as app:
        reader = ReaderChoices(app.store.engine).reader_at(LAYLA)
    assert reader is not None
    signer = LinkSigner([_KEY])
    make = signer.unsubscribe if purpose == "unsubscribe" else signer.preferences
    return make(reader.id, "mujaz")


_BOTH = {"mujaz", "evening"}


@pytest.mark.parametrize(
    ("subject", "left", "reason"),
    [
        pytest.param("unsubscribe mujaz", {"evening"}, "", id="one newsletter"),
        pytest.param("unsubscribe", set(), "unsubscribed", id="all"),
        pytest.param("unsubscribe sports", set(), "unsubscribed", id="one that is none: all"),
    ],
)
def test_a_wish_to_leave(subject: str, left: set[str], reason: str, home: pathlib.Path) -> None:
    said = _take_in(home, wish(subject, sender="LAYLA@example.org"))
    assert said.startswith("Subscriber 1 has left ")
    assert _state(home) == (left, reason)
    # Again is as good.
    _take_in(home, wish(subject))
    assert _state(home) == (left, reason)


def test_a_strangers_wish_is_not_even_remembered(home: pathlib.Path) -> None:
    assert _take_in(home, wish(sender="omar@example.org")).startswith("Left alone: nobody subscribed")
    with opened(home) as app:
        assert list(app.store.subscribers.suppressions()) == []


def test_a_bounce_with_the_deliverys_number_and_address(home: pathlib.Path) -> None:
    said = _take_in(home, bounce(to="mujaz@example.org"), "--recipient", "bounces+1@example.org")
    assert said == "Subscriber 1 is not written to any more: bounced.\n"
    assert _state(home) == (_BOTH, "bounced")
    with opened(home) as app:
        suppression = app.store.subscribers.suppression_of(LAYLA)
    assert suppression is not None
    assert suppression.detail == "smtp; 550 5.1.1 no such user"


@pytest.mark.parametrize("kind", ["bounced", "complained"])
def test_a_report_with_our_own_link(kind: str, home: pathlib.Path) -> None:
    token = _token(home)
    raw = complaint(token) if kind == "complained" else bounce(to="mujaz@example.org", token=token)
    assert _take_in(home, raw) == f"Subscriber 1 is not written to any more: {kind}.\n"
    assert _take_in(home, raw) == f"Subscriber 1 was not written to any more: {kind}.\n"
    assert _state(home) == (_BOTH, kind)


def test_a_report_that_proves_nothing_is_left_alone(home: pathlib.Path) -> None:
    forged = [
        bounce(to="bounces+1@example.org", final="omar@example.org"),
        bounce(to="bounces+2@example.org"),
        bounce(to="bounces@example.org"),
        complaint(),
        complaint(_token(home)[:-1]),
        complaint(_token(home, "preferences")),
        bounce(to="bounces+1@example.org", token="forged.forged.forged"),
    ]
    for raw in forged:
        assert _take_in(home, raw).startswith("Left alone: it does not prove"), raw
    assert _state(home) == (_BOTH, "")


def test_of_a_huge_mail_only_the_beginning_is_read(home: pathlib.Path) -> None:
    assert "left all" in _take_in(home, wish(body="x" * (MOST_BYTES * 3)))
    assert _state(home) == (set(), "unsubscribed")
    padded = b"X-Padding: " + b"x" * MOST_BYTES + b"\r\n" + wish()
    assert _take_in(home, padded).startswith("Left alone: ")


def test_what_is_no_mail_at_all(home: pathlib.Path) -> None:
    for raw in (b"", b"\xff\xfe\x00", b"hello\n"):
        assert _take_in(home, raw).startswith("Left alone: ")

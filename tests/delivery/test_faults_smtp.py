"""An SMTP server that hangs, drops, throttles or closes: each delivery ends in the state that the stage calls for."""

from __future__ import annotations

import datetime as dt
import logging
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest

from digest.adapters.clock import SetClock
from digest.adapters.store import Store, open_store
from digest.model import DeliveryState
from tests.delivery.sending import LEASE, addresses, desk_of, smtp_to
from tests.delivery.smtp_sink import DROP, HANG, Script, smtp_sink

SENT, PENDING, UNKNOWN = DeliveryState.SENT, DeliveryState.PENDING, DeliveryState.UNKNOWN
LATER, NEVER = DeliveryState.FAILED_TEMP, DeliveryState.FAILED_PERM
#: Of the server that hangs; it answers within a few milliseconds otherwise.
_TIMEOUT_SECONDS = 0.3


@pytest.fixture
def memory() -> Iterator[Store]:
    """A database in memory: the carrier is what is tested here."""
    store = open_store("sqlite:///:memory:")
    yield store
    store.close()


@pytest.mark.parametrize("answer", [HANG, DROP, "421 4.3.2 not now", "554 5.7.1 not from you"])
@pytest.mark.parametrize("connections", [1, 3])
def test_at_the_greeting_the_edition_stops_and_nobody_is_failed(
    memory: Store, answer: str, connections: int
) -> None:
    desk = desk_of(memory, 3)
    arrived: list[tuple[str, str]] = []
    script = Script(keep=lambda *row: arrived.append(row))
    with smtp_sink(script) as port:
        script.answer = lambda stage, _: answer if stage == "connect" else None
        report = desk.send(smtp_to(port, connections=connections, timeout_seconds=_TIMEOUT_SECONDS))
        assert desk.states() == [PENDING] * 3
        assert f"127.0.0.1:{port} cannot be used" in report.stopped
        assert {one.attempts for one in desk.deliveries().values()} == {0}
        script.answer = lambda *_: None
        assert not desk.send(smtp_to(port)).stopped
    assert desk.states() == [SENT] * 3
    assert addresses(arrived) == desk.readers


@pytest.mark.parametrize(
    ("stage", "answer", "then"),
    [
        pytest.param("RCPT", HANG, LATER, id="hangs at the recipient"),
        pytest.param("RCPT", DROP, LATER, id="drops at the recipient"),
        pytest.param("RCPT", "421 4.7.0 too many", LATER, id="closes at the recipient"),
        pytest.param("RCPT", "450 4.2.1 greylisted", LATER, id="not yet, at the recipient"),
        pytest.param("RCPT", "550 5.1.1 nobody of that name", NEVER, id="no, at the recipient"),
        pytest.param("DATA", HANG, LATER, id="hangs before the message"),
        pytest.param("DATA", DROP, LATER, id="drops before the message"),
        pytest.param("DATA", "421 4.3.2 going down", LATER, id="closes before the message"),
        pytest.param("DATA", "451 4.3.0 not yet", LATER, id="not yet, before the message"),
        pytest.param("message", HANG, UNKNOWN, id="hangs after the message"),
        pytest.param("message", DROP, UNKNOWN, id="drops after the message"),
        pytest.param("message", "421 4.3.2 going down", LATER, id="closes after the message"),
        pytest.param("message", "452 4.3.1 no room", LATER, id="not yet, after the message"),
        pytest.param("message", "554 5.6.0 no", NEVER, id="no, after the message"),
    ],
)
@pytest.mark.parametrize("connections", [1, 3])
def test_for_one_reader_the_others_get_theirs(
    memory: Store, stage: str, answer: str, then: DeliveryState, connections: int
) -> None:
    desk = desk_of(memory, 4)
    arrived: list[tuple[str, str]] = []
    unlucky = desk.readers[1]
    script = Script(keep=lambda *row: arrived.append(row))
    script.answer = lambda at, whom: answer if (at, whom) == (stage, unlucky) else None
    with smtp_sink(script) as port:
        report = desk.send(smtp_to(port, connections=connections, timeout_seconds=_TIMEOUT_SECONDS))
        assert desk.states() == [SENT, then, SENT, SENT]
        assert not report.stopped

        # Once the server has mended: who may be tried again is, and the others never are.
        script.answer = lambda *_: None
        desk.clock.sleep(3600)
        desk.send(smtp_to(port))
    got_it = then is LATER
    assert desk.states() == [SENT, SENT if got_it else then, SENT, SENT]
    assert addresses(arrived) == [email for email in desk.readers if got_it or email != unlucky]


def test_taken_and_then_dropped_is_unknown_and_not_sent_again(memory: Store) -> None:
    desk = desk_of(memory, 3)
    arrived: list[tuple[str, str]] = []

    def take_and_drop(stage: str, whom: str) -> str | None:
        if (stage, whom) != ("message", desk.readers[1]):
            return None
        arrived.append((whom, "without an answer"))
        return DROP

    with smtp_sink(Script(keep=lambda *row: arrived.append(row), answer=take_and_drop)) as port:
        for _ in range(3):
            desk.send(smtp_to(port))
            desk.clock.sleep(24 * 3600)
    assert desk.states() == [SENT, UNKNOWN, SENT]
    assert addresses(arrived) == desk.readers
    assert "after the message began" in desk.deliveries()[desk.readers[1]].detail


def test_refused_as_a_sender_the_edition_stops_and_nobody_is_failed(memory: Store) -> None:
    desk = desk_of(memory, 3)
    script = Script(keep=lambda *_: None)
    script.answer = lambda stage, _: "550 5.7.1 you may not send" if stage == "MAIL" else None
    with smtp_sink(script) as port:
        report = desk.send(smtp_to(port))
    assert desk.states() == [PENDING] * 3
    assert "550 5.7.1 you may not send" in report.stopped


@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "message"])
def test_a_server_that_throttles_gets_all_in_the_end(memory: Store, stage: str) -> None:
    desk = desk_of(memory, 8)
    arrived: list[tuple[str, str]] = []
    asked: Counter[str] = Counter()

    def throttle(at: str, _: str) -> str | None:
        asked[at] += 1
        return "452 4.3.1 slower, please" if at == stage and asked[at] <= 20 else None

    with smtp_sink(Script(keep=lambda *row: arrived.append(row), answer=throttle)) as port:
        rounds = 0
        due: dt.datetime | None = desk.clock.now()
        while due is not None and rounds < 100:
            desk.clock.moment = max(due, desk.clock.moment)
            assert not desk.send(smtp_to(port, connections=2)).stopped
            due, rounds = desk.store.ledger.next_due(desk.edition_id), rounds + 1
    assert desk.states() == [SENT] * 8
    assert addresses(arrived) == desk.readers
    # 20 refusals and 8 messages that were taken, each wait longer than the one before.
    assert sum(one.attempts for one in desk.deliveries().values()) == 28
    assert rounds > 2


@pytest.mark.parametrize("connections", [1, 3])
@pytest.mark.parametrize("other_sends", [False, True], ids=["another recovers", "another sends the rest"])
def test_a_lease_that_is_lost_in_the_middle_sends_nobody_two(
    database_url: str,
    store: Store,
    caplog: pytest.LogCaptureFixture,
    connections: int,
    other_sends: bool,
) -> None:
    desk = desk_of(store, 9)
    other = open_store(database_url)
    arrived: list[tuple[str, str]] = []
    slow = desk.readers[3]

    def take_over(stage: str, whom: str) -> str | None:
        """While this message is under way its sender's lease runs out, as it does where a machine stands still."""
        if (stage, whom) == ("message", slow) and slow not in addresses(arrived):
            late = desk.clock.now() + 2 * LEASE
            if other_sends:
                clock = SetClock(late)
                replace(desk, store=other, clock=clock).send(smtp_to(port))
            else:
                other.ledger.recover(desk.edition_id, late)
        return None

    with (
        caplog.at_level(logging.WARNING, "digest"),
        smtp_sink(Script(keep=lambda *row: arrived.append(row), answer=take_over)) as port,
    ):
        desk.send(smtp_to(port, connections=connections))
    other.close()
    states = Counter(desk.states())
    assert states.keys() == {SENT, UNKNOWN}
    assert desk.deliveries()[slow].state is UNKNOWN
    assert states[UNKNOWN] <= connections
    assert addresses(arrived) == desk.readers
    assert "no longer ours" in caplog.text
    assert not any(email in caplog.text for email in desk.readers)


@pytest.mark.parametrize("connections", [1, 3])
@pytest.mark.parametrize("place", [0, 4, 8], ids=["first", "middle", "last"])
def test_a_machine_that_stood_still_believes_the_answers_that_it_got(
    memory: Store, place: int, connections: int
) -> None:
    desk = desk_of(memory, 9)
    arrived: list[tuple[str, str]] = []

    def stand_still(stage: str, whom: str) -> str | None:
        if (stage, whom) == ("message", desk.readers[place]):
            desk.clock.sleep(3 * LEASE.total_seconds())
        return None

    with smtp_sink(Script(keep=lambda *row: arrived.append(row), answer=stand_still)) as port:
        desk.send(smtp_to(port, connections=connections))
    # The lease had run out, and nobody else has taken over.
    assert desk.states() == [SENT] * 9
    assert addresses(arrived) == desk.readers

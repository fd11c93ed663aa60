"""Alerts: what is wrong is told once, in words that make sense at three in the morning."""

from __future__ import annotations

import datetime as dt
import email
import pathlib
from collections.abc import Callable
from dataclasses import replace
from email.policy import default

import pytest

from digest.model import FetchState, ReceiptStatus, WorkerLife
from digest.ports import Outgoing
from tests.fakes import FakeSender
from tests.samples import source
from tests.worker.stage import DAY, DUE, HEADLINES, MINUTE, Stage, staged

_EDITION = f"daily-{DUE.date()}"
_OPERATOR = "operator@example.net"
_SOURCE = source("s")


def _mails(stage: Stage) -> list[email.message.EmailMessage]:
    """Return what the operator got."""
    mails = [email.message_from_bytes(raw, policy=default) for _, raw in stage.carrier("alerts").arrived]
    assert {address for address, _ in stage.carrier("alerts").arrived} <= {_OPERATOR}
    return [mail for mail in mails if isinstance(mail, email.message.EmailMessage)]


def _text(mail: email.message.EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def _sources(stage: Stage, failing: int, count: int = 4) -> None:
    sources = {f"s{number}": replace(_SOURCE, id=f"s{number}") for number in range(count)}
    stage.settings.sources.clear()
    stage.settings.sources.update(sources)
    for number, one in enumerate(sources):
        error = "the server answered 500" if number < failing else None
        stage.store.articles.save_state(
            FetchState(source_id=one, url=_SOURCE.url, checked_at=stage.hand.now(), error=error)
        )


def _dead(name: str, *, beat: float = -3, stopped: bool = False) -> Callable[[Stage], None]:
    def make(stage: Stage) -> None:
        at = stage.hand.now() + beat * MINUTE
        stage.store.operations.beat(
            WorkerLife(
                id=name,
                host="mail.example",
                pid=7,
                started_at=at,
                beat_at=at,
                doing="delivering x",
                stopped_at=at if stopped else None,
            )
        )

    return make


def _answers(**answers: ReceiptStatus) -> Callable[[Outgoing], ReceiptStatus]:
    def answer(outgoing: Outgoing) -> ReceiptStatus:
        return answers.get(outgoing.reader.email.partition("@")[0], ReceiptStatus.SENT)

    return answer


def _sent(count: int, **answers: ReceiptStatus) -> Callable[[Stage], None]:
    """Have an edition delivered to so many, with these answers for some."""

    def send(stage: Stage) -> None:
        stage.subscribe(*(f"reader{number}" for number in range(count - len(answers))), *answers)
        stage.news()
        stage.carriers["daily"] = FakeSender(answer=_answers(**answers))
        stage.tick(DUE)

    return send


_LOST = {"layla": ReceiptStatus.UNKNOWN, "omar": ReceiptStatus.UNKNOWN}
_REFUSED = dict.fromkeys(("layla", "omar"), ReceiptStatus.REJECTED)


@pytest.mark.parametrize(
    ("make", "key", "words"),
    [
        pytest.param(
            lambda s: _sources(s, 3), "sources", ["3 of 4 sources fail", "digest sources"], id="sources"
        ),
        pytest.param(lambda s: _sources(s, 2), None, [], id="half of the sources"),
        pytest.param(
            _dead("w1"),
            "worker w1",
            ["mail.example (process 7) has died", "delivering x"],
            id="a dead worker",
        ),
        pytest.param(_dead("w1", beat=3), None, [], id="a worker that is a bit late"),
        pytest.param(_dead("w1", stopped=True), None, [], id="a worker that ended"),
        pytest.param(_dead("w1", beat=-24.1 * 60), None, [], id="dead for a day"),
        pytest.param(
            _sent(3, **_LOST),
            f"unknown {_EDITION}",
            [
                f"2 messages of {_EDITION} may or may not have left",
                f"digest deliveries {_EDITION} --state unknown",
                f"digest deliveries settle {_EDITION} --as sent",
                f"digest deliveries resend-unknown {_EDITION}",
            ],
            id="unknown",
        ),
        pytest.param(_sent(20, **_REFUSED), f"bounces {_EDITION}", ["10.0%", "2 of 20"], id="bounces"),
        pytest.param(_sent(19, **_REFUSED), None, [], id="bounces of too few"),
        pytest.param(_sent(40, **_REFUSED), None, [], id="as many bounces as may be"),
    ],
)
def test_what_is_wrong_is_told_once(
    make: Callable[[Stage], None], key: str | None, words: list[str], tmp_path: pathlib.Path
) -> None:
    with staged(tmp_path, alerts_to=_OPERATOR) as stage:
        make(stage)
        begin = stage.hand.now()
        for minute in range(5):
            stage.look(begin + minute * MINUTE)
        alerts = stage.store.operations.alerts()
        assert [one.key for one in alerts] == ([key] if key else [])
        mails = _mails(stage)
        assert len(mails) == len(alerts)
        for mail, alert in zip(mails, alerts, strict=True):
            assert mail["Subject"] == f"[Mujaz] {alert.text.partition(chr(10))[0]}"
            assert f"Since {begin:%Y-%m-%d %H:%M} UTC." in _text(mail)
            assert all(one in _text(mail) for one in words)
            page = mail.get_body(("html",))
            assert page is not None
            assert 'dir="ltr"' in page.get_content()


def test_several_troubles_come_in_one_mail(tmp_path: pathlib.Path) -> None:
    with staged(tmp_path, alerts_to=_OPERATOR) as stage:
        _sources(stage, 4)
        _dead("w1")(stage)
        stage.look()
        [mail] = _mails(stage)
        assert "(and 1 more)" in mail["Subject"]
        assert "4 of 4 sources fail" in _text(mail)
        assert "has died" in _text(mail)


def test_the_mail_is_of_no_list_s_delivery(tmp_path: pathlib.Path) -> None:
    with staged(tmp_path, alerts_to=_OPERATOR) as stage:
        _sources(stage, 4)
        stage.look()
        stage.set(DUE + DAY)
        _dead("w1")(stage)
        stage.look()
        first, second = _mails(stage)
        assert first["Message-ID"] != second["Message-ID"]
        assert "List-Unsubscribe-Post" not in first
        assert stage.store.operations.latest_editions(10) == []


def test_trouble_that_comes_and_goes_is_told_once_an_hour(tmp_path: pathlib.Path) -> None:
    with staged(tmp_path, alerts_to=_OPERATOR) as stage:
        begin = stage.hand.now()
        for minute in range(121):
            stage.set(begin + minute * MINUTE)
            _sources(stage, 4 if minute % 2 == 0 else 0)
            stage.look()
        assert len(_mails(stage)) == 3


def test_trouble_that_is_over_before_it_was_mailed_is_still_told(tmp_path: pathlib.Path) -> None:
    with staged(tmp_path, alerts_to=_OPERATOR) as stage:
        stage.carriers["alerts"] = RuntimeError("no carrier")
        _sources(stage, 4)
        assert list(stage.look()) == ["sources"]
        _sources(stage, 0)
        assert list(stage.look(stage.hand.now() + MINUTE)) == ["sources"]
        stage.carriers["alerts"] = FakeSender()
        stage.look(stage.hand.now() + MINUTE)
        assert len(_mails(stage)) == 1
        assert stage.look(stage.hand.now() + MINUTE) == {}
        assert len(_mails(stage)) == 1


@pytest.mark.parametrize(
    "carrier",
    [
        pytest.param(RuntimeError("no carrier"), id="no carrier"),
        pytest.param(FakeSender(calls_until_refusal=0), id="refused"),
        pytest.param(FakeSender(answer=lambda _: ReceiptStatus.REJECTED), id="the address is refused"),
        pytest.param(FakeSender(answer=lambda _: None), id="no receipt"),
    ],
)
def test_a_mail_that_fails_is_tried_again(carrier: FakeSender | Exception, tmp_path: pathlib.Path) -> None:
    with staged(tmp_path, alerts_to=_OPERATOR) as stage:
        stage.carriers["alerts"] = carrier
        _sources(stage, 4)
        stage.look()
        stage.carriers["alerts"] = FakeSender()
        stage.look(stage.hand.now() + MINUTE)
        stage.look(stage.hand.now() + MINUTE)
        assert len(_mails(stage)) == 1


def test_without_an_operator_nothing_is_mailed_and_alerts_stand_all_the_same(tmp_path: pathlib.Path) -> None:
    with staged(tmp_path) as stage:
        _sources(stage, 4)
        assert list(stage.look()) == ["sources"]
        assert _mails(stage) == []
        _sources(stage, 0)
        assert stage.look(stage.hand.now() + MINUTE) == {}


def test_of_two_workers_one_tells(tmp_path: pathlib.Path) -> None:
    with staged(tmp_path, alerts_to=_OPERATOR) as stage:
        other = Stage(tmp_path, stage.hand.now())
        other.carriers = stage.carriers
        _sources(stage, 4)
        _sources(other, 4)
        for minute in range(3):
            for one in (stage, other):
                one.look(DUE + minute * MINUTE)
        other.end()
        assert len(_mails(stage)) == 1


# --------------------------------------------------------------------------- slots


def test_a_slot_that_fails_is_told_when_it_is_due_and_again_in_the_same_alert_when_it_is_missed(
    tmp_path: pathlib.Path,
) -> None:
    with staged(tmp_path, alerts_to=_OPERATOR) as stage:
        stage.subscribe("layla")
        key = f"slot daily {DUE.date()}"
        stage.tick(DUE - MINUTE)
        assert stage.look() == {}
        stage.tick(DUE + 2 * MINUTE)
        text = stage.look()[key]
        assert text.startswith(f"The edition of daily {DUE.date()} fails: nobody has it\n")
        assert "It is due at 06:30 in Asia/Riyadh (2026-11-22 03:30 UTC)." in text
        assert "Why: Nothing to say in daily: no articles are stored yet." in text
        assert "tried again until 06:30 UTC" in text
        for minutes in (190, 200, 210):
            stage.tick(DUE + minutes * MINUTE)
            text = stage.look()[key]
        assert text.startswith(f"The edition of daily {DUE.date()} was missed: nobody has it\n")
        assert "Why: Nothing to say in daily: no articles are stored yet." in text
        assert text.count("the slot was skipped") == 1
        assert "tried again" not in text
        assert len(_mails(stage)) == 1


def test_a_slot_that_goes_out_after_all_is_right_again(tmp_path: pathlib.Path) -> None:
    with staged(tmp_path) as stage:
        stage.subscribe("layla")
        stage.tick(DUE)
        assert len(stage.look()) == 1
        stage.news()
        stage.tick(DUE + 5 * MINUTE)
        assert stage.got() == ["layla@example.org"]
        assert stage.look() == {}


def test_a_missed_slot_is_told_once_and_stands_until_the_next_one_is_out(tmp_path: pathlib.Path) -> None:
    with staged(tmp_path, alerts_to=_OPERATOR) as stage:
        stage.subscribe("layla")
        key = f"slot daily {DUE.date()}"
        # The machine is down from here on.
        stage.set(DUE + DAY - 20 * MINUTE)
        stage.news()
        stage.tick()
        assert "was missed" in stage.look()[key]
        stage.tick(DUE + DAY)
        assert stage.got() == ["layla@example.org"]
        for day in range(9):
            assert stage.look(DUE + DAY * (1 + day) + MINUTE).get(key) is None
            stage.tick(DUE + DAY * (2 + day) - 10 * MINUTE)
        about_it = [mail for mail in _mails(stage) if str(DUE.date()) in mail["Subject"]]
        assert len(about_it) == 1


def test_nobody_has_missed_what_was_due_before_the_first_worker(tmp_path: pathlib.Path) -> None:
    with staged(tmp_path, now=DUE + 5 * DAY + dt.timedelta(hours=5)) as stage:
        stage.subscribe("layla")
        assert stage.look() == {}


def test_who_moves_to_a_new_zone_has_missed_nothing_there(tmp_path: pathlib.Path) -> None:
    with staged(tmp_path) as stage:
        stage.subscribe("layla")
        for day in range(3):
            stage.set(DUE + day * DAY)
            stage.news(*HEADLINES[2 * day :][:2])
            stage.tick()
            assert stage.look() == {}
        stage.subscribe("omar", timezone="Asia/Tokyo")
        stage.tick(DUE + 2 * DAY + MINUTE)
        assert stage.look() == {}


def test_a_broken_finder_leaves_the_others_to_their_work(tmp_path: pathlib.Path) -> None:
    with staged(tmp_path) as stage:
        _sources(stage, 4)
        # No key of ours: it stands for any fault in looking for slots.
        stage.store.operations.raise_alert("slot what is this", "x", stage.hand.now())
        assert sorted(stage.look()) == ["slot what is this", "sources"]


def test_no_reader_s_address_is_in_an_alert(tmp_path: pathlib.Path) -> None:
    with staged(tmp_path) as stage:
        stage.subscribe("layla")
        stage.news()
        stage.carriers["daily"] = RuntimeError("550 <layla@example.org> is nobody")
        stage.tick(DUE)
        [text] = stage.look().values()
        assert "550 <***@example.org> is nobody" in text

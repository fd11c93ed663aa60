"""The rounds of a worker: composed shortly before, opened and sent when due, whatever happens around it."""

from __future__ import annotations

import datetime as dt
import pathlib
import threading

import pytest

from digest.errors import ConfigurationError, Fault
from digest.model import Pause, ReceiptStatus
from digest.ports import Outgoing
from digest.worker.sending import Sending
from digest.worker.troubles import resumed
from tests.fakes import FakeSender
from tests.worker.stage import DAY, DUE, HEADLINES, MINUTE, Stage, staged

_EDITION = f"daily-{DUE.date()}"
_HOUR = 60 * MINUTE


def test_an_edition_is_composed_before_and_leaves_when_it_is_due(
    database_url: str, tmp_path: pathlib.Path
) -> None:
    with staged(tmp_path, database_url=database_url) as stage:
        stage.subscribe("layla", "omar")
        stage.news()
        stage.tick(DUE - 11 * MINUTE)
        assert stage.store.editions.edition(_EDITION) is None
        stage.tick(DUE - 10 * MINUTE)
        edition = stage.store.editions.edition(_EDITION)
        assert edition is not None
        assert edition.composed_at == DUE - 10 * MINUTE
        assert not stage.store.ledger.is_open(_EDITION)
        # Who comes until it is due gets it as well.
        stage.subscribe("zayd")
        stage.tick(DUE)
        assert stage.got() == ["layla@example.org", "omar@example.org", "zayd@example.org"]
        stage.tick(DUE + MINUTE)
        assert len(stage.got()) == 3
        assert stage.states(_EDITION) == {"sent": 3}
        assert stage.look() == {}


@pytest.mark.parametrize(
    ("late", "sent"),
    [
        pytest.param(180, True, id="at the last moment"),
        pytest.param(181, False, id="too late"),
    ],
)
def test_a_worker_that_was_down_sends_late_or_skips(late: int, sent: bool, tmp_path: pathlib.Path) -> None:
    with staged(tmp_path) as stage:
        stage.subscribe("layla")
        stage.set(DUE + late * MINUTE)
        stage.news()
        stage.tick()
        assert stage.got() == (["layla@example.org"] if sent else [])
        assert list(stage.look()) == ([] if sent else [f"slot daily {DUE.date()}"])


def test_what_was_begun_in_time_is_brought_to_its_end_however_late(tmp_path: pathlib.Path) -> None:
    with staged(tmp_path) as stage:
        stage.subscribe("layla")
        stage.news()
        stage.carriers["daily"] = FakeSender(calls_until_refusal=0)
        stage.tick(DUE)
        stage.carriers["daily"] = FakeSender()
        stage.tick(DUE + 10 * _HOUR)
        assert stage.got() == ["layla@example.org"]


def test_nobody_gets_yesterday_s_after_today_s(tmp_path: pathlib.Path) -> None:
    with staged(tmp_path) as stage:
        stage.subscribe("layla", "omar")
        stage.news()
        # One of them leaves, and the carrier closes.
        stage.carriers["daily"] = FakeSender(batch=1, calls_until_refusal=1)
        stage.tick(DUE)
        assert stage.states(_EDITION) == {"pending": 1, "sent": 1}
        # On hold far beyond today's: even so it has to make way.
        stage.store.ledger.hold(_EDITION, DUE + 3 * DAY, "the carrier said so")
        stage.carriers["daily"] = FakeSender()
        stage.set(DUE + DAY - _HOUR)
        stage.news(*HEADLINES[2:4])
        stage.tick(DUE + DAY)
        assert stage.states(_EDITION) == {"sent": 1, "expired": 1}
        stage.tick(DUE + 4 * DAY)
        assert stage.got() == ["layla@example.org", "omar@example.org"]
        details = {one.detail for one in stage.store.ledger.deliveries(_EDITION) if one.state == "expired"}
        assert details == {"a newer edition came"}


def test_each_zone_gets_its_own_edition_at_its_own_hour(tmp_path: pathlib.Path) -> None:
    with staged(tmp_path) as stage:
        stage.subscribe("riyadh")
        stage.subscribe("cairo", timezone="Africa/Cairo")
        stage.subscribe("nowhere", timezone="Mars/Olympus")
        stage.news()
        stage.tick(DUE)
        assert stage.got() == ["nowhere@example.org", "riyadh@example.org"]
        stage.tick(DUE + _HOUR)
        assert stage.got() == ["cairo@example.org", "nowhere@example.org", "riyadh@example.org"]
        assert stage.store.ledger.is_open(f"{_EDITION}-africa-cairo")


def test_editions_of_the_same_moment_rank_the_news_once(tmp_path: pathlib.Path) -> None:
    with staged(tmp_path) as stage:
        for zone in ("Asia/Kuwait", "Asia/Baghdad", "Asia/Aden"):
            stage.subscribe(zone[5:].lower(), timezone=zone)
        stage.news()
        stage.tick(DUE - MINUTE)
        made = stage.store.operations.latest_editions(10)
        assert len(made) == 4
        told = [
            [story.id for story in edition.stories()]
            for one in made
            if (edition := stage.store.editions.edition(one.id))
        ]
        assert told == [told[0]] * 4


# --------------------------------------------------------------------------- trouble stays where it is


def _broken_template(home: pathlib.Path) -> None:
    folder = home / "templates" / "broken"
    folder.mkdir(parents=True)
    for name in ("edition.html.j2", "edition.txt.j2"):
        (folder / name).write_text("{{ nothing.of.the.kind }}", encoding="utf-8")


@pytest.mark.parametrize(
    ("broken", "carrier", "alert"),
    [
        pytest.param({"template": "broken"}, None, "slot broken 2026-11-22", id="its template"),
        pytest.param({"template": "missing"}, None, "slot broken 2026-11-22", id="it has no template"),
        pytest.param(
            {},
            ConfigurationError([Fault(where="x", key="y", wrong="is wrong", right="Right it.")]),
            "sending broken-2026-11-22",
            id="its sender's settings",
        ),
        pytest.param({}, RuntimeError("a fault of ours"), "sending broken-2026-11-22", id="a fault of ours"),
        pytest.param({"regions": ["americas"]}, None, "slot broken 2026-11-22", id="nothing to say"),
    ],
)
def test_one_newsletter_s_trouble_is_none_of_the_others_(
    broken: dict[str, object], carrier: Exception | None, alert: str, tmp_path: pathlib.Path
) -> None:
    _broken_template(tmp_path)
    with staged(tmp_path, {"id": "broken", **broken}, {"id": "daily"}) as stage:
        stage.subscribe("omar", newsletter="broken")
        stage.subscribe("layla")
        if carrier:
            stage.carriers["broken"] = carrier
        stage.news()
        stage.tick(DUE - 5 * MINUTE)
        stage.tick(DUE)
        stage.tick(DUE + 20 * MINUTE)
        assert stage.got() == ["layla@example.org"]
        assert list(stage.look()) == [alert]


def test_a_long_sending_holds_up_no_other(tmp_path: pathlib.Path) -> None:
    go_on, began = threading.Event(), threading.Event()

    def slowly(_: Outgoing) -> ReceiptStatus:
        began.set()
        assert go_on.wait(30)
        return ReceiptStatus.SENT

    with staged(tmp_path, {"id": "slow"}, {"id": "daily"}) as stage:
        stage.subscribe("omar", newsletter="slow")
        stage.subscribe("layla")
        stage.carriers["slow"] = FakeSender(answer=slowly, lanes=2)
        stage.carriers["daily"] = FakeSender(lanes=2)
        stage.news()
        stage.set(DUE)
        try:
            stage.worker.slots()
            assert began.wait(30)
            # Another look in the middle begins nothing twice, and still sees to the others.
            stage.worker.slots()
            waited = threading.Event()
            for _ in range(300):
                if stage.got():
                    break
                waited.wait(0.1)
            assert stage.got() == ["layla@example.org"]
        finally:
            go_on.set()
        stage.worker.sending.wait()
        assert stage.got("slow") == ["omar@example.org"]
        assert set(stage.carrier("slow").handed.values()) == {1}


def test_where_more_editions_wait_than_there_are_threads_they_take_turns(tmp_path: pathlib.Path) -> None:
    with staged(tmp_path, {"id": "a-long-one"}, {"id": "daily"}) as stage:
        stage.subscribe("omar", "zayd", "huda", newsletter="a-long-one")
        stage.subscribe("layla")

        def slowly(_: Outgoing) -> ReceiptStatus:
            stage.hand.sleep(600)
            return ReceiptStatus.SENT

        stage.carriers["a-long-one"] = FakeSender(batch=1, answer=slowly)
        stage.news()
        worker = stage.worker
        worker.sending.close()
        worker.sending = Sending(
            stage, worker.life, lambda _: False, worker.alerting.tell_of_sending, threads=1
        )
        stage.tick(DUE)
        assert (len(stage.got("a-long-one")), len(stage.got())) == (1, 1)
        for _ in range(2):
            stage.tick()
        assert (len(stage.got("a-long-one")), len(stage.got())) == (3, 1)
        assert stage.store.ledger.held() == {}


# --------------------------------------------------------------------------- a carrier's trouble


def _holds(stage: Stage) -> list[float]:
    """Have the carrier refuse for an hour; return the minutes after which it was tried, each after the last."""
    tried, last = [], DUE
    for minute in range(61):
        before = stage.store.ledger.held().get(_EDITION)
        stage.tick(DUE + minute * MINUTE)
        if stage.store.ledger.held().get(_EDITION) != before:
            tried.append((stage.hand.now() - last) / MINUTE)
            last = stage.hand.now()
    return tried


def test_a_carrier_that_refuses_is_tried_less_and_less_often(tmp_path: pathlib.Path) -> None:
    with staged(tmp_path) as stage:
        stage.subscribe("layla")
        stage.news()
        stage.carriers["daily"] = FakeSender(calls_until_refusal=0)
        assert _holds(stage) == [0, 1, 2, 4, 8, 15, 15, 15]
        [key] = stage.look()
        assert key == f"sending {_EDITION}"
        assert "the carrier is closed for today" in stage.look()[key]
        # When it goes on, all is well at once.
        stage.carriers["daily"] = FakeSender()
        stage.tick(DUE + 2 * _HOUR)
        assert stage.got() == ["layla@example.org"]
        assert stage.look() == {}
        assert stage.store.ledger.held() == {}


def test_a_carrier_s_own_moment_is_kept(tmp_path: pathlib.Path) -> None:
    with staged(tmp_path) as stage:
        stage.subscribe("layla")
        stage.news()
        until = DUE + 47 * MINUTE
        stage.carriers["daily"] = FakeSender(calls_until_refusal=0, retry_at=until)
        stage.tick(DUE)
        assert stage.store.ledger.held()[_EDITION][0] == until
        stage.carriers["daily"] = FakeSender()
        stage.tick(until - MINUTE)
        assert stage.got() == []
        stage.tick(until)
        assert stage.got() == ["layla@example.org"]


# --------------------------------------------------------------------------- pauses


@pytest.mark.parametrize(
    ("begins", "ends", "sent", "alerts"),
    [
        pytest.param(-60, 60, True, [], id="over the slot, not too late after it"),
        pytest.param(-60, 200, False, [], id="until it was too late"),
        pytest.param(-60, -30, True, [], id="before it"),
        pytest.param(200, 300, False, ["slot daily 2026-11-22"], id="after it was missed"),
    ],
)
def test_a_pause(begins: int, ends: int, sent: bool, alerts: list[str], tmp_path: pathlib.Path) -> None:
    with staged(tmp_path, now=DUE - 2 * _HOUR) as stage:
        stage.subscribe("layla")
        operations = stage.store.operations
        for minute in range(-70, 400, 10):
            stage.set(DUE + minute * MINUTE)
            if minute == begins:
                operations.pause(Pause(newsletter_id="daily", since=stage.hand.now()))
            if minute == ends:
                operations.take_turn(resumed("daily"), "an operator", stage.hand.now(), dt.timedelta())
                operations.resume("daily")
            # The worker of the last case was down over its slot.
            if begins < 200 or minute >= 190:
                stage.news()
                stage.tick()
                stage.look()
            if begins <= minute < ends and begins < 0:
                assert stage.store.operations.latest_editions(1) == []
        assert stage.got() == (["layla@example.org"] if sent else [])
        assert list(stage.look(DUE + 500 * MINUTE)) == alerts


def test_what_is_on_its_way_stops_at_a_pause_and_goes_on_after_it(tmp_path: pathlib.Path) -> None:
    with staged(tmp_path) as stage:
        stage.subscribe("layla", "omar", "zayd")
        stage.news()
        stage.carriers["daily"] = FakeSender(batch=1, calls_until_refusal=1)
        stage.tick(DUE)
        stage.carriers["daily"] = FakeSender(batch=1)
        stage.store.operations.pause(Pause(newsletter_id="daily", since=DUE))
        stage.tick(DUE + _HOUR)
        assert stage.got() == []
        stage.store.operations.resume("daily")
        stage.tick(DUE + 2 * _HOUR)
        assert len(stage.got()) == 2
        assert stage.states(_EDITION) == {"sent": 3}


# --------------------------------------------------------------------------- days


def test_three_days_of_ticks_give_each_reader_three_editions(tmp_path: pathlib.Path) -> None:
    zones = ("", "Africa/Cairo", "Europe/Berlin", "America/New_York")
    with staged(tmp_path, {"id": "daily", "send_at": "06:30"}, now=DUE - 12 * _HOUR) as stage:
        for number, zone in enumerate(zones):
            stage.subscribe(f"reader{number}", timezone=zone)
        for tick in range(3 * 24 * 3):
            stage.set(DUE - 11 * _HOUR + tick * 20 * MINUTE)
            if tick % 72 == 0:
                stage.news(*HEADLINES[tick // 36 :][:2])
            stage.tick()
            assert stage.look() == {}
        assert stage.got() == sorted(f"reader{number}@example.org" for number in range(4) for _ in range(3))

"""The machine's clock jumps, in the middle of the day and in the middle of a send."""

from __future__ import annotations

import datetime as dt
import pathlib

from tests.drills.carriers import SmtpCarrier, smtp_carrier
from tests.drills.report import Report
from tests.drills.stage import DAY, DUE, HOUR, MINUTE, Stage, staged

RIGHT = dt.timedelta()


def forward_hours(home: pathlib.Path, report: Report) -> None:
    """Three hours ahead just before the slot, then right again; and the same within the next day's send."""
    with smtp_carrier() as carrier, staged(home, report, carrier) as stage:
        stage.live(DUE - 20 * MINUTE)
        report.breaks("day 1, 06:15: the clock jumps three hours ahead, and is set right ten minutes later")
        stage.ahead = 3 * HOUR
        stage.live(DUE - 15 * MINUTE, DUE - 10 * MINUTE)
        stage.look()
        stage.expect_states(
            0, {"sent": 12}, "day 1: the edition leaves at once: it is late, but not too late"
        )
        stage.ahead = RIGHT
        stage.live(DUE - 5 * MINUTE, DUE, DUE + 2 * MINUTE, DUE + 3 * HOUR)
        stage.look()
        _expect_one_each(stage, "day 1")
        report.breaks("day 2: the clock jumps three hours ahead in the middle of the send")
        stage.expect_right_slot(1, lambda day: _jump_in_the_send(stage, carrier, day, 3 * HOUR))
        stage.ahead = RIGHT
        stage.live(DUE + DAY + 4 * HOUR)
        stage.expect_right_slot(2)


def forward_day(home: pathlib.Path, report: Report) -> None:
    """A day ahead at noon, right again in the evening."""
    with smtp_carrier() as carrier, staged(home, report, carrier) as stage:
        stage.morning(0)
        noon = DUE + 5 * HOUR
        report.breaks("day 1, noon: the clock jumps a day ahead, and is set right in the evening")
        stage.ahead = DAY
        stage.live(noon, noon + 5 * MINUTE)
        stage.look()
        report.expect_seen("mail", "The edition of daily 2026-11-23 was missed: nobody has it")
        _expect_one_each(stage, "day 1")
        stage.ahead = RIGHT
        stage.live(noon + 6 * HOUR)
        stage.look()
        stage.expect_right_slot(1)
        stage.expect_right_slot(2)


def backward(home: pathlib.Path, report: Report) -> None:
    """Two hours back after the slot, so that it comes a second time; and the same within the next day's send."""
    with smtp_carrier() as carrier, staged(home, report, carrier) as stage:
        stage.morning(0)
        report.breaks("day 1, 07:00: the clock goes two hours back, so that 06:30 comes a second time")
        stage.ahead = -2 * HOUR
        again = DUE + 2 * HOUR
        stage.live(DUE + 30 * MINUTE, again - 5 * MINUTE, again, again + 2 * MINUTE, again + 10 * HOUR)
        stage.look()
        _expect_one_each(stage, "day 1: though its moment came twice")
        stage.ahead = RIGHT
        report.breaks("day 2: the clock goes two hours back in the middle of the send")
        stage.expect_right_slot(1, lambda day: _jump_in_the_send(stage, carrier, day, -2 * HOUR))
        stage.live(DUE + DAY + HOUR, DUE + DAY + 2 * HOUR)
        stage.ahead = RIGHT
        stage.live(DUE + DAY + 12 * HOUR)
        stage.expect_nobody_twice()
        stage.expect_right_slot(2)


def _expect_one_each(stage: Stage, when: str) -> None:
    got = stage.letters()
    stage.report.expect(got == dict.fromkeys(stage.readers, 1), f"{when}: each reader has one letter", got)


def _jump_in_the_send(stage: Stage, carrier: SmtpCarrier, day: int, jump: dt.timedelta) -> None:
    """Live through a morning in which the clock jumps when five letters have left."""
    due, begin = DUE + day * DAY, len(carrier.arrived)
    jumped: list[int] = []

    def happen(taken: int) -> None:
        if taken >= begin + 5 and not jumped:
            jumped.append(taken)
            stage.ahead = jump
            stage.clock.moment += jump

    stage.live(due - 20 * MINUTE, due - 5 * MINUTE)
    carrier.before = happen
    stage.live(due, due + 2 * MINUTE)
    stage.report.expect(len(jumped) == 1, f"day {day + 1}: the clock jumped while letters left")

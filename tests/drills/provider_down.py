"""The provider answers with trouble for an hour."""

from __future__ import annotations

import pathlib

from tests.drills.carriers import sendgrid_carrier, smtp_carrier
from tests.drills.report import Report
from tests.drills.stage import DUE, HOUR, MINUTE, Stage, edition_id, staged


def sendgrid_500(home: pathlib.Path, report: Report) -> None:
    """SendGrid says 500 to every request for an hour."""
    with sendgrid_carrier() as carrier, staged(home, report, carrier) as stage:
        report.breaks("day 1, from 06:20: SendGrid answers 500 to every request, for an hour")
        carrier.refuse(500, "internal server error")
        _bad_hour(stage)
        carrier.mend()
        _good_again(stage)


def smtp_451(home: pathlib.Path, report: Report) -> None:
    """The SMTP server says 451 to every letter for half an hour, and 421 for another half."""
    with smtp_carrier() as carrier, staged(home, report, carrier) as stage:
        report.breaks(
            "day 1, from 06:20: the SMTP server answers 451, later 421, to every letter, for an hour"
        )
        carrier.mail = "451 4.3.0 try again later"

        def change() -> None:
            carrier.mail = "421 4.3.2 going down"

        _bad_hour(stage, change)
        carrier.mail = "250 OK"
        _good_again(stage)


def _bad_hour(stage: Stage, *changes: object) -> None:
    stage.live(DUE - 10 * MINUTE, DUE)
    begin = dict(stage.states(0))
    stage.report.expect(begin.keys() <= {"failed_temp", "pending"}, "nobody is lost: all wait", begin)
    for number in range(1, 12):
        if number == 6:
            for change in changes:
                assert callable(change)
                change()
        stage.live(DUE + number * 5 * MINUTE)
    stage.look()
    waiting = stage.states(0)
    is_waiting = sum(waiting.values()) == 12 and waiting.keys() <= {"failed_temp", "pending"}
    stage.report.expect(is_waiting, "an hour later still nobody was given up, and nobody is unknown", waiting)
    stage.report.expect(not stage.letters(), "nobody has got anything yet", stage.letters())
    told = any(edition_id(0) in text for text in stage.alerts().values())
    stage.report.expect(told, "an alert about the edition stands", stage.alerts())


def _good_again(stage: Stage) -> None:
    for number in range(1, 20):
        stage.live(DUE + HOUR + number * 5 * MINUTE)
    stage.look()
    stage.expect_states(0, {"sent": 12}, "within two hours all readers have it, late as it is")
    stage.expect_nobody_twice()
    subjects = [subject for subject in stage.mails() if edition_id(0) in subject]
    stage.report.expect(len(subjects) == 1, "the operator is told of it once", subjects)
    stage.expect_right_slot(1)

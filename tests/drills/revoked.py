"""The carrier takes our password, or our key, no longer."""

from __future__ import annotations

import pathlib
from collections.abc import Callable

from tests.drills.carriers import sendgrid_carrier, smtp_carrier
from tests.drills.report import Report
from tests.drills.stage import DUE, MINUTE, Stage, edition_id, staged


def password(home: pathlib.Path, report: Report) -> None:
    """The SMTP server says 535."""
    with smtp_carrier() as carrier, staged(home, report, carrier) as stage:
        report.breaks("day 1: the SMTP server refuses the password (535)")
        carrier.knows_us = False

        def mend() -> None:
            carrier.knows_us = True

        _drill(stage, mend, "535")


def key(home: pathlib.Path, report: Report) -> None:
    """SendGrid says 401."""
    with sendgrid_carrier() as carrier, staged(home, report, carrier) as stage:
        report.breaks("day 1: SendGrid refuses the key (401)")
        carrier.refuse(401, "The provided authorization grant is invalid, expired, or revoked")
        _drill(stage, carrier.mend, "401")


def _drill(stage: Stage, mend: Callable[[], None], says: str) -> None:
    report = stage.report
    stage.live(DUE - 10 * MINUTE, DUE, DUE + MINUTE, DUE + 3 * MINUTE, DUE + 5 * MINUTE)
    stage.look()
    stage.expect_states(0, {"pending": 12}, "nobody is failed for it: all wait")
    text = stage.alerts().get(f"sending {edition_id(0)}", "")
    report.expect(says in text, "an alert says what the carrier said", stage.alerts())
    report.expect_seen("log", "the operator cannot be told")
    report.expect_seen("status", "left alone until")
    report.breaks("day 1, 07:00: the operator gives the carrier what it wants")
    mend()
    for minutes in (30, 32, 35, 40, 45):
        stage.live(DUE + minutes * MINUTE)
    stage.expect_states(0, {"sent": 12}, "it goes on by itself, and all readers have it")
    told = "the operator is told once, when mails leave again"
    subjects = [subject for subject in stage.mails() if edition_id(0) in subject]
    report.expect(len(subjects) == 1, told, subjects)
    stage.expect_nobody_twice()
    stage.expect_right_slot(1)

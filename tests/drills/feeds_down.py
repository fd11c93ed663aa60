"""No outlet can be reached for a morning; and half of them cannot."""

from __future__ import annotations

import pathlib

from tests.drills.carriers import smtp_carrier
from tests.drills.report import Report
from tests.drills.stage import DAY, DUE, HOUR, MINUTE, Stage, staged


def all_down(home: pathlib.Path, report: Report) -> None:
    """All feeds fail from the evening on: the edition is made of what was stored, then there is nothing to say."""
    with smtp_carrier() as carrier, staged(home, report, carrier) as stage:
        stage.live(DUE - 9 * HOUR)
        report.breaks("day 1: from the evening on no outlet answers (hangs, breaks off, says 503)")
        _break(stage, len(stage.room.outlets), 1.0)
        stage.morning(0)
        stage.look()
        report.expect_seen(
            "log", "most hosts cannot be reached: is this machine's network or name service down?"
        )
        report.expect_seen("mail", "6 of 6 sources fail")
        stage.expect_states(0, {"sent": 12}, "day 1: all readers have an edition of the evening's news")
        report.breaks("day 2: they are still down, and all that is stored was told on day 1 or is too old")
        stage.morning(1)
        stage.live(DUE + DAY + HOUR, DUE + DAY + 4 * HOUR)
        stage.look()
        report.expect_seen("mail", "The edition of daily 2026-11-23 fails: nobody has it")
        report.expect(len(stage.letters()) == 12 and stage.letters().total() == 12, "day 2: no letter leaves")
        report.expect(any("was missed" in text for text in stage.alerts().values()), "the slot is skipped")
        report.expect(len(stage.mails()) == 2, "each trouble is mailed once", stage.mails())
        _mend(stage)
        # Failing sources are asked ever less often: by the next morning all of them were asked again.
        stage.live(DUE + DAY + 12 * HOUR, DUE + 2 * DAY - HOUR)
        stage.expect_right_slot(2)


def half_down(home: pathlib.Path, report: Report) -> None:
    """Half of the feeds fail for a morning."""
    with smtp_carrier() as carrier, staged(home, report, carrier) as stage:
        report.breaks("day 1: three of six outlets do not answer")
        _break(stage, 3, 3.0)
        stage.morning(0)
        stage.look()
        stage.expect_states(0, {"sent": 12}, "day 1: all readers have an edition of what the others bring")
        edition = stage.edition(0)
        outlets = {outlet for story in edition.stories() for outlet in story.outlets} if edition else set()
        whole = {outlet.of.id for outlet in stage.room.outlets[3:]}
        is_so = bool(outlets) and outlets <= whole
        report.expect(is_so, "day 1: the edition names nobody but those that work", outlets)
        report.expect(stage.mails() == [], "half of the sources are no alert: nobody is woken", stage.mails())
        report.expect_seen("log", f"source {stage.room.outlets[0].of.id} failed: ")
        _mend(stage)
        stage.live(DUE + 12 * HOUR, DUE + DAY - 40 * MINUTE)
        stage.expect_right_slot(1)


def _break(stage: Stage, count: int, patience_seconds: float) -> None:
    """Have so many outlets be down; those that hang are given up after so long."""
    stage.room.break_some(count)
    stage.feed_patience_seconds = patience_seconds
    stage.end()
    stage.configure()


def _mend(stage: Stage) -> None:
    stage.room.mend()
    stage.feed_patience_seconds = 20.0
    stage.end()
    stage.configure()

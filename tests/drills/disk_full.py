"""The disk is full: from before the slot on, and in the middle of a send."""

from __future__ import annotations

import datetime as dt
import pathlib
import resource
import subprocess

from tests.drills.carriers import smtp_carrier
from tests.drills.own_process import own_worker
from tests.drills.report import Report
from tests.drills.stage import DAY, DUE, MINUTE, Stage, staged

#: Bytes beyond which no file may grow on a full disk: less than any file has already.
_NO_ROOM = 4096
#: Letters of a send that have left when the disk is full.
_LEFT = 5
#: What may be in doubt then: two on their way, and two that came back and could not be written down.
_MOST_UNKNOWN = 4


def full(home: pathlib.Path, report: Report) -> None:
    """No room from the first; on the next day no room from the middle of the send on."""
    with smtp_carrier() as carrier, staged(home, report, carrier) as stage:
        stage.live(DUE - 20 * MINUTE)
        stage.end()
        report.breaks("day 1, 06:30 to 06:40: nothing more can be written")
        with own_worker(home, DUE, most_bytes=_NO_ROOM) as process:
            _listen(stage, process)
        report.expect(not stage.letters(), "day 1: nothing leaves that could not be written down")
        report.expect_seen("log", "disk")
        stage.live(DUE + 10 * MINUTE, DUE + 12 * MINUTE)
        stage.expect_states(0, {"sent": 12}, "day 1: once there is room, all have their edition")
        stage.live(DUE + DAY - 20 * MINUTE, DUE + DAY - 5 * MINUTE)
        stage.end()
        report.breaks(f"day 2: the disk is full when {_LEFT} letters have left, until 06:40")
        running: list[subprocess.Popen[str]] = []
        begin = len(carrier.arrived)

        def fill_the_disk(taken: int) -> None:
            if taken == begin + _LEFT:
                resource.prlimit(running[0].pid, resource.RLIMIT_FSIZE, (_NO_ROOM, _NO_ROOM))

        # Until then the process may start in peace.
        carrier.before = fill_the_disk
        with own_worker(home, DUE + DAY, started=running.append) as process:
            _listen(stage, process)
        _goes_on(stage, begin, DUE + DAY)
        stage.expect_right_slot(2)


def _goes_on(stage: Stage, begin: int, due: dt.datetime) -> None:
    some = len(stage.letters(begin))
    stage.report.expect(_LEFT <= some < 12, f"day 2: the send stops within a few letters ({some} of 12)")
    for minutes in (10, 12, 15):
        stage.live(due + minutes * MINUTE)
    states = stage.states(1)
    unknown = states.get("unknown", 0)
    is_right = states.get("sent", 0) + unknown == 12 and unknown <= _MOST_UNKNOWN
    stage.report.expect(
        is_right, "day 2: the rest leave when there is room; what was leaving is unknown", states
    )
    stage.look()
    stage.settle(1)
    stage.expect_nobody_twice()


def _listen(stage: Stage, process: subprocess.Popen[str]) -> None:
    said, told = process.communicate(timeout=60)
    stage.read_log(said)
    if not told.strip().isdigit():
        stage.report.saw("log", told.strip())
    stage.report.expect("Traceback" not in told, "a full disk is said in plain words", told)

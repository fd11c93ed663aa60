"""The carrier takes letters slowly, then hangs; the worker is killed in the middle."""

from __future__ import annotations

import pathlib
import signal
import time

from tests.adapters.smtp_server import HANG
from tests.drills.carriers import smtp_carrier
from tests.drills.own_process import own_worker
from tests.drills.report import Report
from tests.drills.stage import DUE, MINUTE, staged
from tests.worker.processes import wait_until

#: Letters that are taken before the carrier hangs, and connections that hang then.
_TAKEN, _HANGING = 4, 2


def killed(home: pathlib.Path, report: Report) -> None:
    """Kill -9 while two letters hang; another worker takes over."""
    with smtp_carrier() as carrier, staged(home, report, carrier) as stage:
        carrier.slowness_seconds = 0.05
        stage.live(DUE - 10 * MINUTE)
        stage.end()
        report.breaks(f"day 1: the carrier takes {_TAKEN} letters slowly, then answers nothing to any more")

        def hang(taken: int) -> None:
            if taken >= _TAKEN:
                carrier.data = dict.fromkeys(stage.readers, HANG)

        carrier.before = hang
        with own_worker(home, DUE) as process:
            came = wait_until(lambda: len(carrier.arrived) >= _TAKEN + _HANGING or process.poll() is not None)
            report.expect(came, "the worker has two letters on the wire when it is killed")
            # What has come last is not written down anywhere yet.
            time.sleep(0.1)
            report.breaks("the worker is killed (kill -9), and the carrier works again")
            process.send_signal(signal.SIGKILL)
            process.wait()
        carrier.before, carrier.data = lambda taken: None, {}
        stage.live(DUE + 3 * MINUTE, DUE + 5 * MINUTE, DUE + 8 * MINUTE)
        stage.look()
        wanted = {"sent": 12 - _HANGING, "unknown": _HANGING}
        stage.expect_states(0, wanted, "the next worker sends the rest; the two that hung are unknown")
        stage.expect_nobody_twice()
        report.expect_seen("mail", "has died")
        stage.settle(0)
        stage.live(DUE + 10 * MINUTE)
        unknown = [key for key in stage.alerts() if key.startswith("unknown")]
        report.expect(not unknown, "that alert is cleared", unknown)
        stage.expect_right_slot(1)

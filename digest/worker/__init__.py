"""The scheduled process: collects, composes, delivers and raises alerts, until SIGTERM.

APScheduler is a tick that keeps nothing: what is due follows from the clock (`digest.schedule`), what was done from the
store. So a worker that was killed goes on where it stopped, and ten of them make one edition.

process:    the jobs, the signals, the end in order
life:       who this worker is, what it has in hand
collecting: one of all workers collects an interval
rounds:     what is composed and opened now
sending:    a thread for each edition that is on its way
alerting:   what the operator must know; troubles: how that is found; letters: how it is told
logs:       a JSON object a line, without addresses
"""

from __future__ import annotations

from digest.worker.process import Worker

__all__ = ["Worker"]

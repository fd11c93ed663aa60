"""`digest worker`."""

from __future__ import annotations

import signal
import sys

import click

from digest.cli.options import opened


@click.command()
@click.option("--once", is_flag=True, help="Do what is due now, and end.")
@click.option(
    "--concurrency",
    type=click.IntRange(1, 64),
    default=4,
    show_default=True,
    help="Tasks at a time in this process; on SQLite, editions that are delivered at a time.",
)
def worker(once: bool, concurrency: int) -> None:
    """Collect, compose and deliver by the schedule, until SIGTERM; tell the operator of troubles.

    What is in hand when the signal comes is brought to its end within delivery.drain_seconds; the rest is done at the
    next start. A second signal ends at once. While PostgreSQL is away it is waited for. Any number of workers may run side by side, on PostgreSQL on any number of
    machines; what a worker that died had in hand, the others take over within a minute.
    """
    # As long as nothing is in hand, a signal asks for nothing but to end.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    from digest.worker import Worker
    from digest.worker.logs import log_to_stdout
    from digest.worker.metrics import serving
    from digest.worker.starting import wait_for_database

    with opened() as app, serving(app.settings.worker.metrics_address, app.settings.worker.metrics_port):
        if not once:
            log_to_stdout()
            wait_for_database(app)
        made = Worker(app, concurrency)
        made.run_once() if once else made.run()

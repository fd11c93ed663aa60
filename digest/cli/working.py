"""`digest worker`."""

from __future__ import annotations

import click

from digest.cli.options import opened


@click.command()
@click.option("--once", is_flag=True, help="Do what is due now, and end.")
def worker(once: bool) -> None:
    """Collect, compose and deliver by the schedule, until SIGTERM; tell the operator of troubles.

    What is in hand when the signal comes is brought to its end within delivery.drain_seconds; the rest is done at the
    next start. A second signal ends at once. Any number of workers may run side by side.
    """
    from digest.worker import Worker

    with opened() as app:
        Worker(app).run_once() if once else Worker(app).run()

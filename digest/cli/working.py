"""`digest worker`."""

from __future__ import annotations

import click

from digest.cli.options import opened


@click.command()
@click.option("--once", is_flag=True, help="Do what is due now, and end.")
def worker(once: bool) -> None:
    """Collect, compose and deliver by the schedule, until SIGTERM.

    What is being sent when the signal comes is brought to its end; the rest is sent at the next start.
    """
    from digest.worker import Worker

    with opened() as app:
        Worker(app).run_once() if once else Worker(app).run()

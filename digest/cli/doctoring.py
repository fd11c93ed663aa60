"""`digest doctor`: what is wrong with an installation, and what to do."""

from __future__ import annotations

import datetime as dt
import sys
from collections import Counter

import click

from digest.cli.options import at_option, counted, json_option, opened, print_json


@click.command()
@at_option
@json_option
def doctor(at: dt.datetime | None, as_json: bool) -> None:
    """Say what is wrong with this installation, and what to do; change and send nothing.

    Looks at the configuration, the home, the database, the ledger, the sender, the sources, the schedule and its
    workers. The exit code is 1 where something does not work, 2 where it is the configuration.
    """
    from digest.cli.examining import CONFIGURATION, examine
    from digest.doctor import Level

    with opened(at) as app:
        found = examine(app)
    levels = Counter(one.level for one in found)
    faults, warnings = levels[Level.FAULT], levels[Level.WARNING]
    if as_json:
        said = [
            {"check": one.check, "level": one.level, "says": one.says, "remedy": one.remedy} for one in found
        ]
        print_json({"findings": said, "faults": faults, "warnings": warnings})
    else:
        for one in found:
            click.echo(f"{one.level:<8} {one.check}: {one.says}")
            if one.remedy:
                click.echo(f"{'':<8} {one.remedy}")
        click.echo(f"{counted(faults, 'fault')}, {counted(warnings, 'warning')}.")
    misconfigured = any(one.level is Level.FAULT and one.check == CONFIGURATION for one in found)
    sys.exit(2 if misconfigured else 1 if faults else 0)

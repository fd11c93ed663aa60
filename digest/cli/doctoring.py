"""`digest doctor`: what is wrong with an installation, and what to do."""

from __future__ import annotations

import datetime as dt
import shutil
import sys
import textwrap
from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING, Any

import click

from digest.cli.options import at_option, counted, json_option, opened, print_json, progress_bar

if TYPE_CHECKING:
    from digest.cli.examining import Examined
    from digest.doctor import Finding

_COLOURS = {"ok": "green", "warning": "yellow", "fault": "red"}
#: Columns of a line at most, and of what stands before the words.
_WIDTH, _INDENT = 110, 11


class _NameServer(click.ParamType[tuple[str, int]]):
    """HOST[:PORT], HOST being an IP address."""

    name = "HOST[:PORT]"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, int]:
        """Return the address and the port."""
        from digest.adapters.dns import read_nameserver

        try:
            return read_nameserver(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


@click.command()
@click.option(
    "--nameserver",
    type=_NameServer(),
    metavar="HOST[:PORT]",
    help="Ask this name server, by its IP address, about the sender's domain.",
)
@at_option
@json_option
def doctor(nameserver: tuple[str, int] | None, at: dt.datetime | None, as_json: bool) -> None:
    """Say what is wrong with this installation, and what to do; change and send nothing.

    Looks at the configuration, the home and its disk, the database, the ledger, the sender, the sender's domain in
    DNS (SPF, DKIM, DMARC, MX), the sources, the clock, the workers and the schedule, side by side, for half a minute
    at most. The exit code is 1 where something does not work, 2 where it is the configuration.
    """
    from digest.cli.examining import CONFIGURATION, examine
    from digest.doctor import Level

    with opened(at) as app, progress_bar() as progress:
        examined = examine(app, nameserver, progress)
    levels = Counter(one.level for one in examined.findings)
    faults, warnings = levels[Level.FAULT], levels[Level.WARNING]
    if as_json:
        said = [_as_json(one) for one in examined.findings]
        skipped = list(examined.skipped)
        print_json({"findings": said, "faults": faults, "warnings": warnings, "skipped": skipped})
    else:
        for line in _lines(examined):
            click.echo(line)
        click.echo(f"{counted(faults, 'fault')}, {counted(warnings, 'warning')}.")
    misconfigured = any(one.level is Level.FAULT and one.check == CONFIGURATION for one in examined.findings)
    sys.exit(2 if misconfigured else 1 if faults else 0)


def _as_json(one: Finding) -> dict[str, str]:
    return {
        "check": one.check,
        "id": one.id,
        "level": one.level,
        "where": one.where,
        "says": one.says,
        "remedy": one.remedy,
    }


def _lines(examined: Examined) -> Iterator[str]:
    width = min(shutil.get_terminal_size((_WIDTH, 24)).columns, _WIDTH)
    for check, findings in groupby(examined.findings, key=lambda one: one.check):
        yield click.style(check, bold=True)
        for one in findings:
            level = click.style(f"{one.level:<8}", fg=_COLOURS[one.level])
            where = "" if not one.where or one.where in one.says else f" [{one.where}]"
            first, *others = _wrapped(f"{one.says}{where}", width)
            yield f"  {level} {first}"
            remedy = _wrapped(f"-> {one.remedy}", width) if one.remedy else ()
            yield from (f"{'':<{_INDENT}}{line}" for line in (*others, *remedy))
    if examined.skipped:
        yield from _wrapped(f"Not looked at, for what is said above: {', '.join(examined.skipped)}.", width)


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, max(width - _INDENT, 40), break_long_words=False, break_on_hyphens=False) or [
        ""
    ]

"""`digest deliveries`: where an edition's deliveries stand."""

from __future__ import annotations

import csv
import sys
from typing import IO, TYPE_CHECKING

import click

from digest.cli.options import counted, json_option, opened, print_json
from digest.cli.sending import state_counts
from digest.cli.settling import as_stored, cancel, resend_failed, resend_unknown, settle

if TYPE_CHECKING:
    from digest.app import App
    from digest.model import Delivery, DeliveryState

_COLUMNS = ("email", "name", "state", "attempts", "bounce", "updated_at", "detail")


class _OfEdition(click.Group):
    """A group whose commands stand before or behind the edition; without one of them it shows the edition."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        for place in (0, 1):
            if len(args) > place and args[place] in self.commands:
                name = args[place]
                return name, self.commands[name], [*args[:place], *args[place + 1 :]]
        return None, _show, args

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        options = [param for param in _show.get_params(ctx) if isinstance(param, click.Option)]
        records = [option.get_help_record(ctx) for option in options]
        with formatter.section("Options"):
            formatter.write_dl([record for record in records if record])
        self.format_commands(ctx, formatter)


@click.group(
    cls=_OfEdition,
    context_settings={"ignore_unknown_options": True},
    options_metavar="",
    subcommand_metavar="EDITION [COMMAND] [OPTIONS]",
)
def deliveries() -> None:
    """Show where EDITION's deliveries stand, or do one of these with them.

    The command may stand before the edition as well: `digest deliveries settle EDITION`.
    """


for _command in (settle, resend_unknown, resend_failed, cancel):
    deliveries.add_command(_command)


@click.command(name="deliveries", hidden=True)
@click.argument("edition")
@click.option("--state", metavar="STATE", help="List the deliveries in this state, one a line.")
@click.option("--email", metavar="ADDRESS", help="List the delivery to this address.")
@json_option
def _show(edition: str, state: str | None, email: str | None, as_json: bool) -> None:
    """Show where EDITION's deliveries stand."""
    wanted = _state(state)
    with opened() as app:
        app.edition(edition)
        if state is None and email is None:
            _say_counts(app, edition, as_json=as_json)
            return
        address = None if email is None else as_stored(email)
        found = 0
        for one in app.store.ledger.deliveries(edition, wanted, address):
            found += 1
            _say_one(one, as_json=as_json)
    if email is not None and not found:
        where = f" in state {state}" if state else ""
        click.echo(f"digest: {email} is not among the recipients of {edition}{where}.", err=True)
        sys.exit(1)


def _say_counts(app: App, edition: str, *, as_json: bool) -> None:
    counts = state_counts(app, edition)
    if as_json:
        print_json({"edition": edition, "states": counts})
        return
    lines = [f"{count:>9,} {key}" for key, count in counts.items()]
    click.echo("\n".join(lines) or "Nothing has been sent yet.")


def _say_one(one: Delivery, *, as_json: bool) -> None:
    if as_json:
        print_json({"email": one.email, "state": one.state, "attempts": one.attempts, "detail": one.detail})
    else:
        click.echo(f"{one.email} {one.state} {one.attempts} {one.detail}".rstrip())


def _state(name: str | None) -> DeliveryState | None:
    from digest.errors import UsageError
    from digest.model import DeliveryState

    if name is None:
        return None
    if name not in set(DeliveryState):
        raise UsageError(f"There is no state {name!r}. States are {', '.join(DeliveryState)}.")
    return DeliveryState(name)


# --------------------------------------------------------------------------- export


@deliveries.command(short_help="Write them as CSV.")
@click.argument("edition")
@click.option("--state", metavar="STATE", help="Only the deliveries in this state.")
@click.option(
    "--to",
    "file",
    type=click.File("w", encoding="utf-8", lazy=True, atomic=True),
    default="-",
    help="The file; default: standard output.",
)
@json_option
def export(edition: str, state: str | None, file: IO[str], as_json: bool) -> None:
    """Write EDITION's deliveries as CSV: email, name, state, attempts, updated_at, detail."""
    to_file = file.name != "-"
    if as_json and not to_file:
        raise click.UsageError("--json says how many were written, where --to names a file for them.")
    wanted = _state(state)
    with opened() as app:
        app.edition(edition)
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(_COLUMNS)
        written = 0
        for one in app.store.ledger.deliveries(edition, wanted):
            at = one.updated_at.isoformat() if one.updated_at else ""
            rows.writerow([one.email, one.name, one.state, one.attempts, one.bounce or "", at, one.detail])
            written += 1
    if as_json:
        print_json({"edition": edition, "exported": written})
    elif to_file:
        click.echo(f"{counted(written, 'delivery', 'deliveries')} of {edition} are in {file.name}.")

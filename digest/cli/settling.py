"""The operator's word on deliveries: settle what is unknown, send again, cancel."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

import click

from digest.cli.options import counted, json_option, opened, print_json, progress_bar, stop_signal
from digest.cli.sending import say_states, send_and_say, state_counts

if TYPE_CHECKING:
    from digest.app import App
    from digest.model import DeliveryState

#: Addresses that are not among those meant are named up to this many.
_NAMED = 20

_ADDRESSES = click.argument("addresses", nargs=-1, metavar="[ADDRESS]...")


@click.command(short_help="Say what became of the unknown.")
@click.argument("edition")
@_ADDRESSES
@click.option(
    "--as",
    "outcome",
    type=click.Choice(["sent", "failed", "expired"]),
    required=True,
    help="What became of them.",
)
@click.option(
    "--from", "file", type=click.File("r", encoding="utf-8-sig"), help="A file with one address a line."
)
@json_option
def settle(edition: str, addresses: Sequence[str], outcome: str, file: IO[str] | None, as_json: bool) -> None:
    """Say what became of EDITION's unknown deliveries, as the carrier's log has it; all of them without ADDRESS."""
    from digest.model import DeliveryState

    state = DeliveryState("failed_perm" if outcome == "failed" else outcome)
    named = None if file is None and not addresses else [*addresses, *_lines(file)]
    with _operating(edition) as app:
        found, missing = _among(app, edition, [DeliveryState.UNKNOWN], named)
        settled = app.store.ledger.settle_unknown(edition, state, found, app.clock.now())
        _report(app, edition, {"settled": settled}, missing, as_json=as_json)
    if not as_json:
        click.echo(f"{counted(settled, 'unknown delivery', 'unknown deliveries')} settled as {state}.")
    _name_missing(missing, "unknown")


@click.command("resend-unknown", short_help="Send again to the unknown, who may get it twice.")
@click.argument("edition")
@_ADDRESSES
@click.option("--yes", is_flag=True, help="Do not ask: some may get it twice.")
@json_option
def resend_unknown(edition: str, addresses: Sequence[str], yes: bool, as_json: bool) -> None:
    """Send EDITION again to those of whom nobody knows whether they got it; to all of them without ADDRESS.

    Some of them may have it already, and get it twice.
    """
    from digest.model import DeliveryState

    states = [DeliveryState.UNKNOWN]
    with _operating(edition) as app:
        found, missing = _among(app, edition, states, addresses or None)
        count = app.store.ledger.counts(edition).get(states[0], 0) if found is None else len(found)
        if count and not yes:
            _ask(count)
        code = _send_again(app, edition, states, found, as_json=as_json)
    _name_missing(missing, "unknown")
    sys.exit(code)


def _ask(count: int) -> None:
    """Ask whether some may get it twice. Raises UsageError where nobody can answer, Abort where the answer is no."""
    people = counted(count, "person", "people")
    if not sys.stdin.isatty():
        raise click.UsageError(f"{people} may get it twice. Say --yes if that is what you want.")
    click.confirm(f"{people} may get it twice. Send again?", abort=True, err=True)


@click.command("resend-failed", short_help="Send again to those whom it did not reach.")
@click.argument("edition")
@_ADDRESSES
@json_option
def resend_failed(edition: str, addresses: Sequence[str], as_json: bool) -> None:
    """Send EDITION again to those whom it did not reach (failed_perm, expired); to all of them without ADDRESS.

    An address that was suppressed by then gets nothing.
    """
    from digest.model import DeliveryState

    states = [DeliveryState.FAILED_PERM, DeliveryState.EXPIRED]
    with _operating(edition) as app:
        found, missing = _among(app, edition, states, addresses or None)
        code = _send_again(app, edition, states, found, as_json=as_json)
    _name_missing(missing, "failed or expired")
    sys.exit(code)


def _send_again(
    app: App, edition_id: str, states: Sequence[DeliveryState], emails: Sequence[str] | None, *, as_json: bool
) -> int:
    """Put deliveries back and send; return the exit code."""
    before = app.store.ledger.counts(edition_id)
    again = app.store.ledger.send_again(edition_id, states, emails, app.clock.now())
    click.echo(f"{counted(again, 'delivery', 'deliveries')} of {edition_id} to be sent again.", err=True)
    if not again:
        say_states(app, edition_id, as_json=as_json)
        return 0
    with progress_bar() as progress, stop_signal() as stop:
        code = send_and_say(app, app.edition(edition_id), progress, stop, as_json=as_json)
    _say_suppressed(before, app.store.ledger.counts(edition_id))
    return code


def _say_suppressed(before: Mapping[DeliveryState, int], after: Mapping[DeliveryState, int]) -> None:
    from digest.model import DeliveryState

    more = after.get(DeliveryState.SUPPRESSED, 0) - before.get(DeliveryState.SUPPRESSED, 0)
    if more > 0:
        click.echo(
            f"{counted(more, 'address is', 'addresses are')} suppressed and got nothing: "
            "`digest subscribers list --suppressed` says why, `unsuppress` lifts that.",
            err=True,
        )


@click.command(short_help="Stop an edition on its way.")
@click.argument("edition")
@click.option("--why", default="cancelled by the operator", help="What the ledger keeps as the reason.")
@json_option
def cancel(edition: str, why: str, as_json: bool) -> None:
    """Stop EDITION on its way: what has not begun to leave expires, and nobody takes from it any more."""
    with _operating(edition) as app:
        ledger = app.store.ledger
        if not ledger.is_open(edition):
            click.echo(
                f"digest: {edition} is not on its way: its recipients are not frozen yet. "
                "To keep it from being sent, pause the newsletter.",
                err=True,
            )
            sys.exit(1)
        expired = ledger.cancel(edition, app.clock.now(), why)
        _report(app, edition, {"cancelled": expired}, [], as_json=as_json)
        counts = state_counts(app, edition)
    if not as_json:
        click.echo(f"Edition {edition} is cancelled: {counted(expired, 'delivery', 'deliveries')} expired.")
    if counts.get("sending"):
        click.echo(f"{counts['sending']:,} are leaving at this moment and may arrive.", err=True)


# --------------------------------------------------------------------------- which deliveries are meant


@contextmanager
def _operating(edition_id: str) -> Iterator[App]:
    """Give the app, with what dead processes left of the edition settled first. Raises UnknownEdition."""
    with opened() as app:
        app.edition(edition_id)
        app.store.ledger.recover(edition_id, app.clock.now())
        yield app


def _lines(file: IO[str] | None) -> list[str]:
    """Return the addresses of a file, one a line. Raises UsageError where it is no UTF-8 text."""
    if file is None:
        return []
    try:
        return [line.strip() for line in file if line.strip()]
    except UnicodeDecodeError as error:
        raise click.UsageError(f"{file.name} is not UTF-8: {error}") from error


def _among(
    app: App, edition_id: str, states: Sequence[DeliveryState], named: Iterable[str] | None
) -> tuple[list[str] | None, list[str]]:
    """Return which of the named addresses have a delivery in one of the states, and which do not.

    Without any name all are meant: None.
    """
    if named is None:
        return None, []
    stored = {address: as_stored(address) for address in named}
    ledger = app.store.ledger
    meant = {
        email
        for email in stored.values()
        if {one.state for one in ledger.deliveries(edition_id, None, email)} & set(states)
    }
    return sorted(meant), [address for address, email in stored.items() if email not in meant]


def as_stored(address: str) -> str:
    """Return an address as it is stored; what is none stays as it is, and is found nowhere."""
    from digest.mailer.address import normal_address

    try:
        return normal_address(address.strip())
    except ValueError:
        return address


def _report(
    app: App, edition_id: str, done: dict[str, int], missing: Sequence[str], *, as_json: bool
) -> None:
    if as_json:
        print_json(
            {"edition": edition_id, **done, "missing": len(missing), "states": state_counts(app, edition_id)}
        )


def _name_missing(missing: Sequence[str], what: str) -> None:
    """Name the addresses that were not among those meant, and end with 1 where there are any."""
    if not missing:
        return
    for address in missing[:_NAMED]:
        click.echo(f"digest: {address} is not among the {what}.", err=True)
    if len(missing) > _NAMED:
        click.echo(f"digest: nor are {len(missing) - _NAMED} others.", err=True)
    sys.exit(1)

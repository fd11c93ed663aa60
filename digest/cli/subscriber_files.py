"""`digest subscribers import` and `export`: people in tables, in and out again without a change."""

from __future__ import annotations

import pathlib
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from typing import IO, TYPE_CHECKING

import click

from digest.adapters import subscriber_rows
from digest.adapters.subscriber_rows import GONE, WishReader
from digest.adapters.subscriber_table import Table, opened_table, whole_file, write_rows
from digest.cli.options import counted, json_option, opened, print_json, progress_bar
from digest.errors import UnknownNewsletter, UsageError

if TYPE_CHECKING:
    from digest.adapters.store.subscribers import Subscription
    from digest.app import App
    from digest.model import Subscriber

#: Rows of an import that are stored in one transaction.
_BATCH = 2000
_COLUMNS = (
    "email",
    "name",
    "newsletter",
    "regions",
    "timezone",
    "confirmed",
    "consent_at",
    "consent_how",
    "consent_source",
)


@click.command(name="import")
@click.argument("file", type=click.File("rb"))
@click.option("--newsletter", metavar="ID", help="For rows that name none; the first newsletter by default.")
@click.option("--confirmed", is_flag=True, help="These people have agreed already.")
@click.option("--revive-suppressed", is_flag=True, help="Those who left or bounced have asked to come back.")
@json_option
def import_(
    file: IO[bytes], newsletter: str | None, confirmed: bool, revive_suppressed: bool, as_json: bool
) -> None:
    """Import subscribers from CSV FILE (-: standard input).

    Columns: email[,name,newsletter,regions,timezone,consent_at,consent_source], and those of `export`. Importing
    again changes nothing. Rows that cannot be used are named and left out; addresses that left, bounced or
    complained are skipped and counted, unless you say that they have asked to come back. People who have not
    agreed (no --confirmed) get nothing until they do.
    """
    counts = {"new": 0, "known": 0, "suppressed": 0, "refused": 0}
    given = {"newsletter": newsletter} if newsletter else {}
    with opened() as app, _opened_table(file) as table, progress_bar() as show:
        app.newsletter(newsletter)
        name = "standard input" if file.name == "<stdin>" else pathlib.Path(file.name).name
        rows = WishReader(
            app.newsletter, name, app.clock.now(), confirmed=confirmed, returning=revive_suppressed
        )
        done = 0
        while batch := list(islice(table.rows, _BATCH)):
            wishes = []
            for number, row in batch:
                try:
                    wish = rows.read(given | row)
                except UsageError as error:
                    click.echo(f"digest: {file.name}: line {number} is left out: {error}", err=True)
                    counts["refused"] += 1
                    continue
                if wish:
                    wishes.append(wish)
                else:
                    counts["suppressed"] += 1
            for added in app.store.subscribers.add_all(wishes):
                counts["suppressed" if added == "left" else added] += 1
            done += len(batch)
            show("subscribers", done, table.length)
    if as_json:
        print_json(counts)
    else:
        click.echo(
            f"{counted(counts['new'], 'new subscriber')}, {counts['known']:,} known, {counts['suppressed']:,} skipped "
            f"because they left or bounced, {counts['refused']:,} left out."
        )
    sys.exit(1 if counts["refused"] else 0)


@contextmanager
def _opened_table(file: IO[bytes]) -> Iterator[Table]:
    with _as_usage(), opened_table(file, file.name) as table:
        yield table


@contextmanager
def _as_usage() -> Iterator[None]:
    """Have what is wrong with what was typed said as click says it."""
    try:
        yield
    except UnknownNewsletter:
        raise
    except UsageError as error:
        raise click.UsageError(str(error)) from error


def address_of(text: str) -> str:
    """Return an address as it is stored. Raises click's UsageError with what is wrong."""
    with _as_usage():
        return subscriber_rows.address_of(text)


def person_of(app: App, row: Mapping[str, str], *, confirmed: bool) -> Subscriber:
    """Return the subscriber of a row. Raises click's UsageError with what is wrong, UnknownNewsletter."""
    with _as_usage():
        return subscriber_rows.person_of(app.newsletter, row, confirmed=confirmed)


@click.command()
@click.option("--newsletter", metavar="ID", help="Only of this newsletter.")
@click.option("--all", "everybody", is_flag=True, help="Also those who left and those who are suppressed.")
@click.option(
    "--to",
    type=click.Path(path_type=pathlib.Path, dir_okay=False),
    help="Write this file; else standard output.",
)
def export(newsletter: str | None, everybody: bool, to: pathlib.Path | None) -> None:
    """Export subscriptions as CSV, in UTF-8; importing an export changes nothing.

    Cells that a spreadsheet would work out as a formula have an apostrophe before them; an import takes it away.
    """
    with opened() as app:
        if newsletter is not None:
            app.newsletter(newsletter)
        people = app.store.subscribers
        found = people.all_subscriptions(newsletter) if everybody else people.subscriptions(newsletter)
        columns = (*_COLUMNS, *GONE) if everybody else _COLUMNS
        rows = (_row(subscription)[: len(columns)] for subscription in found)
        if to is None:
            write_rows(sys.stdout, columns, rows)
            return
        with whole_file(to) as file:
            count = write_rows(file, columns, rows)
    click.echo(f"{counted(count, 'subscription')} in {to}.")


def _row(subscription: Subscription) -> tuple[str, ...]:
    person, consent, ended = subscription.person, subscription.consent, subscription.ended_at
    return (
        person.email,
        person.name,
        person.newsletter_id,
        " ".join(person.regions),
        person.timezone,
        "yes" if person.confirmed else "no",
        consent.at.isoformat(),
        consent.how,
        consent.source,
        ended.isoformat() if ended else "",
        subscription.suppressed or "",
    )

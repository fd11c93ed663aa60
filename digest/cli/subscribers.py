"""`digest subscribers`."""

from __future__ import annotations

import csv
import io
import sys
from typing import IO, TYPE_CHECKING

import click

from digest.cli.options import counted, json_option, opened, print_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from digest.app import App
    from digest.model import Subscriber


@click.group()
def subscribers() -> None:
    """Add, import, list and remove subscribers."""


@subscribers.command()
@click.argument("email")
@click.option("--name", default="", help="The person's name.")
@click.option("--newsletter", metavar="ID", help="The newsletter; the first one by default.")
@click.option("--regions", default="", help="Region ids in the wanted order, parted by commas.")
@click.option("--revive", is_flag=True, help="The person left, and has asked to come back.")
def add(email: str, name: str, newsletter: str | None, regions: str, revive: bool) -> None:
    """Subscribe EMAIL, who has agreed; again changes nothing but what is given."""
    from digest.model import AddOutcome

    with opened() as app:
        row = {"email": email, "name": name, "newsletter": newsletter or "", "regions": regions}
        person = _person(app, row, confirmed=True)
        people = app.store.subscribers
        subscribe = people.revive if revive else people.add
        outcome = subscribe(person, source="command line", now=app.clock.now())
    if outcome is AddOutcome.LEFT:
        raise _usage(f"{person.email} left or bounced. With --revive, whoever asked to come back does.")
    happened = "is subscribed" if outcome is AddOutcome.NEW else "was subscribed already"
    click.echo(f"{person.email} {happened} to {person.newsletter_id}.")


@subscribers.command(name="import")
@click.argument("file", type=click.File("rb"))
@click.option("--newsletter", metavar="ID", help="For rows that name none; the first newsletter by default.")
@click.option("--confirmed", is_flag=True, help="These people have agreed already.")
@json_option
def import_(file: IO[bytes], newsletter: str | None, confirmed: bool, as_json: bool) -> None:
    """Import subscribers from CSV FILE (-: standard input) with the columns email[,name,newsletter,regions].

    Importing again changes nothing. Rows that cannot be used are named and left out; addresses that left or
    bounced are skipped and counted. People who have not agreed (no --confirmed) get nothing until they do.
    """
    from digest.errors import UnknownNewsletter
    from digest.model import AddOutcome

    counts = {"new": 0, "known": 0, "suppressed": 0, "refused": 0}
    with opened() as app:
        app.newsletter(newsletter)
        for number, row in _rows(file):
            try:
                person = _person(app, {"newsletter": newsletter or "", **row}, confirmed=confirmed)
            except (click.UsageError, UnknownNewsletter) as error:
                click.echo(f"digest: {file.name}: line {number} is left out: {error}", err=True)
                counts["refused"] += 1
                continue
            outcome = app.store.subscribers.add(person, source=f"import of {file.name}", now=app.clock.now())
            counts["suppressed" if outcome is AddOutcome.LEFT else str(outcome)] += 1
    if as_json:
        print_json(counts)
    else:
        click.echo(
            f"{counted(counts['new'], 'new subscriber')}, {counts['known']:,} known, {counts['suppressed']:,} skipped "
            f"because they left or bounced, {counts['refused']:,} left out."
        )
    sys.exit(1 if counts["refused"] else 0)


@subscribers.command(name="list")
@click.option("--newsletter", metavar="ID", help="Only of this newsletter.")
@json_option
def list_(newsletter: str | None, as_json: bool) -> None:
    """List the active subscribers, one a line."""
    with opened() as app:
        if newsletter is not None:
            app.newsletter(newsletter)
        for person in app.store.subscribers.subscribers(newsletter):
            if as_json:
                print_json(
                    {
                        "email": person.email,
                        "name": person.name,
                        "newsletter": person.newsletter_id,
                        "regions": list(person.regions),
                        "confirmed": person.confirmed,
                    }
                )
            else:
                state = "" if person.confirmed else " (not confirmed)"
                click.echo(
                    f"{person.email} {person.newsletter_id} {','.join(person.regions) or 'all'}{state}"
                )


@subscribers.command()
@click.argument("email")
@click.option("--newsletter", metavar="ID", help="Leave only this newsletter.")
def remove(email: str, newsletter: str | None) -> None:
    """End EMAIL's subscription, as an unsubscribe mail asks for; an import does not bring it back."""
    with opened() as app:
        if newsletter is not None:
            app.newsletter(newsletter)
        ended = app.store.subscribers.remove(email, newsletter, reason="unsubscribed", now=app.clock.now())
    click.echo(
        f"{counted(ended, 'subscription')} of {email} ended." if ended else f"{email} had no subscription."
    )


def _usage(sentence: str) -> click.UsageError:
    return click.UsageError(sentence)


def _rows(file: IO[bytes]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield each row with its line number; columns by their names, or `email` alone without a heading."""
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    lines = csv.reader(text)
    try:
        first = next(lines, [])
        names = [name.strip().lower() for name in first]
        if "email" not in names:
            column = next((place for place, cell in enumerate(first) if "@" in cell), None)
            if column is None:
                raise click.UsageError(
                    f"{file.name} has no column `email`; its first line is {','.join(first)!r}."
                )
            names = [*[""] * column, "email"]
            yield lines.line_num, {"email": first[column].strip()}
        for row in lines:
            cells = zip(names, row, strict=False)
            values = {name: cell.strip() for name, cell in cells if name and cell.strip()}
            if values:
                yield lines.line_num, values
    except UnicodeDecodeError as error:
        raise click.UsageError(f"{file.name} is not UTF-8: {error}") from error
    except csv.Error as error:
        raise click.UsageError(f"{file.name}: line {lines.line_num} cannot be read: {error}") from error
    finally:
        text.detach()


def _person(app: App, row: dict[str, str], *, confirmed: bool) -> Subscriber:
    """Return the subscriber of a row. Raises UsageError with what is wrong."""
    from digest.model import Subscriber
    from digest.settings import is_mail_address
    from digest.text.tidy import tidy

    email = row.get("email", "").strip()
    local, at, domain = email.rpartition("@")
    try:
        # An international domain is written to in its ASCII form (RFC 5891).
        email = f"{local}{at}{domain.encode('idna').decode('ascii')}" if domain else email
    except UnicodeError:
        email = ""
    if not is_mail_address(email):
        raise _usage(f"{row.get('email', '')!r} is no mail address.")
    newsletter = app.newsletter(row.get("newsletter") or None)
    regions = tuple(
        filter(None, (part.strip() for part in row.get("regions", "").replace(" ", ",").split(",")))
    )
    unknown = [region for region in regions if region not in newsletter.regions]
    if unknown:
        raise _usage(
            f"{unknown[0]!r} is no region of {newsletter.id}; regions are {', '.join(newsletter.regions)}."
        )
    return Subscriber(
        id=0,
        email=email,
        name=tidy(row.get("name", ""))[:200],
        newsletter_id=newsletter.id,
        regions=regions,
        confirmed=confirmed,
    )

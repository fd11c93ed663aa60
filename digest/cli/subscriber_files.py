"""`digest subscribers import` and `export`: people in tables, in and out again without a change."""

from __future__ import annotations

import datetime as dt
import pathlib
import sys
from collections.abc import Mapping
from itertools import islice
from typing import IO, TYPE_CHECKING

import click

from digest.cli.options import counted, json_option, opened, print_json, progress_bar
from digest.cli.subscriber_table import opened_table, whole_file, write_rows

if TYPE_CHECKING:
    from digest.adapters.store.subscribers import Subscription
    from digest.adapters.store.subscribing import Wish
    from digest.app import App
    from digest.model import Consent, Subscriber

#: Rows of an import that are stored in one transaction.
_BATCH = 2000
#: Characters that we keep of a name, and of where an agreement came from.
_MOST = 200
_YES = ("yes", "true", "1")
_NO = ("no", "false", "0")
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
#: What `--all` adds; a row in which one of them says something is not subscribed by an import.
_GONE = ("ended_at", "suppressed")


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
    with opened() as app, opened_table(file) as table, progress_bar() as show:
        app.newsletter(newsletter)
        rows = _Rows(app, file.name, confirmed=confirmed, returning=revive_suppressed)
        done = 0
        while batch := list(islice(table.rows, _BATCH)):
            wishes = []
            for number, row in batch:
                outcome, wish = rows.read(number, given | row)
                if wish:
                    wishes.append(wish)
                else:
                    counts[outcome] += 1
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


class _Rows:
    """Reads the rows of one file."""

    def __init__(self, app: App, file_name: str, *, confirmed: bool, returning: bool) -> None:
        self._app = app
        self._file_name = file_name
        self._file = "standard input" if file_name == "<stdin>" else pathlib.Path(file_name).name
        self._confirmed = confirmed
        self._returning = returning
        self._now = app.clock.now()

    def read(self, number: int, row: Mapping[str, str]) -> tuple[str, Wish | None]:
        """Return the wish of a row; without one, where the row is counted: `refused`, said on stderr, or `suppressed`."""
        from digest.adapters.store.subscribing import Wish
        from digest.errors import UnknownNewsletter

        try:
            person = person_of(self._app, row, confirmed=self._agreed(row))
            consent = self._consent(row)
        except (click.UsageError, UnknownNewsletter) as error:
            click.echo(f"digest: {self._file_name}: line {number} is left out: {error}", err=True)
            return "refused", None
        if any(row.get(column) for column in _GONE):
            return "suppressed", None
        return "", Wish(person=person, consent=consent, returning=self._returning)

    def _agreed(self, row: Mapping[str, str]) -> bool:
        """Say whether a row's person has agreed: by the row itself, where it says when, or by the operator's word."""
        word = row.get("confirmed", "").lower()
        if word not in (*_YES, *_NO, ""):
            raise click.UsageError(f"{word!r} in the column `confirmed` is neither yes nor no.")
        return word not in _NO and (self._confirmed or (word in _YES and "consent_at" in row))

    def _consent(self, row: Mapping[str, str]) -> Consent:
        from digest.model import Consent

        at = _moment(row["consent_at"], self._now) if "consent_at" in row else self._now
        source = _one_line(row.get("consent_source", ""))
        if "consent_how" in row:
            return Consent(at=at, how=_one_line(row["consent_how"]), source=source)
        return Consent(at=at, how="import", source=source or self._file)


def _moment(text: str, now: dt.datetime) -> dt.datetime:
    try:
        moment = dt.datetime.fromisoformat(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
        moment = moment.astimezone(dt.UTC)
    except (ValueError, OverflowError) as error:
        raise click.UsageError(f"{text!r} is no ISO 8601 moment such as 2026-03-13T18:00:00Z.") from error
    if moment > now:
        raise click.UsageError(f"{text!r} is in the future; nobody has agreed then.")
    return moment


def address_of(text: str) -> str:
    """Return an address as it is stored. Raises UsageError with what is wrong."""
    from digest.mailer.address import normal_address

    try:
        return normal_address(text.strip())
    except ValueError as error:
        raise click.UsageError(f"{text!r} is no mail address. {error}") from error


def person_of(app: App, row: Mapping[str, str], *, confirmed: bool) -> Subscriber:
    """Return the subscriber of a row. Raises UsageError with what is wrong, UnknownNewsletter."""
    from digest.model import Subscriber

    email = address_of(row.get("email", ""))
    newsletter = app.newsletter(row.get("newsletter") or None)
    regions = tuple(dict.fromkeys(row.get("regions", "").replace(",", " ").split()))
    unknown = [region for region in regions if region not in newsletter.regions]
    if unknown:
        raise click.UsageError(
            f"{unknown[0]!r} is no region of {newsletter.id}; regions are {', '.join(newsletter.regions)}."
        )
    return Subscriber(
        id=0,
        email=email,
        name=_one_line(row.get("name", "")),
        newsletter_id=newsletter.id,
        regions=regions,
        timezone=_zone(row.get("timezone", "")),
        confirmed=confirmed,
    )


def _one_line(text: str) -> str:
    from digest.text.tidy import tidy

    # Once more, for the cut may leave a space or a joiner at the end.
    return tidy(tidy(text)[:_MOST])


def _zone(name: str) -> str:
    from digest.settings import known_zone

    try:
        return known_zone(name) if name else ""
    except ValueError as error:
        raise click.UsageError(f"{name!r} {error}") from error


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
        columns = (*_COLUMNS, *_GONE) if everybody else _COLUMNS
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

"""`digest compose` and `digest send`."""

from __future__ import annotations

import datetime as dt
import sys
from collections import Counter
from typing import TYPE_CHECKING

import click

from digest.cli.options import (
    at_option,
    counted,
    json_option,
    opened,
    print_json,
    progress_bar,
    stop_signal,
)
from digest.cli.sending import deliver_to_the_end, open_for_sending, send_and_say, send_copy

if TYPE_CHECKING:
    from digest.app import App
    from digest.model import Edition, Newsletter

__all__ = [
    "compose",
    "compose_edition",
    "deliver_to_the_end",
    "edition_json",
    "open_for_sending",
    "send",
]


def edition_json(edition: Edition) -> dict[str, object]:
    """Return an edition as `digest compose --json` prints it."""
    told = Counter(story.region for story in edition.stories())
    return {
        "edition": edition.id,
        "stories": told.total(),
        # By region, those told in brief included, so that the regions add up to the stories.
        "sections": dict(told),
        "briefs": len(edition.briefs),
    }


@click.command()
@click.argument("newsletter", required=False)
@click.option("--zone", default="", help="For the readers of this IANA zone, in their own local day.")
@at_option
@json_option
def compose(newsletter: str | None, zone: str, at: dt.datetime | None, as_json: bool) -> None:
    """Make the edition of NEWSLETTER's slot of today, or return the one there is; the first newsletter by default."""
    with opened(at) as app:
        edition = compose_edition(app, app.newsletter(newsletter), zone)
    if as_json:
        print_json(edition_json(edition))
        return
    sections = ", ".join(f"{section.region} {len(section.stories)}" for section in edition.sections)
    told = counted(sum(1 for _ in edition.stories()), "story", "stories")
    click.echo(
        f"Edition {edition.id}: {told} of {edition.stories_found} found in "
        f"{counted(edition.articles_read, 'article')} ({sections}; {len(edition.briefs)} in brief)."
    )


def compose_edition(app: App, newsletter: Newsletter, zone: str = "") -> Edition:
    """Return the edition of the newsletter's slot of today in a zone, by default its own; made where there is none.

    Raises UsageError where the zone is none.
    """
    from zoneinfo import available_timezones

    from digest.errors import UsageError
    from digest.pipeline import compose as compose_slot
    from digest.schedule import current_slot

    if zone and zone not in available_timezones():
        raise UsageError(f"{zone!r} is no IANA time zone such as Asia/Riyadh.")
    now = app.clock.now()
    slot = current_slot(newsletter, now, "" if zone == newsletter.timezone else zone)
    # A template that is missing must be known before an edition is frozen that nobody could be sent.
    app.renderer(newsletter)
    return compose_slot(
        newsletter,
        slot,
        app.store.articles,
        app.store.editions,
        app.placer,
        app.rank_settings,
        now,
        edits=app.store.desk.edits(newsletter.id, slot.local_date),
    )


@click.command()
@click.argument("edition")
@click.option(
    "--to", "address", metavar="ADDRESS", help="Send one test copy to this address, outside the ledger."
)
@click.option("--dry-run", is_flag=True, help="Count who would get what; freeze and send nothing.")
@json_option
def send(edition: str, address: str | None, dry_run: bool, as_json: bool) -> None:
    """Deliver EDITION now, going on where an earlier run stopped, until nothing is left to send.

    Readers of other zones than the edition's get their own. A pause or a hold of the worker's does not count here; an
    edition that was cancelled stays so.
    """
    if dry_run and address is not None:
        raise click.UsageError("--to sends a test copy, --dry-run sends nothing: give one of them.")
    with opened() as app, progress_bar() as progress, stop_signal() as stop:
        found = app.edition(edition)
        newsletter = app.newsletter(found.newsletter_id)
        if address is not None:
            send_copy(app, newsletter, found, address)
            return
        if dry_run:
            from digest.cli.rehearsing import rehearse

            rehearse(app, newsletter, found, as_json=as_json)
            return
        code = send_and_say(app, found, progress, stop, as_json=as_json)
    sys.exit(code)

"""`digest compose`, `digest send` and `digest deliveries`."""

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

if TYPE_CHECKING:
    import threading

    from digest.app import App
    from digest.model import Edition, Newsletter
    from digest.ports import Progress


#: Between two looks at what another process holds.
_LOOK_AGAIN_SECONDS = 1.0


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
@at_option
@json_option
def compose(newsletter: str | None, at: dt.datetime | None, as_json: bool) -> None:
    """Make the edition of NEWSLETTER's slot of today, or return the one there is; the first newsletter by default."""
    with opened(at) as app:
        edition = compose_edition(app, app.newsletter(newsletter))
    if as_json:
        print_json(edition_json(edition))
        return
    sections = ", ".join(f"{section.region} {len(section.stories)}" for section in edition.sections)
    told = counted(sum(1 for _ in edition.stories()), "story", "stories")
    click.echo(
        f"Edition {edition.id}: {told} of {edition.stories_found} found in "
        f"{counted(edition.articles_read, 'article')} ({sections}; {len(edition.briefs)} in brief)."
    )


def compose_edition(app: App, newsletter: Newsletter) -> Edition:
    """Return the edition of the newsletter's slot of today, made now where there is none."""
    from digest.pipeline import compose as compose_slot
    from digest.schedule import current_slot

    now = app.clock.now()
    slot = current_slot(newsletter, now)
    # A template that is missing must be known before an edition is frozen that nobody could be sent.
    app.renderer(newsletter)
    return compose_slot(
        newsletter, slot, app.store.articles, app.store.editions, app.placer, app.rank_settings, now
    )


@click.command()
@click.argument("edition")
@click.option(
    "--to", "address", metavar="ADDRESS", help="Send one test copy to this address, outside the ledger."
)
@json_option
def send(edition: str, address: str | None, as_json: bool) -> None:
    """Deliver EDITION now, going on where an earlier run stopped, until nothing is left to send."""
    with opened() as app, progress_bar() as progress, stop_signal() as stop:
        found = app.edition(edition)
        newsletter = app.newsletter(found.newsletter_id)
        if address is not None:
            _send_copy(app, newsletter, found, address)
            return
        stopped = deliver_to_the_end(app, newsletter, found, progress, stop)
        late = latecomers(app, newsletter, found)
        counts = {str(state): count for state, count in app.store.ledger.counts(found.id).items()}
    if as_json:
        print_json({"edition": edition, "states": counts})
    else:
        states = ", ".join(f"{count:,} {state}" for state, count in counts.items()) or "no subscribers"
        click.echo(f"Edition {edition}: {states}.")
    if late:
        came = counted(late, "subscriber")
        click.echo(f"{came} came after the recipients were frozen; the next edition is theirs.", err=True)
    if stopped:
        click.echo(
            f"digest: stopped: {stopped}. What is pending is sent by the next `digest send {edition}`.",
            err=True,
        )
    lost = {"failed_perm", "unknown"} & counts.keys()
    sys.exit(1 if stopped or lost else 0)


def deliver_to_the_end(
    app: App, newsletter: Newsletter, edition: Edition, progress: Progress, stop: threading.Event
) -> str:
    """Send an edition until nothing is left to send; return why it stopped early, or an empty string.

    Once `stop` is set, what is in hand is brought to its end and the rest is given back.
    """
    from digest.errors import SenderError
    from digest.pipeline import deliver

    def pace_or_stop(count: int) -> None:
        if stop.is_set():
            raise SenderError("by a signal")
        pace(count)

    sender = app.sender(newsletter)
    lease = dt.timedelta(seconds=app.settings.delivery.lease_seconds)
    pace = app.pacer()
    ledger = app.store.ledger
    announced: dt.datetime | None = None
    try:
        open_for_sending(app, newsletter, edition)
        click.echo(f"Sending through {sender.destination}.", err=True)
        while True:
            report = deliver(
                edition, ledger, sender, app.reader_of(newsletter), app.clock, lease, pace_or_stop, progress
            )
            due = ledger.next_due(edition.id)
            if report.stopped or due is None:
                return report.stopped
            wait = (due - app.clock.now()).total_seconds()
            if wait > 0 and due != announced:
                announced = due
                click.echo(
                    f"Waiting up to {wait:.0f} s for what another process holds or what is to be tried again.",
                    err=True,
                )
            if stop.is_set():
                return "by a signal"
            # Not to the lease's end at once: whoever holds it is done long before, as a rule.
            app.clock.sleep(min(max(wait, 0.0) + 0.05, _LOOK_AGAIN_SECONDS))
    finally:
        sender.close()


def latecomers(app: App, newsletter: Newsletter, edition: Edition) -> int:
    """Return how many confirmed subscribers are not among the edition's frozen recipients."""
    frozen = sum(app.store.ledger.counts(edition.id).values())
    now_there = sum(person.confirmed for person in app.store.subscribers.subscribers(newsletter.id))
    return max(now_there - frozen, 0)


def open_for_sending(app: App, newsletter: Newsletter, edition: Edition) -> None:
    """Freeze the edition's messages and recipients, unless they are."""
    from digest.pipeline import open_edition

    people = app.store.subscribers.subscribers(newsletter.id)
    render = app.renderer(newsletter)
    open_edition(edition, newsletter, people, app.store.ledger, render, app.clock.now())


def _send_copy(app: App, newsletter: Newsletter, edition: Edition, address: str) -> None:
    from digest.errors import SenderError, UsageError
    from digest.model import Delivery, DeliveryState, ReceiptStatus
    from digest.ports import Outgoing
    from digest.settings import is_mail_address

    if not is_mail_address(address):
        raise UsageError(f"{address!r} is no mail address.")
    message = app.renderer(newsletter)(edition, newsletter.regions)
    copy = Delivery(id=0, email=address, name="", variant="test", state=DeliveryState.PENDING)
    reader = app.reader_of(newsletter)(copy)
    sender = app.sender(newsletter)
    try:
        outgoing = Outgoing(message=message, reader=reader, edition_id=edition.id, variant="test")
        [receipt] = sender.send([outgoing], app.clock.now())
    finally:
        sender.close()
    if receipt.status is not ReceiptStatus.SENT:
        raise SenderError(f"The test copy did not leave through {sender.destination}: {receipt.detail}")
    click.echo(
        f"A test copy of {edition.id} left for {address} through {sender.destination}: {receipt.detail}"
    )


@click.command()
@click.argument("edition")
@click.option("--state", metavar="STATE", help="List the deliveries in this state, one a line.")
@json_option
def deliveries(edition: str, state: str | None, as_json: bool) -> None:
    """Show where EDITION's deliveries stand."""
    from digest.errors import UsageError
    from digest.model import DeliveryState

    if state is not None and state not in set(DeliveryState):
        raise UsageError(f"There is no state {state!r}. States are {', '.join(DeliveryState)}.")
    with opened() as app:
        app.edition(edition)
        if state is not None:
            for one in app.store.ledger.deliveries(edition, DeliveryState(state)):
                if as_json:
                    print_json(
                        {
                            "email": one.email,
                            "state": one.state,
                            "attempts": one.attempts,
                            "detail": one.detail,
                        }
                    )
                else:
                    click.echo(f"{one.email} {one.state} {one.attempts} {one.detail}".rstrip())
            return
        counts = {str(key): count for key, count in app.store.ledger.counts(edition).items()}
    if as_json:
        print_json({"edition": edition, "states": counts})
    else:
        click.echo(
            "\n".join(f"{count:>9,} {key}" for key, count in counts.items()) or "Nothing has been sent yet."
        )

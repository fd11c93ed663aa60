"""What the commands that send share: freezing an edition, delivering it to the end, and saying how that went."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import click

from digest.cli.options import counted, print_json
from digest.model import DeliveryState

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from digest.app import App
    from digest.model import Audience, Edition, Newsletter
    from digest.pipeline import DeliverReport
    from digest.ports import Progress

#: Between two looks at what another process holds, and at whether we are to stop.
_LOOK_AGAIN_SECONDS = 1.0
#: The shortest wait for what is to be tried again: a chunk's readers come back one by one, and leave together again.
_GATHERING = dt.timedelta(seconds=5)
#: The longest wait for a moment that the carrier has named; beyond it the command ends and says so.
_LONGEST_WAIT = dt.timedelta(minutes=15)


def audience(app: App, newsletter: Newsletter, edition: Edition) -> Audience:
    """Return whom an edition is for."""
    from digest.schedule import audience_of

    zones = app.store.subscribers.zones(newsletter.id)
    return audience_of(newsletter, edition.cohort, zones, edition.local_date)


def open_for_sending(app: App, newsletter: Newsletter, edition: Edition) -> int:
    """Freeze the edition's messages and recipients, unless they are; return how many recipients."""
    from digest.pipeline import open_edition

    return open_edition(
        edition,
        newsletter,
        audience(app, newsletter, edition),
        app.store.subscribers,
        app.store.ledger,
        app.renderer(newsletter),
        app.clock.now(),
    )


def readers_elsewhere(app: App, newsletter: Newsletter, edition: Edition) -> int:
    """Return how many confirmed readers are of other zones than the edition is for."""
    ours = audience(app, newsletter, edition).zones
    zones = app.store.subscribers.zones(newsletter.id)
    return sum(readers.count for zone, readers in zones.items() if zone not in ours)


def latecomers(app: App, newsletter: Newsletter, edition: Edition) -> int:
    """Return how many confirmed subscribers are not among the edition's frozen recipients."""
    ledger = app.store.ledger
    if not ledger.is_open(edition.id):
        return 0
    now_there = app.store.subscribers.count(audience(app, newsletter, edition))
    return max(now_there - ledger.recipients(edition.id), 0)


def deliver_to_the_end(
    app: App, newsletter: Newsletter, edition: Edition, progress: Progress, stop: threading.Event
) -> str:
    """Send an edition until nothing is left to send; return why it stopped early, or an empty string.

    Once `stop` is set, what is in hand is brought to its end and the rest is given back.
    """
    from digest.pipeline import deliver

    sender = app.sender(newsletter)
    lease = dt.timedelta(seconds=app.settings.delivery.lease_seconds)
    reader_of = app.reader_of(newsletter)
    wait = _Waiting(app, stop)
    try:
        open_for_sending(app, newsletter, edition)
        click.echo(f"Sending through {sender.destination}.", err=True)
        pacer = app.pacer(edition, newsletter)
        while True:
            what = (edition.id, app.store.ledger, sender, reader_of, app.clock, lease, pacer)
            report = deliver(*what, stop.is_set, progress)
            if not wait.until_it_goes_on(edition.id, report):
                return report.stopped
    finally:
        sender.close()


class _Waiting:
    """Waits between two runs of sending, as long as there is something to wait for."""

    def __init__(self, app: App, stop: threading.Event) -> None:
        self._app = app
        self._stop = stop
        self._announced: dt.datetime | None = None

    def until_it_goes_on(self, edition_id: str, report: DeliverReport) -> bool:
        """Wait until something may be sent again; False where nothing is left, or only after too long."""
        now, ledger = self._app.clock.now(), self._app.store.ledger
        if report.stopped:
            again = report.retry_at
            if self._stop.is_set() or again is None or again - now > _LONGEST_WAIT:
                return False
            self._say(f"{report.stopped}. Waiting {max((again - now).total_seconds(), 0):.0f} s.", again)
            self._sleep(again, lambda: False)
            return True
        due = ledger.next_due(edition_id)
        if due is None and DeliveryState.PENDING in ledger.counts(edition_id):
            # Another process had its hand on the last ones at the moment of our look.
            due = now
        if due is None:
            return False
        until = due
        if due > now:
            until = max(due, now + _GATHERING)
            seconds = (until - now).total_seconds()
            self._say(
                f"Waiting up to {seconds:.0f} s for what another process holds or what is to be tried again.",
                until,
            )
        # Not to the lease's end at once: whoever holds it is done long before, as a rule.
        self._sleep(until, lambda: ledger.next_due(edition_id) != due)
        return True

    def _say(self, sentence: str, until: dt.datetime) -> None:
        if until != self._announced:
            self._announced = until
            click.echo(sentence, err=True)

    def _sleep(self, until: dt.datetime, enough: Callable[[], bool]) -> None:
        """Sleep until a moment, or until it is enough, or until we are to stop."""
        clock = self._app.clock
        while not self._stop.is_set():
            left = (until - clock.now()).total_seconds() + 0.05
            clock.sleep(min(max(left, 0.05), _LOOK_AGAIN_SECONDS))
            if left <= _LOOK_AGAIN_SECONDS or enough():
                return


def send_and_say(
    app: App, edition: Edition, progress: Progress, stop: threading.Event, *, as_json: bool
) -> int:
    """Send an edition to the end and say how it stands; return the exit code: 1 where somebody did not get it."""
    newsletter = app.newsletter(edition.newsletter_id)
    elsewhere = readers_elsewhere(app, newsletter, edition)
    if elsewhere:
        click.echo(f"{counted(elsewhere, 'reader')} of other zones: theirs come at their own time.", err=True)
    stopped = deliver_to_the_end(app, newsletter, edition, progress, stop)
    late = latecomers(app, newsletter, edition)
    counts = say_states(app, edition.id, as_json=as_json)
    if late:
        came = counted(late, "subscriber")
        click.echo(f"{came} came after the recipients were frozen; the next edition is theirs.", err=True)
    if stopped:
        click.echo(
            f"digest: stopped: {stopped}. What is pending is sent by the next `digest send {edition.id}`.",
            err=True,
        )
    return 1 if stopped or {"failed_perm", "unknown"} & counts.keys() else 0


def state_counts(app: App, edition_id: str) -> dict[str, int]:
    """Return how many of an edition's deliveries are in each state, by the state's name."""
    return {str(state): count for state, count in app.store.ledger.counts(edition_id).items()}


def say_states(app: App, edition_id: str, *, as_json: bool) -> dict[str, int]:
    """Print how many of an edition's deliveries are in each state, and return it."""
    counts = state_counts(app, edition_id)
    if as_json:
        print_json({"edition": edition_id, "states": counts})
    else:
        states = ", ".join(f"{count:,} {state}" for state, count in counts.items()) or "no subscribers"
        click.echo(f"Edition {edition_id}: {states}.")
    return counts


def send_copy(app: App, newsletter: Newsletter, edition: Edition, address: str) -> None:
    """Send one copy to an address, outside the ledger. Raises UsageError where it is none."""
    from digest.errors import SenderError, UsageError
    from digest.mailer.address import normal_address
    from digest.model import Delivery, DeliveryState, ReceiptStatus
    from digest.ports import Outgoing

    try:
        email = normal_address(address)
    except ValueError as error:
        raise UsageError(f"{address!r} is no mail address.") from error
    message = app.renderer(newsletter)(edition, newsletter.regions)
    copy = Delivery(id=0, email=email, name="", variant="test", state=DeliveryState.PENDING)
    reader = app.reader_of(newsletter)(copy)
    sender = app.sender(newsletter)
    try:
        outgoing = Outgoing(message=message, reader=reader, edition_id=edition.id, variant="test")
        [receipt] = sender.send([outgoing], app.clock.now())
    finally:
        sender.close()
    if receipt.status is not ReceiptStatus.SENT:
        raise SenderError(f"The test copy did not leave through {sender.destination}: {receipt.detail}")
    click.echo(f"A test copy of {edition.id} left for {email} through {sender.destination}: {receipt.detail}")

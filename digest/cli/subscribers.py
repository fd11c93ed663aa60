"""`digest subscribers`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from digest.cli.options import counted, json_option, opened, print_json
from digest.cli.subscriber_files import address_of, export, import_, person_of

if TYPE_CHECKING:
    from digest.app import App

_REASONS = ("complained", "bounced", "by_hand")


@click.group()
def subscribers() -> None:
    """Add, import, export, list and remove subscribers; suppress and forget addresses."""


subscribers.add_command(import_)
subscribers.add_command(export)


@subscribers.command()
@click.argument("email")
@click.option("--name", default="", help="The person's name.")
@click.option("--newsletter", metavar="ID", help="The newsletter; the first one by default.")
@click.option("--regions", default="", help="Region ids in the wanted order, parted by commas.")
@click.option("--timezone", default="", help="An IANA zone: the edition comes at its local time.")
@click.option("--revive", is_flag=True, help="The person left, and has asked to come back.")
def add(email: str, name: str, newsletter: str | None, regions: str, timezone: str, revive: bool) -> None:
    """Subscribe EMAIL, who has agreed; again changes nothing but what is given."""
    from digest.model import AddOutcome, Consent

    row = {
        "email": email,
        "name": name,
        "newsletter": newsletter or "",
        "regions": regions,
        "timezone": timezone,
    }
    with opened() as app:
        person = person_of(app, row, confirmed=True)
        people = app.store.subscribers
        subscribe = people.revive if revive else people.add
        outcome = subscribe(person, consent=Consent(at=app.clock.now(), how="command line"))
    if outcome is AddOutcome.LEFT:
        raise click.UsageError(
            f"{person.email} left or bounced. With --revive, whoever asked to come back does."
        )
    happened = "is subscribed" if outcome is AddOutcome.NEW else "was subscribed already"
    click.echo(f"{person.email} {happened} to {person.newsletter_id}.")


@subscribers.command(name="list")
@click.option("--newsletter", metavar="ID", help="Only of this newsletter.")
@click.option("--suppressed", is_flag=True, help="Who must not be written to, instead.")
@json_option
def list_(newsletter: str | None, suppressed: bool, as_json: bool) -> None:
    """List the active subscribers, one a line."""
    with opened() as app:
        if newsletter is not None:
            app.newsletter(newsletter)
        if suppressed:
            _list_suppressed(app, as_json)
        else:
            _list_active(app, newsletter, as_json)


def _list_active(app: App, newsletter: str | None, as_json: bool) -> None:
    for subscription in app.store.subscribers.subscriptions(newsletter):
        person, consent = subscription.person, subscription.consent
        if as_json:
            print_json(
                {
                    "email": person.email,
                    "name": person.name,
                    "newsletter": person.newsletter_id,
                    "regions": list(person.regions),
                    "timezone": person.timezone,
                    "confirmed": person.confirmed,
                    "consent": {"at": consent.at.isoformat(), "how": consent.how, "source": consent.source},
                }
            )
        else:
            state = "" if person.confirmed else " (not confirmed)"
            click.echo(f"{person.email} {person.newsletter_id} {','.join(person.regions) or 'all'}{state}")


def _list_suppressed(app: App, as_json: bool) -> None:
    for one in app.store.subscribers.suppressions():
        since = one.since.isoformat()
        if as_json:
            print_json({"email": one.email, "reason": one.reason, "since": since, "detail": one.detail})
        else:
            click.echo(f"{one.email or '-'} {one.reason} {since} {one.detail}".rstrip())


@subscribers.command()
@click.argument("email")
@click.option("--newsletter", metavar="ID", help="Leave only this newsletter.")
def remove(email: str, newsletter: str | None) -> None:
    """End EMAIL's subscription, as an unsubscribe mail asks for; an import does not bring it back."""
    address = address_of(email)
    with opened() as app:
        if newsletter is not None:
            app.newsletter(newsletter)
        people = app.store.subscribers
        ended = people.remove(address, newsletter, reason="unsubscribed", now=app.clock.now())
    click.echo(
        f"{counted(ended, 'subscription')} of {email} ended." if ended else f"{email} had no subscription."
    )


@subscribers.command()
@click.argument("email")
@click.option("--reason", type=click.Choice(_REASONS), default="by_hand", show_default=True, help="Why.")
@click.option("--detail", default="", help="In your own words, or the carrier's.")
def suppress(email: str, reason: str, detail: str) -> None:
    """Have EMAIL never written to again, whatever it is subscribed to."""
    from digest.model import Suppression, SuppressionReason
    from digest.text.tidy import tidy

    address = address_of(email)
    with opened() as app:
        new = Suppression(
            email=address, reason=SuppressionReason(reason), since=app.clock.now(), detail=tidy(detail)
        )
        is_new = app.store.subscribers.suppress(new)
    click.echo(f"{address} {'is' if is_new else 'was already'} suppressed.")


@subscribers.command()
@click.argument("email")
def unsuppress(email: str) -> None:
    """Let EMAIL be written to again; subscriptions that ended stay ended (`add --revive` brings one back)."""
    address = address_of(email)
    with opened() as app:
        lifted = app.store.subscribers.lift(address)
    click.echo(f"{address} {'may be written to again' if lifted else 'was not suppressed'}.")


@subscribers.command()
@click.argument("email")
@click.option("--yes", is_flag=True, help="Do not ask.")
def forget(email: str, yes: bool) -> None:
    """Erase the person at EMAIL for good; numbers stay, and a hash that keeps imports from bringing it back."""
    address = address_of(email)
    if not yes:
        click.confirm(f"Erase {address} and everything that names it?", abort=True, err=True)
    with opened() as app:
        erased = app.store.subscribers.forget(address, app.clock.now())
    click.echo(f"{address} is forgotten." if erased else f"Nothing is known of {address}.")


@subscribers.command()
@click.argument("email")
@json_option
def history(email: str, as_json: bool) -> None:
    """List what was sent to EMAIL, or should have been, the newest first."""
    address = address_of(email)
    with opened() as app:
        past_ones = list(app.store.subscribers.history(address))
        for past in past_ones:
            if as_json:
                print_json(
                    {
                        "edition": past.edition_id,
                        "newsletter": past.newsletter_id,
                        "date": past.local_date.isoformat(),
                        "state": past.state,
                        "attempts": past.attempts,
                        "detail": past.detail,
                        "updated_at": past.updated_at.isoformat(),
                    }
                )
            else:
                click.echo(f"{past.local_date} {past.edition_id} {past.state} {past.detail}".rstrip())
    if not past_ones and not as_json:
        click.echo(f"No edition was to go to {address}.")

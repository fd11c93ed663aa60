"""`digest mail-in`: takes in one mail that came to the sender's address."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from digest.cli.options import opened

if TYPE_CHECKING:
    from digest.adapters.store.reader_choices import KnownReader
    from digest.app import App
    from digest.mailer.incoming import Incoming


@click.command(name="mail-in")
@click.option(
    "--recipient",
    default="",
    metavar="ADDRESS",
    help="Whom the mail came to, as the mail server says; by default as its headers say.",
)
def mail_in(recipient: str) -> None:
    """Read one mail from standard input: who asks to leave does, what bounced or complained is not written to again.

    For a mail server's pipe. A mail that is neither is left alone, with exit code 0; where something fails, the code
    is 1 and the mail should be tried again: `digest mail-in || exit 75`.
    """
    from digest.mailer.incoming import MOST_BYTES, Kind, read_mail

    raw = sys.stdin.buffer.read(MOST_BYTES)
    mail = read_mail(raw, recipient)
    with opened() as app:
        # No address: a mail server writes these lines into its log.
        if mail.kind is Kind.OTHER:
            click.echo(f"Left alone: {mail.why}.")
        elif mail.kind is Kind.LEAVE:
            click.echo(_leave(app, mail))
        else:
            click.echo(_suppress(app, mail))


def _leave(app: App, mail: Incoming) -> str:
    from digest.adapters.store.reader_choices import ReaderChoices

    reader = ReaderChoices(app.store.engine).reader_at(mail.sender)
    if reader is None:
        return "Left alone: nobody subscribed with this address."
    # One that was never ours: whoever writes it wants no letters.
    named = mail.newsletter_id if reader.choice(mail.newsletter_id) else None
    app.store.subscribers.remove(reader.email, named, reason="unsubscribed", now=app.clock.now())
    return f"Subscriber {reader.id} has left {named or 'all newsletters'}."


def _suppress(app: App, mail: Incoming) -> str:
    from digest.mailer.incoming import Kind
    from digest.model import Suppression, SuppressionReason

    reader = _proven(app, mail)
    if reader is None:
        return "Left alone: it does not prove that it answers a letter of ours."
    reason = SuppressionReason.BOUNCED if mail.kind is Kind.BOUNCE else SuppressionReason.COMPLAINED
    new = Suppression(email=reader.email, reason=reason, since=app.clock.now(), detail=mail.detail)
    is_new = app.store.subscribers.suppress(new)
    return f"Subscriber {reader.id} {'is not' if is_new else 'was not'} written to any more: {reason}."


def _proven(app: App, mail: Incoming) -> KnownReader | None:
    """Return the reader whose letter a report brings back, or None."""
    from digest.adapters.links import BadLink
    from digest.adapters.store.reader_choices import ReaderChoices
    from digest.adapters.store.suppressions import email_key

    choices = ReaderChoices(app.store.engine)
    if mail.token and app.settings.secret_keys:
        try:
            subscriber_id, _ = app.links.read_unsubscribe(mail.token)
        except BadLink:
            return None
        return choices.reader(subscriber_id)
    address = choices.address_of_delivery(mail.delivery_id) if mail.delivery_id else ""
    if address and email_key(address) in map(email_key, mail.named):
        return choices.reader_at(address)
    return None

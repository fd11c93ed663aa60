"""`digest send --dry-run`: who would get what, and of an open edition who gets it; nothing is frozen or sent."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import click

from digest.cli.options import counted, print_json
from digest.cli.sending import audience, readers_elsewhere, state_counts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from digest.app import App
    from digest.model import Edition, Message, Newsletter


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One variant of an edition, rendered, and how many would get it."""

    variant: str
    #: Region ids in their order.
    regions: list[str]
    recipients: int
    html_bytes: int
    text_bytes: int
    #: A reader's whole message as SMTP carries it.
    message_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What sending an edition now would come to."""

    edition: str
    destination: str
    #: Whether its recipients are frozen already.
    open: bool
    recipients: int
    #: The most read first.
    variants: list[Part]
    #: Subscriptions that get nothing.
    unconfirmed: int
    suppressed: int
    #: Readers of other zones, who get an edition of their own.
    elsewhere: int
    #: Where the deliveries of an open edition stand.
    states: Mapping[str, int]


def rehearse(app: App, newsletter: Newsletter, edition: Edition, *, as_json: bool) -> None:
    """Print what sending an edition now would come to. Raises what rendering and the sender's settings do."""
    found = rehearsal(app, newsletter, edition)
    if as_json:
        print_json(asdict(found))
        return
    _say(found)


def rehearsal(app: App, newsletter: Newsletter, edition: Edition) -> Rehearsal:
    """Return what sending an edition now would come to."""
    from digest.adapters.database_probe import left_out

    sender = app.sender(newsletter)
    sender.close()
    people = audience(app, newsletter, edition)
    is_open = app.store.ledger.is_open(edition.id)
    parts = (_frozen_parts if is_open else _parts_now)(app, newsletter, edition)
    nothing = left_out(app.store.engine, people)
    return Rehearsal(
        edition=edition.id,
        destination=sender.destination,
        open=is_open,
        recipients=sum(part.recipients for part in parts),
        variants=parts,
        unconfirmed=nothing.unconfirmed,
        suppressed=nothing.suppressed,
        elsewhere=readers_elsewhere(app, newsletter, edition),
        states=state_counts(app, edition.id),
    )


def _parts_now(app: App, newsletter: Newsletter, edition: Edition) -> list[Part]:
    """Return every variant that somebody would get, and the newsletter's own, each rendered."""
    from digest.pipeline import DEFAULT_VARIANT, regions_of, variant_of

    readers: Counter[str] = Counter({DEFAULT_VARIANT: 0})
    for choice, count in app.store.subscribers.choices(audience(app, newsletter, edition)).items():
        readers[variant_of(choice, newsletter)] += count
    render = app.renderer(newsletter)
    return [
        _part(app, newsletter, edition, name, count, render(edition, regions_of(name, newsletter)))
        for name, count in readers.most_common()
    ]


def _frozen_parts(app: App, newsletter: Newsletter, edition: Edition) -> list[Part]:
    """Return the variants that were frozen with the edition, each as it is."""
    from digest.adapters.database_probe import variant_counts

    counts = Counter(variant_counts(app.store.engine, edition.id))
    return [
        _part(app, newsletter, edition, name, count, app.store.ledger.message(edition.id, name))
        for name, count in counts.most_common()
    ]


def _part(
    app: App, newsletter: Newsletter, edition: Edition, variant: str, recipients: int, message: Message
) -> Part:
    from digest.pipeline import regions_of

    return Part(
        variant=variant,
        regions=list(regions_of(variant, newsletter)),
        recipients=recipients,
        html_bytes=len(message.html.encode()),
        text_bytes=len(message.text.encode()),
        message_bytes=_whole(app, newsletter, edition, message, variant),
    )


def _whole(app: App, newsletter: Newsletter, edition: Edition, message: Message, variant: str) -> int:
    from digest.model import Delivery, DeliveryState

    nobody = Delivery(id=1, email="reader@example.org", name="", variant=variant, state=DeliveryState.PENDING)
    reader = app.reader_of(newsletter)(nobody)
    return len(app.assembler(newsletter).raw(message, reader, edition.id, variant, app.clock.now()))


def _say(found: Rehearsal) -> None:
    click.echo(f"Edition {found.edition}, dry run: nothing is frozen and nothing sent.")
    click.echo(f"It would go through {found.destination}.")
    if found.open:
        states = ", ".join(f"{count:,} {state}" for state, count in found.states.items())
        click.echo(f"Its {counted(found.recipients, 'recipient')} are frozen already: {states}.")
    else:
        click.echo(f"It would go to {counted(found.recipients, 'reader')}:")
    for part in found.variants:
        click.echo(
            f"{part.recipients:>9,} {part.variant} ({', '.join(part.regions)}): "
            f"{part.message_bytes / 1000:,.0f} KB, of HTML {part.html_bytes / 1000:,.0f} KB"
        )
    click.echo(
        f"Nothing for {counted(found.suppressed, 'suppressed address', 'suppressed addresses')} and "
        f"{counted(found.unconfirmed, 'subscriber')} who have not said yes."
    )
    if found.elsewhere:
        click.echo(f"{counted(found.elsewhere, 'reader')} of other zones get theirs at their own time.")

"""open: edition | readers' choices | render variants | freeze messages and recipients."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

from digest.model import Audience, Edition, Message, Newsletter
from digest.ports import Ledger, SubscriberStore

#: The variant of readers who chose no regions of their own.
DEFAULT_VARIANT = "default"
#: Renders a message for a choice of regions.
Renderer = Callable[[Edition, Sequence[str]], Message]


def variant_of(choice: Sequence[str], newsletter: Newsletter) -> str:
    """Return the name of the variant for a choice of regions: those the newsletter has, in the reader's order."""
    chosen = [region for region in dict.fromkeys(choice) if region in newsletter.regions]
    return ",".join(chosen) if chosen and tuple(chosen) != newsletter.regions else DEFAULT_VARIANT


def regions_of(variant: str, newsletter: Newsletter) -> Sequence[str]:
    """Return the regions of a variant, in their order."""
    return newsletter.regions if variant == DEFAULT_VARIANT else variant.split(",")


def open_edition(
    edition: Edition,
    newsletter: Newsletter,
    audience: Audience,
    subscribers: SubscriberStore,
    ledger: Ledger,
    render: Renderer,
    now: dt.datetime,
) -> int:
    """Freeze what is sent and to whom, before anything leaves; return to how many. Later calls change nothing.

    Without any recipient nothing is frozen: the edition would be closed to whoever subscribes in the next hour. A
    region choice that is made while the variants are being rendered counts from the next edition on.
    """
    if ledger.is_open(edition.id):
        return ledger.recipients(edition.id)
    choices = subscribers.choices(audience)
    if not choices:
        return 0
    variants = {(): DEFAULT_VARIANT} | {choice: variant_of(choice, newsletter) for choice in choices}
    names = sorted(set(variants.values()))
    messages = {name: render(edition, regions_of(name, newsletter)) for name in names}
    return ledger.open(edition.id, messages, audience, variants, now)

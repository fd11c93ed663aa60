"""What the core needs to know of the people who subscribe."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Protocol

from digest.model import AddOutcome, Audience, Consent, Subscriber, Suppression, ZoneReaders


class SubscriberStore(Protocol):
    """Keeps who gets what, since when and by what right, and who must not be written to."""

    def add(self, person: Subscriber, *, consent: Consent) -> AddOutcome:
        """Add or update one subscription, unless the person left or the address is suppressed."""

    def revive(self, person: Subscriber, *, consent: Consent) -> AddOutcome:
        """Subscribe a person who left and asked to come back."""

    def subscribers(self, newsletter_id: str | None = None) -> Iterator[Subscriber]:
        """Yield the active subscriptions, by address."""

    def count(self, audience: Audience) -> int:
        """Return how many confirmed readers an edition for this audience would go to."""

    def choices(self, audience: Audience) -> Mapping[tuple[str, ...], int]:
        """Return the region choices of those readers, each with how many made it; () for the newsletter's own."""

    def zones(self, newsletter_id: str) -> Mapping[str, ZoneReaders]:
        """Return the zones of a newsletter's confirmed readers; "" for those who gave none."""

    def remove(self, email: str, newsletter_id: str | None, *, reason: str, now: dt.datetime) -> int:
        """End the subscriptions of an address, suppress it where none is left; return how many ended."""

    def suppress(self, suppression: Suppression) -> bool:
        """Have an address never written to again; say whether that is new."""

    def lift(self, email: str) -> bool:
        """Let an address be written to again; say whether it was suppressed. Subscriptions that ended stay ended."""

    def suppressions(self) -> Iterator[Suppression]:
        """Yield who must not be written to, by address; of people who were forgotten, without it."""

    def suppression_of(self, email: str) -> Suppression | None:
        """Return why an address is not written to; None where it is."""

    def forget(self, email: str, now: dt.datetime) -> int:
        """Erase a person wherever the address or the name stands, and keep what was counted.

        What is still to be sent to the person is suppressed. The address stays recognisable by its hash alone, so that
        an import does not bring it back. Returns how many people were erased: 1 or 0.
        """

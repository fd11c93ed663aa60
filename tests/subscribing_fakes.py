"""The people, in memory: for the ledger in memory, and for whoever opens editions."""

from __future__ import annotations

import datetime as dt
import itertools
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from digest.model import (
    AddOutcome,
    Audience,
    Consent,
    Subscriber,
    Suppression,
    SuppressionReason,
    ZoneReaders,
)
from tests.conftest import NOW

CONSENT = Consent(at=NOW, how="import", source="a test")


@dataclass(slots=True)
class _Subscription:
    person: Subscriber
    consent: Consent
    ended: bool = False


class MemorySubscribers:
    """People and their subscriptions in dictionaries, by the address in small letters."""

    def __init__(self, *people: Subscriber) -> None:
        self._ids: dict[str, int] = {}
        self._numbers = itertools.count(1)
        self._subscriptions: dict[tuple[str, str], _Subscription] = {}
        self._suppressed: dict[str, Suppression] = {}
        for one in people:
            self.add(one, consent=CONSENT)

    def add(self, person: Subscriber, *, consent: Consent) -> AddOutcome:
        """See `ports.SubscriberStore`."""
        key = _key(person.email)
        before = self._subscriptions.get((key, person.newsletter_id))
        if key in self._suppressed or (before and before.ended):
            return AddOutcome.LEFT
        if key not in self._ids:
            self._ids[key] = next(self._numbers)
        known = replace(person, id=self._ids[key])
        self._subscriptions[key, person.newsletter_id] = _Subscription(known, consent)
        return AddOutcome.KNOWN if before else AddOutcome.NEW

    def revive(self, person: Subscriber, *, consent: Consent) -> AddOutcome:
        """See `ports.SubscriberStore`."""
        key = _key(person.email)
        self._suppressed.pop(key, None)
        before = self._subscriptions.get((key, person.newsletter_id))
        if before and before.ended:
            del self._subscriptions[key, person.newsletter_id]
        return self.add(person, consent=consent)

    def subscribers(self, newsletter_id: str | None = None) -> Iterator[Subscriber]:
        """See `ports.SubscriberStore`."""
        for (key, newsletter), one in sorted(self._subscriptions.items()):
            if newsletter_id in {None, newsletter} and not one.ended and key not in self._suppressed:
                yield one.person

    def readers(self, audience: Audience) -> list[Subscriber]:
        """Return whom an edition for this audience goes to, by id."""
        found = self.subscribers(audience.newsletter_id)
        chosen = [one for one in found if one.confirmed and one.timezone in audience.zones]
        return sorted(chosen, key=lambda one: one.id)

    def wants(self, newsletter_id: str, email: str) -> bool:
        """Say whether a newsletter may be written to an address."""
        key = _key(email)
        mine = self._subscriptions.get((key, newsletter_id))
        return mine is not None and mine.person.confirmed and not mine.ended and key not in self._suppressed

    def count(self, audience: Audience) -> int:
        """See `ports.SubscriberStore`."""
        return len(self.readers(audience))

    def choices(self, audience: Audience) -> Mapping[tuple[str, ...], int]:
        """See `ports.SubscriberStore`."""
        return Counter(one.regions for one in self.readers(audience))

    def zones(self, newsletter_id: str) -> Mapping[str, ZoneReaders]:
        """See `ports.SubscriberStore`."""
        since: dict[str, list[dt.datetime]] = {}
        for one in self.subscribers(newsletter_id):
            if one.confirmed:
                mine = self._subscriptions[_key(one.email), newsletter_id]
                since.setdefault(one.timezone, []).append(mine.consent.at)
        return {zone: ZoneReaders(count=len(moments), since=min(moments)) for zone, moments in since.items()}

    def remove(self, email: str, newsletter_id: str | None, *, reason: str, now: dt.datetime) -> int:
        """See `ports.SubscriberStore`."""
        key = _key(email)
        mine = {name: one for (who, name), one in self._subscriptions.items() if who == key and not one.ended}
        ending = [name for name in mine if newsletter_id in {None, name}]
        for name in ending:
            mine[name].ended = True
        if len(ending) == len(mine):
            self.suppress(Suppression(email=email, reason=SuppressionReason(reason), since=now))
        return len(ending)

    def suppress(self, suppression: Suppression) -> bool:
        """See `ports.SubscriberStore`."""
        return self._suppressed.setdefault(_key(suppression.email), suppression) is suppression

    def lift(self, email: str) -> bool:
        """See `ports.SubscriberStore`."""
        return self._suppressed.pop(_key(email), None) is not None

    def suppressions(self) -> Iterator[Suppression]:
        """See `ports.SubscriberStore`."""
        yield from (self._suppressed[key] for key in sorted(self._suppressed))

    def suppression_of(self, email: str) -> Suppression | None:
        """See `ports.SubscriberStore`."""
        return self._suppressed.get(_key(email))

    def forget(self, email: str, now: dt.datetime) -> int:
        """See `ports.SubscriberStore`."""
        key = _key(email)
        for mine in [mine for mine in self._subscriptions if mine[0] == key]:
            del self._subscriptions[mine]
        self._suppressed[key] = Suppression(email="", reason=SuppressionReason.FORGOTTEN, since=now)
        return int(self._ids.pop(key, None) is not None)


def _key(email: str) -> str:
    return email.strip().casefold()

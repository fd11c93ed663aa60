"""A wish to subscribe: carried by a signed link, kept nowhere before it is confirmed, and granted then.

Who left may come back: the link went to the person's own mailbox, and it was asked for after leaving. A link that is
older than the leaving brings nobody back, so that a replay is harmless. Who complained, whose address bounced and whom
the operator barred get no letter and are brought back by the operator alone (`digest subscribers add --revive`): such
a letter, which anybody can have sent by typing an address, is what a complaint was about, and a second one after a
bounce costs all readers the sender's good name.
"""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass

from digest.adapters.links import BadLink
from digest.adapters.store.reader_choices import KnownReader, ReaderChoices
from digest.app import App
from digest.model import Consent, Subscriber, SuppressionReason

#: How the person agreed.
OPTED_IN, TOOK_BACK = "double opt-in", "took back leaving"
_BARRED = frozenset({SuppressionReason.BOUNCED, SuppressionReason.COMPLAINED, SuppressionReason.BY_HAND})


class Granted(enum.Enum):
    """What became of a wish."""

    SUBSCRIBED = enum.auto()
    #: The same wish, or a later one, was granted before.
    ALREADY = enum.auto()
    #: The person has left since, or must not be written to.
    VOID = enum.auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Who wants which newsletter, and how."""

    email: str
    newsletter_id: str
    #: When it was wished, UTC.
    at: dt.datetime
    name: str = ""
    timezone: str = ""
    regions: tuple[str, ...] = ()
    how: str = OPTED_IN


def sealed(app: App, wish: Wish) -> str:
    """Return the token that carries a wish."""
    return app.links.confirm(
        {
            "email": wish.email,
            "newsletter": wish.newsletter_id,
            "at": wish.at.isoformat(),
            "name": wish.name,
            "timezone": wish.timezone,
            "regions": list(wish.regions),
            "how": wish.how,
        }
    )


def opened(app: App, token: str) -> Wish:
    """Return the wish that a token carries. Raises BadLink."""
    told = app.links.read_confirm(token)
    try:
        return Wish(
            email=told["email"],
            newsletter_id=told["newsletter"],
            at=dt.datetime.fromisoformat(told["at"]),
            name=told["name"],
            timezone=told["timezone"],
            regions=tuple(told["regions"]),
            how=told["how"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise BadLink("the link is of another time") from error


def may_be_written_to(app: App, email: str) -> bool:
    """Say whether an address may get a letter that somebody asked for."""
    suppressed = app.store.subscribers.suppression_of(email)
    return suppressed is None or suppressed.reason not in _BARRED


def grant(app: App, wish: Wish, source: str) -> Granted:
    """Subscribe whoever wished it, `source` the network that the yes came from."""
    choices = ReaderChoices(app.store.engine)
    reader = choices.reader_at(wish.email)
    before = reader.choice(wish.newsletter_id) if reader else None
    if _is_void(app, wish, reader):
        return Granted.VOID
    if before and before.active and before.consent.at >= wish.at:
        return Granted.ALREADY
    consent = Consent(at=app.clock.now(), how=wish.how, source=source)
    person = Subscriber(
        id=0,
        email=wish.email,
        name=wish.name,
        newsletter_id=wish.newsletter_id,
        regions=wish.regions,
        timezone=wish.timezone,
    )
    app.store.subscribers.revive(person, consent=consent)
    reader = choices.reader_at(wish.email)
    if reader:
        # A new wish takes the place of older choices; what was only left by mistake is as it was.
        paused = before.paused_until if before and wish.how == TOOK_BACK else None
        choices.choose(
            reader.id, wish.newsletter_id, regions=wish.regions, paused_until=paused, consent=consent
        )
    return Granted.SUBSCRIBED


def _is_void(app: App, wish: Wish, reader: KnownReader | None) -> bool:
    suppressed = app.store.subscribers.suppression_of(wish.email)
    if suppressed and (suppressed.reason in _BARRED or suppressed.since > wish.at):
        return True
    before = reader.choice(wish.newsletter_id) if reader else None
    return before is not None and before.ended_at is not None and before.ended_at > wish.at

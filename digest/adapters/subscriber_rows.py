"""Rows of a table of people made wishes to subscribe them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping

from digest.adapters.store.subscribing import Wish
from digest.errors import UsageError
from digest.mailer.address import normal_address
from digest.model import Consent, Newsletter, Subscriber
from digest.settings import known_zone
from digest.text.tidy import tidy

#: Characters that we keep of a name, and of where an agreement came from.
_MOST = 200
_YES = ("yes", "true", "1")
_NO = ("no", "false", "0")
#: What an export of everybody adds; a row in which one of them says something is not subscribed by an import.
GONE = ("ended_at", "suppressed")

#: Gives a newsletter by its id, the first one by None. Raises UnknownNewsletter.
Newsletters = Callable[[str | None], Newsletter]


class WishReader:
    """Reads the rows of one file."""

    def __init__(
        self,
        newsletters: Newsletters,
        file_name: str,
        now: dt.datetime,
        *,
        confirmed: bool,
        returning: bool = False,
    ) -> None:
        """Take what all rows share: whether these people have agreed, and whether they have asked to come back."""
        self._newsletters = newsletters
        self._file_name = file_name
        self._now = now
        self._confirmed = confirmed
        self._returning = returning

    def read(self, row: Mapping[str, str]) -> Wish | None:
        """Return the wish of a row; None where the row says that the person is gone. Raises UsageError."""
        person = person_of(self._newsletters, row, confirmed=self._agreed(row))
        consent = self._consent(row)
        if any(row.get(column) for column in GONE):
            return None
        return Wish(person=person, consent=consent, returning=self._returning)

    def _agreed(self, row: Mapping[str, str]) -> bool:
        """Say whether a row's person has agreed: by the row itself, where it says when, or by the operator's word."""
        word = row.get("confirmed", "").lower()
        if word not in (*_YES, *_NO, ""):
            raise UsageError(f"{word!r} in the column `confirmed` is neither yes nor no.")
        return word not in _NO and (self._confirmed or (word in _YES and "consent_at" in row))

    def _consent(self, row: Mapping[str, str]) -> Consent:
        at = _moment(row["consent_at"], self._now) if "consent_at" in row else self._now
        source = _one_line(row.get("consent_source", ""))
        if "consent_how" in row:
            return Consent(at=at, how=_one_line(row["consent_how"]), source=source)
        return Consent(at=at, how="import", source=source or self._file_name)


def address_of(text: str) -> str:
    """Return an address as it is stored. Raises UsageError with what is wrong."""
    try:
        return normal_address(text.strip())
    except ValueError as error:
        raise UsageError(f"{text!r} is no mail address. {error}") from error


def person_of(newsletters: Newsletters, row: Mapping[str, str], *, confirmed: bool) -> Subscriber:
    """Return the subscriber of a row. Raises UsageError with what is wrong, UnknownNewsletter among it."""
    email = address_of(row.get("email", ""))
    newsletter = newsletters(row.get("newsletter") or None)
    regions = tuple(dict.fromkeys(row.get("regions", "").replace(",", " ").split()))
    unknown = [region for region in regions if region not in newsletter.regions]
    if unknown:
        raise UsageError(
            f"{unknown[0]!r} is no region of {newsletter.id}; regions are {', '.join(newsletter.regions)}."
        )
    return Subscriber(
        id=0,
        email=email,
        name=_one_line(row.get("name", "")),
        newsletter_id=newsletter.id,
        regions=regions,
        timezone=_zone(row.get("timezone", "")),
        confirmed=confirmed,
    )


def _moment(text: str, now: dt.datetime) -> dt.datetime:
    try:
        moment = dt.datetime.fromisoformat(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
        moment = moment.astimezone(dt.UTC)
    except (ValueError, OverflowError) as error:
        raise UsageError(f"{text!r} is no ISO 8601 moment such as 2026-03-13T18:00:00Z.") from error
    if moment > now:
        raise UsageError(f"{text!r} is in the future; nobody has agreed then.")
    return moment


def _one_line(text: str) -> str:
    # Once more, for the cut may leave a space or a joiner at the end.
    return tidy(tidy(text)[:_MOST])


def _zone(name: str) -> str:
    try:
        return known_zone(name) if name else ""
    except ValueError as error:
        raise UsageError(f"{name!r} {error}") from error

"""What composing needs from the world: a place for editions."""

from __future__ import annotations

import datetime as dt
from typing import Protocol

from digest.model import Edition, Slot


class EditionStore(Protocol):
    """Keeps editions; once in, they do not change."""

    def edition(self, edition_id: str) -> Edition | None:
        """Return an edition, or None."""

    def edition_of(self, slot: Slot) -> Edition | None:
        """Return the slot's edition, or None."""

    def freeze(self, edition: Edition) -> Edition:
        """Store the edition unless its slot has one; return the one that the slot has now."""

    def told_since(self, newsletter_id: str, cohort: str, since: dt.datetime) -> list[Edition]:
        """Return what these readers were told in editions that were composed after `since`, oldest first.

        Of each local date the cohort's own edition, else the newsletter's. Only those whose recipients are frozen:
        one that was composed and never sent has told nobody anything.
        """

    def opened_slots(self, since: dt.date) -> set[tuple[str, dt.date, str]]:
        """Return newsletter, local date and cohort of the editions from this date on whose recipients are frozen."""

    def latest_edition_id(self) -> str | None:
        """Return the id of the edition that was composed last, or None."""

"""What the desk needs from the world: a place for an editor's acts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Protocol

from digest.model import Approval, Edit


class DeskStore(Protocol):
    """Keeps what editors did to the edition of a newsletter's local date, for good."""

    def edits(self, newsletter_id: str, day: dt.date) -> Sequence[Edit]:
        """Return all edits, the oldest first, those that were taken back as well."""

    def record(self, newsletter_id: str, day: dt.date, edit: Edit) -> Edit:
        """Keep an edit; return it with its id."""

    def undo(self, edit_id: int, by: str, now: dt.datetime) -> bool:
        """Take an edit back; say whether it stood."""

    def approve(self, newsletter_id: str, day: dt.date, approval: Approval) -> None:
        """Keep that the edition may leave."""

    def withdraw(self, newsletter_id: str, day: dt.date) -> bool:
        """Take the approval back; say whether there was one."""

    def approval(self, newsletter_id: str, day: dt.date) -> Approval | None:
        """Return the approval, or None."""

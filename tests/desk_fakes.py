"""The desk's store in memory, and edits to test with."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Sequence
from dataclasses import replace

from digest.model import Approval, Edit, EditKind
from tests.conftest import NOW


def edit(
    kind: EditKind, *articles: str, others: Sequence[str] = (), value: str = "", number: int = 0
) -> Edit:
    """Return an editor's act on the story of these articles."""
    return Edit(
        id=number,
        kind=kind,
        articles=articles,
        others=tuple(others),
        value=value,
        made_by="editor",
        made_at=NOW,
    )


class MemoryDesk:
    """Edits and approvals in lists and dictionaries."""

    def __init__(self) -> None:
        self._edits: list[tuple[str, dt.date, Edit]] = []
        self._approvals: dict[tuple[str, dt.date], Approval] = {}
        self._ids = itertools.count(1)

    def edits(self, newsletter_id: str, day: dt.date) -> Sequence[Edit]:
        """See `ports.DeskStore`."""
        return [one for whose, when, one in self._edits if (whose, when) == (newsletter_id, day)]

    def record(self, newsletter_id: str, day: dt.date, edit: Edit) -> Edit:
        """See `ports.DeskStore`."""
        kept = replace(edit, id=next(self._ids))
        self._edits.append((newsletter_id, day, kept))
        return kept

    def undo(self, edit_id: int, by: str, now: dt.datetime) -> bool:
        """See `ports.DeskStore`."""
        for place, (whose, day, one) in enumerate(self._edits):
            if one.id == edit_id and one.undone_at is None:
                self._edits[place] = (whose, day, replace(one, undone_by=by, undone_at=now))
                return True
        return False

    def approve(self, newsletter_id: str, day: dt.date, approval: Approval) -> None:
        """See `ports.DeskStore`."""
        self._approvals.setdefault((newsletter_id, day), approval)

    def withdraw(self, newsletter_id: str, day: dt.date) -> bool:
        """See `ports.DeskStore`."""
        return self._approvals.pop((newsletter_id, day), None) is not None

    def approval(self, newsletter_id: str, day: dt.date) -> Approval | None:
        """See `ports.DeskStore`."""
        return self._approvals.get((newsletter_id, day))

"""What editors did on the desk, in SQL. Implements `ports.DeskStore`."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import asdict, replace

import sqlalchemy as sa
from sqlalchemy.engine import Engine, RowMapping

from digest.adapters.store.articles import upsert
from digest.adapters.store.engine import reading
from digest.adapters.store.schema import approval as approvals
from digest.adapters.store.schema import desk_edit
from digest.model import Approval, Edit, EditKind


class SqlDeskStore:
    """Edits and approvals; an edit is never deleted, only taken back."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def edits(self, newsletter_id: str, day: dt.date) -> Sequence[Edit]:
        """See `ports.DeskStore`."""
        query = (
            sa.select(desk_edit)
            .where(desk_edit.c.newsletter_id == newsletter_id, desk_edit.c.local_date == day)
            .order_by(desk_edit.c.id)
        )
        with reading(self._engine) as connection:
            return [_edit(row) for row in connection.execute(query).mappings()]

    def record(self, newsletter_id: str, day: dt.date, edit: Edit) -> Edit:
        """See `ports.DeskStore`."""
        what = {"articles": edit.articles, "others": edit.others, "value": edit.value}
        row = {
            "newsletter_id": newsletter_id,
            "local_date": day,
            "kind": edit.kind.value,
            "document": json.dumps(what, ensure_ascii=False),
            "made_by": edit.made_by,
            "made_at": edit.made_at,
            "undone_by": edit.undone_by,
            "undone_at": edit.undone_at,
        }
        with self._engine.begin() as connection:
            kept = connection.execute(sa.insert(desk_edit).values(row).returning(desk_edit.c.id))
            return replace(edit, id=kept.scalar_one())

    def undo(self, edit_id: int, by: str, now: dt.datetime) -> bool:
        """See `ports.DeskStore`."""
        standing = sa.and_(desk_edit.c.id == edit_id, desk_edit.c.undone_at.is_(None))
        with self._engine.begin() as connection:
            undoing = sa.update(desk_edit).where(standing).values(undone_by=by, undone_at=now)
            return connection.execute(undoing).rowcount > 0

    def approve(self, newsletter_id: str, day: dt.date, approval: Approval) -> None:
        """See `ports.DeskStore`. Of two, the first one's word stands."""
        row = {"newsletter_id": newsletter_id, "local_date": day, **asdict(approval)}
        with self._engine.begin() as connection:
            connection.execute(upsert(connection, approvals).values(row).on_conflict_do_nothing())

    def withdraw(self, newsletter_id: str, day: dt.date) -> bool:
        """See `ports.DeskStore`."""
        with self._engine.begin() as connection:
            return connection.execute(sa.delete(approvals).where(_of(newsletter_id, day))).rowcount > 0

    def approval(self, newsletter_id: str, day: dt.date) -> Approval | None:
        """See `ports.DeskStore`."""
        query = sa.select(approvals.c.approved_by, approvals.c.approved_at).where(_of(newsletter_id, day))
        with reading(self._engine) as connection:
            row = connection.execute(query).mappings().first()
        return Approval(**row) if row else None


def _of(newsletter_id: str, day: dt.date) -> sa.ColumnElement[bool]:
    return sa.and_(approvals.c.newsletter_id == newsletter_id, approvals.c.local_date == day)


def _edit(row: RowMapping) -> Edit:
    what = json.loads(row["document"])
    return Edit(
        id=row["id"],
        kind=EditKind(row["kind"]),
        articles=tuple(what["articles"]),
        others=tuple(what["others"]),
        value=what["value"],
        made_by=row["made_by"],
        made_at=row["made_at"],
        undone_by=row["undone_by"],
        undone_at=row["undone_at"],
    )

"""What a running installation remembers of itself, in SQL. Implements `ports.OperationsStore`.

Many processes do this at once: each change is one statement whose condition decides, never a look beforehand.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from digest.adapters.store.articles import upsert
from digest.adapters.store.engine import reading, shown
from digest.adapters.store.schema import (
    alert,
    attempt,
    delivery,
    edition,
    pause,
    provider_event,
    turn,
    turn_part,
    worker,
)
from digest.errors import DatabaseError
from digest.model import Alert, DeliveryState, Pause, Turn, WorkerLife

#: A worker without a sign of life for this long counts as dead.
DEAD_AFTER = dt.timedelta(seconds=60)
#: Who has no sign of life for this long, by the database's clock, has lost what it has claimed: three beats missed.
LOST_AFTER = dt.timedelta(seconds=30)
#: Holds a turn that many workers do together.
SHARED = ""
#: A turn that takes longer is nobody's any more.
LONGEST_TURN = dt.timedelta(minutes=10)
#: Clocks of machines may be so far apart; a turn from further ahead was taken by a clock that was wrong.
CLOCKS_APART = dt.timedelta(minutes=5)
#: The same trouble is told at most this often, however often it comes and goes.
TELL_AGAIN = dt.timedelta(hours=1)
_SETTLED = [state for state in DeliveryState if not state.open and state is not DeliveryState.UNKNOWN]


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionStanding:
    """An edition as its operator looks at it; where its deliveries stand is the ledger's to say."""

    id: str
    newsletter_id: str
    local_date: dt.date
    cohort: str
    composed_at: dt.datetime
    #: When its recipients were frozen; None before.
    opened_at: dt.datetime | None
    recipients: int
    #: Workers leave it alone until then, and why.
    held_until: dt.datetime | None
    held_why: str


class SqlOperations:
    """Workers, turns, alerts and pauses."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def beat(self, life: WorkerLife) -> None:
        """See `ports.OperationsStore`. One that has ended stays so."""
        changing: dict[str, object] = {
            "beat_at": life.beat_at,
            "doing": life.doing,
            "stopped_at": life.stopped_at,
        }
        with self._engine.begin() as connection:
            changing["seen_at"] = _seen_now(connection, life.beat_at)
            row = upsert(connection, worker).values(asdict(life) | {"seen_at": changing["seen_at"]})
            alive = worker.c.stopped_at.is_(None)
            connection.execute(row.on_conflict_do_update(index_elements=["id"], set_=changing, where=alive))

    def workers(self, since: dt.datetime) -> Sequence[WorkerLife]:
        """See `ports.OperationsStore`."""
        query = (
            sa.select(*[worker.c[name] for name in WorkerLife.__slots__])
            .where(worker.c.beat_at > since)
            .order_by(worker.c.beat_at.desc(), worker.c.started_at.desc(), worker.c.id)
        )
        with reading(self._engine) as connection:
            return [WorkerLife(**row) for row in connection.execute(query).mappings()]

    def first_start(self) -> dt.datetime | None:
        """See `ports.OperationsStore`."""
        with reading(self._engine) as connection:
            first: dt.datetime | None = connection.scalar(sa.select(sa.func.min(worker.c.started_at)))
        return first

    def take_turn(self, name: str, holder: str, now: dt.datetime, interval: dt.timedelta) -> bool:
        """See `ports.OperationsStore`. A turn of a dead worker, or one that takes too long, is nobody's."""
        # Without a correlated subquery: in ON CONFLICT it would look at the snapshot's turns, not at the row to change.
        living = sa.select(worker.c.id).where(
            worker.c.stopped_at.is_(None), worker.c.beat_at > now - DEAD_AFTER
        )
        free = sa.case(
            (turn.c.done_at.is_not(None), _began_before(now, interval)),
            else_=sa.or_(
                _began_before(now, LONGEST_TURN),
                sa.and_(turn.c.holder != SHARED, turn.c.holder.not_in(living)),
            ),
        )
        row = {"name": name, "holder": holder, "started_at": now, "done_at": None}
        with self._engine.begin() as connection:
            taking = (
                upsert(connection, turn)
                .values(row)
                .on_conflict_do_update(index_elements=["name"], set_=row, where=free)
            )
            return connection.execute(taking.returning(turn.c.name)).first() is not None

    def share_turn(
        self, connection: Connection, name: str, parts: int, now: dt.datetime, interval: dt.timedelta
    ) -> bool:
        """Take a turn, in the caller's transaction, that many workers do in so many parts; say whether it was free.

        Its parts are done by whoever comes to them: it is nobody's again when they take too long, and not before.
        """
        free = sa.case(
            (turn.c.done_at.is_not(None), _began_before(now, interval)),
            else_=_began_before(now, LONGEST_TURN),
        )
        row = {"name": name, "holder": SHARED, "started_at": now, "done_at": None}
        taking = (
            upsert(connection, turn)
            .values(row)
            .on_conflict_do_update(index_elements=["name"], set_=row, where=free)
        )
        if connection.execute(taking.returning(turn.c.name)).first() is None:
            return False
        connection.execute(sa.delete(turn_part).where(turn_part.c.name == name))
        if parts:
            connection.execute(
                sa.insert(turn_part), [{"name": name, "number": number} for number in range(parts)]
            )
        return True

    def end_part(self, name: str, number: int, begun: dt.datetime, now: dt.datetime) -> bool:
        """Say that a part of the turn that began then is done; return whether it was the last one.

        A part that is done twice counts once, and one of an older turn not at all.
        """
        of_turn = sa.and_(turn.c.name == name, turn.c.started_at == begun, turn.c.done_at.is_(None))
        with self._engine.begin() as connection:
            # Locked: of two that end their parts at once, one must see the other's.
            if connection.execute(sa.select(turn.c.name).where(of_turn).with_for_update()).first() is None:
                return False
            parts = turn_part.c.name == name
            this = parts & (turn_part.c.number == number) & turn_part.c.done_at.is_(None)
            connection.execute(sa.update(turn_part).where(this).values(done_at=now))
            left = sa.select(turn_part.c.number).where(parts, turn_part.c.done_at.is_(None)).limit(1)
            if connection.execute(left).first() is not None:
                return False
            connection.execute(sa.update(turn).where(of_turn).values(done_at=now))
        return True

    def end_turn(self, name: str, holder: str, now: dt.datetime) -> None:
        """See `ports.OperationsStore`. One that somebody else has taken over is theirs to end."""
        ours = sa.and_(turn.c.name == name, turn.c.holder == holder, turn.c.done_at.is_(None))
        with self._engine.begin() as connection:
            connection.execute(sa.update(turn).where(ours).values(done_at=now))

    def turn(self, name: str) -> Turn | None:
        """See `ports.OperationsStore`."""
        with reading(self._engine) as connection:
            row = connection.execute(sa.select(turn).where(turn.c.name == name)).mappings().first()
        return Turn(**row) if row else None

    def raise_alert(self, key: str, text: str, now: dt.datetime) -> bool:
        """See `ports.OperationsStore`. What was mailed within the hour is no news when it comes back."""
        row = {"key": key, "text": text, "raised_at": now, "mailed_at": None, "cleared_at": None}
        again = {"text": text, "raised_at": now, "cleared_at": None}
        with self._engine.begin() as connection:
            raising = (
                upsert(connection, alert)
                .values(row)
                .on_conflict_do_update(
                    index_elements=["key"], set_=again, where=alert.c.cleared_at.is_not(None)
                )
            )
            raised = connection.execute(raising.returning(alert.c.mailed_at)).first()
            if raised is None:
                standing = sa.and_(alert.c.key == key, alert.c.text != text, alert.c.cleared_at.is_(None))
                connection.execute(sa.update(alert).where(standing).values(text=text))
                return False
            return raised.mailed_at is None or raised.mailed_at <= now - TELL_AGAIN

    def clear_alert(self, key: str, now: dt.datetime) -> bool:
        """See `ports.OperationsStore`."""
        standing = sa.and_(alert.c.key == key, alert.c.cleared_at.is_(None))
        with self._engine.begin() as connection:
            clearing = sa.update(alert).where(standing).values(cleared_at=now)
            return connection.execute(clearing).rowcount > 0

    def alerts(self, *, since: dt.datetime | None = None) -> Sequence[Alert]:
        """See `ports.OperationsStore`."""
        wanted: sa.ColumnElement[bool] = alert.c.cleared_at.is_(None)
        if since is not None:
            wanted = sa.or_(wanted, alert.c.cleared_at > since)
        query = sa.select(alert).where(wanted).order_by(alert.c.raised_at, alert.c.key)
        with reading(self._engine) as connection:
            return [Alert(**row) for row in connection.execute(query).mappings()]

    def mark_mailed(self, keys: Sequence[str], now: dt.datetime) -> None:
        """See `ports.OperationsStore`."""
        with self._engine.begin() as connection:
            connection.execute(sa.update(alert).where(alert.c.key.in_(keys)).values(mailed_at=now))

    def pause(self, pause: Pause) -> bool:
        """See `ports.OperationsStore`."""
        return self._pause(pause)

    def _pause(self, wanted: Pause) -> bool:
        with self._engine.begin() as connection:
            row = upsert(connection, pause).values(asdict(wanted)).on_conflict_do_nothing()
            return connection.execute(row.returning(pause.c.newsletter_id)).first() is not None

    def resume(self, newsletter_id: str) -> bool:
        """See `ports.OperationsStore`."""
        with self._engine.begin() as connection:
            ending = sa.delete(pause).where(pause.c.newsletter_id == newsletter_id)
            return connection.execute(ending).rowcount > 0

    def pauses(self) -> Mapping[str, Pause]:
        """See `ports.OperationsStore`."""
        with reading(self._engine) as connection:
            rows = connection.execute(sa.select(pause).order_by(pause.c.since)).mappings()
            return {row["newsletter_id"]: Pause(**row) for row in rows}

    def prune(self, before: dt.datetime) -> int:
        """See `ports.OperationsStore`."""
        first = sa.select(sa.func.min(worker.c.started_at)).scalar_subquery()
        old = (
            sa.delete(provider_event).where(provider_event.c.happened_at < before),
            sa.delete(attempt).where(attempt.c.window_start < before),
            sa.delete(worker).where(worker.c.beat_at < before, worker.c.started_at > first),
            sa.delete(alert).where(alert.c.cleared_at < before),
        )
        with self._engine.begin() as connection:
            return sum(connection.execute(some).rowcount for some in old)

    def prune_deliveries(self, before: dt.date, most: int) -> int:
        """See `ports.OperationsStore`."""
        old = sa.select(edition.c.id).where(edition.c.local_date < before)
        some = (
            sa.select(delivery.c.id)
            .where(delivery.c.edition_id.in_(old), delivery.c.state.in_(_SETTLED))
            .limit(most)
        )
        with self._engine.begin() as connection:
            return connection.execute(sa.delete(delivery).where(delivery.c.id.in_(some))).rowcount

    def latest_editions(self, limit: int) -> Sequence[EditionStanding]:
        """Return the editions that were composed last, the newest first."""
        columns = [edition.c[name] for name in EditionStanding.__slots__]
        query = sa.select(*columns).order_by(edition.c.composed_at.desc(), edition.c.id.desc()).limit(limit)
        with reading(self._engine) as connection:
            return [EditionStanding(**row) for row in connection.execute(query).mappings()]


def _seen_now(connection: Connection, now: dt.datetime) -> object:
    """Return the database's own time where it has one, for machines' clocks differ; else `now`, of the one machine."""
    return sa.func.now() if connection.dialect.name == "postgresql" else now


def living_workers(connection: Connection) -> int:
    """Return how many workers give signs of life, by PostgreSQL's clock."""
    lately = worker.c.seen_at > sa.func.now() - sa.literal(LOST_AFTER, sa.Interval)
    query = sa.select(sa.func.count()).where(worker.c.stopped_at.is_(None), lately)
    return connection.scalar(query) or 0


def lost_workers(connection: Connection, now: dt.datetime) -> sa.Select[tuple[str]]:
    """Return the ids of the workers of the last day that have ended, or that seem to have died."""
    seen: sa.ColumnElement[dt.datetime] = sa.func.coalesce(worker.c.seen_at, worker.c.beat_at)
    if connection.dialect.name == "postgresql":
        silent = seen <= sa.func.now() - sa.literal(LOST_AFTER, sa.Interval)
    else:
        silent = seen <= sa.literal(now - LOST_AFTER, worker.c.beat_at.type)
    gone = sa.or_(worker.c.stopped_at.is_not(None), silent)
    return sa.select(worker.c.id).where(gone, worker.c.beat_at > now - dt.timedelta(days=1))


def tables_version(engine: Engine) -> str | None:
    """Return the migration that a database is at; None for one without tables.

    Raises DatabaseError where it cannot be reached.
    """
    from alembic.runtime.migration import MigrationContext

    try:
        with reading(engine) as connection:
            version: str | None = MigrationContext.configure(connection).get_current_revision()
    except sa.exc.DatabaseError as error:
        raise DatabaseError(f"The database {shown(engine.url)} cannot be opened: {error.orig}") from error
    return version


def _began_before(now: dt.datetime, interval: dt.timedelta) -> sa.ColumnElement[bool]:
    """Say whether a turn began so long ago, or in a future that only a wrong clock has seen."""
    return sa.or_(turn.c.started_at <= now - interval, turn.c.started_at > now + CLOCKS_APART)

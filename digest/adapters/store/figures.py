"""Figures of a running installation, in SQL: for the editor's health page and for /metrics. Nothing here writes."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from digest.adapters.store.engine import reading
from digest.adapters.store.schema import article, delivery, edition, subscription, suppression
from digest.model import Bounce, DeliveryState

_DAY = dt.timedelta(days=1)
_HOUR = dt.timedelta(hours=1)
_OPEN = [state for state in DeliveryState if state.open]
#: What was published so long before a moment is not looked at, when new articles since then are counted: the index
#: is by publication, and older news is none.
_OLD_NEWS = dt.timedelta(days=3)
#: Procrastinate's own tables: jobs that are done are of no interest, and there may be many.
_JOBS = """
    SELECT task_name, status::text, count(*) FROM procrastinate_jobs
    WHERE status IN ('todo', 'doing', 'failed') GROUP BY task_name, status
"""
#: A job without a time waits since it was deferred, another since its time.
_OLDEST_JOB = """
    SELECT min(coalesce(job.scheduled_at, event.at)) FROM procrastinate_jobs AS job
    LEFT JOIN procrastinate_events AS event ON event.job_id = job.id AND event.type = 'deferred'
    WHERE job.status = 'todo' AND (job.scheduled_at IS NULL OR job.scheduled_at <= :now)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryDay:
    """The deliveries of the editions of one local date."""

    day: dt.date
    states: Mapping[DeliveryState, int]
    #: Refusals that said something of the address.
    bounces: int

    @property
    def total(self) -> int:
        """How many deliveries there are."""
        return sum(self.states.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedEdition:
    """One edition that was opened: one newsletter, one local date, one cohort."""

    id: str
    newsletter_id: str
    local_date: dt.date
    cohort: str
    opened_at: dt.datetime
    recipients: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Jobs:
    """What the task queue holds; nothing where there is none (SQLite has no queue)."""

    #: Jobs by task and status: todo, doing, failed.
    counts: Mapping[tuple[str, str], int]
    #: Since when the oldest job waits that may be worked on now.
    waiting_since: dt.datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadersDay:
    """The readers at the end of a day (UTC), and how they changed on it."""

    day: dt.date
    readers: int
    joined: int
    left: int


class SqlFigures:
    """Counts over the store."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def delivery_days(self, since: dt.date, until: dt.date) -> list[DeliveryDay]:
        """Return the deliveries by local date, each day from `since` to `until`, the oldest first."""
        bounced = (
            sa.select(edition.c.local_date, sa.func.count())
            .join(delivery, delivery.c.edition_id == edition.c.id)
            # By the state as well, for which there is an index.
            .where(edition.c.local_date >= since, delivery.c.state == DeliveryState.FAILED_PERM)
            .where(delivery.c.bounce.is_not(None))
            .group_by(edition.c.local_date)
        )
        states: dict[dt.date, Counter[DeliveryState]] = {}
        for (_, day), counts in self.delivery_states(since).items():
            states.setdefault(day, Counter()).update(counts)
        with reading(self._engine) as connection:
            bounces: dict[dt.date, int] = dict(connection.execute(bounced).all())
        return [
            DeliveryDay(day=day, states=states.get(day, {}), bounces=bounces.get(day, 0))
            for day in _days(since, until)
        ]

    def delivery_states(self, since: dt.date) -> Mapping[tuple[str, dt.date], Mapping[DeliveryState, int]]:
        """Return the deliveries by state, by newsletter and local date, of the editions from this date on.

        Counted edition by edition in the index of editions and states: what costs is the number of deliveries.
        """
        counted = (
            sa.select(edition.c.newsletter_id, edition.c.local_date, delivery.c.state, sa.func.count())
            .join(delivery, delivery.c.edition_id == edition.c.id)
            .where(edition.c.local_date >= since)
            .group_by(edition.c.newsletter_id, edition.c.local_date, delivery.c.state)
        )
        states: dict[tuple[str, dt.date], dict[DeliveryState, int]] = {}
        with reading(self._engine) as connection:
            for newsletter_id, day, state, count in connection.execute(counted):
                states.setdefault((newsletter_id, day), {})[DeliveryState(state)] = count
        return states

    def bounces(self, since: dt.date) -> Mapping[tuple[str, Bounce], int]:
        """Return the refusals that said something of the address, by newsletter and what they said."""
        query = (
            sa.select(edition.c.newsletter_id, delivery.c.bounce, sa.func.count())
            .join(delivery, delivery.c.edition_id == edition.c.id)
            # By the state as well, for which there is an index.
            .where(edition.c.local_date >= since, delivery.c.state == DeliveryState.FAILED_PERM)
            .where(delivery.c.bounce.is_not(None))
            .group_by(edition.c.newsletter_id, delivery.c.bounce)
        )
        with reading(self._engine) as connection:
            return {(name, Bounce(bounce)): count for name, bounce, count in connection.execute(query)}

    def opened(self, since: dt.date) -> list[OpenedEdition]:
        """Return the editions of the local dates from this one on that were opened, the oldest first."""
        columns = [edition.c[name] for name in OpenedEdition.__slots__]
        query = (
            sa.select(*columns)
            .where(edition.c.local_date >= since, edition.c.opened_at.is_not(None))
            .order_by(edition.c.local_date, edition.c.opened_at, edition.c.id)
        )
        with reading(self._engine) as connection:
            return [OpenedEdition(**row) for row in connection.execute(query).mappings()]

    def editions(self) -> Mapping[str, int]:
        """Return how many editions were opened, by newsletter."""
        query = (
            sa.select(edition.c.newsletter_id, sa.func.count())
            .where(edition.c.opened_at.is_not(None))
            .group_by(edition.c.newsletter_id)
        )
        with reading(self._engine) as connection:
            return dict(connection.execute(query).all())

    def waiting_since(self) -> dt.datetime | None:
        """Return when the oldest edition was opened of which something is still to be sent; None without one."""
        # No EXISTS, and each state by itself in the order of the index: PostgreSQL would read the whole ledger else.
        first = [
            sa.select(delivery.c.id)
            .where(delivery.c.edition_id == edition.c.id, delivery.c.state == state)
            .order_by(delivery.c.id)
            .limit(1)
            .scalar_subquery()
            for state in _OPEN
        ]
        query = sa.select(sa.func.min(edition.c.opened_at)).where(
            edition.c.opened_at.is_not(None), sa.or_(*(one.is_not(None) for one in first))
        )
        with reading(self._engine) as connection:
            oldest: dt.datetime | None = connection.scalar(query)
            return oldest

    def subscribers(self) -> Mapping[tuple[str, bool], int]:
        """Return the subscriptions that did not end, by newsletter and whether the reader has agreed."""
        query = (
            sa.select(subscription.c.newsletter_id, subscription.c.confirmed, sa.func.count())
            .where(subscription.c.ended_at.is_(None))
            .group_by(subscription.c.newsletter_id, subscription.c.confirmed)
        )
        with reading(self._engine) as connection:
            return {(name, confirmed): count for name, confirmed, count in connection.execute(query)}

    def suppressions(self) -> Mapping[str, int]:
        """Return how many addresses are not written to, by reason."""
        query = sa.select(suppression.c.reason, sa.func.count()).group_by(suppression.c.reason)
        with reading(self._engine) as connection:
            return dict(connection.execute(query).all())

    def size_bytes(self) -> int:
        """Return how large the database is, in bytes."""
        with reading(self._engine) as connection:
            if connection.dialect.name == "postgresql":
                size: int = connection.scalar(sa.text("SELECT pg_database_size(current_database())"))
                return size
            pages, page = (
                connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
                for name in ("page_count", "page_size")
            )
            return int(pages * page)

    def jobs(self, now: dt.datetime) -> Jobs:
        """Return what waits in Procrastinate's tables, where the database has them."""
        with reading(self._engine) as connection:
            if connection.dialect.name != "postgresql":
                return Jobs(counts={})
            if connection.scalar(sa.text("SELECT to_regclass('procrastinate_jobs')")) is None:
                return Jobs(counts={})
            rows = connection.execute(sa.text(_JOBS)).all()
            oldest = connection.scalar(sa.text(_OLDEST_JOB), {"now": now})
        counts = {(task, status): count for task, status, count in rows}
        return Jobs(counts=counts, waiting_since=oldest)

    def reader_days(self, since: dt.date, until: dt.date) -> list[ReadersDay]:
        """Return the confirmed readers of all newsletters, each day from `since` to `until`, the oldest first."""
        with reading(self._engine) as connection:
            joined = _by_day(connection, subscription.c.consent_at, since)
            left = _by_day(connection, subscription.c.ended_at, since)
            now = connection.scalar(
                sa.select(sa.func.count()).where(subscription.c.confirmed, subscription.c.ended_at.is_(None))
            )
        found = []
        readers = now or 0
        for day in reversed(_days(since, until)):
            found.append(ReadersDay(day=day, readers=readers, joined=joined[day], left=left[day]))
            readers += left[day] - joined[day]
        return found[::-1]

    def new_articles(self, now: dt.datetime, hours: int) -> list[tuple[dt.datetime, int]]:
        """Return how many articles came in by hour, up to the hour that it is now, the oldest first."""
        this = now.replace(minute=0, second=0, microsecond=0)
        first = this - (hours - 1) * _HOUR
        query = (
            sa.select(article.c.first_seen_at, sa.func.count())
            .where(article.c.published_at > first - _OLD_NEWS, article.c.first_seen_at >= first)
            .group_by(article.c.first_seen_at)
        )
        counts: Counter[dt.datetime] = Counter()
        with reading(self._engine) as connection:
            for moment, count in connection.execute(query):
                counts[moment.replace(minute=0, second=0, microsecond=0)] += count
        return [(first + number * _HOUR, counts[first + number * _HOUR]) for number in range(hours)]


def _by_day(connection: Connection, moment: sa.Column[dt.datetime], since: dt.date) -> Counter[dt.date]:
    """Count the confirmed subscriptions by the day (UTC) of a moment of theirs."""
    begin = dt.datetime.combine(since, dt.time(), dt.UTC)
    utc = sa.func.timezone("UTC", moment) if connection.dialect.name == "postgresql" else moment
    day = sa.cast(sa.func.date(utc), sa.String)
    query = sa.select(day, sa.func.count()).where(moment >= begin, subscription.c.confirmed).group_by(day)
    return Counter({dt.date.fromisoformat(text): count for text, count in connection.execute(query)})


def _days(since: dt.date, until: dt.date) -> Sequence[dt.date]:
    return [since + number * _DAY for number in range((until - since).days + 1)]

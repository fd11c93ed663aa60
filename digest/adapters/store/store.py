"""The store as one thing: shelves over one engine."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.engine import Engine

from digest.adapters.store.articles import SqlArticleStore
from digest.adapters.store.desk import SqlDeskStore
from digest.adapters.store.editions import SqlEditionStore
from digest.adapters.store.engine import migrate, open_engine, say_failures
from digest.adapters.store.event_batches import SqlEventBatches
from digest.adapters.store.ledger import OnOpened, SqlLedger
from digest.adapters.store.operating import SqlOperations
from digest.adapters.store.pace import SqlPaceStore
from digest.adapters.store.subscribers import SqlSubscriberStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """Everything that is kept."""

    engine: Engine
    articles: SqlArticleStore
    editions: SqlEditionStore
    subscribers: SqlSubscriberStore
    ledger: SqlLedger
    event_batches: SqlEventBatches
    pace: SqlPaceStore
    operations: SqlOperations
    desk: SqlDeskStore

    def close(self) -> None:
        """End the connections."""
        self.engine.dispose()


def open_store(
    url: str, soft_bounces: int = 5, on_opened: OnOpened = lambda _connection, _edition_id: None
) -> Store:
    """Open a database, bring its tables up to date and return the store on it.

    `soft_bounces`, `on_opened`: see `SqlLedger`. Raises DatabaseError where it cannot be opened or is newer than this program.
    """
    engine = open_engine(url)
    try:
        migrate(engine)
    except BaseException:
        engine.dispose()
        raise
    say_failures(engine)
    return Store(
        engine=engine,
        articles=SqlArticleStore(engine),
        editions=SqlEditionStore(engine),
        subscribers=SqlSubscriberStore(engine),
        ledger=SqlLedger(engine, soft_bounces, on_opened),
        event_batches=SqlEventBatches(engine),
        pace=SqlPaceStore(engine),
        operations=SqlOperations(engine),
        desk=SqlDeskStore(engine),
    )

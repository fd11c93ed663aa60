"""A process that is stopped within a transaction, by Ctrl-Z or with its container, and the others that wait for it."""

from __future__ import annotations

import psycopg
import pytest
import sqlalchemy as sa

from digest.adapters.store import Store, engine, open_store
from digest.errors import DatabaseFailed
from digest.model import Consent, Subscriber
from tests.conftest import NOW


@pytest.fixture
def impatient(postgresql_url: str, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store whose server waits for less long than it does."""
    shown = engine._NO_IDLING
    assert shown.endswith("'30s'")
    monkeypatch.setattr(engine, "_NO_IDLING", shown.replace("30s", "200ms"))
    return open_store(postgresql_url)


def test_its_transaction_is_ended_and_the_others_go_on(impatient: Store, postgresql_url: str) -> None:
    with psycopg.connect(postgresql_url) as other, impatient.engine.connect() as stopped:
        stopped.execute(sa.text("LOCK TABLE pace"))
        # Until the server has ended the one that says nothing more; then the lock is free.
        other.execute("LOCK TABLE pace")
        with pytest.raises(DatabaseFailed, match="idle-in-transaction"):
            stopped.execute(sa.text("SELECT 1"))
    # It wakes up, and goes on with another connection.
    assert impatient.pace.reserve("all", 1, 1, NOW) == NOW
    impatient.close()


def test_who_reads_slowly_is_not_cut_off(impatient: Store, postgresql_url: str) -> None:
    person = Subscriber(id=0, email="aisha@example.org", newsletter_id="daily")
    impatient.subscribers.add(person, consent=Consent(at=NOW, how="a test"))
    rows = impatient.subscribers.subscriptions("daily")
    with psycopg.connect(postgresql_url) as other:
        assert next(iter(rows))
        other.execute("SELECT pg_sleep(0.5)")
        assert list(rows) == []
    impatient.close()

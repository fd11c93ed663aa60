"""Ten workers started at the same moment: one edition, and each reader gets it once."""

from __future__ import annotations

import pathlib
from contextlib import ExitStack

from digest.app import App
from digest.model import Consent, DeliveryState, Subscriber
from tests.cli.running import write_sources
from tests.worker.processes import due_newsletter, letters, now, running_worker
from tests.worker.stage import store_news

_PEOPLE = sorted(f"reader{number:02}@example.org" for number in range(50))


def test_ten_workers_make_one_edition_and_write_to_each_once(
    database_url: str, tmp_path: pathlib.Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    due_newsletter(home)
    write_sources(home, {})
    app = App(home=home, environment={"DATABASE_URL": database_url})
    try:
        for email in _PEOPLE:
            person = Subscriber(id=0, email=email, newsletter_id="daily")
            app.store.subscribers.add(person, consent=Consent(at=now(), how="a test"))
        store_news(app.store, now())
        logs = [tmp_path / f"{number}.log" for number in range(10)]
        with ExitStack() as stack:
            extra = {"DATABASE_URL": database_url}
            processes = [
                stack.enter_context(running_worker(home, log, "--once", extra=extra)) for log in logs
            ]
            codes = [process.wait(timeout=150) for process in processes]
        said = "".join(log.read_text(encoding="utf-8") for log in logs)
        assert codes == [0] * 10, said
        assert "traceback" not in said
        [edition] = app.store.operations.latest_editions(10)
        sent = list(app.store.ledger.deliveries(edition.id))
        assert [one.email for one in sent] == _PEOPLE
        assert {(one.state, one.attempts) for one in sent} == {(DeliveryState.SENT, 1)}
        assert letters(home) == _PEOPLE
        # One of them collected, and all have said that they ended.
        assert said.count("collected 0 sources") == 1
        assert len([one for one in app.store.operations.workers(edition.composed_at) if one.stopped_at]) == 10
    finally:
        app.close()

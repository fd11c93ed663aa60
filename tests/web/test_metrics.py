"""The figures for Prometheus: who may ask, and that they are those of the database."""

from __future__ import annotations

import datetime as dt
import pathlib
import platform
from collections.abc import Iterator

import pytest
from prometheus_client.parser import text_string_to_metric_families

from digest import __version__
from digest.adapters.store.figures import Jobs, OpenedEdition, SqlFigures
from digest.model import Consent, DeliveryState, Pause, Subscriber, WorkerLife
from digest.schedule import next_slot
from digest.web.gauges import GAUGES, _jobs, _slots
from digest.worker.alerting import _FINDERS
from tests.conftest import NOW
from tests.web.busy import READERS, REFUSED, UNKNOWN, fill
from tests.web.site import Site, opened_site

_TOKEN = "a word for the scraper"
_SETTINGS = {"DIGEST_WEB__METRICS_TOKEN": _TOKEN}
_BEARER = {"Authorization": f"Bearer {_TOKEN}"}
#: Longer than figures are kept, however slow the machine is.
_LONG_ENOUGH = dt.timedelta(hours=1)
Figures = dict[tuple[str, tuple[tuple[str, str], ...]], float]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site that has run for a while."""
    with opened_site(tmp_path_factory.mktemp("home"), _SETTINGS, editions=False) as opened:
        fill(opened)
        yield opened


def _figures(site: Site) -> Figures:
    answer = site.client.get("/metrics", headers=_BEARER)
    assert answer.status_code == 200
    assert answer.mimetype == "text/plain"
    families = text_string_to_metric_families(answer.get_data(as_text=True))
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def _of(found: Figures, name: str, **labels: str) -> float:
    return found[f"mujaz_{name}", tuple(sorted(labels.items()))]


@pytest.mark.parametrize(
    "header",
    [
        pytest.param(None, id="none"),
        pytest.param("Bearer", id="empty"),
        pytest.param("Bearer another word", id="another"),
        pytest.param(f"Bearer {_TOKEN}x", id="longer"),
        pytest.param("Bearer كلمة", id="Arabic"),
        pytest.param("Basic bXVqYXo6bXVqYXo=", id="of another kind"),
        pytest.param("Digest username=a", id="of a third kind"),
    ],
)
def test_only_who_knows_the_token_may_ask(site: Site, header: str | None) -> None:
    headers = {"Authorization": header.encode().decode("latin-1")} if header else {}
    answer = site.client.get("/metrics", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert "mujaz_" not in answer.get_data(as_text=True)


def test_without_a_token_there_is_no_such_page(tmp_path: pathlib.Path) -> None:
    with opened_site(tmp_path, editions=False) as closed:
        for headers in ({}, {"Authorization": "Bearer "}, _BEARER):
            assert closed.client.get("/metrics", headers=headers).status_code == 404


def test_the_figures_are_those_of_the_database(site: Site) -> None:
    found, of = _figures(site), site.app.newsletter().id
    # Today's edition, yesterday's and that of the day before.
    assert _of(found, "deliveries", newsletter=of, state="failed_perm") == 3 * REFUSED
    assert _of(found, "deliveries", newsletter=of, state="unknown") == 3 * UNKNOWN
    assert _of(found, "deliveries", newsletter=of, state="pending") == 0
    assert sum(name == "mujaz_deliveries" for name, _ in found) == len(DeliveryState) * len(
        site.app.settings.newsletters
    )
    # And of today's alone.
    assert _of(found, "last_edition_deliveries", newsletter=of, state="failed_perm") == REFUSED
    last = {
        state: _of(found, "last_edition_deliveries", newsletter=of, state=state) for state in DeliveryState
    }
    assert sum(last.values()) == _of(found, "last_edition_recipients", newsletter=of) > REFUSED
    assert _of(found, "bounces", newsletter=of, kind="hard") + _of(
        found, "bounces", newsletter=of, kind="soft"
    ) == (3 * REFUSED)
    assert _of(found, "editions", newsletter=of) == 14
    assert _of(found, "queue_age_seconds") == 0
    left = len(range(8, READERS - 9, 9))
    assert _of(found, "subscribers", newsletter=of, confirmed="yes") == READERS - 1 - left
    assert _of(found, "subscribers", newsletter=of, confirmed="no") == 1
    assert [_of(found, "suppressions", reason=reason) for reason in ("bounced", "complained", "by_hand")] == [
        1,
        1,
        0,
    ]
    assert _of(found, "sources", state="ok") == 3
    assert _of(found, "sources", state="failing") == 1
    assert _of(found, "sources", state="blocked") == 1
    assert _of(found, "collect_timestamp_seconds") == NOW.timestamp() - 8 * 60
    assert _of(found, "newest_article_timestamp_seconds") == NOW.timestamp() - 7 * 60
    assert _of(found, "workers") == 1
    assert _of(found, "worker_beat_age_seconds") == 0
    assert _of(found, "alerts", kind="bounces") == 1
    assert sum(value for (name, _), value in found.items() if name == "mujaz_alerts") == 1
    assert _of(found, "database_up") == 1
    assert _of(found, "database_size_bytes") > 100_000
    assert _of(found, "build_info", version=__version__, python=platform.python_version()) == 1


def test_the_slots_are_those_of_the_schedule(site: Site) -> None:
    found, newsletter = _figures(site), site.app.newsletter()
    of = newsletter.id
    due = next_slot(newsletter, "", NOW).due_at
    assert _of(found, "next_slot_timestamp_seconds", newsletter=of) == due.timestamp()
    assert (
        _of(found, "last_slot_timestamp_seconds", newsletter=of) == (due - dt.timedelta(days=1)).timestamp()
    )
    opened = max(one.opened_at for one in SqlFigures(site.app.store.engine).opened(dt.date.min))
    assert _of(found, "last_edition_opened_timestamp_seconds", newsletter=of) == int(opened.timestamp())
    assert _of(found, "slots_missed", newsletter=of) == 0
    assert _of(found, "paused", newsletter=of) == 0


def test_a_slot_counts_from_when_there_is_a_worker_and_a_reader(tmp_path: pathlib.Path) -> None:
    with opened_site(tmp_path, _SETTINGS, editions=False) as site:
        newsletter, store = site.app.newsletter(), site.app.store
        due = next_slot(newsletter, "", NOW).due_at

        def last(moment: dt.datetime) -> float:
            site.clock.moment = moment
            return _of(_figures(site), "last_slot_timestamp_seconds", newsletter=newsletter.id)

        assert last(due + _LONG_ENOUGH) == 0
        begun = due - _LONG_ENOUGH
        store.operations.beat(WorkerLife(id="w", host="mail1", pid=1, started_at=begun, beat_at=begun))
        assert last(due + 2 * _LONG_ENOUGH) == 0
        reader = Subscriber(id=0, email="layla@example.org", newsletter_id=newsletter.id)
        store.subscribers.add(reader, consent=Consent(at=begun, how="a test"))
        assert last(due + 3 * _LONG_ENOUGH) == due.timestamp()
        # What fell into a pause is owed to nobody.
        resumed = due + 4 * _LONG_ENOUGH
        store.operations.take_turn(f"resume {newsletter.id}", "an operator", resumed, dt.timedelta())
        assert last(due + 5 * _LONG_ENOUGH) == 0


def test_a_slot_of_a_zone_without_readers_is_owed_to_nobody(tmp_path: pathlib.Path) -> None:
    with opened_site(tmp_path, _SETTINGS, editions=False) as site:
        newsletter, store = site.app.newsletter(), site.app.store
        due = next_slot(newsletter, "", NOW).due_at
        begun = due - _LONG_ENOUGH
        store.operations.beat(WorkerLife(id="w", host="mail1", pid=1, started_at=begun, beat_at=begun))
        far = Subscriber(
            id=0, email="layla@example.org", newsletter_id=newsletter.id, timezone="America/Lima"
        )
        store.subscribers.add(far, consent=Consent(at=begun, how="a test"))
        # No edition is opened for the own zone; MujazSlotOverdue would wait for it each day.
        site.clock.moment = due + _LONG_ENOUGH
        assert _of(_figures(site), "last_slot_timestamp_seconds", newsletter=newsletter.id) == 0


def test_figures_are_kept_for_some_seconds_and_counted_anew_then(tmp_path: pathlib.Path) -> None:
    with opened_site(tmp_path, _SETTINGS, editions=False) as site:
        of = site.app.newsletter().id
        operations = site.app.store.operations
        assert _of(_figures(site), "worker_beat_age_seconds") == -1
        operations.raise_alert(f"slot {of} 2026-11-22 Asia/Tokyo", "missed", NOW)
        operations.pause(Pause(newsletter_id=of, since=NOW))
        assert _of(_figures(site), "slots_missed", newsletter=of) == 0
        site.clock.moment += _LONG_ENOUGH
        found = _figures(site)
        assert _of(found, "slots_missed", newsletter=of) == _of(found, "paused", newsletter=of) == 1


def test_a_clock_that_was_set_back_does_not_keep_old_figures(tmp_path: pathlib.Path) -> None:
    with opened_site(tmp_path, _SETTINGS, editions=False) as site:
        of = site.app.newsletter().id
        assert _of(_figures(site), "paused", newsletter=of) == 0
        site.app.store.operations.pause(Pause(newsletter_id=of, since=NOW))
        site.clock.moment -= _LONG_ENOUGH
        assert _of(_figures(site), "paused", newsletter=of) == 1


def test_without_a_database_that_is_what_it_says(tmp_path: pathlib.Path) -> None:
    nobody = {"DATABASE_URL": "postgresql://mujaz@127.0.0.1:9/mujaz"}
    with opened_site(tmp_path, _SETTINGS | nobody, editions=False) as site:
        found = _figures(site)
    assert {name for name, _ in found} == {"mujaz_build_info", "mujaz_database_up"}
    assert _of(found, "database_up") == 0


def test_every_figure_is_in_the_table_and_none_is_missing(site: Site) -> None:
    answer = site.client.get("/metrics", headers=_BEARER).get_data(as_text=True)
    families = {one.name.removeprefix("mujaz_"): one for one in text_string_to_metric_families(answer)}
    assert set(families) == set(GAUGES)
    for name, (words, labels) in GAUGES.items():
        assert families[name].documentation == words
        assert {frozenset(one.labels) for one in families[name].samples} <= {frozenset(labels)}, name
        # SQLite has no task queue.
        assert families[name].samples or name == "jobs"


def test_each_kind_of_alert_has_a_figure_before_there_is_one(tmp_path: pathlib.Path) -> None:
    with opened_site(tmp_path, _SETTINGS, editions=False) as site:
        found = _figures(site)
    kinds = {dict(labels)["kind"] for name, labels in found if name == "mujaz_alerts"}
    assert kinds == {kind for _, of in _FINDERS for kind in of}


def test_no_reader_is_named(site: Site) -> None:
    said = site.client.get("/metrics", headers=_BEARER).get_data(as_text=True)
    assert "@" not in said
    assert "layla" not in said


def test_an_edition_that_is_still_leaving_has_an_age(tmp_path: pathlib.Path) -> None:
    with opened_site(tmp_path, _SETTINGS) as waiting:
        # The oldest of its editions was composed two days before the newest.
        oldest = waiting.app.store.editions.edition(waiting.ids()[0])
        assert oldest is not None
        age = (NOW - oldest.composed_at).total_seconds()
        assert _of(_figures(waiting), "queue_age_seconds") == age > 0


def test_of_several_zones_the_first_slot_counts_and_the_readers_of_all(tmp_path: pathlib.Path) -> None:
    with opened_site(tmp_path, _SETTINGS, editions=False) as site:
        newsletter = site.app.newsletter()
        for zone in ("Asia/Tokyo", "America/Lima"):
            person = Subscriber(
                id=0, email=f"{zone[-4:]}@example.org", newsletter_id=newsletter.id, timezone=zone
            )
            site.app.store.subscribers.add(
                person, consent=Consent(at=NOW - dt.timedelta(days=9), how="a test")
            )
        opened = [
            OpenedEdition(
                id=zone,
                newsletter_id=newsletter.id,
                local_date=NOW.date(),
                cohort=zone,
                opened_at=NOW,
                recipients=2,
            )
            for zone in ("", "Asia/Tokyo")
        ]
        found = {one.name: one.samples[0].value for one in _slots(site.app, opened, NOW)}
        assert found["mujaz_last_edition_recipients"] == 4
        # Nobody reads in the newsletter's own zone, and the day begins in Lima's morning.
        coming = [next_slot(newsletter, zone, NOW).due_at for zone in ("America/Lima", "Asia/Tokyo", "")]
        assert found["mujaz_next_slot_timestamp_seconds"] == coming[0].timestamp()
        assert coming == sorted(coming)


def test_jobs_are_told_by_task_and_status() -> None:
    waiting = Jobs(counts={("deliver_chunk", "todo"): 2}, waiting_since=NOW - dt.timedelta(minutes=5))
    jobs, age = _jobs(waiting, NOW)
    assert [one.value for one in jobs.samples if one.labels["status"] == "todo"] == [2]
    assert age.samples[0].value == 300

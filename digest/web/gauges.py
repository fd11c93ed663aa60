"""The figures of a whole installation, as gauges: counted in its database, the same whoever asks.

No label holds an address, a reader or an edition: newsletters, states, kinds and tasks are few.
"""

from __future__ import annotations

import datetime as dt
import platform
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from prometheus_client.core import GaugeMetricFamily

from digest import __version__
from digest.adapters.store.figures import Jobs, OpenedEdition, SqlFigures
from digest.adapters.store.operating import DEAD_AFTER
from digest.cli.sources import sources_health
from digest.collector.health import HealthState
from digest.model import Bounce, DeliveryState, Newsletter, SuppressionReason, ZoneReaders
from digest.schedule import appears_on, cohorts_of, next_slot, slot_of
from digest.worker.troubles import resumed

if TYPE_CHECKING:
    from digest.app import App

#: Deliveries are counted of the editions of these last days: of all, each scrape would read the whole ledger.
_DAYS = dt.timedelta(days=2)
#: Cohorts of editions this recent are those that the next slots are looked for in.
_COHORTS = dt.timedelta(days=8)
_DAY = dt.timedelta(days=1)
#: The kinds of alerts: the first word of their keys.
_ALERTS = ("slot", "sources", "unknown", "bounces", "sending", "deferred", "worker", "approval")
_JOB_STATES = ("todo", "doing", "failed")
#: Values by their labels.
_Values = Mapping[tuple[str, ...], float]

#: Each gauge: what it says, and its labels.
GAUGES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "build_info": ("The program that answers; always 1.", ("version", "python")),
    "database_up": ("Whether the database answers: 1 or 0. With 0 there are no other figures.", ()),
    "database_size_bytes": ("What the database takes up.", ()),
    "editions": ("Editions that were opened, ever.", ("newsletter",)),
    "deliveries": (
        "Deliveries of the editions of the last two days, by state.",
        ("newsletter", "state"),
    ),
    "last_edition_deliveries": (
        "Deliveries of the newest local date's editions, by state.",
        ("newsletter", "state"),
    ),
    "last_edition_recipients": ("Readers that the newest local date's editions are for.", ("newsletter",)),
    "last_edition_opened_timestamp_seconds": (
        "When an edition was last opened, in Unix time; 0: not in the last eight days.",
        ("newsletter",),
    ),
    "bounces": (
        "Refusals for good, of the editions of the last two days, that say something of the address.",
        ("newsletter", "kind"),
    ),
    "queue_age_seconds": ("Since when the oldest delivery waits that may still be sent; 0: none.", ()),
    "jobs": ("Jobs of the task queue, by task and status; none on SQLite.", ("task", "status")),
    "job_age_seconds": ("Since when the oldest job waits that may be worked on; 0: none.", ()),
    "next_slot_timestamp_seconds": (
        "When the next edition is due, in Unix time: the first of all zones'.",
        ("newsletter",),
    ),
    "last_slot_timestamp_seconds": (
        "When an edition for the newsletter's own zone was last due, in Unix time; 0: none since there are readers in it.",
        ("newsletter",),
    ),
    "slots_missed": ("Slots that fail or were missed, and of which an alert stands.", ("newsletter",)),
    "paused": ("Whether the newsletter is paused: 1 or 0.", ("newsletter",)),
    "subscribers": ("Subscriptions that did not end.", ("newsletter", "confirmed")),
    "suppressions": ("Addresses that are not written to, by reason.", ("reason",)),
    "sources": ("Sources, by how they do.", ("state",)),
    "collect_timestamp_seconds": ("When the last collect ended, in Unix time; 0: never.", ()),
    "newest_article_timestamp_seconds": (
        "When the newest article was published, in Unix time; 0: none.",
        (),
    ),
    "workers": ("Workers that gave a sign of life in the last minute.", ()),
    "worker_beat_age_seconds": ("Since when no worker gave a sign of life; -1: none ever did.", ()),
    "alerts": ("Alerts that stand, by kind.", ("kind",)),
}


def family(name: str, values: _Values) -> GaugeMetricFamily:
    """Return a gauge with its values by their labels."""
    words, labels = GAUGES[name]
    found = GaugeMetricFamily(f"mujaz_{name}", words, labels=labels)
    for of, value in values.items():
        found.add_metric(of, value)
    return found


def one(name: str, value: float) -> GaugeMetricFamily:
    """Return a gauge without labels."""
    return family(name, {(): value})


def build_info() -> GaugeMetricFamily:
    """Return which program this is."""
    return family("build_info", {(__version__, platform.python_version()): 1})


def figures(app: App, now: dt.datetime) -> Iterator[GaugeMetricFamily]:
    """Yield all that the database knows. Raises DatabaseError where it does not answer."""
    counts = SqlFigures(app.store.engine)
    newsletters = list(app.newsletters())
    yield one("database_size_bytes", counts.size_bytes())
    yield from _letters(counts, newsletters, now)
    yield from _jobs(counts.jobs(now), now)
    yield from _slots(app, counts.opened((now - _COHORTS).date()), now)
    yield from _people(counts, newsletters)
    yield from _news(app, now)
    yield from _work(app, now)


def _letters(
    counts: SqlFigures, newsletters: list[Newsletter], now: dt.datetime
) -> Iterator[GaugeMetricFamily]:
    editions = counts.editions()
    yield family("editions", {(one.id,): editions.get(one.id, 0) for one in newsletters})
    found = counts.delivery_states((now - _DAYS).date())
    last: dict[str, dt.date] = {}
    for newsletter_id, day in found:
        last[newsletter_id] = max(day, last.get(newsletter_id, day))
    recent: dict[tuple[str, ...], float] = {}
    newest: dict[tuple[str, ...], float] = {}
    for newsletter in newsletters:
        of_all = Counter[DeliveryState]()
        of_last = found.get((newsletter.id, last.get(newsletter.id, dt.date.min)), {})
        for (newsletter_id, _), states in found.items():
            of_all.update(states if newsletter_id == newsletter.id else {})
        for state in DeliveryState:
            recent[newsletter.id, state] = of_all[state]
            newest[newsletter.id, state] = of_last.get(state, 0)
    yield family("deliveries", recent)
    yield family("last_edition_deliveries", newest)
    bounces = counts.bounces((now - _DAYS).date())
    yield family(
        "bounces", {(one.id, kind): bounces.get((one.id, kind), 0) for one in newsletters for kind in Bounce}
    )
    yield one("queue_age_seconds", _age(counts.waiting_since(), now))


def _jobs(jobs: Jobs, now: dt.datetime) -> Iterator[GaugeMetricFamily]:
    tasks = sorted({task for task, _ in jobs.counts})
    yield family(
        "jobs",
        {(task, status): jobs.counts.get((task, status), 0) for task in tasks for status in _JOB_STATES},
    )
    yield one("job_age_seconds", _age(jobs.waiting_since, now))


def _slots(app: App, opened: list[OpenedEdition], now: dt.datetime) -> Iterator[GaugeMetricFamily]:
    """Yield what was due, what is due next, and what became of it."""
    newsletters = list(app.newsletters())
    cohorts = {one.id: cohorts_of(one, app.store.subscribers.zones(one.id)) for one in newsletters}
    recipients, opened_at = Counter[str](), Counter[str]()
    days: dict[str, dt.date] = {}
    for edition in opened:
        of = edition.newsletter_id
        # In the order of their local dates.
        if days.get(of) != edition.local_date:
            days[of], recipients[of] = edition.local_date, 0
        recipients[of] += edition.recipients
        opened_at[of] = max(opened_at[of], int(edition.opened_at.timestamp()))
    yield family("last_edition_recipients", {(one.id,): recipients[one.id] for one in newsletters})
    yield family(
        "last_edition_opened_timestamp_seconds", {(one.id,): opened_at[one.id] for one in newsletters}
    )
    coming: _Values = {
        (newsletter.id,): min(
            next_slot(newsletter, cohort, now).due_at.timestamp()
            for cohort in cohorts[newsletter.id] or ("",)
        )
        for newsletter in newsletters
    }
    yield family("next_slot_timestamp_seconds", coming)
    due: _Values = {
        (one.id,): _last_due(one, _watched_since(app, one, cohorts[one.id].get("")), now)
        for one in newsletters
    }
    yield family("last_slot_timestamp_seconds", due)
    pauses = app.store.operations.pauses()
    yield family("paused", {(one.id,): one.id in pauses for one in newsletters})


def _watched_since(app: App, newsletter: Newsletter, own: ZoneReaders | None) -> dt.datetime | None:
    """Return from when on slots of the own zone should have gone out: a worker was there, a reader, and no pause.

    None where there was never a worker, or nobody reads in that zone: then no edition is opened for it.
    """
    begun = app.store.operations.first_start()
    if begun is None or own is None:
        return None
    turn = app.store.operations.turn(resumed(newsletter.id))
    return max(begun, own.since, turn.started_at if turn else begun)


def _last_due(newsletter: Newsletter, since: dt.datetime | None, now: dt.datetime) -> float:
    """Return when the own zone's last slot after that was due; 0 where none was in the last days."""
    if since is None:
        return 0
    days = [now.date() + ahead * _DAY for ahead in range(1, -_COHORTS.days, -1)]
    slots = (slot_of(newsletter, day) for day in days if appears_on(newsletter, day))
    return next((slot.due_at.timestamp() for slot in slots if since < slot.due_at <= now), 0)


def _people(counts: SqlFigures, newsletters: list[Newsletter]) -> Iterator[GaugeMetricFamily]:
    found = counts.subscribers()
    readers: _Values = {
        (one.id, words): found.get((one.id, confirmed), 0)
        for one in newsletters
        for words, confirmed in (("yes", True), ("no", False))
    }
    yield family("subscribers", readers)
    reasons = counts.suppressions()
    yield family("suppressions", {(reason,): reasons.get(reason, 0) for reason in SuppressionReason})


def _news(app: App, now: dt.datetime) -> Iterator[GaugeMetricFamily]:
    health = sources_health(app, now)
    states = Counter(source.state for source in health)
    yield family("sources", {(state,): states[state] for state in HealthState})
    turn = app.store.operations.turn("collect")
    yield one("collect_timestamp_seconds", turn.done_at.timestamp() if turn and turn.done_at else 0)
    newest = max((source.newest for source in health if source.newest), default=None)
    yield one("newest_article_timestamp_seconds", newest.timestamp() if newest else 0)


def _work(app: App, now: dt.datetime) -> Iterator[GaugeMetricFamily]:
    workers = app.store.operations.workers(now - _COHORTS)
    alive = [life for life in workers if life.stopped_at is None and life.beat_at > now - DEAD_AFTER]
    yield one("workers", len(alive))
    beats = [life.beat_at for life in workers]
    yield one("worker_beat_age_seconds", (now - max(beats)).total_seconds() if beats else -1)
    keys = [alert.key.split(" ") for alert in app.store.operations.alerts()]
    kinds = Counter(key[0] for key in keys)
    yield family("alerts", {(kind,): kinds[kind] for kind in (*_ALERTS, *sorted(set(kinds) - set(_ALERTS)))})
    missed = Counter(key[1] for key in keys if key[0] == "slot" and len(key) > 1)
    yield family("slots_missed", {(one.id,): missed[one.id] for one in app.newsletters()})


def _age(since: dt.datetime | None, now: dt.datetime) -> float:
    return max((now - since).total_seconds(), 0) if since else 0

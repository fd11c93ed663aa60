"""How an installation stands, from its database: what the doctor's checks of its work look at."""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from digest.adapters.database_probe import edition_figures, task_facts
from digest.adapters.fetch.public_addresses import is_public
from digest.adapters.machine_probe import zone_rules
from digest.adapters.store.engine import open_engine
from digest.adapters.store.figures import SqlFigures
from digest.app import App
from digest.cli.sources import sources_health
from digest.collector.manners import address_of, state_of
from digest.doctor import (
    ClockFacts,
    Finding,
    NewsletterFacts,
    SourceFacts,
    alert_findings,
    clock_findings,
    ledger_findings,
    newsletter_findings,
    orphan_findings,
    source_findings,
    task_findings,
    worker_findings,
)
from digest.doctor.findings import good
from digest.model import Newsletter, Slot, ZoneReaders
from digest.schedule import cohorts_of, next_slot, slots_missed, slots_to_send
from digest.worker.troubles import resumed

#: Editions, workers and slots of these days are looked at.
_DAYS = dt.timedelta(days=7)
#: An article that is dated further ahead than this may speak against our clock.
_AHEAD = dt.timedelta(minutes=15)


class Standing:
    """What the database tells of one moment."""

    def __init__(self, app: App, now: dt.datetime) -> None:
        self._app = app
        self._now = now

    def ledger(self) -> list[Finding]:
        """Look whether the ledger adds up; needs no settings."""
        engine = open_engine(self._app.database_url)
        try:
            return ledger_findings(edition_figures(engine, self._now - _DAYS, self._now), self._now)
        finally:
            engine.dispose()

    def sources(self) -> list[Finding]:
        """Look whether news comes in."""
        app = self._app
        facts = SourceFacts(
            states={one.source.id: one.state for one in sources_health(app, self._now)},
            newest=app.store.articles.newest(self._now, []),
            window=dt.timedelta(hours=app.settings.rank.window_hours),
            failing_percent=app.settings.alerts.failing_sources_percent,
            moved=dict(self._moved()),
            private=[] if app.settings.collect.allow_private_addresses else list(self._private()),
        )
        return source_findings(facts, self._now)

    def _moved(self) -> Iterator[tuple[str, str]]:
        known = self._app.store.articles.fetch_states()
        for source in self._app.settings.sources.values():
            state = state_of(source, known.get(source.id))
            if source.enabled and address_of(state) != state.url:
                yield source.id, address_of(state)

    def _private(self) -> Iterator[str]:
        for source in self._app.settings.sources.values():
            if source.enabled and _is_private(urlsplit(source.url).hostname or ""):
                yield source.id

    def clock(self, database_ahead: float) -> list[Finding]:
        """Look whether the machine's clock can be right."""
        store, now = self._app.store, self._now
        states = store.articles.fetch_states()
        ahead = store.articles.articles(now + _AHEAD, now + dt.timedelta(days=1))
        # Signs of life are looked for ahead of now only: one would be enough.
        stored: dict[str, list[dt.datetime]] = {
            "fetch": [state.checked_at for state in states.values() if state.checked_at],
            "sign of life": [life.beat_at for life in store.operations.workers(now)],
            "edition": [one.composed_at for one in store.operations.latest_editions(1)],
        }
        zones = {zone for one in self._app.newsletters() for zone in store.subscribers.zones(one.id)}
        facts = ClockFacts(
            database_ahead=database_ahead,
            stored={what: max(when) for what, when in stored.items() if when},
            sources_ahead=len({article.source for article in ahead}),
            sources=len(states),
            zone_rules=zone_rules(),
            unknown_zones=sorted(zones - available_timezones() - {""}),
        )
        return clock_findings(now, facts)

    def workers(self) -> list[Finding]:
        """Look whether a worker runs, and whether the tasks get done."""
        store, since = self._app.store, self._now - _DAYS
        return [
            *worker_findings(store.operations.workers(since), self._now),
            *task_findings(task_facts(store.engine, since)),
        ]

    def alerts(self) -> list[Finding]:
        """Look what the operator was to be told."""
        alerts = self._app.store.operations.alerts()
        ways = self._app.settings.alerts
        is_told = bool(ways.to or ways.webhook_url.get_secret_value())
        found = alert_findings(alerts, self._now, is_told=is_told)
        return list(found) or [good("alerts.ok", "None stands.")]

    def schedule(self) -> Iterator[Finding]:
        """Look whether each newsletter appears in its time."""
        for newsletter in self._app.newsletters():
            yield from newsletter_findings(self._of_newsletter(newsletter), self._now)
        configured = {newsletter.id for newsletter in self._app.newsletters()}
        found = SqlFigures(self._app.store.engine).subscribers()
        orphans = {of: n for (of, confirmed), n in found.items() if confirmed and of not in configured}
        yield from orphan_findings(orphans)

    def _of_newsletter(self, newsletter: Newsletter) -> NewsletterFacts:
        store, now = self._app.store, self._now
        cohorts = cohorts_of(newsletter, store.subscribers.zones(newsletter.id))
        upcoming = [next_slot(newsletter, cohort, now) for cohort in cohorts]
        pause = store.operations.pauses().get(newsletter.id)
        begun = self._begun(newsletter)
        missed = slots_missed(newsletter, cohorts, begun, now) if begun else ()
        due = self._due(newsletter, cohorts, begun) if begun else []
        waiting = [slot for slot in due if self._waits_for_approval(newsletter, slot)]
        return NewsletterFacts(
            newsletter_id=newsletter.id,
            readers=sum(readers.count for readers in cohorts.values()),
            upcoming=sorted(upcoming, key=lambda slot: slot.due_at),
            missed=self._unopened(missed, pause.since if pause else now),
            due=[slot for slot in due if slot not in waiting],
            unapproved=waiting,
            pause=pause,
        )

    def _begun(self, newsletter: Newsletter) -> dt.datetime | None:
        """Return since when the newsletter should appear: a worker ran, and no pause was on; None for never."""
        operations = self._app.store.operations
        first, turn = operations.first_start(), operations.turn(resumed(newsletter.id))
        return max(first, turn.started_at) if first and turn else first

    def _due(
        self, newsletter: Newsletter, cohorts: Mapping[str, ZoneReaders], begun: dt.datetime
    ) -> list[Slot]:
        """Return the slots that should be on their way, and are not."""
        slots = slots_to_send(newsletter, cohorts, self._now)
        # One that was due before the first of its readers agreed is nobody's.
        wanted = (slot for slot in slots if slot.due_at > max(begun, cohorts[slot.cohort].since))
        return self._unopened(wanted, self._now)

    def _waits_for_approval(self, newsletter: Newsletter, slot: Slot) -> bool:
        if newsletter.approval != "manual" or newsletter.unapproved != "hold":
            return False
        return self._app.store.desk.approval(newsletter.id, slot.local_date) is None

    def _unopened(self, slots: Iterable[Slot], until: dt.datetime) -> list[Slot]:
        """Return those due before `until` whose edition nobody was sent."""
        opened = self._app.store.editions.opened_slots((self._now - _DAYS).date() - dt.timedelta(days=2))
        return [
            slot
            for slot in slots
            if slot.due_at < until and (slot.newsletter_id, slot.local_date, slot.cohort) not in opened
        ]


def _is_private(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith((".localhost", ".local", ".internal"))
    return not is_public(host)

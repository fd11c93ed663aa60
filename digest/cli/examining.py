"""Gathers what the checks of `digest.doctor` look at, and changes nothing by it."""

from __future__ import annotations

import datetime as dt
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property, partial

import sqlalchemy as sa
from sqlalchemy.engine import make_url

from digest.adapters.database_probe import edition_figures, look_at_database
from digest.adapters.probe import probe_outbox, probe_sendgrid, probe_smtp, write_trouble
from digest.adapters.store.engine import open_engine
from digest.app import App
from digest.cli.options import counted
from digest.cli.sources import sources_health
from digest.doctor import (
    DatabaseFacts,
    Finding,
    HomeFacts,
    NewsletterFacts,
    alert_findings,
    clock_findings,
    database_findings,
    home_findings,
    hushed,
    ledger_findings,
    newsletter_findings,
    secret_findings,
    source_findings,
    worker_findings,
)
from digest.doctor.findings import fault, good
from digest.errors import ConfigurationError, DigestError, Fault
from digest.model import Newsletter, Slot, ZoneReaders
from digest.schedule import cohorts_of, next_slot, slots_missed

CONFIGURATION = "configuration"
#: Editions, workers and slots of these days are looked at.
_DAYS = dt.timedelta(days=7)
#: An article that is dated further ahead than this may speak against our clock.
_AHEAD = dt.timedelta(minutes=15)
_SECRETS = (
    "SENDGRID_API_KEY",
    "DIGEST_SENDGRID__API_KEY",
    "DIGEST_SMTP__PASSWORD",
    "DIGEST_SECRET_KEY",
    "DIGEST_DESK_PASSWORD",
)


def examine(app: App) -> list[Finding]:
    """Return what was found, with no secret in it."""
    examination = _Examination(app)
    secrets = examination.secrets()
    return [hushed(finding, secrets) for finding in examination.findings()]


class _Examination:
    """One look at an installation."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._now = app.clock.now()

    @cached_property
    def _base(self) -> DatabaseFacts:
        return look_at_database(self._app.database_url, self._now)

    @cached_property
    def _configured(self) -> bool:
        try:
            return bool(self._app.settings)
        except ConfigurationError:
            return False

    def findings(self) -> Iterator[Finding]:
        """Yield what every check finds, as far as the others let it look."""
        # At this program's tables, so that opening it brings nothing up to date.
        usable = self._base.exists and not self._base.trouble and self._base.version == self._base.head
        looks: list[tuple[str, bool, Callable[[], Iterable[Finding]]]] = [
            (CONFIGURATION, True, self._configuration),
            ("home", True, self._home),
            ("database", True, lambda: database_findings(self._base)),
            ("ledger", usable, self._ledger),
            ("sender", self._configured, self._sender),
            ("secrets", self._configured, self._signing),
            ("sources", self._configured and usable, self._sources),
            ("clock", self._configured and usable, self._clock),
            ("workers", self._configured and usable, self._workers),
            ("schedule", self._configured and usable, self._schedule),
        ]
        for check, can, look in looks:
            if can:
                yield from _guarded(check, look)

    def secrets(self) -> list[str]:
        """Return all that must not be shown, as far as it can be read."""
        app = self._app
        secrets = [app.environment.get(name, "") for name in _SECRETS]
        try:
            secrets.append(make_url(app.database_url).password or "")
        except (sa.exc.ArgumentError, ValueError):
            secrets.append(app.database_url)
        if self._configured:
            settings = app.settings
            kept = (
                settings.sendgrid.api_key,
                settings.smtp.password,
                settings.secret_key,
                settings.desk_password,
            )
            secrets += [secret.get_secret_value() for secret in kept]
            secrets += settings.secret_keys
        return secrets

    # ----------------------------------------------------------------- the place

    def _configuration(self) -> list[Finding]:
        """Return every fault: of the files, and of what is made from them when an edition is made and sent."""
        faults = list(dict.fromkeys(self._faults()))
        if faults:
            return [
                fault(
                    CONFIGURATION, f"{one.where}{f': {one.key}' if one.key else ''}: {one.wrong}.", one.right
                )
                for one in faults
            ]
        settings = self._app.settings
        counts = (
            counted(len(settings.newsletters), "newsletter"),
            counted(len(settings.sources), "source"),
            counted(len(settings.regions), "region"),
        )
        return [good(CONFIGURATION, f"{', '.join(counts)}.")]

    def _faults(self) -> Iterator[Fault]:
        app = self._app
        parts: list[Callable[[], object]] = [lambda: app.settings]
        if self._configured:
            parts += [lambda: app.placer, lambda: app.rank_settings]
            makers = (app.renderer, app.assembler, self._sender_made)
            parts += [partial(make, newsletter) for newsletter in app.newsletters() for make in makers]
        for part in parts:
            try:
                part()
            except ConfigurationError as error:
                yield from error.faults

    def _sender_made(self, newsletter: Newsletter) -> None:
        self._app.sender(newsletter).close()

    def _home(self) -> list[Finding]:
        home = self._app.home
        if not home.is_dir():
            return home_findings(HomeFacts(path=str(home), exists=False))
        return home_findings(
            HomeFacts(
                path=str(home),
                used=(home / "config").is_dir() or self._app.var.is_dir(),
                trouble=write_trouble(self._app.var),
                free=shutil.disk_usage(home).free,
            )
        )

    def _ledger(self) -> list[Finding]:
        engine = open_engine(self._app.database_url)
        try:
            return ledger_findings(edition_figures(engine, self._now - _DAYS, self._now), self._now)
        finally:
            engine.dispose()

    def _sender(self) -> list[Finding]:
        settings = self._app.settings
        if settings.transport == "smtp":
            return probe_smtp(settings.smtp)
        if settings.transport == "sendgrid":
            # Without a key it is a fault of the configuration, and said there.
            return probe_sendgrid(settings.sendgrid) if settings.sendgrid.api_key.get_secret_value() else []
        return probe_outbox(self._app.var / "outbox")

    def _signing(self) -> list[Finding]:
        settings = self._app.settings
        # All of them are accepted: the shortest is the easiest to guess.
        return secret_findings(settings.base_url, min(map(len, settings.secret_keys), default=0))

    # ----------------------------------------------------------------- what goes on there

    def _sources(self) -> list[Finding]:
        app = self._app
        states = Counter(one.state for one in sources_health(app, self._now))
        return source_findings(
            states,
            app.store.articles.newest(self._now, []),
            self._now,
            dt.timedelta(hours=app.settings.rank.window_hours),
            app.settings.alerts.failing_sources_percent,
        )

    def _clock(self) -> list[Finding]:
        articles = self._app.store.articles
        states = articles.fetch_states()
        ahead = articles.articles(self._now + _AHEAD, self._now + dt.timedelta(days=1))
        return clock_findings(
            self._now,
            self._base.clock_ahead,
            max((state.checked_at for state in states.values() if state.checked_at), default=None),
            len({article.source for article in ahead}),
            len(states),
        )

    def _workers(self) -> list[Finding]:
        operations = self._app.store.operations
        return [
            *worker_findings(operations.workers(self._now - _DAYS), self._now),
            *alert_findings(operations.alerts()),
        ]

    def _schedule(self) -> Iterator[Finding]:
        for newsletter in self._app.newsletters():
            yield from newsletter_findings(self._standing(newsletter))

    def _standing(self, newsletter: Newsletter) -> NewsletterFacts:
        store, now = self._app.store, self._now
        cohorts = cohorts_of(newsletter, store.subscribers.zones(newsletter.id))
        upcoming = [next_slot(newsletter, cohort, now) for cohort in cohorts]
        pause = store.operations.pauses().get(newsletter.id)
        return NewsletterFacts(
            newsletter_id=newsletter.id,
            readers=sum(readers.count for readers in cohorts.values()),
            upcoming=sorted(upcoming, key=lambda slot: slot.due_at),
            missed=self._missed(newsletter, cohorts, pause.since if pause else now),
            pause=pause,
        )

    def _missed(
        self, newsletter: Newsletter, cohorts: Mapping[str, ZoneReaders], until: dt.datetime
    ) -> list[Slot]:
        """Return the slots due before `until`, and since a worker first ran, whose edition nobody was sent."""
        store, now = self._app.store, self._now
        begun = store.operations.first_start()
        if begun is None:
            return []
        opened = store.editions.opened_slots((now - _DAYS).date() - dt.timedelta(days=2))
        return [
            slot
            for slot in slots_missed(newsletter, cohorts, begun, now)
            if slot.due_at < until and (slot.newsletter_id, slot.local_date, slot.cohort) not in opened
        ]


def _guarded(check: str, look: Callable[[], Iterable[Finding]]) -> list[Finding]:
    """Return what a look found; its own failure is a finding as well, and stops no other."""
    try:
        return list(look())
    except (DigestError, OSError, sa.exc.SQLAlchemyError) as error:
        words = " ".join(str(error).split())
        return [fault(check, f"This could not be looked at: {words}", "Mend what it names, and ask again.")]

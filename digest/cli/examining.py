"""Gathers what the checks of `digest.doctor` look at, side by side, and changes nothing by it."""

from __future__ import annotations

import pathlib
import queue
import threading
import time
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import sqlalchemy as sa
from sqlalchemy.engine import make_url

from digest.adapters.clock import SystemClock
from digest.adapters.database_probe import look_at_database, sqlite_file
from digest.adapters.dkim import load_signer
from digest.adapters.dns import DnsNames
from digest.adapters.machine_probe import free_memory, look_at_disks, write_trouble
from digest.adapters.probe import is_loopback, probe_outbox, probe_sendgrid, probe_smtp
from digest.app import App
from digest.cli.options import counted
from digest.cli.setting_facts import setting_facts
from digest.cli.standing import Standing
from digest.doctor import (
    DatabaseFacts,
    Finding,
    HomeFacts,
    database_findings,
    disk_findings,
    home_findings,
    hushed,
    secret_findings,
    unwise_findings,
)
from digest.doctor.findings import fault, good, late, unseen
from digest.doctor.mail_domain import MailFacts, mail_domain_findings
from digest.doctor.unwise import is_reserved
from digest.errors import ConfigurationError, DigestError, Fault
from digest.mailer.signing import DkimSigner
from digest.model import Newsletter
from digest.ports import Progress

CONFIGURATION = "configuration"
#: What is looked at, in the order in which it is told.
CHECKS = (
    *(CONFIGURATION, "settings", "secrets", "home", "disk", "database", "ledger", "sender", "dns"),
    *("sources", "clock", "workers", "alerts", "schedule"),
)
#: Seconds after which nothing is waited for any more.
_SECONDS = 30.0
_SECRETS = (
    "SENDGRID_API_KEY",
    "DIGEST_SENDGRID__API_KEY",
    "DIGEST_SMTP__PASSWORD",
    "DIGEST_SECRET_KEY",
    "DIGEST_DESK_PASSWORD",
    "DIGEST_WEB__METRICS_TOKEN",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What an examination came to."""

    findings: Sequence[Finding]
    #: Checks that could not be made, for what is wrong elsewhere.
    skipped: Sequence[str]


def examine(
    app: App,
    nameserver: tuple[str, int] | None = None,
    progress: Progress = lambda _label, _done, _total: None,
    seconds: float = _SECONDS,
) -> Examined:
    """Return what was found, with no secret in it, within these seconds; `nameserver`: None for the machine's own."""
    examination = _Examination(app, nameserver)
    secrets = examination.secrets()
    told = _side_by_side(examination.lanes(), progress, seconds)
    found = [hushed(finding, secrets) for findings in told.values() for finding in findings or ()]
    return Examined(
        findings=sorted(found, key=lambda finding: CHECKS.index(finding.check)),
        skipped=[check for check in CHECKS if told[check] is None],
    )


#: A check with what makes it; None comes of one that cannot be made.
_Look = tuple[str, Callable[[], Iterable[Finding] | None]]


def _side_by_side(
    lanes: Sequence[Sequence[_Look]], progress: Progress, seconds: float
) -> dict[str, list[Finding] | None]:
    """Return what each check finds; the lanes go at the same time, the checks of each one after the other."""
    done: queue.SimpleQueue[tuple[str, list[Finding] | None]] = queue.SimpleQueue()
    checks = [check for lane in lanes for check, _ in lane]

    def go_through(lane: Sequence[_Look]) -> None:
        for check, look in lane:
            done.put((check, _guarded(check, look)))

    for lane in lanes:
        # What hangs must not keep the command from ending.
        threading.Thread(target=go_through, args=(lane,), daemon=True).start()
    told: dict[str, list[Finding] | None] = {}
    deadline = time.monotonic() + seconds
    while len(told) < len(checks):
        missing = next(check for check in checks if check not in told)
        progress(missing, len(told), len(checks))
        try:
            check, findings = done.get(timeout=max(deadline - time.monotonic(), 0.01))
        except queue.Empty:
            return told | _cut_short(lanes, told.keys(), seconds)
        told[check] = findings
    return told


def _cut_short(
    lanes: Sequence[Sequence[_Look]], done: Container[str], seconds: float
) -> dict[str, list[Finding] | None]:
    """Return what to say of the checks that are not done: of each lane the first is at fault, the others wait for it."""
    told: dict[str, list[Finding] | None] = {}
    for lane in lanes:
        missing = [check for check, _ in lane if check not in done]
        told |= {check: None if others else [late(check, seconds)] for others, check in enumerate(missing)}
    return told


def _guarded(check: str, look: Callable[[], Iterable[Finding] | None]) -> list[Finding] | None:
    """Return what a look found; its own failure is a finding as well, and stops no other."""
    try:
        found = look()
        return None if found is None else list(found)
    except (DigestError, OSError, sa.exc.SQLAlchemyError) as error:
        return [unseen(check, " ".join(str(error).split()))]
    except Exception as error:
        # A doctor that dies of what it was called for helps nobody.
        return [unseen(check, f"{type(error).__name__}: {' '.join(str(error).split())}")]


class _Examination:
    """One look at an installation."""

    def __init__(self, app: App, nameserver: tuple[str, int] | None) -> None:
        self._app = app
        self._now = app.clock.now()
        self._nameserver = nameserver
        #: Other machines' clocks are compared with this machine's, also where `--at` has set another moment.
        self._clock = SystemClock()

    @cached_property
    def _base(self) -> DatabaseFacts:
        return look_at_database(self._app.database_url, self._clock, self._app.var)

    @cached_property
    def _configured(self) -> bool:
        try:
            return bool(self._app.settings)
        except (DigestError, OSError):
            return False

    @cached_property
    def _standing(self) -> Standing:
        return Standing(self._app, self._now)

    def lanes(self) -> list[list[_Look]]:
        """Return all checks; those that wait for different things are in different lanes."""
        standing = self._standing
        return [
            [
                (CONFIGURATION, self._configuration),
                ("settings", self._if_configured(self._unwise)),
                ("secrets", self._if_configured(self._signing)),
            ],
            [("home", self._home), ("disk", self._disk)],
            [("sender", self._if_configured(self._sender))],
            [("dns", self._if_configured(self._names))],
            [
                ("database", lambda: database_findings(self._base)),
                ("ledger", lambda: standing.ledger() if self._base.usable else None),
                ("sources", self._if_stored(standing.sources)),
                ("clock", self._if_stored(lambda: standing.clock(self._base.clock_ahead))),
                ("workers", self._if_stored(standing.workers)),
                ("alerts", self._if_stored(standing.alerts)),
                ("schedule", self._if_stored(standing.schedule)),
            ],
        ]

    def _if_configured(self, look: Callable[[], Iterable[Finding]]) -> Callable[[], Iterable[Finding] | None]:
        return lambda: look() if self._configured else None

    def _if_stored(self, look: Callable[[], Iterable[Finding]]) -> Callable[[], Iterable[Finding] | None]:
        # At this program's tables, so that opening it brings nothing up to date.
        return lambda: look() if self._configured and self._base.usable else None

    def secrets(self) -> list[str]:
        """Return all that must not be shown, as far as it can be read."""
        app = self._app
        secrets = [app.environment.get(name, "") for name in _SECRETS]
        try:
            url = make_url(app.database_url)
            secrets += [url.password or "", *url.normalized_query.get("password", ())]
        except (sa.exc.ArgumentError, ValueError):
            secrets.append(app.database_url)
        if self._configured:
            settings = app.settings
            kept = (
                settings.sendgrid.api_key,
                settings.smtp.password,
                settings.secret_key,
                settings.desk_password,
                settings.web.metrics_token,
                settings.alerts.webhook_url,
            )
            secrets += [secret.get_secret_value() for secret in kept]
            secrets += settings.secret_keys
        return secrets

    # ----------------------------------------------------------------- what is configured

    def _configuration(self) -> list[Finding]:
        """Return every fault: of the files, and of what is made from them when an edition is made and sent."""
        faults = list(dict.fromkeys(self._faults()))
        if faults:
            return [_of_fault(one) for one in faults]
        settings = self._app.settings
        counts = (
            counted(len(settings.newsletters), "newsletter"),
            counted(len(settings.sources), "source"),
            counted(len(settings.regions), "region"),
        )
        return [good("configuration.ok", f"{', '.join(counts)}.")]

    def _faults(self) -> Iterator[Fault]:
        from digest.web.desk_login import password_hash

        app = self._app
        parts: list[Callable[[], object]] = [lambda: app.settings]
        if self._configured:
            parts += [lambda: app.placer, lambda: app.rank_settings, lambda: password_hash(app)]
            makers = (app.renderer, app.assembler, self._sender_made)
            parts += [partial(make, newsletter) for newsletter in app.newsletters() for make in makers]
        for part in parts:
            try:
                part()
            except ConfigurationError as error:
                yield from error.faults

    def _sender_made(self, newsletter: Newsletter) -> None:
        self._app.sender(newsletter).close()

    def _unwise(self) -> Iterable[Finding]:
        facts = setting_facts(self._app)
        return list(unwise_findings(facts)) or [good("settings.ok", "Nothing is set that would be unwise.")]

    def _signing(self) -> list[Finding]:
        settings = self._app.settings
        # All of them are accepted: the shortest is the easiest to guess.
        return secret_findings(settings.base_url, min(map(len, settings.secret_keys), default=0))

    # ----------------------------------------------------------------- the place

    def _home(self) -> list[Finding]:
        home = self._app.home
        if not home.is_dir():
            return home_findings(HomeFacts(path=str(home), exists=False))
        used = (home / "config").is_dir() or self._app.var.is_dir()
        return home_findings(HomeFacts(path=str(home), used=used, trouble=write_trouble(self._app.var)))

    def _disk(self) -> list[Finding]:
        var = self._app.var
        places = {"var": var, "the outbox": var / "outbox"}
        file: pathlib.Path | None = sqlite_file(self._app.database_url)
        if file:
            places["the database"] = file
        return disk_findings(look_at_disks(places), free_memory())

    # ----------------------------------------------------------------- how letters leave

    def _sender(self) -> list[Finding]:
        settings = self._app.settings
        if settings.transport == "smtp":
            return probe_smtp(settings.smtp, self._clock)
        if settings.transport == "sendgrid":
            has_key = bool(settings.sendgrid.api_key.get_secret_value())
            # Without a key it is a fault of the configuration, and said there.
            return probe_sendgrid(settings.sendgrid, self._clock) if has_key else []
        return probe_outbox(self._app.var / "outbox")

    def _names(self) -> list[Finding]:
        settings = self._app.settings
        mail, smtp = settings.mail, settings.smtp
        domain = _domain(mail.from_)
        if settings.transport == "outbox":
            return [good("dns.ok", "Letters become files: no name server is asked about their sender.")]
        if is_reserved(domain) and not self._nameserver:
            return [good("dns.ok", f"{domain} is reserved for examples: no name server is asked about it.")]
        signer, knows_signer = self._signer()
        facts = MailFacts(
            transport=settings.transport,
            from_domain=domain,
            bounce_domain=_domain(smtp.return_path or mail.from_),
            unsubscribe_domain=_domain(mail.unsubscribe_to or mail.from_),
            carrier="" if is_loopback(smtp.host) else smtp.host,
            signer=signer,
            knows_signer=knows_signer,
        )
        return mail_domain_findings(facts, DnsNames(self._nameserver))

    def _signer(self) -> tuple[DkimSigner | None, bool]:
        """Return what signs letters, None for nothing; and whether that is known."""
        settings = self._app.settings
        if settings.transport == "sendgrid":
            return None, False
        try:
            return load_signer(settings.smtp, settings.mail.from_, self._app.home), True
        except ConfigurationError:
            # A fault of the configuration, and said there.
            return None, False


def _of_fault(one: Fault) -> Finding:
    place = f"{one.where}{f': {one.key}' if one.key else ''}"
    return fault("configuration.fault", f"{place}: {one.wrong.rstrip('?.')}.", one.right, place)


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()

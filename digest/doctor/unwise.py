"""Settings that are legal, and that a careful operator would not leave so. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from digest.doctor.findings import Finding, warning

#: Names that are nobody's, for examples and trials (RFC 2606, RFC 6761).
_RESERVED = ("example", "example.org", "example.com", "example.net", "test", "invalid", "localhost", "local")
#: Minutes between two collects, beyond which letters bring old news.
_RARE_COLLECT = 120
#: Characters of a token that cannot be guessed.
_TOKEN_LENGTH = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingFacts:
    """What is set, as far as it can be unwise."""

    #: `outbox`, `smtp` or `sendgrid`.
    transport: str
    from_address: str
    #: Where the public pages are; empty where there are none.
    base_url: str = ""
    base_host: str = ""
    #: Whether the desk has a password, and whether it is one that everybody tries first.
    has_desk: bool = True
    weak_desk: bool = False
    lease_seconds: float = 120
    #: How long one answer of the carrier is waited for, in seconds.
    carrier_seconds: float = 30
    collect_minutes: float = 15
    private_addresses: bool = False
    #: Where alerts are mailed to; empty: nowhere.
    alerts_to: str = ""
    #: Whether alerts also go to an address on the web.
    alerts_webhook: bool = False
    #: Characters of the token of /metrics; 0 where there is none.
    token_length: int = 0
    #: Whether events of the carrier can be verified; SendGrid's only.
    verifies_events: bool = True
    #: Newsletters without a postal address.
    without_address: Sequence[str] = ()
    #: Variables of the environment that begin like ours and are none of them, and those that are.
    strange_variables: Sequence[str] = ()
    known_variables: Collection[str] = ()


def is_reserved(domain: str) -> bool:
    """Say whether a domain is nobody's, so that no mail can come from it.

    >>> is_reserved("example.org"), is_reserved("news.example"), is_reserved("mujaz.net")
    (True, True, False)
    """
    return any(domain == one or domain.endswith(f".{one}") for one in _RESERVED)


def unwise_findings(settings: SettingFacts) -> Iterator[Finding]:
    """Yield a warning for each setting that is legal and unwise."""
    yield from _carrying(settings)
    yield from _watching(settings)
    yield from _pages(settings)
    for name in settings.strange_variables:
        near = difflib.get_close_matches(name, settings.known_variables, n=1, cutoff=0.75)
        if near:
            remedy = f"Did you mean {near[0]}? Else take it away."
            yield warning("settings.variable", f"{name} is set, and means nothing here.", remedy, name)


def _carrying(settings: SettingFacts) -> Iterator[Finding]:
    leaves = settings.transport != "outbox"
    if not leaves and settings.base_url and not _is_own_machine(settings.base_host):
        yield warning(
            "settings.outbox",
            "There are public pages, and letters become files: no reader gets anything.",
            "Set [mail] transport to smtp or sendgrid, unless this is a trial.",
            "mail.transport",
        )
    domain = settings.from_address.rpartition("@")[2]
    if leaves and is_reserved(domain):
        yield warning(
            "settings.from",
            f"Letters would leave as {settings.from_address}: {domain} is reserved for examples, and receivers refuse it.",
            "Set [mail] from (DIGEST_MAIL__FROM) to an address of your own domain.",
            "mail.from",
        )
    if leaves and settings.lease_seconds < settings.carrier_seconds:
        yield warning(
            "settings.lease",
            f"A claim holds for {settings.lease_seconds:g} s, and an answer of the carrier is waited for up to "
            f"{settings.carrier_seconds:g} s: a slow answer would be taken for a dead worker.",
            "Set [delivery] lease_seconds to twice the carrier's timeout_seconds, or more.",
            "delivery.lease_seconds",
        )
    if settings.transport == "sendgrid" and not settings.verifies_events:
        yield warning(
            "settings.events",
            "SendGrid's events cannot be verified, so none is taken: bounces and complaints are not learned from.",
            "Switch on the signed event webhook, and set DIGEST_SENDGRID__WEBHOOK_PUBLIC_KEY.",
            "sendgrid.webhook_public_key",
        )
    if leaves and settings.without_address:
        yield warning(
            "settings.postal",
            f"No postal address stands in {', '.join(settings.without_address)}; the law of many countries wants one.",
            "Set postal_address of the newsletter.",
            "newsletter.postal_address",
        )


def _watching(settings: SettingFacts) -> Iterator[Finding]:
    if settings.transport != "outbox" and not settings.alerts_to and not settings.alerts_webhook:
        yield warning(
            "settings.alerts",
            "Nobody is told when something goes wrong.",
            "Set [alerts] to (DIGEST_ALERTS__TO) to your own address, best of another domain than the sender's, or "
            "webhook_url to a chat's incoming webhook.",
            "alerts.to",
        )
    if settings.collect_minutes > _RARE_COLLECT:
        yield warning(
            "settings.interval",
            f"Feeds are fetched every {settings.collect_minutes:g} minutes only: letters bring old news.",
            "Set [collect] interval_minutes to 15 to 60.",
            "collect.interval_minutes",
        )
    if settings.private_addresses and settings.base_url and not _is_own_machine(settings.base_host):
        yield warning(
            "settings.private",
            "Feeds may be fetched from private networks: a feed that redirects there shows what is inside.",
            "Set [collect] allow_private_addresses = false, unless the feeds are those of an intranet.",
            "collect.allow_private_addresses",
        )


def _pages(settings: SettingFacts) -> Iterator[Finding]:
    if settings.weak_desk:
        yield warning(
            "settings.password",
            "The desk's password is one that everybody tries first.",
            "Make another: `digest desk-password`.",
            "DIGEST_DESK_PASSWORD",
        )
    if settings.base_url and not settings.has_desk:
        yield warning(
            "settings.desk",
            "There are public pages, and no desk: DIGEST_DESK_PASSWORD is not set.",
            "`digest desk-password` makes what to set, if editors are to work there.",
            "DIGEST_DESK_PASSWORD",
        )
    if 0 < settings.token_length < _TOKEN_LENGTH:
        yield warning(
            "settings.token",
            f"The token of /metrics has {settings.token_length} characters: it can be guessed.",
            "Set DIGEST_WEB__METRICS_TOKEN to 32 characters by chance.",
            "web.metrics_token",
        )
    if settings.base_url and settings.transport != "outbox" and _is_own_machine(settings.base_host):
        yield warning(
            "settings.local",
            f"Letters link to {settings.base_url}, which readers cannot reach.",
            "Set DIGEST_BASE_URL to the address that readers know.",
            "DIGEST_BASE_URL",
        )


def _is_own_machine(host: str) -> bool:
    return host == "localhost" or host.startswith("127.") or host == "::1"

"""Whether news comes in. Pure."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from digest.collector.health import HealthState, span
from digest.doctor.findings import Finding, fault, good, warning

_BAD = (HealthState.FAILING, HealthState.BLOCKED, HealthState.RETIRED)
#: Somewhere in the world something happens more often than this.
_QUIET = dt.timedelta(hours=12)
#: Sources that are named.
_NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFacts:
    """How the sources do."""

    #: Each source's state, by its id.
    states: Mapping[str, HealthState]
    #: When the newest article of all was published; None where there is none.
    newest: dt.datetime | None
    #: Articles that are older make no edition.
    window: dt.timedelta
    #: From which share of failing sources on it is a fault, in percent.
    failing_percent: float
    #: Sources whose feed has moved for good, with its new address.
    moved: Mapping[str, str]
    #: Sources at an address of a private network, which is not fetched.
    private: Sequence[str] = ()


def source_findings(sources: SourceFacts, now: dt.datetime) -> list[Finding]:
    """Return how the sources do."""
    counts = Counter(sources.states.values())
    enabled = len(sources.states) - counts[HealthState.DISABLED]
    if not enabled:
        remedy = "Add some to config/sources.toml: `digest sources check URL`."
        return [fault("sources.none", "No source is switched on.", remedy, "config/sources.toml")]
    found = [
        *_failing(sources, counts, enabled),
        *_stale(sources.newest, now, sources.window),
        *_addresses(sources),
    ]
    if not found:
        off = (
            f"; {counts[HealthState.DISABLED]} more are switched off" if counts[HealthState.DISABLED] else ""
        )
        said = f"{enabled} sources, the newest article {_age(sources.newest, now)} old{off}."
        found = [good("sources.ok", said)]
    return found


def _failing(sources: SourceFacts, counts: Mapping[HealthState, int], enabled: int) -> Iterator[Finding]:
    never = counts.get(HealthState.NEW, 0)
    if never:
        yield warning(
            "sources.new", f"{never} of {enabled} sources were never fetched.", "Run `digest collect`."
        )
    bad = {state: counts[state] for state in _BAD if counts.get(state)}
    if bad:
        share = 100 * sum(bad.values()) / enabled
        judge = fault if share >= sources.failing_percent else warning
        told = ", ".join(f"{count} {state}" for state, count in bad.items())
        yield judge(
            "sources.failing",
            f"Of {enabled} sources {told} ({share:.0f} %): {_named(sources.states, *bad)}.",
            "`digest sources list` says of each what is wrong and what to do; `digest sources check SITE` finds a new address.",
        )
    if silent := counts.get(HealthState.STALE, 0):
        yield warning(
            "sources.silent",
            f"{silent} of {enabled} sources answer and bring nothing new: {_named(sources.states, HealthState.STALE)}.",
            "The feed may have been replaced: `digest sources check SITE` looks for it.",
        )


def _stale(newest: dt.datetime | None, now: dt.datetime, window: dt.timedelta) -> Iterator[Finding]:
    remedy = "Run `digest collect`, and see `digest sources list`."
    if newest is None:
        yield warning("sources.empty", "No articles are stored yet.", "Run `digest collect`.")
        return
    says = f"The newest article is {_age(newest, now)} old"
    if now - newest > window:
        yield fault("sources.old", f"{says}: no edition can be made of that.", remedy)
    elif now - newest > _QUIET:
        yield warning("sources.quiet", f"{says}.", remedy)


def _addresses(sources: SourceFacts) -> Iterator[Finding]:
    for source, url in list(sources.moved.items())[:_NAMED]:
        yield warning(
            "sources.moved",
            f"The feed of {source} has moved for good to {url}.",
            "Change its url: the old address may go away.",
            f"config/sources.toml: {source}",
        )
    if sources.private:
        yield warning(
            "sources.private",
            f"Addresses of a private network are not fetched: {', '.join(sources.private[:_NAMED])}.",
            "Correct the url; for an intranet set [collect] allow_private_addresses = true.",
            "config/sources.toml",
        )


def _named(states: Mapping[str, HealthState], *wanted: HealthState) -> str:
    ids = [source for source, state in states.items() if state in wanted]
    return ", ".join(ids[:_NAMED]) + (f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else "")


def _age(newest: dt.datetime | None, now: dt.datetime) -> str:
    return span(max(now - newest, dt.timedelta())) if newest else ""

"""Whether news comes in. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping

from digest.collector.health import HealthState, span
from digest.doctor.findings import Finding, fault, good, warning

_CHECK = "sources"
_BAD = (HealthState.FAILING, HealthState.BLOCKED, HealthState.RETIRED)
#: Somewhere in the world something happens more often than this.
_QUIET = dt.timedelta(hours=12)


def source_findings(
    states: Mapping[HealthState, int],
    newest: dt.datetime | None,
    now: dt.datetime,
    window: dt.timedelta,
    failing_percent: float,
) -> list[Finding]:
    """Return how the sources do; `newest` is when the newest article was published.

    `failing_percent` of them failing is a fault; articles older than `window` make no edition.
    """
    enabled = sum(states.values()) - states.get(HealthState.DISABLED, 0)
    if not enabled:
        return [
            fault(
                _CHECK,
                "No source is switched on.",
                "Add some to config/sources.toml: `digest sources check URL`.",
            )
        ]
    found = [*_failing(states, enabled, failing_percent), *_stale(newest, now, window)]
    return found or [good(_CHECK, f"{enabled} sources, the newest article {_age(newest, now)} old.")]


def _failing(states: Mapping[HealthState, int], enabled: int, failing_percent: float) -> Iterator[Finding]:
    bad = {state: states[state] for state in _BAD if states.get(state)}
    never = states.get(HealthState.NEW, 0)
    if never:
        yield warning(_CHECK, f"{never} of {enabled} sources were never fetched.", "Run `digest collect`.")
    if bad:
        share = 100 * sum(bad.values()) / enabled
        judge = fault if share >= failing_percent else warning
        told = ", ".join(f"{count} {state}" for state, count in bad.items())
        yield judge(
            _CHECK,
            f"Of {enabled} sources {told} ({share:.0f} %).",
            "`digest sources list` says of each what is wrong and what to do.",
        )


def _stale(newest: dt.datetime | None, now: dt.datetime, window: dt.timedelta) -> Iterator[Finding]:
    remedy = "Run `digest collect`, and see `digest sources list`."
    if newest is None:
        yield warning(_CHECK, "No articles are stored yet.", "Run `digest collect`.")
    elif now - newest > window:
        yield fault(
            _CHECK, f"The newest article is {_age(newest, now)} old: no edition can be made of that.", remedy
        )
    elif now - newest > _QUIET:
        yield warning(_CHECK, f"The newest article is {_age(newest, now)} old.", remedy)


def _age(newest: dt.datetime | None, now: dt.datetime) -> str:
    return span(max(now - newest, dt.timedelta())) if newest else ""

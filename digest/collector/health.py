"""How a source is doing, in words, and what a person can do about it. Pure."""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass

from digest.collector.manners import address_of
from digest.model import Failure, FetchState, Source, SourceStats

#: What is counted a day is counted over this window.
WINDOW = dt.timedelta(days=14)
#: A source that answers but brings nothing for so long is stale; one that brings little by nature, for several
#: times the usual gap between two of its articles; and whatever its nature, where the window holds nothing of it.
_STALE_AFTER = dt.timedelta(days=3)
_STALE_GAPS = 3
#: Of the articles of a source this share may lack a date before that is said.
_UNDATED = 0.5
_DAY = dt.timedelta(days=1)


class HealthState(enum.StrEnum):
    """A source's state, the gravest thing first."""

    DISABLED = "disabled"
    RETIRED = "retired"
    BLOCKED = "blocked"
    FAILING = "failing"
    WAITING = "waiting"
    STALE = "stale"
    NEW = "new"
    OK = "ok"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceHealth:
    """What is known of a source, for a person."""

    source: Source
    state: HealthState
    #: The state in a sentence, and what to do about it; empty where nothing is to be said or done.
    words: str
    remedy: str
    last_success: dt.datetime | None
    newest: dt.datetime | None
    #: None before anything came.
    articles_a_day: float | None
    undated_share: float | None
    #: What has to be mended to read it.
    repair: str
    failures: int
    #: No fetch before this moment; None where it is fetched with the next collect.
    next_fetch: dt.datetime | None


_REMEDIES = {
    Failure.NETWORK: "If others fail too, look at this machine's network; else check the address.",
    Failure.SERVER: "Nothing to do yet: it is tried again. If it lasts, look for another address of the outlet.",
    Failure.BUSY: "Nothing to do: it is left alone until then. If it happens often, raise [collect] interval_minutes.",
    Failure.BLOCKED: "Write to the outlet, with [collect] contact set, or fetch from another network; else set enabled = false.",
    Failure.GONE: "Look for its new address with `digest sources check SITE` and change its url, or set enabled = false.",
    Failure.MISSING: "Look for its new address with `digest sources check SITE`, and change its url.",
    Failure.UNREADABLE: "`digest sources check URL` shows what is there, and looks for the feed.",
    Failure.REFUSED: "We stopped it for the reason given: check the address; raise the limit of [collect] if it names one; for an intranet set allow_private_addresses.",
    Failure.BROKEN: "If it goes on, raise [collect] parse_seconds, or set enabled = false.",
    Failure.NOT_STORED: "Look at the database: `digest` could not write to it.",
}


def health(
    source: Source,
    state: FetchState | None,
    stats: SourceStats | None,
    rest: dt.datetime | None,
    now: dt.datetime,
) -> SourceHealth:
    """Return how a source is doing.

    `rest` is the moment until which its host wants to be left alone; `stats` count over WINDOW.
    """
    rate = articles_a_day(stats, now)
    kind, words, remedy = _judge(source, state, stats, rest, now)
    waits = [moment for moment in (rest, state.retry_at if state else None) if moment and moment > now]
    return SourceHealth(
        source=source,
        state=kind,
        words=words,
        remedy=remedy,
        last_success=state.succeeded_at if state else None,
        newest=stats.newest if stats else None,
        articles_a_day=rate,
        undated_share=stats.undated / stats.articles if stats and stats.articles else None,
        repair=state.repair if state else "",
        failures=state.failures if state else 0,
        next_fetch=max(waits, default=None),
    )


def articles_a_day(stats: SourceStats | None, now: dt.datetime) -> float | None:
    """Return how many articles a source brings a day, over the part of the window that its articles reach back."""
    if stats is None:
        return None
    if stats.oldest is None:
        return 0.0
    # What a feed of a few hours brings in a whole day cannot be known from it.
    reach = max(now - stats.oldest, _DAY)
    return stats.articles / (reach / _DAY)


def _judge(
    source: Source,
    state: FetchState | None,
    stats: SourceStats | None,
    rest: dt.datetime | None,
    now: dt.datetime,
) -> tuple[HealthState, str, str]:
    if not source.enabled:
        return HealthState.DISABLED, "It is switched off in config/sources.toml.", ""
    if state is None or state.checked_at is None:
        return HealthState.NEW, "It has not been fetched yet.", "Run `digest collect`."
    if state.error:
        return _trouble(state, rest, now)
    if rest and rest > now:
        words = f"Its host wants to be left alone until {moment(rest)}."
        return HealthState.WAITING, words, _REMEDIES[Failure.BUSY]
    if stats is None:
        words = "It answers, but no article of its own can be shown: its entries lack links, are dated ahead and held back, or are those of another source, which came first or whose site they lie on."
        return HealthState.STALE, words, _REMEDIES[Failure.UNREADABLE]
    silence = _silence(stats, now)
    if silence:
        remedy = "Look at the outlet's site: the feed may have been replaced. `digest sources check SITE` looks for it."
        return HealthState.STALE, f"It answers, but {silence}.", remedy
    return HealthState.OK, *_remarks(state, stats)


def _silence(stats: SourceStats, now: dt.datetime) -> str:
    """Return for how long a source has had nothing to say, where that is longer than is usual with it."""
    quiet = now - stats.last_new
    if quiet > _patience(stats):
        return f"has brought nothing new for {span(quiet)}"
    # New to us and old all the same: a feed that was given up, or that dates its articles wrongly.
    return "" if stats.articles else f"its newest article is {span(now - stats.newest)} old"


def _trouble(state: FetchState, rest: dt.datetime | None, now: dt.datetime) -> tuple[HealthState, str, str]:
    failure = state.failure or Failure.NETWORK
    remedy = _REMEDIES[failure]
    if state.retired_at:
        words = f"Retired on {state.retired_at:%Y-%m-%d}: {state.error}. It is not fetched any more."
        return HealthState.RETIRED, words, remedy
    waits = [moment for moment in (rest, state.retry_at) if moment and moment > now]
    again = f" It is tried again after {moment(max(waits))}." if waits else ""
    times = f" {state.failures} times in a row" if state.failures > 1 else ""
    words = f"Failed{times}: {state.error}.{again}"
    if failure is Failure.BLOCKED:
        return HealthState.BLOCKED, words, remedy
    return (HealthState.WAITING if failure is Failure.BUSY else HealthState.FAILING), words, remedy


def _remarks(state: FetchState, stats: SourceStats) -> tuple[str, str]:
    """Return what is to be said of a source that is well."""
    if address_of(state) != state.url:
        return f"It has moved for good to {address_of(state)}.", "Change its url in config/sources.toml."
    if stats.articles and stats.undated / stats.articles > _UNDATED:
        words = f"{stats.undated} of its {stats.articles} articles have no date that can be read."
        return words, "They count as published when first seen. If the outlet has another feed, prefer it."
    return "", ""


def _patience(stats: SourceStats) -> dt.timedelta:
    if stats.oldest is None or stats.articles < 2:
        return WINDOW
    gap = (stats.newest - stats.oldest) / (stats.articles - 1)
    return min(max(_STALE_AFTER, gap * _STALE_GAPS), WINDOW)


def moment(when: dt.datetime) -> str:
    """Return a moment to the minute, in UTC."""
    return f"{when.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC"


def span(length: dt.timedelta) -> str:
    """Return a span of time as a person says it.

    >>> span(dt.timedelta(minutes=5)), span(dt.timedelta(hours=30)), span(dt.timedelta(days=4, hours=3))
    ('5 min', '30 h', '4 days')
    """
    if length < dt.timedelta(hours=1):
        return f"{length // dt.timedelta(minutes=1)} min"
    if length < dt.timedelta(hours=48):
        return f"{length // dt.timedelta(hours=1)} h"
    return f"{length // _DAY} days"

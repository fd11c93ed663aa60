"""What a fetch teaches about the next one: when to come back, where to, and whether at all. Pure.

A failing source is tried ever less often and never given up, but for one whose server says that it is gone for good
(410). A server that asks to be left alone is left alone, with all its feeds. A permanent redirect is believed when
it has led to a readable feed several times in a row; a temporary one never is.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable
from dataclasses import replace
from urllib.parse import urlsplit

from digest.model import Failure, FetchResult, FetchState, Source

#: One hiccup costs nothing; from the second failure in a row the wait doubles from this on, up to the longest.
FIRST_WAIT = dt.timedelta(minutes=30)
LONGEST_WAIT = dt.timedelta(hours=24)
#: A server is left alone for so long at most: a typing error of theirs must not silence a host for a year.
LONGEST_REST = dt.timedelta(hours=24)
#: Share by which a wait is shortened or lengthened, so that sources that failed together do not come back together.
_JITTER = 0.2
#: Good fetches in a row that a permanent redirect is seen before its address is used directly.
ADOPTED_AFTER = 3
#: Failures in a row at an adopted address after which the configured one is tried again.
_FORSAKEN_AFTER = 3
#: Of so many hosts and more, when over half cannot be reached at once, it is our network that is down.
_OUTAGE_HOSTS = 4
_LONGEST_OUTAGE = dt.timedelta(hours=24)
#: What our own network's failure looks like; where it leads through a proxy, that answers.
UNREACHABLE = frozenset({Failure.NETWORK, Failure.SERVER})


def host_of(url: str) -> str:
    """Return the host and port of a URL, lower case; empty where it cannot be read."""
    try:
        return urlsplit(url).netloc.rpartition("@")[2].lower()
    except ValueError:
        return ""


def state_of(source: Source, known: FetchState | None) -> FetchState:
    """Return a source's state; a new address is a new feed, of which the old one's state says nothing."""
    return known if known and known.url == source.url else FetchState(source_id=source.id, url=source.url)


def address_of(state: FetchState) -> str:
    """Return where to fetch from: the configured address, or where it has moved for good."""
    return state.moved_to if state.moved_to and state.moved_count >= ADOPTED_AFTER else state.url


def resting_hosts(states: Iterable[FetchState], now: dt.datetime) -> dict[str, dt.datetime]:
    """Return the hosts that asked to be left alone, with the moment at which that ends."""
    rests: dict[str, dt.datetime] = {}
    for state in states:
        if state.host_retry_at and state.host_retry_at > now:
            host = state.resting_host or host_of(address_of(state))
            rests[host] = max(rests.get(host, state.host_retry_at), state.host_retry_at)
    return rests


def wait_until(state: FetchState, rests: dict[str, dt.datetime], now: dt.datetime) -> dt.datetime | None:
    """Return the moment before which the source must not be fetched; None where it may be."""
    moments = [moment for moment in (state.retry_at, rests.get(host_of(address_of(state)))) if moment]
    latest = max(moments, default=now)
    return latest if latest > now else None


def after_success(state: FetchState, result: FetchResult, now: dt.datetime) -> FetchState:
    """Return the state after an answer that was a readable feed, or that nothing has changed."""
    moved_to, count = _moved(state, result)
    return replace(
        state,
        checked_at=now,
        succeeded_at=now,
        error=None,
        failure=None,
        failures=0,
        retry_at=None,
        host_retry_at=None,
        resting_host="",
        retired_at=None,
        moved_to=moved_to,
        moved_count=count,
    )


def _moved(state: FetchState, result: FetchResult) -> tuple[str | None, int]:
    if not result.moved_to:
        adopted = address_of(state) != state.url
        return (state.moved_to, state.moved_count) if adopted else (None, 0)
    # An adopted address that moves on has to prove itself from the configured one, as the first did.
    return result.moved_to, state.moved_count + 1 if result.moved_to == state.moved_to else 1


def after_failure(
    state: FetchState,
    failure: Failure,
    error: str,
    now: dt.datetime,
    *,
    retry_after: float | None = None,
    answered_by: str = "",
) -> FetchState:
    """Return the state after a failure.

    `retry_after` is in seconds, as the server asked that stands at `answered_by`: the fetch's own address, or where
    that redirects to.
    """
    failures = state.failures + 1
    rest = min(max(retry_after or 0.0, 0.0), LONGEST_REST.total_seconds())
    adopted, gone = address_of(state) != state.url, failure is Failure.GONE
    forsaken = adopted and (gone or failures % _FORSAKEN_AFTER == 0)
    return replace(
        state,
        checked_at=now,
        error=error,
        failure=failure,
        failures=failures,
        retry_at=now + _wait(state.source_id, failures) if failures > 1 else None,
        host_retry_at=now + dt.timedelta(seconds=rest) if rest else None,
        resting_host=host_of(answered_by) if rest else "",
        retired_at=now if gone and not adopted else None,
        # What the adopted address called its feed says nothing of the configured one's.
        etag=None if forsaken else state.etag,
        last_modified=None if forsaken else state.last_modified,
        moved_to=None if forsaken else state.moved_to,
        # A count of good fetches in a row ends here, unless it has led to its goal.
        moved_count=state.moved_count if adopted and not forsaken else 0,
    )


def _wait(source_id: str, failures: int) -> dt.timedelta:
    # Beyond this exponent the longest wait is reached whatever the first.
    wait = min(FIRST_WAIT * (1 << min(failures - 2, 16)), LONGEST_WAIT)
    # By the source's name and not by chance, so that the same past gives the same future.
    seed = hashlib.blake2b(f"{source_id} {failures}".encode(), digest_size=4).digest()
    share = int.from_bytes(seed, "big") / 0xFFFFFFFF
    return wait * (1 - _JITTER + 2 * _JITTER * share)


def forgiven(state: FetchState) -> FetchState:
    """Return the state without its failures, so that the source is fetched with the next collect."""
    return replace(
        state, error=None, failure=None, failures=0, retry_at=None, host_retry_at=None, retired_at=None
    )


def after_outage(state: FetchState, failure: Failure, error: str, now: dt.datetime) -> FetchState:
    """Return the state after a fetch that failed while our own network was down.

    It is remembered and not counted: the next collect tries the source as if nothing had been. A source that has
    been down for longer than that has no claim to it.
    """
    if state.succeeded_at and now - state.succeeded_at > _LONGEST_OUTAGE:
        return after_failure(state, failure, error, now)
    return replace(state, checked_at=now, error=error, failure=failure)


def is_our_outage(outcomes: Iterable[tuple[str, Failure | None]]) -> bool:
    """Say whether our own network was down; takes each fetch's address and failure.

    When most hosts cannot be reached at once it is hardly their fault, and must not be held against them.
    """
    reached: dict[str, bool] = {}
    for url, failure in outcomes:
        host = host_of(url)
        reached[host] = reached.get(host, False) or failure not in UNREACHABLE
    return len(reached) >= _OUTAGE_HOSTS and 2 * sum(reached.values()) < len(reached)

"""A process that collects a dozen feeds into several databases at once, and is there to be killed.

Arguments: the base URL of the feeds, how many there are, and the databases' URLs. It warms up, says `ready`, waits
for a line, collects while it says each step, says `done` and waits to be told to end.
"""

from __future__ import annotations

import datetime as dt
import sys
from concurrent.futures import ThreadPoolExecutor

from digest.adapters.fetch import FetchLimits, HttpFetcher
from digest.adapters.parser import ProcessParser
from digest.adapters.store import Store, open_store
from digest.adapters.store.articles import SqlArticleStore
from digest.model import FetchResult, FetchState, FetchStatus, ParsedFeed, SaveCounts, Source
from digest.pipeline.collecting import CollectReport, collect

NOW = dt.datetime(2026, 11, 22, 6, 0, tzinfo=dt.UTC)


def sources(base: str, count: int) -> list[Source]:
    """Return the sources, each of an outlet of its own."""
    return [
        Source(id=f"s{number}", outlet=f"وكالة {number}", name="", url=f"{base}/feed/{number}", country="EG")
        for number in range(count)
    ]


class NotingStore(SqlArticleStore):
    """Says a step when it is about to write, and one when it has."""

    def save_state(self, state: FetchState) -> None:
        print("step", flush=True)
        super().save_state(state)
        print("step", flush=True)

    def save_feed(self, source: Source, feed: ParsedFeed, state: FetchState, now: dt.datetime) -> SaveCounts:
        print("step", flush=True)
        counts = super().save_feed(source, feed, state, now)
        print("step", flush=True)
        return counts


def main(base: str, count: str, *urls: str) -> None:
    every = sources(base, int(count))
    stores = [open_store(url) for url in urls]
    parser = ProcessParser(processes=2, timeout_seconds=30)
    warming_up = FetchResult(key="", status=FetchStatus.FETCHED, body=b"<rss/>")
    parser.feed(every[0], warming_up, {}).result()

    def collect_into(store: Store) -> CollectReport:
        limits = FetchLimits(per_host=6, spacing_seconds=0.0, allow_private_addresses=True)
        articles = NotingStore(store.engine)
        return collect(
            every, HttpFetcher(limits), parser, articles, NOW, lambda *_: print("step", flush=True)
        )

    with ThreadPoolExecutor(len(stores)) as threads:
        print("ready", flush=True)
        sys.stdin.readline()
        for report in threads.map(collect_into, stores):
            assert not report.failed, report.failed
    print("done", flush=True)
    sys.stdin.readline()
    parser.close()
    for store in stores:
        store.close()


if __name__ == "__main__":
    main(*sys.argv[1:])

"""What grows with the machines: 1, 2 and 4 workers on PostgreSQL, and a million readers of one edition.

The carrier answers each message 20 ms late, as one in the same country does, so that the workers wait for it and not
for the processors that they share here. What is measured, and what follows from it: docs/scale.md.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from statistics import median

import psycopg
from readers import CHOICES, EDITION, MILLION, Discarding, fill, freeze, send_all
from reporting import Findings, Row, benchmark_options, library_versions, limit, measured, print_goals

from digest.adapters.store import open_store
from tests.cluster import Cluster, postgresql_programs, running_cluster
from tests.scale.arrivals import Arrivals, quick_sink
from tests.scale.many import CONNECTIONS, fleet, make_home, settings_for

PROCESSES = (1, 2, 4)
LATENCY_SECONDS = 0.02
#: Recipients a call of the sender that discards.
BATCH = 250
#: The rate is taken from so many seconds after the last worker's start to this share of the messages: starts and ends
#: are not what grows.
_SETTLING_SECONDS, _TO = 1.0, 0.75
#: Megabytes that a process may take for a million readers, and how many times one worker two and four should be.
_MOST_MEMORY = 300.0
_GROWTH = {2: 1.8, 4: 3.2}
_WHY_GROWTH = "Workers, carrier and database share this machine's processors."
#: As a server of one's own would be run: every commit waits for the disk, all else as PostgreSQL ships it.
_SERVER = ("fsync=on",)
_SMALL_LETTER = "<html><body><p>The news of the day, in short.</p></body></html>"
_RELATIONS = """
SELECT relname, pg_relation_size(oid) FROM pg_class
WHERE relkind IN ('r', 'i') AND (relname = 'delivery' OR relname LIKE '%_delivery_%' OR relname LIKE 'pk_delivery')
ORDER BY relkind DESC, relname
"""
_UPDATES = "SELECT n_tup_upd, n_tup_hot_upd, n_dead_tup FROM pg_stat_user_tables WHERE relname = 'delivery'"


# --------------------------------------------------------------------------- 1, 2 and 4 processes


def rate_of(cluster: Cluster, folder: pathlib.Path, processes: int, messages: int) -> float:
    """Return the messages a second of so many workers."""
    arrivals = Arrivals(folder / "arrivals")
    arrivals.path.touch()
    url, home = cluster.url(cluster.new_database()), folder / "home"
    with quick_sink(arrivals, latency=LATENCY_SECONDS) as port:
        make_home(home, url, messages, template="small")
        templates = home / "templates" / "small"
        templates.mkdir(parents=True)
        for name in ("edition.html.j2", "edition.txt.j2"):
            (templates / name).write_text(_SMALL_LETTER, encoding="utf-8")
        settings = settings_for(url, "127.0.0.1", port, lease_seconds=120)
        with fleet(home, settings) as workers:
            workers.start()
            # One that looks before there is an edition looks again only at its next tick.
            workers.wait_until(lambda: arrivals.count() > 0)
            for _ in range(processes - 1):
                workers.start()
            workers.wait_until_started()
            time.sleep(_SETTLING_SECONDS)
            first = arrivals.count()
            workers.wait_until(lambda: arrivals.count() >= messages, seconds=120 + messages / 50)
            workers.end(*workers.alive)
    moments = [one.at for one in arrivals.all()]
    last = int(messages * _TO)
    return (last - first) / (moments[last] - moments[first])


def growth(cluster: Cluster, messages: int, rounds: int) -> list[Row]:
    """Measure each number of workers in turns, and print a table."""
    rates: dict[int, list[float]] = {processes: [] for processes in PROCESSES}
    for _ in range(rounds):
        for processes, found in rates.items():
            with tempfile.TemporaryDirectory() as name:
                found.append(rate_of(cluster, pathlib.Path(name), processes, messages))
    best = {processes: median(found) for processes, found in rates.items()}
    print(
        f"\n{messages:,} messages to a carrier that answers {LATENCY_SECONDS * 1000:.0f} ms late, {CONNECTIONS}"
    )
    print(f"connections a worker, {rounds} rounds; PostgreSQL, carrier and workers on one machine:")
    rows = []
    for processes, rate in best.items():
        times = rate / best[1]
        print(f"  {processes} workers {rate:8,.0f} messages a second   {times:.2f} times one")
        rows.append(measured(_workers(processes), rates[processes], "messages a second"))
        if goal := _GROWTH.get(processes):
            rows.append(
                Row(
                    name=f"{_workers(processes)}, times one",
                    value=times,
                    unit="times",
                    goal=goal,
                    why=_WHY_GROWTH,
                )
            )
    return rows


def _workers(processes: int) -> str:
    return f"{processes} worker{'s' if processes > 1 else ''}"


# --------------------------------------------------------------------------- a million


def million(cluster: Cluster, readers: int) -> list[Row]:
    """Fill a database, freeze, deliver and report in a process of its own, and print what each stage took."""
    url = cluster.url(cluster.new_database())
    store = open_store(url)
    begin = time.perf_counter()
    fill(store, readers)
    stages = {"filling": time.perf_counter() - begin}
    store.close()
    command = [sys.executable, __file__, "--only-stages", url]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, timeout=3600)
    told = json.loads(done.stdout)
    stages |= told["seconds"]
    print(f"\n{readers:,} subscribers with {CHOICES} choices of regions, PostgreSQL, one process:")
    rows = []
    for name, seconds in stages.items():
        print(f"  {name:44} {seconds:9.3f} s {readers / seconds:14,.0f} readers a second")
        rows.append(Row(name=f"{readers:,} readers: {name}", value=seconds, unit="s", rounds=1))
    memory = told["megabytes"]
    print(f"  {'peak memory of freezing to reporting':44} {memory:9.0f} MB")
    rows.append(limit(f"{readers:,} readers: peak memory", memory, "MB", _MOST_MEMORY))
    return rows + _sizes(url, readers)


def _sizes(url: str, readers: int) -> list[Row]:
    """Print what a delivery takes in the database."""
    with psycopg.connect(url) as connection:
        relations = connection.execute(_RELATIONS).fetchall()
        [(updated, hot, dead)] = connection.execute(_UPDATES).fetchall()
        [(total,)] = connection.execute("SELECT pg_database_size(current_database())").fetchall()
    print(f"  bytes a reader: {', '.join(f'{name} {size / readers:.0f}' for name, size in relations)}")
    print(f"  changes of rows {updated:,}, of them within a page {hot:,}; dead rows {dead:,}")
    each = sum(size for _, size in relations) / readers
    return [
        Row(name=f"{readers:,} readers: a delivery with its indexes", value=each, unit="bytes", rounds=1),
        Row(name=f"{readers:,} readers: the database", value=total / 1e6, unit="MB", rounds=1),
    ]


def _stages(url: str) -> None:
    """In the process that is measured: print the seconds of each stage, and the peak memory."""
    store = open_store(url)
    seconds: dict[str, float] = {}

    def timed(name: str, work: Callable[[], object]) -> None:
        begin = time.perf_counter()
        work()
        seconds[name] = time.perf_counter() - begin

    timed("freezing", lambda: freeze(store))
    readers = store.ledger.recipients(EDITION)
    timed(f"delivering, in batches of {BATCH}", lambda: send_all(store, Discarding(BATCH)))
    timed("reporting: the states", lambda: store.ledger.counts(EDITION))
    timed(
        "reporting: one reader",
        lambda: list(store.ledger.deliveries(EDITION, email=f"reader{readers // 2}@example.org")),
    )
    timed("reporting: all deliveries listed", lambda: sum(1 for _ in store.ledger.deliveries(EDITION)))
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    store.close()
    print(json.dumps({"seconds": seconds, "megabytes": megabytes}))


def compare(given: argparse.Namespace) -> Findings:
    """Measure all of it."""
    title, versions = "Scale", library_versions("sqlalchemy", "psycopg")
    if postgresql_programs() is None:
        return Findings(title=title, versions=versions, skipped=["PostgreSQL is not there."])
    messages, rounds, readers = (
        (2_000, 1, 20_000) if given.quick else (given.messages, given.rounds, given.readers)
    )
    rows: list[Row] = []
    with running_cluster(settings=_SERVER) as cluster:
        if messages:
            rows += growth(cluster, messages, rounds)
        if readers:
            rows += million(cluster, readers)
    return Findings(
        title=title,
        compares=f"Workers on one PostgreSQL and a carrier that answers {LATENCY_SECONDS * 1000:.0f} ms late; one edition for {readers:,} readers.",
        versions=versions,
        rows=rows,
    )


def main() -> None:
    """Measure, and print tables."""
    options = benchmark_options(__doc__)
    options.add_argument("--messages", type=int, default=6_000, help="to the late carrier; 0: leave it out")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--readers", type=int, default=MILLION, help="of one edition; 0: leave it out")
    options.add_argument("--only-stages", metavar="URL", help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.only_stages:
        _stages(given.only_stages)
        return
    findings = compare(given)
    print_goals(findings.rows)
    findings.save(given.json)


if __name__ == "__main__":
    main()

"""How fast a collect is: the same feeds by Mujaz, by lemon24/reader and by nothing but fetching, side by side.

Feeds of about 88 KB on loopback (`feed_farm.py`), each on an address of its own, each answer 200 ms late, in three
situations after one another: the first fetch, two new entries in each feed, nothing changed. Every run is a process
of its own; the contestants take turns. What is compared, and a measured table: docs/benchmarks.md.
"""

from __future__ import annotations

import multiprocessing
import os
import pathlib
import platform
import shutil
import sqlite3
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from statistics import median

from contestants import CONCURRENCY, CONTESTANTS, FIRST, SITUATIONS, TWO_NEW, UNCHANGED, Job
from feed_farm import NEW_ENTRIES, FarmServer, feed_farm
from reporting import Findings, Row, benchmark_options, beside, library_versions, limit, measured, print_goals
from tqdm import tqdm

LATENCY_SECONDS = 0.2
READER_WORKERS = (10, 25, 50)
#: The growth is measured with so many times as many feeds.
GROWTH = 4
_WHY_FIRST = (
    "feedparser takes half of what a feed costs, and two processes share two processors with the server; it happens "
    "once in the life of a source."
)
_WHY_UNCHANGED = (
    "Both only wait for the answers, 200 ms late and 50 at a time; Mujaz also keeps each host's manners."
)
_SAMPLE_SECONDS = 0.05
_MEGABYTE = 1_000_000


def _perform(parent: Connection, job: Job) -> None:
    """Do one run in this process, at the parent's word; the second wait lets it look at all processes once more."""
    contestant = CONTESTANTS[job.contestant](job)
    parent.send("ready")
    parent.recv()
    begin = time.perf_counter()
    contestant.run()
    parent.send(time.perf_counter() - begin)
    parent.recv()
    contestant.count()
    parent.send((contestant.entries, contestant.parsed))


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What one run came to."""

    #: Seconds of the clock, and of the processors by all its processes.
    wall: float
    cpu: float
    #: Megabytes at the most: the process itself; all its processes together, shared pages counted in each.
    own_memory: float
    all_memory: float
    #: Processors that all other programs kept busy meanwhile; of them the server takes a tenth or so.
    others: float
    entries: int
    parsed: int


@dataclass(slots=True)
class Watch:
    """Follows a process and all that it starts, through /proc."""

    root: int
    own_memory: float = 0.0
    all_memory: float = 0.0
    #: Seconds of processor time by process; of those that have ended, as they were last seen.
    cpu: dict[int, float] = field(default_factory=dict)

    def look(self) -> None:
        """Take note of every process as it is now."""
        together = 0.0
        for process in _family(pathlib.Path("/proc", str(self.root))):
            try:
                fields = (process / "stat").read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            self.cpu[int(process.name)] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
            memory = int(fields[21]) * os.sysconf("SC_PAGE_SIZE") / _MEGABYTE
            together += memory
            if process.name == str(self.root):
                self.own_memory = max(self.own_memory, memory)
        self.all_memory = max(self.all_memory, together)


def _family(process: pathlib.Path) -> Iterator[pathlib.Path]:
    yield process
    for thread in process.glob("task/*/children"):
        try:
            children = thread.read_text().split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        for child in children:
            yield from _family(process.with_name(child))


def _busy() -> float:
    """Return the seconds that all processors together were busy since the machine started (proc_stat(5))."""
    user, nice, system, _idle, _iowait, *interrupts = map(
        int, pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
    )
    return (user + nice + system + sum(interrupts[:2])) / os.sysconf("SC_CLK_TCK")


def measure(farm: FarmServer, job: Job) -> Figures:
    """Do one run in a process of its own and return what it came to, once it has brought what it should."""
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_perform, args=(theirs, job))
    process.start()
    theirs.close()
    ours.recv()
    farm.show(min(SITUATIONS.index(job.situation), 1), LATENCY_SECONDS)
    watch = Watch(process.pid or 0)
    watch.look()
    before, busy_before = sum(watch.cpu.values()), _busy()
    ours.send("go")
    while not ours.poll(_SAMPLE_SECONDS):
        watch.look()
    wall: float = ours.recv()
    watch.look()
    cpu = sum(watch.cpu.values()) - before
    others = (_busy() - busy_before - cpu) / wall
    ours.send("count")
    entries, parsed = ours.recv()
    process.join()
    answers = farm.show(0, 0.0)
    if answers != {304 if job.situation == UNCHANGED else 200: len(job.urls)}:
        raise SystemExit(f"collect: {job.name}, {job.situation}: the server answered {answers}")
    return Figures(
        wall=wall,
        cpu=cpu,
        others=max(others, 0.0),
        own_memory=watch.own_memory,
        all_memory=watch.all_memory,
        entries=entries,
        parsed=parsed,
    )


class Comparison:
    """All runs of all contestants, and what they came to."""

    def __init__(self, farm: FarmServer, feeds: int, folder: pathlib.Path, progress: tqdm[None]) -> None:
        self._farm = farm
        self._feeds = feeds
        self._folder = folder
        self._progress = progress
        #: By situation, contestant and workers; Mujaz with more feeds is "growth".
        self.runs: defaultdict[tuple[str, str, int], list[Figures]] = defaultdict(list)

    def best_workers(self, situation: str) -> int:
        """Return the number of workers that lemon24/reader was fastest with, when all were tried."""
        return min(READER_WORKERS, key=lambda workers: self.runs[situation, "reader", workers][0].wall)

    def play_round(self, turn: int) -> None:
        """Let every contestant go through the situations; reader with each number of workers in the first round."""
        for situation in SITUATIONS:
            workers = (self.best_workers(situation),) if turn else READER_WORKERS
            runs = [("floor", 0), ("Mujaz", 0), *(("reader", some) for some in workers)]
            for contestant, some in runs[turn % 2 :] + runs[: turn % 2]:
                place = f"{turn} {contestant} {0 if turn else some}"
                self.runs[situation, contestant, some].append(
                    self._run(contestant, situation, place, self._feeds, some)
                )

    def grow(self, turn: int) -> None:
        """Let Mujaz collect two new entries each of many more feeds, after one first fetch of them all."""
        many = self._feeds * GROWTH
        if not turn:
            self.runs[FIRST, "growth", 0].append(self._run("Mujaz", FIRST, "growth", many, 0))
        shutil.copytree(self._folder / "growth", self._folder / f"growth {turn}")
        self.runs[TWO_NEW, "growth", 0].append(self._run("Mujaz", TWO_NEW, f"growth {turn}", many, 0))

    def _run(self, contestant: str, situation: str, place: str, feeds: int, workers: int) -> Figures:
        job = Job(
            contestant=contestant,
            situation=situation,
            urls=[self._farm.url(at) for at in range(feeds)],
            outlets=[outlet for outlet, _ in self._farm.feeds[:feeds]],
            folder=self._folder / place,
            workers=workers,
        )
        self._progress.set_description(f"{situation}, {job.name}")
        figures = measure(self._farm, job)
        self._progress.update()
        told = f"{situation}, {feeds:,} feeds, {job.name}: {figures.wall:.2f} s, {figures.cpu:.2f} s of CPU"
        self._progress.write(told)
        new = 0 if situation == FIRST else NEW_ENTRIES
        due = sum(entries + new for _, entries in self._farm.feeds[:feeds])
        if figures.entries != due and contestant != "floor":
            raise SystemExit(f"collect: {job.name} has {figures.entries:,} entries and should have {due:,}")
        return figures

    def wall(self, situation: str, contestant: str) -> float:
        """Return the median seconds, of lemon24/reader with its best number of workers."""
        workers = self.best_workers(situation) if contestant == "reader" else 0
        return median(figures.wall for figures in self.runs[situation, contestant, workers])

    def most_memory(self) -> float:
        """Return the most megabytes that all of Mujaz's processes had together, in any run without the growth."""
        return max(one.all_memory for situation in SITUATIONS for one in self.runs[situation, "Mujaz", 0])


def show_table(seen: Comparison) -> None:
    """Print each contestant's medians; memory is the largest of the runs."""
    print(
        f"\n{'':36}{'seconds':>8}{'times':>8}{'reader':>8}{'seconds':>8}{'peak MB':>8}{'peak MB':>8}{'CPUs of':>8}"
    )
    heads = ("wall", "floor", "times", "CPU", "itself", "in all", "others", "runs")
    print(f"{'situation':14}{'contestant':22}" + "".join(f"{head:>8}" for head in heads))
    for (situation, contestant, workers), runs in sorted(seen.runs.items(), key=_table_order):
        name = f"{contestant}, {workers} workers" if workers else contestant
        wall, cpu = median(one.wall for one in runs), median(one.cpu for one in runs)
        own, together = max(one.own_memory for one in runs), max(one.all_memory for one in runs)
        floor, reader = wall / seen.wall(situation, "floor"), seen.wall(situation, "reader") / wall
        ratios = f"{'':16}" if contestant == "growth" else f"{floor:8.2f}{reader:8.2f}"
        others = median(one.others for one in runs)
        tail = f"{cpu:8.2f}{own:8.0f}{together:8.0f}{others:8.1f}{len(runs):8}"
        print(f"{situation:14}{name:22}{wall:8.2f}{ratios}{tail}")


def _table_order(row: tuple[tuple[str, str, int], list[Figures]]) -> tuple[int, int, int]:
    situation, contestant, workers = row[0]
    return SITUATIONS.index(situation), ("floor", "Mujaz", "reader", "growth").index(contestant), workers


def rows_of(seen: Comparison) -> list[Row]:
    """Return each contestant's seconds, and what was to be reached beside what was."""
    rows = []
    for (situation, contestant, workers), runs in sorted(seen.runs.items(), key=_table_order):
        name = f"{contestant}, {workers} workers" if workers else contestant
        rows.append(measured(f"{situation}: {name}", [one.wall for one in runs], "s"))
    mujaz = {situation: seen.wall(situation, "Mujaz") for situation in SITUATIONS}
    floor = {situation: mujaz[situation] / seen.wall(situation, "floor") for situation in SITUATIONS}
    reader = {situation: seen.wall(situation, "reader") / mujaz[situation] for situation in SITUATIONS}
    parsed = sum(one.parsed for one in seen.runs[UNCHANGED, "Mujaz", 0])
    growth = median(one.wall for one in seen.runs[TWO_NEW, "growth", 0]) / mujaz[TWO_NEW]
    return [
        *rows,
        beside("first fetch: times as fast as reader", "reader", reader[FIRST], 2.5, _WHY_FIRST),
        beside("two new each: times as fast as reader", "reader", reader[TWO_NEW], 5.0),
        beside("unchanged: times as fast as reader", "reader", reader[UNCHANGED], why=_WHY_UNCHANGED),
        limit("two new each: times the floor", floor[TWO_NEW], "times", 2.0),
        limit("unchanged: times the floor", floor[UNCHANGED], "times", 1.3),
        limit("unchanged: parser calls", parsed, "", 0),
        limit("peak memory of all processes", seen.most_memory(), "MB", 300),
        limit(f"two new each: time of {GROWTH} times the feeds", growth, "times", GROWTH),
    ]


def show_machine(feeds: int, versions: Mapping[str, str]) -> None:
    """Print what the figures were measured on."""
    print(
        f"{feeds:,} feeds, {LATENCY_SECONDS * 1000:.0f} ms, {CONCURRENCY} fetches at a time; {platform.system()} on "
        f"{os.cpu_count()} processors, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, "
        + ", ".join(map(" ".join, versions.items()))
    )


def main() -> None:
    """Run the comparison and print the tables."""
    options = benchmark_options(__doc__)
    options.add_argument("--rounds", type=int, default=3, help="rounds to take the median of (3)")
    options.add_argument("--feeds", type=int, default=300, help="feeds (300)")
    options.add_argument("--seed", type=int, default=1, help="another seed gives other feeds (1)")
    chosen = options.parse_args()
    feeds, rounds = (60, 1) if chosen.quick else (chosen.feeds, chosen.rounds)
    versions = library_versions("aiohttp", "feedparser", "reader")
    show_machine(feeds, versions)
    contestants = 2 + len(READER_WORKERS)
    total = len(SITUATIONS) * (contestants + 3 * (rounds - 1)) + 1 + rounds
    with (
        tempfile.TemporaryDirectory() as folder,
        feed_farm(feeds * GROWTH, chosen.seed) as farm,
        tqdm(total=total, disable=None, leave=False) as progress,
    ):
        comparison = Comparison(farm, feeds, pathlib.Path(folder), progress)
        for turn in range(rounds):
            comparison.play_round(turn)
            comparison.grow(turn)
    show_table(comparison)
    rows = rows_of(comparison)
    print_goals(rows)
    Findings(
        title="Collecting",
        compares=f"{feeds:,} feeds of some 88 KB on loopback, each answer {LATENCY_SECONDS * 1000:.0f} ms late: Mujaz "
        "beside lemon24/reader with its best number of workers, and beside the floor, which fetches and drops. "
        f"`growth` is Mujaz with {GROWTH} times as many feeds.",
        versions=versions,
        rows=rows,
    ).save(chosen.json)


if __name__ == "__main__":
    main()

"""How fast `digest rank` is: the whole command beside scikit-learn's TF-IDF and average linkage alone, in one run.

Every run is a process of its own, from its start to its end, and the contestants take turns. The articles are real
news from the folder beside the checkout (see docs/real-news.md), their dates squeezed into one window; made-up ones
that invite quadratic work follow. What is compared, and a measured table: docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import datetime as dt
import gzip
import importlib
import importlib.util
import json
import os
import pathlib
import platform
import random
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from reporting import (
    Findings,
    Row,
    benchmark_options,
    beside,
    library_versions,
    limit,
    measured,
    print_goals,
)
from tqdm import tqdm

NEWS = pathlib.Path(__file__).resolve().parent.parent.parent / "shared" / "data" / "ant" / "items.jsonl.gz"
#: Articles that both rank, and those that only Mujaz does: scikit-learn's matrix would take ten gigabytes.
SIZES, LARGEST = (1_000, 5_000, 10_000), 20_000
#: No articles: what a start costs.
NONE = 0
BEGIN, WINDOW = dt.datetime(2026, 3, 13, tzinfo=dt.UTC), dt.timedelta(hours=30)
_MEGABYTE = 1_000_000
#: Average linkage ends at this distance; it makes no difference to the time.
_FARTHEST = 0.87

MUJAZ, SKLEARN = "Mujaz", "scikit-learn"
#: What twice as many articles would take where each is compared with each.
_QUADRATIC = 4.0
_WHY = "Mujaz also cleans, places and scores; scikit-learn's time grows with the square of the articles, Mujaz's does not."
Line = dict[str, object]


@dataclass(frozen=True, slots=True)
class Run:
    """What one process came to."""

    #: Seconds of the clock, from its start to its end.
    wall: float
    #: Megabytes of resident memory at the most.
    memory: float


def measure(contestant: str, articles: pathlib.Path) -> Run:
    """Let a contestant rank a file of articles, in a process of its own."""
    at = (BEGIN + WINDOW).isoformat()
    commands = {
        MUJAZ: [sys.executable, "-m", "digest", "rank", str(articles), "--at", at, "--json"],
        SKLEARN: [sys.executable, __file__, "--contestant", str(articles)],
    }
    begin = time.perf_counter()
    with subprocess.Popen(commands[contestant], stdout=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - begin
    if process.returncode:
        raise SystemExit(f"rank: {contestant} ended with {process.returncode}")
    return Run(wall, usage.ru_maxrss * 1024 / _MEGABYTE)


def link_by_scikit_learn(path: pathlib.Path) -> None:
    """Read articles and put them into clusters, all with the library's defaults where they can be had."""
    vectorizer = importlib.import_module("sklearn.feature_extraction.text").TfidfVectorizer
    average_linkage = importlib.import_module("sklearn.cluster").AgglomerativeClustering
    with path.open(encoding="utf-8") as lines:
        texts = ["{title} {title} {title} {summary}".format_map(json.loads(line)) for line in lines]
    if texts:
        vectors = vectorizer().fit_transform(texts)
        distances = 1.0 - (vectors @ vectors.T).toarray()
        average_linkage(
            n_clusters=None, metric="precomputed", linkage="average", distance_threshold=_FARTHEST
        ).fit(distances)


def real_news(count: int) -> Iterator[Line]:
    """Yield the first so many items of the real news."""
    with gzip.open(NEWS, "rt", encoding="utf-8") as items:
        for _, item in zip(range(count), items, strict=False):
            yield json.loads(item)


def _word(chance: random.Random, letters: int) -> str:
    return "".join(chance.choices("ابتجحدرسعفقكلمنهوي", k=letters))


def copies(count: int) -> Iterator[Line]:
    """Yield one article again and again."""
    for _ in range(count):
        yield {
            "title": "افتتاح ميناء جديد في عدن",
            "summary": "افتتح الوزير الميناء الجديد بعد عامين من العمل فيه.",
        }


def one_shared_word(count: int) -> Iterator[Line]:
    """Yield articles that share a single word, and nothing else."""
    chance = random.Random(1)
    for _ in range(count):
        title, *summary = (" ".join(_word(chance, 6) for _ in range(10)) for _ in range(3))
        yield {"title": f"زمخشرستان {title}", "summary": " ".join(summary)}


def long_titles(count: int) -> Iterator[Line]:
    """Yield a tenth as many articles, each with a title of 5,000 words."""
    chance = random.Random(2)
    words = [_word(chance, 5) for _ in range(20_000)]
    for _ in range(count // 10):
        yield {"title": " ".join(chance.choices(words, k=5_000)), "summary": ""}


def price_lists(count: int, of_a_kind: int = 300) -> Iterator[Line]:
    """Yield articles of which so many at a time are the same but for two numbers."""
    chance = random.Random(3)
    for number in range(count):
        if number % of_a_kind == 0:
            title, summary = (" ".join(_word(chance, 5) for _ in range(words)) for words in (8, 25))
        first, second = chance.randrange(2 * count), chance.randrange(2 * count)
        yield {"title": f"{title} {first}", "summary": f"{summary} {second} {first}"}


def one_price_list(count: int) -> Iterator[Line]:
    """Yield articles that are all the same but for two numbers."""
    return price_lists(count, of_a_kind=count)


INVITATIONS: Mapping[str, Callable[[int], Iterator[Line]]] = {
    "copies of one article": copies,
    "one word shared by all": one_shared_word,
    "titles of 5,000 words (a tenth)": long_titles,
    "alike by 300 but for numbers": price_lists,
    "all alike but for numbers": one_price_list,
}


def write_articles(path: pathlib.Path, articles: Iterable[Line], count: int) -> pathlib.Path:
    """Write articles as one window's, evenly spread over it."""
    with path.open("w", encoding="utf-8") as file:
        for number, article in enumerate(articles):
            moment = BEGIN + WINDOW * number / count
            base = {"id": f"a{number}", "outlet": f"outlet {number % 12}", "url": ""}
            file.write(
                json.dumps(base | article | {"published": moment.isoformat()}, ensure_ascii=False) + "\n"
            )
    return path


class Comparison:
    """All runs on real news, by contestant and number of articles."""

    def __init__(
        self, folder: pathlib.Path, contestants: Iterable[str], sizes: Sequence[int], largest: int
    ) -> None:
        self.sizes, self.largest = sizes, largest
        self._files = {
            count: write_articles(folder / f"{count}.jsonl", real_news(count), count)
            for count in (NONE, *sizes, largest)
        }
        self._contestants = list(contestants)
        self.runs: defaultdict[tuple[str, int], list[Run]] = defaultdict(list)

    def play_round(self, turn: int, progress: tqdm[None]) -> None:
        """Let every contestant rank every size, the other one first in the next round."""
        for count, file in self._files.items():
            playing = self._contestants if count <= self.sizes[-1] else [MUJAZ]
            for contestant in playing[:: -1 if turn % 2 else 1]:
                run = measure(contestant, file)
                self.runs[contestant, count].append(run)
                progress.update()
                progress.write(f"{contestant}, {count:,}: {run.wall:.2f} s, {run.memory:.0f} MB")

    def wall(self, contestant: str, count: int) -> float:
        """Return the median seconds."""
        return median(run.wall for run in self.runs[contestant, count])

    def memory(self, contestant: str, count: int) -> float:
        """Return the most megabytes of any run."""
        return max(run.memory for run in self.runs[contestant, count])


def show_table(seen: Comparison) -> None:
    """Print each contestant's medians, with and without its start, and how many times as fast Mujaz is."""
    print(f"\n{'':24}{'with start-up':>16}{'without':>16}")
    heads = ("seconds", "times", "seconds", "times", "peak MB", "runs")
    print(f"{'articles':10}{'contestant':14}" + "".join(f"{head:>8}" for head in heads))
    for contestant, count in sorted(seen.runs, key=lambda row: (row[1], row[0])):
        wall = seen.wall(contestant, count)
        work = wall - seen.wall(contestant, NONE)
        whole, inner = f"{'':8}", f"{'':8}"
        if contestant == SKLEARN:
            whole = f"{wall / seen.wall(MUJAZ, count):8.2f}"
            if count:
                inner = f"{work / (seen.wall(MUJAZ, count) - seen.wall(MUJAZ, NONE)):8.2f}"
        print(
            f"{count:<10,}{contestant:14}{wall:8.2f}{whole}{work:8.2f}{inner}"
            f"{seen.memory(contestant, count):8.0f}{len(seen.runs[contestant, count]):8}"
        )


def rows_of(seen: Comparison) -> list[Row]:
    """Return each contestant's seconds, and what was to be reached beside what was."""
    usual, small, great = seen.sizes
    rows = [
        measured(f"{count:,} articles: {contestant}", [run.wall for run in runs], "s")
        for (contestant, count), runs in sorted(seen.runs.items(), key=lambda row: (row[0][1], row[0][0]))
        if count
    ]
    memory = max(seen.memory(MUJAZ, count) for count in (*seen.sizes, seen.largest))
    growth = seen.wall(MUJAZ, seen.largest) / seen.wall(MUJAZ, small)
    rows += [
        limit(f"{usual:,}: seconds with start-up", seen.wall(MUJAZ, usual), "s", 1.5),
        limit(f"{seen.largest:,}: times as long as {small:,}", growth, "times", 5.0),
        limit("peak memory of any size", memory, "MB", 600.0),
    ]
    for count, goal in ((usual, None), (small, 1.0), (great, 2.0)):
        if seen.runs[SKLEARN, count]:
            ratio = seen.wall(SKLEARN, count) / seen.wall(MUJAZ, count)
            rows.append(beside(f"{count:,}: times as fast as {SKLEARN}", SKLEARN, ratio, goal, _WHY))
    return rows


def show_invitations(folder: pathlib.Path, count: int) -> list[Row]:
    """Print what made-up articles take that would be dear to compare each with each, and twice as many."""
    print(f"\n{'made up':36}{f'{count:,}':>10}{f'{2 * count:,}':>10}{'times':>8}{'peak MB':>9}")
    rows = []
    for name, make in INVITATIONS.items():
        once, twice = (
            measure(MUJAZ, write_articles(folder / "made.jsonl", make(size), size))
            for size in (count, 2 * count)
        )
        times = twice.wall / once.wall
        print(f"{name:36}{once.wall:10.2f}{twice.wall:10.2f}{times:8.2f}{twice.memory:9.0f}")
        title = f"{name}: {2 * count:,} take so many times as long as {count:,}"
        rows.append(limit(title, times, "times", _QUADRATIC))
    return rows


def compare(folder: pathlib.Path, contestants: Sequence[str], rounds: int, *, quick: bool) -> list[Row]:
    """Rank the real news in rounds, and print the tables."""
    smaller = 10 if quick else 1
    seen = Comparison(folder, contestants, [size // smaller for size in SIZES], LARGEST // smaller)
    with tqdm(total=rounds * (2 + len(SIZES)) * len(contestants), disable=None, leave=False) as progress:
        for turn in range(rounds):
            seen.play_round(turn, progress)
    show_table(seen)
    rows = rows_of(seen)
    print_goals(rows)
    return rows


def main() -> None:
    """Run the comparison and print the tables."""
    options = benchmark_options(__doc__)
    options.add_argument("--rounds", type=int, default=3, help="rounds to take the median of (3)")
    options.add_argument(
        "--made-up", type=int, default=5_000, help="made-up articles, and twice as many (5000)"
    )
    options.add_argument("--contestant", type=pathlib.Path, help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.contestant:
        link_by_scikit_learn(chosen.contestant)
        return
    contestants, skipped = [MUJAZ, SKLEARN], []
    if not importlib.util.find_spec("sklearn"):
        contestants = [MUJAZ]
        skipped.append(
            "scikit-learn is not installed: `pip install scikit-learn` beside the project brings it."
        )
    versions = library_versions("numpy", "scipy", *contestants[1:])
    print(
        f"{platform.system()} on {os.cpu_count()} processors, Python {platform.python_version()}, "
        + ", ".join(map(" ".join, versions.items()))
    )
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        if NEWS.exists():
            rounds = 1 if chosen.quick else chosen.rounds
            rows += compare(folder, contestants, rounds, quick=chosen.quick)
        else:
            skipped.append(
                "The folder of real news is not beside this checkout; only made-up articles are ranked."
            )
        rows += show_invitations(folder, 500 if chosen.quick else chosen.made_up)
    for reason in skipped:
        print(f"rank: {reason}")
    Findings(
        title="Ranking",
        compares="The whole of `digest rank` (reading, cleaning, clusters, places, scores, output) beside scikit-learn's "
        "TF-IDF and average linkage alone on the same articles; each run a process, start-up included.",
        versions=versions,
        rows=rows,
        skipped=skipped,
    ).save(chosen.json)


if __name__ == "__main__":
    main()

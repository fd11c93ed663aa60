"""How good the ranker is: its stories, regions and picks against labelled days of real news.

Each day is ranked with the two parameters that did best on the other days (leave one day out); all other constants
are the shipped ones. Five days carry the labels that came with the news, those marked with a star our own
(benchmarks/labelled). Needs the folder of real news beside the checkout (see docs/real-news.md); says so where it
is not there. `--errors DAY` prints what went wrong on one day instead, for reading: that is the outlets' text, so
it goes to the terminal and nowhere else.
"""

from __future__ import annotations

import datetime as dt
import gzip
import json
import pathlib
import runpy
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from rank_reading import Line, Reading
from reporting import Findings, Row, benchmark_options

from digest.adapters.article_lines import read_articles
from digest.app import App
from digest.cli.options import progress_bar
from digest.cli.ranking import story_json
from digest.model import Article, Story
from digest.ranker.pick import Pick, pick
from digest.ranker.rank import RankSettings, rank

HERE = pathlib.Path(__file__).resolve().parent
SHARED = HERE.parent.parent / "shared"
NEWS = SHARED / "data" / "ant"
SCORER = SHARED / "tools" / "score_stories.py"
#: The labels that came with the news, and ours.
GIVEN, OURS = NEWS / "gold", HERE / "labelled"

#: The scorer's figures that the table shows, with their titles.
FIGURES = {
    "b3_f1": "B3 F1",
    "pair_f1": "pair F1",
    "region_accuracy": "region",
    "country_accuracy": "country",
    "must_have_recall": "must-have",
    "ndcg_20": "NDCG@20",
    "repeats": "repeats",
}
#: What issue 4 asks for and compares with, in the order of `FIGURES`; None where it names no figure.
ISSUE: Mapping[str, tuple[float | None, ...]] = {
    "goal": (0.95, 0.85, 0.95, 0.92, 0.90, 0.90, 0.5),
    "two people": (0.985, 0.965, None, 0.988, 0.923, 0.961, 0.0),
    "plain TF-IDF": (0.886, 0.777, None, None, 0.658, 0.746, 1.75),
}
#: What of `RankSettings` is chosen, and out of which values.
SAME_STORY = tuple(hundredths / 100 for hundredths in range(16, 27))
GRAVITY_STEP = (0.1, 0.15, 0.2, 0.3)
#: What pairwise F1 counts beside B-cubed F1 when stories are compared: it swings with the greatest story of a day.
PAIRWISE_SHARE = 0.3

_WHY = (
    "Words alone end here: see docs/adr/0005 and the page on ranking for what was tried and what is missed."
)

Figures = Mapping[str, float]


class Parameters(NamedTuple):
    """What is chosen by measuring."""

    same_story: float
    gravity_step: float


#: Figures by day and parameters.
Measured = Mapping[tuple[str, Parameters], Figures]


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One day of news and its labels."""

    #: ISO 8601, of UTC.
    date: str
    #: Whether we labelled it ourselves.
    ours: bool
    articles: tuple[Article, ...]
    labels: Sequence[Line]


def end_of(date: str) -> dt.datetime:
    """Return the moment at which a day is ranked."""
    return dt.datetime.fromisoformat(f"{date}T23:59:59Z")


def read_days() -> list[Day]:
    """Return the labelled days by date, each with the news that its labels name; none without the news."""
    if not (SCORER.exists() and (NEWS / "items.jsonl.gz").exists()):
        return []
    files = sorted([*GIVEN.glob("*.gold.jsonl"), *OURS.glob("*.gold.jsonl")], key=lambda file: file.name)
    labels = {file: [json.loads(line) for line in _lines(file)] for file in files}
    wanted = {label["id"] for file in files if file.parent == OURS for label in labels[file]}
    with gzip.open(NEWS / "items.jsonl.gz") as lines:
        news = {item: line for line in lines if (item := json.loads(line)["id"]) in wanted}
    days = []
    for file in files:
        date = file.name.removesuffix(".gold.jsonl")
        ours = file.parent == OURS
        items = [news[label["id"]] for label in labels[file]] if ours else _lines(GIVEN / f"{date}.jsonl")
        articles = read_articles(items, end_of(date)).articles
        days.append(Day(date=date, ours=ours, articles=articles, labels=labels[file]))
    return days


def _lines(file: pathlib.Path) -> list[bytes]:
    return file.read_bytes().splitlines()


class Bench:
    """The shipped ranker and the scorer, in this process."""

    def __init__(self) -> None:
        self._app = App()
        #: The settings that the program comes with.
        self.shipped = self._app.rank_settings
        self._score: Callable[[list[Line], Sequence[Line]], Figures] = runpy.run_path(str(SCORER))["score"]

    def rank(self, day: Day, settings: RankSettings) -> tuple[list[Story], Pick]:
        """Return a day's stories, best first, and the default newsletter's edition of them."""
        stories = rank(day.articles, self._app.placer, settings, end_of(day.date))
        return stories, pick(stories, self._app.newsletter())

    def figures(self, day: Day, settings: RankSettings) -> Figures:
        """Return the scorer's figures for one day."""
        stories, choice = self.rank(day, settings)
        picked = {story.id for story in choice.stories()}
        return self._score([story_json(story, picked=story.id in picked) for story in stories], day.labels)

    def check_contract(self, day: Day) -> None:
        """Make sure that what is measured here is what `digest rank` and the scorer's own command give."""
        by_command = figures_by_command(day.date)
        here = self.figures(day, self.shipped)
        assert here == by_command, f"{day.date}: {here} here, {by_command} from `digest rank`"


def figures_by_command(date: str) -> Figures:
    """Rank one day's file with the `digest` command and return the figures of the scorer's command."""
    news, labels = GIVEN / f"{date}.jsonl", GIVEN / f"{date}.gold.jsonl"
    with tempfile.TemporaryDirectory() as folder:
        stories = pathlib.Path(folder) / "stories.jsonl"
        stories.write_bytes(_python("-m", "digest", "rank", str(news), "--at", f"{date}T23:59:59Z", "--json"))
        figures: dict[str, float] = json.loads(_python(str(SCORER), str(stories), str(labels), "--json"))
    return figures


def _python(*arguments: str) -> bytes:
    command = [sys.executable, *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=120).stdout


def measure(bench: Bench, days: Sequence[Day]) -> Measured:
    """Return the figures of every day with every choice of parameters."""
    every = [(day, Parameters(one, step)) for day in days for one in SAME_STORY for step in GRAVITY_STEP]
    measured = {}
    with progress_bar() as progress:
        for done, (day, parameters) in enumerate(every, start=1):
            settings = replace(bench.shipped, **parameters._asdict())
            measured[day.date, parameters] = bench.figures(day, settings)
            progress(day.date, done, len(every))
    return measured


def mean(rows: Sequence[Figures]) -> Figures:
    """Return the mean of each figure of the table."""
    return {name: sum(row[name] for row in rows) / len(rows) for name in FIGURES}


def choose(measured: Measured, dates: Sequence[str]) -> Parameters:
    """Return the parameters that do best on these days: what makes stories first, then what picks from them.

    Equal ones go to the smaller. Gravity only orders stories, so any step serves to choose the first.
    """

    def told_apart(same_story: float) -> float:
        row = mean([measured[date, Parameters(same_story, GRAVITY_STEP[0])] for date in dates])
        return row["b3_f1"] + PAIRWISE_SHARE * row["pair_f1"]

    same_story = max(SAME_STORY, key=told_apart)

    def picked_well(step: float) -> float:
        row = mean([measured[date, Parameters(same_story, step)] for date in dates])
        return row["must_have_recall"] + row["ndcg_20"]

    return Parameters(same_story, max(GRAVITY_STEP, key=picked_well))


def _row(label: str, figures: Mapping[str, float | None], parameters: Parameters | None = None) -> str:
    shown = [figures[name] for name in FIGURES]
    cells = "".join(f"{'-':>11}" if one is None else f"{one:11.3f}" for one in shown)
    chosen = "" if parameters is None else "".join(f"{one:12.2f}" for one in parameters)
    return f"{label:16}{cells}{chosen}"


def print_left_out(title: str, measured: Measured, days: Sequence[Day]) -> Figures:
    """Print the table of these days, each with the parameters chosen on the others; return the mean."""
    titles = "".join(f"{name:>11}" for name in FIGURES.values())
    print(f"\n{len(days)} days, each with the parameters chosen on the other {len(days) - 1}: {title}")
    print(f"{'day':16}{titles}{'same_story':>12}{'gravity':>12}")
    rows = []
    for day in days:
        chosen = choose(measured, [other.date for other in days if other is not day])
        rows.append(measured[day.date, chosen])
        print(_row(day.date + " *" * day.ours, rows[-1], chosen))
    means = mean(rows)
    print(_row("mean", means))
    return means


def rows_of(title: str, figures: Figures) -> list[Row]:
    """Return a mean of some days for the page of results, with what issue 4 asks for."""
    goals = dict(zip(FIGURES, ISSUE["goal"], strict=True))
    return [
        Row(
            name=f"{title}: {shown}",
            value=figures[name],
            goal=goals[name],
            sense="at most" if name == "repeats" else "at least",
            why=_WHY,
        )
        for name, shown in FIGURES.items()
    ]


def print_table(bench: Bench, days: Sequence[Day]) -> list[Row]:
    """Print the figures of the days with the labels that came with the news, of all days, and what to compare with."""
    given = [day for day in days if not day.ours]
    bench.check_contract(given[0])
    measured = measure(bench, days)
    few = print_left_out("the days whose labels came with the news", measured, given)
    for label, figures in ISSUE.items():
        print(_row(label, dict(zip(FIGURES, figures, strict=True))))
    print("(goal: at least, repeats at most; the last two rows: issue 4's figures for other days than these)")
    every = print_left_out("all days (*: our own labels)", measured, days)
    return [
        *rows_of(f"{len(given)} days, each left out", few),
        *rows_of(f"{len(days)} days, each left out", every),
        *print_shipped(bench, days),
    ]


def print_shipped(bench: Bench, days: Sequence[Day]) -> list[Row]:
    """Print the mean of all days with the parameters that the program comes with."""
    parameters = Parameters(bench.shipped.same_story, bench.shipped.gravity_step)
    means = mean([bench.figures(day, bench.shipped) for day in days])
    print(_row("as shipped, all", means, parameters))
    return rows_of(f"{len(days)} days, as shipped", means)


def print_errors(bench: Bench, day: Day) -> None:
    """Print what went wrong on one day with the shipped settings; #n is the place of a story among all."""
    reading = Reading(*bench.rank(day, bench.shipped), day.labels)
    sections = {
        "Stories that mix labelled ones": reading.mixed(),
        "Labelled stories torn apart": reading.split(),
        "Other regions than the labels": reading.misplaced(),
        "Must-haves that no pick tells": reading.missed(),
        "Picked in their place": reading.in_their_place(),
    }
    for title, lines in sections.items():
        print(f"\n== {title}", *lines, sep="\n")


def main() -> None:
    """Print the table, or one day's errors."""
    options = benchmark_options(__doc__)
    options.add_argument("--errors", metavar="DAY", help="print what went wrong on this day (2018-03-13)")
    chosen = options.parse_args()
    days = read_days()
    rows, skipped = [], []
    if not days:
        skipped = ["The folder of real news is not beside this checkout; nothing was measured."]
        print(f"rank_quality: {skipped[0]}")
    elif chosen.errors:
        found = [day for day in days if day.date == chosen.errors]
        if not found:
            options.error(
                f"{chosen.errors} is not labelled; these are: {', '.join(day.date for day in days)}"
            )
        print_errors(Bench(), found[0])
        return
    else:
        rows = print_shipped(Bench(), days[:2]) if chosen.quick else print_table(Bench(), days)
    Findings(
        title="The ranker's judgement",
        compares="Stories, regions and picks against labelled days of real news: five with the labels that came with "
        "them, nine that we labelled. `left out`: the two parameters were chosen on the other days. Two people agree "
        "with each other to " + ", ".join(_two_people()) + " (issue 4, other days than these).",
        rows=rows,
        skipped=skipped,
    ).save(chosen.json)


def _two_people() -> list[str]:
    pairs = zip(FIGURES.values(), ISSUE["two people"], strict=True)
    return [f"{shown} {figure:g}" for shown, figure in pairs if figure is not None]


if __name__ == "__main__":
    main()

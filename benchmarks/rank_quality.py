"""How good the ranker is: its stories, regions and picks against labelled days of real news.

Needs the folder of real news beside the checkout (see docs/real-news.md); says so where it is not there. Prints a
line for each day and the mean.
"""

from __future__ import annotations

import pathlib
import subprocess
import sys
import tempfile

SHARED = pathlib.Path(__file__).resolve().parent.parent.parent / "shared"
FIGURES = {
    "b3_f1": "stories B3",
    "pair_f1": "pairwise",
    "region_accuracy": "region",
    "country_accuracy": "country",
    "must_have_recall": "must-have",
    "ndcg_20": "NDCG@20",
    "repeats": "repeats",
    "picked": "picked",
}


def score(day: pathlib.Path) -> dict[str, float]:
    """Rank one day's articles with the `digest` command and return its figures."""
    import json

    with tempfile.TemporaryDirectory() as folder:
        stories = pathlib.Path(folder) / "stories.jsonl"
        name = day.name.removesuffix(".gold.jsonl")
        command = [
            sys.executable,
            "-m",
            "digest",
            "rank",
            str(day.with_name(f"{name}.jsonl")),
            "--at",
            f"{name}T23:59:59Z",
            "--json",
        ]
        stories.write_bytes(subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=120).stdout)
        scorer = [
            sys.executable,
            str(SHARED / "tools" / "score_stories.py"),
            str(stories),
            str(day),
            "--json",
        ]
        figures: dict[str, float] = json.loads(
            subprocess.run(scorer, check=True, stdout=subprocess.PIPE, timeout=60).stdout
        )
    return figures


def main() -> None:
    """Print the table."""
    days = sorted((SHARED / "data" / "ant" / "gold").glob("*.gold.jsonl"))
    if not days:
        print("rank_quality: the folder of real news is not beside this checkout; nothing was measured.")
        return
    print(f"{'day':12}" + "".join(f"{title:>12}" for title in FIGURES.values()))
    rows = []
    for day in days:
        rows.append(score(day))
        print(f"{day.name[:10]:12}" + "".join(f"{rows[-1][key]:12.3f}" for key in FIGURES))
    print(f"{'mean':12}" + "".join(f"{sum(row[key] for row in rows) / len(rows):12.3f}" for key in FIGURES))


if __name__ == "__main__":
    main()

"""What readers of five consecutive days get: what comes back as an update, what is dropped, what slips through.

Needs the folder of real news beside the checkout (see docs/real-news.md); says so where it is not there. Composes an
edition each morning out of the news of the day before, and prints counts and what a person should read: every update
with its old and its new headline, every greater story that was dropped, and every pick without a mark that resembles
an earlier one.
"""

from __future__ import annotations

import datetime as dt
import gzip
import pathlib
from collections import Counter
from collections.abc import Sequence

from reporting import Findings, Row, benchmark_options

from digest.adapters.article_lines import read_articles
from digest.app import App
from digest.model import Article, Edition, Reason, Slot, Story
from digest.pipeline.composing import make_edition
from digest.ranker.tellings import GroupVectors

ITEMS = pathlib.Path(__file__).resolve().parent.parent.parent / "shared" / "data" / "ant" / "items.jsonl.gz"
FIRST_DAY = dt.date(2018, 3, 10)
MORNING = dt.time(4, 0, tzinfo=dt.UTC)
#: Cosine of two stories' centroids from which a person should look whether the second repeats the first.
RESEMBLES = 0.3
#: A story below this score stands in no edition, told or not.
WORTH_READING = 2.0
_COUNTED = {
    "picked": "picked",
    "updates": "came back as updates",
    "dropped": "dropped as told before",
    "alike": "without a mark, but alike to an earlier one",
}


def morning(app: App, articles: Sequence[Article], day: dt.date, told: Sequence[Edition]) -> Edition:
    """Return the edition of the morning after a day, for readers of the editions before."""
    newsletter, settings = app.newsletter(), app.rank_settings
    now = dt.datetime.combine(day + dt.timedelta(days=1), MORNING)
    since = now - dt.timedelta(hours=settings.window_hours)
    window = [one for one in articles if since < one.published <= now]
    slot = Slot(newsletter_id=newsletter.id, local_date=now.date(), cohort="", due_at=now)
    return make_edition(newsletter, slot, window, told, app.placer, settings, now)


def resembling(edition: Edition, told: Sequence[Edition]) -> list[tuple[float, Story, Edition, Story]]:
    """Return the picks without a mark that resemble a story of an earlier edition, the likest first."""
    unmarked = [story for story in edition.stories() if story.update_of is None]
    earlier = [(other, story) for other in told for story in other.stories()]
    likeness = GroupVectors([one.articles for one in [*unmarked, *(story for _, story in earlier)]]).likeness(
        len(unmarked)
    )
    found = [
        (float(likeness[place, other]), story, *earlier[other])
        for place, story in enumerate(unmarked)
        for other in range(len(earlier))
        if likeness[place, other] >= RESEMBLES
    ]
    return sorted(found, key=lambda row: (-row[0], row[1].id, row[3].id))


def show(edition: Edition, told: Sequence[Edition]) -> Counter[str]:
    """Print one morning and return its counts."""
    updates = [story for story in edition.stories() if story.update_of]
    dropped = [one for one in edition.left_out if one.reason is Reason.TOLD_BEFORE]
    alike = resembling(edition, told) if told else []
    counts = Counter(
        picked=sum(1 for _ in edition.stories()),
        updates=len(updates),
        dropped=len(dropped),
        alike=len({story.id for _, story, *_ in alike}),
    )
    print(f"\n{edition.local_date}: " + ", ".join(f"{count} {name}" for name, count in counts.items()))
    for story in updates:
        assert story.update_of is not None
        print(f"  update  {story.score:.1f} ({story.score_parts['told']:+.1f}) {story.headline}")
        print(f"          {story.summary}")
        print(f"     of   {story.update_of.local_date}: {story.update_of.headline}")
    for one in dropped:
        if one.score >= WORTH_READING:
            print(f"  dropped {one.score:.1f} {one.headline}")
    for cosine, story, other, earlier in alike:
        print(f"  alike {cosine:.2f} {story.headline}\n     to   {other.local_date}: {earlier.headline}")
    return counts


def replay(first: dt.date, days: int, *, forget: bool) -> Counter[str]:
    """Compose so many mornings after one another, print each, and return the counts of all."""
    app = App()
    with gzip.open(ITEMS) as lines:
        articles = read_articles(lines, dt.datetime.combine(first, MORNING)).articles
    told: list[Edition] = []
    totals: Counter[str] = Counter()
    for number in range(days):
        known = [] if forget else told
        edition = morning(app, articles, first + dt.timedelta(days=number), known)
        totals += show(edition, told)
        told.append(edition)
    return totals


def main() -> None:
    """Replay the days and print what is to be read."""
    options = benchmark_options(__doc__)
    options.add_argument("--first", type=dt.date.fromisoformat, default=FIRST_DAY, help="the first day")
    options.add_argument("--days", type=int, default=5, help="how many days")
    options.add_argument("--forget", action="store_true", help="compose as if nothing had been told before")
    chosen = options.parse_args()
    totals, skipped = Counter[str](), []
    if ITEMS.exists():
        totals = replay(chosen.first, 2 if chosen.quick else chosen.days, forget=chosen.forget)
        print("\nin all: " + ", ".join(f"{count} {name}" for name, count in totals.items()))
    else:
        skipped = ["The folder of real news is not beside this checkout; nothing was replayed."]
        print(f"replay_days: {skipped[0]}")
    Findings(
        title="What readers were told before",
        compares="Mornings in a row, composed of real news: what comes back as an update, what is dropped as told, and "
        "picks without a mark that resemble an earlier one, for a person to read. Counts, nothing is judged.",
        rows=[Row(name=_COUNTED[name], value=count, unit="stories") for name, count in totals.items()],
        skipped=skipped,
    ).save(chosen.json)


if __name__ == "__main__":
    main()

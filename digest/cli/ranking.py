"""`digest rank`."""

from __future__ import annotations

import datetime as dt
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

import click

from digest.cli.options import at_option, counted, json_option, opened, print_json

if TYPE_CHECKING:
    from digest.model import Story


@contextmanager
def _cycles_left_alone() -> Iterator[None]:
    """Look for no reference cycles meanwhile: there are next to none among millions of objects that all stay."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@click.command()
@click.argument("file", type=click.File("rb"))
@at_option
@json_option
@_cycles_left_alone()
def rank(file: IO[bytes], at: dt.datetime | None, as_json: bool) -> None:
    """Rank the articles of FILE (JSON lines; -: standard input) into stories, best first.

    Nothing is stored. `picked` marks the stories that the default newsletter's edition would hold. A line that
    cannot be read is named and left out; the exit code is 1 then.
    """
    from digest.adapters.article_lines import read_articles
    from digest.ranker.pick import pick
    from digest.ranker.rank import rank as rank_articles

    with opened(at) as app:
        now = app.clock.now()
        read = read_articles(file, now)
        newsletter = app.newsletter()
        stories = rank_articles(read.articles, app.placer, app.rank_settings, now, newsletter.locale)
        # Those that are picked come back with their summaries.
        told = {story.id: story for story in pick(stories, newsletter).stories()}
    for story in stories:
        if as_json:
            print_json(story_json(told.get(story.id, story), picked=story.id in told))
        else:
            click.echo(_story_line(story, picked=story.id in told))
    if not as_json:
        summary = f"{counted(len(read.articles), 'article')} in {counted(len(stories), 'story', 'stories')}, {len(told)} picked"
        click.echo(summary, err=True)
    for fault in read.faults:
        click.echo(f"digest: {file.name}: {fault}", err=True)
    sys.exit(1 if read.faults else 0)


def story_json(story: Story, *, picked: bool) -> dict[str, object]:
    """Return a story as `digest rank --json` prints it."""
    return {
        "story": story.id,
        "headline": story.headline,
        "summary": story.summary,
        "articles": [article.id for article in story.articles],
        "outlets": list(story.outlets),
        "region": story.region,
        "second_region": story.second_region,
        "countries": list(story.countries),
        "score": story.score,
        "score_parts": dict(story.score_parts),
        "picked": picked,
        "evidence": [
            {
                "words": one.words,
                "country": one.country,
                "region": one.region,
                "articles": list(one.articles),
                "weight": one.weight,
            }
            for one in story.evidence
        ],
    }


def _story_line(story: Story, *, picked: bool) -> str:
    places = ",".join(story.countries[:3])
    mark = "*" if picked else " "
    return f"{mark} {story.score:6.2f}  {story.region:<12} {places:<9} {len(story.outlets)}/{len(story.articles)}  {story.headline}"

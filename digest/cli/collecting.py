"""`digest collect` and `digest articles`."""

from __future__ import annotations

import datetime as dt
import sys
from typing import TYPE_CHECKING

import click

from digest.cli.options import Moment, at_option, counted, json_option, opened, print_json, progress_bar

if TYPE_CHECKING:
    from digest.pipeline import CollectReport


@click.command()
@at_option
@json_option
def collect(at: dt.datetime | None, as_json: bool) -> None:
    """Fetch every due source and store what is new.

    A source that fails is named with its reason and stops no other; the exit code is 1 then.
    """
    from digest.pipeline import collect as collect_sources

    with opened(at) as app, progress_bar() as progress:
        sources = list(app.settings.sources.values())
        report = collect_sources(sources, app.fetcher, app.store.articles, app.clock.now(), progress)
    if as_json:
        print_json(collect_json(report))
    else:
        click.echo(collect_sentence(report))
    for outcome in report.failed:
        click.echo(
            f"digest: source {outcome.source.id} ({outcome.source.outlet}) failed: {outcome.error}", err=True
        )
    sys.exit(1 if report.failed else 0)


def collect_json(report: CollectReport) -> dict[str, object]:
    """Return what a collect came to, in numbers."""
    from digest.model import FetchStatus

    return {
        "sources": {
            "ok": report.count(FetchStatus.FETCHED),
            "unchanged": report.count(FetchStatus.UNCHANGED),
            "failed": report.count(FetchStatus.FAILED),
            "waiting": len(report.waiting),
        },
        "articles": {"new": report.new, "updated": report.updated},
        "failures": {outcome.source.id: outcome.error for outcome in report.failed},
    }


def collect_sentence(report: CollectReport) -> str:
    """Return what a collect came to, in a sentence."""
    from digest.model import FetchStatus

    fetched, unchanged = report.count(FetchStatus.FETCHED), report.count(FetchStatus.UNCHANGED)
    waiting = f", {len(report.waiting)} waiting as their servers asked" if report.waiting else ""
    updated = f", {report.updated:,} edited" if report.updated else ""
    return (
        f"{counted(len(report.outcomes), 'source')}: {fetched} ok, {unchanged} unchanged, "
        f"{len(report.failed)} failed{waiting}; {counted(report.new, 'new article')}{updated}."
    )


@click.command()
@click.option("--since", type=Moment(), metavar="T", help="Only articles published after this moment.")
@click.option("--json", "as_json", is_flag=True, help="The output is JSON lines in any case.")
def articles(since: dt.datetime | None, as_json: bool) -> None:
    """Print what is stored, oldest first, one article a line, as `digest rank` reads it."""
    del as_json
    from digest.adapters.article_lines import article_line

    with opened() as app:
        for article in app.store.articles.articles(since, None):
            click.echo(article_line(article))

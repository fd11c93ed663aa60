"""`digest collect` and `digest articles`."""

from __future__ import annotations

import dataclasses
import datetime as dt
import sys
from typing import TYPE_CHECKING

import click

from digest.cli.options import Moment, at_option, counted, json_option, opened, print_json, progress_bar

if TYPE_CHECKING:
    from digest.pipeline import CollectReport, PagesReport


@click.command()
@at_option
@json_option
def collect(at: dt.datetime | None, as_json: bool) -> None:
    """Fetch every due source and store what is new.

    A source that fails is named with its reason and stops no other; the exit code is 1 then.
    """
    from digest.pipeline import collect as collect_sources
    from digest.pipeline import read_pages

    with opened(at) as app, progress_bar() as progress:
        sources = list(app.settings.sources.values())
        what = (sources, app.fetcher, app.parser, app.store.articles, app.clock.now(), progress)
        report = collect_sources(*what)
        pages = read_pages(*what)
    if as_json:
        print_json({**collect_json(report), "pages": dataclasses.asdict(pages)})
    else:
        click.echo(collect_sentence(report))
        if pages.read or pages.failed or pages.disallowed:
            click.echo(pages_sentence(pages))
    say_failures(report)
    sys.exit(1 if report.failed else 0)


def say_failures(report: CollectReport) -> None:
    """Name each source that failed with its reason, on standard error; those of an outage of ours in one sentence."""
    if report.outage:
        click.echo(
            f"digest: {counted(len(report.unreached), 'source')} cannot be reached. As these are on most of all hosts, "
            "this machine's network, name service or proxy seems to be down; it is not held against them.",
            err=True,
        )
    for outcome in report.at_fault:
        click.echo(
            f"digest: source {outcome.source.id} ({outcome.source.outlet}) failed: {outcome.error}", err=True
        )


def pages_sentence(pages: PagesReport) -> str:
    """Return what reading article pages came to, in a sentence."""
    kept = f", {pages.disallowed} kept from us by robots.txt" if pages.disallowed else ""
    return f"{counted(pages.read, 'article page')} read, {pages.failed} failed{kept}."


def collect_json(report: CollectReport) -> dict[str, object]:
    """Return what a collect came to, in numbers."""
    from digest.model import FetchStatus

    return {
        "sources": {
            "ok": report.count(FetchStatus.FETCHED),
            "unchanged": report.count(FetchStatus.UNCHANGED),
            "failed": report.count(FetchStatus.FAILED),
            "waiting": len(report.waiting),
            "retired": len(report.retired),
        },
        "entries": {
            "found": sum(outcome.entries for outcome in report.outcomes),
            "skipped": sum(outcome.skipped for outcome in report.outcomes),
        },
        "articles": {"new": report.new, "updated": report.updated},
        "failures": {outcome.source.id: outcome.error for outcome in report.failed},
        "outage": report.outage,
    }


def collect_sentence(report: CollectReport) -> str:
    """Return what a collect came to, in a sentence."""
    from digest.model import FetchStatus

    fetched, unchanged = report.count(FetchStatus.FETCHED), report.count(FetchStatus.UNCHANGED)
    waiting = f", {len(report.waiting)} waiting" if report.waiting else ""
    retired = f", {len(report.retired)} retired" if report.retired else ""
    updated = f", {report.updated:,} edited" if report.updated else ""
    return (
        f"{counted(len(report.outcomes), 'source')}: {fetched} ok, {unchanged} unchanged, "
        f"{len(report.failed)} failed{waiting}{retired}; {counted(report.new, 'new article')}{updated}."
    )


@click.command()
@click.option("--since", type=Moment(), metavar="T", help="Only articles published after this moment.")
@at_option
@click.option("--json", "as_json", is_flag=True, help="The output is JSON lines in any case.")
def articles(since: dt.datetime | None, at: dt.datetime | None, as_json: bool) -> None:
    """Print what is stored, oldest first, one article a line, as `digest rank` reads it.

    Articles that their feeds have dated ahead are held back until then.
    """
    del as_json
    from digest.adapters.article_lines import article_line

    with opened(at) as app:
        for article in app.store.articles.articles(since, app.clock.now()):
            click.echo(article_line(article))

"""`digest demo`."""

from __future__ import annotations

import datetime as dt
import json
import pathlib
import shutil
from typing import TYPE_CHECKING

import click

from digest.cli.options import counted, progress_bar, stop_signal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from digest.app import App
    from digest.demo.news import SampleOutlet
    from digest.model import Edition, Newsletter
    from digest.pipeline import CollectReport

#: Address, name and regions in their order (empty: the newsletter's own).
_READERS = (
    ("layla@example.org", "ليلى", ()),
    ("omar@example.com", "عمر", ("levant", "gulf", "europe")),
    ("reader@example.net", "", ()),
)

#: The first line of the sample's sources.toml: by it a later demo knows the folder for one of its own.
_MARK = "# The sample's feeds; they are served only while `digest demo` runs.\n"

#: Nothing of the caller's environment: the demo is the same everywhere, and mails nobody.
_ENVIRONMENT = {
    "DIGEST_COLLECT__ALLOW_PRIVATE_ADDRESSES": "true",
    # All outlets of the sample are one host, and it is ours.
    "DIGEST_COLLECT__HOST_SPACING_SECONDS": "0",
    "DIGEST_MAIL__TRANSPORT": "outbox",
}


@click.command()
@click.option(
    "--to",
    "folder",
    type=click.Path(file_okay=False, path_type=pathlib.Path),
    help="Where to work; default var/demo.",
)
def demo(folder: pathlib.Path | None) -> None:
    """Show the whole path offline: sample feeds collected, ranked, composed and sent to files.

    The feeds are Mujaz's own invention and are served on loopback, dated as if they were of today. The folder is a
    DIGEST_HOME afterwards, to play with.
    """
    from digest.adapters.clock import SystemClock
    from digest.app import App

    home = (folder or App().home / "var" / "demo").resolve()
    _clear(home)
    _run(home, SystemClock().now())


def _clear(home: pathlib.Path) -> None:
    """Take away what an earlier demo made. Raises UsageError where the folder is somebody's own home."""
    from digest.errors import UsageError

    sources = home / "config" / "sources.toml"
    ours = sources.is_file() and sources.read_bytes().startswith(_MARK.encode())
    if not ours and ((home / "var").exists() or (home / "config").exists()):
        raise UsageError(
            f"{home} holds a digest of your own, which the demo would overwrite. Name another folder."
        )
    shutil.rmtree(home / "var", ignore_errors=True)


def _run(home: pathlib.Path, now: dt.datetime) -> None:
    from digest.app import App
    from digest.cli.editions import compose_edition, deliver_to_the_end
    from digest.cli.previewing import write_preview
    from digest.demo.server import feed_server
    from digest.pipeline import collect

    with feed_server() as (base, pages), progress_bar() as progress, stop_signal() as stop:
        outlets = _put_up(base, pages, now)
        _write_sources(home, outlets, base)
        app = App(home=home, environment=_ENVIRONMENT)
        try:
            newsletter = app.newsletter()
            report = collect(
                list(app.settings.sources.values()),
                app.fetcher,
                app.parser,
                app.store.articles,
                now,
                progress,
            )
            _say_collected(report)
            edition = compose_edition(app, newsletter)
            _say_ranked(app, newsletter, edition)
            _subscribe(app, newsletter, now)
            deliver_to_the_end(app, newsletter, edition, progress, stop)
            counts = app.store.ledger.counts(edition.id)
            click.echo(
                f"4. Sent       {', '.join(f'{count} {state}' for state, count in counts.items())}, as files."
            )
            checks = write_preview(app, edition, app.var / "preview")
            click.echo(
                f"5. Checked    {sum(check.passed for check in checks)} of {len(checks)} inbox checks passed."
            )
        finally:
            app.close()
    click.echo(f"\nOpen the newsletter:\n   {home / 'var' / 'preview' / 'edition.html'}")
    click.echo(f"or a reader's message:\n   {home / 'var' / 'outbox' / edition.id / _READERS[0][0]}.eml")
    click.echo(f"\nEverything is in {home}; with DIGEST_HOME set to it, every command works on it.")


def _put_up(base: str, pages: dict[str, tuple[str, bytes]], now: dt.datetime) -> list[SampleOutlet]:
    from digest.demo.feeds import feed_bytes
    from digest.demo.news import sample_articles, sample_outlets

    outlets, articles = sample_outlets(), sample_articles(now)
    for outlet in outlets:
        own = [article for article in articles if article.outlet == outlet.id]
        pages[f"/{outlet.id}.xml"] = feed_bytes(outlet, own, base)
    return outlets


def _write_sources(home: pathlib.Path, outlets: Sequence[SampleOutlet], base: str) -> None:
    """Write the sample's sources.toml; JSON's strings and numbers are TOML's as well."""
    from digest.adapters.files import write_whole

    lines = [_MARK]
    for outlet in outlets:
        fields = {
            "id": outlet.id,
            "outlet": outlet.name,
            "url": f"{base}/{outlet.id}.xml",
            "country": outlet.country,
            "timezone": outlet.timezone,
            "weight": outlet.weight,
        }
        rows = "".join(f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in fields.items())
        lines.append(f"[[source]]\n{rows}")
    write_whole(home / "config" / "sources.toml", "\n".join(lines).encode())


def _say_collected(report: CollectReport) -> None:
    from digest.model import FetchStatus

    click.echo(
        f"1. Collected  {counted(len(report.outcomes), 'feed')}: {report.count(FetchStatus.FETCHED)} ok with "
        f"{counted(report.new, 'article')}, {len(report.failed)} failed."
    )
    for outcome in report.failed:
        click.echo(f"              {outcome.source.outlet} failed, as it is meant to: {outcome.error}")


def _say_ranked(app: App, newsletter: Newsletter, edition: Edition) -> None:
    told = list(edition.stories())
    window = f"{app.rank_settings.window_hours:g} hours"
    click.echo(
        f"2. Ranked     {counted(edition.articles_read, 'article')} of the last {window} are "
        f"{counted(edition.stories_found, 'story', 'stories')} in {counted(len(edition.sections), 'region')}."
    )
    click.echo(
        f"3. Composed   edition {edition.id}: {counted(len(told), 'story', 'stories')}, "
        f"{len(edition.briefs)} of them in brief."
    )
    for section in edition.sections:
        first = section.stories[0]
        name = app.settings.regions[section.region].name.get(newsletter.locale, section.region)
        click.echo(f"              {name}: {first.headline} ({counted(len(first.outlets), 'outlet')})")


def _subscribe(app: App, newsletter: Newsletter, now: dt.datetime) -> None:
    from digest.model import Consent, Subscriber

    for email, name, regions in _READERS:
        person = Subscriber(id=0, email=email, name=name, newsletter_id=newsletter.id, regions=regions)
        app.store.subscribers.add(person, consent=Consent(at=now, how="demo"))

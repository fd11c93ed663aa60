"""`digest sources`: how the feeds are doing, and ways to add to them."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from digest.cli.options import at_option, counted, json_option, opened, print_json
from digest.cli.source_check import check
from digest.cli.source_files import export_sources, import_sources
from digest.collector.health import WINDOW, HealthState, SourceHealth, health, moment, span

if TYPE_CHECKING:
    from digest.app import App


@click.group()
def sources() -> None:
    """Show how the feeds are doing, try one, and take them from and to OPML."""


sources.add_command(check)
sources.add_command(import_sources)
sources.add_command(export_sources)


@sources.command("list")
@click.option(
    "--state", type=click.Choice([state.value for state in HealthState]), help="Only those in this state."
)
@at_option
@json_option
def list_sources(state: str | None, at: dt.datetime | None, as_json: bool) -> None:
    """Show each source's health: last success, newest article, articles a day, and what to do."""
    with opened(at) as app:
        now = app.clock.now()
        found = [one for one in sources_health(app, now) if state in {None, one.state.value}]
    if as_json:
        print_json(health_json(found))
        return
    for one in found:
        _show(one, now)
    states = Counter(one.state.value for one in found)
    told = ", ".join(f"{count} {name}" for name, count in states.most_common())
    click.echo(f"{counted(len(found), 'source')}{f': {told}' if told else ''}.")


@sources.command()
@click.argument("source_ids", nargs=-1, required=True, metavar="ID...")
@at_option
def retry(source_ids: Sequence[str], at: dt.datetime | None) -> None:
    """Forget a source's failures: the next collect fetches it, even when it was retired or is waiting."""
    from digest.collector.manners import forgiven, host_of, resting_hosts, state_of
    from digest.errors import UsageError

    with opened(at) as app:
        known, store = app.settings.sources, app.store.articles
        unknown = [one for one in source_ids if one not in known]
        if unknown:
            raise UsageError(
                f"There is no source {', '.join(unknown)}. `digest sources list` shows those that are configured."
            )
        off = [one for one in source_ids if not known[one].enabled]
        if off:
            raise UsageError(
                f"Switched off in config/sources.toml: {', '.join(off)}. Set enabled = true first."
            )
        states = store.fetch_states()
        for one in source_ids:
            store.save_state(forgiven(state_of(known[one], states.get(one))))
        rests = resting_hosts(store.fetch_states().values(), app.clock.now())
    left_alone = {one: rests[host] for one in source_ids if (host := host_of(known[one].url)) in rests}
    for one, until in left_alone.items():
        click.echo(f"{one}: its host has told another source to leave it alone until {moment(until)}.")
    click.echo(
        f"{counted(len(source_ids) - len(left_alone), 'source')} will be fetched by the next `digest collect`."
    )


def sources_health(app: App, now: dt.datetime) -> list[SourceHealth]:
    """Return the health of every configured source, in the order of the configuration."""
    from digest.collector.manners import address_of, host_of, resting_hosts, state_of

    known = app.store.articles.fetch_states()
    stats = app.store.articles.source_stats(now - WINDOW, now)
    rests = resting_hosts(known.values(), now)
    found = []
    for source in app.settings.sources.values():
        state = state_of(source, known.get(source.id))
        rest = rests.get(host_of(address_of(state)))
        found.append(health(source, state, stats.get(source.id), rest, now))
    return found


def health_json(found: Sequence[SourceHealth]) -> dict[str, object]:
    """Return the sources' health as JSON takes it; shares from 0 to 1."""
    return {
        "states": dict(Counter(one.state.value for one in found)),
        "sources": [
            {
                "id": one.source.id,
                "outlet": one.source.outlet,
                "url": one.source.url,
                "state": one.state.value,
                "words": one.words,
                "remedy": one.remedy,
                "last_success": _iso(one.last_success),
                "newest": _iso(one.newest),
                "articles_a_day": _rounded(one.articles_a_day),
                "undated_share": _rounded(one.undated_share),
                "repair": one.repair,
                "failures": one.failures,
                "next_fetch": _iso(one.next_fetch),
            }
            for one in found
        ],
    }


def _iso(when: dt.datetime | None) -> str | None:
    return when.isoformat() if when else None


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(number, 3)


def _show(one: SourceHealth, now: dt.datetime) -> None:
    facts = [
        f"last success {span(max(now - one.last_success, dt.timedelta()))} ago" if one.last_success else "",
        f"newest {span(now - one.newest)} old" if one.newest else "",
        f"{one.articles_a_day:.1f} a day" if one.articles_a_day is not None else "",
        f"{one.undated_share:.0%} undated" if one.undated_share else "",
        f"mended: {one.repair}" if one.repair else "",
    ]
    known = "; ".join(fact for fact in facts if fact)
    click.echo(
        f"{one.state.value:<9} {one.source.id:<24} {one.source.outlet}{f'  ({known})' if known else ''}"
    )
    for line in (one.words, one.remedy):
        if line:
            click.echo(f"{'':<9} {line}")

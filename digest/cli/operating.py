"""`digest status`, `digest pause`, `digest resume`: for whoever runs the installation."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from digest.cli.options import at_option, counted, json_option, opened, print_json

if TYPE_CHECKING:
    from digest.app import App

#: Workers that were heard of in this time are shown.
_SHOWN = dt.timedelta(days=1)
#: A worker without a sign of life for so long is shown as dead.
_DEAD_AFTER = dt.timedelta(minutes=2)
#: Editions that are shown.
_EDITIONS = 7
#: Columns of a terminal that the longest lines are made for.
_WIDTH = 100
_Table = dict[str, Any]


# --------------------------------------------------------------------------- status


@click.command()
@at_option
@json_option
def status(at: dt.datetime | None, as_json: bool) -> None:
    """Show who works, what comes next, how the last editions stand, and what is wrong."""
    with opened(at) as app:
        now = app.clock.now()
        found = _status(app, now)
    if as_json:
        print_json(_plain(found))
    else:
        click.echo("\n\n".join("\n".join(part) for part in _parts(found, now)))


def _status(app: App, now: dt.datetime) -> _Table:
    operations = app.store.operations
    pauses = operations.pauses()
    return {
        "workers": [_worker(one, now) for one in operations.workers(now - _SHOWN)],
        "next": [row for one in app.newsletters() for row in _next(app, one.id, now, one.id in pauses)],
        "editions": [_edition(app, one, now) for one in operations.latest_editions(_EDITIONS)],
        "collect": _collect(app),
        "alerts": [
            {"key": one.key, "text": one.text, "since": one.raised_at, "mailed": one.mailed_at}
            for one in operations.alerts()
        ],
        "pauses": [
            {"newsletter": one.newsletter_id, "since": one.since, "why": one.why} for one in pauses.values()
        ],
    }


def _worker(life: Any, now: dt.datetime) -> _Table:
    alive = life.stopped_at is None and now - life.beat_at <= _DEAD_AFTER
    return {
        "id": life.id,
        "host": life.host,
        "pid": life.pid,
        "state": "alive" if alive else "ended" if life.stopped_at else "dead",
        "started": life.started_at,
        "beat": life.beat_at,
        "doing": life.doing,
        "stopped": life.stopped_at,
    }


def _next(app: App, newsletter_id: str, now: dt.datetime, paused: bool) -> Iterator[_Table]:
    from digest.schedule import cohorts_of, next_slot

    newsletter = app.newsletter(newsletter_id)
    cohorts = cohorts_of(newsletter, app.store.subscribers.zones(newsletter_id))
    for cohort in dict.fromkeys(["", *cohorts]):
        due_at = next_slot(newsletter, cohort, now).due_at
        yield {
            "newsletter": newsletter_id,
            "cohort": cohort,
            "readers": cohorts[cohort].count if cohort in cohorts else 0,
            "local": due_at.astimezone(ZoneInfo(cohort or newsletter.timezone)),
            "timezone": cohort or newsletter.timezone,
            "due": due_at,
            "paused": paused,
        }


def _edition(app: App, one: Any, now: dt.datetime) -> _Table:
    held = one.held_until is not None and one.held_until > now
    return {
        "id": one.id,
        "composed": one.composed_at,
        "opened": one.opened_at,
        "recipients": one.recipients,
        "states": {str(state): count for state, count in app.store.ledger.counts(one.id).items()},
        "held_until": one.held_until if held else None,
        "held_why": one.held_why if held else "",
    }


def _collect(app: App) -> _Table | None:
    turn = app.store.operations.turn("collect")
    if turn is None:
        return None
    return {"worker": turn.holder, "started": turn.started_at, "done": turn.done_at}


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value.isoformat() if isinstance(value, dt.datetime) else value


# --------------------------------------------------------------------------- for reading


def _parts(found: _Table, now: dt.datetime) -> Iterator[list[str]]:
    yield _shown("Workers", [_worker_row(one, now) for one in found["workers"]], _no_worker(found))
    yield _shown("Next editions", [_next_row(one) for one in found["next"]])
    yield _shown("Last editions", list(_edition_rows(found["editions"])), "  None has been composed yet.")
    yield ["Collect", f"  {_collect_words(found['collect'], now)}"]
    if found["pauses"]:
        rows = [
            [
                one["newsletter"],
                f"since {_utc(one['since'])}",
                f"`digest resume {one['newsletter']}`",
                one["why"],
            ]
            for one in found["pauses"]
        ]
        yield _shown("Paused", rows)
    yield ["Alerts", *(_alert_lines(found["alerts"]) or ["  None stands."])]
    if not any(one["readers"] for one in found["next"]):
        yield [
            "Nobody reads this yet: `digest subscribers add ADDRESS`, or import a list of people who agreed."
        ]


def _shown(title: str, rows: Sequence[Sequence[str]], nothing: str = "") -> list[str]:
    """Return a table with columns as wide as they need to be, the last one free."""
    if not rows:
        return [title, nothing]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    widths[-1] = 0
    return [
        title,
        *(
            "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in rows
        ),
    ]


def _no_worker(found: _Table) -> str:
    if found["collect"] is None and not found["editions"]:
        return "  None has run yet: start one with `digest worker`."
    return "  None was at work in the last day: start one with `digest worker`."


def _worker_row(one: _Table, now: dt.datetime) -> list[str]:
    return [one["state"], f"{one['host']}:{one['pid']}", f"heard of {_ago(one['beat'], now)}", one["doing"]]


def _next_row(one: _Table) -> list[str]:
    return [
        one["newsletter"],
        counted(one["readers"], "reader"),
        f"{one['local']:%a %d %b %H:%M} {one['timezone']}",
        f"{one['due']:%a %H:%M} UTC",
        "paused" if one["paused"] else "",
    ]


def _edition_rows(editions: Sequence[_Table]) -> Iterator[list[str]]:
    for one in editions:
        states = ", ".join(f"{count:,} {state}" for state, count in one["states"].items())
        if one["opened"] is None:
            states = f"composed {_utc(one['composed'])}, not opened"
        yield [one["id"], states]
        if one["held_until"]:
            yield ["", f"left alone until {_utc(one['held_until'])}: {one['held_why']}"]


def _collect_words(turn: _Table | None, now: dt.datetime) -> str:
    if turn is None:
        return "No worker has collected yet."
    if turn["done"] is None:
        return f"Begun {_ago(turn['started'], now)}, not done."
    seconds = (turn["done"] - turn["started"]).total_seconds()
    return f"Done {_ago(turn['done'], now)}, in {seconds:.0f} s."


def _alert_lines(alerts: Sequence[_Table]) -> list[str]:
    lines = []
    for one in alerts:
        first, *others = one["text"].splitlines()
        lines.append(f"  {_utc(one['since'])}  {first}")
        for line in others:
            lines += wrap(
                line, _WIDTH, initial_indent="    ", subsequent_indent="    ", break_on_hyphens=False
            )
    return lines


def _utc(moment: dt.datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _ago(moment: dt.datetime, now: dt.datetime) -> str:
    """Return how long ago it was.

    >>> _ago(dt.datetime(2026, 1, 1), dt.datetime(2026, 1, 1, 0, 2, 5))
    '2 min ago'
    """
    seconds = max(int((now - moment).total_seconds()), 0)
    for unit, length in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length or (unit == "min" and seconds >= length):
            return f"{seconds // length} {unit} ago"
    return f"{seconds} s ago"


# --------------------------------------------------------------------------- pause and resume


@click.command()
@click.argument("newsletter")
@click.option("--why", default="", help="A note for whoever looks at `digest status`.")
def pause(newsletter: str, why: str) -> None:
    """Have NEWSLETTER neither composed nor sent, until it is resumed; what is on its way stops as well."""
    from digest.model import Pause

    with opened() as app:
        wanted = Pause(newsletter_id=app.newsletter(newsletter).id, since=app.clock.now(), why=why)
        is_new = app.store.operations.pause(wanted)
    click.echo(f"{newsletter} is paused." if is_new else f"{newsletter} is paused already.")


@click.command()
@click.argument("newsletter")
def resume(newsletter: str) -> None:
    """End NEWSLETTER's pause: a slot that fell into it is still sent, unless it is too late for it."""
    from digest.worker.troubles import resumed

    with opened() as app:
        operations = app.store.operations
        newsletter_id = app.newsletter(newsletter).id
        if newsletter_id not in operations.pauses():
            click.echo(f"{newsletter} is not paused.")
            return
        # Kept first: whoever looks for missed slots must not find the pause gone, and this not there.
        operations.take_turn(resumed(newsletter_id), "an operator", app.clock.now(), dt.timedelta())
        operations.resume(newsletter_id)
    click.echo(f"{newsletter} goes on.")

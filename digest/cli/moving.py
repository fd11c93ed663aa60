"""`digest migrate`, `digest backup`, `digest restore`: the database as a whole."""

from __future__ import annotations

import datetime as dt
import pathlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from digest.cli.options import counted, json_option, print_json, progress_bar

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

    from digest.app import App
    from digest.model import Newsletter, Slot

_FILE = click.Path(dir_okay=False, path_type=pathlib.Path)


# --------------------------------------------------------------------------- migrate


@click.group(invoke_without_command=True)
@click.pass_context
def migrate(context: click.Context) -> None:
    """Bring the database to this program's tables; run it before a new version's processes start."""
    if context.invoked_subcommand is not None:
        return
    from digest.adapters.store.engine import HEAD, open_engine, shown
    from digest.adapters.store.engine import migrate as bring_up
    from digest.adapters.store.operating import tables_version
    from digest.app import App

    app = App()
    engine = open_engine(app.database_url)
    try:
        before = tables_version(engine)
        bring_up(engine)
    finally:
        engine.dispose()
    words = f"is at {HEAD} already" if before == HEAD else f"went from {before or 'nothing'} to {HEAD}"
    click.echo(f"The database {shown(engine.url)} {words}.")


@migrate.command("sqlite-to-postgres", short_help="Move everything into PostgreSQL.")
@click.option("--from", "file", type=_FILE, help="The SQLite file; default: the home's own, var/digest.db.")
@click.option("--to", "url", metavar="URL", help="postgresql://USER@HOST/NAME; default: DATABASE_URL.")
@json_option
def sqlite_to_postgres(file: pathlib.Path | None, url: str | None, as_json: bool) -> None:
    """Move the installation from SQLite into an empty PostgreSQL database, all or nothing.

    Stop the workers and the web pages first. The SQLite file is only read, and stays as it is.
    """
    from digest.adapters.database_probe import sqlite_file
    from digest.adapters.store.moving import move
    from digest.app import App

    app = App()
    own = sqlite_file(app.database_url)
    source = file or own or app.var / "digest.db"
    target = url or ("" if own else app.database_url)
    if not target:
        raise click.UsageError("Say where to: --to postgresql://USER@HOST/NAME, or set DATABASE_URL to it.")
    with progress_bar() as progress:
        rows = move(source, target, app.clock.now(), progress)
    if as_json:
        print_json({"from": str(source), "tables": rows, "rows": sum(rows.values())})
        return
    width = max(map(len, rows))
    click.echo("\n".join(f"{name:<{width}} {count:>13,}" for name, count in sorted(rows.items())))
    click.echo(
        f"\n{counted(sum(rows.values()), 'row is', 'rows are')} in PostgreSQL, each table the same on both sides.\n"
        f"Now set DATABASE_URL for the workers and the web pages, start them, and put {source} out of their reach: "
        "what it takes for unsent is sent from PostgreSQL from here on."
    )


# --------------------------------------------------------------------------- backup


@click.command(short_help="Copy the database while others work.")
@click.argument("file", type=_FILE)
@json_option
def backup(file: pathlib.Path, as_json: bool) -> None:
    """Copy the SQLite database into a new FILE, as it is at this moment, while workers run.

    The file holds your readers' addresses. What else belongs into a backup stands in docs/backup.md.
    """
    from digest.adapters.store.backup import back_up
    from digest.app import App

    database = _own_file(App(), "pg_dump --format=custom --file=FILE DATABASE_URL")
    with progress_bar() as progress:
        size = back_up(database, file, progress)
    if as_json:
        print_json({"file": str(file), "bytes": size})
    else:
        click.echo(f"{database} is copied to {file}: {size / 1e6:,.1f} MB.")


def _own_file(app: App, instead: str) -> pathlib.Path:
    """Return the home's SQLite file. Raises UsageError with what to do instead where it is another kind."""
    from digest.adapters.database_probe import sqlite_file

    database = sqlite_file(app.database_url)
    if database is None:
        raise click.UsageError(
            f"The database is no SQLite file. For PostgreSQL: `{instead}`; see docs/backup.md."
        )
    return database


# --------------------------------------------------------------------------- restore


@click.command(short_help="Put a backup back, and mail nobody twice.")
@click.argument("file", type=_FILE, required=False)
@click.option(
    "--in-place",
    is_flag=True,
    help="The database is a backup already, by pg_restore: settle what is in doubt.",
)
@json_option
def restore(file: pathlib.Path | None, in_place: bool, as_json: bool) -> None:
    """Put the backup FILE in the SQLite database's place; what was there is kept beside it.

    What the backup takes for unsent may have left since: such deliveries become unknown, and newsletters with an edition
    due that may have left are paused, so that no worker mails anybody twice. Stop the workers and the web pages first.
    """
    from digest.adapters.store.backup import doubt, doubt_in_place, put_back
    from digest.app import App

    if (file is None) != in_place:
        raise click.UsageError("Name the backup's FILE, or say --in-place after pg_restore.")
    app = App()
    kept = None
    place = ""
    if file is None:
        place = _restored(app)
        found = _settle(app, doubt_in_place)
    else:
        database = _own_file(app, "pg_restore, then digest restore --in-place")
        with progress_bar() as progress, put_back(file, database, app.clock.now(), progress) as (url, kept):
            found = _settle(App(app.home, app.environment | {"DATABASE_URL": url}, app.clock), doubt)
    if as_json:
        print_json({**found, "kept": str(kept) if kept else None})
    else:
        click.echo("\n".join(_words(found["unknown"], found["paused"], kept, place)))


def _restored(app: App) -> str:
    """Return how the database in place is called. Raises UsageError where it is none.

    An empty one would be made and said to be settled, and workers would mail from the restored one what had left.
    """
    from digest.adapters.database_probe import look_at_database

    facts = look_at_database(app.database_url, app.clock)
    if facts.version is None and not facts.trouble:
        raise click.UsageError(f"No backup is in place: {facts.shown} holds nothing. Check DATABASE_URL.")
    return facts.shown


def _settle(app: App, doubt: Callable[[Engine, dt.datetime], Mapping[str, int]]) -> dict[str, Any]:
    """Settle what is in doubt in the app's database; return what was found, as `--json` has it."""
    try:
        unknown = doubt(app.store.engine, app.clock.now())
        paused = {
            one.id: _pause(app, one, slots) for one in app.newsletters() if (slots := _doubtful(app, one))
        }
    finally:
        app.close()
    return {"unknown": unknown, "paused": paused}


def _doubtful(app: App, newsletter: Newsletter) -> list[Slot]:
    """Return the newsletter's slots that a worker would send now, and that may have been sent since the backup."""
    from digest.schedule import cohorts_of, slots_to_send

    now = app.clock.now()
    cohorts = cohorts_of(newsletter, app.store.subscribers.zones(newsletter.id))
    opened = app.store.editions.opened_slots((now - dt.timedelta(days=3)).date())
    return [
        slot
        for slot in slots_to_send(newsletter, cohorts, now)
        if (slot.newsletter_id, slot.local_date, slot.cohort) not in opened
    ]


def _pause(app: App, newsletter: Newsletter, slots: Sequence[Slot]) -> dict[str, object]:
    from digest.model import Pause

    now = app.clock.now()
    dates = sorted({slot.local_date.isoformat() for slot in slots})
    why = f"restored from a backup: {', '.join(dates)} may have left since"
    app.store.operations.pause(Pause(newsletter_id=newsletter.id, since=now, why=why))
    too_late = max(slot.due_at for slot in slots) + dt.timedelta(minutes=newsletter.late_minutes)
    return {"dates": dates, "until": too_late.isoformat()}


def _words(
    unknown: Mapping[str, int], paused: Mapping[str, Any], kept: pathlib.Path | None, place: str
) -> Iterator[str]:
    where = f" in {place}" if place else ""
    yield f"The backup is in place{where}." + (f" What was there is kept as {kept}." if kept else "")
    for edition_id, count in unknown.items():
        yield (
            f"{edition_id}: {counted(count, 'delivery', 'deliveries')} may have left since, and became unknown. "
            f"`digest deliveries settle {edition_id} --as sent` if the carrier's log has them, else `resend-unknown`."
        )
    if not unknown:
        yield "No edition was on its way."
    for newsletter_id, one in paused.items():
        yield (
            f"{newsletter_id} is paused: its edition of {', '.join(one['dates'])} may have left since. "
            f"`digest resume {newsletter_id}` sends it where it has not; where it has, resume after {one['until']}, "
            "when it is too late for it."
        )
    yield "Who left, complained or was erased since the backup is not known here: see docs/backup.md."

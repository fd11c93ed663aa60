"""`digest preview`."""

from __future__ import annotations

import datetime as dt
import pathlib
import threading
import webbrowser
from typing import TYPE_CHECKING

import click

from digest.cli.options import at_option, counted, opened, stop_signal
from digest.errors import ConfigurationError

if TYPE_CHECKING:
    from digest.app import App
    from digest.mailer.inbox import Check
    from digest.model import Edition
    from digest.studio.desk import Desk
    from digest.studio.proof import Proof


@click.command()
@click.argument("edition", required=False)
@at_option
@click.option(
    "--to",
    "folder",
    type=click.Path(file_okay=False, path_type=pathlib.Path),
    help="Where to write; default var/preview.",
)
@click.option("--open", "open_it", is_flag=True, help="Open the HTML, or the studio, in a browser.")
@click.option("--serve", is_flag=True, help="Open the studio on loopback until stopped: all views, live.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    help="The studio's port; 0 for a free one.",
)
def preview(
    edition: str | None,
    at: dt.datetime | None,
    folder: pathlib.Path | None,
    open_it: bool,
    serve: bool,
    port: int,
) -> None:
    """Write EDITION as HTML, text and mail with its inbox report; without EDITION, what would be sent now.

    Freezes and sends nothing.
    """
    from digest.studio.desk import Desk
    from digest.studio.trouble import Trouble

    with opened(at) as app:
        desk = Desk(app, app.edition(edition) if edition else current_edition(app))
        target = folder or app.var / "preview"
        shown = desk.now().shown
        if not isinstance(shown, Trouble):
            _write(shown, target)
            _say(shown, target)
            if open_it and not serve:
                webbrowser.open((target / "edition.html").resolve().as_uri())
        elif serve:
            click.echo(str(ConfigurationError(shown.faults())), err=True)
        else:
            raise ConfigurationError(shown.faults())
        if serve:
            _serve(desk, port, open_it)


def current_edition(app: App) -> Edition:
    """Return the edition of the default newsletter's slot of today: frozen, or as it would be now."""
    from digest.pipeline import draft_edition
    from digest.schedule import current_slot

    newsletter, now = app.newsletter(), app.clock.now()
    slot = current_slot(newsletter, now)
    return app.store.editions.edition_of(slot) or draft_edition(
        newsletter,
        slot,
        app.store.articles,
        app.placer,
        app.rank_settings,
        now,
        app.store.editions,
        app.store.desk.edits(newsletter.id, slot.local_date),
    )


def write_preview(app: App, edition: Edition, folder: pathlib.Path) -> list[Check]:
    """Write an edition's files into a folder and return the checks of the inbox report that could be judged."""
    from digest.studio.proof import make_proof

    proof = make_proof(app, edition)
    _write(proof, folder)
    return list(proof.judged)


def _write(proof: Proof, folder: pathlib.Path) -> None:
    from digest.adapters.files import write_whole

    for name, content in proof.files().items():
        write_whole(folder / name, content)


def _say(proof: Proof, folder: pathlib.Path) -> None:
    names = ", ".join(proof.files())
    click.echo(f"Edition {proof.edition_id} is in {folder}: {names}.")
    passed = len(proof.judged) - len(proof.failed)
    click.echo(f"Inbox report: {passed} of {len(proof.judged)} checks passed.")
    for check in proof.failed:
        click.echo(f"  - {check.name}: {check.figure}. To mend: {check.remedy}.")
    if proof.waiting:
        click.echo(f"{counted(len(proof.waiting), 'check')} not judged before you have set this up:")
    for check in proof.waiting:
        click.echo(f"  - {check.name}: {check.remedy}.")


def _serve(desk: Desk, port: int, open_it: bool) -> None:
    from digest.studio.site import HOST, studio_server

    with stop_signal() as stop:
        server = studio_server(desk, port, stop)
        address = f"http://{HOST}:{server.port}/"
        serving = threading.Thread(target=server.serve_forever, daemon=True)
        serving.start()
        click.echo(f"The studio is at {address} until Ctrl-C.")
        if open_it:
            webbrowser.open(address)
        stop.wait()
        server.shutdown()
        serving.join()
        server.server_close()
    click.echo("The studio is closed; nothing was frozen or sent.")

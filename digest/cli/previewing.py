"""`digest preview`."""

from __future__ import annotations

import datetime as dt
import http.server
import json
import pathlib
import webbrowser
from functools import partial
from typing import TYPE_CHECKING

import click

from digest.cli.options import at_option, opened

if TYPE_CHECKING:
    from digest.app import App
    from digest.mailer.inbox import Check
    from digest.model import Edition

_SAMPLE_ADDRESS = "reader@example.org"


@click.command()
@click.argument("edition", required=False)
@at_option
@click.option(
    "--to",
    "folder",
    type=click.Path(file_okay=False, path_type=pathlib.Path),
    help="Where to write; default var/preview.",
)
@click.option("--open", "open_it", is_flag=True, help="Open the HTML in a browser.")
@click.option("--serve", is_flag=True, help="Serve the folder on loopback until stopped.")
def preview(
    edition: str | None, at: dt.datetime | None, folder: pathlib.Path | None, open_it: bool, serve: bool
) -> None:
    """Write EDITION as HTML, text and mail with its inbox report; without EDITION, what would be sent now.

    Freezes and sends nothing.
    """
    with opened(at) as app:
        found = app.edition(edition) if edition else current_edition(app)
        target = folder or app.var / "preview"
        checks = write_preview(app, found, target)
    failed = [check for check in checks if not check.passed]
    click.echo(
        f"Edition {found.id} is in {target}: edition.html, edition.txt, edition.eml, report.html, report.json."
    )
    click.echo(f"Inbox report: {len(checks) - len(failed)} of {len(checks)} checks passed.")
    for check in failed:
        click.echo(f"  - {check.name}: {check.figure}. {check.remedy}.")
    if open_it:
        webbrowser.open((target / "edition.html").resolve().as_uri())
    if serve:
        _serve(target)


def current_edition(app: App) -> Edition:
    """Return the edition of the default newsletter's slot of today: frozen, or as it would be now."""
    from digest.pipeline import draft_edition
    from digest.schedule import current_slot

    newsletter, now = app.newsletter(), app.clock.now()
    slot = current_slot(newsletter, now)
    return app.store.editions.edition_of(slot) or draft_edition(
        newsletter, slot, app.store.articles, app.placer, app.rank_settings, now, app.store.editions
    )


def write_preview(app: App, edition: Edition, folder: pathlib.Path) -> list[Check]:
    """Write an edition's files into a folder and return what the inbox report found."""
    from digest.adapters.files import write_whole
    from digest.mailer.inbox import inbox_report
    from digest.mailer.mime import fill_tokens
    from digest.model import Delivery, DeliveryState

    newsletter = app.newsletter(edition.newsletter_id)
    message = app.renderer(newsletter)(edition, newsletter.regions)
    sample = Delivery(id=0, email=_SAMPLE_ADDRESS, name="", variant="preview", state=DeliveryState.PENDING)
    reader = app.reader_of(newsletter)(sample)
    raw = app.assembler(newsletter).raw(message, reader, edition.id, "preview", edition.composed_at)
    checks = inbox_report(raw, app.language(newsletter.locale).direction)
    report = [{"name": c.name, "passed": c.passed, "figure": c.figure, "remedy": c.remedy} for c in checks]
    page = app.templates.get_template("preview/report.html.j2").render(edition=edition, checks=checks)
    filled = fill_tokens(message, reader)
    for name, content in {
        "edition.html": filled.html.encode(),
        "edition.txt": filled.text.encode(),
        "edition.eml": raw,
        "report.json": (
            json.dumps({"edition": edition.id, "checks": report}, ensure_ascii=False, indent=2) + "\n"
        ).encode(),
        "report.html": page.encode(),
    }.items():
        write_whole(folder / name, content)
    return checks


def _serve(folder: pathlib.Path) -> None:
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        click.echo(f"Serving http://127.0.0.1:{server.server_port}/edition.html until Ctrl-C.")
        server.serve_forever()

"""`digest web`."""

from __future__ import annotations

import click

from digest.cli.options import opened


@click.command()
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="The address to listen on; 0.0.0.0 for all."
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    envvar="PORT",
    default=8000,
    show_default=True,
    help="The port; PORT.",
)
@click.option("--workers", type=click.IntRange(1, 64), default=2, show_default=True, help="Processes.")
@click.option("--threads", type=click.IntRange(1, 64), default=4, show_default=True, help="Threads of each.")
@click.option(
    "--proxies",
    type=click.IntRange(0, 5),
    default=None,
    help="Our own proxies before it, which say where a request comes from; default: [web] proxies.",
)
def web(host: str, port: int, workers: int, threads: int, proxies: int | None) -> None:
    """Serve the public pages and the editor's desk, until SIGTERM."""
    from digest.errors import DatabaseUnreachable
    from digest.web.desk_login import password_hash
    from digest.web.serving import serve

    with opened() as app:
        # Faults are said before any process is started, and the tables are brought up to date once.
        app.links  # noqa: B018
        password_hash(app)
        try:
            app.store.close()
        except DatabaseUnreachable as error:
            # The pages say so until it is there, and nobody need start us again.
            click.echo(f"digest: {error}\nThe pages answer 503 until it is there.", err=True)
        before = app.settings.web.proxies if proxies is None else proxies
    click.echo(f"Serving on http://{host}:{port}", err=True)
    serve(host, port, workers, threads, before)

"""`digest desk-password`."""

from __future__ import annotations

import sys

import click

#: Shorter ones are guessed.
SHORTEST = 10


@click.command("desk-password")
def desk_password() -> None:
    """Make the hash of a password for the editor's desk, to be set as DIGEST_DESK_PASSWORD.

    Asks twice on a terminal; else the password is the first line of standard input.
    """
    from werkzeug.security import generate_password_hash

    if sys.stdin.isatty():
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    if len(password) < SHORTEST:
        raise click.UsageError(f"A password has {SHORTEST} characters or more.")
    click.echo(generate_password_hash(password, method="scrypt"))
    click.echo("Set it as DIGEST_DESK_PASSWORD, in single quotes in a shell: it has dollar signs.", err=True)

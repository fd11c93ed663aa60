"""The `digest` command. Each subcommand lives in a module that is imported when it is asked for."""

from __future__ import annotations

import importlib
import logging
import sys

import click

from digest import __version__
from digest.errors import DigestError

# Command: (module, attribute, the line that `digest --help` shows). Listed here so that help need not import them.
_COMMANDS = {
    "demo": (
        "digest.cli.demo",
        "demo",
        "Show the whole path offline: sample feeds to a finished newsletter.",
    ),
    "collect": ("digest.cli.collecting", "collect", "Fetch every due source and store what is new."),
    "articles": ("digest.cli.collecting", "articles", "Print what is stored, one article a line."),
    "rank": ("digest.cli.ranking", "rank", "Rank the articles of a file into stories, best first."),
    "compose": ("digest.cli.editions", "compose", "Make the slot's edition, or return the one there is."),
    "explain": (
        "digest.cli.explaining",
        "explain",
        "Tell why an edition holds a story, there, in that region, and what was left out.",
    ),
    "preview": (
        "digest.cli.previewing",
        "preview",
        "Write an edition as HTML, text and mail, with its inbox report.",
    ),
    "send": ("digest.cli.editions", "send", "Deliver an edition to its subscribers."),
    "deliveries": (
        "digest.cli.deliveries",
        "deliveries",
        "Show the ledger: who got the edition, and who did not.",
    ),
    "subscribers": (
        "digest.cli.subscribers",
        "subscribers",
        "Add, import, export, list and remove subscribers; suppress and forget.",
    ),
    "sources": (
        "digest.cli.sources",
        "sources",
        "Show how the feeds are doing, try one, import and export OPML.",
    ),
    "worker": (
        "digest.cli.working",
        "worker",
        "Collect, compose and deliver by the schedule, until stopped.",
    ),
    "web": ("digest.cli.serving", "web", "Serve the public pages and the editor's desk."),
    "mail-in": (
        "digest.cli.mailbox",
        "mail_in",
        "Take in one mail: an unsubscribe, a bounce or a complaint.",
    ),
    "desk-password": (
        "digest.cli.desk_password",
        "desk_password",
        "Make the hash of a password for the editor's desk.",
    ),
    "status": ("digest.cli.operating", "status", "Show the workers, the next runs, and what is wrong."),
    "pause": ("digest.cli.operating", "pause", "Stop a newsletter for a while."),
    "resume": ("digest.cli.operating", "resume", "Let a paused newsletter go on."),
    "cancel": ("digest.cli.deliveries", "cancel", "Stop an edition in flight."),
    "migrate": ("digest.cli.moving", "migrate", "Bring the database up to date, or move it to PostgreSQL."),
    "backup": ("digest.cli.moving", "backup", "Copy the database into a file, while all goes on."),
    "restore": ("digest.cli.moving", "restore", "Put a backup in place of the database."),
    "doctor": (
        "digest.cli.doctoring",
        "doctor",
        "Find what is wrong with this installation, and what to do.",
    ),
}


class _LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, attribute, _ = _COMMANDS[cmd_name]
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, _, line) in _COMMANDS.items()])


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="digest")
def cli() -> None:
    """Mujaz: a daily news digest, Arabic first.

    Collects feeds, ranks the articles into stories by region, and mails a right-to-left newsletter.
    """


def main() -> None:
    """Run the command; errors that a person can act on are a sentence on stderr, not a traceback."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    try:
        sys.exit(cli.main(standalone_mode=False) or 0)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped.", err=True)
        sys.exit(130)
    except DigestError as error:
        click.echo(f"digest: {error}", err=True)
        sys.exit(error.exit_code)
    except OSError as error:
        # A folder that cannot be written, a full disk. A reader of our output that has gone is click's to handle.
        place = f"{error.filename}: " if error.filename else ""
        click.echo(f"digest: {place}{error.strerror or error}", err=True)
        sys.exit(1)

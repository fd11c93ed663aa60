"""The commands as the program has them, and as docs/reference/commands.md must tell them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import click

from digest.cli import cli
from digest.cli.deliveries import _show


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One option: how the page names it, its default, and the program's own words for it."""

    name: str
    default: str
    help: str

    def __str__(self) -> str:
        """Return the line that the page would have."""
        return "| `{}` | {} | {} |".format(self.name.replace("|", "\\|"), self.help, self.default)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command that does something by itself."""

    path: str
    #: The words of its heading, without backticks: the command and what follows it.
    heading: str
    #: Its options.
    rows: tuple[Row, ...]
    takes_json: bool


def commands() -> list[Command]:
    """Return every command and every command of a group, as `digest --help` orders them."""
    return list(_below(cli, ["digest"]))


def _below(command: click.Command, path: list[str]) -> Iterator[Command]:
    context = click.Context(command, info_name=path[-1])
    if isinstance(command, click.Group):
        if command.invoke_without_command or len(path) == 1:
            yield _described(command, path)
        if path == ["digest", "deliveries"]:
            # What it does without one of its commands is a command of its own, which no list shows.
            yield _described(_show, path)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from _below(found, [*path, name])
    else:
        yield _described(command, path)


def _described(command: click.Command, path: list[str]) -> Command:
    context = click.Context(command)
    needed = [param.make_metavar(context) for param in command.params if isinstance(param, click.Argument)]
    rows = tuple(_row(param) for param in command.params if isinstance(param, click.Option))
    return Command(
        path=" ".join(path),
        heading=" ".join([*path, *needed]),
        rows=rows,
        takes_json=any(row.name == "--json" for row in rows),
    )


def _row(option: click.Option) -> Row:
    names = "/".join([*option.opts, *option.secondary_opts])
    shown = "" if option.is_flag or option.count else f" {_value(option)}"
    return Row(name=names + shown, default=_default(option), help=option.help or "")


def _value(option: click.Option) -> str:
    """Return how the page names what an option takes: its own word, the choices, a number, a file."""
    if option.metavar:
        return option.metavar
    if isinstance(option.type, click.Choice):
        return "|".join(str(choice) for choice in option.type.choices)
    if isinstance(option.type, click.types.IntParamType | click.types.FloatParamType):
        return "N"
    if isinstance(option.type, click.Path):
        return "FOLDER" if not option.type.file_okay else "FILE"
    return "FILE" if isinstance(option.type, click.File) else "TEXT"


def _default(option: click.Option) -> str:
    value = option.to_info_dict()["default"]
    # "-" is how a file's option says standard output, which the page says in words.
    return "" if option.is_flag or value in (None, "", "-", ()) else f"`{value}`"

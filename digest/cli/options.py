"""What the commands share: options, the moment, progress bars, ways to say things."""

from __future__ import annotations

import datetime as dt
import json
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from digest.app import App
    from digest.ports import Progress

_F = TypeVar("_F", bound=Callable[..., Any])


#: Years that `--at` may name; days before and after them can still be reckoned with.
_YEARS = range(1970, 2200)


class Moment(click.ParamType[dt.datetime]):
    """A moment in ISO 8601; without a zone it is UTC."""

    name = "moment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dt.datetime:
        """Return the moment, aware."""
        if isinstance(value, dt.datetime):
            return value
        try:
            moment = dt.datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no ISO 8601 moment such as 2026-03-13T18:00:00Z", param, ctx)
        if not _YEARS.start <= moment.year < _YEARS.stop:
            self.fail(f"{value!r} is not between {_YEARS.start} and {_YEARS.stop - 1}", param, ctx)
        return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def at_option(command: _F) -> _F:
    """Add `--at T`, which replaces the clock for this command."""
    return click.option("--at", type=Moment(), metavar="T", help="Act as if it were this moment (ISO 8601).")(
        command
    )


def json_option(command: _F) -> _F:
    """Add `--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


@contextmanager
def opened(at: dt.datetime | None = None) -> Iterator[App]:
    """Give the app for one command, on a clock set to `at` where given, and close it afterwards."""
    from digest.adapters.clock import SetClock
    from digest.app import App

    app = App(clock=SetClock(at) if at else None)
    try:
        yield app
    finally:
        app.close()


@contextmanager
def stop_signal() -> Iterator[threading.Event]:
    """Give an event that SIGTERM and SIGINT set, so that what is in hand is brought to its end.

    A second one ends the command at once, whatever it waits for.
    """
    stop = threading.Event()
    before = {name: signal.getsignal(name) for name in (signal.SIGTERM, signal.SIGINT)}

    def restore() -> None:
        for name, handler in before.items():
            signal.signal(name, handler)

    def on_signal(_name: int, _frame: object) -> None:
        restore()
        stop.set()

    for name in before:
        signal.signal(name, on_signal)
    try:
        yield stop
    finally:
        restore()


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """Give a progress that draws a bar on a terminal, and nothing in a pipe."""
    if not sys.stderr.isatty():
        yield lambda _label, _done, _total: None
        return
    from tqdm import tqdm

    with tqdm(total=0, leave=False, unit="", bar_format="{desc} {bar} {n_fmt}/{total_fmt} {elapsed}") as bar:

        def show(label: str, done: int, total: int) -> None:
            bar.set_description_str(label, refresh=False)
            bar.total = total
            bar.n = done
            bar.refresh()

        yield show


def print_json(value: object) -> None:
    """Print a value as one line of JSON, Arabic as it is."""
    click.echo(json.dumps(value, ensure_ascii=False))


def counted(number: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun.

    >>> counted(1, "article"), counted(3, "article"), counted(2, "story", "stories")
    ('1 article', '3 articles', '2 stories')
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"

"""What is wrong with a template or a setting, told by file and line."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from jinja2 import TemplateNotFound, TemplateSyntaxError

from digest.errors import ConfigurationError, DigestError, Fault

_LINES_AROUND = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """One thing to mend."""

    #: The file as the editor knows it; empty where no file is to blame.
    file: str
    #: From 1; 0 where it is the file as a whole.
    line: int
    #: The key of a setting; empty in templates.
    key: str = ""
    wrong: str
    right: str = ""
    #: Lines around it, by number.
    excerpt: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Why there is no proof."""

    spots: tuple[Spot, ...]

    def faults(self) -> list[Fault]:
        """Return it as a command says it."""
        return [
            Fault(
                where=spot.file or "the letter",
                key=spot.key or (f"line {spot.line}" if spot.line else ""),
                wrong=spot.wrong.rstrip("."),
                right=spot.right or "Mend the template.",
            )
            for spot in self.spots
        ]


def trouble_of(error: Exception, folders: Sequence[pathlib.Path]) -> Trouble:
    """Return what an error of rendering says to an editor; `folders` are those that templates are read from."""
    chain = list(_chain(error))
    place = next((place for one in reversed(chain) if (place := _template_place(one, folders))), None)
    if place:
        path, line = place
        cause = chain[-1]
        words = str(getattr(cause, "message", None) or cause) or type(cause).__name__
        spot = Spot(file=_named(path, folders), line=line, wrong=words, excerpt=_excerpt(path, line))
        return Trouble(spots=(spot,))
    if isinstance(error, ConfigurationError):
        faults = (
            Spot(file=fault.where, line=0, key=fault.key, wrong=fault.wrong, right=fault.right)
            for fault in error.faults
        )
        return Trouble(spots=tuple(faults))
    wrong = str(error) if isinstance(error, DigestError) else f"{type(error).__name__}: {error}"
    return Trouble(spots=(Spot(file="", line=0, wrong=wrong),))


def _chain(error: BaseException) -> Iterator[BaseException]:
    here: BaseException | None = error
    while here is not None:
        yield here
        here = here.__cause__


def _template_place(error: BaseException, folders: Sequence[pathlib.Path]) -> tuple[pathlib.Path, int] | None:
    """Return the template's file and line: where it cannot be parsed, else where it was when it failed."""
    if isinstance(error, TemplateSyntaxError) and error.filename:
        return pathlib.Path(error.filename).resolve(), error.lineno
    if isinstance(error, TemplateNotFound) and error.__traceback__ is None:
        return None
    found = None
    trace = error.__traceback__
    while trace is not None:
        # Jinja puts the template's own file and line into the traceback.
        path = pathlib.Path(trace.tb_frame.f_code.co_filename).resolve()
        if any(path.is_relative_to(folder) for folder in folders):
            found = path, trace.tb_lineno
        trace = trace.tb_next
    return found


def _named(path: pathlib.Path, folders: Sequence[pathlib.Path]) -> str:
    folder = next((folder for folder in folders if path.is_relative_to(folder)), None)
    return f"{folder.name}/{path.relative_to(folder)}" if folder else str(path)


def _excerpt(path: pathlib.Path, line: int) -> tuple[tuple[int, str], ...]:
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ()
    first = max(line - _LINES_AROUND, 1)
    return tuple(enumerate(lines[first - 1 : line + _LINES_AROUND], first))

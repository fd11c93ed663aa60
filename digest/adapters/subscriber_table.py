"""Tables of people: CSV as spreadsheets and other programs write it, and as they can read it without harm."""

from __future__ import annotations

import codecs
import csv
import io
import os
import pathlib
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

from digest.errors import UsageError
from digest.mailer.address import is_mail_address

#: A cell that a spreadsheet would take for a formula; with apostrophes before it, one that would be taken for ours.
_FORMULA = re.compile(r"'*[=+\-@]")
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
#: Spreadsheets part cells by semicolons where the comma parts decimals, as in much of the Arab world and of Europe.
_DELIMITERS = ",;\t"
#: Characters of the first line that are looked at to find out how its cells are parted.
_FIRST_LINE = 100_000


def guarded(cell: str) -> str:
    """Return a cell as text for spreadsheets as well; `plain` takes it back.

    A name such as `=HYPERLINK(...)`, which anybody may give on a sign-up page, would otherwise be worked out on the
    computer of whoever opens the table.

    >>> guarded("=1+1"), guarded("'=1+1"), guarded("Layla"), plain(guarded("-"))
    ("'=1+1", "''=1+1", 'Layla', '-')
    """
    return f"'{cell}" if _FORMULA.match(cell) else cell


def plain(cell: str) -> str:
    """Return what a guarded cell says."""
    cell = cell.strip()
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table that can be read to its end: checked before the first row is taken."""

    #: Rows, the heading and empty ones among them.
    length: int
    #: Each row's cells that hold something, by the names of their columns, with the number of its last line.
    rows: Iterator[tuple[int, dict[str, str]]]


@contextmanager
def opened_table(file: IO[bytes], name: str) -> Iterator[Table]:
    """Give a CSV file's table; `name` is how it is called in what is said of it.

    Raises UsageError where it is no UTF-8, no CSV or has no addresses.
    """
    # A copy, for what comes through a pipe is to be read twice, too.
    with tempfile.TemporaryFile() as copy, io.TextIOWrapper(copy, encoding="utf-8-sig", newline="") as text:
        shutil.copyfileobj(file, copy)
        length = sum(1 for _ in _cells(text, name))
        yield Table(length=length, rows=_rows(text, name))


def _rows(text: io.TextIOWrapper, name: str) -> Iterator[tuple[int, dict[str, str]]]:
    lines = _cells(text, name)
    _, first = next(lines, (0, []))
    names = [cell.strip().lower() for cell in first]
    if "email" not in names:
        column = next((place for place, cell in enumerate(first) if "@" in cell), None)
        if column is None:
            raise UsageError(f"{name} has no column `email`; its first line is {','.join(first)!r}.")
        names = [*[""] * column, "email"]
        yield 1, {"email": plain(first[column])}
    for number, row in lines:
        cells = zip(names, map(plain, row), strict=False)
        values = {name: cell for name, cell in cells if name and cell}
        if values:
            yield number, values


def _cells(text: io.TextIOWrapper, name: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the cells of each row, with the number of its last line."""
    number = 1
    try:
        text.seek(0)
        delimiter = _delimiter(text.readline(_FIRST_LINE))
        text.seek(0)
        lines = csv.reader(text, delimiter=delimiter)
        for row in lines:
            number = lines.line_num + 1
            yield lines.line_num, row
    except UnicodeDecodeError as error:
        raise UsageError(_not_utf8(name, error)) from error
    except csv.Error as error:
        raise UsageError(f"{name}: line {number} cannot be read: {error}") from error


def _delimiter(line: str) -> str:
    """Return what parts the cells of a heading, or of a first row without one."""
    for delimiter in _DELIMITERS:
        cells = [cell.strip().lower() for cell in next(csv.reader([line], delimiter=delimiter), [])]
        if "email" in cells or any(_is_address(cell) for cell in cells):
            return delimiter
    return ","


def _is_address(cell: str) -> bool:
    return "@" in cell and is_mail_address(cell)


def _not_utf8(name: str, error: UnicodeDecodeError) -> str:
    encoding = "utf-16" if error.object.startswith(_UTF16) else "windows-1256"
    kind = "it is UTF-16" if encoding == "utf-16" else f"{error.reason}; it may be Windows-1256"
    return (
        f"{name} is not UTF-8: {kind}. In a spreadsheet save it as `CSV UTF-8`, or turn it: "
        f"iconv -f {encoding} -t utf-8. Nothing was imported."
    )


def write_rows(file: IO[str], columns: Sequence[str], rows: Iterator[Sequence[str]]) -> int:
    """Write a heading and rows as CSV, each cell guarded; return how many rows."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(columns)
    count = 0
    for row in rows:
        writer.writerow(map(guarded, row))
        count += 1
    return count


@contextmanager
def whole_file(path: pathlib.Path) -> Iterator[IO[str]]:
    """Give a file that is there whole afterwards, or not at all, and that only its owner may read."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
    temporary = pathlib.Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            yield file
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise

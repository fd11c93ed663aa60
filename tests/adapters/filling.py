"""Rows for any table, made from its columns: so that a new table is in the tests of moving and migrating at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from digest.adapters.store.schema import Moment
from digest.model import DeliveryState
from tests.conftest import NOW

Row = dict[str, object]
#: What a text of a newsroom may hold, and what COPY itself gives a meaning to.
TEXTS = (
    "",
    "موجز الصباح: «خبرٌ عاجل»\u200f — ١٢٣",
    "tab\there, a line\nand another\r\n",
    r"\N \. \t \\",
    '{"lead": "عنوان", "n": null, "s": "\\u0627\\""}',
    "🗞️ a family 👨‍👩‍👧 and a combining e\u0301",
)
#: Of columns that do not hold anything else.
_OWN = {
    "state": tuple(state.value for state in DeliveryState),
    "document": ("{}", '{"title": "عنوان\\n", "n": null}'),
}
_ZONES = (dt.UTC, dt.timezone(dt.timedelta(hours=3)), dt.timezone(dt.timedelta(hours=-9, minutes=-30)))


def fill(connection: Connection, tables: Sequence[sa.Table], rows: int) -> None:
    """Put so many rows into each of these tables, which stand in the order of their foreign keys."""
    for table in tables:
        values = [{one.name: _value(one, number) for one in table.columns} for number in range(rows)]
        connection.execute(sa.insert(table), values)


def _value(column: sa.Column[object], number: int) -> object:
    """Return a value of a column's type; NULL in every third row where there may be one."""
    if column.foreign_keys:
        return _value(next(iter(column.foreign_keys)).column, number)
    if column.nullable and number % 3 == 2:
        return None
    if column.name in _OWN:
        return _OWN[column.name][number % len(_OWN[column.name])]
    return _of_type(column.type, number)


def _of_type(kind: sa.types.TypeEngine[object], number: int) -> object:
    moment = NOW.replace(microsecond=number * 7)
    if isinstance(kind, Moment):
        return moment.astimezone(_ZONES[number % len(_ZONES)])
    made: tuple[tuple[type[object], object], ...] = (
        (sa.DateTime, moment),
        (sa.Boolean, number % 2 == 0),
        (sa.Date, NOW.date() + dt.timedelta(days=number)),
        (sa.Float, NOW.timestamp() + number / 3),
        (sa.Integer, number + 1),
        (sa.LargeBinary, bytes(range(number, 256))),
        (sa.String, _text(kind, number)),
    )
    return next(value for of, value in made if isinstance(kind, of))


def _text(kind: sa.types.TypeEngine[object], number: int) -> str:
    length = getattr(kind, "length", None)
    # Of its own in each row, for what is unique.
    return f"{number}é"[:length] if length else f"{number}{TEXTS[number % len(TEXTS)]}"

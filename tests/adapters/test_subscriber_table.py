"""Tables of people as they come: with a heading or without, from spreadsheets, from other programs."""

from __future__ import annotations

import csv
import io
import pathlib
import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.adapters.subscriber_table import guarded, opened_table, plain, whole_file, write_rows
from digest.errors import UsageError


def _rows(content: bytes) -> list[tuple[int, dict[str, str]]]:
    with opened_table(io.BytesIO(content), "people.csv") as table:
        rows = list(table.rows)
        assert table.length >= len(rows)
    return rows


_A = {"email": "a@example.org"}
_ALI = _A | {"name": "علي"}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param("email,name\na@example.org,علي\n", [(2, _ALI)], id="heading"),
        pytest.param("Name , EMAIL\nعلي,a@example.org\n", [(2, _ALI)], id="heading in another order and case"),
        pytest.param("\ufeffemail,name\na@example.org,علي\n", [(2, _ALI)], id="BOM before the heading"),
        pytest.param("\ufeffa@example.org\n", [(1, _A)], id="BOM before an address"),
        pytest.param("a@example.org\r\nb@example.org\r\n", [(1, _A), (2, {"email": "b@example.org"})], id="no heading"),
        pytest.param("علي,a@example.org\nليلى,b@example.org\n", [(1, _A), (2, {"email": "b@example.org"})], id="no heading, the address second"),
        pytest.param("email;name\na@example.org;علي\n", [(2, _ALI)], id="semicolons"),
        pytest.param("name;regions;email\nعلي;gulf,asia;a@example.org\n", [(2, _ALI | {"regions": "gulf,asia"})], id="semicolons, and a comma within"),
        pytest.param('"email";"name"\n"a@example.org";"علي"\n', [(2, _ALI)], id="semicolons, quoted"),
        pytest.param("علي;a@example.org\n", [(1, _A)], id="semicolons, no heading"),
        pytest.param("email\tname\na@example.org\tعلي\n", [(2, _ALI)], id="tabs"),
        pytest.param('email,name\n"a@example.org","علي، أبو ""زيد"""\n\n,\n', [(2, _A | {"name": 'علي، أبو "زيد"'})], id="quotes and empty rows"),
        pytest.param('email,name\na@example.org,"علي\nزيد"\nb@example.org,\n', [(3, _A | {"name": "علي\nزيد"}), (4, {"email": "b@example.org"})], id="a name of two lines"),
        pytest.param("email,name,regions\na@example.org\n", [(2, _A)], id="a short row"),
        pytest.param("email\na@example.org,علي,x\n", [(2, _A)], id="a long row"),
        pytest.param("email,name\na@example.org,'=1+1\nb@example.org,'Ali'\n", [(2, _A | {"name": "=1+1"}), (3, {"email": "b@example.org", "name": "'Ali'"})], id="a guarded name"),
        pytest.param("email\n", [], id="nobody"),
    ],
)  # fmt: skip
def test_a_table_is_read(given: str, expected: list[tuple[int, dict[str, str]]]) -> None:
    assert _rows(given.encode()) == expected


@pytest.mark.parametrize(
    ("given", "says"),
    [
        pytest.param(b"name,phone\n\xd8\xb9,1\n", "has no column `email`", id="no addresses"),
        pytest.param(b"", "has no column `email`", id="empty"),
        pytest.param("email,name\na@example.org,علي\n".encode("utf-16"), "is not UTF-8: it is UTF-16. In a spreadsheet save it as `CSV UTF-8`, or turn it: iconv -f utf-16", id="UTF-16"),
        pytest.param("email,name\na@example.org,علي\n".encode("windows-1256"), "iconv -f windows-1256 -t utf-8", id="windows-1256"),
        pytest.param(b"email\n" + b"a@example.org\n" * 9000 + b"\xff\n", "is not UTF-8", id="one byte at the end"),
        pytest.param(b'email\n"' + b"x" * 200_000 + b'"\n', "line 2 cannot be read", id="a field without end"),
        pytest.param(b"x" * 200_000, "line 1 cannot be read", id="a line without end"),
        pytest.param(bytes(1000), "has no column `email`", id="nothing but zeros"),
    ],
)  # fmt: skip
def test_a_file_that_is_none_of_ours_is_refused_as_a_whole(given: bytes, says: str) -> None:
    with pytest.raises(UsageError, match=f"^people.csv.*{re.escape(says)}"):
        _rows(given)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    with suppress(UsageError):
        assert all(row for _, row in _rows(content))


_CELLS = st.text("=+-@'\"a ؛،,;\nع", max_size=6).map(str.strip)


@given(st.lists(st.tuples(_CELLS, _CELLS), max_size=5))
def test_what_is_written_is_read_again_and_is_no_formula(cells: list[tuple[str, str]]) -> None:
    written = io.StringIO()
    assert write_rows(written, ("email", "name"), iter(cells)) == len(cells)
    assert not [
        cell for row in csv.reader(io.StringIO(written.getvalue())) for cell in row if cell[:1] in {*"=+-@"}
    ]
    expected = [{"email": email, "name": name} for email, name in cells]
    rows = [row for _, row in _rows(written.getvalue().encode())]
    assert rows == [found for row in expected if (found := {key: cell for key, cell in row.items() if cell})]


@pytest.mark.parametrize("cell", ["=1", "'=1", "''-", "+9665", "@x", "-", "'", "", "ليلى", "'Ali'", "a=b"])
def test_a_guarded_cell_says_what_it_said(cell: str) -> None:
    assert plain(guarded(cell)) == cell
    assert guarded(cell)[:1] not in {*"=+-@"}


def test_a_file_is_there_whole_or_not_at_all(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("before", encoding="utf-8")
    with suppress(KeyError), whole_file(path) as file:
        file.write("half")
        raise KeyError
    assert path.read_text(encoding="utf-8") == "before"
    with whole_file(path) as file:
        file.write("whole")
    assert path.read_text(encoding="utf-8") == "whole"
    assert path.stat().st_mode & 0o077 == 0
    assert list(tmp_path.iterdir()) == [path]

"""The outbox: whole files or none, under names that any file system takes."""

from __future__ import annotations

import pathlib
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from digest.adapters.files import write_whole
from digest.adapters.outbox import OutboxSender
from digest.errors import SenderError
from digest.mailer.mime import Assembler
from digest.model import ReceiptStatus
from tests.conftest import NOW
from tests.samples import ENVELOPE, outgoing


def _outbox(folder: pathlib.Path) -> OutboxSender:
    return OutboxSender(folder, Assembler(ENVELOPE))


def test_a_message_lies_where_the_receipt_says(tmp_path: pathlib.Path) -> None:
    sender = _outbox(tmp_path / "var" / "outbox")
    [receipt] = sender.send([outgoing(1)], NOW)
    path = tmp_path / "var" / "outbox" / "e1" / "reader0001@example.org.eml"
    assert (receipt.status, receipt.detail) == (ReceiptStatus.SENT, str(path))
    assert sender.path("e1", "reader0001@example.org") == path
    assert b"reader0001@example.org" in path.read_bytes()


def test_writing_again_replaces(tmp_path: pathlib.Path) -> None:
    sender = _outbox(tmp_path)
    sender.send([outgoing(1)], NOW)
    [before] = tmp_path.rglob("*.eml")
    before.write_bytes(b"something else, and longer " * 10_000)
    sender.send([outgoing(1)], NOW)
    [after] = (path for path in tmp_path.rglob("*") if path.is_file())
    assert after == before
    assert b"something else" not in after.read_bytes()


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("a/b@example.org", id="a slash"),
        pytest.param("../../../up@example.org", id="a way out"),
        pytest.param(".hidden@example.org", id="a dot"),
        pytest.param("o'neil+news=1@example.org", id="a quote"),
        pytest.param("x" * 64 + "@" + ".".join(["d" * 61] * 3) + ".com", id="the longest there is"),
        pytest.param("/" * 64 + "@" + ".".join(["d" * 61] * 3) + ".com", id="longer still when quoted"),
    ],
)
def test_any_address_has_a_file_of_its_own(address: str, tmp_path: pathlib.Path) -> None:
    sender = _outbox(tmp_path)
    others = [outgoing(2, email=f"z{address}"), outgoing(3, email=f"{address}z")]
    receipts = sender.send([outgoing(1, email=address), *others], NOW)
    assert {receipt.status for receipt in receipts} == {ReceiptStatus.SENT}
    paths = [pathlib.Path(receipt.detail) for receipt in receipts]
    assert len(set(paths)) == 3
    for path in paths:
        assert path.is_file()
        assert path.parent == tmp_path / "e1"
        assert path.suffix == ".eml"


def test_an_outbox_that_cannot_be_written_stops_everything(tmp_path: pathlib.Path) -> None:
    place = tmp_path / "outbox"
    place.write_text("a file in the folder's place")
    with pytest.raises(SenderError, match="cannot be written"):
        _outbox(place).send([outgoing(1)], NOW)
    assert place.read_text() == "a file in the folder's place"


def test_a_file_that_cannot_be_replaced_leaves_no_half_written_one(tmp_path: pathlib.Path) -> None:
    in_the_way = tmp_path / "e1" / "reader0001@example.org.eml"
    (in_the_way / "deeper").mkdir(parents=True)
    with pytest.raises(SenderError, match="cannot be written"):
        _outbox(tmp_path).send([outgoing(1)], NOW)
    assert [path.name for path in (tmp_path / "e1").iterdir()] == [in_the_way.name]


def test_a_reader_of_a_file_never_sees_half_of_it(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "file"
    contents = [bytes([letter]) * 400_000 for letter in b"ab"]
    write_whole(path, contents[0])
    over = threading.Event()

    def look() -> set[tuple[int, int]]:
        seen: set[tuple[int, int]] = set()
        while not seen or not over.is_set():
            content = path.read_bytes()
            seen.add((len(content), len(set(content))))
        return seen

    with ThreadPoolExecutor(1) as threads:
        looking = threads.submit(look)
        for turn in range(30):
            write_whole(path, contents[turn % 2])
        over.set()
        assert looking.result(timeout=20) == {(400_000, 1)}

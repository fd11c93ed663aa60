"""What editors did: kept for good, in its order, on both databases as in memory."""

from __future__ import annotations

import datetime as dt
import pathlib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from digest.adapters.store import open_store
from digest.adapters.store.desk import SqlDeskStore
from digest.model import Approval, Edit, EditKind
from digest.ports import DeskStore
from tests.adapters.databases import KINDS, opened_store
from tests.conftest import NOW
from tests.desk_fakes import MemoryDesk, edit
from tests.samples import TODAY

_LATER = NOW + dt.timedelta(minutes=3)
_TOMORROW = TODAY + dt.timedelta(days=1)
_HEADLINE = 'قال: «نعم»\N{RIGHT-TO-LEFT MARK} \\ "a"\n😀 \'); --'
_EDITS = [
    *(edit(kind, "a1", "a2", others=("b1",), value="2") for kind in EditKind),
    edit(EditKind.HEADLINE, "a1", value=_HEADLINE),
    edit(EditKind.SUBJECT, value=""),
    replace(edit(EditKind.PIN, "a1"), made_at=NOW.astimezone(dt.timezone(dt.timedelta(hours=3)))),
    replace(edit(EditKind.PIN, "a1"), made_at=NOW.replace(microsecond=123456), made_by="هدى"),
]
_YES = Approval(approved_by="editor", approved_at=NOW)


@pytest.fixture(params=KINDS)
def desk(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> Iterator[DeskStore]:
    """A desk's store of each kind."""
    if request.param == "memory":
        yield MemoryDesk()
        return
    with opened_store(request.param, request, tmp_path) as store:
        yield SqlDeskStore(store.engine)


def test_edits_come_back_as_they_were_in_their_order(desk: DeskStore) -> None:
    kept = [desk.record("mujaz", TODAY, one) for one in _EDITS]
    assert [replace(one, id=0) for one in kept] == _EDITS
    assert [one.id for one in kept] == sorted({one.id for one in kept})
    assert list(desk.edits("mujaz", TODAY)) == kept


def test_each_day_and_newsletter_has_its_own(desk: DeskStore) -> None:
    mine = desk.record("mujaz", TODAY, _EDITS[0])
    others = desk.record("mujaz", _TOMORROW, _EDITS[1])
    theirs = desk.record("weekly", TODAY, _EDITS[2])
    assert list(desk.edits("mujaz", TODAY)) == [mine]
    assert list(desk.edits("mujaz", _TOMORROW)) == [others]
    assert list(desk.edits("weekly", TODAY)) == [theirs]
    assert list(desk.edits("weekly", _TOMORROW)) == []


def test_an_edit_is_taken_back_once_and_kept(desk: DeskStore) -> None:
    first, second = (desk.record("mujaz", TODAY, one) for one in _EDITS[:2])
    assert desk.undo(first.id, "huda", _LATER)
    assert not desk.undo(first.id, "omar", _LATER + dt.timedelta(hours=1))
    assert not desk.undo(second.id + 100, "huda", _LATER)
    undone = replace(first, undone_by="huda", undone_at=_LATER)
    assert list(desk.edits("mujaz", TODAY)) == [undone, second]


def test_an_approval_stands_until_it_is_withdrawn(desk: DeskStore) -> None:
    assert desk.approval("mujaz", TODAY) is None
    assert not desk.withdraw("mujaz", TODAY)
    desk.approve("mujaz", TODAY, _YES)
    # Who presses the button again changes nothing.
    second = Approval(approved_by="huda", approved_at=_LATER)
    desk.approve("mujaz", TODAY, second)
    assert desk.approval("mujaz", TODAY) == _YES
    assert desk.approval("mujaz", _TOMORROW) is None
    assert desk.approval("weekly", TODAY) is None
    assert desk.withdraw("mujaz", TODAY)
    assert desk.approval("mujaz", TODAY) is None
    desk.approve("mujaz", TODAY, second)
    assert desk.approval("mujaz", TODAY) == second


def test_two_editors_at_once(database_url: str) -> None:
    start = threading.Barrier(4)
    ours = [edit(EditKind.PIN, "a1") for _ in range(10)]

    def work(name: str) -> tuple[list[Edit], list[int]]:
        store = open_store(database_url)
        try:
            desk = SqlDeskStore(store.engine)
            start.wait(timeout=20)
            kept = [desk.record("mujaz", TODAY, replace(one, made_by=name)) for one in ours]
            desk.approve("mujaz", TODAY, replace(_YES, approved_by=name))
            undone = [one.id for one in desk.edits("mujaz", TODAY) if desk.undo(one.id, name, _LATER)]
        finally:
            store.close()
        return kept, undone

    open_store(database_url).close()
    with ThreadPoolExecutor(4) as threads:
        done = list(threads.map(work, ["huda", "omar", "layla", "zayd"]))
    made = [one.id for kept, _ in done for one in kept]
    taken_back = [edit_id for _, undone in done for edit_id in undone]
    assert len(set(made)) == len(made) == 40
    # Each was taken back by one of them.
    assert len(set(taken_back)) == len(taken_back)
    store = open_store(database_url)
    try:
        desk = SqlDeskStore(store.engine)
        assert {one.id for one in desk.edits("mujaz", TODAY) if one.undone_at} == set(taken_back)
        assert desk.approval("mujaz", TODAY) is not None
    finally:
        store.close()

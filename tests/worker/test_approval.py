"""An edition that an editor has to approve: what leaves, when, and what the operator is told."""

from __future__ import annotations

import datetime as dt
import pathlib
from collections.abc import Iterator
from dataclasses import replace

import pytest

from digest.model import Approval, Edition, EditKind
from digest.pipeline import compose
from digest.schedule import slot_of
from tests.desk_fakes import edit
from tests.worker.stage import DAY, DUE, HEADLINES, MINUTE, Stage, staged

_TODAY = DUE.date()
_EDITION = f"daily-{_TODAY}"
_KEY = f"approval daily {_TODAY}"
_MANUAL: dict[str, object] = {"id": "daily", "approval": "manual"}
_LAYLA = ["layla@example.org"]


@pytest.fixture
def stage(tmp_path: pathlib.Path) -> Iterator[Stage]:
    """A newsletter whose editions are approved by hand, with a reader, and news."""
    with staged(tmp_path, _MANUAL) as made:
        made.subscribe("layla")
        made.news()
        yield made


@pytest.fixture
def hasty(tmp_path: pathlib.Path) -> Iterator[Stage]:
    """The same, sent all the same when nobody approves it."""
    with staged(tmp_path, _MANUAL | {"unapproved": "send"}) as made:
        made.subscribe("layla")
        made.news()
        yield made


def _approve(stage: Stage, day: dt.date = _TODAY) -> None:
    word = Approval(approved_by="huda", approved_at=stage.hand.now())
    stage.store.desk.approve("daily", day, word)


def _act(stage: Stage, kind: EditKind, headline: str, value: str = "") -> None:
    [found] = [one for one in stage.store.articles.articles(DUE - DAY, DUE) if one.title == headline]
    stage.store.desk.record("daily", _TODAY, replace(edit(kind, found.id, value=value)))


def _frozen(stage: Stage) -> Edition:
    edition = stage.store.editions.edition(_EDITION)
    assert edition is not None
    return edition


def _told(stage: Stage) -> list[str]:
    return [story.headline for story in _frozen(stage).stories()]


def test_nothing_is_frozen_before_it_is_due_and_then_the_edits_of_the_last_minute_count(stage: Stage) -> None:
    stage.tick(DUE - 10 * MINUTE)
    _approve(stage)
    stage.tick(DUE - MINUTE)
    assert stage.store.editions.edition(_EDITION) is None
    _act(stage, EditKind.HEADLINE, HEADLINES[0], "عنوان المحررة")
    _act(stage, EditKind.DROP, HEADLINES[1])
    stage.news(HEADLINES[3])
    stage.tick(DUE)
    assert stage.got() == _LAYLA
    assert sorted(_told(stage)) == sorted(["عنوان المحررة", HEADLINES[3]])
    assert _frozen(stage).composed_at == DUE
    assert stage.look() == {}


def test_unapproved_is_held_with_an_alert_and_leaves_late_when_it_is_approved(stage: Stage) -> None:
    stage.tick(DUE)
    stage.tick(DUE + 90 * MINUTE)
    assert stage.got() == []
    assert stage.store.editions.edition(_EDITION) is None
    alert = stage.look()[_KEY]
    assert alert.startswith(f"The edition of daily {_TODAY} waits: nobody has approved it\n")
    assert "until 06:30 UTC" in alert
    _approve(stage)
    stage.tick(DUE + 91 * MINUTE)
    assert stage.got() == _LAYLA
    assert stage.look(DUE + 92 * MINUTE) == {}


def test_approved_too_late_is_missed_with_its_alert(stage: Stage) -> None:
    stage.tick(DUE)
    assert list(stage.look()) == [_KEY]
    stage.tick(DUE + 181 * MINUTE)
    missed = stage.look()
    assert sorted(missed) == [_KEY, f"slot daily {_TODAY}"]
    assert missed[_KEY].startswith(f"The edition of daily {_TODAY} was missed: nobody has approved it\n")
    _approve(stage)
    stage.tick(DUE + 182 * MINUTE)
    assert stage.got() == []
    assert _KEY not in stage.look(DUE + 184 * MINUTE)


def test_an_approval_that_is_withdrawn_before_it_is_due_is_none(stage: Stage) -> None:
    _approve(stage)
    stage.tick(DUE - MINUTE)
    assert stage.store.desk.withdraw("daily", _TODAY)
    stage.tick(DUE)
    assert stage.got() == []
    assert _KEY in stage.look()


def test_each_day_needs_its_own_approval(stage: Stage) -> None:
    _approve(stage)
    stage.tick(DUE)
    stage.set(DUE + DAY - 10 * MINUTE)
    stage.news(*HEADLINES[2:4])
    stage.tick(DUE + DAY)
    assert stage.got() == _LAYLA
    assert list(stage.look()) == [f"approval daily {_TODAY + DAY}"]


def test_one_approval_is_for_the_readers_of_all_zones(stage: Stage) -> None:
    stage.subscribe("cairo", timezone="Africa/Cairo")
    stage.tick(DUE)
    assert list(stage.look()) == [_KEY]
    _approve(stage)
    stage.tick(DUE + MINUTE)
    assert stage.got() == _LAYLA
    stage.tick(DUE + 60 * MINUTE)
    assert stage.got() == ["cairo@example.org", *_LAYLA]


def test_sent_all_the_same_as_it_is_with_an_alert(hasty: Stage) -> None:
    _act(hasty, EditKind.DROP, HEADLINES[1])
    hasty.tick(DUE - MINUTE)
    assert hasty.look() == {}
    hasty.tick(DUE)
    assert hasty.got() == _LAYLA
    assert _told(hasty) == [HEADLINES[0]]
    alert = hasty.look(DUE + 2 * MINUTE)[_KEY]
    assert alert.startswith(f"The edition of daily {_TODAY} was sent without approval\n")
    assert _KEY not in hasty.look(DUE + DAY + 181 * MINUTE)


def test_approved_in_time_it_is_sent_without_an_alert(hasty: Stage) -> None:
    _approve(hasty)
    hasty.tick(DUE)
    assert hasty.got() == _LAYLA
    assert hasty.look() == {}


def test_one_that_was_composed_by_hand_waits_for_its_approval_too(stage: Stage) -> None:
    slot = slot_of(stage.newsletter("daily"), _TODAY)
    store = stage.store
    compose(
        stage.newsletter("daily"),
        slot,
        store.articles,
        store.editions,
        stage.placer,
        stage.rank_settings,
        DUE,
    )
    stage.tick(DUE)
    assert stage.got() == []
    _approve(stage)
    stage.tick(DUE + MINUTE)
    assert stage.got() == _LAYLA


def test_what_the_operator_sent_by_hand_raises_no_alert(stage: Stage) -> None:
    _approve(stage)
    stage.tick(DUE)
    stage.store.desk.withdraw("daily", _TODAY)
    assert stage.look() == {}


def test_a_fault_of_the_template_is_known_before_it_is_due(tmp_path: pathlib.Path) -> None:
    with staged(tmp_path, _MANUAL | {"template": "missing"}) as stage:
        stage.subscribe("layla")
        stage.news()
        stage.tick(DUE - 10 * MINUTE)
        assert "templates/missing" in stage.look()[f"slot daily {_TODAY}"]


def test_the_draft_is_tried_once(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", "digest.worker"):
        for minute in range(10, -3, -1):
            stage.tick(DUE - minute * MINUTE)
    assert [one for one in caplog.messages if "approval" in one] == [
        f"edition {_EDITION} waits for an editor's approval"
    ]


def test_without_approval_the_desk_s_edits_count_as_well(tmp_path: pathlib.Path) -> None:
    with staged(tmp_path) as stage:
        stage.subscribe("layla")
        stage.news()
        _act(stage, EditKind.DROP, HEADLINES[1])
        stage.tick(DUE)
        assert stage.got() == _LAYLA
        assert _told(stage) == [HEADLINES[0]]
        assert stage.look() == {}

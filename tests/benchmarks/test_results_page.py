"""The page of results says who leads, who is behind, and what was not measured."""

from __future__ import annotations

import dataclasses
import json
import pathlib

import pytest
from reporting import Findings, Row, beside, limit, measured, read_findings
from results_page import Ran, page

AHEAD = beside("as fast as theirs", "theirs", 2.0, goal=1.5)
SHORT = beside("as fast as theirs", "theirs", 1.2, goal=1.5, why="They do less.")
SLOWER_BUT_MET = beside("as fast as C", "a program in C", 0.6, goal=0.45, why="C is C.")
SLOWER = beside("as fast as theirs", "theirs", 0.9, why="Both wait.")
LIMIT_MET = limit("memory", 200.0, "MB", 250.0)
LIMIT_MISSED = limit("memory", 300.0, "MB", 250.0, "Three processes.")
PLAIN = measured("sending", [30.0, 10.0, 20.0], "s")


def ran(*rows: Row, skipped: tuple[str, ...] = (), failure: str = "") -> Ran:
    findings = Findings(title="Sending", compares="Ours beside theirs.", rows=rows, skipped=skipped)
    return Ran(
        name="send",
        at="2026-11-22 06:00 UTC",
        seconds=61.0,
        load=0.25,
        commit="abc1234",
        findings=None if failure else findings,
        failure=failure,
    )


def part(text: str, title: str) -> str:
    """Return what stands under a title, up to the next one."""
    return text.split(f"# {title}\n", 1)[1].split("\n#", 1)[0].strip()


def written(*runs: Ran, quick: bool = False) -> str:
    return page(runs, {"processors": "2"}, {"Python": "3.11"}, quick=quick)


@pytest.mark.parametrize(
    ("row", "leads", "behind", "verdict"),
    [
        pytest.param(
            AHEAD,
            "- Sending, as fast as theirs: 2 times theirs; the goal, at least 1.50, is met.",
            "Nothing.",
            "| met |",
            id="ahead, goal met",
        ),
        pytest.param(
            SHORT,
            "- Sending, as fast as theirs: 1.20 times theirs; the goal, at least 1.50, is **missed**.",
            "- Sending, as fast as theirs: 1.20 times theirs; the goal, at least 1.50, is **missed**. They do less.",
            "| **behind** |",
            id="ahead, goal missed",
        ),
        pytest.param(
            SLOWER_BUT_MET,
            "Nothing.",
            "- Sending, as fast as C: 0.600 times a program in C; the goal, at least 0.450, is met. C is C.",
            "| met |",
            id="slower than asked to beat in part",
        ),
        pytest.param(
            SLOWER,
            "Nothing.",
            "- Sending, as fast as theirs: 0.900 times theirs. Both wait.",
            "| **behind** |",
            id="slower, no goal",
        ),
        pytest.param(LIMIT_MET, "Nothing.", "Nothing.", "| met |", id="limit kept"),
        pytest.param(
            LIMIT_MISSED,
            "Nothing.",
            "- Sending, memory: 300 MB; the goal, at most 250, is **missed**. Three processes.",
            "| **behind** |",
            id="limit passed",
        ),
    ],
)
def test_each_figure_is_judged(row: Row, leads: str, behind: str, verdict: str) -> None:
    text = written(ran(row))
    assert part(text, "Where Mujaz leads") == leads
    assert part(text, "Where Mujaz is behind") == behind
    assert verdict in part(text, "Sending")


def test_a_figure_without_goal_stands_in_a_table_of_its_own() -> None:
    text = part(written(ran(PLAIN, AHEAD)), "Sending")
    assert "| sending | 20 s | 10 to 30 | 3 |" in text
    assert text.index("| sending |") < text.index("| what | median | lowest to highest | beside |")


def test_goals_are_counted() -> None:
    text = written(ran(AHEAD, SHORT, SLOWER, PLAIN, LIMIT_MET))
    assert "**2 of 3 goals are met.**" in text


def test_a_section_tells_when_and_on_what() -> None:
    text = part(written(ran(PLAIN)), "Sending")
    assert "2026-11-22 06:00 UTC, commit abc1234, 1 min 1 s; load of the machine before: 0.25." in text
    assert "Ours beside theirs." in text


def test_what_is_missing_and_what_failed_is_named() -> None:
    skipped = ran(PLAIN, skipped=("wrk is not there.",))
    failed = dataclasses.replace(ran(failure="it ended with 3. Its last word: no"), name="web")
    text = written(skipped, failed)
    assert part(text, "Not measured here").splitlines() == [
        "- Sending: wrk is not there.",
        "- `web` as a whole: it ended with 3. Its last word: no",
    ]
    assert "**Failed**: it ended with 3." in part(text, "web")


def test_of_a_quick_look_nothing_is_judged() -> None:
    text = written(ran(SHORT, AHEAD), quick=True)
    assert "A look, no measurement" in text
    for word in ("behind", "missed", "met", "goals are"):
        assert word not in text


def test_the_versions_of_all_stand_in_one_table() -> None:
    found = Findings(title="Sending", versions={"flask": "3.1"})
    text = written(dataclasses.replace(ran(), findings=found))
    assert "| Python | 3.11 |\n| flask | 3.1 |" in text


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        pytest.param(0.0, "0", id="nothing"),
        pytest.param(0.0444, "0.044", id="below one"),
        pytest.param(2.066, "2.07", id="below ten"),
        pytest.param(44.44, "44.4", id="below a hundred"),
        pytest.param(14241.4, "14,241", id="thousands"),
        pytest.param(3.0, "3", id="whole"),
    ],
)
def test_figures_have_three_digits(value: float, shown: str) -> None:
    assert f"| some | {shown} |" in written(ran(Row(name="some", value=value)))


def test_findings_come_back_from_their_file(tmp_path: pathlib.Path) -> None:
    findings = Findings(title="Sending", versions={"a": "1"}, rows=[PLAIN, SHORT], skipped=["No wrk."])
    findings.save(tmp_path / "send.json")
    assert read_findings(tmp_path / "send.json") == findings


def test_findings_may_hold_less_and_more_than_is_known(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "other.json"
    rows = [{"name": "rows", "value": 3, "unit": "a second", "colour": "blue"}]
    file.write_text(json.dumps({"title": "Scale", "rows": rows, "more": 1}), encoding="utf-8")
    assert read_findings(file) == Findings(title="Scale", rows=[Row(name="rows", value=3, unit="a second")])


@pytest.mark.parametrize("text", ["[]", "{}", '{"title": "x", "rows": [{"value": 1}]}', "no JSON", ""])
def test_what_is_no_findings_is_refused(tmp_path: pathlib.Path, text: str) -> None:
    file = tmp_path / "broken.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"holds no findings|Expecting value"):
        read_findings(file)

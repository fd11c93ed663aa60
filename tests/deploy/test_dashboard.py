"""The dashboard, the alerts and docs/monitoring.md: they name what the program exposes, and nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml

from digest.web.gauges import GAUGES
from digest.worker import metrics
from tests.conftest import REPOSITORY

#: Names of Prometheus' query language that stand where a metric or a label may.
_WORDS = {
    *("and", "by", "count", "histogram_quantile", "increase", "label_values", "max", "min", "on", "or"),
    *("rate", "scalar", "sum", "time", "unless"),
}
#: What Prometheus itself puts beside each figure.
_SCRAPE_LABELS = {"job", "instance"}
#: What `up` is: Prometheus' own.
_SCRAPE_METRICS = {"up": set[str]()}


def _exposed() -> Mapping[str, set[str]]:
    """Return the labels of all metrics, by the names of their series."""
    found: dict[str, set[str]] = {f"mujaz_{name}": set(labels) for name, (_, labels) in GAUGES.items()}
    for name, _, labels in _of_workers():
        for series in _series(name):
            found[series] = labels
    return found


def _of_workers() -> Iterator[tuple[str, str, set[str]]]:
    """Yield the workers' metrics: name, type, labels."""
    for collector in dict.fromkeys(metrics.REGISTRY._collector_to_names):
        labels = set(getattr(collector, "_labelnames", ()))
        for family in collector.collect():
            suffix = "_total" if family.type == "counter" else ""
            yield f"{family.name}{suffix}", family.type, labels


def _series(name: str) -> list[str]:
    if name.endswith("_duration_seconds"):
        return [f"{name}_{part}" for part in ("bucket", "sum", "count")]
    return [name]


def _dashboard() -> dict[str, Any]:
    text = (REPOSITORY / "deploy" / "grafana" / "mujaz.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def _panels() -> list[dict[str, Any]]:
    return [panel for panel in _dashboard()["panels"] if panel["type"] != "row"]


def _rules() -> list[dict[str, Any]]:
    text = (REPOSITORY / "deploy" / "prometheus-alerts.yml").read_text(encoding="utf-8")
    [group] = yaml.safe_load(text)["groups"]
    found: list[dict[str, Any]] = group["rules"]
    return found


def _expressions() -> Iterator[tuple[str, str]]:
    for panel in _panels():
        for target in panel["targets"]:
            yield f"{panel['title']} {target['refId']}", target["expr"]
    for variable in _dashboard()["templating"]["list"]:
        yield f"${variable['name']}", variable["definition"]
    for rule in _rules():
        yield rule["alert"], rule["expr"]


def _check(expression: str) -> None:
    exposed = {**_exposed(), **_SCRAPE_METRICS}
    bare = re.sub(r'"[^"]*"', '""', expression)
    assert all(bare.count(left) == bare.count(right) for left, right in ("()", "[]", "{}")), expression
    found = re.findall(r"([a-z_]\w*)(\{[^}]*\})?", re.sub(r"\[[^]]*\]|\b(?:by|on) \([^)]*\)", "", bare))
    names = [(name, matchers) for name, matchers in found if name not in _WORDS and name != "newsletter"]
    assert names
    for name, matchers in names:
        assert name in exposed, name
        labels = set(re.findall(r"(\w+)(?==|!=)", matchers))
        extra = {"le"} if name.endswith("_bucket") else set()
        assert labels <= exposed[name] | _SCRAPE_LABELS | extra, (name, labels)
    of_all = set[str]().union(*(exposed[name] for name, _ in names)) | _SCRAPE_LABELS | {"le"}
    for words in re.findall(r"\b(?:by|on) \(([^)]*)\)", bare):
        assert {label.strip() for label in words.split(",")} - {""} <= of_all, words


@pytest.mark.parametrize(("place", "expression"), [pytest.param(*one, id=one[0]) for one in _expressions()])
def test_expressions_ask_for_what_there_is(place: str, expression: str) -> None:
    _check(expression)


@pytest.mark.parametrize(
    "expression",
    [
        pytest.param("max(mujaz_wurkers)", id="no such metric"),
        pytest.param('max(mujaz_workers{newsletter="x"})', id="no such label"),
        pytest.param("sum by (state) (mujaz_workers)", id="grouped by no label of it"),
        pytest.param("rate(mujaz_collect_duration_seconds[5m])", id="a histogram as a whole"),
        pytest.param("max(mujaz_workers", id="a bracket is missing"),
    ],
)
def test_a_wrong_expression_would_be_found(expression: str) -> None:
    with pytest.raises(AssertionError):
        _check(expression)


def test_each_panel_says_what_it_shows() -> None:
    panels = _panels()
    assert len(panels) > 25
    for panel in panels:
        assert panel["title"]
        assert len(panel["description"]) > 20, panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        assert panel["targets"], panel["title"]
        for target in panel["targets"]:
            assert target["legendFormat"], panel["title"]
    assert len({panel["title"] for panel in panels}) == len(panels)
    assert len({panel["id"] for panel in _dashboard()["panels"]}) == len(_dashboard()["panels"])


def test_it_can_be_imported_over_any_data_source() -> None:
    board = _dashboard()
    [given] = board["__inputs"]
    assert (given["type"], given["pluginId"]) == ("datasource", "prometheus")
    used = {"type": "prometheus", "uid": f"${{{given['name']}}}"}
    asking = [
        *_panels(),
        *board["templating"]["list"],
        *(one for panel in _panels() for one in panel["targets"]),
    ]
    assert all(one["datasource"] == used for one in asking)
    rows = [panel["title"] for panel in board["panels"] if panel["type"] == "row"]
    assert rows == [
        "Today's edition",
        "Sending",
        "Collecting",
        "Workers and the database",
        "Readers and bounces",
    ]


def test_panels_lie_side_by_side() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in _dashboard()["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert place["x"] + place["w"] <= 24
        assert not taken & cells, panel["title"]
        taken |= cells


def test_alerts_say_what_is_wrong_and_what_to_do() -> None:
    rules = _rules()
    assert len({rule["alert"] for rule in rules}) == len(rules) > 10
    for rule in rules:
        assert rule["alert"].startswith("Mujaz")
        assert rule["labels"]["severity"] in {"warning", "critical"}
        assert set(rule["annotations"]) == {"summary", "description"}
        assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}


def test_prometheus_asks_both_exporters_and_has_the_alerts() -> None:
    text = (REPOSITORY / "deploy" / "prometheus.yml").read_text(encoding="utf-8")
    config = yaml.safe_load(text)
    assert config["rule_files"] == ["prometheus-alerts.yml"]
    jobs = {one["job_name"] for one in config["scrape_configs"]}
    assert jobs == {"mujaz-web", "mujaz-worker"}
    # As the expressions name them.
    for _, expression in _expressions():
        for wanted in re.findall(r'job(?:=~|=)"([^"]+)"', expression):
            assert any(re.fullmatch(wanted, job) for job in jobs)


# --------------------------------------------------------------------------- names, and the page about them


def test_names_are_as_the_field_has_them() -> None:
    for name, kind, labels in _of_workers():
        assert re.fullmatch(r"(mujaz|process)_[a-z_]+", name)
        assert (kind == "counter") == name.endswith("_total"), name
        assert kind != "histogram" or name.endswith("_seconds"), name
        # Few values each: none of them a person or an edition.
        assert labels <= {"newsletter", "outcome", "kind", "transport", "task", "version", "python"}, name
    for name, (words, _) in GAUGES.items():
        assert not name.endswith("_total")
        assert words.endswith(".")


def test_the_page_has_each_metric_with_its_type_and_labels() -> None:
    page = (REPOSITORY / "docs" / "monitoring.md").read_text(encoding="utf-8")
    table = {
        name: (kind, set(re.findall(r"`(\w+)`", labels)))
        for name, kind, labels in re.findall(
            r"^\| `((?:mujaz|process)_\w+)` \| (\w+) \| ([^|]*) \|", page, flags=re.MULTILINE
        )
    }
    wanted = {f"mujaz_{name}": ("gauge", set(labels)) for name, (_, labels) in GAUGES.items()}
    wanted |= {name: (kind, labels) for name, kind, labels in _of_workers()}
    assert table == wanted


def test_the_page_has_each_alert() -> None:
    page = (REPOSITORY / "docs" / "monitoring.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(Mujaz\w+)` \|", page, flags=re.MULTILINE)
    assert sorted(rows) == sorted(rule["alert"] for rule in _rules())

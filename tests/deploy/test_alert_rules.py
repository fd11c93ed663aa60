"""The alert rules as Prometheus itself evaluates them, by its own `promtool`: which series wake the operator, and which do not."""

from __future__ import annotations

import pathlib
import shutil
import subprocess

import pytest
import yaml

from tests.conftest import require

_RULES = pathlib.Path(__file__).parents[2] / "deploy" / "prometheus-alerts.yml"
#: Seconds that are waited for it; it takes a fraction of one.
_PATIENCE = 60

Series = dict[str, str]


def _deliveries(newsletter: str, state: str) -> str:
    return f'mujaz_deliveries{{newsletter="{newsletter}", state="{state}"}}'


def _sources(name: str, newsletter: str = "daily") -> str:
    return f'mujaz_{name}{{newsletter="{newsletter}"}}'


_SLOT, _OPENED, _PAUSED = map(
    _sources, ("last_slot_timestamp_seconds", "last_edition_opened_timestamp_seconds", "paused")
)
_OLD = {"mujaz_queue_age_seconds": "7300x20"}


@pytest.mark.parametrize(
    ("alert", "series", "labels"),
    [
        pytest.param("MujazDatabaseDown", {"mujaz_database_up": "0x20"}, [{}], id="no database"),
        pytest.param("MujazDatabaseDown", {"mujaz_database_up": "1x20"}, [], id="a database"),
        pytest.param("MujazNoWorker", {"mujaz_workers": "0x20"}, [{}], id="no worker"),
        pytest.param("MujazNoWorker", {"mujaz_workers": "1x20"}, [], id="a worker"),
        pytest.param(
            "MujazSlotOverdue",
            {_SLOT: "60x30", _OPENED: "0x30", _PAUSED: "0x30"},
            [{"newsletter": "daily"}],
            id="due, and nothing leaves",
        ),
        pytest.param(
            "MujazSlotOverdue", {_SLOT: "60x30", _OPENED: "70x30", _PAUSED: "0x30"}, [], id="due, and opened"
        ),
        pytest.param(
            "MujazSlotOverdue", {_SLOT: "60x30", _OPENED: "0x30", _PAUSED: "1x30"}, [], id="due, and paused"
        ),
        pytest.param(
            "MujazQueueStuck",
            _OLD | {_deliveries("daily", "sent"): "900x20", _deliveries("daily", "pending"): "100x20"},
            [{"newsletter": "daily"}],
            id="a tenth waits",
        ),
        pytest.param(
            "MujazQueueStuck",
            _OLD | {_deliveries("daily", "sent"): "9999x20", _deliveries("daily", "failed_temp"): "1x20"},
            [],
            id="one full mailbox",
        ),
        pytest.param(
            "MujazQueueStuck",
            _OLD
            | {_deliveries("large", "sent"): "90000x20", _deliveries("large", "pending"): "0x20"}
            | {_deliveries("small", "pending"): "50x20"},
            [{"newsletter": "small"}],
            id="a small newsletter beside a large one",
        ),
        pytest.param(
            "MujazQueueStuck",
            {"mujaz_queue_age_seconds": "600x20", _deliveries("daily", "pending"): "1000x20"},
            [],
            id="for ten minutes only",
        ),
    ],
)
def test_who_is_woken(alert: str, series: Series, labels: list[Series], tmp_path: pathlib.Path) -> None:
    require(shutil.which("promtool") is not None, "promtool")
    written = ["{" + ", ".join(f'{name}="{value}"' for name, value in one.items()) + "}" for one in labels]
    asked = {
        "expr": f'count by (newsletter) (ALERTS{{alertname="{alert}", alertstate="firing"}})',
        "eval_time": "20m",
        "exp_samples": [{"labels": one, "value": 1} for one in written],
    }
    rows = [{"series": name, "values": values} for name, values in series.items()]
    case = {"interval": "1m", "input_series": rows, "promql_expr_test": [asked]}
    path = tmp_path / "case.yml"
    path.write_text(yaml.safe_dump({"rule_files": [str(_RULES)], "tests": [case]}), encoding="utf-8")
    command = ["promtool", "test", "rules", str(path)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr

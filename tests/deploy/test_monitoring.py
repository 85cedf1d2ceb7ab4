"""Alert rules and dashboard: promtool accepts them, and what they ask for exists."""

import json
import re
import subprocess
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from support.documents import ROOT
from support.tools import require_tool

HERE = Path(__file__).parent
RULES = ROOT / "deploy" / "prometheus" / "alerts.yaml"
MONITORING = (ROOT / "docs" / "monitoring.md").read_text("utf-8")
DASHBOARD = json.loads((ROOT / "deploy" / "grafana" / "mediafleet.json").read_text("utf-8"))
SUFFIXES = re.compile("_(bucket|count|sum)$")


def promtool(*arguments: str | Path) -> None:
    """Run it; its output is shown if it objects."""
    command = [require_tool("promtool"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def alerts() -> list[dict[str, Any]]:
    groups = yaml.safe_load(RULES.read_text("utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    return [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


def expressions() -> list[str]:
    return [target["expr"] for panel in panels() for target in panel["targets"]]


def metrics(expression: str) -> set[str]:
    return {
        SUFFIXES.sub("", name) for name in re.findall(r"\b(?:mediafleet|process)_\w+", expression)
    }


def documented() -> set[str]:
    """The metrics that the documents list; tests/api/test_metrics.py compares that to /metrics."""
    own = re.findall(r"^\| `(mediafleet_\w+)` ", MONITORING, re.MULTILINE)
    of_process = {
        *("process_open_fds", "process_max_fds"),
        *("process_cpu_seconds_total", "process_resident_memory_bytes"),
    }
    return {*own, *of_process}


def test_the_rules_are_valid_and_fire_when_they_should() -> None:
    promtool("check", "rules", RULES)
    promtool("test", "rules", HERE / "alerts_test.yaml")


def test_each_alert_is_tested_and_documented() -> None:
    names = [rule["alert"] for rule in alerts()]
    tests = yaml.safe_load((HERE / "alerts_test.yaml").read_text("utf-8"))["tests"]

    assert [test["name"] for test in tests] == names
    assert re.findall(r"^\| `(Mediafleet\w+)` ", MONITORING, re.MULTILINE) == names


@pytest.mark.parametrize("rule", alerts(), ids=lambda rule: rule["alert"])
def test_an_alert_asks_for_metrics_that_exist(rule: dict[str, Any]) -> None:
    assert metrics(rule["expr"]) <= documented()


def test_the_dashboard_is_one_for_grafana() -> None:
    schema = json.loads((HERE / "dashboard.schema.json").read_text("utf-8"))
    Draft202012Validator.check_schema(schema)

    errors = Draft202012Validator(schema).iter_errors(DASHBOARD)

    assert [f"{error.json_path}: {error.message}" for error in errors] == []
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(ids) == len(set(ids))


def test_no_panel_lies_over_another_or_beyond_the_edge() -> None:
    places = [panel["gridPos"] for panel in DASHBOARD["panels"]]

    assert all(place["x"] + place["w"] <= 24 for place in places)
    for a, b in combinations(places, 2):
        is_beside = a["x"] + a["w"] <= b["x"] or b["x"] + b["w"] <= a["x"]
        is_below = a["y"] + a["h"] <= b["y"] or b["y"] + b["h"] <= a["y"]
        assert is_beside or is_below, (a, b)


@pytest.mark.parametrize("panel", panels(), ids=lambda panel: panel["title"])
def test_a_panel_asks_for_metrics_that_exist(panel: dict[str, Any]) -> None:
    for target in panel["targets"]:
        assert metrics(target["expr"]) <= documented()


def test_prometheus_understands_each_panel(tmp_path: Path) -> None:
    rules = [
        {
            "record": f"panel:number{number}",
            "expr": expression.replace("$__rate_interval", "5m").replace("$instance", ".+"),
        }
        for number, expression in enumerate(expressions())
    ]
    path = tmp_path / "panels.yaml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}), "utf-8")

    promtool("check", "rules", path)

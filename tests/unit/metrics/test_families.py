"""Tests that the metrics page and the Grafana dashboard match the metrics and pass promtool."""

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from clau_doom.metrics import MetricsCollector

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/metrics.md").read_text()
DASHBOARD: dict[str, Any] = json.loads((ROOT / "deploy/grafana/clau-doom.json").read_text())
NAME = re.compile(r"\b(?:clau_doom|process)_\w+")


def shown(metrics: MetricsCollector) -> dict[str, tuple[str, frozenset[str]]]:
    """Return the type and labels of each metric in a scrape, by name."""
    found: dict[str, tuple[str, frozenset[str]]] = {}
    for family in text_string_to_metric_families(metrics.exposition()[0].decode()):
        labels = frozenset(label for sample in family.samples for label in sample.labels) - {"le"}
        found[family.name + ("_total" if family.type == "counter" else "")] = (family.type, labels)
    return found


def series(metrics: MetricsCollector) -> set[str]:
    """Return the names of all series of a scrape, as queries use them."""
    families = text_string_to_metric_families(metrics.exposition()[0].decode())
    return {sample.name for family in families for sample in family.samples}


def panels() -> list[dict[str, Any]]:
    return [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


def queries() -> Iterator[str]:
    for panel in panels():
        yield from (target["expr"] for target in panel["targets"])
    yield from (each["query"]["query"] for each in DASHBOARD["templating"]["list"] if each["type"] == "query")


def test_documentation_lists_every_metric(filled: MetricsCollector) -> None:
    """Names, types and labels in the table equal those of a scrape after a whole experiment."""
    rows = re.findall(r"^\| `((?:clau_doom|process)_\w+)` \| (\w+) \| (.*?) ?\| ", PAGE, re.MULTILINE)
    listed = {name: (kind, frozenset(re.findall(r"`(\w+)`", labels))) for name, kind, labels in rows}
    assert listed == shown(filled)
    assert len(rows) == len(listed)


def test_documented_alerts_use_existing_metrics(filled: MetricsCollector) -> None:
    """Each example rule is valid YAML, and each name in it is a series."""
    blocks = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)]
    assert [next(iter(block)) for block in blocks] == ["scrape_configs", "groups"]
    rules = blocks[1]["groups"][0]["rules"]
    assert {name for rule in rules for name in NAME.findall(rule["expr"])} <= series(filled)


@pytest.mark.parametrize("query", sorted(set(queries())))
def test_dashboard_queries_existing_metrics(filled: MetricsCollector, query: str) -> None:
    """Each name in each query of the dashboard is a series of a scrape."""
    names = NAME.findall(query)
    assert names
    assert set(names) <= series(filled)


def test_every_metric_is_on_the_dashboard(filled: MetricsCollector) -> None:
    asked = " ".join(queries())
    assert not [name for name in shown(filled) if name.startswith("clau_doom") and name not in asked]


def test_data_source_and_experiments_are_chosen_above_the_panels() -> None:
    """No panel has its own data source, and each query by experiment uses the selection."""
    variables = {each["name"]: each["type"] for each in DASHBOARD["templating"]["list"]}
    assert variables == {"datasource": "datasource", "experiment": "query"}
    targets = [target for panel in panels() for target in panel["targets"]]
    assert {each["datasource"]["uid"] for each in [*panels(), *targets]} == {"${datasource}"}
    by_experiment = [target["expr"] for target in targets if "{{experiment}}" in target["legendFormat"]]
    assert by_experiment
    assert all('experiment=~"$experiment"' in expr for expr in by_experiment)


def test_dashboard_layout_has_four_rows() -> None:
    """The rows are evolution, episodes, workers and service. Ids are unique and panels do not overlap."""
    assert [each["title"] for each in DASHBOARD["panels"] if each["type"] == "row"] == [
        "Evolution",
        "Episodes",
        "Workers",
        "Service",
    ]
    assert len({each["id"] for each in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
    cells = [
        (x, y)
        for place in (each["gridPos"] for each in DASHBOARD["panels"])
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(set(cells)) == len(cells)
    assert all(x < 24 for x, _ in cells)


@pytest.fixture(scope="module")
def promtool(tool: Callable[[str, str], str]) -> str:
    return tool("promtool", "prometheus")


def check(promtool: str, text: bytes) -> tuple[int, str]:
    done = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, check=False, timeout=60)
    return done.returncode, (done.stdout + done.stderr).decode()


def test_scrape_passes_promtool(promtool: str, filled: MetricsCollector) -> None:
    """A scrape after a whole experiment has names, units, types and help texts that pass promtool's linter."""
    assert check(promtool, filled.exposition()[0]) == (0, "")


def test_promtool_reports_an_invalid_name(promtool: str) -> None:
    """The linter reports a counter without `_total`."""
    code, message = check(promtool, b"# HELP clau_doom_x X.\n# TYPE clau_doom_x counter\nclau_doom_x 1\n")
    assert code != 0
    assert "_total" in message


def test_dashboard_queries_are_valid_promql(promtool: str, tmp_path: Path) -> None:
    """Prometheus's parser accepts each query after Grafana's variables are replaced."""
    dashboard = json.loads((ROOT / "deploy/grafana/clau-doom.json").read_text())
    queries = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", ())]
    filled = [query.replace("$__rate_interval", "1m").replace("$experiment", ".*") for query in queries]
    rules = [{"record": f"query:{number}", "expr": query} for number, query in enumerate(filled)]
    file = tmp_path / "rules.yaml"
    file.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
    done = subprocess.run([promtool, "check", "rules", file], capture_output=True, check=False, timeout=60)
    assert done.returncode == 0, (done.stdout + done.stderr).decode()
    assert len(queries) > 25


def test_documented_configuration_passes_promtool(promtool: str, tmp_path: Path) -> None:
    """The page's scrape configuration and alerts pass promtool's check."""
    scraping, alerts = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs/metrics.md").read_text(), re.DOTALL)
    (tmp_path / "prometheus.yaml").write_text(scraping + "rule_files: [alerts.yaml]\n")
    (tmp_path / "alerts.yaml").write_text(alerts)
    command = [promtool, "check", "config", "prometheus.yaml"]
    done = subprocess.run(command, capture_output=True, check=False, timeout=60, cwd=tmp_path)
    assert done.returncode == 0, (done.stdout + done.stderr).decode()

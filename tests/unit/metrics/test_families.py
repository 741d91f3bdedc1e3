"""Tests that the metrics page and the Grafana dashboard match the metrics."""

import json
import re
from collections.abc import Iterator
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


def test_the_page_lists_every_metric_as_it_is(filled: MetricsCollector) -> None:
    """Names, types and labels in the table equal those of a scrape after a whole experiment."""
    rows = re.findall(r"^\| `((?:clau_doom|process)_\w+)` \| (\w+) \| (.*?) ?\| ", PAGE, re.MULTILINE)
    listed = {name: (kind, frozenset(re.findall(r"`(\w+)`", labels))) for name, kind, labels in rows}
    assert listed == shown(filled)
    assert len(rows) == len(listed)


def test_the_page_s_alerts_use_metrics_that_exist(filled: MetricsCollector) -> None:
    """Each example rule is valid YAML, and each name in it is a series."""
    blocks = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)]
    assert [next(iter(block)) for block in blocks] == ["scrape_configs", "groups"]
    rules = blocks[1]["groups"][0]["rules"]
    assert {name for rule in rules for name in NAME.findall(rule["expr"])} <= series(filled)


@pytest.mark.parametrize("query", sorted(set(queries())))
def test_the_dashboard_asks_for_metrics_that_exist(filled: MetricsCollector, query: str) -> None:
    """Each name in each query of the dashboard is a series of a scrape."""
    names = NAME.findall(query)
    assert names
    assert set(names) <= series(filled)


def test_every_metric_of_ours_is_on_the_dashboard(filled: MetricsCollector) -> None:
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


def test_the_dashboard_is_laid_out_in_rows() -> None:
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

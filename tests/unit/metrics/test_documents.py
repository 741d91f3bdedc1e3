"""The page on metrics and the Grafana dashboard say what the metrics are, and ask for nothing else."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from clau_doom.metrics import Metrics

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/metrics.md").read_text()
DASHBOARD: dict[str, Any] = json.loads((ROOT / "deploy/grafana/clau-doom.json").read_text())
NAME = re.compile(r"\b(?:clau_doom|process)_\w+")


def shown(metrics: Metrics) -> dict[str, tuple[str, frozenset[str]]]:
    """Return each metric's type and labels by its name, read off a scrape."""
    found: dict[str, tuple[str, frozenset[str]]] = {}
    for family in text_string_to_metric_families(metrics.exposition()[0].decode()):
        labels = frozenset(label for sample in family.samples for label in sample.labels) - {"le"}
        found[family.name + ("_total" if family.type == "counter" else "")] = (family.type, labels)
    return found


def series(metrics: Metrics) -> set[str]:
    """Return the names of all series of a scrape, as a query may use them."""
    families = text_string_to_metric_families(metrics.exposition()[0].decode())
    return {sample.name for family in families for sample in family.samples}


def panels() -> list[dict[str, Any]]:
    return [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


def queries() -> Iterator[str]:
    for panel in panels():
        yield from (target["expr"] for target in panel["targets"])
    yield from (each["query"]["query"] for each in DASHBOARD["templating"]["list"] if each["type"] == "query")


def test_the_page_lists_every_metric_as_it_is(told: Metrics) -> None:
    """Names, types and labels in the table are those of a scrape after a whole experiment, none more and none less."""
    rows = re.findall(r"^\| `((?:clau_doom|process)_\w+)` \| (\w+) \| (.*?) ?\| ", PAGE, re.MULTILINE)
    listed = {name: (kind, frozenset(re.findall(r"`(\w+)`", labels))) for name, kind, labels in rows}
    assert listed == shown(told)
    assert len(rows) == len(listed)


def test_the_page_s_alerts_use_metrics_that_exist(told: Metrics) -> None:
    """Every rule of the example is of YAML, and each name in it is a series."""
    blocks = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)]
    assert [next(iter(block)) for block in blocks] == ["scrape_configs", "groups"]
    rules = blocks[1]["groups"][0]["rules"]
    assert {name for rule in rules for name in NAME.findall(rule["expr"])} <= series(told)


@pytest.mark.parametrize("query", sorted(set(queries())))
def test_the_dashboard_asks_for_metrics_that_exist(told: Metrics, query: str) -> None:
    """Each name in each query of the dashboard is a series of a scrape."""
    names = NAME.findall(query)
    assert names
    assert set(names) <= series(told)


def test_every_metric_of_ours_is_on_the_dashboard(told: Metrics) -> None:
    """What is worth counting is worth showing."""
    asked = " ".join(queries())
    assert not [name for name in shown(told) if name.startswith("clau_doom") and name not in asked]


def test_data_source_and_experiments_are_chosen_above_the_panels() -> None:
    """No panel names a data source of its own, and each query by experiment obeys the choice."""
    variables = {each["name"]: each["type"] for each in DASHBOARD["templating"]["list"]}
    assert variables == {"datasource": "datasource", "experiment": "query"}
    targets = [target for panel in panels() for target in panel["targets"]]
    assert {each["datasource"]["uid"] for each in [*panels(), *targets]} == {"${datasource}"}
    by_experiment = [target["expr"] for target in targets if "{{experiment}}" in target["legendFormat"]]
    assert by_experiment
    assert all('experiment=~"$experiment"' in expr for expr in by_experiment)


def test_the_dashboard_is_laid_out_in_rows() -> None:
    """Evolution, episodes, workers, service; ids are unique and no panel covers another."""
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

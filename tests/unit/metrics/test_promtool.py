"""Tests of a scrape, the dashboard's queries and the page's examples with promtool."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from clau_doom.metrics import MetricsCollector

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def promtool(tool: Callable[[str, str], str]) -> str:
    return tool("promtool", "prometheus")


def check(promtool: str, text: bytes) -> tuple[int, str]:
    done = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, check=False, timeout=60)
    return done.returncode, (done.stdout + done.stderr).decode()


def test_promtool_has_nothing_to_say(promtool: str, filled: MetricsCollector) -> None:
    """A scrape after a whole experiment has names, units, types and help texts that pass promtool's linter."""
    assert check(promtool, filled.exposition()[0]) == (0, "")


def test_promtool_finds_what_is_not_clean(promtool: str) -> None:
    """The linter reports a counter without `_total`."""
    code, said = check(promtool, b"# HELP clau_doom_x X.\n# TYPE clau_doom_x counter\nclau_doom_x 1\n")
    assert code != 0
    assert "_total" in said


def test_the_dashboard_s_queries_are_promql(promtool: str, tmp_path: Path) -> None:
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


def test_the_page_s_examples_are_prometheus_s(promtool: str, tmp_path: Path) -> None:
    """The page's scrape configuration and alerts pass promtool's check."""
    scraping, alerts = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs/metrics.md").read_text(), re.DOTALL)
    (tmp_path / "prometheus.yaml").write_text(scraping + "rule_files: [alerts.yaml]\n")
    (tmp_path / "alerts.yaml").write_text(alerts)
    command = [promtool, "check", "config", "prometheus.yaml"]
    done = subprocess.run(command, capture_output=True, check=False, timeout=60, cwd=tmp_path)
    assert done.returncode == 0, (done.stdout + done.stderr).decode()

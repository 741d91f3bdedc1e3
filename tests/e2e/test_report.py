"""Tests of a report in a real browser with a content security policy that allows only the report's style."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext

pytestmark = pytest.mark.engine

YAML = """
name: {name}
seed: {seed}
generations: 6
population: 6
episodes: 2
scenario: {{name: defend_the_center, timeout: 150}}
fitness: kills
evolution: {{kind: map-elites}}
holdout: {{validation: 2, episodes: 6}}
"""
ADDRESS = "http://report.invalid/"
POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


def command(folder: Path, *words: str) -> str:
    """Run a command in a folder and return its output."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CLAU_DOOM_")}
    whole = [sys.executable, "-m", "clau_doom", *words]
    done = subprocess.run(whole, cwd=folder, env=environment, check=True, capture_output=True, timeout=180, text=True)
    return done.stdout


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return the report of one experiment, and that of two."""
    folder = tmp_path_factory.mktemp("reports")
    for name, seed in (("one", 1), ("two", 2)):
        (folder / "config.yaml").write_text(YAML.format(name=name, seed=seed))
        command(folder, "run", "-c", "config.yaml")
    command(folder, "analyze", "one", "--criteria", "kills:1,shots:-1", "--report", "one.html")
    command(folder, "analyze", "one", "two", "--report", "both.html")
    return folder / "one.html", folder / "both.html"


@pytest.fixture(params=[("dark", 1280), ("light", 1280), ("dark", 390), ("light", 390)], ids=str)
def context(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    """Return a reader, at night and by day, with a wide window and a narrow one."""
    theme, width = request.param
    made = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=theme)
    yield made
    made.close()


def test_report_is_accessible_and_has_no_requests(
    context: BrowserContext, axe: str, reports: tuple[Path, Path]
) -> None:
    """Both themes and both widths have no error and no horizontal scrolling."""
    for path in reports:
        assert _noise(context, path.read_text()) == [ADDRESS]
        assert _faults(context, path.read_text(), axe) == []


def _noise(context: BrowserContext, text: str) -> list[str]:
    """Return the messages and requests of a page under a strict content security policy."""
    page, heard = context.new_page(), list[str]()
    headers = {"Content-Security-Policy": POLICY, "Content-Type": "text/html; charset=utf-8"}
    page.on("console", lambda message: heard.append(message.text))
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on("request", lambda request: heard.append(request.url))
    page.route("**/*", lambda route: route.fulfill(body=text, headers=headers))
    page.goto(ADDRESS)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.locator("figure").count() == page.locator("figure figcaption").count() >= 6
    page.close()
    return heard


def _faults(context: BrowserContext, text: str, axe: str) -> list[tuple[str, object]]:
    """Return the serious faults that axe-core finds. The page has no policy, because axe-core is a script."""
    page = context.new_page()
    page.set_content(text)
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
    page.evaluate(axe)
    found: dict[str, Any] = page.evaluate("axe.run()")
    page.close()
    return [
        (fault["id"], node["target"])
        for fault in found["violations"]
        if fault["impact"] in {"serious", "critical"}
        for node in fault["nodes"]
    ]


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_exported_tables_can_be_analyzed(reports: tuple[Path, Path], form: str) -> None:
    """The group means of the episodes equal those of the experiment."""
    folder = reports[0].parent
    command(folder, "export", "one", "--to", form, "--format", form)
    names = {path.name for path in (folder / form).iterdir()}
    assert names == {f"{table}.{form}" for table in ("episodes", "agents", "generations", "events")}
    asked = ("--response", "kills", "--factor", "agent", "--where", "purpose == 'held_out'", "--block", "seed")
    groups = json.loads(command(folder, "analyze", "--data", f"{form}/episodes.{form}", *asked, "--json"))["groups"]
    held_out = json.loads(command(folder, "analyze", "one", "--json"))["held_out"]
    kills = {row["agent"]: row["measures"]["kills"]["mean"] for row in held_out}
    assert len(groups) == len({*kills}) >= 2
    for group in groups:
        assert group["mean"]["mean"] == pytest.approx(kills[group["levels"][0]]), group

"""Progress in a notebook. `tests/integration/test_notebook_runs.py` uses a real kernel."""

from dataclasses import replace
from typing import Any, Self

from clau_doom.api.notebook_progress import NotebookProgress
from clau_doom.app.progress_state import ProgressState
from clau_doom.config import ExperimentConfig
from clau_doom.domain.events import AgentFailed, Event, RecordedEvent


class Output:
    """Output of a cell, in place of IPython's."""

    def __init__(self) -> None:
        self.bundles: list[dict[str, str]] = []

    def display(self, bundle: dict[str, str], **options: Any) -> Self:
        assert options == {"raw": True, "display_id": True}
        self.bundles.append(bundle)
        return self

    def update(self, bundle: dict[str, str], *, raw: bool) -> None:
        assert raw
        self.bundles.append(bundle)


def shown(story: list[Event], config: ExperimentConfig) -> Output:
    output = Output()
    progress = ProgressState.begin(config)
    with NotebookProgress(progress, lambda: 1004.0, display=output.display) as display:
        for number, event in enumerate(story, 1):
            display.show(RecordedEvent(sequence=number, time=1000.0 + number * 0.5, event=event))
    return output


def test_the_output_has_the_current_state(story: list[Event], config: ExperimentConfig) -> None:
    output = Output()
    with NotebookProgress(ProgressState.begin(config), lambda: 1004.0, display=output.display, interval=0.0) as display:
        for number, event in enumerate(story[:8], 1):
            display.show(RecordedEvent(sequence=number, time=1000.0 + number * 0.5, event=event))
        text = output.bundles[-1]["text/plain"].splitlines()
        html = output.bundles[-1]["text/html"]
    assert text[0] == "generation 0 of 2: 4/6 episodes, 0:03 elapsed"
    assert text[1].startswith("best 4.00   mean 2.50")
    assert text[2] == "evolving tiny on defend_the_center: 2 generations of 3 agents, 2 episodes each"
    assert "width:66.7%" in html


def test_the_final_output_has_the_generations_and_no_bar(story: list[Event], config: ExperimentConfig) -> None:
    final = shown(story, config).bundles[-1]
    lines = final["text/plain"].splitlines()
    assert lines[0].startswith("mean of each generation ")
    assert [line for line in lines if line.startswith("generation 1   best    9.00")]
    assert "width:" not in final["text/html"]
    assert "elapsed" not in final["text/plain"]


def test_updates_are_limited(story: list[Event], config: ExperimentConfig) -> None:
    """The first output, at most one update for all events, which come at once, and the final output."""
    assert len(shown(story, config).bundles) <= 3


def test_untrusted_text_is_escaped(story: list[Event], config: ExperimentConfig) -> None:
    hostile = [replace(event, reason="<script>\x1b[2J") if isinstance(event, AgentFailed) else event for event in story]
    final = shown(hostile, config).bundles[-1]
    assert "&lt;script&gt;\\x1b[2J" in final["text/html"]
    assert "<script>" not in final["text/html"]
    assert "\x1b" not in final["text/plain"]

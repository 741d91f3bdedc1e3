"""Tests of the JSON of the dashboard."""

import io
import json
import re
from dataclasses import replace

from rich.console import Console

from clau_doom.app.run_planning import make_fitness
from clau_doom.cli.views.agent import portrait_view
from clau_doom.config import CustomPolicyConfig, CustomStrategyConfig, ExperimentConfig, ScenarioConfig, to_yaml
from clau_doom.domain import Agent, AgentRef, AgentStatus, Evaluation, Gene, Genome, GenomeSpace, Measures
from clau_doom.domain.experiment import Experiment, ExperimentState, Provenance
from clau_doom.domain.snapshot import Snapshot
from clau_doom.ports import StoredExperiment
from clau_doom.web.serializers import agent_view, experiment_row, experiment_view
from tests.support.stored_runs import learning_run, snapshot_of

TIED = ExperimentConfig(name="a")


def test_untrusted_text_is_shortened_and_escaped() -> None:
    """Names, reasons and facts are covered. The configuration is exact."""
    name = "\x1b[2J\u202e" + "x" * 1_000
    config = ExperimentConfig(name="a", scenario=ScenarioConfig(name=name + ".cfg"))
    facts = Provenance(facts=((name, name),))
    experiment = Experiment(id="a", uuid="4f8", seed=7, config_yaml=to_yaml(config), provenance=facts)
    snapshot = Snapshot(
        experiment=experiment,
        config_yaml=experiment.config_yaml,
        state=ExperimentState.FAILED,
        reason=name,
        generations=(),
        summaries=(),
    )
    stored = StoredExperiment(snapshot=snapshot, config=config, state=ExperimentState.FAILED, last_activity=0.0)
    view = experiment_view(stored, make_fitness(config), here=False)
    assert view.pop("config_yaml") == experiment.config_yaml
    text = json.dumps(view, ensure_ascii=False)
    assert not {"\x1b", "\u202e"} & set(text)
    assert "x" * 201 not in text
    assert view["reason"].startswith(r"\x1b[2J\u202exxx")


def test_classes_are_named_by_their_targets() -> None:
    config = ExperimentConfig(
        name="a",
        policy=CustomPolicyConfig(kind="class", target="hasty:Hasty"),
        evolution=CustomStrategyConfig(kind="class", target="my_es:OpenAIES"),
    )
    snapshot = Snapshot(
        experiment=Experiment(id="a", uuid="4f8", seed=7, config_yaml="", provenance=Provenance(facts=())),
        config_yaml="",
        state=ExperimentState.RUNNING,
        reason=None,
        generations=(),
        summaries=(),
    )
    stored = StoredExperiment(snapshot=snapshot, config=config, state=ExperimentState.RUNNING, last_activity=0.0)
    row = experiment_row(stored, here=False)
    assert (row["policy"], row["evolution"]) == ("hasty:Hasty", "my_es:OpenAIES")


def test_generations_have_the_training_so_far() -> None:
    """Two generations of two episodes of 70 and 90 tics."""
    run = learning_run("a", [1.0, 2.0], tics=(140, 180))
    stored = StoredExperiment(snapshot=run, config=TIED, state=ExperimentState.COMPLETED, last_activity=0.0)
    rows = experiment_view(stored, make_fitness(TIED), here=False)["generations"]
    assert [(row["episodes_total"], row["tics_total"]) for row in rows] == [(2, 140), (4, 320)]


def test_ties_in_a_lineage_are_resolved_as_on_the_command_line() -> None:
    """The order of an agent's parents does not matter."""
    text = to_yaml(TIED)
    genome, drawn = Genome([0.0]), ()
    rows = [
        [_finished(0, index, drawn, fitness, genome) for index, fitness in enumerate((1.0, 3.0, 3.0))],
        [_finished(1, 0, (AgentRef(0, 2), AgentRef(0, 1)), 2.0, genome)],
    ]
    snapshot = Snapshot(
        experiment=Experiment(id="a", uuid="4f8", seed=7, config_yaml=text, provenance=Provenance(facts=())),
        config_yaml=text,
        state=ExperimentState.RUNNING,
        reason=None,
        generations=tuple(tuple(row) for row in rows),
        summaries=(),
    )
    stored = StoredExperiment(snapshot=snapshot, config=TIED, state=ExperimentState.RUNNING, last_activity=0.0)
    child, fitness = rows[1][0], make_fitness(TIED)
    line = agent_view(stored, child, None, fitness, here=True)["line"]
    assert line == ["a-g001-a000", "a-g000-a001"]
    console = Console(width=100, file=io.StringIO())
    space = GenomeSpace((Gene(name="x", low=0.0, high=1.0),))
    console.print(portrait_view(snapshot, child, space, fitness, ()))
    assert isinstance(console.file, io.StringIO)
    marked = re.findall(r"● +(g\d+-a\d+)", console.file.getvalue())
    assert [f"a-{each}" for each in marked] == line


def test_saturation_is_a_caution() -> None:
    """The champion has 26 kills, the maximum, in 5 of 6 held-out episodes. Another one has different values."""
    config = ExperimentConfig(name="a", scenario=ScenarioConfig(name="defend_the_center"), fitness="kills")

    def view(*kills: float) -> str | None:
        snapshot = snapshot_of("a", [[[0.0]]], {}, champion=[0.0] * len(kills))
        judging = {
            place: tuple(
                replace(each, outcome=replace(each.outcome, measures=Measures(kills=value)))
                for each, value in zip(row, kills, strict=False)
            )
            for place, row in snapshot.judging.items()
        }
        stored = StoredExperiment(
            snapshot=replace(snapshot, judging=judging), config=config, state=snapshot.state, last_activity=0.0
        )
        found: str | None = experiment_view(stored, make_fitness(config), here=False)["saturation"]
        return found

    caution = view(26.0, 26.0, 26.0, 26.0, 26.0, 1.0)
    assert caution is not None
    assert caution.startswith("Fitness has its largest value, 26.00, in 5 of 6 held-out episodes of the champion.")
    assert "an agent has 26 rounds of ammunition" in caution
    assert view(1.0, 2.0, 3.0, 4.0, 5.0, 6.0) is None


def _finished(generation: int, index: int, parents: tuple[AgentRef, ...], fitness: float, genome: Genome) -> Evaluation:
    ref = AgentRef(generation, index)
    agent = Agent(experiment="a", ref=ref, genome=genome, parents=parents, operator="draw")
    return Evaluation(agent=agent, status=AgentStatus.COMPLETED, fitness=fitness, outcomes=())

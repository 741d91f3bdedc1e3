"""Tests of stored experiments in a folder."""

import asyncio
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pyarrow import parquet

from clau_doom.api.experiment import Experiment, open_experiment
from clau_doom.config import CustomPolicyConfig
from clau_doom.config.budget import BudgetConfig
from clau_doom.domain import EpisodeOutcome, Genome
from clau_doom.errors import AgentNotFound, ConfigError, ExperimentNotFound, WrongState
from clau_doom.orchestration import Shutdown
from clau_doom.ports import EpisodeTask
from clau_doom.testing import scripted_outcome
from tests.support.stored_experiments import SMALL, store_experiment


def by_steps(genome: Genome, seed: int) -> EpisodeOutcome:
    """Return an episode with the gene `steps` as its reward; 0 for random play, which has no genes."""
    noise = scripted_outcome(genome, seed)
    return replace(noise, measures=replace(noise.measures, reward=genome.values[1] if len(genome) else 0.0))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    store_experiment(folder, outcome=by_steps)
    return folder


@pytest.fixture
def experiment(folder: Path) -> Experiment:
    return open_experiment("lab", folder)


def test_identity_and_configuration(experiment: Experiment) -> None:
    assert experiment.id == "lab"
    assert experiment.config == SMALL
    assert repr(experiment) == "<Experiment lab>"


def test_generations_have_one_row_each(experiment: Experiment) -> None:
    table = experiment.generations
    assert table["generation"] == [0, 1, 2]
    assert table["episodes"] == [8, 8, 8]
    assert table["episodes_total"] == [8, 16, 24]
    training = [row for row in experiment.episodes if row["purpose"] == "training"]
    tics = [sum(int(row["tics"]) for row in training if row["generation"] == at) for at in range(3)]
    assert table["tics"] == tics
    assert table["tics_total"] == [tics[0], tics[0] + tics[1], sum(tics)]
    assert set(table["experiment_id"]) == {"lab"}
    assert table["best_fitness"] == [max(_fitnesses(experiment, number)) for number in range(3)]


def test_agents_have_a_column_for_each_gene(experiment: Experiment) -> None:
    """The fitness of this experiment is the gene `steps`."""
    table = experiment.agents
    assert len(table) == 12
    assert table.columns[-3:] == ["gene_x", "gene_steps", "gene_mood"]
    assert [*map(float, table["gene_steps"])] == table["fitness"]
    assert set(table["gene_mood"]) <= {"bold", "shy"}


def test_episodes_of_all_purposes(experiment: Experiment) -> None:
    table = experiment.episodes
    purposes = table["purpose"]
    assert purposes.count("training") == 24
    assert purposes.count("validation") % 3 == 0
    assert purposes.count("held_out") in {12, 18}
    assert table["reward"] == table["fitness"]
    training = table[:24]
    assert training["agent"] == [f"lab-g{g:03d}-a{a:03d}" for g in range(3) for a in range(4) for _ in range(2)]
    assert training["number"] == [0, 1] * 12


def test_events_are_the_log(experiment: Experiment) -> None:
    table = experiment.events
    assert table["sequence"] == [*range(1, len(table) + 1)]
    assert table["kind"][0] == "experiment_created"
    assert table["kind"][-1] == "experiment_completed"
    assert table["kind"].count("episode_finished") == len(experiment.episodes)
    assert "name: lab" in json.loads(table["payload"][0])["experimentCreated"]["configYaml"]


def test_status(experiment: Experiment) -> None:
    status = experiment.status
    assert (status.id, status.state, status.reason) == ("lab", "completed", None)
    assert (status.generations_finished, status.generations_planned, status.population) == (3, 3, 4)
    assert not status.live
    assert status.best_fitness == max(experiment.generations["best_fitness"])
    assert status.champion in experiment.agents["agent"]
    assert (status.failed_agents, status.deviations) == (0, 0)
    assert status.processor_time.unmeasured == len(experiment.episodes)
    assert status.environments == ()
    assert status.last_activity.timestamp() == pytest.approx(experiment.events["time"][-1], abs=1e-3)


def test_champion_has_its_genome_by_name_and_its_held_out_result(experiment: Experiment) -> None:
    champion = experiment.champion
    assert champion is not None
    assert champion.id == experiment.status.champion
    assert [*champion.genome] == ["x", "steps", "mood"]
    assert champion.held_out is not None
    assert (champion.held_out.mean, champion.held_out.n) == (champion.genome["steps"], 6)
    assert champion.validation_fitness == champion.genome["steps"]
    assert experiment.agent(champion.id) == champion
    assert experiment.agent((champion.generation, champion.index)) == champion


def test_an_agent_without_validation_has_no_result_of_it(experiment: Experiment) -> None:
    judged = {row["agent"] for row in experiment.episodes if row["purpose"] != "training"}
    other = next(name for name in experiment.agents["agent"] if name not in judged)
    found = experiment.agent(other)
    assert (found.validation_fitness, found.held_out) == (None, None)


def test_lineage_has_the_agent_first_and_all_its_ancestors(experiment: Experiment) -> None:
    agents = {row["agent"]: row for row in experiment.agents}
    line = experiment.lineage((2, 3))
    expected, waiting = {"lab-g002-a003"}, ["lab-g002-a003"]
    while waiting:
        parents = agents[waiting.pop()]["parents"].split()
        waiting += parents
        expected |= {*parents}
    assert line["agent"][0] == "lab-g002-a003"
    assert set(line["agent"]) == expected
    assert len(line) == len(expected) > 1
    assert line["generation"] == sorted(line["generation"], reverse=True)
    assert line[0] == agents["lab-g002-a003"]
    champion = experiment.champion
    assert champion is not None
    assert experiment.lineage(champion)["agent"][0] == champion.id


@pytest.mark.parametrize("agent", [(3, 0), (0, 4), "lab-g009-a000", "other-g000-a000"])
def test_an_unknown_agent_is_named(experiment: Experiment, agent: str | tuple[int, int]) -> None:
    with pytest.raises(AgentNotFound, match="not found"):
        experiment.agent(agent)
    with pytest.raises(AgentNotFound, match="not found"):
        experiment.lineage(agent)


def test_the_plot_is_a_figure_that_notebooks_show(experiment: Experiment) -> None:
    figure = experiment.plot()
    assert figure._repr_png_().startswith(b"\x89PNG")
    texts = [text.get_text() for text in figure.texts]
    assert "lab: defend_the_center" in texts
    training, held_out = figure.axes
    assert (training.get_title(), held_out.get_title()) == ("in training", "on held-out seeds")
    assert training.get_xlabel() == "generation"


def test_curves_are_drawn_by_training_episodes_or_tics(experiment: Experiment) -> None:
    """The plot and the analysis have the amounts of the table."""
    amounts = experiment.generations["tics_total"]
    training, _ = experiment.plot(x="tics").axes
    assert training.get_xlabel() == "tics of training episodes"
    assert np.asarray(training.lines[0].get_xdata()).tolist() == amounts
    found = experiment.analyze(x="tics")
    assert [row["tics_total"] for row in found.to_dict()["generations"]] == amounts
    assert [point["x"] for point in found.to_dict()["validation_curve"]["points"]] == amounts
    for refused in (experiment.analyze, experiment.plot):
        with pytest.raises(ConfigError, match="x 'hours' is not a unit: choose generations, episodes or tics"):
            refused(x="hours")


def test_budget_in_tics_is_the_axis_by_default(tmp_path: Path) -> None:
    """A budget of 6,000 tics has one of some hundred tics an episode, and each generation has 8 episodes."""
    config = SMALL.model_copy(update={"generations": None, "budget": BudgetConfig(tics=6000)})
    store_experiment(tmp_path, config)
    found = open_experiment("lab", tmp_path)
    assert found.plot().axes[0].get_xlabel() == "tics of training episodes"
    assert found.analyze().to_dict()["x"] == "tics"
    assert re.search(r"generation +tics +failed", found.analyze().text("generations"))
    assert found.plot(x="generations").axes[0].get_xlabel() == "generation"


def test_html_shows_the_status_and_escapes_it(experiment: Experiment) -> None:
    shown = experiment._repr_html_()
    assert "experiment lab" in shown
    assert "completed" in shown
    assert experiment.status._repr_html_() == shown
    champion = experiment.champion
    assert champion is not None
    assert "steps" in champion._repr_html_()
    bad = replace(champion, failure="<script>", genome={"<b>": "<i>"})._repr_html_()
    assert "<script>" not in bad
    assert "<b>" not in bad
    assert "<i>" not in bad


def test_the_policy_module_is_not_needed(tmp_path: Path) -> None:
    policy = CustomPolicyConfig(kind="class", target="no_such_module:Policy")
    store_experiment(tmp_path, SMALL.model_copy(update={"policy": policy}))
    found = open_experiment("lab", tmp_path)
    assert len(found.agents) == 12
    assert found.champion is not None
    assert found.plot().axes
    assert found.status.policy == "no_such_module:Policy"
    assert "no_such_module:Policy policy, genetic" in found._repr_html_()


def test_an_unknown_experiment_is_an_error(folder: Path) -> None:
    with pytest.raises(ExperimentNotFound, match="did you mean lab"):
        open_experiment("labs", folder)


async def test_properties_work_in_a_running_loop(experiment: Experiment) -> None:
    """The caller of a notebook has a running event loop."""
    asyncio.get_running_loop()
    assert len(experiment.episodes) > 24


def interrupt_in(generation: int, folder: Path) -> None:
    """Run the experiment until the first episode of a generation."""
    shutdown = Shutdown()

    async def stop(task: EpisodeTask) -> None:
        if task.agent.startswith(f"lab-g{generation:03d}"):
            shutdown.request("a test", grace=0.0)

    store_experiment(folder, disturb=stop, shutdown=shutdown)


def test_a_changed_experiment_is_read_again_and_an_unchanged_one_is_not(tmp_path: Path) -> None:
    interrupt_in(1, tmp_path)
    experiment = open_experiment("lab", tmp_path)
    assert (experiment.status.state, experiment.status.reason) == ("interrupted", "a test")
    assert experiment.generations["generation"] == [0]
    assert experiment.champion is None
    first = experiment._reading.stored()
    assert experiment._reading.stored() is first
    store_experiment(tmp_path)
    assert experiment.status.state == "completed"
    assert experiment.generations["generation"] == [0, 1, 2]
    assert experiment.champion is not None


def test_an_experiment_without_generations_cannot_be_plotted(tmp_path: Path) -> None:
    interrupt_in(0, tmp_path)
    experiment = open_experiment("lab", tmp_path)
    assert len(experiment.generations) == 0
    assert experiment.generations._repr_html_()
    with pytest.raises(WrongState, match="experiment lab cannot be plotted: no generation has a fitness yet"):
        experiment.plot()


def _fitnesses(experiment: Experiment, generation: int) -> list[float]:
    return [row["fitness"] for row in experiment.agents if row["generation"] == generation]


def test_tracking_writes_an_experiment_once(experiment: Experiment, tmp_path: Path) -> None:
    """Options are the fields of the tracker's section; an unknown one is refused."""
    first, second = (experiment.track("jsonl", folder=str(tmp_path)) for _ in range(2))
    assert (first.target, first.generations, first.results) == (str(tmp_path / "lab.jsonl"), 3, True)
    assert second.events == 0
    with pytest.raises(ConfigError, match=r"trackers\[0\].foldr"):
        experiment.track("jsonl", foldr="x")


def test_tables_are_exported_to_files(experiment: Experiment, tmp_path: Path) -> None:
    """The files have the rows of the tables. They are replaced by force only."""
    files = experiment.export(tmp_path / "out", format="parquet")
    assert {name: path.name for name, path in files.items()} == {
        name: f"{name}.parquet" for name in ("episodes", "agents", "generations", "events")
    }
    assert parquet.read_table(files["episodes"]).to_pylist() == [*experiment.episodes]
    with pytest.raises(ConfigError, match=r"exists already: choose another folder, or replace it with force=True"):
        experiment.export(tmp_path / "out", format="parquet")
    experiment.export(tmp_path / "out", format="parquet", force=True)
    with pytest.raises(ConfigError, match="format='xlsx' is unknown: choose 'csv' or 'parquet'"):
        experiment.export(tmp_path / "out", format="xlsx")  # type: ignore[arg-type]

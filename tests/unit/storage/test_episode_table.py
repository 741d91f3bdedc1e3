"""Tests of the table of episodes: columns and rows give the same table."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from clau_doom.config import HoldoutConfig
from clau_doom.domain import Episode, EpisodeOutcome, Fitness, Genome
from clau_doom.domain.fitness import MEASURES
from clau_doom.domain.snapshot import Snapshot
from clau_doom.errors import InfrastructureFailed, PolicyFailed, StoreCorrupted
from clau_doom.ports import EpisodeTask
from clau_doom.storage import ExperimentFolders, PlayedEpisodes, episode_table
from clau_doom.storage.columnar_episodes import TrainingEpisodes
from clau_doom.testing import scripted_outcome
from tests.support.stored_experiments import SMALL, store_experiment

FITNESSES = (
    Fitness.named("reward"),
    Fitness.named("score"),
    Fitness((("kills", 1.5), ("deaths", -0.1), ("health", 1e-17), ("score", 3.0))),
)
TEXTS = ("experiment_id", "purpose", "agent", "trajectory_sha256")
WHOLE = ("generation", "index", "number", "seed", "timing_attempts", "timing_worker", "timing_repeated")
HOLDOUT = HoldoutConfig(validation=2, episodes=3)
MINE = {"zeal": "mine:zeal", "aim": "mine:aim"}


async def _break_some(task: EpisodeTask) -> None:
    """Lose the first attempts of an episode, and fail an agent."""
    if task.agent.endswith("g000-a001") and task.number == 1 and task.attempt < 3:
        raise InfrastructureFailed("the worker died")
    if task.agent.endswith("g001-a002") and task.number == 1:
        raise PolicyFailed("ZeroDivisionError: division by zero")


def _measured(genome: Genome, seed: int) -> EpisodeOutcome:
    found = scripted_outcome(genome, seed)
    custom = (("aim", found.measures.reward / 3.0), ("zeal", -0.0 if seed % 2 else 2.0))
    return replace(found, measures=replace(found.measures, custom=custom))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    config = SMALL.model_copy(update={"holdout": HOLDOUT})
    store_experiment(folder, config, disturb=_break_some)
    with closing(sqlite3.connect(folder / "lab" / "results.sqlite", isolation_level=None)) as connection:
        connection.execute("UPDATE played SET processor_seconds = 0.25 * number WHERE seed % 3 > 0")
    config = config.model_copy(update={"name": "mine", "measures": MINE})
    store_experiment(folder, config, outcome=_measured, disturb=_break_some)
    return folder


def read(folder: Path, experiment: str = "lab", *, measured: bool = True) -> Snapshot:
    async def snapshot() -> Snapshot:
        async with ExperimentFolders(folder).open(experiment).read() as store:
            return await store.snapshot(measured=measured)

    return asyncio.run(snapshot())


def expected_table(snapshot: Snapshot, fitness: Fitness, measures: tuple[str, ...] = ()) -> pa.Table:
    """Return the table of an experiment, built from an object for each episode."""
    places = {each.agent.id: each.agent.ref for row in snapshot.generations for each in row}
    training = [each for ref in sorted(snapshot.episodes) for each in snapshot.episodes[ref]]
    judged = [each for key in sorted(snapshot.judging, reverse=True) for each in snapshot.judging[key]]
    judged.sort(key=lambda each: (each.purpose == "held_out", each.agent, each.number))

    def row(episode: Episode) -> dict[str, object]:
        ref, outcome, timing = places.get(episode.agent), episode.outcome, episode.timing
        return {
            "experiment_id": snapshot.experiment.id,
            "purpose": episode.purpose.value,
            "agent": episode.agent,
            "generation": ref and ref.generation,
            "index": ref and ref.index,
            "number": episode.number,
            "seed": outcome.seed,
            "fitness": fitness.of_episode(outcome.measures),
            **{name: outcome.measures.value(name) for name in MEASURES},
            "trajectory_sha256": outcome.trajectory_sha256,
            "timing_seconds": timing.seconds,
            "timing_attempts": timing.attempts,
            "timing_worker": timing.worker,
            "timing_repeated": timing.repeated,
            "timing_processor_seconds": timing.processor_seconds,
            **{name: outcome.measures.value(name) for name in measures},
        }

    rows = [row(each) for each in [*training, *judged]]
    kinds = {**dict.fromkeys(TEXTS, pa.string()), **dict.fromkeys(WHOLE, pa.int64())}
    return pa.Table.from_pylist(rows, pa.schema([(name, kinds.get(name, pa.float64())) for name in rows[0]]))


@pytest.mark.parametrize("fitness", FITNESSES)
def test_columns_equal_an_object_for_each_episode(folder: Path, fitness: Fitness) -> None:
    """An agent has failed, an episode was repeated, and the random baseline has no place."""
    snapshot = read(folder)
    table = episode_table.episode_table(PlayedEpisodes.of(snapshot), fitness)
    assert isinstance(snapshot.episodes, TrainingEpisodes)
    assert table.equals(expected_table(snapshot, fitness))
    assert table.column("timing_attempts").to_pylist().count(3) == 1
    assert table.column("generation").null_count == HOLDOUT.episodes
    assert 0 < table.column("timing_processor_seconds").null_count < len(table)
    assert len(table) > 30


def test_measures_of_the_user_are_columns(folder: Path) -> None:
    """The bits are equal, also of zeros."""
    snapshot, fitness = read(folder, "mine"), Fitness((("aim", 2.0), ("kills", 0.1)))
    table = episode_table.episode_table(PlayedEpisodes.of(snapshot), fitness, MINE)
    assert table.equals(expected_table(snapshot, fitness, ("aim", "zeal")))
    assert table.column_names[-2:] == ["aim", "zeal"]
    assert {str(value) for value in table.column("zeal").to_pylist()} == {"-0.0", "2.0"}


def test_batches_are_joined_in_order(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    snapshot = read(folder, "mine")
    whole = episode_table.episode_table(PlayedEpisodes.of(snapshot), FITNESSES[0], MINE)
    monkeypatch.setattr(episode_table, "_AT_ONCE", 7)
    table = episode_table.episode_table(PlayedEpisodes.of(snapshot), FITNESSES[0], MINE)
    assert [len(batch) for batch in table.to_batches()][:3] == [7, 7, 7]
    assert table.equals(whole)


@pytest.mark.parametrize(("experiment", "measures"), [("lab", ()), ("mine", ("aim", "zeal"))])
def test_other_snapshots_give_the_same_table(folder: Path, experiment: str, measures: tuple[str, ...]) -> None:
    """The snapshot of a client has episodes as objects."""
    snapshot = read(folder, experiment)
    objects = replace(snapshot, episodes={ref: tuple(snapshot.episodes[ref]) for ref in snapshot.episodes})
    expected = episode_table.episode_table(PlayedEpisodes.of(snapshot), FITNESSES[2], measures)
    assert episode_table.episode_table(PlayedEpisodes.of(objects), FITNESSES[2], measures).equals(expected)


@pytest.mark.parametrize(("experiment", "measures"), [("lab", ()), ("mine", ("aim", "zeal"))])
def test_episodes_without_agents_give_the_same_table(folder: Path, experiment: str, measures: tuple[str, ...]) -> None:
    with closing(ExperimentFolders(folder).open(experiment).open_reader()) as reader:
        played = reader.episodes()
    expected = expected_table(read(folder, experiment), FITNESSES[2], measures)
    assert episode_table.episode_table(played, FITNESSES[2], measures).equals(expected)


def test_snapshot_without_measures_is_an_error(folder: Path) -> None:
    with pytest.raises(LookupError, match="request a measured snapshot"):
        episode_table.episode_table(PlayedEpisodes.of(read(folder, measured=False)), FITNESSES[0])


@pytest.fixture
def spoil(tmp_path: Path) -> Callable[[str], Snapshot]:
    """Return a function that stores an experiment with the user's measures, spoils it by SQL, and reads it."""

    def damage(statement: str) -> Snapshot:
        config = SMALL.model_copy(update={"name": "mine", "measures": MINE, "holdout": HOLDOUT})
        store_experiment(tmp_path, config, outcome=_measured)
        with closing(sqlite3.connect(tmp_path / "mine" / "results.sqlite", isolation_level=None)) as connection:
            connection.execute(statement)
        return read(tmp_path, "mine")

    return damage


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("'{\"aim\":1.0}'", "measure zeal of an episode is None"),
        ('\'{"aim":"1","zeal":1.0}\'', "measure aim of an episode is '1'"),
        ('\'{"aim":1e200,"zeal":1.0}\'', "measure aim of an episode is 1e.200"),
        ("'[1]'", "must be a JSON object"),
        ("NULL", "measure aim of an episode is None"),
    ],
)
def test_damaged_measures_of_the_user_are_described(spoil: Callable[[str], Snapshot], value: str, message: str) -> None:
    snapshot = spoil(f"UPDATE played SET custom = {value} WHERE purpose = 0 AND generation = 1 AND agent = 1")
    with pytest.raises(StoreCorrupted, match=f"experiment mine is damaged: .*{message}"):
        episode_table.episode_table(PlayedEpisodes.of(snapshot), FITNESSES[0], sorted(MINE))


def test_missing_measures_of_held_out_episodes_are_described(spoil: Callable[[str], Snapshot]) -> None:
    snapshot = spoil("UPDATE played SET custom = '{\"aim\":1.0}' WHERE purpose = 2")
    with pytest.raises(StoreCorrupted, match=r"an episode of mine-\S+ does not have the measures"):
        episode_table.episode_table(PlayedEpisodes.of(snapshot), FITNESSES[0], MINE)

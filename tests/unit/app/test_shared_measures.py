"""Tests of measures of the user that compared experiments have in common."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from clau_doom.api.documents import compare_experiments
from clau_doom.app.analyze import compare
from clau_doom.app.shared_measures import shared_measures
from clau_doom.config import ExperimentConfig, HoldoutConfig
from clau_doom.domain import EpisodeOutcome, Genome
from clau_doom.errors import ConfigError
from clau_doom.policies import GENES
from clau_doom.ports import StoredExperiment
from clau_doom.testing import ScriptedBackend, scripted_outcome
from clau_doom.testing.scripted_run import scripted_run, scripted_store


def outcome(genome: Genome, seed: int) -> EpisodeOutcome:
    scripted = scripted_outcome(genome, seed)
    own = (("aim", float(seed % 3)), ("care", scripted.measures.health))
    return replace(scripted, measures=replace(scripted.measures, custom=own))


def experiment(name: str, **fields: Any) -> StoredExperiment:
    """Return a finished experiment whose episodes have the measures `aim` and `care`."""
    seed = int(name[-1])
    sizes: dict[str, Any] = {"generations": 2, "population": 3, "episodes": 2}
    config = ExperimentConfig(name=name, seed=seed, holdout=HoldoutConfig(validation=2, episodes=4), **sizes, **fields)

    async def play() -> StoredExperiment:
        store = scripted_store(config)
        await scripted_run(config, store, ScriptedBackend(outcome=outcome), space=GENES).run()
        snapshot = await store.snapshot()
        return StoredExperiment(snapshot=snapshot, config=config, state=snapshot.state, last_activity=0.0)

    return asyncio.run(play())


def test_equal_functions_are_shared() -> None:
    """A comparison ranks and shows the measures that all experiments have."""
    experiments = [
        experiment("a1", measures={"care": "m:care", "aim": "m:aim"}),
        experiment("a2", measures={"aim": "m:aim", "care": "m:other"}),
    ]
    assert shared_measures(experiments[:1]) == ("aim", "care")
    assert shared_measures(experiments) == ("aim",)
    analysis = compare_experiments(experiments, None, {"kills": 1, "aim": -2}, ())
    assert "aim (less is better, 67 %)" in analysis.text("multicriteria-ranking")
    with pytest.raises(ConfigError, match="'care' is not a criterion"):
        compare_experiments(experiments, None, {"care": 1}, ())


def test_other_function_of_the_fitness_is_not_comparable() -> None:
    """The same holds for a function that only one experiment has."""
    base = experiment("a1", measures={"aim": "m:aim"}, fitness={"aim": 1.0, "kills": 1.0})
    other = experiment("a2", measures={"aim": "m:aim2"}, fitness={"aim": 1.0, "kills": 1.0})
    with pytest.raises(ConfigError, match=r"a2 cannot be compared .*measures\.aim: m:aim became m:aim2"):
        compare([base, other], "a1")
    more = experiment("a3", measures={"aim": "m:aim", "care": "m:care"}, fitness={"aim": 1.0, "kills": 1.0})
    assert compare([base, more], "a1").comparison.baseline == "a1"

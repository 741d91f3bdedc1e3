"""Tests of the sentences about held-out results."""

from clau_doom.analysis.held_out_conclusions import (
    cautions,
    champion_of,
    performance_sentence,
    saturation_of,
    scope_sentences,
)
from clau_doom.analysis.held_out_results import held_out_table
from clau_doom.analysis.result_tables import ResultTable
from clau_doom.analysis.saturation import Saturation
from clau_doom.config import ExperimentConfig, HoldoutConfig
from clau_doom.domain.snapshot import Snapshot
from tests.support.stored_runs import REWARD, experiment_data, snapshot_of

TRAINING = [[[3.0], [1.0]], [[2.0], [5.0]]]
CONFIG = ExperimentConfig(episodes=2, holdout=HoldoutConfig(validation=3, episodes=6))
AGENTS_ONLY = (
    "Intervals and p-values are about these agents on other seeds, and not about the strategy: one experiment is one "
    "run of it. To compare strategies or configurations, run each with several seeds."
)
SELECTION = (
    "Generation 0's best agent was selected by its training episodes (2), the champion by 3 validation episodes among "
    "the best agents of all generations. The champion's lead includes this more careful selection, and is not the "
    "effect of evolution alone."
)
TRAINING_BIAS = (
    "Training fitness does not measure performance: the best agent of a generation was also selected for lucky seeds. "
    "Held-out seeds measure performance."
)
SCENARIO = "Held-out seeds are other games of defend_the_center. The results do not cover other scenarios or settings."


def results_of(snapshot: Snapshot) -> ResultTable | None:
    return held_out_table(snapshot, REWARD, ("reward",))


def test_cautions_of_a_champion_with_few_episodes() -> None:
    """Six episodes have an interval that assumes normal values."""
    snapshot = snapshot_of("lab", TRAINING, {}, champion=(1.0, 2.0, 3.0, 4.0, 5.0, 6.0), first=(2.0, 4.0))
    assert cautions(experiment_data(snapshot, CONFIG), results_of(snapshot), ()) == (
        "The champion has played 6 held-out episodes only: its interval assumes nearly normal values.",
        AGENTS_ONLY,
        SELECTION,
        TRAINING_BIAS,
        SCENARIO,
    )


def test_selection_of_generation_0_is_named_only_with_its_result() -> None:
    snapshot = snapshot_of("lab", TRAINING, {}, champion=(1.0, 2.0))
    assert scope_sentences(experiment_data(snapshot, CONFIG), results_of(snapshot)) == (AGENTS_ONLY,)


def test_champion_without_episodes_is_unknown() -> None:
    snapshot = snapshot_of("lab", TRAINING, {}, champion=(), random=())
    data = experiment_data(snapshot, CONFIG)
    assert champion_of(None) is None
    assert performance_sentence(data, None) == (
        "No champion has played the held-out seeds yet, so that its performance is unknown. "
        "The champion is lab-g001-a001."
    )
    assert cautions(data, None, ())[0] == (
        "No champion has played the held-out seeds: the result of the evolution is unknown."
    )


def test_performance_names_all_agents() -> None:
    """By hand: the means of 1 to 6, of 2 and 4, and of 0 and 1."""
    snapshot = snapshot_of("lab", TRAINING, {}, champion=(1.0, 2.0, 3.0, 4.0, 5.0, 6.0), first=(2.0, 4.0))
    results = results_of(snapshot)
    champion = champion_of(results)
    assert champion is not None
    assert (champion.agent, champion.fitness.mean) == ("lab-g001-a001", 3.5)
    sentence = performance_sentence(experiment_data(snapshot, CONFIG), results)
    assert sentence.startswith("On 6 held-out seeds, the champion lab-g001-a001 has a mean fitness of 3.5 [")
    assert "On the same seeds, the mean is: generation 0's best 3.00 over 2 of them" in sentence
    assert "random play 0.500 over 2 of them." in sentence


def test_saturated_episodes_are_named() -> None:
    """All episodes of the last generation's agents, and of the champion, have the largest reward."""
    training = [[[0.0]], [[26.0] * 3, [26.0] * 3]]
    snapshot = snapshot_of("lab", training, {(1, 0): [26.0] * 5}, champion=[26.0] * 7)
    assert saturation_of(experiment_data(snapshot)) == (
        Saturation(episodes="training episodes of generation 1", n=6, at_largest=6, largest=26.0),
        Saturation(episodes="validation episodes of the champion", n=5, at_largest=5, largest=26.0),
        Saturation(episodes="held-out episodes of the champion", n=7, at_largest=7, largest=26.0),
    )

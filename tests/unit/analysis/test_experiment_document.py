"""Document of one experiment."""

from dataclasses import replace

from clau_doom.analysis.document_json import document_json
from clau_doom.analysis.experiment_document import experiment_document
from clau_doom.config import ExperimentConfig
from clau_doom.domain.experiment import ExperimentState
from tests.support.stored_runs import experiment_data, snapshot_of

SNAPSHOT = snapshot_of("lab", [[[3.0], [1.0]], [[2.0], [5.0]]], {}, seed=7)
CONFIG = ExperimentConfig(generations=4, population=8, episodes=1)


def test_headline_and_json() -> None:
    document = experiment_document(experiment_data(SNAPSHOT, CONFIG), ["failures"])
    policy = CONFIG.policy.kind
    assert (document.kind, document.title) == ("clau-doom experiment report", "lab")
    assert document.subtitle == (f"genetic · {policy} policy · defend_the_center · fitness reward · seed 7 · completed")
    assert document.introduction == (
        f"A genetic algorithm evolved the genes of a {policy} policy on defend_the_center to maximise reward: "
        "2 of 4 generations of 8 agents, 1 episode each, from seed 7."
    )
    assert document.notices == ()
    assert [section.name for section in document.sections] == ["failures"]
    found = document_json(document)
    assert {name: found[name] for name in ("id", "state", "seed", "scenario", "fitness", "confidence")} == {
        "id": "lab",
        "state": "completed",
        "seed": 7,
        "scenario": "defend_the_center",
        "fitness": "reward",
        "confidence": 0.95,
    }
    deviations = found["deviations"]
    assert isinstance(deviations, dict)
    assert deviations["total"] == 0


def test_interrupted_experiment_has_a_notice() -> None:
    data = experiment_data(replace(SNAPSHOT, state=ExperimentState.INTERRUPTED), CONFIG)
    assert experiment_document(data, []).notices == (
        "The experiment is interrupted. The results cover the finished part.",
    )

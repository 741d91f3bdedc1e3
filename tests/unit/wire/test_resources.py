"""Tests of messages of stored experiments."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from clau_doom.config import ExperimentConfig, gene_space_from_json
from clau_doom.config.budget import BudgetConfig
from clau_doom.domain import (
    Agent,
    AgentRef,
    AgentStatus,
    Episode,
    EpisodeOutcome,
    EpisodeTiming,
    Gene,
    Genome,
    GenomeSpace,
    Measures,
    Purpose,
    agent_id,
)
from clau_doom.domain.events import (
    AgentEvaluated,
    AgentFailed,
    AgentPaused,
    ChampionChosen,
    EpisodeFinished,
    Event,
    ExperimentInterrupted,
    ExperimentStarted,
    FailureKind,
    GenerationCompleted,
    GenerationStarted,
    GenomeInjected,
)
from clau_doom.domain.experiment import Experiment, ExperimentState, GenerationSummary, Provenance
from clau_doom.domain.history_hash import history_sha256
from clau_doom.errors import GenerationNotFound, InvalidMessage
from clau_doom.ports import StoredExperiment
from clau_doom.protos.claudoom.orchestrator.v1 import resources_pb2 as pb
from clau_doom.testing.memory_store import MemoryStore
from clau_doom.wire import (
    EXPERIMENT_STATES,
    PURPOSES,
    agent_brief,
    agent_message,
    agent_status,
    experiment_message,
    generation_message,
)

EXPERIMENT = Experiment(
    id="lab",
    uuid="0b5c7f3e-6f4e-4d38-9d0b-3c6f0d1f2a44",
    seed=2**63 - 1,
    config_yaml="name: lab\n",
    provenance=Provenance(facts=(("numpy", "2.4"), ("vizdoom", "1.3.2"))),
)
SPACE = GenomeSpace((Gene.real("caution", 0.0, 1.0), Gene.choice("weapon", ("fist", "pistol", "shotgun"))))
STARTED = ExperimentStarted(resumed=False, generations=3, config_yaml="name: lab\ngenerations: 3\n")


def asked(generation: int, parents: Sequence[tuple[AgentRef, ...]]) -> GenerationStarted:
    agents = [
        Agent(
            experiment="lab",
            ref=AgentRef(generation, index),
            genome=Genome((0.25, float(index))),
            parents=origin,
            operator="crossover+mutation" if origin else "draw",
        )
        for index, origin in enumerate(parents)
    ]
    return GenerationStarted(generation=generation, agents=tuple(agents))


def played(generation: int, index: int, number: int, purpose: Purpose = Purpose.TRAINING) -> EpisodeFinished:
    return EpisodeFinished(
        episode=Episode(
            purpose=purpose,
            agent=agent_id("lab", generation, index),
            number=number,
            outcome=EpisodeOutcome(seed=5, measures=Measures(kills=2.0), trajectory_sha256="0f" * 32),
            timing=EpisodeTiming(seconds=1.25, attempts=2, worker=3),
        )
    )


def evaluated(generation: int, index: int, fitness: float) -> list[Event]:
    episodes = [played(generation, index, number) for number in (0, 1)]
    return [*episodes, AgentEvaluated(ref=AgentRef(generation, index), fitness=fitness)]


SUMMARY = GenerationSummary(
    index=0,
    best=AgentRef(0, 1),
    best_fitness=-1.0,
    mean_fitness=-1.5,
    worst_fitness=-2.0,
    std_fitness=0.5,
    failed=1,
    episodes=4,
)
LOST = AgentFailed(ref=AgentRef(0, 2), kind=FailureKind.ATTEMPTS_EXHAUSTED, reason="lost three times")
GENERATION_0: list[Event] = [
    STARTED,
    asked(0, [(), (), ()]),
    *evaluated(0, 0, -2.0),
    *evaluated(0, 1, -1.0),
    LOST,
    GenerationCompleted(summary=SUMMARY),
]
HALF_OF_GENERATION_1: list[Event] = [
    asked(1, [(AgentRef(0, 1), AgentRef(0, 0)), (AgentRef(0, 1),), (AgentRef(0, 0),)]),
    *evaluated(1, 0, 3.0),
    played(1, 1, 0),
    AgentPaused(ref=AgentRef(1, 1)),
]


async def stored(*events: Event, state: ExperimentState | None = None) -> StoredExperiment:
    """Return a stored experiment with these events."""
    store = MemoryStore(EXPERIMENT)
    if events:
        await store.append(events, running_seconds=12.5)
    found = await store.snapshot()
    config = ExperimentConfig(name="lab", seed=2**63 - 1, generations=3, population=3, episodes=2)
    return StoredExperiment(snapshot=found, config=config, state=state or found.state, last_activity=1_790_000_000.5)


async def test_experiment_message_equals_the_store() -> None:
    injected = GenomeInjected(generation=2, genome=Genome((0.5, 1.0)))
    experiment = await stored(*GENERATION_0, *HALF_OF_GENERATION_1, injected, state=ExperimentState.INTERRUPTED)
    message = experiment_message(experiment, whole=True)
    assert (message.id, message.uuid, message.seed) == ("lab", EXPERIMENT.uuid, 2**63 - 1)
    assert EXPERIMENT_STATES.received(message.state) is ExperimentState.INTERRUPTED
    assert message.reason == ""
    assert (message.scenario, message.population) == ("defend_the_center", 3)
    assert (message.generations_finished, message.generations_planned) == (1, 3)
    assert message.best_fitness == -1.0
    assert message.deviations == pb.Deviations(exhausted_attempts=1, interventions=1)
    assert message.running_seconds == 12.5
    assert message.last_sequence == experiment.snapshot.last_sequence
    assert message.last_activity.ToNanoseconds() == 1_790_000_000_500_000_000
    assert message.history_sha256 == history_sha256(experiment.snapshot.generations[:1])
    assert message.config_yaml == STARTED.config_yaml
    assert dict(message.provenance) == dict(EXPERIMENT.provenance.facts)
    assert [(each.generation, each.best_agent_id, each.failed) for each in message.generations] == [
        (0, "lab-g000-a001", 1)
    ]


async def test_gene_space_is_sent_with_a_whole_experiment() -> None:
    """A client needs neither the scenario nor the policy. Lists and long texts omit the genes."""
    space = GenomeSpace((Gene.choice("scan", ("left", "right")),))
    experiment = replace(await stored(STARTED), space=space)
    assert gene_space_from_json(experiment_message(experiment, whole=True).gene_space_json) == space
    assert not experiment_message(experiment, whole=False).gene_space_json
    assert not experiment_message(await stored(STARTED), whole=True).gene_space_json
    long = replace(experiment, space=GenomeSpace((Gene.real("x", 0.0, 1.0, "y" * 1_000_000),)))
    assert not experiment_message(long, whole=True).gene_space_json


async def test_missing_values_are_omitted() -> None:
    """A best fitness and a champion are missing before the first finished generation."""
    message = experiment_message(await stored(STARTED), whole=True)
    assert not message.HasField("best_fitness")
    assert not message.HasField("champion")
    assert EXPERIMENT_STATES.received(message.state) is ExperimentState.RUNNING


async def test_champion_and_reason_are_sent() -> None:
    chosen = ChampionChosen(champion=AgentRef(0, 1), validation_fitness=0.0, candidates=1)
    stopped = ExperimentInterrupted(generation=1, reason="Ctrl-C")
    message = experiment_message(await stored(*GENERATION_0, chosen, stopped), whole=False)
    assert message.champion == pb.Champion(agent_id="lab-g000-a001", validation_fitness=0.0)
    assert message.HasField("champion")
    assert message.reason == "Ctrl-C"


async def test_list_entries_omit_long_fields() -> None:
    """The omitted fields are configuration, provenance, generations and genomes."""
    experiment = await stored(*GENERATION_0)
    message = experiment_message(experiment, whole=False)
    assert (message.config_yaml, dict(message.provenance), list(message.generations)) == ("", {}, [])
    message.MergeFrom(experiment_message(experiment, whole=True))
    assert message == experiment_message(experiment, whole=True)
    agent = agent_message(experiment, experiment.snapshot.find("lab-g000-a001"), space=SPACE, whole=False)
    assert (list(agent.genome), list(agent.lineage), list(agent.episodes)) == ([], [], [])


async def test_generation_message_has_its_agents() -> None:
    """The last generation is the default. Paused agents differ from pending ones."""
    experiment = await stored(*GENERATION_0, *HALF_OF_GENERATION_1)
    message = generation_message(experiment, None)
    assert message == generation_message(experiment, 1)
    assert (message.experiment_id, message.generation, message.finished) == ("lab", 1, False)
    assert (message.episodes, message.episodes_finished) == (6, 3)
    assert not message.HasField("summary")
    assert message.budget == pb.Budget(generations=3, spent=1)
    assert [agent_status(agent.status) for agent in message.agents] == [
        (AgentStatus.COMPLETED, False),
        (AgentStatus.PENDING, True),
        (AgentStatus.PENDING, False),
    ]
    assert [agent.episodes_finished for agent in message.agents] == [2, 1, 0]
    assert [agent.HasField("fitness") for agent in message.agents] == [True, False, False]


async def test_finished_generation_has_summary_and_failures() -> None:
    message = generation_message(await stored(*GENERATION_0, *HALF_OF_GENERATION_1), 0)
    assert message.finished
    assert message.budget == pb.Budget(generations=3, spent=1)
    assert message.summary.best_fitness == -1.0
    failed = message.agents[2]
    assert agent_status(failed.status) == (AgentStatus.FAILED, False)
    assert failed.failure == "lost three times"
    assert not failed.HasField("fitness")


async def test_budget_has_its_unit() -> None:
    """Generation 0 has four episodes that count."""
    budget = {"generations": None, "budget": BudgetConfig(episodes=9)}
    found = await stored(*GENERATION_0, *HALF_OF_GENERATION_1)
    by_episodes = replace(found, config=found.config.model_copy(update=budget))
    assert generation_message(by_episodes, 0).budget == pb.Budget(episodes=9, spent=4)
    assert experiment_message(by_episodes, whole=False).budget == pb.Budget(episodes=9, spent=4)


async def test_generation_that_has_not_started_is_not_found() -> None:
    """The message lists the existing generations."""
    with pytest.raises(GenerationNotFound, match="lab has not started a generation: try again"):
        generation_message(await stored(STARTED), None)
    for number in (1, -1):
        with pytest.raises(GenerationNotFound, match=f"generation {number} of lab has not started: use 0, or"):
            generation_message(await stored(*GENERATION_0), number)
    with pytest.raises(GenerationNotFound, match="use 0 to 1, or omit it"):
        generation_message(await stored(*GENERATION_0, *HALF_OF_GENERATION_1), 2)


async def test_agent_message_has_genes_lineage_and_episodes() -> None:
    """Choices have their names. The lineage goes back to generation 0, nearest first."""
    judged = played(1, 0, 0, Purpose.VALIDATION)
    experiment = await stored(*GENERATION_0, *HALF_OF_GENERATION_1, judged)
    message = agent_message(experiment, experiment.snapshot.find("lab-g001-a000"), space=SPACE, whole=True)
    assert list(message.genome) == [
        pb.GeneValue(name="caution", value=0.25),
        pb.GeneValue(name="weapon", value=0.0, choice="fist"),
    ]
    assert list(message.parent_ids) == ["lab-g000-a001", "lab-g000-a000"]
    assert list(message.lineage) == [
        pb.Ancestor(agent_id="lab-g000-a000", operator="draw", fitness=-2.0),
        pb.Ancestor(agent_id="lab-g000-a001", operator="draw", fitness=-1.0),
    ]
    purposes = [(PURPOSES.received(each.purpose), each.number) for each in message.episodes]
    assert purposes == [(Purpose.TRAINING, 0), (Purpose.TRAINING, 1), (Purpose.VALIDATION, 0)]
    assert message.episodes[0].measures.kills == 2.0
    assert message.episodes_finished == 2


async def test_genome_without_its_space_has_no_names() -> None:
    experiment = await stored(*GENERATION_0)
    message = agent_message(experiment, experiment.snapshot.find("lab-g000-a001"), space=None, whole=True)
    assert list(message.genome) == [pb.GeneValue(value=0.25), pb.GeneValue(value=1.0)]


async def test_only_pending_agents_are_paused() -> None:
    """An agent that got its last episode while it was paused is completed."""
    evaluation = (await stored(*GENERATION_0)).snapshot.find("lab-g000-a001")
    message = agent_brief(evaluation, paused=True, episodes_finished=2)
    assert agent_status(message.status) == (AgentStatus.COMPLETED, False)


@pytest.mark.parametrize("state", list(ExperimentState))
async def test_every_state_round_trip(state: ExperimentState) -> None:
    message = experiment_message(await stored(STARTED, state=state), whole=False)
    assert EXPERIMENT_STATES.received(message.state) is state


@pytest.mark.parametrize("number", [0, 99])
def test_unknown_status_is_refused(number: int) -> None:
    """A newer server can send it."""
    with pytest.raises(InvalidMessage, match=f"AgentStatus {number} is unknown"):
        agent_status(number)
    with pytest.raises(InvalidMessage, match=f"ExperimentState {number} is unknown"):
        EXPERIMENT_STATES.received(number)

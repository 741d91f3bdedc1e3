"""Stored experiments with given results, for tests of analyses over runs."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from clau_doom.analysis.comparison import ComparedExperiment, compare_experiments
from clau_doom.analysis.comparison_data import ComparisonData
from clau_doom.analysis.conditions import Condition
from clau_doom.analysis.experiment_data import ExperimentData
from clau_doom.analysis.held_out_results import held_out_standings
from clau_doom.analysis.topsis import Criterion
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.config import EvolutionConfig, ExperimentConfig, GeneticConfig
from clau_doom.domain import (
    Agent,
    AgentRef,
    AgentStatus,
    Episode,
    EpisodeOutcome,
    EpisodeTiming,
    Evaluation,
    Fitness,
    Genome,
    Measures,
    Purpose,
)
from clau_doom.domain.experiment import Experiment, ExperimentState, GenerationSummary, Provenance
from clau_doom.domain.snapshot import Snapshot
from clau_doom.ports import StoredExperiment

__all__ = ["REWARD", "comparison_of", "experiment_data", "learning_run", "snapshot_of"]

REWARD = Fitness.named("reward")


def comparison_of(
    *conditions: Sequence[Snapshot],
    evolution: EvolutionConfig | None = None,
    margin: float | None = None,
    criteria: Sequence[Criterion] = (),
) -> ComparisonData:
    """Compare the runs of conditions. The first run is the baseline.

    Args:
        conditions: Completed experiments of each condition.
        evolution: Configuration of all experiments. None: a genetic algorithm.
        margin: Smallest difference of interest for equivalence tests. None: no such tests.
        criteria: Criteria for the ranking of champions.
    """
    runs = [(number, snapshot) for number, row in enumerate(conditions) for snapshot in row]
    config = ExperimentConfig(evolution=evolution or GeneticConfig(kind="genetic"))
    return ComparisonData(
        experiments=tuple(
            StoredExperiment(snapshot=snapshot, config=config, state=snapshot.state, last_activity=0.0)
            for _, snapshot in runs
        ),
        comparison=compare_experiments(
            [_compared(snapshot) for _, snapshot in runs],
            [_condition(number, row) for number, row in enumerate(conditions)],
            runs[0][1].experiment.id,
            scenario="defend_the_center",
            fitness=REWARD,
            fitness_name="reward",
            measures=("reward", "kills", "tics"),
            margin=margin,
            criteria=criteria,
        ),
        fitness=REWARD,
        find_archive=lambda _: Unavailable(missing="no archive is kept"),
    )


def experiment_data(snapshot: Snapshot, config: ExperimentConfig | None = None) -> ExperimentData:
    """Return the data of one experiment, without genes and an archive.

    Args:
        snapshot: The experiment.
        config: Its configuration. None: the defaults.
    """
    nothing = Unavailable(missing="not needed")
    return ExperimentData(
        stored=StoredExperiment(
            snapshot=snapshot, config=config or ExperimentConfig(), state=snapshot.state, last_activity=0.0
        ),
        scenario="defend_the_center",
        fitness=REWARD,
        fitness_name="reward",
        measures=("reward",),
        criteria=(),
        find_space=lambda: nothing,
        find_archive=lambda _: nothing,
        count_races=lambda: nothing,
    )


def snapshot_of(
    name: str,
    training: Sequence[Sequence[Sequence[float]]],
    validation: Mapping[tuple[int, int], Sequence[float]],
    *,
    seed: int = 1,
    champion: Sequence[float] = (1.0, 2.0),
    first: Sequence[float] = (),
    random: Sequence[float] = (0.0, 1.0),
    tics: Sequence[int] = (),
) -> Snapshot:
    """Return the snapshot of a completed experiment with given rewards.

    Args:
        name: Id of the experiment.
        training: Rewards of the training episodes by generation, agent and number. Agents at equal places of different
            generations have the same genome.
        validation: Rewards of the validation episodes by the place of the agent.
        seed: Seed of the experiment.
        champion: Rewards of the champion on held-out seeds. The champion is the last generation's best agent.
        first: Rewards of generation 0's best agent on held-out seeds. Empty: it has not played them.
        random: Rewards of random play on held-out seeds.
        tics: Stored tics of each generation. Empty: none are stored, as by earlier versions.
    """
    generations = tuple(
        tuple(_evaluation(name, AgentRef(number, index), rewards) for index, rewards in enumerate(row))
        for number, row in enumerate(training)
    )
    best = max(generations[-1], key=lambda each: (each.fitness is not None, each.fitness)).agent
    judging = {
        (purpose, agent): _episodes(purpose, agent, rewards)
        for purpose, agent, rewards in [
            *((Purpose.VALIDATION, AgentRef(*place).agent_id(name), row) for place, row in validation.items()),
            *([(Purpose.HELD_OUT, _summary(generations[0]).best.agent_id(name), first)] if first else []),
            (Purpose.HELD_OUT, best.id, champion),
            (Purpose.HELD_OUT, f"{name}-random", random),
        ]
    }
    return Snapshot(
        experiment=Experiment(id=name, uuid="0", seed=seed, config_yaml="", provenance=Provenance(facts=())),
        config_yaml="",
        state=ExperimentState.COMPLETED,
        reason=None,
        generations=generations,
        summaries=tuple(replace(_summary(row), tics=tics[at] if tics else None) for at, row in enumerate(generations)),
        judging=judging,
        champion=(best.ref, 0.0),
    )


def learning_run(
    name: str,
    values: Sequence[float],
    *,
    seed: int = 1,
    champion: Sequence[float] = (1.0, 2.0),
    played: int = 1,
    tics: Sequence[int] = (),
) -> Snapshot:
    """Return a completed experiment with a given curve of validation fitness.

    A generation has as many agents as there are generations. The mean training fitness of each generation is 1.

    Args:
        name: Id of the experiment.
        values: Validation fitness of each generation's best agent.
        seed: Seed of the experiment.
        champion: Rewards of the champion on held-out seeds.
        played: Training episodes of each agent.
        tics: Stored tics of each generation. Empty: none are stored.
    """
    n = len(values)
    training = [[[float(n)] * played if agent == at else [0.0] * played for agent in range(n)] for at in range(n)]
    validation = {(at, at): [value - 1.0, value - 1.0, value + 1.0, value + 1.0] for at, value in enumerate(values)}
    return snapshot_of(name, training, validation, seed=seed, champion=champion, tics=tics)


def _compared(snapshot: Snapshot) -> ComparedExperiment:
    return ComparedExperiment(
        id=snapshot.experiment.id,
        seed=snapshot.experiment.seed,
        champion=held_out_standings(snapshot, REWARD)[0],
    )


def _condition(number: int, runs: Sequence[Snapshot]) -> Condition:
    value = f"{number / 10}"
    return Condition(
        number=number,
        label=f"mutation = {value}",
        settings={"evolution.mutation": value},
        experiments=tuple(snapshot.experiment.id for snapshot in runs),
        seeds=tuple(snapshot.experiment.seed for snapshot in runs),
    )


def _episodes(purpose: Purpose, agent: str, rewards: Sequence[float]) -> tuple[Episode, ...]:
    return tuple(
        Episode(
            purpose=purpose,
            agent=agent,
            number=number,
            outcome=_outcome(number, reward),
            timing=EpisodeTiming(seconds=1.0),
        )
        for number, reward in enumerate(rewards)
    )


def _evaluation(name: str, ref: AgentRef, rewards: Sequence[float]) -> Evaluation:
    agent = Agent(experiment=name, ref=ref, genome=Genome((float(ref.index),)), parents=(), operator="draw")
    return Evaluation(
        agent=agent,
        status=AgentStatus.COMPLETED if rewards else AgentStatus.FAILED,
        fitness=sum(rewards) / len(rewards) if rewards else None,
        outcomes=tuple(_outcome(number, reward) for number, reward in enumerate(rewards)),
    )


def _outcome(number: int, reward: float) -> EpisodeOutcome:
    return EpisodeOutcome(seed=number, measures=replace(Measures(), reward=reward), trajectory_sha256="0" * 64)


def _summary(row: Sequence[Evaluation]) -> GenerationSummary:
    fit = [(each.fitness, each.agent.ref) for each in row if each.fitness is not None]
    best_fitness, best = max(fit)
    return GenerationSummary(
        index=best.generation,
        best=best,
        best_fitness=best_fitness,
        mean_fitness=sum(fitness for fitness, _ in fit) / len(fit),
        worst_fitness=min(fit)[0],
        std_fitness=0.0,
        failed=len(row) - len(fit),
        episodes=sum(len(each.outcomes) for each in row if each.fitness is not None),
    )

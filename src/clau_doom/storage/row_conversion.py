"""Conversion of rows of the result tables to domain values, with validation of all values."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import groupby

from clau_doom.domain import (
    Agent,
    AgentRef,
    AgentStatus,
    Episode,
    Evaluation,
    Genome,
    Purpose,
    check_experiment_id,
)
from clau_doom.domain.event_codec import decode
from clau_doom.domain.event_effects import RunConfigured, changes_of
from clau_doom.domain.events import EpisodeFinished, RecordedEvent
from clau_doom.domain.experiment import Experiment, ExperimentState, GenerationSummary, Provenance
from clau_doom.domain.failures_and_interventions import Irregularities
from clau_doom.domain.processor_time import ProcessorTime
from clau_doom.domain.run_environment import RunEnvironment
from clau_doom.domain.snapshot import Snapshot
from clau_doom.errors import ConfigError, StoreCorrupted
from clau_doom.storage.columnar_episodes import TrainingEpisodes
from clau_doom.storage.episode_rows import BASELINE, COLUMNS, PURPOSES, episode_of, place_of
from clau_doom.storage.read_budget import Row
from clau_doom.storage.validation import (
    MOST_AGENTS,
    MOST_CONFIG,
    MOST_SEED,
    check_agent,
    check_event,
    number,
    place_name,
    seconds,
    text,
    whole,
    word,
)

__all__ = [
    "agent_of",
    "check_references",
    "environments_of",
    "experiment_of",
    "generations_of",
    "genomes_of",
    "head_of",
    "irregularities_of",
    "judging_of",
    "processor_time_of",
    "recorded_event",
    "repeated_actions",
    "summaries_of",
]

_MOST_FACT = 10_000  # characters of a provenance fact
_Judging = dict[tuple[Purpose, str], tuple[Episode, ...]]


def head_of(rows: Sequence[Row]) -> Row:
    """Return the single row of the table `experiment` with validated id, state and times."""
    if len(rows) != 1:
        raise StoreCorrupted(f"its table experiment has {len(rows)} rows instead of 1")
    name, uuid, seed, state, reason, running, generation, index, fitness = rows[0]
    try:
        check_experiment_id(text(name, "its id"))
    except ConfigError as error:
        raise StoreCorrupted(str(error)) from None
    text(uuid, "its uuid", most=100)
    whole(seed, "its seed", most=MOST_SEED)
    if reason is not None:
        text(reason, "its reason")
    if fitness is not None:
        whole(generation, "the champion's generation", most=MOST_AGENTS - 1)
        whole(index, "the champion's index", most=MOST_AGENTS - 1)
        number(fitness, "the champion's fitness")
    state = word(state, ExperimentState, "its state")
    return name, uuid, seed, state, reason, seconds(running, "its running time"), generation, index, fitness


def experiment_of(head: Row, configs: Sequence[Row], facts: Iterable[Row]) -> tuple[Experiment, str]:
    """Return the experiment and its latest configuration."""
    if not configs:
        raise StoreCorrupted("its table configs has no rows: the configuration is missing")
    first, last = (text(row[0], "its configuration", most=MOST_CONFIG) for row in (configs[0], configs[-1]))
    pairs = [
        (text(name, "a fact", most=_MOST_FACT), text(value, f"fact {name}", most=_MOST_FACT)) for name, value in facts
    ]
    name, uuid, seed = head[:3]
    return Experiment(id=name, uuid=uuid, seed=seed, config_yaml=first, provenance=Provenance(facts=(*pairs,))), last


def generations_of(
    rows: Iterable[Row], experiment: str, training: TrainingEpisodes
) -> tuple[tuple[Evaluation, ...], ...]:
    """Return the evaluations by generation and index; the rows are sorted by both."""
    found: list[list[Evaluation]] = []
    genes = None
    for row in rows:
        agent = agent_of(row, experiment)
        if agent.ref == AgentRef(len(found), 0):
            found.append([])
        elif agent.ref != AgentRef(len(found) - 1, len(found[-1]) if found else 0):
            raise StoreCorrupted(f"agent {agent.id} follows generation {len(found) - 1}: missing or duplicate agents")
        genes = len(agent.genome) if genes is None else genes
        if len(agent.genome) != genes:
            raise StoreCorrupted(f"agent {agent.id} has {len(agent.genome)} genes, but others have {genes}")
        for parent in agent.parents:
            if parent.index >= len(found[parent.generation]):
                raise StoreCorrupted(f"a parent of {agent.id} is {place_name(parent)}, which is missing")
        found[-1].append(_evaluation(row, agent, training))
    return tuple(map(tuple, found))


def agent_of(row: Row, experiment: str) -> Agent:
    """Return the agent of a row of `agents`."""
    generation, index, operator, parents, genome = row[:5]
    agent = Agent(
        experiment=experiment,
        ref=AgentRef(whole(generation, "a generation"), whole(index, "an agent's index")),
        genome=_genome(genome),
        parents=tuple([_parent(parent) for parent in text(parents, "the parents of an agent").split()]),
        operator=text(operator, "the operator of an agent"),
    )
    check_agent(agent)
    return agent


def _evaluation(row: Row, agent: Agent, training: TrainingEpisodes) -> Evaluation:
    status, fitness, failure = word(row[5], AgentStatus, f"the status of {agent.id}"), row[6], row[7]
    if status.evaluated:
        fitness = number(fitness, f"the fitness of {agent.id}")
    elif fitness is not None:
        raise StoreCorrupted(f"agent {agent.id} is {status} and has a fitness")
    if failure is not None:
        text(failure, f"the failure of {agent.id}")
    return Evaluation(
        agent=agent, status=status, fitness=fitness, outcomes=training.outcomes(agent.ref), failure=failure
    )


def _genome(data: object) -> Genome:
    if not isinstance(data, bytes) or len(data) % 8:
        raise StoreCorrupted("a genome is not a row of 8-byte numbers")
    return Genome.from_bytes(data)


def genomes_of(rows: Iterable[Row]) -> tuple[Genome, ...]:
    """Return the injected genomes for the next generation."""
    return tuple([_genome(row[0]) for row in rows])


@lru_cache(maxsize=10_000)  # most parents have several children, which are read in sequence
def _parent(place: str) -> AgentRef:
    generation, _, index = place.partition(":")
    if not (generation.isdecimal() and index.isdecimal() and len(place) <= 13):
        raise StoreCorrupted(f"a parent is {place[:40]!a}: it must be GENERATION:INDEX")
    return AgentRef(int(generation), int(index))


def summaries_of(rows: Iterable[Row], generations: Sequence[Sequence[Evaluation]]) -> tuple[GenerationSummary, ...]:
    """Return the summaries of the finished generations; the rows are sorted."""
    return tuple([_summary(row, place, generations) for place, row in enumerate(rows)])


def _summary(row: Row, place: int, generations: Sequence[Sequence[Evaluation]]) -> GenerationSummary:
    index, best, best_fitness, mean_fitness, worst_fitness, std_fitness, failed, episodes, tics = row
    if index != place or place >= len(generations):
        raise StoreCorrupted(f"a summary of generation {index!a} is in the place of generation {place}")
    name = f"generation {place}"
    summary = GenerationSummary(
        index=place,
        best=AgentRef(place, whole(best, f"the best agent of {name}")),
        best_fitness=number(best_fitness, f"the best fitness of {name}"),
        mean_fitness=number(mean_fitness, f"the mean fitness of {name}"),
        worst_fitness=number(worst_fitness, f"the worst fitness of {name}"),
        std_fitness=number(std_fitness, f"the standard deviation of {name}", least=0.0),
        failed=whole(failed, f"the failed agents of {name}", most=len(generations[place])),
        episodes=whole(episodes, f"the episodes of {name}"),
        tics=None if tics is None else whole(tics, f"the tics of {name}"),
    )
    _check_evaluated(summary.best, f"the best agent of {name}", generations)
    if any(each.status is AgentStatus.PENDING for each in generations[place]):
        raise StoreCorrupted(f"{name} is complete and has agents that are pending")
    return summary


def _check_evaluated(ref: AgentRef, name: str, generations: Sequence[Sequence[Evaluation]]) -> None:
    there = ref.generation < len(generations) and ref.index < len(generations[ref.generation])
    if not (there and generations[ref.generation][ref.index].status.evaluated):
        raise StoreCorrupted(f"{name} is {place_name(ref)}, which is missing or has no fitness")


def judging_of(experiment: str, rows: Iterable[Row]) -> _Judging:
    """Return validation and held-out episodes by purpose and agent; the rows are sorted by both, then by number."""
    episodes = [episode_of(experiment, row) for row in rows]
    grouped = groupby(episodes, key=lambda episode: (episode.purpose, episode.agent))
    found: _Judging = {}
    for key, group in grouped:
        played = tuple(group)
        numbers = [episode.number for episode in played]
        if key in found or numbers != sorted({*numbers}):
            raise StoreCorrupted(f"{key[1]} has {key[0].value} episodes of the same number")
        found[key] = played
    return found


def irregularities_of(rows: Iterable[Row]) -> Irregularities:
    """Return failures and interventions from the codes and payloads of their events, in the order of the log."""
    irregularities = Irregularities()
    for code, payload in rows:
        for change in changes_of(decode(code, payload)):
            irregularities.apply(change)
    return irregularities


def environments_of(rows: Iterable[Row]) -> tuple[RunEnvironment, ...]:
    """Return the environments of the starts of an experiment, from the payloads of their events."""
    changes = (change for (payload,) in rows for change in changes_of(decode("experiment_started", payload)))
    return tuple([each.environment for each in changes if isinstance(each, RunConfigured) and each.environment])


def processor_time_of(rows: Iterable[Row]) -> ProcessorTime:
    """Return the processor time by purpose."""
    sums, unmeasured = {}, 0
    for purpose, spent, missing in rows:
        name = PURPOSES[whole(purpose, "a purpose of processor time", most=len(PURPOSES) - 1)].value
        sums[name] = seconds(spent, f"the processor time of {name} episodes")
        unmeasured += whole(missing, f"the {name} episodes without a processor time")
    return ProcessorTime(**sums, unmeasured=unmeasured)


def repeated_actions(total: float) -> int:
    """Return the validated number of actions that were repeated because a remote agent was late."""
    return whole(int(total), "the number of repeated actions", most=MOST_SEED)


def check_references(snapshot: Snapshot) -> None:
    """Check the references of a snapshot: its champion and the agents of all episodes."""
    generations = snapshot.generations
    if snapshot.champion is not None:
        _check_evaluated(snapshot.champion[0], "the champion", generations)
    places = [*snapshot.episodes, *(_place_of_player(snapshot.experiment.id, name) for _, name in snapshot.judging)]
    for place in places:
        if place and not (
            0 <= place.generation < len(generations) and place.index < len(generations[place.generation])
        ):
            raise StoreCorrupted(f"an episode belongs to {place_name(place)}, which is missing")
    genes = {len(each) for each in snapshot.injected}
    if generations and genes - {len(generations[0][0].agent.genome)}:
        raise StoreCorrupted("an injected genome has another number of genes than the agents")


def _place_of_player(experiment: str, name: str) -> AgentRef | None:
    """Return the place of an agent, or None for the random baseline."""
    place = place_of(experiment, name)
    return None if place == BASELINE else AgentRef(*place)


def recorded_event(experiment: str, row: Row, expected: int) -> RecordedEvent:
    """Return an event of the log; a finished episode is read from its row in `played`.

    Args:
        experiment: Id of the experiment.
        row: Sequence, time, kind, payload and the columns of `played`.
        expected: Expected sequence of the event.
    """
    sequence, time, kind, payload, *episode = row
    if sequence != expected:
        raise StoreCorrupted(f"event {expected} is missing")
    if kind is None:
        if len(episode) != len(COLUMNS) or episode[0] is None:
            raise StoreCorrupted(f"event {sequence} finishes an episode that is missing")
        return RecordedEvent(
            sequence=sequence,
            time=seconds(time, f"the time of event {sequence}", epoch=True),
            event=EpisodeFinished(episode=episode_of(experiment, episode)),
        )
    event = decode(text(kind, "the kind of an event"), payload)
    check_event(event, experiment)
    return RecordedEvent(
        sequence=sequence, time=seconds(time, f"the time of event {sequence}", epoch=True), event=event
    )

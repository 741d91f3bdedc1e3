"""Messages of experiments, generations and agents for clients."""

from collections.abc import Sequence

from clau_doom.config import gene_space_to_json
from clau_doom.domain import AgentStatus, Evaluation, Gene, GeneKind, GenomeSpace
from clau_doom.domain.budget import Budget, BudgetUnit
from clau_doom.domain.event_consumer_failure import LogReaderFailure
from clau_doom.domain.experiment import GenerationSummary
from clau_doom.domain.history_hash import history_sha256
from clau_doom.domain.snapshot import Snapshot
from clau_doom.errors import GenerationNotFound
from clau_doom.ports import StoredExperiment
from clau_doom.protos.claudoom.orchestrator.v1 import resources_pb2 as pb
from clau_doom.wire.message_validation import sendable, timestamp
from clau_doom.wire.shared_values import (
    AGENT_STATUSES,
    EXPERIMENT_STATES,
    champion_message,
    episode_message,
    summary_message,
)

__all__ = [
    "agent_brief",
    "agent_message",
    "agent_status",
    "experiment_message",
    "generation_message",
    "reader_failures",
]

_LONGEST_GENES = 1_000_000
"""Maximum size of the stored genes, in bytes. A message has at most four times this size."""
_PAUSED = pb.AgentStatus.Name(pb.AGENT_STATUS_PAUSED)


def experiment_message(stored: StoredExperiment, *, whole: bool) -> pb.Experiment:
    """Encode an experiment. `whole` adds configuration, provenance and generations, which lists leave out."""
    snapshot, config = stored.snapshot, stored.config
    name, deviations = snapshot.experiment.id, snapshot.deviations
    message = pb.Experiment(
        id=name,
        uuid=snapshot.experiment.uuid,
        state=EXPERIMENT_STATES.sent(stored.state),
        reason=sendable(snapshot.reason or ""),
        seed=snapshot.experiment.seed,
        scenario=sendable(config.scenario.name),
        generations_planned=config.generations or 0,
        budget=_budget_message(config.evolution_budget, snapshot.summaries),
        generations_finished=len(snapshot.summaries),
        population=config.population,
        best_fitness=max((summary.best_fitness for summary in snapshot.summaries), default=None),
        champion=champion_message(name, *snapshot.champion) if snapshot.champion else None,
        history_sha256=history_sha256(snapshot.finished_generations),
        deviations=pb.Deviations(
            exhausted_attempts=deviations.exhausted_attempts,
            missed_deadlines=deviations.missed_deadlines,
            interventions=deviations.interventions,
            repeated_actions=deviations.repeated_actions,
        ),
        running_seconds=snapshot.running_seconds,
        last_sequence=snapshot.last_sequence,
        last_activity=timestamp(stored.last_activity),
        reader_failures=[
            pb.ReaderFailure(
                reader=each.reader, failures=each.failures, failing=each.failing, error=sendable(each.error)
            )
            for each in stored.reader_failures
        ],
    )
    if whole:
        genes = b"" if stored.space is None else gene_space_to_json(stored.space)
        message.gene_space_json = genes if len(genes) <= _LONGEST_GENES else b""
        message.config_yaml = snapshot.config_yaml
        message.provenance.update(snapshot.experiment.provenance.facts)
        message.generations.extend([summary_message(name, summary) for summary in snapshot.summaries])
    return message


def _budget_message(budget: Budget, summaries: Sequence[GenerationSummary]) -> pb.Budget:
    message = pb.Budget(spent=budget.spent(summaries))
    setattr(message, budget.unit, budget.amount)
    return message


def budget_from(message: pb.Experiment) -> tuple[Budget, int]:
    """Return the budget in an experiment's message, and its spent part. An older server sends generations only."""
    unit = message.budget.WhichOneof("amount")
    if unit is None:
        return Budget(message.generations_planned), message.generations_finished
    return Budget(getattr(message.budget, unit), BudgetUnit(unit)), message.budget.spent


def reader_failures(message: pb.Experiment) -> tuple[LogReaderFailure, ...]:
    """Return the failures of log readers in an experiment's message."""
    return tuple(
        LogReaderFailure(
            reader=each.reader,
            experiment=message.id,
            failures=each.failures,
            failing=each.failing,
            error=each.error,
        )
        for each in message.reader_failures
    )


def generation_message(stored: StoredExperiment, generation: int | None) -> pb.GenerationStatus:
    """Encode the state of a generation. None: the current or last generation.

    Raises:
        GenerationNotFound: The generation has not started.
    """
    snapshot = stored.snapshot
    number = _started(snapshot, generation)
    row = snapshot.generations[number]
    finished = number < len(snapshot.summaries)
    name = snapshot.experiment.id
    return pb.GenerationStatus(
        experiment_id=name,
        generation=number,
        finished=finished,
        agents=[agent_message(stored, evaluation, space=None, whole=False) for evaluation in row],
        episodes=len(row) * stored.config.episodes,
        episodes_finished=sum(_finished(snapshot, evaluation) for evaluation in row),
        summary=summary_message(name, snapshot.summaries[number]) if finished else None,
        budget=_budget_message(stored.config.evolution_budget, snapshot.summaries),
    )


def agent_message(
    stored: StoredExperiment, evaluation: Evaluation, *, space: GenomeSpace | None, whole: bool
) -> pb.Agent:
    """Encode an agent.

    Args:
        stored: Experiment of the agent.
        evaluation: Evaluation of the agent, from the snapshot of `stored`.
        space: Genes of the policy, for the names of the genome's values. None: leave out the names.
        whole: Whether to add genome, lineage and episodes, which lists leave out.
    """
    snapshot, agent = stored.snapshot, evaluation.agent
    paused = agent.ref in snapshot.paused
    message = agent_brief(evaluation, paused=paused, episodes_finished=_finished(snapshot, evaluation))
    if whole:
        genes: Sequence[Gene | None] = space.genes if space else [None] * len(agent.genome)
        values = zip(genes, agent.genome, strict=True)
        message.genome.extend([_gene_value(gene, value) for gene, value in values])
        message.traceback = sendable(snapshot.traces.get(agent.id, ""))
        message.lineage.extend([_ancestor(ancestor) for ancestor in snapshot.ancestors(agent)])
        message.episodes.extend([episode_message(episode) for episode in snapshot.played_by(agent)])
    return message


def agent_brief(evaluation: Evaluation, *, paused: bool, episodes_finished: int) -> pb.Agent:
    """Encode an agent for a list. `paused`: a user has paused the agent's missing episodes."""
    agent, pending = evaluation.agent, evaluation.status is AgentStatus.PENDING
    return pb.Agent(
        id=agent.id,
        generation=agent.ref.generation,
        index=agent.ref.index,
        status=_PAUSED if paused and pending else AGENT_STATUSES.sent(evaluation.status),
        fitness=evaluation.fitness,
        failure=sendable(evaluation.failure or ""),
        operator=agent.operator,
        parent_ids=[ref.agent_id(agent.experiment) for ref in agent.parents],
        episodes_finished=episodes_finished,
    )


def agent_status(number: int) -> tuple[AgentStatus, bool]:
    """Decode an agent's status, and return it with a flag: True if its missing episodes are paused.

    Raises:
        InvalidMessage: The status is unknown here.
    """
    if number == pb.AGENT_STATUS_PAUSED:
        return AgentStatus.PENDING, True
    return AGENT_STATUSES.received(number), False


def _started(snapshot: Snapshot, generation: int | None) -> int:
    count, name = len(snapshot.generations), snapshot.experiment.id
    if count == 0:
        raise GenerationNotFound(f"{name} has not started a generation: try again later")
    if generation is None:
        return snapshot.under_way
    if not 0 <= generation < count:
        there = f"use 0 to {count - 1}, or omit it for the last one" if count > 1 else "use 0, or omit it"
        raise GenerationNotFound(f"generation {generation} of {name} has not started: {there}")
    return generation


def _finished(snapshot: Snapshot, evaluation: Evaluation) -> int:
    return len(snapshot.episodes.get(evaluation.agent.ref, ()))


def _gene_value(gene: Gene | None, value: float) -> pb.GeneValue:
    if gene is None:
        return pb.GeneValue(value=value)
    choice = gene.choices[int(value)] if gene.kind is GeneKind.CHOICE else ""
    return pb.GeneValue(name=gene.name, value=value, choice=choice)


def _ancestor(evaluation: Evaluation) -> pb.Ancestor:
    agent = evaluation.agent
    return pb.Ancestor(agent_id=agent.id, operator=agent.operator, fitness=evaluation.fitness)

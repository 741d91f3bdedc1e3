"""Failed agents, missing episodes, and effects of time, chance or users on the history."""

from collections.abc import Sequence

from clau_doom.analysis.document import Block, Column, Fact, Listing, Paragraph, Section, Table
from clau_doom.analysis.experiment_data import ExperimentData
from clau_doom.analysis.wording import count
from clau_doom.domain import AgentStatus, Evaluation, Purpose
from clau_doom.domain.experiment import Deviations
from clau_doom.domain.snapshot import Snapshot
from clau_doom.ports import StoredExperiment

__all__ = ["TITLE", "describe", "failed_agents", "failure_blocks"]

TITLE = "Failed agents and deviations"

_MOST_AGENTS = 200
_MOST_CHARACTERS = 300  # of a reason
_MOST_TRACEBACKS = 20


def failed_agents(snapshot: Snapshot) -> tuple[Evaluation, ...]:
    """Return the agents without a fitness because of a failure, oldest first."""
    return tuple(each for row in snapshot.generations for each in row if each.status is AgentStatus.FAILED)


def describe(data: ExperimentData) -> Section:
    """Describe failed agents, missing held-out episodes and deviations."""
    total = data.stored.snapshot.deviations.total
    detail = "part of the history depended on time, chance or a user" if total else "a repeated run is identical"
    return Section(
        name="failures",
        title=TITLE,
        blocks=failure_blocks(data.stored),
        facts=(Fact(label="deviations", value=str(total), detail=detail),),
        summary=(_sentence(data.stored.snapshot),),
    )


def failure_blocks(stored: StoredExperiment) -> tuple[Block, ...]:
    """Return tables of failed agents, missing episodes and deviations, and the tracebacks of policies."""
    failed, missing = failed_agents(stored.snapshot), _missing_episodes(stored)
    blocks: list[Block] = [_failed_table(failed)] if failed else [Paragraph(text="No agent failed.")]
    blocks += _tracebacks(stored.snapshot)
    if missing:
        blocks.append(_missing_table(missing))
    blocks.append(_deviations_table(stored.snapshot.deviations))
    return tuple(blocks)


def _sentence(snapshot: Snapshot) -> str:
    failed, agents = len(failed_agents(snapshot)), count(sum(map(len, snapshot.generations)), "agent")
    total = snapshot.deviations.total
    how = f"{count(total, 'deviation')} entered the history" if total else "no deviation entered the history"
    return f"{f'{failed:,}' if failed else 'None'} of {agents} failed; {how}."


def _failed_table(failed: Sequence[Evaluation]) -> Table:
    rest = len(failed) - _MOST_AGENTS
    more = f" `clau-doom agent list` has {rest:,} more." if rest > 0 else ""
    return Table(
        title=f"{count(len(failed), 'agent')} failed",
        columns=(Column("agent", text=True), Column("operator", text=True), Column("reason", text=True)),
        rows=tuple(
            (each.agent.ref, each.agent.operator, _shortened(each.failure or "no reason is recorded"))
            for each in failed[:_MOST_AGENTS]
        ),
        note=f"A failed agent has no fitness and ranks last. Means do not contain it.{more}",
    )


def _shortened(reason: str) -> str:
    return reason if len(reason) <= _MOST_CHARACTERS else f"{reason[: _MOST_CHARACTERS - 1]}…"


def _tracebacks(snapshot: Snapshot) -> list[Block]:
    """Return the tracebacks of policies, each once with its agents."""
    agents: dict[str, list[str]] = {}
    for agent, text in snapshot.traces.items():
        agents.setdefault(text, []).append(agent)
    listings: list[Block] = []
    for text, names in list(agents.items())[:_MOST_TRACEBACKS]:
        rest = f" and {len(names) - 1:,} more" if len(names) > 1 else ""
        listings.append(Listing(title=f"Traceback of {names[0]}{rest}", text=text))
    return listings


def _missing_episodes(stored: StoredExperiment) -> list[tuple[str, int, int]]:
    planned = stored.config.holdout.episodes
    return [
        (agent, len(episodes), planned)
        for (purpose, agent), episodes in sorted(stored.snapshot.judging.items())
        if purpose is Purpose.HELD_OUT and len(episodes) < planned
    ]


def _missing_table(missing: Sequence[tuple[str, int, int]]) -> Table:
    return Table(
        title="Missing held-out episodes",
        columns=(Column("agent", text=True), Column("played"), Column("planned")),
        rows=tuple(missing),
        note="An episode is missing if the policy failed on its seed, or has not played it yet.",
    )


def _deviations_table(deviations: Deviations) -> Table:
    some = "Part of the history depended on time, chance or a user. A repeated run can differ."
    none = "None: the history is a function of configuration, seed, versions and files."
    return Table(
        title="Deviations",
        columns=(Column("event", text=True), Column("count")),
        rows=(
            ("attempts used up", deviations.exhausted_attempts),
            ("deadlines missed", deviations.missed_deadlines),
            ("interventions of a user", deviations.interventions),
            ("actions repeated for a late agent", deviations.repeated_actions),
        ),
        note=some if deviations.total else none,
    )

"""Verification of results from untrusted workers: a separate engine performs the recorded actions again.

A result of an agent's container is a claim until it is verified. With `champions`, the best agent of each generation is
verified before it is chosen. With `parents`, agents with offspring are verified too, before they have it. With `all`,
and for validation and held-out episodes, the backend verifies each episode before it returns the result.
"""

from collections.abc import Iterable, Sequence

from clau_doom.domain import Agent, Episode, EpisodeOutcome, Genome, Purpose
from clau_doom.domain.events import EpisodeLost
from clau_doom.error_description import describe
from clau_doom.orchestration.episode_scheduler import AgentFailure, EpisodeScheduler, Report
from clau_doom.orchestration.run_log import RunLog
from clau_doom.orchestration.task_queue import TaskQueue
from clau_doom.ports import EpisodeTask, ExperimentStore

__all__ = ["ClaimVerification"]


_Claims = dict[tuple[str, int], EpisodeOutcome]
"""Claimed episodes, by agent and number."""


class ClaimVerification:
    """Verifies the training episodes of one generation's agents, each once."""

    def __init__(self, scheduler: EpisodeScheduler, log: RunLog, *, before: ExperimentStore | None) -> None:
        """Create a verification.

        Args:
            scheduler: Scheduler that performs the actions again.
            log: Event log of the run.
            before: Store of the actions of an earlier process's episodes. None: there are no such episodes.
        """
        self._scheduler = scheduler
        self._log = log
        self._before = before
        self._proved: dict[str, None] = {}

    async def forged(self, agents: Iterable[Agent], episodes: dict[str, Sequence[Episode]]) -> dict[str, str]:
        """Return the agents with forged episodes, and the differences. Episodes without actions are not claims.

        Args:
            agents: Agents to verify.
            episodes: Episodes of the agents, by agent id.

        Raises:
            ShutdownRequested: A stop was requested.
        """
        claims: _Claims = {}
        tasks = []
        for agent in agents:
            if agent.id in self._proved:
                continue
            self._proved[agent.id] = None
            for episode in episodes[agent.id]:
                if (actions := await self._actions(episode)) is not None:
                    claims[agent.id, episode.number] = episode.outcome
                    tasks.append(_task(episode, actions))
        found: dict[str, str] = {}

        async def receive(reports: Sequence[Report]) -> None:
            for report in reports:
                if isinstance(report, EpisodeLost):
                    await self._log.append(report)
                    continue
                name, number, wrong = _judged(report, claims)
                if wrong:
                    found.setdefault(name, f"episode {number} is forged: {wrong}")

        if tasks:
            await self._scheduler.play(TaskQueue(tasks), receive, judging=True)
        return {agent: found[agent] for agent in sorted(found)}

    async def _actions(self, episode: Episode) -> bytes | None:
        """Return the claimed actions of an episode, or None if it is not a claim."""
        if episode.actions is not None or self._before is None:
            return episode.actions
        return await self._before.actions(Purpose.TRAINING, episode.agent, episode.number)


def _task(episode: Episode, actions: bytes) -> EpisodeTask:
    return EpisodeTask(
        purpose=episode.purpose,
        agent=episode.agent,
        genome=Genome(()),
        number=episode.number,
        seed=episode.outcome.seed,
        actions=actions,
    )


def _judged(report: Episode | AgentFailure, claims: _Claims) -> tuple[str, int, str | None]:
    if isinstance(report, AgentFailure):
        return report.task.agent, report.task.number, describe(report.error)
    return report.agent, report.number, claims[report.agent, report.number].mismatch(report.outcome)

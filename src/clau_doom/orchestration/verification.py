"""Are the claims of untrusted workers true? Their actions are performed again by an engine that nobody else touches.

What an agent's container says of an episode decides nothing until it was proved that far: with `champions` before the
agent is called the best of its generation, with `parents` before it has offspring as well. Where `all` is wanted, or
the champion is chosen and judged, the backend proves each episode before it hands it over.
"""

from collections.abc import Iterable, Sequence

from clau_doom.domain import Agent, Episode, EpisodeOutcome, Genome, Purpose
from clau_doom.domain.events import EpisodeLost
from clau_doom.errors import describe
from clau_doom.orchestration.episode_scheduler import EpisodeScheduler, Failure, Report
from clau_doom.orchestration.run_log import RunLog
from clau_doom.orchestration.task_queue import Work
from clau_doom.ports import EpisodeTask, ExperimentStore

__all__ = ["Verification"]


_Claims = dict[tuple[str, int], EpisodeOutcome]
"""What is claimed, by agent and episode."""


class Verification:
    """Proves the training episodes of one generation's agents, each once."""

    def __init__(self, player: EpisodeScheduler, log: RunLog, *, before: ExperimentStore | None) -> None:
        """Prove what episodes claim.

        Args:
            player: Who performs the actions again.
            log: Where events go.
            before: What keeps the actions of episodes that another process has played; None where there are none.
        """
        self._player = player
        self._log = log
        self._before = before
        self._proved: dict[str, None] = {}

    async def forged(self, agents: Iterable[Agent], episodes: dict[str, Sequence[Episode]]) -> dict[str, str]:
        """Return which agents claimed what is not true, with what was wrong; what carries no actions is no claim.

        Args:
            agents: Whose episodes are to be proved.
            episodes: Theirs, by agent id.

        Raises:
            ShutdownRequested: The run is to stop.
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
            await self._player.play(Work(tasks), receive, judging=True)
        return {agent: found[agent] for agent in sorted(found)}

    async def _actions(self, episode: Episode) -> bytes | None:
        """Return the actions that an episode is said to consist of, or None where it claims nothing."""
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


def _judged(report: Episode | Failure, claims: _Claims) -> tuple[str, int, str | None]:
    if isinstance(report, Failure):
        return report.task.agent, report.task.number, describe(report.error)
    return report.agent, report.number, claims[report.agent, report.number].mismatch(report.outcome)

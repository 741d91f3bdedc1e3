"""Choice of the champion on validation seeds, and its evaluation on held-out seeds.

Held-out seeds are played only once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from clau_doom.domain import Agent, AgentRef, Episode, Fitness, Genome, Purpose, episode_seeds
from clau_doom.domain.events import ChampionChosen, ContestantFailed, EpisodeFinished, EpisodeLost, Event
from clau_doom.domain.experiment import GenerationSummary
from clau_doom.error_description import describe
from clau_doom.errors import ExperimentFailed, FailedAgent
from clau_doom.orchestration.episode_scheduler import AgentFailure, EpisodeScheduler, Report
from clau_doom.orchestration.run_log import RunLog
from clau_doom.orchestration.task_queue import TaskQueue
from clau_doom.ports import EpisodeTask

__all__ = ["HoldoutEvaluation", "candidates"]


def candidates(summaries: Sequence[GenerationSummary], agents: Mapping[AgentRef, Agent]) -> tuple[Agent, ...]:
    """Return the best agents of the generations, oldest first, without duplicate genomes."""
    best: dict[Genome, Agent] = {}
    for summary in summaries:
        agent = agents[summary.best]
        best.setdefault(agent.genome, agent)
    return tuple(best.values())


@dataclass(frozen=True, kw_only=True)
class _Contestant:
    id: str
    genome: Genome
    baseline: bool = False


class HoldoutEvaluation:
    """Plays validation and held-out episodes, and keeps those already played."""

    def __init__(
        self,
        *,
        seed: int,
        fitness: Fitness,
        keep_recordings: bool,
        log: RunLog,
        finished: Mapping[tuple[Purpose, str], Sequence[Episode]],
        chosen: tuple[AgentRef, float] | None,
    ) -> None:
        """Prepare the choice and the evaluation of the champion.

        Args:
            seed: Seed of the experiment.
            fitness: Fitness of an episode's measures.
            keep_recordings: Keep all recordings, not only those of the champion's held-out episodes.
            log: Event log of the run.
            finished: Episodes that were played before, by purpose and agent id.
            chosen: Champion that was chosen before, with its validation fitness, or None.
        """
        self._seed = seed
        self._fitness = fitness
        self._keep = keep_recordings
        self._log = log
        self._episodes = {key: {episode.number: episode for episode in row} for key, row in finished.items()}
        self._chosen = chosen
        self._failures: dict[str, Exception] = {}
        self._champion: str | None = None

    async def choose_champion(self, scheduler: EpisodeScheduler, agents: Sequence[Agent], episodes: int) -> Agent:
        """Play the validation seeds with the candidates, and return the best one. Of equals, the oldest wins.

        Raises:
            ExperimentFailed: All candidates have failed.
        """
        contestants = [_Contestant(id=agent.id, genome=agent.genome) for agent in agents]
        await self._play(scheduler, Purpose.VALIDATION, contestants, episodes)
        means = {
            agent: self._mean(Purpose.VALIDATION, agent.id, episodes)
            for agent in agents
            if agent.id not in self._failures
        }
        if not means:
            error = ExperimentFailed(f"all {len(agents)} candidates failed on the validation seeds")
            causes = [FailedAgent.of(agent, cause) for agent, cause in self._failures.items()]
            raise error from ExceptionGroup("the candidates' failures", causes)
        champion = max(means, key=lambda agent: means[agent])
        if self._chosen != (champion.ref, means[champion]):
            await self._log.append(
                ChampionChosen(champion=champion.ref, validation_fitness=means[champion], candidates=len(agents))
            )
        return champion

    async def evaluate_champion(
        self, scheduler: EpisodeScheduler, champion: Agent, first: Agent, baseline: str, episodes: int
    ) -> None:
        """Play the held-out seeds with the champion, generation 0's best agent and random play.

        If a policy fails on a held-out seed, the result does not contain its missing episodes.
        """
        self._champion = champion.id
        contestants = {agent.id: _Contestant(id=agent.id, genome=agent.genome) for agent in (champion, first)}
        contestants[baseline] = _Contestant(id=baseline, genome=Genome(()), baseline=True)
        await self._play(scheduler, Purpose.HELD_OUT, [*contestants.values()], episodes)

    async def _play(
        self, scheduler: EpisodeScheduler, purpose: Purpose, contestants: Sequence[_Contestant], episodes: int
    ) -> None:
        seeds = episode_seeds(self._seed, purpose, episodes)
        tasks = [
            EpisodeTask(
                purpose=purpose,
                agent=contestant.id,
                genome=contestant.genome,
                number=number,
                seed=seed,
                baseline=contestant.baseline,
            )
            for contestant in contestants
            for number, seed in enumerate(seeds)
            if number not in self._episodes.setdefault((purpose, contestant.id), {})
        ]
        await scheduler.play(TaskQueue(tasks), self._log.receiver(self._events), judging=True)

    def _events(self, report: Report) -> list[Event]:
        if isinstance(report, EpisodeLost):
            return [report]
        if isinstance(report, AgentFailure):
            self._failures[report.task.agent] = report.error
            return [
                ContestantFailed(
                    purpose=report.task.purpose,
                    agent=report.task.agent,
                    number=report.task.number,
                    seed=report.task.seed,
                    kind=report.kind,
                    reason=describe(report.error),
                    traceback=self._log.trace(report.error),
                )
            ]
        self._episodes[report.purpose, report.agent][report.number] = report
        kept = self._keep or report.agent == self._champion
        return [EpisodeFinished(episode=report if kept else replace(report, recording=None))]

    def _mean(self, purpose: Purpose, agent: str, episodes: int) -> float:
        row = self._episodes[purpose, agent]
        return self._fitness.of_agent([row[number].outcome.measures for number in range(episodes)])

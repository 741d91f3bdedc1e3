"""Racing: early stopping of agents that cannot be selected, to save episodes.

All agents of a generation play the same seeds, in the same order. At certain numbers of episodes (rungs),
agents that cannot be selected any more are condemned. The others continue to the next rung.

- **Successive halving** (Karnin, Koren and Somekh, "Almost Optimal Exploration in Multi-Armed Bandits", ICML 2013;
  Jamieson and Talwalkar, "Non-stochastic Best Arm Identification and Hyperparameter Optimization", AISTATS 2016) keeps
  a fixed share of agents by their means so far.
- The **sequential test** condemns an agent only when it is significantly worse than the last selected agent
  (racing as of Maron and Moore, "Hoeffding Races", NIPS 1993, and of Birattari et al., "A Racing Algorithm for
  Configuring Metaheuristics", GECCO 2002). Noise is the residual of an additive model of agents and seeds,
  pooled over the field: t = (m_k - m_i) / sqrt(2 s² / r) with (n - 1)(r - 1) degrees of
  freedom, one-sided, Bonferroni over the field and the rungs.

A decision depends only on episodes up to its rung, so that it can be reproduced. A random sample of condemned agents
continues to play, to estimate the rate of wrong decisions.
"""

import math
from collections.abc import Sequence

from scipy.special import stdtrit

from clau_doom.config import RacingConfig
from clau_doom.domain import generator
from clau_doom.domain.experiment import RaceTally

__all__ = ["Race", "comparable"]

Scores = Sequence[Sequence[float]]
"""Fitness by agent and number of episode; rows may have different lengths."""

# Quantiles differ in their last bits between libraries: they are rounded to multiples of this.
_QUANTUM = 2.0**-20


class Race:
    """Race of one generation: a pure function of its episodes, the configuration and the seed."""

    def __init__(self, config: RacingConfig, *, population: int, episodes: int, seed: int, generation: int) -> None:
        """Draw the audited agents.

        Args:
            config: Rules of the race.
            population: Agents in the generation.
            episodes: Episodes of an agent that is not condemned.
            seed: Seed of the experiment.
            generation: Index of the generation.
        """
        self._config = config
        self._episodes = episodes
        self._best = math.ceil(config.keep * population)
        draws = generator(seed, "racing", generation).random(population)
        self._audited = tuple(bool(draw < config.audit) for draw in draws)
        self.rungs = _rungs(config, episodes)
        """Numbers of episodes at which agents are condemned; the last is the total, without a decision."""

    def dropped(self, scores: Scores, rung: int) -> tuple[int, ...]:
        """Return the indices of agents that stop at a rung: condemned and not audited.

        Args:
            scores: Episodes of each agent so far, up to the first missing one.
            rung: Number of episodes that all agents in the race have played.
        """
        condemned = self._condemned(scores, rung)
        return tuple(index for index, at in enumerate(condemned) if at == rung and not self._audited[index])

    def tally(self, scores: Scores) -> RaceTally:
        """Return the saved episodes and the result of auditing.

        Args:
            scores: All episodes of a finished generation; empty for failed agents.
        """
        condemned = self._condemned(scores, self._episodes)
        finalists = [index for index, row in enumerate(scores) if len(row) == self._episodes]
        best = sorted(finalists, key=lambda index: -_mean(scores[index]))[: self._best]
        audited = [index for index in finalists if condemned[index] is not None]
        return RaceTally(
            planned=self._episodes * len(scores),
            played=sum(map(len, scores)),
            dropped=sum(at is not None for at in condemned) - len(audited),
            audited=len(audited),
            changed=sum(index in best for index in audited),
        )

    def _condemned(self, scores: Scores, last: int) -> list[int | None]:
        """Return the rung at which each agent was condemned, up to a rung, or None."""
        condemned: list[int | None] = [None] * len(scores)
        for rung in self.rungs[:-1]:
            if rung > last:
                break
            field = [index for index, row in enumerate(scores) if condemned[index] is None and len(row) >= rung]
            for index in self._losers([scores[index][:rung] for index in field]):
                condemned[field[index]] = rung
        return condemned

    def _losers(self, field: Scores) -> list[int]:
        """Return the positions in the field of agents that cannot be selected."""
        order = sorted(range(len(field)), key=lambda place: -_mean(field[place]))  # ties: the first is better
        if len(field) <= self._best:
            return []
        if self._config.rule == "halving":
            return order[max(self._best, math.ceil(len(field) / self._config.growth)) :]
        if len(field[0]) < 2:  # noise cannot be estimated from one episode
            return []
        margin = self._margin(field)
        last = _mean(field[order[self._best - 1]])
        return [place for place in order[self._best :] if last - _mean(field[place]) > margin]

    def _margin(self, field: Scores) -> float:
        """Return the smallest significant difference of two means."""
        agents, seeds = len(field), len(field[0])
        rows = [_mean(row) for row in field]
        columns = [_mean(column) for column in zip(*field, strict=True)]
        middle = _mean(rows)
        freedom = (agents - 1) * (seeds - 1)
        residuals = math.fsum(
            residual * residual
            for at, row in enumerate(field)
            for residual in (value - rows[at] - columns[seed] + middle for seed, value in enumerate(row))
        )
        level = self._config.alpha / (agents * (len(self.rungs) - 1))
        critical = round(-float(stdtrit(freedom, level)) / _QUANTUM) * _QUANTUM
        return critical * math.sqrt(2.0 * residuals / freedom / seeds)


def comparable(scores: Scores) -> list[float]:
    """Return comparable means of agents with different numbers of seeds.

    An agent with all seeds has its mean. Other agents are compared on the common seeds, and their means are
    extrapolated by the additive model of agents and seeds.

    Args:
        scores: At least one row, none of them empty.
    """
    most = max(map(len, scores))
    levels = [_mean(column) for column in zip(*(row for row in scores if len(row) == most), strict=True)]
    middle = _mean(levels)
    return [_mean(row) if len(row) == most else middle + (_mean(row) - _mean(levels[: len(row)])) for row in scores]


def _rungs(config: RacingConfig, episodes: int) -> tuple[int, ...]:
    rungs, rung = [], config.first
    while rung < episodes:
        rungs.append(rung)
        rung = max(rung + 1, math.ceil(rung * config.growth))
    return (*rungs, episodes)


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)

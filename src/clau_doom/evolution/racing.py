"""Racing: fewer episodes for the same choice, because whoever has lost already need not play on.

All agents of a generation play the same seeds, in the same order. After a few of them (a rung) the field is looked at,
and agents that can no longer matter to selection are condemned; the others go on to the next rung.

- **Successive halving** (Karnin, Koren and Somekh, "Almost Optimal Exploration in Multi-Armed Bandits", ICML 2013;
  Jamieson and Talwalkar, "Non-stochastic Best Arm Identification and Hyperparameter Optimization", AISTATS 2016) lets
  one agent in so many go on, by their means so far, however close the others are.
- The **sequential test** condemns an agent only when it is significantly worse than the last that would be selected
  (racing as of Maron and Moore, "Hoeffding Races", NIPS 1993, and of Birattari et al., "A Racing Algorithm for
  Configuring Metaheuristics", GECCO 2002). Seeds are hard or easy for all, so the noise is what is left of an additive
  model of agents and seeds, pooled over the field: t = (m_k - m_i) / sqrt(2 s² / r) with (n - 1)(r - 1) degrees of
  freedom, one-sided, Bonferroni over the field and the rungs.

What is decided at a rung follows from the episodes up to it alone, whatever came later, so that it can be decided
again. A few of the condemned, drawn at random, play on all the same: they show how often a decision was wrong.
"""

import math
from collections.abc import Sequence

from scipy.special import stdtrit

from clau_doom.config import RacingConfig
from clau_doom.domain import generator
from clau_doom.domain.experiment import RaceTally

__all__ = ["Race", "comparable"]

Scores = Sequence[Sequence[float]]
"""By agent, the fitness of each of its episodes, by number; an agent's may end early."""

# Quantiles differ in their last bits from one library to the next, and decide: they are rounded to multiples of this.
_QUANTUM = 2.0**-20


class Race:
    """The race of one generation: a pure function of its episodes, the configuration and the experiment's seed."""

    def __init__(self, config: RacingConfig, *, population: int, episodes: int, seed: int, generation: int) -> None:
        """Draw who is audited.

        Args:
            config: The rules.
            population: Agents in the generation.
            episodes: Those that an agent plays which is never condemned.
            seed: The experiment's.
            generation: Which.
        """
        self._config = config
        self._episodes = episodes
        self._best = math.ceil(config.keep * population)
        draws = generator(seed, "racing", generation).random(population)
        self._audited = tuple(bool(draw < config.audit) for draw in draws)
        self.rungs = _rungs(config, episodes)
        """After how many episodes the field is looked at; the last is all of them, where nothing is decided."""

    def dropped(self, scores: Scores, rung: int) -> tuple[int, ...]:
        """Return who has to stop at a rung, by index: the condemned that are not audited.

        Args:
            scores: Every agent's episodes so far, up to the first that is missing.
            rung: After how many episodes; all that are in the race have played so many, or failed.
        """
        condemned = self._condemned(scores, rung)
        return tuple(index for index, at in enumerate(condemned) if at == rung and not self._audited[index])

    def tally(self, scores: Scores) -> RaceTally:
        """Return what was saved, and what auditing found.

        Args:
            scores: All episodes of the agents of a finished generation; of failed agents none.
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
        """Return at which rung each agent was condemned, up to a rung; None for those that were not."""
        condemned: list[int | None] = [None] * len(scores)
        for rung in self.rungs[:-1]:
            if rung > last:
                break
            field = [index for index, row in enumerate(scores) if condemned[index] is None and len(row) >= rung]
            for index in self._losers([scores[index][:rung] for index in field]):
                condemned[field[index]] = rung
        return condemned

    def _losers(self, field: Scores) -> list[int]:
        """Return the places in the field of those that can no longer matter."""
        order = sorted(range(len(field)), key=lambda place: -_mean(field[place]))  # of equals the first is the better
        if len(field) <= self._best:
            return []
        if self._config.rule == "halving":
            return order[max(self._best, math.ceil(len(field) / self._config.growth)) :]
        if len(field[0]) < 2:  # one episode says nothing about noise
            return []
        margin = self._margin(field)
        last = _mean(field[order[self._best - 1]])
        return [place for place in order[self._best :] if last - _mean(field[place]) > margin]

    def _margin(self, field: Scores) -> float:
        """Return the difference of two means that is significant."""
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
    """Return means that can be compared although some agents have played fewer seeds.

    Whoever has played all counts with its mean. The others are set against those on the seeds that both have played: in
    the additive model of agents and seeds that is what they would have had, had they gone on as they had begun.

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

"""Conclusions from the held-out results of one run, and their limits.

The held-out episodes measure agents. The champion and generation 0's best agent were selected on other seeds, so that
intervals and p-values of these episodes are valid for these two agents. They are not about the strategy, of which the
experiment is a single run.
"""

from collections.abc import Sequence

from clau_doom.analysis.experiment_data import ExperimentData
from clau_doom.analysis.held_out_results import ROLE_NAMES
from clau_doom.analysis.result_tables import CHAMPION, ResultRow, ResultTable, SelectionBias
from clau_doom.analysis.run_saturation import saturation_of_run
from clau_doom.analysis.saturation import KnownMaximum, Saturation, known_maximum, saturation_sentence
from clau_doom.analysis.wording import count, joined
from clau_doom.number_format import number, number_with_interval
from clau_doom.statistics.interval_format import interval
from clau_doom.statistics.two_sample_comparison import Contrast

__all__ = [
    "bias_sentence",
    "cautions",
    "champion_of",
    "maximum_of",
    "never_better",
    "performance_sentence",
    "saturation_caution",
    "saturation_of",
    "scope_sentences",
]

_FEW = 20  # held-out episodes

_NEVER_BETTER = (
    "Generation 0's best agent is the champion: no later agent was better on the validation seeds. Nothing shows that "
    "evolution was better than sampling genomes."
)
_SCOPE = (
    "Intervals and p-values are about these agents on other seeds, and not about the strategy: one experiment is one "
    "run of it. To compare strategies or configurations, run each with several seeds."
)
_TRAINING = (
    "Training fitness does not measure performance: the best agent of a generation was also selected for lucky seeds. "
    "Held-out seeds measure performance."
)


def champion_of(results: ResultTable | None) -> ResultRow | None:
    """Return the champion's held-out result, or None before it has played."""
    return next((row for row in results.rows if row.role == CHAMPION), None) if results else None


def performance_sentence(data: ExperimentData, results: ResultTable | None) -> str:
    """Describe the held-out means of all agents."""
    champion = champion_of(results)
    if champion is None or results is None:
        ref = data.champion
        known = f" The champion is {ref.agent_id(data.id)}." if ref else ""
        return f"No champion has played the held-out seeds yet, so that its performance is unknown.{known}"
    others = [
        f"{ROLE_NAMES.get(row.role, row.role)} {interval(row.fitness)}"
        + ("" if row.fitness.n == champion.fitness.n else f" over {row.fitness.n} of them")
        for row in results.rows
        if row != champion
    ]
    rest = f" On the same seeds, the mean is: {joined(others)}." if others else ""
    return (
        f"On {count(champion.fitness.n, 'held-out seed')}, the champion {champion.agent} has a mean fitness of "
        f"{interval(champion.fitness)} (95 % interval).{rest}"
    )


def bias_sentence(bias: SelectionBias) -> str:
    """Compare the champion's training fitness with its held-out mean."""
    shown = ""
    if bias.low is not None and bias.high is not None:
        shown = " The held-out episodes do not show a difference." if bias.low <= 0.0 <= bias.high else ""
    return (
        f"Selection bias: the champion's fitness was {number(bias.training)} in its training episodes, and is "
        f"{number(bias.held_out)} over {count(bias.n, 'held-out episode')}, a difference of "
        f"{number_with_interval(bias.value, bias.low, bias.high)}."
        f"{shown} It was selected for its training fitness, so that a positive difference is expected."
    )


def scope_sentences(data: ExperimentData, results: ResultTable | None) -> tuple[str, ...]:
    """Return the limits of what the intervals and tests of the held-out results show."""
    found = [_SCOPE]
    if results is not None and any(row.role == "generation 0" for row in results.rows):
        found.append(
            f"Generation 0's best agent was selected by its training episodes ({data.stored.config.episodes}), the "
            f"champion by {data.stored.config.holdout.validation} validation episodes among the best agents of all "
            "generations. The champion's lead includes this more careful selection, and is not the effect of "
            "evolution alone."
        )
    return tuple(found)


def never_better(data: ExperimentData) -> str:
    """Return a caution if generation 0's best agent is the champion, or an empty text."""
    summaries = data.stored.snapshot.summaries
    return _NEVER_BETTER if data.champion and summaries and data.champion == summaries[0].best else ""


def cautions(data: ExperimentData, results: ResultTable | None, contrasts: Sequence[Contrast]) -> tuple[str, ...]:
    """Return the conclusions that the held-out results do not support."""
    champion, found = champion_of(results), []
    if champion is None:
        found.append("No champion has played the held-out seeds: the result of the evolution is unknown.")
    elif champion.fitness.reason:
        found.append(f"The champion's mean has no interval, because {champion.fitness.reason}.")
    elif champion.fitness.n < _FEW:
        episodes = count(champion.fitness.n, "held-out episode")
        found.append(f"The champion has played {episodes} only: its interval assumes nearly normal values.")
    if text := never_better(data):
        found.append(text)
    unsure = [ROLE_NAMES.get(each.theirs, each.theirs) for each in contrasts if not each.shown]
    if unsure:
        found.append(f"The data do not show that the champion is better than {joined(unsure)}, nor that it is not.")
    return (
        *found,
        *scope_sentences(data, results),
        _TRAINING,
        f"Held-out seeds are other games of {data.scenario}. The results do not cover other scenarios or settings.",
    )


def saturation_of(data: ExperimentData) -> tuple[Saturation, ...]:
    """Return the sets of episodes of which most have the largest fitness: last generation, validation, held-out."""
    return saturation_of_run(data.stored.snapshot, data.fitness)


def saturation_caution(data: ExperimentData) -> str:
    """Return a caution about saturated episodes, or an empty text."""
    return saturation_sentence(data.result(saturation_of), maximum_of(data))


def maximum_of(data: ExperimentData) -> KnownMaximum | None:
    """Return the largest possible fitness of an episode, or None if it is unknown."""
    return known_maximum(data.scenario, data.fitness_name, data.stored.config.scenario.timeout)

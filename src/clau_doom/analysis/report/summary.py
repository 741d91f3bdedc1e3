"""Summary of an experiment's report: results in sentences, key numbers and cautions."""

from clau_doom.analysis.experiment_analysis import ExperimentAnalysis
from clau_doom.analysis.report.appendix import failed_agents
from clau_doom.analysis.report.document import Fact
from clau_doom.analysis.report.held_out import bias_sentence, role_name
from clau_doom.analysis.report.training import plateau_sentence
from clau_doom.analysis.report.typography import bracket, count, interval, joined, number, p_equals
from clau_doom.analysis.summary import CHAMPION, ResultRow
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.domain import agent_id
from clau_doom.domain.experiment import ExperimentState
from clau_doom.ports import StoredExperiment
from clau_doom.statistics.effects import Contrast

__all__ = ["cautions", "contrast_sentence", "key_facts", "summary"]

_FEW = 20  # held-out episodes
_STRATEGIES = {
    "cma-es": "CMA-ES",
    "genetic": "A genetic algorithm",
    "map-elites": "MAP-Elites",
    "random": "Random search",
}


def summary(stored: StoredExperiment, analysis: ExperimentAnalysis) -> tuple[str, ...]:
    """Describe the results in sentences with n, intervals and seed."""
    return (
        _evolved(stored, analysis),
        *_worth(analysis),
        *(contrast_sentence(each, "The champion", role_name(each.theirs)) for each in analysis.contrasts),
        *_learnt(analysis),
        *([bias_sentence(analysis.results.bias)] if analysis.results and analysis.results.bias else []),
        _trouble(stored),
    )


def key_facts(stored: StoredExperiment, analysis: ExperimentAnalysis) -> tuple[Fact, ...]:
    """Return the key numbers."""
    facts = []
    champion = _champion(analysis)
    if champion:
        low, high = champion.fitness.low, champion.fitness.high
        detail = f"{bracket(low, high)}, {count(champion.fitness.n, 'held-out episode')}"
        facts.append(
            Fact(label=f"champion, mean {analysis.fitness}", value=number(champion.fitness.mean), detail=detail)
        )
    for each in analysis.contrasts:
        detail = f"{bracket(each.difference.low, each.difference.high)}, {p_equals(each.p_holm)}"
        value = number(each.difference.mean)
        facts.append(Fact(label=f"ahead of {role_name(each.theirs)} by", value=value, detail=detail))
    finished, planned = len(analysis.generations), stored.config.generations
    agents = sum(row.agents for row in analysis.generations)
    facts.append(
        Fact(label="generations", value=str(finished), detail=f"of {planned} planned, {count(agents, 'agent')}")
    )
    total = analysis.deviations.total
    detail = "part depended on time, luck or a person" if total else "run again, it comes out the same"
    facts.append(Fact(label="deviations", value=str(total), detail=detail))
    return tuple(facts)


def cautions(analysis: ExperimentAnalysis) -> tuple[str, ...]:
    """Return warnings about conclusions that the experiment does not support."""
    found = []
    if analysis.state is not ExperimentState.COMPLETED:
        found.append(f"The experiment is {analysis.state.value}. Everything here is of what was finished so far.")
    if analysis.deviations.total:
        what = count(analysis.deviations.total, "time")
        found.append(f"Time, luck or a person entered the history {what}. Run again, it need not come out the same.")
    found += _standing_cautions(analysis)
    found += [
        (
            "One experiment is one run. That this way of evolving is better than another takes several runs of each, "
            "with other seeds, compared by what their champions came to."
        ),
        (
            "Training fitness is no estimate of worth: the best agent of a generation was picked for being lucky, too. "
            "Only held-out seeds say what an agent is worth."
        ),
        (
            f"Held-out seeds are other games of the same scenario. Nothing here is said of other scenarios than "
            f"{analysis.scenario}, or of other settings."
        ),
    ]
    if not isinstance(analysis.regression, Unavailable):
        found.append("What genes have to do with fitness is an association among agents that were bred, and no cause.")
    return tuple(found)


def _standing_cautions(analysis: ExperimentAnalysis) -> list[str]:
    found = []
    champion = _champion(analysis)
    if champion is None:
        found.append("No champion has played the held-out seeds: what evolution came to is not known yet.")
    elif champion.fitness.n < _FEW:
        episodes = count(champion.fitness.n, "held-out episode")
        found.append(f"The champion has played {episodes}: few for an interval that leans on the t distribution.")
    first = analysis.generations[0].best if analysis.generations else None
    if analysis.champion is not None and analysis.champion == first:
        found.append(
            "Generation 0's best is the champion: no later agent did better on the validation seeds, so that nothing "
            "shows that evolution gained anything over drawing genomes."
        )
    unsure = [role_name(each.theirs) for each in analysis.contrasts if not each.difference.excludes(0.0)]
    if unsure:
        found.append(
            f"That the champion is better than {joined(unsure)} is not shown. That it is not is not shown either."
        )
    return found


def _evolved(stored: StoredExperiment, analysis: ExperimentAnalysis) -> str:
    config = stored.config
    finished = len(analysis.generations)
    what = f"the genes of a {config.policy.kind} policy on {analysis.scenario} to maximise {analysis.fitness}"
    size = (
        f"{finished} of {config.generations} generations of {config.population} agents, "
        f"{count(config.episodes, 'episode')} each, from seed {analysis.seed}"
    )
    return f"{_STRATEGIES.get(config.evolution.kind, config.evolution.kind)} evolved {what}: {size}."


def _worth(analysis: ExperimentAnalysis) -> list[str]:
    champion = _champion(analysis)
    if champion is None or analysis.results is None:
        known = ""
        if analysis.champion:
            known = f" The champion is {agent_id(analysis.id, analysis.champion.generation, analysis.champion.index)}."
        return [f"Nobody has played the held-out seeds yet, and what the champion is worth is not known.{known}"]
    others = [
        f"{role_name(row.role)} to {interval(row.fitness)}"
        + ("" if row.fitness.n == champion.fitness.n else f" over {row.fitness.n} of them")
        for row in analysis.results.rows
        if row != champion
    ]
    beside = f"; on the same seeds {joined(others)}" if others else ""
    return [
        (
            f"On {count(champion.fitness.n, 'held-out seed')}, on which nothing was chosen, the champion "
            f"{champion.agent} came to a mean of {interval(champion.fitness)}{beside} (95 % intervals)."
        )
    ]


def contrast_sentence(contrast: Contrast, us: str, them: str) -> str:
    """Describe a contrast in a sentence."""
    difference = contrast.difference
    n = f"{contrast.n} pairs" if contrast.paired else f"n = {contrast.n} and {contrast.n_theirs}"
    name = "d_z" if contrast.paired else "d"
    effect = "" if contrast.effect is None else f", {name} = {number(contrast.effect)}"
    test = "" if contrast.p_holm is None else f", {p_equals(contrast.p_holm)} by {contrast.test}, Holm-corrected"
    estimate = f"{interval(difference)} ({n}{effect}{test})"
    if not difference.excludes(0.0):
        return f"No difference between {us[:1].lower()}{us[1:]} and {them} is shown: {estimate}."
    return f"{us} is ahead of {them} by {estimate}." if difference.mean > 0 else f"{us} is behind {them}: {estimate}."


def _learnt(analysis: ExperimentAnalysis) -> list[str]:
    if isinstance(analysis.plateau, Unavailable):
        return []
    return [plateau_sentence(analysis.plateau, len(analysis.generations) - 1)]


def _trouble(stored: StoredExperiment) -> str:
    failed = len(failed_agents(stored.snapshot))
    agents = sum(map(len, stored.snapshot.generations))
    who = f"{failed:,} of {count(agents, 'agent')} failed" if failed else f"None of {count(agents, 'agent')} failed"
    total = stored.snapshot.deviations.total
    how = f"{count(total, 'deviation')} entered the history" if total else "nothing depended on time, luck or a person"
    return f"{who}; {how}."


def _champion(analysis: ExperimentAnalysis) -> ResultRow | None:
    rows = analysis.results.rows if analysis.results else ()
    return next((row for row in rows if row.role == CHAMPION), None)

"""Sections about failures, deviations and the data that are needed to reproduce the results."""

import shlex
from collections.abc import Sequence

from clau_doom.analysis.report.document import Block, Listing, Paragraph, Section, Table, gap
from clau_doom.analysis.report.typography import NONE, count, place
from clau_doom.analysis.topsis import Ranking
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.domain import AgentStatus, Evaluation, Purpose
from clau_doom.domain.experiment import Deviations
from clau_doom.domain.history_hash import history_sha256
from clau_doom.domain.snapshot import Snapshot
from clau_doom.ports import StoredExperiment

__all__ = ["appendix_section", "criteria_flag", "failed_agents", "trouble_section"]

_TOLD = 200  # failed agents
_REASON = 300  # characters of a reason
_TRACEBACKS = 20


def failed_agents(snapshot: Snapshot) -> tuple[Evaluation, ...]:
    """Return the agents without a fitness because of a failure, oldest first."""
    return tuple(each for row in snapshot.generations for each in row if each.status is AgentStatus.FAILED)


def trouble_section(stored: StoredExperiment) -> Section:
    """Build the section with failed agents, missing episodes, and effects of time, chance or users."""
    failed = failed_agents(stored.snapshot)
    blocks: list[Block] = [_failed_table(failed)] if failed else [Paragraph(text="No agent failed.")]
    blocks += _tracebacks(stored.snapshot)
    lacking = _lacking(stored)
    if lacking:
        blocks.append(_lacking_table(lacking))
    blocks.append(_deviations_table(stored.snapshot.deviations))
    return Section(anchor="trouble", title="Failed agents and deviations", blocks=tuple(blocks))


def _failed_table(failed: Sequence[Evaluation]) -> Table:
    rest = f" {len(failed) - _TOLD:,} more are in `clau-doom agent list`." if len(failed) > _TOLD else ""
    return Table(
        title=f"{count(len(failed), 'agent')} failed",
        columns=("agent", "made by", "reason"),
        rows=tuple(
            (place(each.agent.ref), each.agent.operator, _shortened(each.failure or "no reason is recorded"))
            for each in failed[:_TOLD]
        ),
        words=(0, 1, 2),
        note=f"A failed agent has no fitness and ranks last; no mean above contains it.{rest}",
    )


def _tracebacks(snapshot: Snapshot) -> list[Block]:
    """Return the tracebacks of policies, each once with its agents."""
    agents: dict[str, list[str]] = {}
    for agent, text in snapshot.traces.items():
        agents.setdefault(text, []).append(agent)
    listings: list[Block] = []
    for text, names in list(agents.items())[:_TRACEBACKS]:
        rest = f" and {len(names) - 1:,} more" if len(names) > 1 else ""
        listings.append(Listing(title=f"Traceback of {names[0]}{rest}", text=text))
    return listings


def _shortened(reason: str) -> str:
    return reason if len(reason) <= _REASON else f"{reason[: _REASON - 1]}…"


def _lacking(stored: StoredExperiment) -> list[tuple[str, int, int]]:
    wanted = stored.config.holdout.episodes
    return [
        (agent, len(episodes), wanted)
        for (purpose, agent), episodes in sorted(stored.snapshot.judging.items())
        if purpose is Purpose.HELD_OUT and len(episodes) < wanted
    ]


def _lacking_table(lacking: Sequence[tuple[str, int, int]]) -> Table:
    return Table(
        title="Held-out episodes that are lacking",
        columns=("contestant", "played", "wanted"),
        rows=tuple((agent, str(played), str(wanted)) for agent, played, wanted in lacking),
        note="An episode is lacking where the policy failed on its seed, or has not played it yet.",
    )


def _deviations_table(deviations: Deviations) -> Table:
    none = "None: the history is a function of configuration, seed, versions and files."
    some = "Part of this history depended on time, luck or a person: run again, it need not come out the same."
    return Table(
        title="Deviations",
        columns=("what", "how often"),
        rows=(
            ("attempts used up", str(deviations.exhausted_attempts)),
            ("deadlines missed", str(deviations.missed_deadlines)),
            ("interventions by a person", str(deviations.interventions)),
            ("actions repeated for a late agent", str(deviations.repeated_actions)),
        ),
        note=some if deviations.total else none,
    )


def appendix_section(experiments: Sequence[StoredExperiment], flags: str) -> Section:
    """Build the section with everything that is needed to reproduce experiments and their report.

    Args:
        experiments: One experiment, or the compared experiments.
        flags: Arguments of the report's command after the experiments' names.
    """
    names = [stored.snapshot.experiment.id for stored in experiments]
    target = names[0] if len(names) == 1 else "comparison"
    report = f"clau-doom analyze {' '.join(names)} --output-dir again{flags} --report {target}.html"
    shared = _shared([stored.snapshot.experiment.provenance.facts for stored in experiments])
    blocks: list[Block] = [Listing(title="The commands", text=_commands(experiments, report)), _versions_table(shared)]
    for stored in experiments:
        blocks += _origin(stored, shared, folded=len(experiments) > 1)
    return Section(anchor="appendix", title="Appendix: how to make it again", blocks=tuple(blocks))


def criteria_flag(ranking: Ranking | Unavailable) -> str:
    """Return the command-line flag that requests a ranking, or an empty text."""
    if isinstance(ranking, Unavailable):
        return ""
    # Only the ratios of weights count. Dividing by the smallest weight gives shorter numbers.
    least = min(abs(criterion.weight) for criterion in ranking.criteria)
    text = ",".join(f"{criterion.name}:{criterion.weight / least:.12g}" for criterion in ranking.criteria)
    return f" --criteria {shlex.quote(text)}"


def _commands(experiments: Sequence[StoredExperiment], report: str) -> str:
    lines = ["# With the versions and files below, and no CLAU_DOOM_ variable set."]
    for stored in experiments:
        name, digest = stored.snapshot.experiment.id, history_sha256(stored.snapshot.finished_generations)
        lines += [
            "",
            f"# The configuration of {name}, below, saved as {name}.yaml:",
            f"clau-doom run -c {name}.yaml --output-dir again",
            f"clau-doom status {name} --output-dir again --json",
            "# history_sha256 must be",
            f"# {digest}",
        ]
    return "\n".join([*lines, "", "# This report:", report])


def _shared(facts: Sequence[Sequence[tuple[str, str]]]) -> tuple[tuple[str, str], ...]:
    """Return the versions and digests that all experiments share."""
    return tuple(fact for fact in facts[0] if all(fact in row for row in facts))


def _versions_table(shared: Sequence[tuple[str, str]]) -> Table:
    return Table(
        title="Versions and digests",
        columns=("what", "version or SHA-256"),
        rows=tuple(shared),
        words=(0, 1),
        note="source: of the source of one of clau-doom's packages; scenario: of the file that was played.",
    )


def _origin(stored: StoredExperiment, shared: Sequence[tuple[str, str]], *, folded: bool) -> list[Block]:
    """Return the facts of one experiment: state, hash, configuration and seeds of its episodes."""
    snapshot, name = stored.snapshot, stored.snapshot.experiment.id
    return [
        *_doubts(stored),
        _state_table(stored, shared),
        Listing(title=f"{name}.yaml: the configuration", text=snapshot.config_yaml.rstrip("\n"), folded=folded),
        Listing(title=f"The seeds of {name}'s episodes", text=_seeds(snapshot), folded=True),
    ]


def _doubts(stored: StoredExperiment) -> list[Block]:
    name, found = stored.snapshot.experiment.id, []
    if stored.snapshot.deviations.total:
        found.append(f"{name} has deviations: the commands repeat all but what depended on time, luck or a person")
    if not stored.state.final:
        found.append(f"{name} is {stored.state.value}: the commands lead on to its end, and so to another report")
    return [gap(Unavailable(missing=doubt)) for doubt in found]


def _state_table(stored: StoredExperiment, shared: Sequence[tuple[str, str]]) -> Table:
    snapshot = stored.snapshot
    rows = [
        ("unique id", snapshot.experiment.uuid),
        ("state", stored.state.value + (f": {snapshot.reason}" if snapshot.reason else "")),
        ("seed", str(snapshot.experiment.seed)),
        ("generations", f"{len(snapshot.summaries)} of {stored.config.generations}"),
        ("history SHA-256", history_sha256(snapshot.finished_generations)),
        ("deviations", str(snapshot.deviations.total)),
    ]
    own = [fact for fact in snapshot.experiment.provenance.facts if fact not in shared]
    title = f"Experiment {snapshot.experiment.id}"
    return Table(title=title, columns=("what", "value"), rows=(*rows, *own), words=(0, 1))


def _seeds(snapshot: Snapshot) -> str:
    """Return the seeds of all episodes, by purpose."""
    lines = []
    for index, row in enumerate(snapshot.finished_generations):
        seeds = dict.fromkeys(outcome.seed for each in row for outcome in each.outcomes)
        lines.append(f"training, generation {index}: {_listed(seeds)}")
    for purpose in (Purpose.VALIDATION, Purpose.HELD_OUT):
        played = [row for (use, _), row in sorted(snapshot.judging.items()) if use is purpose]
        seeds = dict.fromkeys(episode.outcome.seed for row in played for episode in row)
        lines.append(f"{purpose.value.replace('_', '-')}: {_listed(seeds)}")
    return "\n".join(lines)


def _listed(seeds: dict[int, None]) -> str:
    return ", ".join(map(str, seeds)) or NONE

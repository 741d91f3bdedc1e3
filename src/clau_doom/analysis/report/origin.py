"""Where the numbers come from: agents that failed, deviations, and an appendix by which all of it can be made again."""

import shlex
from collections.abc import Sequence

from clau_doom.analysis.gaps import Gap
from clau_doom.analysis.report.document import Block, Listing, Paragraph, Section, Table, gap
from clau_doom.analysis.report.typeset import NONE, count, place
from clau_doom.analysis.topsis import Ranking
from clau_doom.config import StoredExperiment
from clau_doom.domain import AgentStatus, Evaluation, Purpose
from clau_doom.domain.experiment import Deviations
from clau_doom.domain.history import history_sha256
from clau_doom.domain.snapshot import Snapshot

__all__ = ["appendix_section", "criteria_flag", "failed_agents", "reproduction_blocks", "trouble_section"]

_TOLD = 200  # agents that failed
_REASON = 300  # letters of a reason


def failed_agents(snapshot: Snapshot) -> tuple[Evaluation, ...]:
    """Return the agents that have no fitness because they failed, the oldest first."""
    return tuple(each for row in snapshot.generations for each in row if each.status is AgentStatus.FAILED)


def trouble_section(stored: StoredExperiment) -> Section:
    """Return the agents that failed, the episodes that are lacking, and what depended on time, luck or a person."""
    failed = failed_agents(stored.snapshot)
    blocks: list[Block] = [_failed_table(failed)] if failed else [Paragraph(text="No agent failed.")]
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


def appendix_section(stored: StoredExperiment, ranking: Ranking | Gap) -> Section:
    """Return what makes an experiment and its report again."""
    name = stored.snapshot.experiment.id
    again = f"clau-doom analyze {name} --output-dir again{criteria_flag(ranking)} --report {name}.html"
    return Section(
        anchor="appendix",
        title="Appendix: how to make it again",
        blocks=tuple(reproduction_blocks(stored, again, named=False)),
    )


def criteria_flag(ranking: Ranking | Gap) -> str:
    """Return the flag that asks for a ranking, or nothing."""
    if isinstance(ranking, Gap):
        return ""
    text = ",".join(f"{criterion.name}:{criterion.weight!r}" for criterion in ranking.criteria)
    return f" --criteria {shlex.quote(text)}"


def reproduction_blocks(stored: StoredExperiment, report_command: str, *, named: bool) -> list[Block]:
    """Return commands, configuration, versions and seeds of an experiment.

    Args:
        stored: The experiment.
        report_command: The command that makes the report.
        named: Whether the titles say of which experiment they are.
    """
    snapshot = stored.snapshot
    name, of = snapshot.experiment.id, f" of {snapshot.experiment.id}" if named else ""
    digest = history_sha256(snapshot.finished_generations)
    commands = (
        f"# With the versions and files below, and no CLAU_DOOM_ variable set.\n"
        f"# Save the configuration below as {name}.yaml; then\n"
        f"clau-doom run -c {name}.yaml --output-dir again\n\n"
        f"# The hash of the history must be\n# {digest}\n"
        f"clau-doom status {name} --output-dir again --json\n\n"
        f"# This report\n"
        f"{report_command}"
    )
    return [
        *_doubts(stored),
        Listing(title=f"The commands{of}", text=commands),
        _facts_table(stored, digest, of),
        Listing(title=f"The configuration{of}: {name}.yaml", text=snapshot.config_yaml.rstrip("\n"), folded=named),
        Listing(title=f"The seeds{of}", text=_seeds(snapshot), folded=True),
    ]


def _doubts(stored: StoredExperiment) -> list[Block]:
    name, found = stored.snapshot.experiment.id, []
    if stored.snapshot.deviations.total:
        found.append(f"{name} has deviations: the commands repeat all but what depended on time, luck or a person")
    if not stored.state.final:
        found.append(f"{name} is {stored.state.value}: the commands lead on to its end, and so to another report")
    return [gap(Gap(missing=doubt)) for doubt in found]


def _facts_table(stored: StoredExperiment, digest: str, of: str) -> Table:
    snapshot = stored.snapshot
    finished, planned = len(snapshot.summaries), stored.config.generations
    rows = [
        ("experiment", snapshot.experiment.id),
        ("its unique id", snapshot.experiment.uuid),
        ("state", stored.state.value + (f": {snapshot.reason}" if snapshot.reason else "")),
        ("seed", str(snapshot.experiment.seed)),
        ("generations", f"{finished} of {planned}"),
        ("history SHA-256", digest),
        ("deviations", str(snapshot.deviations.total)),
    ]
    return Table(
        title=f"State, versions and digests{of}",
        columns=("what", "value"),
        rows=(*rows, *snapshot.experiment.provenance.facts),
        words=(0, 1),
        note="source: the SHA-256 of a package's source; scenario.cfg and .wad: of the file that was played.",
    )


def _seeds(snapshot: Snapshot) -> str:
    """Return every seed that was played, by purpose."""
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

"""Commands, versions, configuration and seeds that are needed to repeat an experiment."""

from collections.abc import Sequence

from clau_doom.analysis.document import Block, Column, Listing, Paragraph, Section, Table
from clau_doom.analysis.experiment_data import ExperimentData
from clau_doom.analysis.sections import multicriteria_ranking
from clau_doom.domain import Purpose
from clau_doom.domain.budget import BudgetUnit
from clau_doom.domain.history_hash import history_sha256
from clau_doom.domain.run_environment import SourceCommit
from clau_doom.domain.snapshot import Snapshot
from clau_doom.number_format import MISSING
from clau_doom.ports import StoredExperiment

__all__ = ["TITLE", "describe", "reproduction_blocks", "x_flag"]

TITLE = "Reproduction"


def describe(data: ExperimentData) -> Section:
    """Describe the data that are needed to repeat the experiment and its report."""
    flags = multicriteria_ranking.criteria_flag(data.result(multicriteria_ranking.compute)) + x_flag(data.x)
    return Section(name="reproduction", title=TITLE, blocks=reproduction_blocks([data.stored], flags))


def reproduction_blocks(experiments: Sequence[StoredExperiment], flags: str) -> tuple[Block, ...]:
    """Return commands, versions, configurations and seeds.

    Args:
        experiments: One experiment, or the compared experiments.
        flags: Arguments of the report's command after the names of the experiments.
    """
    names = [stored.snapshot.experiment.id for stored in experiments]
    target = names[0] if len(names) == 1 else "comparison"
    report = f"clau-doom analyze {' '.join(names)} --output-dir again{flags} --report {target}.html"
    shared = _shared([stored.snapshot.experiment.provenance.facts for stored in experiments])
    blocks: list[Block] = [Listing(title="Commands", text=_commands(experiments, report)), _versions_table(shared)]
    for stored in experiments:
        blocks += _experiment_blocks(stored, shared, folded=len(experiments) > 1)
    return tuple(blocks)


def x_flag(x: BudgetUnit | None) -> str:
    """Return the option for the unit of the horizontal axis, or an empty text for the default."""
    return "" if x is None else f" --x {x}"


def _commands(experiments: Sequence[StoredExperiment], report: str) -> str:
    lines = ["# With the versions and files below, and without CLAU_DOOM_ variables."]
    for stored in experiments:
        name, digest = stored.snapshot.experiment.id, history_sha256(stored.snapshot.finished_generations)
        lines += [
            "",
            f"# Save the configuration of {name} below as {name}.yaml:",
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
        columns=(Column("item", text=True), Column("version or SHA-256", text=True)),
        rows=tuple(shared),
        note="source: digest of the source of a package; scenario: digest of the played file.",
    )


def _experiment_blocks(stored: StoredExperiment, shared: Sequence[tuple[str, str]], *, folded: bool) -> list[Block]:
    """Return the facts of one experiment: state, hash, configuration and seeds of its episodes."""
    snapshot, name = stored.snapshot, stored.snapshot.experiment.id
    return [
        *_limits(stored),
        _state_table(stored, shared),
        *_environment_blocks(snapshot),
        Listing(title=f"{name}.yaml: configuration", text=snapshot.config_yaml.rstrip("\n"), folded=folded),
        Listing(title=f"Seeds of the episodes of {name}", text=_seeds(snapshot), folded=True),
    ]


def _limits(stored: StoredExperiment) -> list[Block]:
    name, found = stored.snapshot.experiment.id, []
    if stored.snapshot.deviations.total:
        found.append(f"{name} has deviations: a repeated run can differ from this one.")
    if not stored.state.final:
        found.append(f"{name} is {stored.state.value}: the commands run it to its end, which gives another report.")
    return [Paragraph(text=each, kind="caution") for each in found]


def _state_table(stored: StoredExperiment, shared: Sequence[tuple[str, str]]) -> Table:
    snapshot, budget = stored.snapshot, stored.config.evolution_budget
    rows = [
        ("unique id", snapshot.experiment.uuid),
        ("state", stored.state.value + (f": {snapshot.reason}" if snapshot.reason else "")),
        ("seed", str(snapshot.experiment.seed)),
        (budget.unit.value, f"{budget.spent(snapshot.summaries)} of {budget.amount}"),
        ("history SHA-256", history_sha256(snapshot.finished_generations)),
        ("deviations", str(snapshot.deviations.total)),
        ("processor time", snapshot.processor_time.summary),
    ]
    own = [fact for fact in snapshot.experiment.provenance.facts if fact not in shared]
    return Table(
        title=f"Experiment {snapshot.experiment.id}",
        columns=(Column("item", text=True), Column("value", text=True)),
        rows=(*rows, *own),
    )


def _environment_blocks(snapshot: Snapshot) -> list[Block]:
    """Return the commits and the packages of the starts of an experiment. Equal values are shown once."""
    name, found = snapshot.experiment.id, snapshot.environments
    if not found:
        return []
    commits = dict.fromkeys((each.folder, each.commit, _tree(each)) for start in found for each in start.commits)
    table = Table(
        title=f"Commits of the user's code of {name}",
        columns=(Column("folder", text=True), Column("git commit", text=True), Column("tracked files", text=True)),
        rows=tuple(commits),
        note="One row for each different state at a start or resume. The digests above determine the results.",
    )
    packages = {each.packages_sha256: each for each in found}
    return [
        table,
        *(
            Listing(
                title=f"Installed packages of {name}: {len(each.packages)}, SHA-256 {digest}",
                text=each.packages_text.rstrip("\n"),
                folded=True,
            )
            for digest, each in packages.items()
        ),
    ]


def _tree(commit: SourceCommit) -> str:
    """Return the state of the tracked files relative to a commit, or the reason why it is unknown."""
    if commit.dirty is None:
        return f"unknown: {commit.unavailable}"
    return "changed (dirty)" if commit.dirty else "unchanged"


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
    return ", ".join(map(str, seeds)) or MISSING

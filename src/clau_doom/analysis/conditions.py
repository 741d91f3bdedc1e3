"""Conditions of compared experiments: runs whose configurations have equal results up to the seed.

Experiments that differ only in name, seed, execution, services and number of held-out episodes are runs of one
condition. A condition is labelled by the fields that differ between the conditions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from clau_doom.config import condition_changes, flow, values
from clau_doom.ports import StoredExperiment

__all__ = ["Condition", "find_conditions"]

_SOURCE = "source code"  # name of the digests of the source code among the settings of a condition
_ONLY = "the only condition"  # label if all experiments are runs of one condition
_NAMED = 3  # settings in a label
_LONGEST = 24  # characters of a value in a label
_DIGITS = 8  # of a digest
_SCENARIO = "scenario.name"


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """Runs with one configuration.

    Attributes:
        number: Number of the condition. The baseline's condition is 0.
        label: The settings that differ between conditions, such as ``mutation = 0.1``. Labels are unique.
        settings: Value of each field in which the condition differs from another one, by path in schema order. A field
            that the condition lacks is left out.
        experiments: Ids of the runs, one for each experiment seed, in the order given.
        seeds: Experiment seed of each run.
        repeats: Ids of experiments that repeat a run of the condition with the same seed.
    """

    number: int
    label: str
    settings: Mapping[str, str]
    experiments: tuple[str, ...]
    seeds: tuple[int, ...]
    repeats: tuple[str, ...] = ()


def find_conditions(
    experiments: Sequence[StoredExperiment], baseline: str, *, ignored: tuple[str, ...] = (_SCENARIO,)
) -> tuple[Condition, ...]:
    """Group experiments into conditions.

    Args:
        experiments: At least one experiment, with different ids.
        baseline: Id of one of the experiments. Its condition is the first.
        ignored: Prefixes of the paths of fields in which runs of a condition may differ. By default, experiments have
            one scenario and fitness, and two names of the scenario are paths of files with equal digests.
    """
    base = next(each for each in experiments if each.snapshot.experiment.id == baseline)
    groups: list[list[StoredExperiment]] = [[base]]
    for stored in experiments:
        group = next((known for known in groups if not _differing(known[0], stored, ignored)), None)
        if group is None:
            groups.append([stored])
        elif stored is not base:
            group.append(stored)
    settings = _settings([group[0] for group in groups], ignored)
    ids = [each.snapshot.experiment.id for each in experiments]
    return tuple(
        _condition(number, label, found, sorted(group, key=lambda each: ids.index(each.snapshot.experiment.id)))
        for number, (label, found, group) in enumerate(zip(_labels(settings), settings, groups, strict=True))
    )


def _condition(number: int, label: str, settings: Mapping[str, str], group: Sequence[StoredExperiment]) -> Condition:
    made = [stored.snapshot.experiment for stored in group]
    by_seed: dict[int, str] = {}
    for each in made:
        by_seed.setdefault(each.seed, each.id)
    return Condition(
        number=number,
        label=label,
        settings=settings,
        experiments=tuple(by_seed.values()),
        seeds=tuple(by_seed),
        repeats=tuple(each.id for each in made if by_seed[each.seed] != each.id),
    )


def _differing(old: StoredExperiment, new: StoredExperiment, ignored: tuple[str, ...]) -> tuple[str, ...]:
    """Return the paths of the fields that make two experiments different conditions."""
    changed = tuple(
        change.path for change in condition_changes(old.config, new.config) if not change.path.startswith(ignored)
    )
    # Another configuration of the policy usually has another source.
    return changed or ((_SOURCE,) if _sources(old) != _sources(new) else ())


def _settings(representatives: Sequence[StoredExperiment], ignored: tuple[str, ...]) -> list[dict[str, str]]:
    """Return the values of the fields in which each condition differs from another one, in schema order."""
    differing: list[set[str]] = [set() for _ in representatives]
    for (place, old), (other, new) in combinations(enumerate(representatives), 2):
        for found in (differing[place], differing[other]):
            found.update(_differing(old, new, ignored))
    digests = [_sources(each) for each in representatives]
    facts = dict.fromkeys(fact for each in digests for fact in each)
    changed = [fact for fact in facts if len({each.get(fact) for each in digests}) > 1]
    settings = []
    for stored, sources, paths in zip(representatives, digests, differing, strict=True):
        known = {path: flow(value) for path, value in values(stored.config).items()}
        digest = ", ".join(f"{fact} {sources[fact][:_DIGITS]}" for fact in changed if fact in sources)
        known[_SOURCE] = digest or "unknown"
        settings.append({path: value for path, value in known.items() if path in paths})
    return settings


def _sources(stored: StoredExperiment) -> dict[str, str]:
    """Return the digests of the source code by package."""
    facts = stored.snapshot.experiment.provenance.facts
    return {fact.removeprefix("source."): digest for fact, digest in facts if fact.startswith("source.")}


def _labels(settings: Sequence[Mapping[str, str]]) -> list[str]:
    """Return a unique label for each condition."""
    if len(settings) == 1:
        return [_ONLY]
    paths = [*dict.fromkeys(path for each in settings for path in each)]
    names = [_name(path) for path in paths]
    short = {path: name if names.count(name) == 1 else path for path, name in zip(paths, names, strict=True)}
    labels = [_label(each, short) for each in settings]
    return [
        label if labels.count(label) == 1 else f"{label} (condition {number})" for number, label in enumerate(labels)
    ]


def _label(settings: Mapping[str, str], names: Mapping[str, str]) -> str:
    parts = [f"{names[path]} = {_shortened(value)}" for path, value in settings.items()]
    more = len(parts) - _NAMED
    return ", ".join(parts[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _name(path: str) -> str:
    """Return the last part of a path; for the kind of a section, the name of the section."""
    return path.removesuffix(".kind").rpartition(".")[2]


def _shortened(value: str) -> str:
    return value if len(value) <= _LONGEST else f"{value[: _LONGEST - 1]}…"

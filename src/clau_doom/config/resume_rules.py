"""Rules for changes of a configuration when an experiment is resumed.

A change is allowed if it cannot alter episodes or their results. Allowed are:

- a larger budget (`generations`, `budget`), because schedules depend on absolute generations only;
- a new path of the scenario's .cfg, because the provenance holds the digests of its files;
- `import_paths`, because the provenance holds the digests of the modules;
- `max_duration`, `execution`, `trackers`, the sections of backends and the sections of the service;
- address, deadline and `on_missed` of a remote agent.

Timeouts, attempts, `on_exhausted` and `on_missed` are allowed because a history that they affected counts deviations.
`holdout` is refused because it selects the champion and sets the number of its episodes. The name is refused, too.
"""

from dataclasses import dataclass

from clau_doom.config.backend_registry import registered_backends
from clau_doom.config.duration import format_duration
from clau_doom.config.render import flow
from clau_doom.config.schema import ExperimentConfig
from clau_doom.config.schema_introspection import values
from clau_doom.config.service import SERVICE_SECTIONS
from clau_doom.errors import ResumeRefused, WrongState
from clau_doom.parameter_names import parameter

__all__ = [
    "Difference",
    "by_paths",
    "check_budget",
    "check_resume",
    "condition_changes",
    "condition_values",
    "differences",
    "used_up",
]

_REMOTE = ("policy.address", "policy.deadline", "policy.on_missed")
_FREE = ("max_duration", "execution.", "import_paths", "trackers", *(f"{name}." for name in SERVICE_SECTIONS), *_REMOTE)


@dataclass(frozen=True, kw_only=True)
class Difference:
    """Field with different values in two configurations.

    Attributes:
        path: Dotted path.
        old: Old value as YAML; ``(none)`` if the field did not exist.
        new: New value, in the same form.
        refusal: Reason why a resume refuses the change, or None if it is allowed.
    """

    path: str
    old: str
    new: str
    refusal: str | None

    @property
    def refused(self) -> bool:
        """Whether a resume refuses the change."""
        return self.refusal is not None

    def __str__(self) -> str:
        """Format the difference, such as ``seed: 1 became 2: it decides the results``."""
        return f"{self.path}: {self.old} became {self.new}" + (f": {self.refusal}" if self.refusal else "")


def differences(old: ExperimentConfig, new: ExperimentConfig) -> tuple[Difference, ...]:
    """Return the changed fields in schema order; for a union with another kind, only the kind."""
    before, after = values(old), values(new)
    rekinded = tuple(
        name.removesuffix("kind") for name in before if name.endswith(".kind") and before[name] != after[name]
    )
    found: list[Difference] = []
    for path in dict.fromkeys((*before, *after)):
        inside = path.startswith(rekinded) and not path.endswith(".kind")
        if inside or (path in before and path in after and before[path] == after[path]):
            continue
        texts = [flow(side[path]) if path in side else "(none)" for side in (before, after)]
        found.append(Difference(path=path, old=texts[0], new=texts[1], refusal=_refusal(path, old, new)))
    return tuple(found)


def condition_changes(old: ExperimentConfig, new: ExperimentConfig) -> tuple[Difference, ...]:
    """Return the differences of two experiments' conditions; an empty result means runs of one condition.

    A condition consists of all fields that decide results, except the name, the seed and the number of held-out
    episodes. Held-out episodes judge a champion and do not select one.
    """
    return tuple(
        Difference(path=change.path, old=change.old, new=change.new, refusal=None)
        for change in differences(old, new)
        if _decides_condition(change.path)
    )


def condition_values(config: ExperimentConfig) -> dict[str, str]:
    """Return the values of all fields that decide an experiment's condition, as YAML by dotted path."""
    return {path: flow(value) for path, value in values(config).items() if _decides_condition(path)}


def _decides_condition(path: str) -> bool:
    return path not in {"name", "seed", "holdout.episodes"} and not _is_free(path)


def _refusal(path: str, old: ExperimentConfig, new: ExperimentConfig) -> str | None:
    if path == "generations" or path.startswith("budget."):
        before, after = old.evolution_budget, new.evolution_budget
        if before.unit is not after.unit:
            return f"the unit of the budget is fixed: raise its {before.unit}"
        return None if after.amount >= before.amount else "it may only be raised"
    if path == "scenario.name":
        return None if by_paths(old, new) else "it affects the results"
    if path == "name":
        return "the name of an experiment is fixed"
    return None if _is_free(path) else "it affects the results"


def _is_free(path: str) -> bool:
    """Return whether a field cannot alter episodes or their results."""
    return path.startswith((*_FREE, *(f"{backend.name}." for backend in registered_backends())))


def by_paths(old: ExperimentConfig, new: ExperimentConfig) -> bool:
    """Return whether both scenarios are .cfg files, which are compared by the digests in the provenance."""
    return all(config.scenario.name.lower().endswith(".cfg") for config in (old, new))


def check_resume(old: ExperimentConfig, new: ExperimentConfig) -> None:
    """Refuse changes that decide results.

    Raises:
        ResumeRefused: The message lists path, old and new value of each refused change.
    """
    refused = [difference for difference in differences(old, new) if difference.refused]
    if refused:
        rows = [f"  {difference}" for difference in refused]
        head = f"{old.name} cannot be resumed with these changes since its start:"
        tail = "undo the changes, or start an experiment with another name"
        raise ResumeRefused("\n".join([head, *rows, tail]))


def used_up(config: ExperimentConfig, running_seconds: float) -> bool:
    """Return whether an experiment has used up its `max_duration`.

    Args:
        config: Current configuration.
        running_seconds: Running time so far, summed over resumes.
    """
    return config.max_duration is not None and running_seconds >= config.max_duration


def check_budget(config: ExperimentConfig, running_seconds: float) -> None:
    """Refuse to resume an experiment that has used up its `max_duration`.

    Raises:
        WrongState: The `max_duration` is used up; the message has both times and the remedy.
    """
    if used_up(config, running_seconds):
        assert config.max_duration is not None, "used up"
        raise WrongState(
            f"experiment {config.name} has used up its max_duration of {format_duration(config.max_duration)} "
            f"({running_seconds:.1f} s of running time): raise it with {parameter('max_duration')}"
        )

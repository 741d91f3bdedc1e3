"""What may change when an experiment is resumed.

Allowed is what cannot alter an episode or what follows from it: more `generations` (every schedule runs over absolute
generations), a new path of the scenario's .cfg (the provenance has the digests of its files), any `max_duration`, all
of `execution`, `local`, `docker` and `ray`, where a remote agent listens and how long it is waited for, and the
sections of the service. Timeouts, attempts, `on_exhausted` and `on_missed` are among
these because a history that they touched counts a deviation beside its hash; all others leave the episodes alone.
`holdout` is refused: it decides who the champion is, and by how many episodes it is judged. So is the name.
"""

from dataclasses import dataclass

from clau_doom.config.duration import format_duration
from clau_doom.config.fields import values
from clau_doom.config.render import flow
from clau_doom.config.schema import ExperimentConfig
from clau_doom.config.service import SERVICE_SECTIONS
from clau_doom.errors import ResumeRefused, WrongState

__all__ = ["Difference", "by_paths", "check_budget", "check_resume", "differences", "setup_changes", "used_up"]

_REMOTE = ("policy.address", "policy.deadline", "policy.on_missed")
_FREE = (
    "max_duration",
    "execution.",
    "local.",
    "docker.",
    "ray.",
    *(f"{name}." for name in SERVICE_SECTIONS),
    *_REMOTE,
)


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One field that two configurations disagree about.

    Attributes:
        path: Its dotted path.
        old: The value before, as YAML; ``(none)`` where there was no such field.
        new: The value now, likewise.
        refusal: Why a resume cannot accept it, or None when it may change.
    """

    path: str
    old: str
    new: str
    refusal: str | None

    @property
    def refused(self) -> bool:
        """Whether a resume cannot accept it."""
        return self.refusal is not None

    def __str__(self) -> str:
        """Return it as people read it, such as ``seed: 1 became 2: it decides the results``."""
        return f"{self.path}: {self.old} became {self.new}" + (f": {self.refusal}" if self.refusal else "")


def differences(old: ExperimentConfig, new: ExperimentConfig) -> tuple[Difference, ...]:
    """Return every field that changed, in the schema's order; of a union whose kind changed, the kind alone."""
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


def setup_changes(old: ExperimentConfig, new: ExperimentConfig) -> tuple[Difference, ...]:
    """Return in what two experiments' setups differ; none at all means that the two are runs of one setup.

    A setup is every field that decides results, but for the name, the seed and the number of held-out episodes, which
    judge a champion and choose none.
    """
    return tuple(
        Difference(path=change.path, old=change.old, new=change.new, refusal=None)
        for change in differences(old, new)
        if change.path not in {"name", "seed", "holdout.episodes"} and not change.path.startswith(_FREE)
    )


def _refusal(path: str, old: ExperimentConfig, new: ExperimentConfig) -> str | None:
    if path == "generations":
        return None if new.generations >= old.generations else "it may only be raised"
    if path == "scenario.name":
        return None if by_paths(old, new) else "it decides the results"
    if path == "name":
        return "an experiment keeps its name"
    return None if path.startswith(_FREE) else "it decides the results"


def by_paths(old: ExperimentConfig, new: ExperimentConfig) -> bool:
    """Return whether both scenarios are .cfg files: the digests in the provenance tell whether they are the same."""
    return all(config.scenario.name.lower().endswith(".cfg") for config in (old, new))


def check_resume(old: ExperimentConfig, new: ExperimentConfig) -> None:
    """Refuse a change that decides results.

    Raises:
        ResumeRefused: The message names each such path, its old and its new value.
    """
    refused = [difference for difference in differences(old, new) if difference.refused]
    if refused:
        rows = [f"  {difference}" for difference in refused]
        head = f"{old.name} cannot be resumed with what has changed since it was started:"
        tail = "undo the changes, or start an experiment of another name"
        raise ResumeRefused("\n".join([head, *rows, tail]))


def used_up(config: ExperimentConfig, running_seconds: float) -> bool:
    """Return whether an experiment has run as long as its `max_duration` allows.

    Args:
        config: The configuration that it runs with.
        running_seconds: Its running time so far, summed over resumes.
    """
    return config.max_duration is not None and running_seconds >= config.max_duration


def check_budget(config: ExperimentConfig, running_seconds: float) -> None:
    """Refuse a resume that would end as soon as it begins.

    Raises:
        WrongState: The `max_duration` is used up; the message gives both times and the remedy.
    """
    if used_up(config, running_seconds):
        assert config.max_duration is not None, "used up"
        raise WrongState(
            f"experiment {config.name} has used up its max_duration of {format_duration(config.max_duration)} "
            f"({running_seconds:.1f} s of running time): raise it with --max-duration"
        )

"""Comparison of experiments."""

import os
from collections.abc import Iterable, Mapping
from typing import TypeGuard

from clau_doom.api.analysis import Analysis
from clau_doom.api.experiment import Experiment, current_state
from clau_doom.api.experiment_list import ExperimentList
from clau_doom.api.opening import open as open_by_id_or_path
from clau_doom.errors import ConfigError

__all__ = ["compare"]

Openable = Experiment | str | os.PathLike[str]


def compare(
    experiments: Iterable[Openable] | ExperimentList,
    *,
    baseline: Openable | None = None,
    criteria: Mapping[str, float] | str | None = None,
    targets: Iterable[float] = (),
    margin: float | None = None,
    x: str | None = None,
    output_dir: str | os.PathLike[str] | None = None,
) -> Analysis:
    """Compare experiments on their held-out seeds, as `clau-doom analyze ID ID ...` does.

    Experiments with equal settings and different seeds are replicates of one condition. Experiments of several
    scenarios are compared by their conditions over scenarios.

    Args:
        experiments: Two or more experiments, ids or paths, or the result of `cd.experiments`.
        baseline: Experiment that the others are compared with. None: the first.
        criteria: Measures with weights for a ranking of the champions, such as ``{"kills": 1, "damage_taken": -2}``. A
            negative weight prefers less. None: no ranking.
        targets: Fitness values to reach, for running times. Empty: 51 values from the best agents of generation 0 to
            the best champion.
        margin: Smallest difference of interest in fitness, above 0, for tests of equivalence. None: no such tests.
        x: Unit of learning curves, running times and areas: ``generations``, ``episodes`` or ``tics``. None: ``tics``
            if all budgets are in tics, or else ``episodes``.
        output_dir: Folder of experiments, for ids. None: ``$CLAU_DOOM_OUTPUT_DIR``, or else ``runs``.

    Raises:
        ConfigError: The experiments are not comparable, or an argument does not fit them.
        WrongState: An experiment has no held-out episodes yet.

    Example:
        >>> import clau_doom as cd
        >>> found = cd.compare(cd.experiments(pattern="sweep-*"), baseline="sweep-1")  # doctest: +SKIP
        >>> found.report("sweep.html")  # doctest: +SKIP
    """
    from clau_doom.api.documents import compare_experiments  # noqa: PLC0415 - scipy

    if isinstance(experiments, str):
        raise ConfigError(f"experiments is the text {experiments!r}: give a list of ids, as {experiments.split()!r}")
    given = experiments.open() if isinstance(experiments, ExperimentList) else experiments
    stored = [current_state(_opened(each, output_dir)) for each in given]
    if len(stored) < 2:
        raise ConfigError(f"compare needs two or more experiments: {len(stored)} given")
    return compare_experiments(stored, _baseline_id(baseline), criteria, tuple(targets), margin=margin, x=x)


def _baseline_id(baseline: Openable | None) -> str | None:
    if baseline is None or _is_id(baseline):
        return baseline
    return current_state(_opened(baseline, None)).snapshot.experiment.id


def _opened(experiment: Openable, output_dir: str | os.PathLike[str] | None) -> Experiment:
    if isinstance(experiment, Experiment):
        return experiment
    return open_by_id_or_path(experiment, output_dir=output_dir if _is_id(experiment) else None)


def _is_id(experiment: Openable) -> TypeGuard[str]:
    return isinstance(experiment, str) and os.sep not in experiment

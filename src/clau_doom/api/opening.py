"""Opening of a stored experiment by id or path."""

import os
from pathlib import Path

from clau_doom.api.experiment import Experiment, open_experiment
from clau_doom.api.output_dir import find_output_dir
from clau_doom.config.path_expansion import expand_home
from clau_doom.errors import ConfigError

__all__ = ["locate", "open"]


def open(  # noqa: A001 - the public name is clau_doom.open
    experiment: str | os.PathLike[str], *, output_dir: str | os.PathLike[str] | None = None
) -> Experiment:
    """Open a stored experiment to read its results.

    Args:
        experiment: Id of the experiment, or the path of its folder. A text is a path if it contains a separator, such
            as ``runs/quickstart``, or if it is ``.`` or ``..``.
        output_dir: Folder of experiments, for an id. None: ``$CLAU_DOOM_OUTPUT_DIR``, or else ``runs``.

    Raises:
        ExperimentNotFound: The experiment does not exist.
        ConfigError: The id is not valid, or a path and `output_dir` are given.
        StorageFailed: The experiment cannot be read.

    Example:
        >>> import clau_doom as cd
        >>> cd.open("quickstart").champion.held_out  # doctest: +SKIP
        Interval(mean=23.1, low=21.9, high=24.4, n=100, reason='')
        >>> cd.open("/data/runs/quickstart").episodes.to_pandas()  # doctest: +SKIP
    """
    return open_experiment(*locate(experiment, output_dir))


def locate(experiment: str | os.PathLike[str], output_dir: str | os.PathLike[str] | None = None) -> tuple[str, Path]:
    """Return the id and the output folder of an experiment; see `open`.

    Raises:
        ConfigError: A path and `output_dir` are given, or the path begins with an unknown home folder.
    """
    if not _is_path(experiment):
        return str(experiment), find_output_dir(output_dir)
    if output_dir is not None:
        raise ConfigError(f"{os.fspath(experiment)!r} is a path, which excludes output_dir: give the id, or the path")
    try:
        folder = Path(os.path.abspath(expand_home(os.fspath(experiment))))  # noqa: PTH100 - resolves ".." only
    except ValueError as error:
        raise ConfigError(f"the path {os.fspath(experiment)!r} {error}") from error
    return folder.name, folder.parent


def _is_path(experiment: str | os.PathLike[str]) -> bool:
    if not isinstance(experiment, str):
        return True
    return os.sep in experiment or experiment in {".", ".."}

"""Check of a configuration without a run: `cd.check_config`."""

import os

from clau_doom.api.configuration import ConfigSource, configuration_source, keyword_arguments
from clau_doom.api.output_dir import find_output_dir
from clau_doom.config import ExperimentConfig

__all__ = ["check_config"]


def check_config(
    config: ConfigSource = None, /, *, output_dir: str | os.PathLike[str] | None = None, **overrides: object
) -> ExperimentConfig:
    """Check a configuration as `cd.run` does before it starts workers, and return it. Nothing is written.

    Remote agents, images and clusters are not checked.

    Args:
        config: Path of a YAML file, a dict, an `ExperimentConfig`, or None for the defaults; see `cd.run`.
        output_dir: Folder of the experiments that `evolution.start` names. None: ``$CLAU_DOOM_OUTPUT_DIR``, or else
            ``runs``.
        **overrides: Values of fields, as in `cd.run`.

    Raises:
        ConfigError: A value, the scenario, the policy or a start agent cannot be used, or the estimate exceeds
            `limits`. The message lists all problems.

    Example:
        >>> import clau_doom as cd
        >>> cd.check_config({"scenario.name": "basic"}, population=8).population
        8
    """
    from clau_doom.app import run_planning  # noqa: PLC0415 - the engine

    source, arguments = configuration_source(config), keyword_arguments(overrides)
    resolved = run_planning.check_config(source, find_output_dir(output_dir), environ=os.environ, arguments=arguments)
    return resolved.config

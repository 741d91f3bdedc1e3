"""Description of an experiment for trackers."""

import json
from pathlib import Path

from clau_doom.config import SERVICE_SECTIONS, config_from_yaml, values
from clau_doom.domain.experiment import Experiment
from clau_doom.ports import TrackedExperiment

__all__ = ["tracked_experiment"]

_LEFT_OUT = ("trackers", *(f"{name}." for name in SERVICE_SECTIONS))


def tracked_experiment(experiment: Experiment, created: float, folder: Path) -> TrackedExperiment:
    """Describe an experiment, with the configuration of its start and without services.

    Args:
        experiment: The experiment.
        created: Time of its creation, in seconds since the epoch.
        folder: Folder of trackers in the experiment's folder.

    Raises:
        ConfigError: The stored configuration is damaged.
    """
    config = config_from_yaml(experiment.config_yaml, name=f"the stored configuration of {experiment.id}")
    known = {name: value for name, value in values(config).items() if not name.startswith(_LEFT_OUT)}
    return TrackedExperiment(
        id=experiment.id,
        uuid=experiment.uuid,
        created=created,
        config={name: _plain(value) for name, value in known.items() if value is not None},
        config_yaml=experiment.config_yaml,
        provenance=dict(experiment.provenance.facts),
        folder=folder,
    )


def _plain(value: object) -> str | float | int | bool:
    return value if isinstance(value, str | float | int | bool) else json.dumps(value, sort_keys=True)

"""How stored experiments stand."""

import os
import time
from pathlib import Path

import pytest

from clau_doom.bootstrap.stored import list_experiments, read_experiment
from clau_doom.config import ExperimentConfig, to_yaml
from clau_doom.domain.experiment import Experiment, Provenance
from clau_doom.storage import Runs

pytestmark = pytest.mark.anyio


async def test_looking_at_an_experiment_is_no_activity(tmp_path: Path) -> None:
    """When it last moved is the time of its last event, whenever its files were written to."""
    yaml = to_yaml(ExperimentConfig(name="lab"))
    before = time.time()
    folder = Runs(tmp_path).create(
        Experiment(id="lab", uuid="1", seed=1, config_yaml=yaml, provenance=Provenance(facts=()))
    )
    after = time.time()
    for path in folder.path.iterdir():
        os.utime(path, (after + 60.0, after + 60.0))
    assert list_experiments(tmp_path) == ("lab",)
    stored = await read_experiment(tmp_path, "lab")
    assert before <= stored.last_activity <= after

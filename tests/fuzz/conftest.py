"""Time and folders of the fuzz tests.

In the suite each explores a few inputs, the same in each run. `make fuzz` gives FUZZ_SECONDS to all of them together,
and new inputs in each run. Hypothesis keeps an input that fails, and tries it first the next time.
"""

import asyncio
import contextlib
import io
import logging
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import SearchStrategy

from clau_doom.cli import run_command
from clau_doom.config import ExperimentConfig, HoldoutConfig, to_yaml
from clau_doom.domain import Fitness
from clau_doom.domain.experiment import Experiment, Provenance
from clau_doom.orchestration import ExperimentRun, Shutdown
from clau_doom.policies import GENES
from clau_doom.storage import ExperimentFolders
from clau_doom.testing import ScriptedBackend
from clau_doom.testing.scripted_run import StoppedClock

SECONDS = float(os.environ.get("FUZZ_SECONDS", "0"))
Explore = Callable[..., None]


@pytest.fixture
def explore(request: pytest.FixtureRequest) -> Explore:
    """Return a function that runs a check on random inputs within its share of the time."""
    share = SECONDS / max(1, len([item for item in request.session.items if "/fuzz/" in str(item.path)]))

    def explore_inputs(check: Callable[..., None], /, brief: int = 20, **inputs: SearchStrategy[Any]) -> None:
        end = time.monotonic() + share
        while True:
            settings(
                max_examples=200 if SECONDS else brief,
                derandomize=not SECONDS,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            )(given(**inputs)(check))()
            if time.monotonic() >= end:
                return

    return explore_inputs


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    words: list[str]
    code: int
    out: str
    err: str

    def check(self) -> None:
        """Check the exit code, and the output for internal errors, control characters and endless messages."""
        assert self.code in {0, 1, 2, 3}, self
        assert "internal error" not in self.err, self
        assert "Traceback" not in self.err, self
        assert not {"\x1b", "\x07", "\0", "\x9b"} & set(self.out + self.err), self
        assert len(self.err) < 40_000, self


@pytest.fixture
def command(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[list[str]], Ended]]:
    """Return a function that runs a command in a folder with an experiment `tiny`."""
    monkeypatch.chdir(folder)
    for name in [name for name in os.environ if name.startswith("CLAU_DOOM_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("DOCKER_HOST", f"unix://{folder}/no-docker.sock")
    monkeypatch.setenv("COLUMNS", "120")
    root, ours = logging.getLogger(), logging.getLogger("clau_doom")
    before = [*root.handlers], root.level, ours.level

    def carry_out(words: list[str]) -> Ended:
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = run_command(words)
        return Ended(words, int(code), out.getvalue(), err.getvalue())

    yield carry_out
    root.handlers[:], root_level, our_level = before
    root.setLevel(root_level)
    ours.setLevel(our_level)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the experiment `tiny` in `runs`, of scripted episodes."""
    made = tmp_path_factory.mktemp("fuzz")
    asyncio.run(_write_experiment(made))  # the tests are synchronous, because commands run their own event loops
    return made


async def _write_experiment(made: Path) -> None:
    config = ExperimentConfig(
        name="tiny", seed=7, generations=2, population=4, episodes=2, holdout=HoldoutConfig(validation=2, episodes=4)
    )
    (made / "config.yaml").write_text(to_yaml(config))
    facts = Provenance(facts=(("clau-doom", "0.1.0"),))
    experiment = Experiment(id="tiny", uuid="4f8", seed=7, config_yaml=to_yaml(config), provenance=facts)
    async with ExperimentFolders(made / "runs").create(experiment).write() as store:
        await ExperimentRun(
            config,
            to_yaml(config),
            space=GENES,
            fitness=Fitness.named("reward"),
            store=store,
            backend=ScriptedBackend(slots=3),
            shutdown=Shutdown(),
            clock=StoppedClock(),
        ).run()

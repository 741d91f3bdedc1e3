"""Tests of the units and the backup in `deploy/systemd/`."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from configparser import ConfigParser
from pathlib import Path

import pytest

from clau_doom.config import ExperimentConfig, to_yaml
from clau_doom.domain.events import ExperimentStarted
from clau_doom.domain.experiment import Experiment, ExperimentState, Provenance
from clau_doom.storage import ExperimentFolders
from clau_doom.storage.stored_inputs import CFG

DEPLOY = Path(__file__).parents[3] / "deploy" / "systemd"


def unit(name: str) -> ConfigParser:
    parser = ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(DEPLOY / name)
    return parser


def test_units_pass_systemd_analyze(tool: Callable[[str, str], str], tmp_path: Path) -> None:
    """`systemd-analyze verify` finds a misspelt setting."""
    for path in DEPLOY.glob("clau-doom*"):
        text = path.read_text().replace("/opt/clau-doom/bin/clau-doom", sys.executable)
        (tmp_path / path.name).write_text(text.replace("/opt/clau-doom/bin/python", sys.executable))
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["clau-doom-backup.service", "clau-doom-backup.timer", "clau-doom.service"]

    def verified() -> "subprocess.CompletedProcess[str]":
        command = [tool("systemd-analyze", "systemd"), "verify", "--man=no", *(str(tmp_path / name) for name in names)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    done = verified()
    assert done.returncode == 0, done.stderr
    assert str(tmp_path) not in done.stderr
    with (tmp_path / "clau-doom.service").open("a") as file:
        file.write("[Service]\nRestartSecs=5\n")
    assert "RestartSecs" in verified().stderr


def test_server_has_time_to_stop_and_is_restarted() -> None:
    """The stop timeout exceeds the grace period of episodes. A configuration error stops the restarts."""
    service = unit("clau-doom.service")["Service"]
    assert float(service["TimeoutStopSec"]) > ExperimentConfig().server.grace
    assert service["SuccessExitStatus"] == "143"
    assert (service["Restart"], service["RestartPreventExitStatus"]) == ("on-failure", "2")
    assert service["Environment"] == "CLAU_DOOM_OUTPUT_DIR=/var/lib/clau-doom/runs"
    assert unit("clau-doom-backup.service")["Service"]["ExecStart"].split()[2] == "/var/lib/clau-doom/runs"


def backup(*words: object) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, DEPLOY / "backup", *words]
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)


async def test_running_experiment_is_backed_up(tmp_path: Path) -> None:
    """The copy has all committed data and is writable. A damaged experiment does not block other copies."""
    runs, config = ExperimentFolders(tmp_path / "runs"), ExperimentConfig(name="lab")
    text = to_yaml(config)
    experiment = Experiment(id="lab", uuid="4f8", seed=1, config_yaml=text, provenance=Provenance(facts=()))
    folder = runs.create(experiment, {CFG: b"living_reward = 1"})
    (tmp_path / "runs" / "damaged").mkdir()
    (tmp_path / "runs" / "damaged" / "results.sqlite").write_bytes(b"no database" * 100)
    (tmp_path / "runs" / "waiting").mkdir()
    os.mkfifo(tmp_path / "runs" / "waiting" / "results.sqlite")

    async def copied() -> "subprocess.CompletedProcess[str]":
        async with folder.write() as store:
            await store.append([ExperimentStarted(resumed=False, generations=1, config_yaml=text)], running_seconds=0.0)
            return await asyncio.to_thread(backup, tmp_path / "runs", tmp_path / "backups")

    done = await copied()
    assert done.returncode == 1
    assert "damaged is not copied" in done.stderr
    assert "waiting is not copied: results.sqlite is not a regular file" in done.stderr
    (copy,) = (tmp_path / "backups").iterdir()

    async def state() -> ExperimentState:
        async with ExperimentFolders(copy).open("lab").write() as store:
            return (await store.snapshot()).state

    assert await state() is ExperimentState.RUNNING
    assert (copy / "lab" / "config.yaml").read_text() == text
    assert ExperimentFolders(copy).open("lab").inputs.read(CFG) == b"living_reward = 1"


def test_newest_backups_are_kept(tmp_path: Path) -> None:
    """Only older copies are removed."""
    (tmp_path / "runs").mkdir()
    for name in ("20260101T000000Z", "20260102T000000Z", "notes"):
        (tmp_path / "backups" / name).mkdir(parents=True)
    assert backup(tmp_path / "runs", tmp_path / "backups", 2).returncode == 0
    kept = sorted(path.name for path in (tmp_path / "backups").iterdir())
    assert len(kept) == 3
    assert kept[0] == "20260102T000000Z"
    assert "notes" in kept


@pytest.mark.parametrize("words", [[], ["nowhere", "backups"]])
def test_backup_usage_error_is_one_line(words: list[str]) -> None:
    done = backup(*words)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)

"""Tests of a server with damaged experiments in its folder."""

import json
import os
import shutil
import signal
from pathlib import Path
from typing import Any

CASES = Path(__file__).parents[1] / "cases"


def test_server_starts_with_damaged_experiments(service: Any) -> None:
    """Each damaged experiment, FIFO and copy is refused with one line."""
    runs = service.folder / "runs"
    damaged = ("db-champ-missing", "db-no-configs", "db-parents-cycle", "db-state")
    sources = {"gen": "db-provenance", "gen-copy": "db-provenance"} | {name: name for name in damaged}
    for name, case in sources.items():
        (runs / name).mkdir(parents=True)
        shutil.copy(CASES / case / "gen" / "results.sqlite", runs / name)
    for name, file in (("fifo", "results.sqlite"), ("fifo-lock", "lock")):
        shutil.copytree(runs / "gen", runs / name)
        (runs / name / file).unlink(missing_ok=True)
        os.mkfifo(runs / name / file)
    service.start()
    listed = service.run("status", "--json")
    assert [each["id"] for each in json.loads(listed.stdout)["experiments"]] == ["gen"]
    for name in ("db-state", "fifo-lock"):
        asked = service.run("status", name)
        assert (asked.returncode, asked.stderr.count("\n"), "damaged" in asked.stderr) == (1, 1, True), asked.stderr
    copy = service.run("resume", "gen-copy")
    assert (copy.returncode, "is a copy of experiment gen" in copy.stderr) == (2, True), copy.stderr
    assert service.stop(signal.SIGTERM) == 143

"""Tests of the output, warnings and log records of a policy that the orchestrator loads."""

import logging
import sys
import threading
import warnings
from io import StringIO
from pathlib import Path

import pytest

from clau_doom.app.policy_output_suppression import contained_output
from clau_doom.app.run_planning import plan_config
from clau_doom.config import CustomPolicyConfig, ExperimentConfig
from clau_doom.logs import configure_logs

POLICY = """
import logging, sys, warnings
from clau_doom.domain import Gene, GenomeSpace
from clau_doom.ports import Needs

print("imported")
logging.basicConfig(level=logging.DEBUG, force=True)
warnings.simplefilter("always")

class Loud:
    needs = Needs()
    def __init__(self, facts):
        print("made", file=sys.stderr)
        warnings.warn("odd")
        logging.getLogger("mine").error("bad")
    @property
    def space(self):
        print("asked")
        return GenomeSpace((Gene.real("a", 0.0, 1.0),))
    def begin(self, genome, rng):
        raise NotImplementedError
"""


def test_output_of_a_policy_is_suppressed_during_planning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Neither stream contains a line of the policy, and logging and warnings keep their configuration."""
    (tmp_path / "loud_policy.py").write_text(POLICY)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    handlers, filters = [*logging.getLogger().handlers], [*warnings.filters]
    plan = plan_config(ExperimentConfig(policy=CustomPolicyConfig(target="loud_policy:Loud")), tmp_path / "runs")
    assert len(plan.space) == 1
    assert capfd.readouterr() == ("", "")
    assert (logging.getLogger().handlers, [*warnings.filters]) == (handlers, filters)


def test_other_records_are_logged_during_the_load(monkeypatch: pytest.MonkeyPatch) -> None:
    """Records of other threads, and of clau-doom in the loading thread, are logged during the load."""
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    configure_logs(stream := StringIO(), json=True)
    with contained_output():
        logging.getLogger("policy").error("of the policy")
        logging.getLogger("clau_doom.x").error("of ours")
        other = threading.Thread(target=lambda: logging.getLogger("other").error("of another thread"))
        other.start()
        other.join()
        print("printed")
        late = logging.StreamHandler(sys.stderr)
    late.emit(logging.makeLogRecord({"msg": "a handler that a policy has kept"}))
    logging.getLogger("policy").error("afterwards")
    assert [line.partition('"event": "')[2].partition('"')[0] for line in stream.getvalue().splitlines()] == [
        "of ours",
        "of another thread",
        "afterwards",
    ]

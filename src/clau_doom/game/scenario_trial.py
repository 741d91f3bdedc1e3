"""Trial of a scenario in a child process: its engine must start and begin an episode.

ViZDoom 1.3 crashes Python if an engine ends during its start, and waits without a time limit if the engine hangs. A
scenario is therefore tried in a child process with a time limit. The engine's console output is captured.
"""

import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from clau_doom.config import ScenarioConfig
from clau_doom.error_description import describe
from clau_doom.errors import ClauDoomError, EngineCrashed
from clau_doom.game.engine import VizdoomEngine
from clau_doom.game.engine_launch_script import LOG_FILE, sweep
from clau_doom.game.scenarios import Scenario, ScenarioFiles, resolve
from clau_doom.ports import Action, Needs

__all__ = ["try_scenario"]

_LIMIT = 30.0
"""Seconds for imports, engine start and a few decisions, which take one second on an idle core."""
_DECISIONS = 10
_LINES, _LONGEST = 4, 500
_NOT_TEXT = re.compile(r"[^ -~]+")


def try_scenario(scenario: Scenario, *, limit: float = _LIMIT) -> None:
    """Start an engine in a child process and play a few decisions.

    Args:
        scenario: Scenario to play.
        limit: Seconds after which the child is killed.

    Raises:
        EngineCrashed: The engine does not start, hangs, or does not begin an episode; the message has its last output.
    """
    facts = scenario.facts
    config = ScenarioConfig.model_construct(
        name=str(scenario.cfg),
        frame_skip=facts.frame_skip,
        doom_skill=facts.doom_skill,
        timeout=facts.timeout,
        resolution=f"{facts.resolution[0]}x{facts.resolution[1]}",
    )
    with tempfile.TemporaryDirectory(prefix="clau-doom-trial-") as name:
        folder = Path(name)
        # -P: a module in the user's folder must not replace a module of Python.
        command = [sys.executable, "-P", "-c", "from clau_doom.game import scenario_trial; scenario_trial.run()"]
        command += [config.model_dump_json(), str(scenario.wad or ""), str(scenario.game), name]
        log = folder / "child.log"
        try:
            with log.open("wb") as output:  # not a pipe, which an orphaned engine would keep open
                done = subprocess.run(  # noqa: S603 - runs a module of this package, without a shell
                    command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False, timeout=limit
                )
        except subprocess.TimeoutExpired:
            problem = f"did not start within {limit:g} s"
        else:
            if done.returncode == 0:
                return
            problem = f"did not start: {_last_lines(log, 1)}" if done.returncode > 0 else "ended at its start"
        finally:
            sweep(folder)
        printed = _last_lines(folder / LOG_FILE, _LINES)
    raise EngineCrashed(f"the engine of {facts.name} {problem}{f' (it printed: {printed})' if printed else ''}")


def run() -> None:
    """Play the scenario given on the command line; entry point of the child process."""
    text, wad, game, folder = sys.argv[1:]
    signal.alarm(2 * int(_LIMIT))  # in case the parent has ended
    try:
        files = ScenarioFiles(wad=Path(wad) if wad else None, game=Path(game))
        scenario = resolve(ScenarioConfig.model_validate_json(text), files)
        engine = VizdoomEngine(scenario, Path(folder), console=True)
        engine.start(Needs(), record=False)
        engine.begin(1)
        for _ in range(_DECISIONS):
            if engine.act(Action([0.0] * len(scenario.facts.buttons), 1)) is None:
                break
        engine.close()
    except ClauDoomError as error:
        sys.exit(describe(error))


def _last_lines(log: Path, count: int) -> str:
    """Return the last lines of a log that are not empty, as one line of printable text."""
    try:
        output = log.read_bytes()
    except OSError:  # only Linux has a log of the engine
        return ""
    lines = (_NOT_TEXT.sub(" ", line).strip() for line in output.decode(errors="replace").splitlines())
    return " / ".join([line for line in lines if line][-count:])[-_LONGEST:]

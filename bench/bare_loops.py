"""Hand-written ViZDoom loops on pinned cores, with the policy, observations and seeds of a run.

``python -m bench.bare_loops JOB INDEX`` runs one loop in a separate process. All loops of a job play concurrently and
play twice: first with the policy, which records its actions, then with the recorded actions and without a policy.
"""

import json
import os
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import vizdoom as vzd
from pydantic import TypeAdapter

from bench.child_processes import run_children
from bench.throughput_sample import Sample, total
from clau_doom.config import PolicyConfig, ScenarioConfig
from clau_doom.domain import Genome, generator
from clau_doom.game import Scenario, resolve
from clau_doom.game.object_kinds import seen_objects
from clau_doom.policies import make_policy
from clau_doom.ports import Observation, Policy, SeenObject

# Time limit of a loop: a constant in seconds, plus a multiple of the run's duration. A loop plays the episodes twice.
# Temporary load can slow the machine down by a factor of several.
_LEAST_PATIENCE, _PATIENCE = 120.0, 20.0


@dataclass(frozen=True, kw_only=True)
class Job:
    """Episodes and settings of the loops.

    Attributes:
        folder: Folder for synchronisation and results.
        scenario: The scenario's section, as JSON.
        policy: The policy's section, as JSON.
        episodes: Genome and seed of each episode.
        cores: Core of each loop.
        seconds: Seconds that the run needed for these episodes; it determines the time limit.
        flat: Draw floors without textures, like our engines for policies that do not use the screen.
    """

    folder: str
    scenario: str
    policy: str
    episodes: tuple[tuple[tuple[float, ...], int], ...]
    cores: tuple[int, ...]
    seconds: float
    flat: bool = False

    @property
    def patience(self) -> float:
        """Time limit of the loops in seconds."""
        return _LEAST_PATIENCE + _PATIENCE * self.seconds


_JOB = TypeAdapter(Job)
_POLICY: TypeAdapter[PolicyConfig] = TypeAdapter(PolicyConfig)
Actions = list[tuple[list[float], int]]


def bare_loops(job: Job) -> tuple[Sample, Sample]:
    """Play a job and return the total results of the policy loops and the replaying loops."""
    folder = Path(job.folder)
    path = folder / "job.json"
    path.write_bytes(_JOB.dump_json(job))
    commands = [["-m", "bench.bare_loops", str(path), str(index)] for index in range(len(job.cores))]
    run_children(commands, folder / "loops.log", job.patience)
    results = [json.loads((folder / f"result-{index}.json").read_text()) for index in range(len(job.cores))]
    played, replayed = ([Sample(**result[kind]) for result in results] for kind in ("played", "replayed"))
    return total(played), total(replayed)


def main() -> None:
    """Run one loop; entry point of the child process."""
    job = _JOB.validate_json(Path(sys.argv[1]).read_bytes())
    index = int(sys.argv[2])
    folder = Path(job.folder)
    os.sched_setaffinity(0, {job.cores[index]})
    scenario = resolve(ScenarioConfig.model_validate_json(job.scenario))
    policy = make_policy(_POLICY.validate_json(job.policy), scenario.facts)
    episodes = job.episodes[index :: len(job.cores)]
    work = folder / f"work-{index}"
    (work / "_vizdoom").mkdir(parents=True)
    os.chdir(work)
    game = new_game(scenario, policy)
    if job.flat:
        game.send_game_command("r_drawflat 1")
    _meet(job, "play", index)
    played, actions = play_episodes(game, scenario, policy, episodes)
    _meet(job, "replay", index)
    replayed = _replay(game, episodes, actions)
    game.close()
    result = {"played": asdict(played), "replayed": asdict(replayed)}
    (folder / f"result-{index}.json").write_text(json.dumps(result))


def _meet(job: Job, name: str, index: int) -> None:
    """Wait until all loops have reached this point."""
    folder = Path(job.folder)
    (folder / f"{name}-{index}").touch()
    end = time.monotonic() + job.patience
    while not all((folder / f"{name}-{other}").exists() for other in range(len(job.cores))):
        if time.monotonic() > end:
            sys.exit(f"loop {index}: the others did not come to {name}")
        time.sleep(0.001)


def new_game(scenario: Scenario, policy: Policy, launcher: Path | None = None) -> vzd.DoomGame:
    """Return a started engine with the usual settings for a policy.

    Args:
        scenario: Scenario to play.
        policy: The policy; only the inputs that it needs are rendered.
        launcher: Program that starts the engine in place of ViZDoom's own, or None.
    """
    facts = scenario.facts
    width, height = facts.resolution
    game = vzd.DoomGame()
    game.load_config(str(scenario.cfg))
    game.set_doom_skill(facts.doom_skill)
    game.set_episode_timeout(facts.timeout)
    game.set_screen_resolution(getattr(vzd.ScreenResolution, f"RES_{width}X{height}"))
    game.set_screen_format(vzd.ScreenFormat.GRAY8)
    game.set_available_game_variables([getattr(vzd.GameVariable, name) for name in facts.variables])
    game.set_labels_buffer_enabled(policy.needs.objects)
    game.set_depth_buffer_enabled(False)
    game.set_automap_buffer_enabled(False)
    game.set_objects_info_enabled(False)
    game.set_sectors_info_enabled(False)
    game.set_window_visible(False)
    game.set_sound_enabled(False)
    game.set_mode(vzd.Mode.PLAYER)
    if launcher:
        game.set_vizdoom_path(str(launcher))
    game.init()
    return game


def play_episodes(
    game: vzd.DoomGame, scenario: Scenario, policy: Policy, episodes: Any
) -> tuple[Sample, list[Actions]]:
    """Play episodes given by genome and seed; return their results and actions."""
    skip, needs = scenario.facts.frame_skip, policy.needs
    kinds: dict[tuple[str, str], str | None] = {}
    log: list[Actions] = []
    decisions = tics = 0
    started = time.perf_counter()
    for genome, seed in episodes:
        decide = policy.begin(Genome(genome), generator(seed, "policy"))
        game.set_seed(seed)
        game.new_episode()
        actions: Actions = []
        first = game.get_episode_time()
        while not game.is_episode_finished():
            state = game.get_state()
            variables = np.asarray(state.game_variables, dtype=np.float64)
            objects: list[SeenObject] = seen_objects(state.labels or (), kinds) if needs.objects else []
            tic = game.get_episode_time() - first
            action = decide(Observation(variables, tic, objects, state.screen_buffer if needs.screen else None))
            held = action.tics or skip
            game.make_action(action.buttons, held)
            actions.append(([*action.buttons], held))
        tics += game.get_episode_time() - first
        decisions += len(actions)
        log.append(actions)
    return Sample(decisions=decisions, tics=tics, seconds=time.perf_counter() - started), log


def _replay(game: vzd.DoomGame, episodes: Any, log: list[Actions]) -> Sample:
    decisions = tics = 0
    started = time.perf_counter()
    for (_, seed), actions in zip(episodes, log, strict=True):
        game.set_seed(seed)
        game.new_episode()
        first = game.get_episode_time()
        for buttons, held in actions:
            game.make_action(buttons, held)
        tics += game.get_episode_time() - first
        decisions += len(actions)
    return Sample(decisions=decisions, tics=tics, seconds=time.perf_counter() - started)


if __name__ == "__main__":
    main()

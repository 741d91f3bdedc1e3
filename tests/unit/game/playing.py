"""Player of random episodes, also a script for other processes."""

import hashlib
import json
import random
import struct
import sys
import time
from pathlib import Path

from clau_doom.config import ScenarioConfig
from clau_doom.domain import Measures
from clau_doom.game import VizdoomEngine, resolve
from clau_doom.ports import Action, Engine, Needs, Observation


def choose(engine: Engine, rng: random.Random) -> Action:
    values = [rng.uniform(-8, 8) if "DELTA" in name else rng.randint(0, 1) for name in engine.facts.buttons]
    return Action(values, rng.randint(0, engine.facts.frame_skip))


def play(engine: Engine, seed: int) -> tuple[Measures, str]:
    """Play at random. Return the measures and a hash over every decision's variables and action."""
    digest, rng = hashlib.sha256(), random.Random(seed)
    seen: Observation | None = engine.begin(seed)
    while seen is not None:
        action = choose(engine, rng)
        digest.update(seen.variables.tobytes())
        digest.update(struct.pack(f"<{len(action.buttons)}di", *action.buttons, action.tics))
        seen = engine.act(action)
    return engine.measures(), digest.hexdigest()


def main(task: str, name: str, folder: str, seeds: list[int]) -> None:
    engine = VizdoomEngine(resolve(ScenarioConfig(name=name)), Path(folder))
    engine.start(Needs(objects=True), record=False)
    if task == "wait":
        engine.begin(1)
        assert engine.process is not None
        print(engine.process.pid, engine.process.instance, flush=True)
        time.sleep(60)
    print(json.dumps([repr(play(engine, seed)) for seed in seeds]))
    engine.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], [int(seed) for seed in sys.argv[4:]])

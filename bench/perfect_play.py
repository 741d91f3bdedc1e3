"""Maximum reward of ``basic``, found by exhaustive search of candidate action sequences.

``python -m bench.perfect_play --runs FOLDER ID`` plays the held-out seeds of an experiment on ``basic`` repeatedly. A
candidate moves to one side for a number of tics, fires its first round, and then moves on or stands still. The search
covers both sides and all numbers of tics. The best reward of a seed is higher than an agent can reach, because an agent
does not know the outcome in advance. The mean of these rewards is the reference for a champion's mean.
"""

import argparse
import asyncio
import contextlib
import math
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

import vizdoom as vzd

from bench.bare_loops import new_game
from clau_doom.app.catalog.stored_experiments import read_experiment
from clau_doom.domain import Purpose, baseline_id
from clau_doom.game import resolve
from clau_doom.policies import RandomPolicy

_LATEST = 45
"""Tics after which the player has reached the far end of the wall."""
_FLIGHT = 14
"""Tics after which a fired round has hit or missed."""


def main() -> None:
    """Search and print the maximum reward."""
    parser = argparse.ArgumentParser(prog="python -m bench.perfect_play", description=__doc__)
    parser.add_argument("id", help="an experiment on basic that has run to its end")
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="the folder that it is in (default: runs)")
    options = parser.parse_args()
    stored = asyncio.run(read_experiment(options.runs, options.id, measured=False))
    played = stored.snapshot.judging[Purpose.HELD_OUT, baseline_id(options.id)]
    scenario = resolve(stored.config.scenario)
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):  # folder for files that the engine writes
        game = new_game(scenario, RandomPolicy(scenario.facts))
        best = [max(_rewards(game, episode.outcome.seed)) for episode in played]
        game.close()
    half = 1.96 * statistics.stdev(best) / math.sqrt(len(best))
    print(f"perfect play: {statistics.fmean(best):.2f} +- {half:.2f} over {len(best)} held-out episodes")


def _rewards(game: vzd.DoomGame, seed: int) -> Iterator[float]:
    for side in (0, 1):
        for tics in range(_LATEST):
            for goes_on in (False, True):
                yield _reward(game, seed, side, tics, goes_on=goes_on)


def _reward(game: vzd.DoomGame, seed: int, side: int, tics: int, *, goes_on: bool) -> float:
    game.set_seed(seed)
    game.new_episode()
    for tic in range(tics + _FLIGHT):
        if game.is_episode_finished():
            return float(game.get_total_reward())
        fires = tic >= tics
        moves = [float(other == side and (goes_on or not fires)) for other in (0, 1)]
        game.make_action([*moves, float(fires)], 1)
    return float(game.get_total_reward()) if game.is_episode_finished() else -math.inf


if __name__ == "__main__":
    main()

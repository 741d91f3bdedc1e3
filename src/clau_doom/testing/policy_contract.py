"""Contract suite for policies, and synthetic observations for it."""

import hashlib
import struct
from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from clau_doom.domain import GeneKind, Genome, GenomeSpace, generator
from clau_doom.ports import Action, Observation, Policy, ScenarioFacts, SeenObject

__all__ = ["actions_sha256", "check_action", "check_policy", "drawn_genome", "synthetic_observations"]

_NAMES = (
    ("Demon", "enemy"),
    ("DoomImp", "enemy"),
    ("DoomImpBall", "projectile"),
    ("Medikit", "pickup"),
    ("Clip", "pickup"),
    ("Poison", "hazard"),
    ("TechPillar", "other"),
)


def synthetic_observations(facts: ScenarioFacts, seed: int, count: int) -> Iterator[Observation]:
    """Yield observations that a scenario with these facts could give: moving objects around a walking player.

    They depend on the arguments only. They contain objects and a screen even if the policy does not need them.

    Args:
        facts: The scenario. Its variables and resolution decide the shapes.
        seed: Seed of the episode.
        count: Number of decisions.
    """
    rng = generator(seed, "synthetic observations")
    width, height = facts.resolution
    kinds = [_NAMES[int(choice)] for choice in rng.integers(len(_NAMES), size=12)]
    places = rng.uniform(-800.0, 800.0, size=(12, 3))
    speeds = rng.uniform(-12.0, 12.0, size=(12, 3))
    tic = 0
    for _ in range(count):
        known = {
            "HEALTH": float(rng.integers(1, 101)),
            "SELECTED_WEAPON_AMMO": float(rng.integers(0, 51)),
            "ATTACK_READY": float(rng.integers(2)),
            "POSITION_X": float(rng.uniform(-50.0, 50.0)),
            "POSITION_Y": float(rng.uniform(-50.0, 50.0)),
            "ANGLE": float(rng.uniform(0.0, 360.0)),
        }
        variables = np.array([known.get(name, 0.0) for name in facts.variables])
        objects = [
            _seen(number, kinds[number], places[number], speeds[number], rng.integers(width, size=4).tolist())
            for number in np.flatnonzero(rng.random(12) < 0.5).tolist()
        ]
        screen = rng.integers(256, size=(height, width), dtype=np.uint8)
        yield Observation(variables, tic, objects, screen)
        tics = int(rng.integers(1, facts.frame_skip + 1))
        tic, places = tic + tics, places + tics * speeds


def _seen(number: int, what: tuple[str, str], place: np.ndarray, speed: np.ndarray, box: list[int]) -> SeenObject:
    x, y, wide, tall = box
    position = (float(place[0]), float(place[1]), float(place[2]))
    velocity = (float(speed[0]), float(speed[1]), float(speed[2]))
    return SeenObject(number, *what, x, y, wide // 8 + 1, tall // 8 + 1, position, velocity)


def drawn_genome(space: GenomeSpace, seed: int) -> Genome:
    """Return a genome drawn uniformly from a space."""
    rng = generator(seed, "drawn genome")
    values = (
        rng.uniform(gene.low, gene.high)
        if gene.kind is GeneKind.REAL
        else rng.integers(int(gene.low), int(gene.high) + 1)
        for gene in space.genes
    )
    return Genome(tuple(float(value) for value in values))


def actions_sha256(policy: Policy, facts: ScenarioFacts, genome: Genome, seed: int, count: int) -> str:
    """Return the hash of a policy's actions for an episode of synthetic observations.

    Raises:
        AssertionError: An action is invalid for this scenario.
    """
    digest = hashlib.sha256()
    decide = policy.begin(genome, generator(seed, "policy"))
    for observation in synthetic_observations(facts, seed, count):
        digest.update(_encoded(decide(observation), facts))
    return digest.hexdigest()


def check_action(action: Action, facts: ScenarioFacts) -> None:
    """Check that an engine would accept an action.

    Raises:
        AssertionError: The action does not have one finite value for each button, or its number of tics is negative or
            too large.
    """
    assert len(action.buttons) == len(facts.buttons), f"{action} needs one value for each of {facts.buttons}"
    assert np.isfinite(action.buttons).all(), f"{action} has a value that is not finite"
    assert 0 <= action.tics <= facts.frame_skip, f"{action} is held for more than {facts.frame_skip} tics"


def _encoded(action: Action, facts: ScenarioFacts) -> bytes:
    check_action(action, facts)
    return struct.pack(f"<{len(facts.buttons)}dI", *action.buttons, action.tics)


def check_policy(policy: Policy, again: Policy, facts: ScenarioFacts, *, count: int = 100) -> None:
    """Check that a policy fulfils the port's contract on synthetic episodes.

    Args:
        policy: A policy created for `facts`.
        again: The same policy, created again, as in another process.
        facts: The scenario.
        count: Decisions in each episode.

    Raises:
        AssertionError: The policy violates the contract; the message names the rule.
    """
    assert policy.space == again.space, "the gene space differs from one policy object to the next"
    names = sorted(gene.name for gene in policy.space.genes)
    assert all(first != second for first, second in pairwise(names)), "two genes share a name"
    for seed in range(3):
        genome = policy.space.check(drawn_genome(policy.space, seed))
        first = actions_sha256(policy, facts, genome, seed, count)
        assert first == actions_sha256(again, facts, genome, seed, count), "two policy objects act differently"
        actions_sha256(policy, facts, drawn_genome(policy.space, seed + 100), seed + 100, count)
        assert first == actions_sha256(policy, facts, genome, seed, count), "an episode depends on earlier episodes"
        assert first == _interleaved(policy, facts, genome, seed, count), "interleaved episodes affect each other"


def _interleaved(policy: Policy, facts: ScenarioFacts, genome: Genome, seed: int, count: int) -> str:
    """Return the hash of an episode during which the same policy plays another episode."""
    other = policy.begin(genome, generator(seed + 1, "policy"))
    others = synthetic_observations(facts, seed + 1, count)
    digest = hashlib.sha256()
    decide = policy.begin(genome, generator(seed, "policy"))
    for observation, other_observation in zip(synthetic_observations(facts, seed, count), others, strict=True):
        digest.update(_encoded(decide(observation), facts))
        other(other_observation)
    return digest.hexdigest()

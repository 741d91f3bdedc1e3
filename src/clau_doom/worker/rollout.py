"""Policy x engine x seed -> episode: the innermost loop."""

import hashlib
import time
from array import array
from dataclasses import dataclass

from clau_doom.domain import EpisodeOutcome, Genome, generator
from clau_doom.errors import PolicyFailed
from clau_doom.ports import Action, Decide, Engine, Observation, Policy
from clau_doom.worker.phase import PhasePage

__all__ = ["Rollout", "play"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Rollout:
    """One finished episode, as it was played here.

    Attributes:
        outcome: What happened.
        seconds: Wall time.
    """

    outcome: EpisodeOutcome
    seconds: float


def play(
    engine: Engine, policy: Policy, genome: Genome, seed: int, page: PhasePage, *, begun: Observation | None = None
) -> Rollout:
    """Play one episode to its end.

    The trajectory's hash is SHA-256 over, for every decision, the observed variables and the action's buttons as
    little-endian doubles and its tics as one more.

    Args:
        engine: A started engine.
        policy: Whose genome it is.
        genome: The agent's genes.
        seed: The engine's seed; the policy's generator is seeded from it too.
        page: Where to say whose turn it is.
        begun: What is seen first, where the engine has begun the episode on this seed already.

    Raises:
        PolicyFailed: The policy raised, or its action is none.
        EngineCrashed: The engine is gone.
    """
    started = time.perf_counter()
    observation: Observation | None = begun or engine.begin(seed)
    # Hashed at the end: between two turns of the engine, which empties the caches, a digest's update is dear.
    trajectory: list[bytes] = []
    try:
        page.turn()
        decide = _begin(policy, genome, seed)
        page.turn()
        while observation is not None:
            trajectory.append(observation.variables.tobytes())
            page.turn()
            action = _decide(decide, observation)
            page.turn()
            trajectory.append(_encode(action))
            observation = engine.act(action)
    finally:
        page.settle()
    digest = hashlib.sha256(b"".join(trajectory)).hexdigest()
    outcome = EpisodeOutcome(seed=seed, measures=engine.measures(), trajectory_sha256=digest)
    return Rollout(outcome=outcome, seconds=time.perf_counter() - started)


def _begin(policy: Policy, genome: Genome, seed: int) -> Decide:
    try:
        return policy.begin(genome, generator(seed, "policy"))
    except (Exception, SystemExit) as error:
        raise PolicyFailed(f"the policy raised {type(error).__name__} as it began: {error}") from error


def _decide(decide: Decide, observation: Observation) -> Action:
    try:
        return decide(observation)
    except (Exception, SystemExit) as error:
        raise PolicyFailed(f"the policy raised {type(error).__name__}: {error}") from error


def _encode(action: Action) -> bytes:
    try:
        values = array("d", [*action.buttons])
        values.append(action.tics)
    except Exception as error:  # what a policy returns is its own code, and may raise anything when looked at
        raise PolicyFailed(f"the policy returned {action!r:.80}, which is no action: {error}") from error
    return values.tobytes()

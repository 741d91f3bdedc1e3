"""Policy x engine x seed -> episode: the innermost loop."""

import time
from dataclasses import dataclass
from typing import cast

from clau_doom.domain import EpisodeOutcome, Genome, generator
from clau_doom.errors import AgentUnreachable, PolicyFailed, words
from clau_doom.ports import Decide, Engine, Observation, Policy, Repeating
from clau_doom.worker.peephole import Peephole
from clau_doom.worker.phase import PhasePage

__all__ = ["Rollout", "play"]

_NEVER = (0,)


@dataclass(frozen=True, kw_only=True, slots=True)
class Rollout:
    """One finished episode, as it was played here.

    Attributes:
        outcome: What happened.
        seconds: Wall time.
        actions: What was done, as the trajectory's hash takes it in.
        repeated: Decisions that were made by performing the last action again.
    """

    outcome: EpisodeOutcome
    seconds: float
    actions: bytes
    repeated: int = 0


def play(
    engine: Engine,
    policy: Policy,
    genome: Genome,
    seed: int,
    page: PhasePage,
    *,
    begun: Observation | None = None,
    peephole: Peephole | None = None,
    task: int = 0,
) -> Rollout:
    """Play one episode to its end.

    Args:
        engine: A started engine.
        policy: Whose genome it is.
        genome: The agent's genes.
        seed: The engine's seed; the policy's generator is seeded from it too.
        page: Where to say whose turn it is.
        begun: What is seen first, where the engine has begun the episode on this seed already.
        peephole: Where a picture is left when somebody asks for one, or None.
        task: What the picture calls the episode.

    Raises:
        PolicyFailed: The policy raised, or its action is none.
        EngineCrashed: The engine is gone.
        AgentUnreachable: The policy decides in another program, which cannot be reached; the engine can go on.
    """
    started = time.perf_counter()
    observation: Observation | None = begun or engine.begin(seed)
    act, turn = engine.act, page.turn
    asked = peephole.asked if peephole else _NEVER
    try:
        turn()
        decide = _begin(policy, genome, seed)
        turn()
        while observation is not None:
            turn()
            try:
                action = decide(observation)
            except (AgentUnreachable, PolicyFailed):
                raise
            except (Exception, SystemExit) as error:
                raise PolicyFailed(f"the policy raised {type(error).__name__}: {words(error)}") from error
            turn()
            observation = act(action)
            if asked[0] and observation is not None and peephole is not None:
                peephole.show(task, engine, observation, action)
    finally:
        page.settle()
    outcome = EpisodeOutcome(seed=seed, measures=engine.measures(), trajectory_sha256=engine.trajectory_sha256())
    agent = cast("object", decide)
    repeated = agent.repeated if isinstance(agent, Repeating) else 0
    seconds = time.perf_counter() - started
    return Rollout(outcome=outcome, seconds=seconds, actions=engine.actions(), repeated=repeated)


def _begin(policy: Policy, genome: Genome, seed: int) -> Decide:
    try:
        return policy.begin(genome, generator(seed, "policy"))
    except (AgentUnreachable, PolicyFailed):
        raise
    except (Exception, SystemExit) as error:
        raise PolicyFailed(f"the policy raised {type(error).__name__} as it began: {words(error)}") from error

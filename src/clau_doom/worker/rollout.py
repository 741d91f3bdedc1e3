"""Innermost loop: plays one episode of a policy on an engine and a seed."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from clau_doom.domain import EpisodeOutcome, Genome, generator
from clau_doom.error_description import error_text
from clau_doom.errors import AgentUnreachable, PolicyFailed
from clau_doom.ports import Action, Decide, Engine, Observation, Policy
from clau_doom.user_traceback import user_traceback
from clau_doom.worker.custom_measures import CustomMeasure, with_custom_measures
from clau_doom.worker.progress_page import ProgressPage
from clau_doom.worker.shared_frame import SharedFrame

__all__ = ["Rollout", "StartedEpisode", "ask_policy", "begin_policy", "play"]

_NEVER = (0,)


@dataclass(frozen=True, slots=True)
class StartedEpisode:
    """An episode that the engine has begun, before its first decision.

    Attributes:
        seen: The first observation.
        seconds: Wall time of the episode's start.
        processor_seconds: Processor time of the episode's start.
    """

    seen: Observation
    seconds: float
    processor_seconds: float

    @classmethod
    def by(cls, engine: Engine, seed: int, clock: Callable[[], float] = time.process_time) -> "StartedEpisode":
        """Begin an episode.

        Args:
            engine: A started engine.
            seed: The engine's seed.
            clock: Processor time of worker and engine, in seconds; see `processor_clock`.

        Raises:
            EngineCrashed: The engine has ended.
        """
        started, spent = time.perf_counter(), clock()
        seen = engine.begin(seed)
        return cls(seen, time.perf_counter() - started, clock() - spent)


@dataclass(frozen=True, kw_only=True, slots=True)
class Rollout:
    """A finished episode with its measurements.

    Attributes:
        outcome: Outcome of the episode.
        seconds: Wall time from the start of the episode to its outcome.
        actions: The actions, encoded as for the trajectory's hash.
        repeated: Number of decisions that repeated the last action.
        processor_seconds: Processor time in the same period, in seconds; NaN if it cannot be measured.
    """

    outcome: EpisodeOutcome
    seconds: float
    actions: bytes
    repeated: int
    processor_seconds: float


def play(
    engine: Engine,
    policy: Policy,
    genome: Genome,
    seed: int,
    page: ProgressPage,
    *,
    begun: StartedEpisode | None = None,
    shared_frame: SharedFrame | None = None,
    task: int = 0,
    measures: tuple[CustomMeasure, ...] = (),
    clock: Callable[[], float] = time.process_time,
) -> Rollout:
    """Play one episode to its end.

    Args:
        engine: A started engine.
        policy: The policy of the genome.
        genome: The agent's genes.
        seed: The engine's seed. The policy's generator is seeded from it, too.
        page: Progress page that records the start and end of each decision.
        begun: The episode, if the engine has already begun it on this seed.
        shared_frame: Shared memory for requested pictures, or None.
        task: The episode's number in the picture.
        measures: Measures of the user.
        clock: Processor time of worker and engine, in seconds; see `processor_clock`.

    Raises:
        PolicyFailed: The policy raised an error, or its action is invalid.
        MeasureFailed: A measure raised an error, or its value is not in its declared range.
        EngineCrashed: The engine has ended.
        AgentUnreachable: The program of a remote policy cannot be reached; the engine can continue.
    """
    begun = begun or StartedEpisode.by(engine, seed, clock)
    started, spent = time.perf_counter() - begun.seconds, clock() - begun.processor_seconds
    observation: Observation | None = begun.seen
    act, turn = engine.act, page.turn
    requested = shared_frame.requested if shared_frame else _NEVER
    try:
        turn()
        decide = begin_policy(policy, genome, seed)
        turn()
        while observation is not None:
            turn()
            action = ask_policy(decide, observation)
            turn()
            if requested[0] and shared_frame:
                observation = _act_and_capture(engine, action, shared_frame, task)
            else:
                observation = act(action)
    finally:
        page.settle()
    outcome = EpisodeOutcome(
        seed=seed,
        measures=with_custom_measures(engine, measures),
        trajectory_sha256=engine.trajectory_sha256(),
    )
    repeated: int = getattr(decide, "repeated", 0)  # set by a `Repeating` agent; isinstance is slower
    return Rollout(
        outcome=outcome,
        seconds=time.perf_counter() - started,
        actions=engine.actions(),
        repeated=repeated,
        processor_seconds=clock() - spent,
    )


def _act_and_capture(engine: Engine, action: Action, shared_frame: SharedFrame, task: int) -> Observation | None:
    """Perform an action as `Engine.act` does, draw the new state in full, and write its picture."""
    engine.draw(in_full=True)
    observation = engine.act(action)
    engine.draw(in_full=False)
    if observation is not None:
        shared_frame.show(task, engine, observation, action)
    return observation


def begin_policy(policy: Policy, genome: Genome, seed: int) -> Decide:
    """Return the decision function of an episode. The policy's generator is seeded from the episode's seed.

    Raises:
        PolicyFailed: The policy raised an error.
        AgentUnreachable: The program of a remote policy cannot be reached.
    """
    try:
        return policy.begin(genome, generator(seed, "policy"))
    except (AgentUnreachable, PolicyFailed, KeyboardInterrupt):
        raise
    except BaseException as error:  # a call of sys.exit included
        raise _raised(error, " as it began") from error


def ask_policy(decide: Decide, observation: Observation) -> Action:
    """Return the action of a decision function.

    Raises:
        PolicyFailed: The policy raised an error.
        AgentUnreachable: The program of a remote policy cannot be reached.
    """
    try:
        return decide(observation)
    except (AgentUnreachable, PolicyFailed, KeyboardInterrupt):
        raise
    except BaseException as error:  # a call of sys.exit included
        raise _raised(error, "") from error


def _raised(error: BaseException, when: str) -> PolicyFailed:
    text = f"the policy raised {type(error).__name__}{when}: {error_text(error)}"
    return PolicyFailed(text, traceback=user_traceback(error))

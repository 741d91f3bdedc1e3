"""First pass of a replay: performance of an episode and comparison with its record."""

import struct
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from clau_doom.domain import EpisodeOutcome, Genome, GenomeSpace
from clau_doom.domain.experiment import Provenance
from clau_doom.errors import ReplayDiffers
from clau_doom.ports import Action, Decide, Engine, Needs, Observation, Policy, SeenObject
from clau_doom.replay.episode_selection import SelectedEpisode
from clau_doom.worker import CustomMeasure, ProgressPage, play

__all__ = ["Decision", "Performance", "check", "differs", "perform"]

# Sources that affect offspring, not episodes.
_OF_OFFSPRING = frozenset({"source.evolution"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """Decision of a policy.

    Attributes:
        tic: Tics since the start of the episode.
        variables: Observed variables, float64, shape (variables,).
        objects: Observed objects, in pixels of the policy's screen; empty if the policy does not need objects.
        buttons: Values of the action, one for each button.
        tics: Tics for which the action is held.
    """

    tic: int
    variables: NDArray[np.float64]
    objects: tuple[SeenObject, ...]
    buttons: tuple[float, ...]
    tics: int


@dataclass(frozen=True, kw_only=True)
class Performance:
    """Replayed episode.

    Attributes:
        outcome: Outcome of the replay.
        decisions: All decisions, in order.
    """

    outcome: EpisodeOutcome
    decisions: tuple[Decision, ...]


def perform(
    engine: Engine,
    policy: Policy,
    genome: Genome,
    seed: int,
    page: ProgressPage,
    *,
    measures: tuple[CustomMeasure, ...] = (),
) -> Performance:
    """Play an episode as a worker does, and record all decisions.

    Args:
        engine: Engine started with the needs of the policy.
        policy: The agent's policy, or a policy that replays stored actions.
        genome: Genes of the agent.
        seed: Seed of the engine.
        page: Progress page.
        measures: Measures of the user.

    Raises:
        PolicyFailed: The policy raised or returned an invalid action.
        EngineCrashed: The engine has ended.
        AgentUnreachable: The program of a remote policy cannot be reached.
    """
    witness = _RecordingPolicy(policy)
    rollout = play(engine, witness, genome, seed, page, measures=measures)
    actions = struct.iter_unpack(f"<{len(engine.facts.buttons)}dq", rollout.actions)
    decisions = tuple(
        Decision(tic=tic, variables=variables, objects=objects, buttons=(*buttons,), tics=tics)
        for (tic, variables, objects), (*buttons, tics) in zip(witness.seen, actions, strict=True)
    )
    return Performance(outcome=rollout.outcome, decisions=decisions)


def check(choice: SelectedEpisode, outcome: EpisodeOutcome, *, then: Provenance, now: Provenance) -> None:
    """Check that a replayed episode is equal to its record, if there is one.

    Args:
        choice: The episode.
        outcome: Outcome of the replay. Measures of the user that it does not have are not compared.
        then: Provenance of the record.
        now: Provenance of the replay.

    Raises:
        ReplayDiffers: The outcomes differ; the message has the first difference and a possible cause.
    """
    if choice.episode is None:
        return
    recorded = _comparable(choice.episode.outcome, outcome)
    if recorded == outcome:
        return
    what = f"differs from the record: {_first_difference(outcome, recorded)}"
    raise differs(choice, what, then=then, now=now)


def _comparable(recorded: EpisodeOutcome, here: EpisodeOutcome) -> EpisodeOutcome:
    """Return a recorded outcome without the measures of the user that the replay did not compute."""
    computed = dict(here.measures.custom or ())
    custom = tuple((name, value) for name, value in recorded.measures.custom or () if name in computed)
    return replace(recorded, measures=replace(recorded.measures, custom=custom or None))


def differs(choice: SelectedEpisode, what: str, *, then: Provenance, now: Provenance) -> ReplayDiffers:
    """Return an error for a replay that differs, with a possible cause.

    Args:
        choice: The episode.
        what: The difference, as a predicate.
        then: Provenance of the record.
        now: Provenance of the replay; other facts of the record are ignored.
    """
    return ReplayDiffers(f"{choice.name} of {choice.agent.id} (seed {choice.seed}) {what}; {_cause(then, now)}")


class _RecordingPolicy:
    """Wrapper of a policy that records its observations; the engine records its actions."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self.seen: list[tuple[int, NDArray[np.float64], tuple[SeenObject, ...]]] = []

    @property
    def needs(self) -> Needs:
        """Needs of the wrapped policy."""
        return self._policy.needs

    @property
    def space(self) -> GenomeSpace:
        """Gene space of the wrapped policy."""
        return self._policy.space

    def begin(self, genome: Genome, rng: np.random.Generator) -> Decide:
        """Return the recorded agent for one episode."""
        decide, seen = self._policy.begin(genome, rng), self.seen

        def watched(observation: Observation) -> Action:
            # Copied first, because a policy may modify its observation.
            seen.append((observation.tic, observation.variables.copy(), tuple(observation.objects)))
            return decide(observation)

        return watched


def _first_difference(here: EpisodeOutcome, recorded: EpisodeOutcome) -> str:
    if difference := here.measures.first_difference(recorded.measures):
        name, found, kept = difference
        return f"its {name.replace('_', ' ')} is {found:g}, but the record has {kept:g}"
    return (
        f"its trajectory's SHA-256 is {here.trajectory_sha256[:12]}..., but the record has "
        f"{recorded.trajectory_sha256[:12]}..."
    )


def _cause(then: Provenance, now: Provenance) -> str:
    counts = [name for name, _ in now.facts if name not in _OF_OFFSPRING]
    then, now = (Provenance(facts=tuple((n, v) for n, v in one.facts if n in counts)) for one in (then, now))
    if difference := then.first_difference(now):
        fact, before, here = difference
        return f"it was recorded with {fact} {before}, but now it is {here}: restore it"
    return (
        "versions and sources equal those of the record: the record was changed, or the policy uses something other "
        "than its genome, its generator and its observations"
    )

"""The first pass: the episode as it was played, with what was seen and done noted, and compared with the record."""

import struct
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from clau_doom.domain import EpisodeOutcome, Genome, GenomeSpace, Measures
from clau_doom.domain.experiment import Provenance
from clau_doom.errors import ReplayDiffers
from clau_doom.ports import Action, Decide, Engine, Needs, Observation, Policy, SeenObject
from clau_doom.replay.episode_selection import Choice
from clau_doom.worker import ProgressPage, play

__all__ = ["Decision", "Performance", "check", "differs", "perform"]

# They decide who is born, and not how anybody plays.
_OF_OFFSPRING = frozenset({"source.evolution"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """One decision of an episode.

    Attributes:
        tic: Tics since the episode began.
        variables: The variables that it was made on, float64, shape (variables,).
        objects: What was seen, in the policy's pixels; empty where the policy did not ask for objects.
        buttons: The action's values, one a button.
        tics: For how many tics they are to be held.
    """

    tic: int
    variables: NDArray[np.float64]
    objects: tuple[SeenObject, ...]
    buttons: tuple[float, ...]
    tics: int


@dataclass(frozen=True, kw_only=True)
class Performance:
    """One episode, played again.

    Attributes:
        outcome: What came of it.
        decisions: Every decision, in order.
    """

    outcome: EpisodeOutcome
    decisions: tuple[Decision, ...]


def perform(engine: Engine, policy: Policy, genome: Genome, seed: int, page: ProgressPage) -> Performance:
    """Play an episode as a worker does, and note every decision.

    Args:
        engine: An engine, started with what the policy needs.
        policy: Whose genome it is, or the actions that are kept.
        genome: The agent's genes.
        seed: The engine's seed.
        page: Where to say whose turn it is.

    Raises:
        PolicyFailed: The policy raised, or its action is none.
        EngineCrashed: The engine is gone.
        AgentUnreachable: The policy decides in another program, which cannot be reached.
    """
    witness = _Witness(policy)
    rollout = play(engine, witness, genome, seed, page)
    actions = struct.iter_unpack(f"<{len(engine.facts.buttons)}dq", rollout.actions)
    decisions = tuple(
        Decision(tic=tic, variables=variables, objects=objects, buttons=(*buttons,), tics=tics)
        for (tic, variables, objects), (*buttons, tics) in zip(witness.seen, actions, strict=True)
    )
    return Performance(outcome=rollout.outcome, decisions=decisions)


def check(choice: Choice, outcome: EpisodeOutcome, *, then: Provenance, now: Provenance) -> None:
    """Do nothing if an episode that was played again is the one that is recorded, or if none is.

    Args:
        choice: The episode.
        outcome: What came of it here.
        then: What decided the record's numbers beside its configuration.
        now: What decides them here.

    Raises:
        ReplayDiffers: It is another one; the message names the first difference, and what may have caused it.
    """
    if choice.episode is None or choice.episode.outcome == outcome:
        return
    what = f"is not what is recorded: {_first_difference(outcome, choice.episode.outcome)}"
    raise differs(choice, what, then=then, now=now)


def differs(choice: Choice, what: str, *, then: Provenance, now: Provenance) -> ReplayDiffers:
    """Return the error that says what is wrong with an episode that was played again, and what may have caused it.

    Args:
        choice: The episode.
        what: What is wrong, as the rest of a sentence.
        then: What decided the record's numbers beside its configuration.
        now: What decides them here; facts that are not among these are of no account.
    """
    return ReplayDiffers(f"{choice.name} of {choice.who.id} (seed {choice.seed}) {what}; {_cause(then, now)}")


class _Witness:
    """A policy that notes what another one sees; the engine keeps what it does."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self.seen: list[tuple[int, NDArray[np.float64], tuple[SeenObject, ...]]] = []

    @property
    def needs(self) -> Needs:
        """What the other asks to see."""
        return self._policy.needs

    @property
    def space(self) -> GenomeSpace:
        """The other's genes."""
        return self._policy.space

    def begin(self, genome: Genome, rng: np.random.Generator) -> Decide:
        """Return the other's agent for one episode, watched."""
        decide, seen = self._policy.begin(genome, rng), self.seen

        def watched(observation: Observation) -> Action:
            # Copied first: a policy may write to what it is shown.
            seen.append((observation.tic, observation.variables.copy(), tuple(observation.objects)))
            return decide(observation)

        return watched


def _first_difference(here: EpisodeOutcome, recorded: EpisodeOutcome) -> str:
    for field in fields(Measures):
        found, kept = getattr(here.measures, field.name), getattr(recorded.measures, field.name)
        if found != kept:
            return f"its {field.name.replace('_', ' ')} came to {found:g} here, and the record has {kept:g}"
    return (
        f"its trajectory's SHA-256 is {here.trajectory_sha256[:12]}... here, and the record has "
        f"{recorded.trajectory_sha256[:12]}..."
    )


def _cause(then: Provenance, now: Provenance) -> str:
    counts = [name for name, _ in now.facts if name not in _OF_OFFSPRING]
    then, now = (Provenance(facts=tuple((n, v) for n, v in one.facts if n in counts)) for one in (then, now))
    if difference := then.first_difference(now):
        fact, before, here = difference
        return f"it was recorded with {fact} {before}, and here that is {here}: bring that back"
    return (
        "versions and sources are those of the record, so that either the record was changed, or the policy decides by "
        "something beside its genome, its generator and what it is shown"
    )

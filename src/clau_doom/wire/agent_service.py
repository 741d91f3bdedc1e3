"""Mapping between `claudoom.agent.v1` and the types of domain and ports, with checks of the agent's messages."""

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass

from google.protobuf.message import DecodeError

from clau_doom.domain import Gene, GeneKind, Genome, GenomeSpace
from clau_doom.errors import ConfigError, PolicyFailed
from clau_doom.ports import Needs, Observation, ScenarioFacts, SeenObject
from clau_doom.protos.claudoom.agent.v1 import agent_pb2 as pb

__all__ = [
    "DESCRIBED",
    "ActionReader",
    "AgentDescription",
    "begin_request",
    "decide_request",
    "describe_request",
    "describe_response",
    "described",
]

DESCRIBED = "clau-doom describes: "
"""Prefix of a printed description."""

MAX_GENES = 1_000_000
MAX_TEXT = 200

_KINDS = {
    pb.Gene.KIND_UNSPECIFIED: GeneKind.REAL,
    pb.Gene.KIND_REAL: GeneKind.REAL,
    pb.Gene.KIND_INTEGER: GeneKind.INTEGER,
    pb.Gene.KIND_CHOICE: GeneKind.CHOICE,
}


@dataclass(frozen=True, kw_only=True)
class AgentDescription:
    """Description that an agent returned.

    Attributes:
        space: Genes of the agent.
        objects: Whether the agent needs the visible objects.
        screen: Whether the agent needs the screen.
        version: Version of the agent. Together with the genome, it decides the agent's play.
    """

    space: GenomeSpace
    objects: bool
    screen: bool
    version: str

    @property
    def sha256(self) -> str:
        """SHA-256 of genes and needs, 64 hexadecimal digits. A changed description makes another experiment."""
        genes = [[gene.name, gene.kind, gene.low.hex(), gene.high.hex(), *gene.choices] for gene in self.space.genes]
        return hashlib.sha256(json.dumps([genes, self.objects, self.screen]).encode()).hexdigest()


def describe_request(facts: ScenarioFacts) -> pb.DescribeRequest:
    """Create the request for an agent's genes and needs in a scenario."""
    width, height = facts.resolution
    return pb.DescribeRequest(
        scenario=pb.Scenario(
            name=facts.name,
            buttons=facts.buttons,
            variables=facts.variables,
            frame_skip=facts.frame_skip,
            timeout=facts.timeout,
            width=width,
            height=height,
            doom_skill=facts.doom_skill,
        )
    )


def describe_response(space: GenomeSpace, needs: Needs, *, version: str) -> pb.DescribeResponse:
    """Create the response with the genes and needs of a policy."""
    kinds = {kind: number for number, kind in _KINDS.items() if number}
    genes = [
        pb.Gene(name=gene.name, kind=kinds[gene.kind], low=gene.low, high=gene.high, choices=gene.choices)
        for gene in space.genes
    ]
    return pb.DescribeResponse(genes=genes, objects=needs.objects, screen=needs.screen, version=version)


def described(message: pb.DescribeResponse) -> AgentDescription:
    """Parse and validate an agent's description.

    Raises:
        ConfigError: The version is missing, or a gene has an empty name, a duplicate name or invalid bounds.
    """
    if not message.version or len(message.version) > MAX_TEXT or not message.version.isprintable():
        raise ConfigError(
            f"the agent's version is {message.version[:MAX_TEXT]!r}: use 1 to {MAX_TEXT} printable characters,"
            " and change it with the behaviour of the agent"
        )
    if len(message.genes) > MAX_GENES:
        raise ConfigError(f"the agent has {len(message.genes)} genes: use at most {MAX_GENES}")
    genes = tuple(_gene(gene) for gene in message.genes)
    names = [gene.name for gene in genes]
    if twice := next((name for name in names if names.count(name) > 1), None) if len({*names}) < len(names) else None:
        raise ConfigError(f"two genes of the agent have the name {twice!r}: names must be unique")
    return AgentDescription(
        space=GenomeSpace(genes), objects=message.objects, screen=message.screen, version=message.version
    )


def _gene(message: pb.Gene) -> Gene:
    name, kind = message.name, _KINDS.get(message.kind)
    if not name or len(name) > MAX_TEXT or not name.isprintable():
        raise ConfigError(f"a gene of the agent has the name {name[:MAX_TEXT]!r}: 1 to {MAX_TEXT} printable characters")
    if kind is None:
        raise ConfigError(f"the agent's gene {name} has the unknown kind {message.kind}")
    if kind is GeneKind.CHOICE:
        choices = tuple(message.choices)
        if not choices or not all(choices) or len({*choices}) < len(choices):
            raise ConfigError(f"the agent's gene {name} has the choices {choices}: use one or more different names")
        return Gene.choice(name, choices)
    low, high = message.low, message.high
    if not (math.isfinite(low) and math.isfinite(high) and low <= high):
        raise ConfigError(f"the agent's gene {name} has the bounds {low:g} and {high:g}: use two finite numbers")
    if kind is GeneKind.INTEGER and not (low.is_integer() and high.is_integer()):
        raise ConfigError(f"the agent's gene {name} is whole, but its bounds are {low:g} and {high:g}")
    return Gene(name=name, kind=kind, low=low, high=high)


def begin_request(episode: str, genome: Genome, seed: int, buttons: Sequence[str]) -> pb.BeginRequest:
    """Create the request that begins an episode.

    Args:
        episode: Unique id of the episode.
        genome: Genome of the agent.
        seed: Seed of the agent's random numbers, below 2^64.
        buttons: Buttons of the scenario, in order.
    """
    return pb.BeginRequest(episode_id=episode, genome=genome, seed=seed, buttons=buttons)


def decide_request(episode: str, decision: int, observation: Observation) -> pb.GetActionRequest:
    """Create the request for a decision. Decisions are numbered from 0."""
    screen = observation.screen
    return pb.GetActionRequest(
        episode_id=episode,
        decision=decision,
        observation=pb.ObservationProto(
            variables=observation.variables.tolist(),
            tic=observation.tic,
            objects=[_seen_object(seen) for seen in observation.objects],
            screen=b"" if screen is None else screen.tobytes(),
        ),
    )


def _seen_object(seen: SeenObject) -> pb.SeenObject:
    return pb.SeenObject(
        id=seen.id,
        name=seen.name,
        kind=seen.kind,
        x=seen.x,
        y=seen.y,
        width=seen.width,
        height=seen.height,
        position=seen.position,
        velocity=seen.velocity,
    )


class ActionReader:
    """Parses an agent's actions: a value for each button, and a number of tics.

    Args:
        buttons: Buttons of the scenario, in order.
        frame_skip: Maximum number of tics of an action.
    """

    def __init__(self, buttons: Sequence[str], frame_skip: int) -> None:
        self._count = len(buttons)
        self._frame_skip = frame_skip
        self._one = [[float(at == pressed) for at in range(len(buttons))] for pressed in range(len(buttons))]

    def __call__(self, data: bytes) -> tuple[list[float], int]:
        """Parse an `ActionProto`, and return the button values and the number of tics. 0 tics: the frame skip.

        Raises:
            PolicyFailed: The data is malformed, a button is unknown, a value is missing or not finite, or the number of
                tics is too large.
        """
        try:
            message = pb.ActionProto.FromString(data)
        except DecodeError as error:
            raise PolicyFailed(f"the agent answered {len(data)} bytes that are not an ActionProto") from error
        if message.tics > self._frame_skip:
            raise PolicyFailed(f"the agent held an action for {message.tics} tics; use at most {self._frame_skip}")
        match message.WhichOneof("action"):
            case "action_id":
                if message.action_id >= self._count:
                    raise PolicyFailed(f"the agent pressed button {message.action_id} of {self._count} (from 0)")
                return self._one[message.action_id], message.tics
            case "buttons":
                return self._values(message.buttons), message.tics
            case _:
                return [0.0] * self._count, message.tics

    def _values(self, message: pb.Buttons) -> list[float]:
        values = [*message.values]
        if len(values) != self._count:
            raise PolicyFailed(f"the agent returned {len(values)} values for {self._count} buttons")
        if not all(map(math.isfinite, values)):
            raise PolicyFailed(f"the agent returned a value that is not finite: {values}")
        return values

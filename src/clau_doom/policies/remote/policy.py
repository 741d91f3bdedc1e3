"""Policy that requests its decisions from an external program."""

import uuid
from collections.abc import Callable

import numpy as np

from clau_doom.config import RemotePolicyConfig
from clau_doom.domain import Genome, GenomeSpace
from clau_doom.errors import AgentUnreachable, ConfigError, PolicyFailed
from clau_doom.policies.remote.grpcio_client import UnaryClient
from clau_doom.policies.remote.status import AnswerLate
from clau_doom.policies.remote.stream import NoStream, PlayStream
from clau_doom.ports import Action, Decide, Needs, Observation, ScenarioFacts
from clau_doom.protos.claudoom.agent.v1 import agent_pb2 as pb
from clau_doom.wire.agent_service import (
    ActionReader,
    AgentDescription,
    begin_request,
    decide_request,
    describe_request,
    described,
)

__all__ = ["RemotePolicy"]

_FIRST_PATIENCE = 4.0  # a run that cannot begin must fail within 5 s
_PATIENCE = 10.0  # an ended program may be restarted in this time
_SEEDS = 1 << 64


class RemotePolicy:
    """Requests each action from the agent's program, on one stream for consecutive episodes.

    The constructor reads the program's genes and needs. Each episode connects again if necessary. A program without
    `Play` is called by `GetAction`.

    Args:
        facts: Buttons, variables and resolution of the scenario.
        config: The program's address and timeouts.
        streams: Whether to use `Play` if the program implements it; otherwise always `GetAction`.

    Raises:
        ConfigError: No program answers at the address, or its answer is invalid.
    """

    def __init__(self, facts: ScenarioFacts, config: RemotePolicyConfig, *, streams: bool = True) -> None:
        self._buttons = facts.buttons
        self._reader = ActionReader(facts.buttons, facts.frame_skip)
        if config.address is None:
            raise ConfigError("policy.address is not set: set it to the address of the agent's program")
        self._config = config
        self._address = config.address
        self._described = _describe(facts, config, config.address)
        self._streams = streams
        self._prefix = uuid.uuid4().hex
        self._begun = 0
        self._stream: PlayStream | None = None
        self._calls: UnaryClient | None = None

    @property
    def needs(self) -> Needs:
        """Observations that the agent requests."""
        return Needs(objects=self._described.objects, screen=self._described.screen)

    @property
    def space(self) -> GenomeSpace:
        """Genome space with the genes that the agent describes."""
        return self._described.space

    @property
    def facts(self) -> tuple[tuple[str, str], ...]:
        """Facts for the experiment: the agent's version, and the SHA-256 of its description."""
        return (("agent.version", self._described.version), ("agent.description", self._described.sha256))

    def begin(self, genome: Genome, rng: np.random.Generator) -> Decide:
        """Begin an episode, and return the function that requests the agent's decisions.

        Raises:
            AgentUnreachable: No program listens at the address.
        """
        self._begun += 1
        seed = int(rng.integers(_SEEDS, dtype=np.uint64, endpoint=False))
        request = begin_request(f"{self._prefix}-{self._begun}", self.space.check(genome), seed, self._buttons)
        if not self._streams:
            return self._begin_by_calls(request)
        if self._stream is not None and not self._stream.usable:
            self._stream.close()
            self._stream = None
        if self._stream is None:
            self._stream = PlayStream(self._address, self._config.deadline, _PATIENCE)
        self._stream.begin(request)
        return self._episode(request, self._stream.act)

    def close(self) -> None:
        """Close open connections. The policy can be used again."""
        for opened in (self._stream, self._calls):
            if opened is not None:
                opened.close()
        self._stream = self._calls = None

    def _begin_by_calls(self, request: pb.BeginRequest) -> "_Episode":
        self._streams = False
        if self._calls is None:
            self.close()
            self._calls = UnaryClient(self._address, self._config.deadline)
        self._calls.begin(request, _PATIENCE)
        return self._episode(request, self._calls.act)

    def _episode(self, request: pb.BeginRequest, ask: Callable[[pb.GetActionRequest], bytes]) -> "_Episode":
        return _Episode(
            request.episode_id,
            ask=ask,
            read=self._reader,
            repeat=self._config.on_missed == "repeat",
            without_stream=lambda: self._begin_by_calls(request),
            idle=[0.0] * len(self._buttons),
        )


class _Episode:
    """An episode's agent, which requests an action at every decision.

    Attributes:
        ask: Function that requests one decision.
        repeated: Number of decisions that repeated the last action because the agent was late.
    """

    def __init__(
        self,
        episode: str,
        *,
        ask: Callable[[pb.GetActionRequest], bytes],
        read: ActionReader,
        repeat: bool,
        without_stream: "Callable[[], _Episode]",
        idle: list[float],
    ) -> None:
        self.ask = ask
        self.repeated = 0
        self._episode = episode
        self._read = read
        self._repeat = repeat
        self._without_stream = without_stream
        self._last = Action(idle)
        self._decision = 0

    def __call__(self, observation: Observation) -> Action:
        """Return the agent's action, or its last one if it is late and late answers are allowed."""
        request = decide_request(self._episode, self._decision, observation)
        self._decision += 1
        try:
            answer = self._asked(request)
        except AnswerLate:
            if not self._repeat:
                raise
            self.repeated += 1
            return self._last
        self._last = Action(*self._read(answer))
        return self._last

    def _asked(self, request: pb.GetActionRequest) -> bytes:
        try:
            return self.ask(request)
        except NoStream:
            self.ask = self._without_stream().ask
            return self.ask(request)


def _describe(facts: ScenarioFacts, config: RemotePolicyConfig, address: str) -> AgentDescription:
    calls, where = UnaryClient(address, config.deadline), f"policy.address {address}"
    try:
        return described(calls.describe(describe_request(facts), _FIRST_PATIENCE))
    except AgentUnreachable:
        raise ConfigError(
            f"{where}: no agent answered within {_FIRST_PATIENCE:g} s: start its program first, or correct the address"
        ) from None
    except PolicyFailed as error:
        raise ConfigError(f"{where}: the server at this address is not an agent") from error
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from error
    finally:
        calls.close()

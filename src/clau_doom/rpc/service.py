"""Servicer of OrchestratorService, which maps requests to calls of the orchestrator."""

import asyncio
from collections.abc import AsyncIterator

from clau_doom.config import ExperimentConfig, config_from_yaml, resolve_fields
from clau_doom.domain import GenomeSpace, parse_agent_id
from clau_doom.domain.agent_commands import BudgetChange
from clau_doom.errors import ClauDoomError, InvalidMessage
from clau_doom.orchestration.shielded_tasks import ShieldedTasks
from clau_doom.ports import Orchestrator, StoredExperiment
from clau_doom.protos.claudoom.orchestrator.v1 import orchestrator_pb2 as pb
from clau_doom.protos.claudoom.orchestrator.v1 import resources_pb2
from clau_doom.rpc.control_stream import control_agents
from clau_doom.rpc.event_stream import EventStream
from clau_doom.rpc.handler_wrapper import Write
from clau_doom.rpc.paging import page
from clau_doom.wire import EXPERIMENT_STATES, agent_message, config_fields, experiment_message, generation_message

__all__ = ["WORKS", "OrchestratorService"]

WORKS = frozenset({"StartExperiment", "PauseExperiment", "ResumeExperiment", "CancelExperiment", "ControlAgent"})
"""Methods that are refused while the orchestrator drains."""

_LONGEST_ID = 64

# ruff: noqa: N802 - the names come from the .proto


class OrchestratorService:
    """Servicer of the orchestrator. Methods raise errors of `clau_doom.errors`, which the wrapper maps to codes."""

    def __init__(self, orchestrator: Orchestrator, event_stream: EventStream, shielded: ShieldedTasks) -> None:
        """Serve an orchestrator and its event streams; changes are completed even if the client disconnects."""
        self._orchestrator = orchestrator
        self._event_stream = event_stream
        self._run_shielded = shielded.run

    async def StartExperiment(self, request: pb.StartExperimentRequest) -> pb.StartExperimentResponse:
        """Start an experiment."""
        if len(request.request_id) > _LONGEST_ID:
            raise InvalidMessage(
                f"request_id has {len(request.request_id)} characters: use at most {_LONGEST_ID}, such as a UUID"
            )
        config = await asyncio.to_thread(_config, request)  # parsing may take long and would block other requests
        if request.validate_only:
            return pb.StartExperimentResponse(genes=len(await self._orchestrator.check(config)))
        begun = self._orchestrator.start(config, request_id=request.request_id)
        stored, created = await self._run_shielded(begun)
        return pb.StartExperimentResponse(experiment=experiment_message(stored, whole=True), created=created)

    async def GetExperiment(self, request: pb.GetExperimentRequest) -> resources_pb2.Experiment:
        """Return an experiment."""
        return experiment_message(await self._orchestrator.experiment(request.experiment_id), whole=True)

    async def ListExperiments(self, request: pb.ListExperimentsRequest) -> pb.ListExperimentsResponse:
        """Return a page of the experiments."""
        states = {EXPERIMENT_STATES.received(number) for number in request.states}
        found, unreadable = await self._orchestrator.listing()
        stored = [each for each in found if not states or each.state in states]
        chosen, token = page(
            stored,
            lambda each: each.snapshot.experiment.id,
            size=request.page_size,
            token=request.page_token,
            listed=f"experiments {sorted(states)}",
        )
        experiments = [experiment_message(each, whole=False) for each in chosen]
        listed = [] if states or request.page_token else unreadable
        return pb.ListExperimentsResponse(
            experiments=experiments,
            next_page_token=token,
            unreadable=[pb.UnreadableExperiment(id=name, reason=reason) for name, reason in listed],
        )

    async def PauseExperiment(self, request: pb.PauseExperimentRequest) -> resources_pb2.Experiment:
        """Pause an experiment."""
        return experiment_message(await self._run_shielded(self._orchestrator.pause(request.experiment_id)), whole=True)

    async def ResumeExperiment(self, request: pb.ResumeExperimentRequest) -> resources_pb2.Experiment:
        """Resume an experiment, with a new budget if the request holds one."""
        change = BudgetChange(
            generations=request.generations if request.HasField("generations") else None,
            max_duration=request.max_duration if request.HasField("max_duration") else None,
            episodes=request.budget_episodes if request.HasField("budget_episodes") else None,
            tics=request.budget_tics if request.HasField("budget_tics") else None,
        )
        if request.validate_only:
            return experiment_message(await self._orchestrator.check_resume(request.experiment_id, change), whole=True)
        resumed = self._orchestrator.resume(request.experiment_id, change)
        return experiment_message(await self._run_shielded(resumed), whole=True)

    async def CancelExperiment(self, request: pb.CancelExperimentRequest) -> resources_pb2.Experiment:
        """Cancel an experiment permanently."""
        return experiment_message(
            await self._run_shielded(self._orchestrator.cancel(request.experiment_id)), whole=True
        )

    async def GetGenerationStatus(self, request: pb.GetGenerationStatusRequest) -> resources_pb2.GenerationStatus:
        """Return the state of a generation."""
        stored = await self._orchestrator.experiment(request.experiment_id)
        return generation_message(stored, request.generation if request.HasField("generation") else None)

    async def GetAgent(self, request: pb.GetAgentRequest) -> resources_pb2.Agent:
        """Return an agent."""
        experiment, _, _ = parse_agent_id(request.agent_id)
        stored = await self._orchestrator.experiment(experiment)
        evaluation = stored.snapshot.find(request.agent_id)
        space = await self._space(stored)
        # A million genes take seconds, which would block every other request.
        return await asyncio.to_thread(agent_message, stored, evaluation, space=space, whole=True)

    async def _space(self, stored: StoredExperiment) -> GenomeSpace | None:
        """Return the gene space, or None if its policy is not available here."""
        if stored.space is not None:
            return stored.space
        try:
            return await asyncio.to_thread(self._orchestrator.space, stored.config)
        except ClauDoomError:
            return None

    async def ListAgents(self, request: pb.ListAgentsRequest) -> pb.ListAgentsResponse:
        """Return a page of an experiment's agents."""
        stored = await self._orchestrator.experiment(request.experiment_id)
        only = request.generation if request.HasField("generation") else None
        chosen, token = page(
            [each for row in stored.snapshot.generations for each in row if only in {None, each.agent.ref.generation}],
            lambda each: f"{each.agent.ref.generation:06d} {each.agent.ref.index:06d}",
            size=request.page_size,
            token=request.page_token,
            listed=f"agents {request.experiment_id} {only}",
        )
        agents = [agent_message(stored, each, space=None, whole=False) for each in chosen]
        return pb.ListAgentsResponse(agents=agents, next_page_token=token)

    async def StreamEvents(self, request: pb.StreamEventsRequest, write: Write) -> None:
        """Stream an experiment's events."""
        await self._event_stream.stream(request.experiment_id, request.after_sequence, write)

    async def ControlAgent(self, requests: AsyncIterator[pb.AgentCommand], write: Write) -> None:
        """Carry out commands."""
        await control_agents(lambda command: self._run_shielded(self._orchestrator.control(command)), requests, write)


def _config(request: pb.StartExperimentRequest) -> ExperimentConfig:
    match request.WhichOneof("configuration"):
        case "config_yaml":
            return config_from_yaml(request.config_yaml, name="config_yaml")
        case "config":
            return resolve_fields(config_fields(request.config), name="config").config
        case _:
            raise InvalidMessage("the request has no configuration: give config_yaml or config")

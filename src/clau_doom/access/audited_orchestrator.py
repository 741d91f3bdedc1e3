"""An orchestrator that changes nothing without a caller who may, and that records every change."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

from clau_doom.access.audit import AuditLog
from clau_doom.access.caller import current_caller
from clau_doom.access.tokens import Role
from clau_doom.config import ExperimentConfig, StoredExperiment
from clau_doom.domain import GenomeSpace
from clau_doom.domain.commands import UNCHANGED, AgentAction, AgentCommand, BudgetChange, Command, CommandDone
from clau_doom.domain.events import RecordedEvent
from clau_doom.errors import ClauDoomError, NotAllowed
from clau_doom.ports import Glimpse, Orchestrator

__all__ = ["AuditedOrchestrator"]

ResultT = TypeVar("ResultT")


class AuditedOrchestrator:
    """Implements `ports.Orchestrator` for the faces of a server; whoever calls must be `acting` as somebody."""

    def __init__(self, orchestrator: Orchestrator, audit: AuditLog) -> None:
        """Guard an orchestrator.

        Args:
            orchestrator: What carries out.
            audit: Where changes are recorded, the refused ones included.
        """
        self._orchestrator = orchestrator
        self._audit = audit

    @property
    def draining(self) -> bool:
        """Whether it is shutting down."""
        return self._orchestrator.draining

    @property
    def live(self) -> tuple[str, ...]:
        """The experiments that are run here, by id."""
        return self._orchestrator.live

    async def start(self, config: ExperimentConfig, *, request_id: str = "") -> tuple[StoredExperiment, bool]:
        """Start an experiment; see `ports.Orchestrator.start`."""
        return await self._change("start", config.name, lambda: self._orchestrator.start(config, request_id=request_id))

    async def experiments(self) -> tuple[StoredExperiment, ...]:
        """Return the stored experiments, by id."""
        return await self._orchestrator.experiments()

    async def experiment(self, experiment: str) -> StoredExperiment:
        """Return an experiment as it stands."""
        return await self._orchestrator.experiment(experiment)

    async def pause(self, experiment: str) -> StoredExperiment:
        """Pause an experiment."""
        return await self._change("pause", experiment, lambda: self._orchestrator.pause(experiment))

    async def resume(self, experiment: str, change: BudgetChange = UNCHANGED) -> StoredExperiment:
        """Resume an experiment, with a new budget if there is one."""
        return await self._change("resume", experiment, lambda: self._orchestrator.resume(experiment, change))

    async def cancel(self, experiment: str) -> StoredExperiment:
        """Cancel an experiment."""
        return await self._change("cancel", experiment, lambda: self._orchestrator.cancel(experiment))

    async def control(self, command: Command) -> CommandDone:
        """Carry out a command; inspecting an agent changes nothing."""
        if not isinstance(command, AgentCommand):
            return await self._change("inject", command.experiment, lambda: self._orchestrator.control(command))
        if command.action is AgentAction.INSPECT:
            return await self._orchestrator.control(command)
        return await self._change(
            f"agent {command.action.value}", command.agent, lambda: self._orchestrator.control(command)
        )

    def events(self, experiment: str, after: int) -> AsyncIterator[RecordedEvent]:
        """Yield the events after a sequence; see `ports.Orchestrator.events`."""
        return self._orchestrator.events(experiment, after)

    def glimpses(self) -> tuple[Glimpse, ...]:
        """Return what can be seen of the episodes that are being played."""
        return self._orchestrator.glimpses()

    def space(self, config: ExperimentConfig) -> GenomeSpace:
        """Return the genes that a stored experiment's policy has."""
        return self._orchestrator.space(config)

    async def _change(self, action: str, target: str, work: Callable[[], Awaitable[ResultT]]) -> ResultT:
        caller = current_caller()
        result, detail = "interrupted", ""
        try:
            if caller.role is not Role.FULL:
                raise NotAllowed(f"the token {caller.name} is read-only: use a full token to change experiments")
            done = await work()
            result = "done"
        except ClauDoomError as error:
            result, detail = type(error).__name__, str(error)
            raise
        except Exception as error:
            result = type(error).__name__  # its text may hold anything; the log has it with its traceback
            raise
        finally:
            self._audit.record(caller, action, target, result=result, detail=detail)
        return done

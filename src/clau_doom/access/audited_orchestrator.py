"""Orchestrator that checks the caller's role before a change and records every change."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

from clau_doom.access.audit import AuditLog
from clau_doom.access.caller import Caller, current_caller
from clau_doom.access.path_redaction import PrivatePaths
from clau_doom.access.tokens import Role
from clau_doom.config import ExperimentConfig
from clau_doom.domain import GenomeSpace
from clau_doom.domain.agent_commands import UNCHANGED, AgentAction, AgentCommand, BudgetChange, Command, CommandDone
from clau_doom.domain.events import RecordedEvent
from clau_doom.errors import ClauDoomError, NotAllowed
from clau_doom.ports import Glimpse, Orchestrator, StoredExperiment

__all__ = ["AuditedOrchestrator"]

ResultT = TypeVar("ResultT")


class AuditedOrchestrator:
    """Implements `ports.Orchestrator` for the servers. Callers must be set with `acting`."""

    def __init__(
        self,
        orchestrator: Orchestrator,
        audit: AuditLog,
        private: PrivatePaths = PrivatePaths({}),  # noqa: B008 - immutable
    ) -> None:
        """Wrap an orchestrator.

        Args:
            orchestrator: The orchestrator that carries out the calls.
            audit: The log of changes, including refused ones.
            private: Hides the server's paths from clients; the audit log has the paths.
        """
        self._private = private
        self._orchestrator = orchestrator
        self._audit = audit

    @property
    def draining(self) -> bool:
        """Whether the orchestrator is shutting down."""
        return self._orchestrator.draining

    @property
    def live(self) -> tuple[str, ...]:
        """The experiments that this process runs, by id."""
        return self._orchestrator.live

    async def start(self, config: ExperimentConfig, *, request_id: str = "") -> tuple[StoredExperiment, bool]:
        """Start an experiment; see `ports.Orchestrator.start`."""
        stored, created = await self._change(
            "start", config.name, lambda: self._orchestrator.start(config, request_id=request_id)
        )
        return self._private.experiment(stored), created

    async def check(self, config: ExperimentConfig) -> GenomeSpace:
        """Return the gene space of a new experiment if it could be started; see `ports.Orchestrator.check`."""
        with self._private.hiding():
            _check_role(current_caller())
            return await self._orchestrator.check(config)

    async def listing(self) -> tuple[tuple[StoredExperiment, ...], tuple[tuple[str, str], ...]]:
        """Return the stored experiments by id, and the id and the reason of each unreadable one."""
        found, unreadable = await self._orchestrator.listing()
        return (
            tuple([self._private.experiment(stored) for stored in found]),
            tuple([(name, self._private.hide(reason)) for name, reason in unreadable]),
        )

    async def experiments(self) -> tuple[StoredExperiment, ...]:
        """Return the stored experiments, by id."""
        return tuple([self._private.experiment(stored) for stored in await self._orchestrator.experiments()])

    async def experiment(self, experiment: str) -> StoredExperiment:
        """Return the current state of an experiment."""
        with self._private.hiding():
            return self._private.experiment(await self._orchestrator.experiment(experiment))

    async def pause(self, experiment: str) -> StoredExperiment:
        """Pause an experiment."""
        done = await self._change("pause", experiment, lambda: self._orchestrator.pause(experiment))
        return self._private.experiment(done)

    async def resume(self, experiment: str, change: BudgetChange = UNCHANGED) -> StoredExperiment:
        """Resume an experiment, with a new budget if there is one."""
        done = await self._change("resume", experiment, lambda: self._orchestrator.resume(experiment, change))
        return self._private.experiment(done)

    async def check_resume(self, experiment: str, change: BudgetChange = UNCHANGED) -> StoredExperiment:
        """Return an experiment if it could be resumed; see `ports.Orchestrator.check_resume`."""
        with self._private.hiding():
            _check_role(current_caller())
            return self._private.experiment(await self._orchestrator.check_resume(experiment, change))

    async def cancel(self, experiment: str) -> StoredExperiment:
        """Cancel an experiment."""
        done = await self._change("cancel", experiment, lambda: self._orchestrator.cancel(experiment))
        return self._private.experiment(done)

    async def control(self, command: Command) -> CommandDone:
        """Carry out a command; inspection of an agent is not a change."""
        if isinstance(command, AgentCommand):
            action, target = f"agent {command.action.value}", command.agent
        else:
            action, target = "inject", command.experiment
        if isinstance(command, AgentCommand) and command.action is AgentAction.INSPECT:
            with self._private.hiding():
                done = await self._orchestrator.control(command)
        else:
            done = await self._change(action, target, lambda: self._orchestrator.control(command))
        if done.evaluation is None:
            return done
        return replace(done, evaluation=self._private.evaluation(done.evaluation))

    async def events(self, experiment: str, after: int) -> AsyncGenerator[RecordedEvent, None]:
        """Yield the events after a sequence; see `ports.Orchestrator.events`."""
        events = self._orchestrator.events(experiment, after)
        try:
            with self._private.hiding():
                async for recorded in events:
                    yield self._private.event(recorded)
        finally:
            if isinstance(events, AsyncGenerator):
                await events.aclose()

    def glimpses(self) -> tuple[Glimpse, ...]:
        """Return the visible state of the running episodes."""
        return self._orchestrator.glimpses()

    def space(self, config: ExperimentConfig) -> GenomeSpace:
        """Return the gene space of a stored experiment's policy."""
        with self._private.hiding():
            return self._orchestrator.space(config)

    async def _change(self, action: str, target: str, work: Callable[[], Awaitable[ResultT]]) -> ResultT:
        with self._private.hiding():
            return await self._recorded(action, target, work)

    async def _recorded(self, action: str, target: str, work: Callable[[], Awaitable[ResultT]]) -> ResultT:
        caller = current_caller()
        result, detail = "interrupted", ""
        try:
            _check_role(caller)
            done = await work()
            result = "done"
        except ClauDoomError as error:
            result, detail = error.code, str(error)
            raise
        except Exception as error:
            result, detail = "internal_error", type(error).__name__  # the log has the text, which may be private
            raise
        finally:
            self._audit.record(caller, action, target, result=result, detail=detail)
        return done


def _check_role(caller: Caller) -> None:
    if caller.role is not Role.FULL:
        raise NotAllowed(f"the token {caller.name} is read-only: use a full token to change experiments")

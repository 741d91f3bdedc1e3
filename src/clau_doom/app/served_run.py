"""Run that clients can watch and control: a planned experiment with its socket and its dashboard."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace

from clau_doom.access import AuditedOrchestrator, Authenticator, PrivatePaths
from clau_doom.app.catalog.stored_experiments import read_experiment
from clau_doom.app.dashboard_artifacts import FolderArtifactStore
from clau_doom.app.run import open_run
from clau_doom.app.run_plan import Plan
from clau_doom.app.token_and_audit_files import audit_log, token_files
from clau_doom.config import GrpcConfig
from clau_doom.domain.snapshot import Snapshot
from clau_doom.orchestration import ExperimentRun, ReaderHealth, ShieldedTasks, Shutdown, SoloOrchestrator
from clau_doom.ports import ExperimentStore, StoredExperiment
from clau_doom.rpc import RpcServer
from clau_doom.storage import ExperimentFolders
from clau_doom.web import WebServer

__all__ = ["ServedRun", "serve_run"]


@dataclass(frozen=True, eq=False, kw_only=True)
class ServedRun:
    """A run that has begun and that clients can watch and control.

    Attributes:
        run: The run. The caller runs it to its end.
        store: Store of the run.
        before: The experiment before this start.
        dashboard: Dashboard of the run, or None.
    """

    run: ExperimentRun
    store: ExperimentStore
    before: Snapshot
    dashboard: WebServer | None


@asynccontextmanager
async def serve_run(plan: Plan, shutdown: Shutdown, *, web: bool) -> AsyncIterator[ServedRun]:
    """Begin a run, and serve it on a Unix socket in its folder.

    Args:
        plan: Plan of the run.
        shutdown: Shutdown of the run.
        web: Also serve a dashboard.

    Raises as `open_run` does, and:
        AddressTaken: Another program listens on the dashboard's address.
        ConfigError: The dashboard cannot listen on the address, or a certificate is missing.
    """
    async with AsyncExitStack() as stack:
        readers = ReaderHealth()
        store, run = await stack.enter_async_context(open_run(plan, shutdown, readers))
        before = await run.begin()
        folder, private = (
            ExperimentFolders(plan.output_dir).open(plan.config.name),
            PrivatePaths.of_process(plan.output_dir),
        )
        authenticator = Authenticator(token_files(GrpcConfig(), plan.output_dir))
        audit = stack.enter_context(audit_log(folder.path))
        orchestrator = AuditedOrchestrator(_solo(plan, store, run, shutdown, readers), audit, private)
        socket = GrpcConfig(socket=str(folder.socket))
        server = RpcServer(socket, orchestrator, authenticator=authenticator, grace=0.0, socket_only=True)
        await stack.enter_async_context(server)
        dashboard = await _open_dashboard(stack, plan, orchestrator, authenticator) if web else None
        yield ServedRun(run=run, store=store, before=before, dashboard=dashboard)


def _solo(
    plan: Plan, store: ExperimentStore, run: ExperimentRun, shutdown: Shutdown, readers: ReaderHealth
) -> SoloOrchestrator:
    name = plan.config.name

    async def stored() -> StoredExperiment:
        return replace(await read_experiment(plan.output_dir, name), reader_failures=readers.of(name))

    return SoloOrchestrator(run, store, shutdown, space=plan.space, stored=stored)


async def _open_dashboard(
    stack: AsyncExitStack, plan: Plan, orchestrator: AuditedOrchestrator, authenticator: Authenticator
) -> WebServer:
    artifacts = await stack.enter_async_context(FolderArtifactStore(plan.output_dir))
    shielded = await stack.enter_async_context(ShieldedTasks(grace=0.0))
    server = WebServer(
        plan.web, orchestrator, artifacts=artifacts, authenticator=authenticator, shielded=shielded, starts=False
    )
    return await stack.enter_async_context(server)

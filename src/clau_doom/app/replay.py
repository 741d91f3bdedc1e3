"""Replay of an agent's episodes.

This module imports packages for drawing and films. Import it only in commands that replay.
"""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from clau_doom.app.catalog.folder_source import ExperimentSource, RemoteServer
from clau_doom.app.catalog.source_selection import open_source
from clau_doom.app.input_files import stored_scenario
from clau_doom.app.policy_output import contained_output
from clau_doom.app.trusted_code import Trust
from clau_doom.config import CustomPolicyConfig, PolicyConfig, RandomPolicyConfig, RemotePolicyConfig, ScenarioConfig
from clau_doom.domain import GenomeSpace, check_experiment_id, experiment_of_player, parse_agent_id
from clau_doom.domain.experiment import Provenance
from clau_doom.errors import AgentNotFound, ConfigError, ExperimentNotFound, PolicyFailed
from clau_doom.game import SCENARIOS, Scenario, View, VizdoomEngine, display_opens, try_scenario
from clau_doom.game import resolve as resolve_scenario
from clau_doom.policies import make_policy
from clau_doom.policies.remote import RemotePolicy
from clau_doom.ports import Needs, Policy, ScenarioFacts, StoredExperiment
from clau_doom.replay import (
    SUFFIX,
    Choice,
    Contestant,
    Performance,
    Rerun,
    Setting,
    agent_text,
    check,
    contestant,
    differs,
    perform,
    read_agent,
)
from clau_doom.storage import Inputs, Runs
from clau_doom.worker import ProgressPage, collect_facts
from clau_doom.worker.action_replay import Replay

__all__ = [
    "RESOLUTIONS",
    "ReplayPlan",
    "check_display",
    "export_agent",
    "find_contestant",
    "is_file",
    "kept_actions",
    "plan_replay",
    "prove",
    "rerun",
]

RESOLUTIONS = ("640x480", "800x600", "1024x768", "1280x960", "1600x1200")
"""Resolutions of the rendering pass. They have the aspect ratio of the policies' screens."""


@dataclass(frozen=True, kw_only=True)
class ReplayPlan:
    """Plan to replay an episode on this machine.

    Attributes:
        choice: The episode.
        scenario: The scenario.
        policy: The agent's policy, or a policy that performs the recorded actions.
        by_actions: Whether `policy` performs recorded actions.
        then: Provenance of the recorded episode.
        now: Provenance of this machine.
    """

    choice: Choice
    scenario: Scenario
    policy: Policy
    by_actions: bool
    then: Provenance
    now: Provenance


def is_file(name: str) -> bool:
    """Return whether a name is the path of an agent file, rather than an agent's id."""
    return name.lower().endswith(SUFFIX)


async def find_contestant(
    name: str,
    remote: RemoteServer | None,
    output_dir: Path,
    *,
    trust: Trust = Trust(),  # noqa: B008 - immutable
    address: str | None = None,
) -> tuple[Setting, Contestant]:
    """Find an agent by name, with everything that decides its play.

    Agent files and servers contain data of other people. Policy classes are imported and addresses are dialled only if
    `trust` contains them.

    Args:
        name: Id of an agent, of an experiment (stands for its champion) or of the random baseline, or path of an agent
            file.
        remote: Server to ask. None: read the folder.
        output_dir: Folder of experiments.
        trust: Policy classes and addresses that a file or a server may name.
        address: Current address of a remote agent's program, if it has changed since the run.

    Raises:
        ExperimentNotFound: The experiment does not exist.
        AgentNotFound: The experiment does not have the agent, or does not have a champion yet.
        ConfigError: The name is malformed, the file cannot be used, or a name is not in `trust`.
    """

    def space_of(scenario: ScenarioConfig, policy: PolicyConfig) -> GenomeSpace:
        policy = _moved(policy, address)
        trust.check(policy, name)
        return _space_of(scenario, policy)

    if is_file(name):
        return read_agent(Path(name), space_of)
    async with open_source(remote, output_dir) as source:
        stored = await _experiment_of(name, source)
    setting = Setting(
        scenario=stored.config.scenario,
        policy=stored.config.policy,
        contained=stored.config.selected_backend.isolates_policies,
        provenance=stored.snapshot.experiment.provenance,
        space=stored.space,
        inputs=stored.inputs,
    )
    who = contestant(stored.snapshot, name)
    if remote and not who.baseline and not setting.contained:
        trust.check(_moved(setting.policy, address), f"the server {remote.address}")
    return setting, who


def export_agent(
    setting: Setting,
    who: Contestant,
    trust: Trust = Trust(),  # noqa: B008 - immutable
) -> str:
    """Return an agent as the text of an agent file, which `find_contestant` can read anywhere.

    Raises:
        ConfigError: The play of the agent depends on more than its genome and bundled code. Or its genes are not stored
            and its policy is not in `trust`.
        InvalidGenome: The policy has different genes here.
    """
    if who.baseline:
        raise ConfigError(f"{who.id} plays at random: it has no genome to export")
    if setting.contained or isinstance(setting.policy, RemotePolicyConfig):
        raise ConfigError(f"{who.id} plays by a program of its own, which no file of ours can hold")
    space = setting.space
    if space is None:  # stored by an older version, or at a server
        trust.check(setting.policy, who.id)
        space = _space_of(setting.scenario, setting.policy)
        space.check(who.genome)
    return agent_text(setting, who, space)


def _space_of(scenario: ScenarioConfig, policy: PolicyConfig) -> GenomeSpace:
    with contained_output():
        return make_policy(policy, resolve_scenario(scenario).facts).space


async def _experiment_of(name: str, source: ExperimentSource) -> StoredExperiment:
    with suppress(AgentNotFound):  # not the id of an agent
        return await source.experiment(parse_agent_id(name)[0])
    try:
        return await source.experiment(check_experiment_id(name))
    except (ConfigError, ExperimentNotFound):
        with suppress(AgentNotFound):  # not the id of the random baseline
            return await source.experiment(experiment_of_player(name))
        raise


async def kept_actions(choice: Choice, output_dir: Path) -> bytes | None:
    """Return the stored actions of an episode, or None; see `ExperimentStore.actions`."""
    if choice.episode is None:
        return None
    async with Runs(output_dir).open(experiment_of_player(choice.who.id)).read() as store:
        return await store.actions(choice.episode.purpose, choice.who.id, choice.episode.number)


def plan_replay(setting: Setting, choice: Choice, actions: bytes | None, *, address: str | None = None) -> ReplayPlan:
    """Return the plan to replay an episode.

    Args:
        setting: Everything besides the genome that decides the agent's play.
        choice: The episode.
        actions: Stored actions of the episode, or None.
        address: Current address of a remote agent's program, if it has changed since the run.

    Raises:
        ConfigError: The scenario is missing, or the policy cannot be created and no actions are stored.
    """
    inputs = Inputs(setting.inputs) if setting.inputs else None
    scenario = stored_scenario(setting.scenario, setting.provenance, inputs, replaying=True)
    wanted: PolicyConfig = RandomPolicyConfig() if choice.who.baseline else _moved(setting.policy, address)
    contained = isinstance(wanted, CustomPolicyConfig) and setting.contained
    policy = _performed(scenario.facts, choice, actions) if contained else None
    if policy is None:
        try:
            with contained_output():
                policy = make_policy(wanted, scenario.facts)
        except ConfigError as error:
            if actions is None:
                raise ConfigError(
                    f"{choice.who.id} cannot be played again here, and no actions are kept of it"
                ) from error
            policy = _performed(scenario.facts, choice, actions)
    by_actions = isinstance(policy, Replay)
    if by_actions:
        wanted = RandomPolicyConfig()
    return ReplayPlan(
        choice=choice,
        scenario=scenario,
        policy=policy,
        by_actions=by_actions,
        then=setting.provenance,
        now=collect_facts(scenario, wanted, policy),
    )


def _moved(policy: PolicyConfig, address: str | None) -> PolicyConfig:
    """Return a remote policy with another address of its agent."""
    if address is None:
        return policy
    if not isinstance(policy, RemotePolicyConfig):
        raise ConfigError(f"a policy of kind {policy.kind} has no address: leave --address out")
    try:
        return RemotePolicyConfig.model_validate(policy.model_dump() | {"address": address})
    except ValidationError:
        raise ConfigError(f"{address!r} is no address: use host:port, or unix:PATH") from None


def _performed(facts: ScenarioFacts, choice: Choice, actions: bytes | None) -> Policy:
    """Return the policy that performs the stored actions. Policies for containers are not imported."""
    if actions is None:
        raise ConfigError(
            f"no actions are kept of {choice.name} of {choice.who.id}, whose policy is played in containers only: "
            "those of validation and held-out episodes are, where docker.verify is not none"
        )
    return Replay(facts, actions)


def prove(plan: ReplayPlan) -> Performance:
    """Replay an episode, compare it with its record, and return its observations and actions.

    Raises:
        ReplayDiffers: The replayed episode differs from the recorded one.
        PolicyFailed: The policy failed, but the record contains no failure.
        InfrastructureFailed: The engine crashed, or a remote agent is gone or late.
    """
    choice = plan.choice
    if plan.scenario.facts.name not in SCENARIOS:
        try_scenario(plan.scenario)
    with tempfile.TemporaryDirectory(prefix="clau-doom-replay-") as name:
        folder = Path(name)
        engine = VizdoomEngine(plan.scenario, folder / "engine")
        try:
            engine.start(plan.policy.needs, record=False)
            with ProgressPage(folder / "phase", create=True) as page, contained_output():
                performance = perform(engine, plan.policy, choice.who.genome, choice.seed, page)
        except PolicyFailed as error:
            if choice.episode is None:
                raise
            raise differs(choice, "cannot be played to its end here", then=plan.then, now=plan.now) from error
        finally:
            engine.close()
            if isinstance(plan.policy, RemotePolicy):
                plan.policy.close()
    check(choice, performance.outcome, then=plan.then, now=plan.now)
    return performance


@contextmanager
def rerun(
    plan: ReplayPlan, performance: Performance, resolution: tuple[int, int], *, window: bool = False
) -> Iterator[Rerun]:
    """Start an engine for viewers, perform an episode again, and yield its frames.

    Args:
        plan: Plan of the episode.
        performance: Actions of the episode.
        resolution: Width and height of the frames, in pixels; one of `RESOLUTIONS`.
        window: Also show the frames in a window. The display must pass `check_display`.

    Raises:
        EngineCrashed: The engine does not start.
    """
    with tempfile.TemporaryDirectory(prefix="clau-doom-replay-") as folder:
        engine = VizdoomEngine(plan.scenario, Path(folder), view=View(resolution=resolution, window=window))
        try:
            engine.start(Needs(screen=True), record=False)
            yield Rerun(engine, performance)
        finally:
            engine.close()


def check_display(environ: Mapping[str, str], platform: str) -> None:
    """Check that a window can be opened, as far as this is possible in advance.

    Args:
        environ: Environment variables.
        platform: Value of `sys.platform`. Only Linux displays can be checked.

    Raises:
        ConfigError: The display is missing or cannot be opened.
    """
    name = environ.get("DISPLAY", "")
    if platform != "linux" or (name and display_opens(name)):
        return
    wrong = f"the display {name!r} (DISPLAY) cannot be opened" if name else "there is no display (DISPLAY is not set)"
    raise ConfigError(f"{wrong}: go to a desktop's terminal, log in by ssh -X, or film it with -o FILE.mp4")

"""Replay of an agent's episodes: plan, verification and rendering pass.

This module imports packages for drawing and films. Import it only in commands that replay.
"""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from clau_doom.app.input_copies import stored_scenario
from clau_doom.app.policy_output_suppression import contained_output
from clau_doom.app.replay_agent_lookup import with_address
from clau_doom.app.replay_measures import ReplayMeasures, load_replay_measures
from clau_doom.config import CustomPolicyConfig, PolicyConfig, RandomPolicyConfig, importing_from
from clau_doom.domain import Purpose, experiment_of_player
from clau_doom.domain.experiment import Provenance
from clau_doom.errors import ConfigError, PolicyFailed
from clau_doom.game import SCENARIOS, Scenario, ViewSettings, VizdoomEngine, display_opens, try_scenario
from clau_doom.policies import make_policy
from clau_doom.policies.remote import RemotePolicy
from clau_doom.ports import FrameSource, Needs, Policy, ScenarioFacts
from clau_doom.replay import (
    Clip,
    Film,
    Overlay,
    Performance,
    RealTimeFrames,
    RenderingPass,
    ReportedFrames,
    SelectedEpisode,
    Setting,
    check,
    differs,
    film,
    perform,
)
from clau_doom.storage import ExperimentFolders, StoredInputs
from clau_doom.worker import ProgressPage, collect_facts
from clau_doom.worker.action_replay import ActionReplay

__all__ = [
    "RESOLUTIONS",
    "ReplayPlan",
    "check_display",
    "film_replay",
    "open_rendering_pass",
    "plan_replay",
    "show_replay",
    "stored_actions",
    "to_purpose",
    "to_size",
    "verify",
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
        measures: Measures of the user, and those that are not compared.
    """

    choice: SelectedEpisode
    scenario: Scenario
    policy: Policy
    by_actions: bool
    then: Provenance
    now: Provenance
    measures: ReplayMeasures = field(default_factory=ReplayMeasures)


async def stored_actions(choice: SelectedEpisode, output_dir: Path) -> bytes | None:
    """Return the stored actions of an episode, or None; see `ExperimentStore.actions`."""
    if choice.episode is None:
        return None
    async with ExperimentFolders(output_dir).open(experiment_of_player(choice.agent.id)).read() as store:
        return await store.actions(choice.episode.purpose, choice.agent.id, choice.episode.number)


def plan_replay(
    setting: Setting, choice: SelectedEpisode, actions: bytes | None, *, address: str | None = None
) -> ReplayPlan:
    """Return the plan to replay an episode.

    Args:
        setting: Everything besides the genome that decides the agent's play.
        choice: The episode.
        actions: Stored actions of the episode, or None.
        address: Current address of a remote agent's program, if it has changed since the run.

    Raises:
        ConfigError: The scenario is missing, or the policy cannot be created and no actions are stored.
    """
    with importing_from(setting.import_paths):
        return _plan_replay(setting, choice, actions, address)


def _plan_replay(setting: Setting, choice: SelectedEpisode, actions: bytes | None, address: str | None) -> ReplayPlan:
    inputs = StoredInputs(setting.inputs) if setting.inputs else None
    scenario = stored_scenario(setting.scenario, setting.provenance, inputs, replaying=True)
    wanted: PolicyConfig = RandomPolicyConfig() if choice.agent.baseline else with_address(setting.policy, address)
    contained = isinstance(wanted, CustomPolicyConfig) and setting.contained
    policy = _action_policy(scenario.facts, choice, actions) if contained else None
    if policy is None:
        try:
            with contained_output():
                policy = make_policy(wanted, scenario.facts)
        except ConfigError as error:
            if actions is None:
                raise ConfigError(
                    f"{choice.agent.id} cannot be played again on this machine, and its actions are not stored"
                ) from error
            policy = _action_policy(scenario.facts, choice, actions)
    by_actions = isinstance(policy, ActionReplay)
    if by_actions:
        wanted = RandomPolicyConfig()
    measures = load_replay_measures(setting)
    return ReplayPlan(
        measures=measures,
        choice=choice,
        scenario=scenario,
        policy=policy,
        by_actions=by_actions,
        then=setting.provenance,
        now=collect_facts(scenario, wanted, policy, measures.computed),
    )


def _action_policy(facts: ScenarioFacts, choice: SelectedEpisode, actions: bytes | None) -> Policy:
    """Return the policy that performs the stored actions. Policies for containers are not imported."""
    if actions is None:
        raise ConfigError(
            f"the actions of {choice.name} are not stored for {choice.agent.id}, whose policy runs in containers only: "
            "those of validation and held-out episodes are, where docker.verify is not none"
        )
    return ActionReplay(facts, actions)


def verify(plan: ReplayPlan) -> Performance:
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
                performance = perform(
                    engine, plan.policy, choice.agent.genome, choice.seed, page, measures=plan.measures.computed
                )
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
def open_rendering_pass(
    plan: ReplayPlan, performance: Performance, resolution: tuple[int, int], *, window: bool = False
) -> Iterator[RenderingPass]:
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
        engine = VizdoomEngine(plan.scenario, Path(folder), view=ViewSettings(resolution=resolution, window=window))
        try:
            engine.start(Needs(screen=True), record=False)
            yield RenderingPass(engine, performance)
        finally:
            engine.close()


def film_replay(
    plan: ReplayPlan,
    performance: Performance,
    path: Path,
    size: tuple[int, int],
    *,
    overlay: bool = False,
    clip: Clip | None = None,
    window: bool = False,
    report: Callable[[float], None] | None = None,
) -> Film:
    """Write a video of a verified episode.

    Args:
        plan: Plan of the episode.
        performance: Actions of the episode, from `verify`.
        path: Path with the suffix of a video format. An existing file is replaced.
        size: Width and height of the pictures, in pixels; one of `RESOLUTIONS`.
        overlay: Whether to draw observations and actions.
        clip: Part to show; None: the whole episode.
        window: Also show the episode in a window, in real time. The display must pass `check_display`.
        report: Receives the finished share, from 0 to 1.

    Raises:
        ReplayDiffers: The rendered episode differs from the verified one.
        StorageFailed: The file cannot be written.
    """
    caption = plan.choice.agent.id
    drawn = Overlay(plan.scenario.facts, performance.decisions, caption) if overlay else None
    with _open_frames(plan, performance, size, window=window, report=report) as source:
        return film(path, source, size, overlay=drawn, clip=clip, title=f"{caption}, {plan.choice.name}")


def show_replay(
    plan: ReplayPlan,
    performance: Performance,
    size: tuple[int, int],
    *,
    report: Callable[[float], None] | None = None,
) -> None:
    """Show a verified episode in a window, in real time; see `film_replay`."""
    with _open_frames(plan, performance, size, window=True, report=report) as source:
        for _ in source.frames():
            pass


@contextmanager
def _open_frames(
    plan: ReplayPlan,
    performance: Performance,
    size: tuple[int, int],
    *,
    window: bool,
    report: Callable[[float], None] | None,
) -> Iterator[FrameSource]:
    with open_rendering_pass(plan, performance, size, window=window) as rendering:
        source: FrameSource = RealTimeFrames(rendering) if window else rendering
        yield source if report is None else ReportedFrames(source, performance.outcome.measures.tics, report)


def to_purpose(text: str) -> Purpose:
    """Return the purpose of episodes with a name, such as ``held-out`` or ``held_out``.

    Raises:
        ConfigError: The name is not a purpose.
    """
    try:
        return Purpose(text.lower().replace("-", "_"))
    except ValueError:
        raise ConfigError(f"{text!r} is not a purpose of episodes: choose training|validation|held-out") from None


def to_size(resolution: str) -> tuple[int, int]:
    """Return width and height of a resolution of the rendering pass.

    Raises:
        ConfigError: The resolution is not in `RESOLUTIONS`.
    """
    if resolution not in RESOLUTIONS:
        raise ConfigError(f"{resolution!r} is not a resolution of a replay: choose {', '.join(RESOLUTIONS)}")
    width, height = resolution.split("x")
    return int(width), int(height)


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
    wrong = f"the display {name!r} (DISPLAY) cannot be opened" if name else "no display found (DISPLAY is not set)"
    raise ConfigError(f"{wrong}: use a terminal of a desktop, log in with ssh -X, or film the episode with -o FILE.mp4")

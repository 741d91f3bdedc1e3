"""Gymnasium environments of scenarios. The import registers the bundled scenarios in Gymnasium, if it is installed."""

import importlib.util
from collections.abc import Mapping
from typing import TYPE_CHECKING

from clau_doom.api.observation_arrays import MOST_OBJECTS
from clau_doom.config import ScenarioConfig, resolve_fields
from clau_doom.errors import ConfigError
from clau_doom.game import SCENARIOS, Scenario, resolve
from clau_doom.ports import Needs

if TYPE_CHECKING:
    from clau_doom.api.gymnasium_environment import DoomEnv

__all__ = ["environment_of", "gymnasium_id", "make_env"]

_ENTRY_POINT = "clau_doom.api.environment:make_env"


def make_env(
    scenario: str | Mapping[str, object] | ScenarioConfig,
    *,
    objects: bool = True,
    screen: bool = False,
    max_objects: int = MOST_OBJECTS,
    render_mode: str | None = None,
    measures: Mapping[str, str] | None = None,
    **settings: object,
) -> "DoomEnv":
    """Make a Gymnasium environment with the observations, decisions and seeds of a run.

    The observation is a dict: ``variables``, ``tic``, and where requested ``objects``, ``object_names``,
    ``object_mask`` and ``screen``. The action is a dict of ``buttons``, ``deltas`` and ``tics``: the buttons to hold,
    and for how long. docs/library.md has the shapes, types and ranges. The reward is that of the scenario.

    An episode is `terminated` by the player's death and by the scenario, such as at a reached goal. It is `truncated`
    by the timeout. ``info`` has the seed, tics, kills and health. At the end it also has ``end`` (``death``,
    ``scenario`` or ``timeout``), all ``measures`` and the ``trajectory_sha256``, as the record of a run.

    The engine is a separate process, which is started by the first `reset` and ends with `close`, or with the thread
    that called `reset`. After its death, `step` raises `EngineCrashed`, and `reset` starts a new engine.

    Args:
        scenario: Name of a bundled scenario, path of a .cfg file, or the section ``scenario`` of a configuration.
        objects: Whether observations have the visible objects.
        screen: Whether observations have the screen, in grey levels.
        max_objects: Rows of the arrays of objects, 1 to 256. The default is the engine's limit. With fewer rows, the
            objects with the largest boxes are kept, and an agent may then decide otherwise than in a run.
        render_mode: ``rgb_array`` for pictures of 640x480 from a second engine, or None.
        measures: Measures of your own for ``info["measures"]``: names with functions of an episode's record, such as
            ``{"aim": "my_measures:aim"}``, as in a configuration.
        settings: Further settings of the scenario: ``frame_skip``, ``doom_skill``, ``timeout``, ``resolution``.

    Raises:
        ConfigError: The scenario, a measure or a value is not valid, or Gymnasium is not installed.

    Example:
        >>> import clau_doom as cd
        >>> env = cd.make_env("basic", timeout=40)
        >>> observation, info = env.reset(seed=7)
        >>> observation["variables"].shape
        (19,)
        >>> env.close()
    """
    config, own = _environment_config(scenario, settings, measures or {})
    needs = Needs(objects=objects, screen=screen)
    return environment_of(
        config, resolve(config), needs, max_objects=max_objects, render_mode=render_mode, measures=own
    )


def environment_of(
    config: ScenarioConfig,
    scenario: Scenario,
    needs: Needs,
    *,
    max_objects: int = MOST_OBJECTS,
    render_mode: str | None,
    measures: Mapping[str, str],
) -> "DoomEnv":
    """Return the environment of a resolved scenario.

    Args:
        config: Configuration of the scenario, for the environment's `spec`.
        scenario: The resolved scenario.
        needs: Parts of the observations.
        max_objects: Rows of the arrays of objects.
        render_mode: ``rgb_array``, or None.
        measures: Functions of the user's measures, by name.

    Raises:
        ConfigError: A value or a measure is not valid, or Gymnasium is not installed.
    """
    if importlib.util.find_spec("gymnasium") is None:
        raise ConfigError("environments need Gymnasium: pip install 'clau-doom[gymnasium]'")
    from gymnasium.envs.registration import EnvSpec  # noqa: PLC0415 - optional

    from clau_doom.api.gymnasium_environment import DoomEnv  # noqa: PLC0415 - needs Gymnasium
    from clau_doom.worker import load_measures  # noqa: PLC0415 - as DoomEnv

    own = load_measures(measures)
    env = DoomEnv(scenario, needs, measures=own, max_objects=max_objects, render_mode=render_mode)
    name = gymnasium_id(config.name) if config.name in SCENARIOS else "clau_doom/Custom-v0"
    shown = {"objects": needs.objects, "screen": needs.screen, "max_objects": max_objects, "render_mode": render_mode}
    kwargs = {"scenario": config.model_dump(exclude_none=True), **shown, "measures": dict(measures)}
    env.spec = EnvSpec(id=name, entry_point=_ENTRY_POINT, kwargs=kwargs)
    return env


def gymnasium_id(scenario: str) -> str:
    """Return the id of a bundled scenario in Gymnasium, such as ``clau_doom/DefendTheCenter-v0``."""
    return f"clau_doom/{''.join(word.capitalize() for word in scenario.split('_'))}-v0"


def _environment_config(
    scenario: str | Mapping[str, object] | ScenarioConfig, settings: dict[str, object], measures: Mapping[str, str]
) -> tuple[ScenarioConfig, dict[str, str]]:
    if isinstance(scenario, ScenarioConfig):
        given: Mapping[str, object] = scenario.model_dump(exclude_none=True)
    else:
        given = {"name": scenario} if isinstance(scenario, str) else scenario
    fields = {"scenario": {**given, **settings}, "measures": dict(measures)}
    config = resolve_fields(fields, name="the environment").config
    return config.scenario, config.measures


def _register() -> None:
    """Register the bundled scenarios in Gymnasium."""
    import gymnasium  # noqa: PLC0415 - optional

    for name in SCENARIOS:
        if gymnasium_id(name) not in gymnasium.registry:
            gymnasium.register(id=gymnasium_id(name), entry_point=_ENTRY_POINT, kwargs={"scenario": name})


if importlib.util.find_spec("gymnasium") is not None:
    _register()

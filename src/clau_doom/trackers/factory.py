"""Creation of trackers from their configuration, with checks that need no connection."""

from importlib.util import find_spec
from typing import cast

from clau_doom.config import (
    CustomTrackerConfig,
    JsonlTrackerConfig,
    MlflowTrackerConfig,
    TensorBoardTrackerConfig,
    TrackerConfig,
    WandbTrackerConfig,
    WebhookTrackerConfig,
    import_target,
    reporting_errors,
)
from clau_doom.errors import ConfigError
from clau_doom.ports import Tracker

__all__ = ["check_tracker_config", "load_custom_tracker", "make_tracker"]

_EXTRAS = {"tensorboard", "mlflow", "wandb"}
"""Kinds that need an extra. Kind, extra and module have the same name."""
_MEMBERS = ("film_suffix", "target", "open", "write", "close")


def check_tracker_config(config: TrackerConfig) -> None:
    """Check that a tracker can be created, without a connection and without an import of its library.

    Raises:
        ConfigError: A package, a secret or the user's class is missing.
    """
    if config.kind in _EXTRAS and find_spec(config.kind) is None:
        raise ConfigError(
            f"tracker {config.kind} needs a package that is not installed: pip install 'clau-doom[{config.kind}]'"
        )
    if isinstance(config, CustomTrackerConfig):
        load_custom_tracker(config)
    if isinstance(config, WebhookTrackerConfig):
        from clau_doom.trackers.webhook import read_secret  # noqa: PLC0415 - imports the HTTP client

        read_secret(config)


def make_tracker(config: TrackerConfig) -> Tracker:
    """Return a new tracker.

    Raises:
        ConfigError: As `check_tracker_config`.
    """
    check_tracker_config(config)
    if isinstance(config, CustomTrackerConfig):
        return load_custom_tracker(config)
    return _bundled(config)


def _bundled(
    config: TensorBoardTrackerConfig
    | MlflowTrackerConfig
    | WandbTrackerConfig
    | JsonlTrackerConfig
    | WebhookTrackerConfig,
) -> Tracker:
    match config:
        case TensorBoardTrackerConfig():
            from clau_doom.trackers.tensorboard import TensorBoardTracker  # noqa: PLC0415 - an extra, as below

            return TensorBoardTracker(config)
        case MlflowTrackerConfig():
            from clau_doom.trackers.mlflow import MlflowTracker  # noqa: PLC0415

            return MlflowTracker(config)
        case WandbTrackerConfig():
            from clau_doom.trackers.wandb import WandbTracker  # noqa: PLC0415

            return WandbTracker(config)
        case JsonlTrackerConfig():
            from clau_doom.trackers.jsonl import JsonlTracker  # noqa: PLC0415

            return JsonlTracker(config)
        case WebhookTrackerConfig():
            from clau_doom.trackers.webhook import WebhookTracker  # noqa: PLC0415

            return WebhookTracker(config)


def load_custom_tracker(config: CustomTrackerConfig) -> Tracker:
    """Return the tracker of a user's class, created as ``Class(**options)``.

    Raises:
        ConfigError: The class cannot be imported or created, or is not a tracker.
    """
    found = import_target(config.target, field="trackers.target", group="clau_doom.trackers")
    with reporting_errors(f"{found.name}: {found.value.__name__}(**options)"):
        tracker = found.value(**config.options)
    # On the class: reading the property `target` of a closed tracker could fail.
    missing = [name for name in _MEMBERS if not hasattr(type(tracker), name) and name not in vars(tracker)]
    if missing:
        raise ConfigError(f"{found.name} is not a tracker: missing {', '.join(missing)}; see clau_doom.ports.Tracker")
    return cast("Tracker", tracker)

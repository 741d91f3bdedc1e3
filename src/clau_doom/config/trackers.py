"""Configuration sections of trackers, which write experiments to TensorBoard, MLflow, W&B, files or web servers.

They do not affect results, and a resume may change all of them.
"""

import re
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

import clau_doom.domain.events  # noqa: F401 - declares the codes of events
from clau_doom.config.base_section import ConfigSection, FromList, refuse
from clau_doom.config.class_options import Options
from clau_doom.config.path_fields import FilePath
from clau_doom.config.target_import import TARGET_PATTERN
from clau_doom.domain.event_declaration import is_declared

__all__ = [
    "CustomTrackerConfig",
    "JsonlTrackerConfig",
    "MlflowTrackerConfig",
    "TensorBoardTrackerConfig",
    "TrackerConfig",
    "WandbTrackerConfig",
    "WebhookTrackerConfig",
]

_KIND = "Kind of the tracker."
_FILM = "Also write a film of the champion, which takes some seconds at the end of a run."
_HEADER = re.compile(r"[A-Za-z0-9-]{1,64}")


def _check_web_address(text: str) -> str:
    """Refuse other URLs than http and https. Messages do not show the value, because it may be a secret."""
    try:
        parts = urlsplit(text)
        fine = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fine = False
    if not fine or not text.isprintable() or " " in text:
        problem = "is not a web address: write https://HOST/PATH"
        raise PydanticCustomError("secret_value", "{problem}", {"problem": problem})
    return text


def _check_event_code(code: str) -> str:
    if not is_declared(code):
        raise ValueError("is not an event: see docs/events.md")
    return code


def _check_header(name: str) -> str:
    if not _HEADER.fullmatch(name):
        raise ValueError("is not the name of a header: use letters, digits and dashes")
    return name


class TensorBoardTrackerConfig(ConfigSection):
    """Event file for TensorBoard."""

    kind: Literal["tensorboard"] = Field(default="tensorboard", description=_KIND)
    folder: FilePath | None = Field(
        default=None, description="Log folder, with one folder for each experiment; default: the experiment's folder."
    )
    film: bool = Field(default=True, description=_FILM)


class MlflowTrackerConfig(ConfigSection):
    """Run on an MLflow server or in an MLflow database."""

    kind: Literal["mlflow"] = Field(default="mlflow", description=_KIND)
    uri: str | None = Field(
        default=None,
        min_length=1,
        description="Tracking URI; default: MLFLOW_TRACKING_URI, else mlflow.db in the working folder.",
        examples=["http://localhost:5000"],
    )
    experiment: str = Field(default="clau-doom", min_length=1, description="Name of the MLflow experiment.")
    film: bool = Field(default=True, description=_FILM)


class WandbTrackerConfig(ConfigSection):
    """Offline run for W&B, which `wandb sync` uploads."""

    kind: Literal["wandb"] = Field(default="wandb", description=_KIND)
    mode: Literal["offline"] = Field(default="offline", description="W&B writes files and uploads nothing.")
    project: str = Field(default="clau-doom", min_length=1, max_length=128, description="Name of the W&B project.")
    entity: str | None = Field(default=None, min_length=1, description="User or team of the project.")
    folder: FilePath | None = Field(
        default=None, description="Folder of the wandb folder; default: the experiment's folder."
    )
    film: bool = Field(default=True, description=_FILM)


class JsonlTrackerConfig(ConfigSection):
    """File with one JSON object in each line."""

    kind: Literal["jsonl"] = Field(default="jsonl", description=_KIND)
    folder: FilePath | None = Field(
        default=None, description="Folder of the file ID.jsonl; default: the experiment's folder."
    )


class WebhookTrackerConfig(ConfigSection):
    """HTTP POST request for each event."""

    kind: Literal["webhook"] = Field(default="webhook", description=_KIND)
    url: Annotated[str, AfterValidator(_check_web_address)] = Field(
        description="Web address that receives the requests.", examples=["https://example.org/hooks/clau-doom"]
    )
    events: Annotated[tuple[Annotated[str, AfterValidator(_check_event_code)], ...] | None, FromList] = Field(
        default=None,
        min_length=1,
        description="Codes of the events to send; default: all but routine events.",
        examples=[["generation_completed", "experiment_completed"]],
    )
    timeout: float = Field(default=10.0, gt=0.0, le=120.0, description="Seconds for one request.")
    header: Annotated[str, AfterValidator(_check_header)] = Field(
        default="Authorization", description="Header that contains the secret, if one is given."
    )
    secret_file: FilePath | None = Field(default=None, description="File with the value of the secret header.")
    secret_variable: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z_][A-Za-z0-9_]*$",
        description="Environment variable with the value of the secret header.",
    )

    @model_validator(mode="after")
    def _one_secret(self) -> Self:
        if self.secret_file is not None and self.secret_variable is not None:
            refuse([("secret_file", ("secret_variable",), "is a second source of the secret: use one of them")])
        return self


class CustomTrackerConfig(ConfigSection):
    """Python class that implements the tracker port."""

    kind: Literal["class"] = Field(default="class", description=_KIND)
    target: str = Field(
        pattern=TARGET_PATTERN,
        description="Tracker class as module:Class, importable from import_paths; or the name of a plugin.",
        examples=["my_tracker:MyTracker"],
    )
    options: Options = Field(
        default_factory=dict, description="Keyword arguments of the class.", examples=[{"channel": "evolution"}]
    )
    film: bool = Field(default=True, description=_FILM)


TrackerConfig = Annotated[
    TensorBoardTrackerConfig
    | MlflowTrackerConfig
    | WandbTrackerConfig
    | JsonlTrackerConfig
    | WebhookTrackerConfig
    | CustomTrackerConfig,
    Field(discriminator="kind"),
]

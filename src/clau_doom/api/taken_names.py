"""Reactions of `cd.run` to a stored experiment of the same name, as when a notebook is run again."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Literal, get_args

from clau_doom.api.event_loop import run_blocking
from clau_doom.api.output_dir import find_output_dir
from clau_doom.app.catalog.stored_experiments import read_experiment
from clau_doom.app.run_plan import Plan
from clau_doom.app.run_planning import plan_resume
from clau_doom.config import values
from clau_doom.domain.experiment import ExperimentState
from clau_doom.errors import ConfigError, ExperimentDone, ExperimentExists, ResumeRefused
from clau_doom.storage import ExperimentFolders

__all__ = ["IfExists", "check_if_exists", "explaining_taken_names", "output_dir_argument", "prepare"]

IfExists = Literal["error", "resume", "replace"]


def check_if_exists(if_exists: str) -> None:
    """Check the value of a user.

    Raises:
        ConfigError: The value is not a reaction.
    """
    if if_exists not in get_args(IfExists):
        raise ConfigError(f"if_exists={if_exists!r} is unknown: choose {', '.join(map(repr, get_args(IfExists)))}")


def prepare(plan: Plan, if_exists: IfExists) -> Plan | None:
    """Return the plan to run, or None if the stored experiment is the completed result of this plan.

    Raises:
        ExperimentBusy: Another process runs the stored experiment.
        ExperimentDone: The stored experiment failed or was cancelled, and should be resumed.
        ResumeRefused: The stored experiment has another configuration, and should be resumed.
    """
    name, folders = plan.config.name, ExperimentFolders(plan.output_dir)
    if if_exists == "error" or not folders.holds(name):
        return plan  # creating the experiment fails if the name is taken
    if if_exists == "replace":
        folders.delete(name)
        return plan
    return _resumed(plan)


def _resumed(plan: Plan) -> Plan | None:
    name = plan.config.name
    try:
        resumed = run_blocking(plan_resume(name, plan.output_dir, environ=os.environ, arguments=values(plan.config)))
    except ExperimentDone:
        stored = run_blocking(read_experiment(plan.output_dir, name, measured=False))
        if stored.state is ExperimentState.COMPLETED:
            return None
        raise
    except ResumeRefused as error:
        raise ResumeRefused(f"{error}, or use if_exists='replace' to delete the stored experiment first") from None
    return replace(resumed, nats=plan.nats, web=plan.web)


@contextmanager
def explaining_taken_names(plan: Plan) -> Iterator[None]:
    """Add the remedies of the library to the error about a taken name."""
    try:
        yield
    except ExperimentExists:
        name = plan.config.name
        where = output_dir_argument(plan.output_dir)
        raise ExperimentExists(
            f"experiment {name} exists already in {plan.output_dir.absolute()}: read it with cd.open({name!r}{where}), "
            "continue it with if_exists='resume', delete it first with if_exists='replace', or choose another name"
        ) from None


def output_dir_argument(output_dir: Path) -> str:
    """Return the argument for an output folder that is not the default, for calls in messages."""
    return "" if output_dir == find_output_dir() else f", output_dir={str(output_dir)!r}"

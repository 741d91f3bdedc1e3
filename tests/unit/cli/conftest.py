"""Fixtures with a small experiment, created from events and kept in a real store."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from clau_doom.domain.events import (
    Event,
)
from clau_doom.domain.experiment import Experiment, Provenance
from clau_doom.storage import ExperimentFolders
from tests.support.command_line import run
from tests.support.event_story import config, config_yaml, interrupted, story, story_of

__all__ = ["config", "interrupted", "run", "story"]

Keep = Callable[..., None]


@pytest.fixture
def twin() -> list[Event]:
    """Return the same experiment under the name `twin`."""
    return story_of("twin")


@pytest.fixture
def keep(tmp_path: Path) -> Keep:
    """Return a function that stores the experiment `tiny`, or another name, as a run that has ended."""

    def keep_events(
        events: Sequence[Event], name: str = "tiny", facts: tuple[tuple[str, str], ...] = (("clau-doom", "0.1.0"),)
    ) -> None:
        async def write() -> None:
            provenance = Provenance(facts=facts)
            experiment = Experiment(id=name, uuid="4f8", seed=7, config_yaml=config_yaml(name), provenance=provenance)
            folder = ExperimentFolders(tmp_path / "runs").create(experiment)
            async with folder.write() as store:
                await store.append(events, running_seconds=12.0)

        # Synchronous tests call this before commands that run loops of their own.
        asyncio.run(write())

    return keep_events

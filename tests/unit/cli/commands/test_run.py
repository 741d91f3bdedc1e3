"""Tests of the progress display of `run`, which an error does not end."""

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace

import pytest

from clau_doom.app import progress_display
from clau_doom.cli.commands.run import _show_progress
from clau_doom.config import ExperimentConfig
from clau_doom.domain.events import ExperimentCompleted, ExperimentStarted, RecordedEvent
from clau_doom.domain.experiment import Experiment, Provenance
from clau_doom.testing.memory_store import MemoryStore

EXPERIMENT = Experiment(id="lab", uuid="u", seed=1, config_yaml="", provenance=Provenance(facts=()))
STARTED = ExperimentStarted(resumed=False, generations=1, config_yaml="")


async def test_failed_display_is_restarted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The display continues from the current state of the run and ends with the log."""
    shown: list[list[int]] = []

    async def show(events: AsyncIterator[RecordedEvent], *_: object, **__: object) -> None:
        shown.append([])
        async for recorded in events:
            shown[-1].append(recorded.sequence)
            if recorded.sequence == 3 and len(shown) == 1:
                raise KeyError("dropped")

    monkeypatch.setattr(progress_display, "show_progress", show)
    store = MemoryStore(EXPERIMENT)
    before = await store.snapshot()
    await store.append([STARTED], running_seconds=0.0)
    await store.append([STARTED], running_seconds=0.0)
    plan = SimpleNamespace(config=ExperimentConfig(name="lab"), resume=False)
    showing = asyncio.ensure_future(_show_progress(plan, store, before))  # type: ignore[arg-type]
    async with asyncio.timeout(10):
        while len(shown) < 2:  # noqa: ASYNC110 - it says so to nobody
            await asyncio.sleep(0.01)
        await store.append([ExperimentCompleted(generations=1)], running_seconds=0.0)
        await showing
    assert shown == [[2, 3], [4]]

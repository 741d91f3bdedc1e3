"""Fixtures for engines that are always closed."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from clau_doom.game import Scenario, VizdoomEngine

MakeEngine = Callable[[Scenario], VizdoomEngine]


@pytest.fixture
def make_engine(tmp_path: Path) -> Iterator[MakeEngine]:
    made: list[VizdoomEngine] = []

    def make(scenario: Scenario) -> VizdoomEngine:
        made.append(VizdoomEngine(scenario, tmp_path / "engines" / str(len(made))))
        return made[-1]

    yield make
    for engine in made:
        engine.close()

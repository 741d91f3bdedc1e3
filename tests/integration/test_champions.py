"""The champions that are kept beside the examples."""

import asyncio
from pathlib import Path

import pytest

from clau_doom.app.replay import find_contestant, plan_replay, prove
from clau_doom.domain import Purpose
from clau_doom.replay import choose

pytestmark = pytest.mark.engine

CHAMPIONS = sorted((Path(__file__).parents[2] / "examples" / "champions").glob("*.json"))


@pytest.mark.parametrize("file", CHAMPIONS, ids=lambda file: file.stem)
def test_a_champion_plays_as_it_did(file: Path, tmp_path: Path) -> None:
    """An episode that it was judged on is the recorded one, here and now."""
    setting, champion = asyncio.run(find_contestant(str(file), None, tmp_path))
    choice = choose(champion, number=0)
    assert champion.champion
    assert choice.episode is not None
    assert choice.episode.purpose is Purpose.HELD_OUT
    assert prove(plan_replay(setting, choice, None)).outcome == choice.episode.outcome

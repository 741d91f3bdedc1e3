"""Tests of the champions that are stored with the examples."""

from pathlib import Path

import pytest

from clau_doom.app.replay import plan_replay, verify
from clau_doom.app.replay_agent_lookup import find_agent
from clau_doom.domain import Purpose
from clau_doom.replay import select_episode

pytestmark = pytest.mark.engine

CHAMPIONS = sorted((Path(__file__).parents[2] / "examples" / "champions").glob("*.json"))


@pytest.mark.parametrize("file", CHAMPIONS, ids=lambda file: file.stem)
async def test_champion_replays_its_recorded_episode(file: Path, tmp_path: Path) -> None:
    """The first held-out episode has the recorded outcome on this machine."""
    setting, champion = await find_agent(str(file), None, tmp_path)
    choice = select_episode(champion, number=0)
    assert champion.champion
    assert choice.episode is not None
    assert choice.episode.purpose is Purpose.HELD_OUT
    assert verify(plan_replay(setting, choice, None)).outcome == choice.episode.outcome

"""Tests of the construction of strategies and races; genomes keep the bits of earlier versions."""

import hashlib
from typing import Any

import pytest

from clau_doom.config import (
    CmaEsConfig,
    ExperimentConfig,
    GeneticConfig,
    MapElitesConfig,
    RacingConfig,
    RandomSearchConfig,
)
from clau_doom.domain import Gene, GeneBlock, GenomeSpace, generator
from clau_doom.evolution import Race, Result, coordinates, make_race, make_strategy

MIXED = GenomeSpace(
    [
        Gene.real("a", -1.5, 2.25),
        Gene.integer("b", -3, 9),
        Gene.choice("c", ["x", "y", "z"]),
        Gene.real("d", 5.0, 5.0),
        Gene.real("e", -1e300, 1e300),
        Gene.integer("f", 2, 3),
    ]
)
WIDE = GenomeSpace([GeneBlock(name="w", shape=(3000,), low=-4.0, high=4.0)])
SHRINKING = {"kind": "genetic", "shrink": True, "mutation": 0.5}
RACING = RacingConfig(rule="halving", first=1, growth=2.0, keep=0.25, audit=0.5)


def digest(evolution: dict[str, object], space: GenomeSpace) -> str:
    config = ExperimentConfig.model_validate({"evolution": evolution, "population": 12})
    strategy, noise, found = make_strategy(config.evolution, space, 12, 7), generator(3, "fit"), hashlib.sha256()
    for _ in range(6):
        asked = strategy.ask()
        for each in asked:
            found.update(each.genome.to_bytes())
            found.update(repr((each.parents, each.operator)).encode())
        fitness = [None if noise.random() < 0.1 else float(noise.random()) for _ in asked]
        strategy.tell([Result(each, None, 2, 0.1) for each in fitness])
    return found.hexdigest()[:16]


@pytest.mark.parametrize("numbers", [1 << 20, 7, 5000])
@pytest.mark.parametrize(
    ("evolution", "space", "expected"),
    [
        ({"kind": "genetic"}, MIXED, "400a1f5b0c7db727"),
        (SHRINKING, MIXED, "c976fc55ba65dad7"),
        ({"kind": "map-elites"}, MIXED, "f1f24eeb178732ac"),
        ({"kind": "random"}, MIXED, "f0911742d600f7cf"),
        ({"kind": "genetic"}, WIDE, "b007457d254e3737"),
        (SHRINKING, WIDE, "602ddea34a7e7830"),
        ({"kind": "map-elites"}, WIDE, "5e72823295ef4978"),
        ({"kind": "random"}, WIDE, "31ff37f1c389c57a"),
    ],
)
def test_genomes_do_not_depend_on_the_block_of_rows(
    evolution: dict[str, object], space: GenomeSpace, expected: str, numbers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The digests are of a version with genes in a tuple and operators on whole matrices."""
    monkeypatch.setattr(coordinates, "_NUMBERS", numbers)
    assert digest(evolution, space) == expected


@pytest.mark.parametrize("kind", [GeneticConfig, CmaEsConfig, RandomSearchConfig])
def test_race_has_all_settings(kind: Any) -> None:
    """Population, episodes, seed and generation give the same rungs, audits and decisions."""
    made = make_race(kind(racing=RACING), 8, 6, 3, 4)
    race = Race(RACING, population=8, episodes=6, seed=3, generation=4)
    field = [[float(value)] * 6 for value in (5, 1, 5, 2, 9, 5, 5, 0)]
    assert made is not None
    assert made.rungs == race.rungs == (1, 2, 4, 6)
    assert made.tally(field) == race.tally(field)
    assert [made.dropped(field, rung) for rung in made.rungs] == [race.dropped(field, rung) for rung in race.rungs]


@pytest.mark.parametrize("config", [GeneticConfig(), MapElitesConfig()], ids=lambda config: config.kind)
def test_without_racing_all_agents_play_all_episodes(config: Any) -> None:
    """The default rule is `none`, and MAP-Elites has no racing."""
    assert make_race(config, 8, 6, 3, 4) is None

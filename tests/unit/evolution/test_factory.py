"""Genomes of strategies, to the bit as they were before gene spaces became arrays."""

import hashlib

import pytest

from clau_doom.config import ExperimentConfig
from clau_doom.domain import Gene, GeneBlock, GenomeSpace, generator
from clau_doom.evolution import Result, coordinates, make_strategy

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
def test_genomes_are_the_same_however_many_rows_are_worked_on_at_once(
    evolution: dict[str, object], space: GenomeSpace, expected: str, numbers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The expected digests were taken when a space was a tuple of genes and operators worked on whole matrices."""
    monkeypatch.setattr(coordinates, "_NUMBERS", numbers)
    assert digest(evolution, space) == expected

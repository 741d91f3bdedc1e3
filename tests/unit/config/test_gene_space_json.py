"""Tests of the JSON text of a gene space."""

import pytest

from clau_doom.config import gene_space_from_json, gene_space_to_json
from clau_doom.domain import Gene, GeneBlock, GenomeSpace
from clau_doom.errors import StoreCorrupted
from clau_doom.policies import GENES

SPACE = GenomeSpace(
    (
        Gene.real("range", -0.1, 2000.0, "How far."),
        Gene.integer("burst", 1, 12),
        Gene.choice("scan", ("left", "right")),
        GeneBlock(name="layer0", shape=(3, 2), axes=("unit", "input"), low=-4.0, high=4.0, description="Weights."),
        GeneBlock(name="bias", shape=(2,)),
    )
)


@pytest.mark.parametrize("space", [SPACE, GENES, GenomeSpace(())])
def test_gene_space_round_trip(space: GenomeSpace) -> None:
    """Kinds, bounds, choices, descriptions and blocks are kept. A block stays one entry."""
    text = gene_space_to_json(space)
    assert gene_space_from_json(text) == space
    assert len(text) < 200 * (len(space.genes.parts) + 1)


@pytest.mark.parametrize(
    "text",
    [
        *(b"", b"{}", b"\xff", b"[1]", b"[" * 9000),
        b'[{"name": "x", "kind": "odd"}]',
        b'[{"name": "x"}, {"name": "x"}]',
        b'[{"name": "x", "shape": [10000000000, 10000000000]}]',
        b'[{"name": "x", "shape": [1000000000]}, {"name": "x_y", "shape": [1000000000]}]',
    ],
)
def test_invalid_gene_space_is_store_damage(text: bytes) -> None:
    with pytest.raises(StoreCorrupted, match="the stored genes are damaged"):
        gene_space_from_json(text)

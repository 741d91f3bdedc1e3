"""Tests of genes and blocks of genes."""

import itertools
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clau_doom.domain import Gene, GeneBlock, GeneKind, Genome, GenomeSpace
from clau_doom.domain.genes import Genes
from clau_doom.errors import InvalidGenome

BLOCK = GeneBlock(name="layer0", shape=(2, 3), axes=("unit", "input"), low=-4.0, high=4.0)
MIXED = GenomeSpace(
    [Gene.integer("burst", 1, 8), BLOCK, Gene.choice("scan", ["left", "right"]), GeneBlock(name="w", shape=(2,))]
)
NAMES = [
    "burst",
    *(f"layer0_unit{unit}_input{source}" for unit in range(2) for source in range(3)),
    "scan",
    "w_0",
    "w_1",
]


def test_names_of_a_blocks_genes_follow_c_order() -> None:
    """Blocks and single genes can be mixed. Each gene is created on access."""
    assert len(MIXED) == len(NAMES)
    assert [gene.name for gene in MIXED.genes] == NAMES
    assert [MIXED.genes[at].name for at in range(len(NAMES))] == NAMES
    assert [MIXED.genes[-at].name for at in range(1, 4)] == NAMES[:-4:-1]
    assert [gene.name for gene in MIXED.genes[5:8]] == NAMES[5:8]
    assert MIXED.genes[2] == Gene.real("layer0_unit0_input1", -4.0, 4.0)
    with pytest.raises(IndexError):
        MIXED.genes[len(NAMES)]


def test_bounds_and_kinds_are_arrays() -> None:
    """Each gene, also in a block, has one number."""
    assert MIXED.low.tolist() == [1.0, *[-4.0] * 6, 0.0, -1.0, -1.0]
    assert MIXED.high.tolist() == [8.0, *[4.0] * 6, 1.0, 1.0, 1.0]
    assert MIXED.whole.tolist() == [True, *[False] * 6, True, False, False]
    assert MIXED.choice.tolist() == [False] * 7 + [True, False, False]


def test_genes_of_a_block_are_checked_and_parsed_by_name() -> None:
    """The error for an invalid value names the gene, and a readable genome is parsed back."""
    genome = Genome([3.0, *[0.5] * 6, 1.0, 0.0, 1.0])
    assert MIXED.check(genome) is genome
    assert MIXED.named(genome)["layer0_unit1_input2"] == 0.5
    assert MIXED.named(genome, 2) == {"burst": 3, "layer0_unit0_input0": 0.5}
    assert MIXED.read(MIXED.named(genome)) == genome
    with pytest.raises(InvalidGenome, match=r"gene layer0_unit1_input0 is 4\.5: real from -4 to 4"):
        MIXED.check(Genome([3.0, 0, 0, 0, 4.5, 0, 0, 1.0, 0.0, 1.0]))


@pytest.mark.parametrize(
    ("parts", "name"),
    [
        ([Gene.real("x", 0, 1), Gene.integer("x", 0, 1)], "x"),
        ([Gene.real("w_1", 0, 1), GeneBlock(name="w", shape=(2,))], "w_1"),
        ([GeneBlock(name="w", shape=(2,)), GeneBlock(name="w", shape=(1,))], "w_0"),
        ([GeneBlock(name="w", shape=(2, 2)), GeneBlock(name="w_1", shape=(1,))], "w_1_0"),
    ],
)
def test_duplicate_gene_names_are_refused(parts: list[Gene | GeneBlock], name: str) -> None:
    """Duplicate names are refused for single genes and blocks."""
    with pytest.raises(InvalidGenome, match=f"two genes have the name '{name}': use different names"):
        GenomeSpace(parts)


def test_uniqueness_check_takes_linear_time() -> None:
    """Quadratic time would be minutes for a damaged experiment."""
    blocks = [GeneBlock(name=f"w{'_x' * (number % 50)}{number}", shape=(2,)) for number in range(20_000)]
    singles = [Gene.real(f"w{number}_", 0, 1) for number in range(20_000)]
    assert len(GenomeSpace([*blocks, *singles]).genes) == 60_000


@given(
    st.lists(st.tuples(st.sampled_from(["a", "a_1", "a_1_1", "b"]), st.integers(1, 3), st.integers(0, 3)), max_size=4)
)
def test_uniqueness_check_agrees_with_a_comparison_of_all_names(drawn: list[tuple[str, int, int]]) -> None:
    parts = [
        Gene.real(name, 0, 1) if not size else GeneBlock(name=name, shape=(size,) * axes) for name, axes, size in drawn
    ]
    names = list(itertools.chain(*([part.name] if isinstance(part, Gene) else part.names() for part in parts)))
    if len(names) == len(set(names)):
        assert [gene.name for gene in GenomeSpace(parts).genes] == names
    else:
        with pytest.raises(InvalidGenome, match="two genes have the name"):
            GenomeSpace(parts)


def test_duplicate_choices_are_refused() -> None:
    """A readable genome could not be parsed."""
    with pytest.raises(InvalidGenome, match="gene 'scan' has two choices with the same name: left, left"):
        GenomeSpace([Gene.choice("scan", ["left", "left"])])


def test_block_with_invalid_shape_or_axes_is_refused() -> None:
    for shape, axes in (((), ()), ((2, 3), ("unit",)), ((-1,), ())):
        with pytest.raises(InvalidGenome, match="gene block w has shape"):
            GeneBlock(name="w", shape=shape, axes=axes)


def test_space_of_a_billion_genes_takes_no_memory() -> None:
    """The size of a space is checked after its creation."""
    tracemalloc.start()
    space = GenomeSpace([GeneBlock(name=f"layer{layer}", shape=(1000, 1000, 100)) for layer in range(10)])
    assert (len(space), space.genes[999_999_999].name) == (10**9, "layer9_999_999_99")
    assert tracemalloc.get_traced_memory()[1] < 100_000
    tracemalloc.stop()


def test_genome_uses_eight_bytes_per_gene() -> None:
    """A genome does not store an object for each number."""
    tracemalloc.start()
    genome = Genome(0.5 for _ in range(10_000))
    assert tracemalloc.get_traced_memory()[0] < 82_000
    tracemalloc.stop()
    assert len(genome) == 10_000


def test_genomes_of_equal_numbers_are_equal() -> None:
    """Equality ignores the sign of zero, as for tuples, and a set holds one of equal genomes."""
    genomes = [Genome((0.0, 1.0)), Genome((-0.0, 1.0)), Genome([0, 1])]
    assert len(set(genomes)) == 1
    assert Genome((0.0,)) != Genome((0.0, 0.0))
    assert Genome((1.0,)) != (1.0,)
    assert repr(Genome((1.0, -0.0))) == "Genome((1.0, -0.0))"
    assert len(repr(Genome([0.25] * 1000))) < 300


def test_constructors_set_all_attributes() -> None:
    """Bounds are numbers. Those of a choice are its first and its last index."""
    assert Gene.real("aim", -1, 1, "offset") == Gene(
        name="aim", kind=GeneKind.REAL, low=-1.0, high=1.0, description="offset"
    )
    assert Gene.integer("burst", 1, 8, "shots") == Gene(
        name="burst", kind=GeneKind.INTEGER, low=1.0, high=8.0, description="shots"
    )
    assert Gene.choice("scan", ["left", "right", "back"], "where to look") == Gene(
        name="scan",
        kind=GeneKind.CHOICE,
        low=0.0,
        high=2.0,
        choices=("left", "right", "back"),
        description="where to look",
    )


def test_genes_are_equal_by_their_parts() -> None:
    """Equal parts have equal hashes. Other parts, and other types with the same parts, differ."""
    genes, other = Genes([BLOCK]), Genes([Gene.real("x", 0.0, 1.0)])
    assert genes == Genes([BLOCK])
    assert hash(genes) == hash(Genes([BLOCK]))
    assert genes != other
    assert hash(genes) != hash(other)
    assert genes != (BLOCK,)

"""Tests of genes, genomes and gene spaces."""

import math
import re
import struct
import sys
from array import array

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clau_doom.domain import Gene, GeneKind, Genome, GenomeSpace
from clau_doom.domain.genome import _swapped
from clau_doom.errors import InvalidGenome

SPACE = GenomeSpace(
    (
        Gene.real("aim", -1.5, 1.5, "how far off is on target"),
        Gene.integer("burst", 1, 8),
        Gene.choice("target", ["nearest", "weakest", "strongest"]),
    )
)
FLOATS = st.floats()


@given(st.lists(FLOATS, max_size=20).map(tuple))
def test_genome_bytes_round_trip(values: tuple[float, ...]) -> None:
    """Bytes of any numbers, including NaN and negative zero, restore the same bits."""
    data = Genome(values).to_bytes()
    assert len(data) == 8 * len(values)
    assert Genome.from_bytes(data).to_bytes() == data
    assert [repr(value) for value in Genome.from_bytes(data).values] == [repr(value) for value in values]


def test_genome_bytes_are_little_endian_doubles() -> None:
    """Hashes depend on the byte format."""
    assert Genome((1.0, -0.0)).to_bytes().hex() == "000000000000f03f" + "0000000000000080"
    assert Genome(()).to_bytes() == b""


def test_truncated_bytes_are_refused() -> None:
    """The message has their number."""
    with pytest.raises(InvalidGenome, match="a genome of 9 bytes"):
        Genome.from_bytes(bytes(9))


def test_returned_array_is_a_copy() -> None:
    """A change to the returned array does not change the genome."""
    genome = Genome((1.0, 2.0))
    array = genome.array()
    array[0] = 5.0
    assert array.dtype == np.float64
    assert genome.values == (1.0, 2.0)


@pytest.mark.parametrize(
    ("gene", "inside", "outside"),
    [
        (Gene.real("x", -1.0, 2.0), [-1.0, 0.3, 2.0, -0.0], [-1.0000001, 2.5, math.nan, math.inf, -math.inf]),
        (Gene.integer("x", -2, 3), [-2.0, 0.0, 3.0], [-3.0, 0.5, 4.0, math.nan]),
        (Gene.choice("x", ["a", "b"]), [0.0, 1.0], [-1.0, 0.5, 2.0]),
    ],
)
def test_gene_accepts_values_of_its_kind_and_bounds(gene: Gene, inside: list[float], outside: list[float]) -> None:
    """Bounds are inclusive, integers and choices are whole, and only finite values are valid."""
    assert all(gene.holds(value) for value in inside)
    assert not any(gene.holds(value) for value in outside)


def test_constructors_set_kind_bounds_and_choices() -> None:
    kinds = [gene.kind for gene in SPACE.genes]
    assert kinds == [GeneKind.REAL, GeneKind.INTEGER, GeneKind.CHOICE]
    assert SPACE.genes[2].choices == ("nearest", "weakest", "strongest")
    assert SPACE.genes[0].description == "how far off is on target"
    assert SPACE.low.tolist() == [-1.5, 1.0, 0.0]
    assert SPACE.high.tolist() == [1.5, 8.0, 2.0]
    assert len(SPACE) == 3


def test_valid_genome_is_returned() -> None:
    genome = Genome((0.25, 3.0, 2.0))
    assert SPACE.check(genome) is genome


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ((0.0, 1.0), "a genome of 2 genes, but the policy has 3"),
        ((1.75, 1.0, 0.0), r"gene aim is 1.75: real from -1.5 to 1.5"),
        ((0.0, 1.5, 0.0), r"gene burst is 1.5: integer from 1 to 8"),
        ((0.0, 1.0, 3.0), r"gene target is 3.0: choice from 0 to 2"),
    ],
)
def test_invalid_genome_names_the_gene(values: tuple[float, ...], message: str) -> None:
    """The message names the gene, its value and its bounds."""
    with pytest.raises(InvalidGenome, match=message):
        SPACE.check(Genome(values))


def test_readable_genome_has_gene_names() -> None:
    """Readable values have gene names. Integers have no decimal point, and choices are names."""
    assert SPACE.named(Genome((0.25, 3.0, 2.0))) == {"aim": 0.25, "burst": 3, "target": "strongest"}
    assert type(SPACE.named(Genome((0.25, 3.0, 2.0)))["burst"]) is int


@given(st.tuples(st.floats(-1.5, 1.5), st.integers(1, 8).map(float), st.integers(0, 2).map(float)))
def test_readable_genome_round_trip(values: tuple[float, ...]) -> None:
    """Parsing restores each bit in any order of the names."""
    named = SPACE.named(Genome(values))
    assert SPACE.read(dict(reversed(named.items()))).to_bytes() == Genome(values).to_bytes()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"aim": 2.0}, "gene aim is 2.0: real from -1.5 to 1.5"),
        ({"aim": "far"}, "gene aim is 'far': it is a number"),
        ({"burst": 1.5}, "gene burst is 1.5"),
        ({"target": "boldest"}, "gene target is 'boldest': it is one of nearest, weakest, strongest"),
        ({"target": 0.0}, "gene target is 0.0: it is one of"),
        ({"luck": 1.0}, "gene luck is unknown: the policy has 3 genes"),
    ],
)
def test_invalid_readable_genome_is_refused(change: dict[str, float | str], message: str) -> None:
    """The message names the gene and its valid values."""
    named: dict[str, float | str] = {"aim": 0.5, "burst": 3, "target": "nearest"}
    with pytest.raises(InvalidGenome, match=re.escape(message)):
        SPACE.read({**named, **change})
    with pytest.raises(InvalidGenome, match="gene burst is missing"):
        SPACE.read({"aim": 0.5, "target": "nearest"})


def test_equal_genomes_are_one_dictionary_key() -> None:
    """Genomes are compared and hashed by value."""
    assert {Genome((1.0,)): "x"}[Genome(struct.unpack("<d", struct.pack("<d", 1.0)))] == "x"


@pytest.mark.parametrize("order", ["little", "big"])
def test_bytes_are_swapped_on_big_endian_machines_only(order: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stored numbers are little-endian on every machine."""
    native, other = (
        array("d", [1.5, -2.0]).tobytes(),
        struct.pack(f"{'>' if sys.byteorder == 'little' else '<'}2d", 1.5, -2.0),
    )
    monkeypatch.setattr(sys, "byteorder", order)
    assert _swapped(array("d", [1.5, -2.0])).tobytes() == (other if order == "big" else native)

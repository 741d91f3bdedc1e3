"""Tests of gene spaces from short descriptions."""

from typing import Any

import pytest

from clau_doom.api.search_space import gene_space
from clau_doom.domain import Gene, GenomeSpace
from clau_doom.errors import ConfigError


def test_each_form_has_its_kind_of_gene() -> None:
    found = gene_space({"x": (-1.0, 1), "n": (0, 9), "kind": ["a", "b"], "other": ("c", "d", "e")})
    assert found == GenomeSpace(
        [
            Gene.real("x", -1.0, 1.0),
            Gene.integer("n", 0, 9),
            Gene.choice("kind", ["a", "b"]),
            Gene.choice("other", ["c", "d", "e"]),
        ]
    )
    assert gene_space(found) is found


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (3.0, r"space: x is 3\.0: use \(low, high\) for a number"),
        ((1.0,), r"space: x is \(1\.0,\): use"),
        ([], r"space: x is \[\]: use"),
        (["a", 1], "use .low, high. for a number, or a list of texts"),
        ((False, True), "use .low, high. for a number, or a list of texts"),
        (["a", "a"], "space: x has a choice twice: a, a"),
        ((1.0, -1.0), r"space: x is \(1\.0, -1\.0\): use finite numbers, the smaller one first"),
        ((0.0, float("nan")), "use finite numbers"),
        ((0.0, float("inf")), "use finite numbers"),
    ],
)
def test_other_values_name_the_gene(value: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        gene_space({"x": value})

"""Genomes in every form that commands write."""

import json
from pathlib import Path

import pytest

from clau_doom.app.genome_documents import genome_of_data, genome_of_file, genome_of_text
from clau_doom.domain import Gene, Genome, GenomeSpace
from clau_doom.errors import ConfigError

SPACE = GenomeSpace(
    [Gene.real("speed", -5.0, 5.0), Gene.integer("burst", 0, 9), Gene.choice("scan", ["left", "right"])]
)
GENOME = Genome((0.1, 3, 1))
NAMED = {"speed": 0.1, "burst": 3, "scan": "right"}


@pytest.mark.parametrize("text", ["0.1,3,right", "0.1, 3.0, 1", "1e-1,3,1.0"])
def test_values_in_order_name_a_choice_or_its_index(text: str) -> None:
    assert genome_of_text(text, SPACE) == GENOME


@pytest.mark.parametrize(
    "document",
    [
        NAMED,
        {"format": "clau-doom agent 1", "genome": NAMED},  # agent export
        {"schema_version": 1, "id": "a-g000-a000", "genome": NAMED, "values": [0.1, 3.0, 1.0]},  # agent show --json
        [0.1, 3, 1],
        {"genome": [0.1, 3, "right"]},
    ],
)
def test_files_of_every_form_have_the_same_genome(document: object, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(document))
    assert genome_of_file(tmp_path / "a.json", SPACE) == GENOME


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"speed": 1.0, "burst": 1}, "which has other genes: it lacks 'scan'"),
        (NAMED | {"reach": 1, "aim": 2}, "the policy does not have 'aim', 'reach'"),
        (dict.fromkeys("abcdefgh", 1), "it lacks .*; the policy does not have 'a', 'b', 'c', 'd', 'e' and 3 more"),
        (NAMED | {"scan": "up"}, "gene scan is 'up': it is one of left, right"),
        (NAMED | {"speed": 6}, "gene speed is 6.0: real from -5 to 5"),
        (NAMED | {"speed": None}, "is not a genome of the policy"),
        (NAMED | {"speed": float("nan")}, "gene speed is nan"),
        ([1, 2], "it has 2 values, but the policy has 3 genes"),
        ([1, "x", 0], "gene burst is 'x': it is a number"),
        ([1, 2, "up"], "gene scan is 'up': it is one of left, right"),
        ("text", "x has no genome: use a file of clau-doom agent export"),
        (None, "x has no genome"),
    ],
)
def test_other_data_are_refused_with_the_genes(data: object, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        genome_of_data(data, SPACE, name="x")


def test_unusable_files_are_refused(tmp_path: Path) -> None:
    for name, content, message in (
        ("missing.json", None, "cannot read .*missing.json: No such file"),
        ("broken.json", b"{", "broken.json is not JSON"),
        ("deep.json", b"[" * 100_000, "deep.json is not JSON"),
        ("binary.json", b"\xff\x00", "binary.json is not JSON"),
    ):
        if content is not None:
            (tmp_path / name).write_bytes(content)
        with pytest.raises(ConfigError, match=message):
            genome_of_file(tmp_path / name, SPACE)

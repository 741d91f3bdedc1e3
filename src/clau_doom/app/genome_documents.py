"""Genomes in files and on the command line, in every form that clau-doom writes.

`agent export` and `agent show --json` write a genome by the names of its genes, with choices by name. The latter also
writes the values in the order of the genes, with choices by index. Both forms are read here.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic_core import from_json

from clau_doom.domain import GeneKind, Genome, GenomeSpace
from clau_doom.errors import ConfigError, InvalidGenome
from clau_doom.escaping import quoted
from clau_doom.regular_files import open_regular

__all__ = ["SUFFIX", "genome_of_data", "genome_of_file", "genome_of_text"]

SUFFIX = ".json"
"""Suffix of files with a genome."""

_LARGEST = 64 * 1024 * 1024
_NAMED = 5
"""Maximum number of genes that an error names."""


def genome_of_text(text: str, space: GenomeSpace) -> Genome:
    """Return the genome of values in the order of the genes, separated by commas; a choice is a name or an index.

    Raises:
        ConfigError: A value is not legal, or the number of values differs from that of the genes.
    """
    return genome_of_data([part.strip() for part in text.split(",")], space, name=quoted(text))


def genome_of_file(path: Path, space: GenomeSpace) -> Genome:
    """Return the genome of a JSON file.

    Args:
        path: A file of `agent export` or `agent show --json`, or a genome alone.
        space: Genes of the policy.

    Raises:
        ConfigError: The file cannot be read, has no genome, or has other genes than the policy.
    """
    try:
        with open_regular(path) as file:
            content = file.read(_LARGEST + 1)
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror or error}") from error
    if len(content) > _LARGEST:
        raise ConfigError(f"{path} has more than {_LARGEST >> 20} MB: use a file of clau-doom agent export")
    try:
        data = from_json(content)
    except ValueError as error:
        raise ConfigError(f"{path} is not JSON ({error}): use a file of clau-doom agent export") from None
    if isinstance(data, dict) and isinstance(data.get("genome"), dict | list):
        data = data["genome"]
    return genome_of_data(data, space, name=str(path))


def genome_of_data(data: object, space: GenomeSpace, *, name: str) -> Genome:
    """Return the genome of a mapping by gene names, or of a list in the order of the genes.

    Args:
        data: The mapping or list.
        space: Genes of the policy.
        name: Name of the source, for messages.

    Raises:
        ConfigError: The data are not a genome, or have other genes than the policy. The message names the genes.
    """
    try:
        if isinstance(data, Mapping):
            return space.read(_checked(data, space, name))
        if isinstance(data, Sequence) and not isinstance(data, str):
            return _in_order(data, space)
    except (InvalidGenome, TypeError, ValueError) as error:
        raise ConfigError(f"{name} is not a genome of the policy: {error}") from None
    raise ConfigError(f"{name} has no genome: use a file of clau-doom agent export, or of agent show --json")


def _checked(named: Mapping[str, float | str], space: GenomeSpace, name: str) -> Mapping[str, float | str]:
    """Return values by name if they are those of the genes of the space."""
    genes = {gene.name for gene in space.genes}
    missing, unknown = genes - named.keys(), named.keys() - genes
    if missing or unknown:
        parts = [
            f"{what} {_list(names)}"
            for what, names in (("it lacks", missing), ("the policy does not have", unknown))
            if names
        ]
        raise ConfigError(f"{name} is not a genome of the policy, which has other genes: {'; '.join(parts)}")
    return named


def _list(names: set[str]) -> str:
    shown = ", ".join(quoted(name) for name in sorted(names)[:_NAMED])
    more = len(names) - _NAMED
    return f"{shown} and {more:,} more" if more > 0 else shown


def _in_order(values: Sequence[float | str], space: GenomeSpace) -> Genome:
    if len(values) != len(space):
        raise InvalidGenome(f"it has {len(values):,} values, but the policy has {len(space):,} genes")
    numbers = []
    for gene, value in zip(space.genes, values, strict=True):
        if gene.kind is GeneKind.CHOICE and value in gene.choices:
            numbers.append(float(gene.choices.index(str(value))))
            continue
        try:
            numbers.append(float(value))
        except ValueError:
            expected = f"one of {', '.join(gene.choices)}" if gene.choices else "a number"
            raise InvalidGenome(f"gene {gene.name} is {value!r}: it is {expected}") from None
    return space.check(Genome(numbers))

"""JSON text of a gene space: names, kinds and bounds of a policy's genes."""

import math
from typing import Annotated

from pydantic import Discriminator, Tag, TypeAdapter, ValidationError

from clau_doom.domain import Gene, GeneBlock, GenomeSpace
from clau_doom.errors import InvalidGenome, StoreCorrupted

__all__ = ["gene_space_from_json", "gene_space_to_json"]

_MOST_GENES = 2_000_000
"""Maximum of `limits.genes`; the names of more genes would exhaust the memory of a reader."""


def _form(value: object) -> str:
    return "block" if isinstance(value, GeneBlock) or (isinstance(value, dict) and "shape" in value) else "gene"


_PARTS: TypeAdapter[tuple[Gene | GeneBlock, ...]] = TypeAdapter(
    tuple[Annotated[Annotated[Gene, Tag("gene")] | Annotated[GeneBlock, Tag("block")], Discriminator(_form)], ...]
)


def gene_space_to_json(space: GenomeSpace) -> bytes:
    """Format a gene space as a JSON list of genes and blocks of genes with all their fields."""
    return _PARTS.dump_json(space.genes.parts)


def gene_space_from_json(text: bytes) -> GenomeSpace:
    """Parse a gene space written by `gene_space_to_json`.

    Raises:
        StoreCorrupted: The text is not a gene space.
    """
    try:
        parts = _PARTS.validate_json(text)
        count = sum(math.prod(part.shape) if isinstance(part, GeneBlock) else 1 for part in parts)
        if count > _MOST_GENES:
            raise InvalidGenome(f"it has {count:,} genes: at most {_MOST_GENES:,} are read")
        return GenomeSpace(parts)
    except (ValidationError, InvalidGenome) as error:
        first = str(error).splitlines()[0]
        raise StoreCorrupted(f"the stored genes are damaged: {first}") from None

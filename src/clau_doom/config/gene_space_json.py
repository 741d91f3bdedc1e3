"""JSON text of a gene space: names, kinds and bounds of the genes that a policy has."""

from typing import Annotated

from pydantic import Discriminator, Tag, TypeAdapter, ValidationError

from clau_doom.domain import Gene, GeneBlock, GenomeSpace
from clau_doom.errors import InvalidGenome, StoreCorrupted

__all__ = ["gene_space_from_json", "gene_space_to_json"]


def _form(value: object) -> str:
    return "block" if isinstance(value, GeneBlock) or (isinstance(value, dict) and "shape" in value) else "gene"


_PARTS: TypeAdapter[tuple[Gene | GeneBlock, ...]] = TypeAdapter(
    tuple[Annotated[Annotated[Gene, Tag("gene")] | Annotated[GeneBlock, Tag("block")], Discriminator(_form)], ...]
)


def gene_space_to_json(space: GenomeSpace) -> bytes:
    """Return a list of genes and blocks of genes, with all their fields, as JSON."""
    return _PARTS.dump_json(space.genes.parts)


def gene_space_from_json(text: bytes) -> GenomeSpace:
    """Return the gene space that `gene_space_to_json` wrote.

    Raises:
        StoreCorrupted: The text is not that of a gene space.
    """
    try:
        return GenomeSpace(_PARTS.validate_json(text))
    except (ValidationError, InvalidGenome) as error:
        first = str(error).splitlines()[0]
        raise StoreCorrupted(f"the stored genes are damaged: {first}") from None

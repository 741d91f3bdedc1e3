"""Output of documents: printed as text or JSON, and written as reports."""

from pathlib import Path
from typing import TYPE_CHECKING

from clau_doom.cli.console import data_console, print_json, progress_console

if TYPE_CHECKING:
    from clau_doom.analysis.document import Document

__all__ = ["print_document", "write_report"]


def print_document(document: "Document", *, as_json: bool, whole: bool = True) -> None:
    """Print a document.

    Args:
        document: The document.
        as_json: Whether to print JSON.
        whole: Whether the tables of the text are complete.
    """
    from clau_doom.analysis.document_json import document_json
    from clau_doom.app.document_rendering import document_view

    if as_json:
        print_json(document_json(document))
    else:
        data_console().print(document_view(document, whole=whole))


def write_report(path: Path, page: str) -> None:
    """Write the HTML page of a report, and name its file.

    Raises:
        DiskFull: The disk is full.
        StorageFailed: The file cannot be written.
    """
    from clau_doom.atomic_write import write_output

    write_output(path, page)
    progress_console().print(f"wrote {path}", style="dim", soft_wrap=True)

"""Analysis of experiments: as text, HTML, JSON and a report."""

import json
import os
import shutil
from collections.abc import Callable, Sequence
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clau_doom.errors import ConfigError

if TYPE_CHECKING:
    from clau_doom.analysis.document import Document

__all__ = ["Analysis"]

_WIDTH = 120  # characters of a line without a terminal

Describe = Callable[[Sequence[str] | None], "Document"]
"""Returns the document with the sections of the given names; None: all sections."""


class Analysis:
    """Analysis of one experiment, or comparison of several.

    ``print(analysis)`` shows the main results as `clau-doom analyze` does. A section is computed at its first use.

    Attributes:
        sections: Names of all sections, such as ``held-out``.

    Example:
        >>> import clau_doom as cd
        >>> analysis = cd.open("quickstart").analyze()  # doctest: +SKIP
        >>> analysis.to_dict()["held_out"][0]["fitness"]["mean"]  # doctest: +SKIP
        23.1
        >>> print(analysis.text("learning"))  # doctest: +SKIP
        >>> analysis.report("quickstart.html")  # doctest: +SKIP
    """

    def __init__(self, describe: Describe, *, sections: Sequence[str], main: Sequence[str]) -> None:
        """Use `Experiment.analyze` or `cd.compare` in place of the constructor."""
        self._describe = describe
        self._main = tuple(main)
        self.sections = tuple(sections)

    def to_dict(self) -> dict[str, Any]:
        """Return all results, with the keys of `clau-doom analyze --json`. Results may be ``{"missing": reason}``."""
        from clau_doom.analysis.document_json import document_json  # noqa: PLC0415 - scipy
        from clau_doom.app.json_documents import versioned  # noqa: PLC0415 - as above

        return versioned(document_json(self._describe(None)))

    def to_json(self, *, indent: int | None = 2) -> str:
        """Return all results as JSON text.

        Args:
            indent: Spaces for each level, or None for one line.
        """
        return json.dumps(self.to_dict(), indent=indent, ensure_ascii=False, allow_nan=False)

    def text(self, *sections: str, width: int | None = None) -> str:
        """Return sections as text, with complete tables.

        Args:
            sections: Names of the sections. None given: the main sections, with shortened tables.
            width: Characters of a line. None: the width of the terminal, or else 120.

        Raises:
            ConfigError: A section does not exist.
        """
        from clau_doom.app.document_rendering import document_view  # noqa: PLC0415 - scipy
        from clau_doom.app.literal_console import literal_console  # noqa: PLC0415 - as above

        unknown = [name for name in sections if name not in self.sections]
        if unknown:
            raise ConfigError(f"unknown section {unknown[0]!r}: choose one of {', '.join(self.sections)}")
        out = StringIO()
        columns = width or shutil.get_terminal_size((_WIDTH, 0)).columns
        console = literal_console(file=out, width=columns, styled=False)
        console.print(document_view(self._describe(sections or self._main), whole=bool(sections)))
        return "\n".join(line.rstrip() for line in out.getvalue().splitlines())

    def html(self) -> str:
        """Return the report with all sections and figures as an HTML page without scripts or external files."""
        from clau_doom.analysis.report import render  # noqa: PLC0415 - jinja2

        return render(self._describe(None))

    def report(self, path: str | os.PathLike[str], *, force: bool = False) -> Path:
        """Write the report to a file; an older report is replaced.

        Args:
            path: The file. Its name ends in ``.html``.
            force: Replace a file that is not a report.

        Returns:
            Path of the file.

        Raises:
            ConfigError: The file cannot be replaced, or its name or folder is wrong.
            StorageFailed: The file cannot be written.
        """
        from clau_doom.app.report import check_report_target  # noqa: PLC0415 - scipy
        from clau_doom.atomic_write import write_output  # noqa: PLC0415 - as above

        target = Path(path)
        check_report_target(target, force=force)
        write_output(target, self.html())
        return target

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return f"<Analysis with sections {', '.join(self.sections)}>"

    def _repr_html_(self) -> str:
        """Return summary, cautions and the main tables for a notebook."""
        from clau_doom.api.document_html import document_html  # noqa: PLC0415 - scipy

        return document_html(self._describe(self._main))

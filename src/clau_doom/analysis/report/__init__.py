"""HTML renderer of documents: one self-contained page without scripts.

`html` renders the page with its templates, and `chart_svg` draws the charts on an `svg.Picture`. The page loads no
other files. It follows the reader's dark or light mode and can be printed. It does not contain a date: the same
document gives the same bytes.

jinja2 takes a second to import. Import this package inside functions.
"""

from clau_doom.analysis.report.html import MARK, render

__all__ = ["MARK", "render"]

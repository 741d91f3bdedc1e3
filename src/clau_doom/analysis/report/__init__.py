"""Report of an experiment, or of a comparison of experiments, as one self-contained HTML page.

`experiment` and `comparison` assemble the report from sections. Each module has one subject (`training`, `held_out`,
`genes`, `agent_sections`, `appendix`) and returns `Section` values of `document`. `svg` draws the charts,
`number_format` formats numbers, and `html` renders the page with its templates. The page contains no scripts and loads
no other files. It follows the reader's dark or light mode and can be printed. The page does not contain a date: the
same experiment gives the same bytes.

`statsmodels` and jinja2 take a second to import. Import this package inside functions.
"""

from clau_doom.analysis.report.comparison import comparison_report
from clau_doom.analysis.report.experiment import experiment_report
from clau_doom.analysis.report.html import MARK, render

__all__ = ["MARK", "comparison_report", "experiment_report", "render"]

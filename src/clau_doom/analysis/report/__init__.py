"""A report: an experiment's analysis, or several side by side, as one page that stands by itself.

`experiment` and `comparison` put it together, a file a subject (`training`, `held_out`, `genes`, `choosing`, `origin`);
each gives `Section` values of `document`. Pictures are SVG that `picture` writes, numbers are set by `typeset`, and
`page` makes the HTML by the templates beside it. The page fetches nothing and runs nothing, is dark or light as its
reader's system is, and prints. It has no date in it: the same experiment gives the same bytes.

`statsmodels` and jinja2 take a second to import: import this package where a report is made.
"""

from clau_doom.analysis.report.comparison import comparison_report
from clau_doom.analysis.report.experiment import experiment_report
from clau_doom.analysis.report.html import MARK, render

__all__ = ["MARK", "comparison_report", "experiment_report", "render"]

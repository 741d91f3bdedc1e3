"""Statistics of experiments, with intervals.

The functions depend only on their arguments: they do not use a store, an engine or a clock. `plot` writes a file. The
only random part is the bootstrap. Its generator has the experiment's seed, so that a repeated analysis gives the same
numbers. A result that the data do not allow is an `Unavailable` with the reason, never a number.

`experiment_analysis` combines the statistics of one experiment, `comparison` those of several. The other modules have
one subject each, such as `held_out`, `learning`, `control_charts`, `genomes`, `regression`, `pca`, `lineage`,
`elite_map`, `topsis` and `ranking`. `plot` draws the fitness curve. `matplotlib` (`plot`) and `statsmodels`
(`regression`, `experiment_analysis`, `comparison`) take a second to import. Import these modules inside functions, not
with the package.
"""

from clau_doom.analysis.held_out_results import ROLE_NAMES, held_out_standings, held_out_table
from clau_doom.analysis.ranking import criteria_of
from clau_doom.analysis.summary import (
    Comparison,
    GenerationRow,
    ResultRow,
    ResultTable,
    SelectionBias,
    generation_rows,
    result_table,
    telling_measures,
)
from clau_doom.analysis.topsis import Criterion
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.statistics.intervals import (
    Interval,
    difference_interval,
    mean_interval,
    student_interval,
    unpaired_interval,
)

__all__ = [
    "ROLE_NAMES",
    "Comparison",
    "Criterion",
    "GenerationRow",
    "Interval",
    "ResultRow",
    "ResultTable",
    "SelectionBias",
    "Unavailable",
    "criteria_of",
    "difference_interval",
    "generation_rows",
    "held_out_standings",
    "held_out_table",
    "mean_interval",
    "result_table",
    "student_interval",
    "telling_measures",
    "unpaired_interval",
]

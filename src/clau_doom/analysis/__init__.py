"""What an experiment's numbers say, and how surely.

Everything here is given values and gives values back (or writes the file that it was told to): no store, no engine, no
clock. The one source of randomness, the bootstrap's resampling, is a generator that the caller makes from the
experiment's seed, so that a repeated analysis gives the same numbers. A part that the data do not allow is an
`Unavailable` with the reason, never a number.

`experiment` puts the parts together for one experiment, `comparison` for several. Below them, a file a subject:
`estimates` and `intervals`, `effects`, `held_out` and `summary`, `learning`, `control_charts`, `genomes`,
`regression`, `components`, `lineage`, `archive`, `topsis` and `ranking`; `plot` draws. `matplotlib` (`plot`) and
`statsmodels` (`effects`, `regression`, and so `experiment` and `comparison`) take a second to import: those modules are
imported by name where they are used, and not with the package.
"""

from clau_doom.analysis.held_out import ROLE_NAMES, held_out_standings, held_out_table
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

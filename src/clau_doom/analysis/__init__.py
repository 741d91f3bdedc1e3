"""What an experiment's numbers say, and how surely: intervals, summaries and a picture of them.

Everything here is given values and gives values back (or writes the file that it was told to): no store, no engine, no
clock. The one source of randomness, the bootstrap's resampling, is a generator that the caller makes from the
experiment's seed, so that an analysis repeated is an analysis confirmed. `matplotlib` and `scipy` take a second to
import: `plot` and `intervals` are the only modules that do.
"""

from clau_doom.analysis.intervals import Interval, difference_interval, mean_interval, student_interval
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

__all__ = [
    "Comparison",
    "GenerationRow",
    "Interval",
    "ResultRow",
    "ResultTable",
    "SelectionBias",
    "difference_interval",
    "generation_rows",
    "mean_interval",
    "result_table",
    "student_interval",
    "telling_measures",
]

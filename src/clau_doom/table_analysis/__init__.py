"""Analysis of arbitrary tables: read a file, select rows, state a design, test it, compare levels.

`read_table` reads a CSV or Parquet file, `convert_table` converts a data frame, `rows_where` selects rows,
`make_design` checks the question, and `analyze_design` answers it. `make_task_scores` states a comparison of methods
over tasks. The package knows nothing of experiments. Importing it takes a second, for statsmodels.
"""

from clau_doom.table_analysis.analysis import analyze_design, run_tests
from clau_doom.table_analysis.csv_dialect import CsvOptions
from clau_doom.table_analysis.design import Covariate, Design, Factor, make_design
from clau_doom.table_analysis.diagnostics import Diagnostic, diagnose
from clau_doom.table_analysis.linear_models import AnovaTable, LinearModel, SumsOfSquares, anova, fit
from clau_doom.table_analysis.pairs import MOST_COMPARED, Comparisons, Pair
from clau_doom.table_analysis.results import (
    METHODS,
    AdjustedMean,
    EffectTest,
    Group,
    Method,
    Slope,
    TableAnalysis,
    TestedDesign,
    VarianceComponent,
)
from clau_doom.table_analysis.row_filter import Condition, parse_where, rows_where
from clau_doom.table_analysis.table import DataColumn, DataTable, Value, check_names, make_column, make_table
from clau_doom.table_analysis.table_conversion import convert_table
from clau_doom.table_analysis.table_reader import read_table
from clau_doom.table_analysis.task_design import make_task_scores, task_generator

__all__ = [
    "METHODS",
    "MOST_COMPARED",
    "AdjustedMean",
    "AnovaTable",
    "Comparisons",
    "Condition",
    "Covariate",
    "CsvOptions",
    "DataColumn",
    "DataTable",
    "Design",
    "Diagnostic",
    "EffectTest",
    "Factor",
    "Group",
    "LinearModel",
    "Method",
    "Pair",
    "Slope",
    "SumsOfSquares",
    "TableAnalysis",
    "TestedDesign",
    "Value",
    "VarianceComponent",
    "analyze_design",
    "anova",
    "check_names",
    "convert_table",
    "diagnose",
    "fit",
    "make_column",
    "make_design",
    "make_table",
    "make_task_scores",
    "parse_where",
    "read_table",
    "rows_where",
    "run_tests",
    "task_generator",
]

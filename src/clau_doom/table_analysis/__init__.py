"""Analysis of variance of arbitrary tables: read a file, select rows, state a design, test it, compare levels.

`read_table` reads a CSV or Parquet file, `rows_where` selects rows, `make_design` checks the question, and
`analyze_variance` answers it. The tests are those of scipy and statsmodels. Added here are Welch's omega squared,
aligned ranks, Tukey's comparisons of a model's means, and the selection of the test. The package knows nothing of
experiments. Importing it takes a second, for statsmodels.
"""

from clau_doom.table_analysis.aligned_ranks import aligned, aligned_rank_anova, aligned_ranks, cell_ranks
from clau_doom.table_analysis.assumptions import ALPHA, Assumptions, Check, check_assumptions
from clau_doom.table_analysis.csv_dialect import CsvOptions
from clau_doom.table_analysis.design import Design, Factor, make_design
from clau_doom.table_analysis.models import AnovaTable, Effect, LinearModel, SumsOfSquares, anova, fit
from clau_doom.table_analysis.one_way import OneWayTest, kruskal_wallis, welch
from clau_doom.table_analysis.post_hoc import MOST_COMPARED, Comparisons, Pair, games_howell, tukey
from clau_doom.table_analysis.row_filter import Condition, parse_where, rows_where
from clau_doom.table_analysis.table import Column, Table, Value, check_names, make_column, make_table
from clau_doom.table_analysis.table_reader import read_table
from clau_doom.table_analysis.test_selection import Chosen, Group, VarianceAnalysis, analyze_variance

__all__ = [
    "ALPHA",
    "MOST_COMPARED",
    "AnovaTable",
    "Assumptions",
    "Check",
    "Chosen",
    "Column",
    "Comparisons",
    "Condition",
    "CsvOptions",
    "Design",
    "Effect",
    "Factor",
    "Group",
    "LinearModel",
    "OneWayTest",
    "Pair",
    "SumsOfSquares",
    "Table",
    "Value",
    "VarianceAnalysis",
    "aligned",
    "aligned_rank_anova",
    "aligned_ranks",
    "analyze_variance",
    "anova",
    "cell_ranks",
    "check_assumptions",
    "check_names",
    "fit",
    "games_howell",
    "kruskal_wallis",
    "make_column",
    "make_design",
    "make_table",
    "parse_where",
    "read_table",
    "rows_where",
    "tukey",
    "welch",
]

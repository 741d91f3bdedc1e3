"""The analysis of variance of any table: do the levels of one factor or two differ, and which?

`make_design` checks what is asked; `analyze_variance` answers: the classical analysis, whether its assumptions hold,
the test to believe where they do not, and the pairs that differ. The tests are those of scipy and statsmodels; ours is
what they lack: Welch's omega squared, aligned ranks, Tukey's comparisons of a model's means, and the choice among them.
Importing this takes a second, for statsmodels.
"""

from clau_doom.analysis.variance.afterwards import MOST_COMPARED, Comparisons, Pair, games_howell, tukey
from clau_doom.analysis.variance.aligned import aligned, aligned_rank_anova, aligned_ranks, cell_ranks
from clau_doom.analysis.variance.assumptions import ALPHA, Assumptions, Check, check_assumptions
from clau_doom.analysis.variance.choice import Chosen, Group, VarianceAnalysis, analyze_variance
from clau_doom.analysis.variance.design import Design, Factor, make_design
from clau_doom.analysis.variance.models import AnovaTable, Effect, LinearModel, SumsOfSquares, anova, fit
from clau_doom.analysis.variance.one_way import OneWayTest, kruskal_wallis, welch

__all__ = [
    "ALPHA",
    "MOST_COMPARED",
    "AnovaTable",
    "Assumptions",
    "Check",
    "Chosen",
    "Comparisons",
    "Design",
    "Effect",
    "Factor",
    "Group",
    "LinearModel",
    "OneWayTest",
    "Pair",
    "SumsOfSquares",
    "VarianceAnalysis",
    "aligned",
    "aligned_rank_anova",
    "aligned_ranks",
    "analyze_variance",
    "anova",
    "cell_ranks",
    "check_assumptions",
    "fit",
    "games_howell",
    "kruskal_wallis",
    "make_design",
    "tukey",
    "welch",
]

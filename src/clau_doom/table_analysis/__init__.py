"""The analysis of variance of any table: do the levels of one factor or two differ, and which?

`make_design` checks what is asked; `analyze_variance` answers: the classical analysis, whether its assumptions hold,
the test to believe where they do not, and the pairs that differ. The tests are those of scipy and statsmodels; ours is
what they lack: Welch's omega squared, aligned ranks, Tukey's comparisons of a model's means, and the choice among them.
Importing this takes a second, for statsmodels.
"""

from clau_doom.analysis.anova.aligned_ranks import aligned, aligned_rank_anova, aligned_ranks, cell_ranks
from clau_doom.analysis.anova.assumptions import ALPHA, Assumptions, Check, check_assumptions
from clau_doom.analysis.anova.design import Design, Factor, make_design
from clau_doom.analysis.anova.models import AnovaTable, Effect, LinearModel, SumsOfSquares, anova, fit
from clau_doom.analysis.anova.one_way import OneWayTest, kruskal_wallis, welch
from clau_doom.analysis.anova.post_hoc import MOST_COMPARED, Comparisons, Pair, games_howell, tukey
from clau_doom.analysis.anova.test_selection import Chosen, Group, VarianceAnalysis, analyze_variance

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

"""Tests over several tasks: ranks with a critical-difference diagram, and comparisons of two methods."""

from collections.abc import Sequence

from clau_doom.analysis.charts import RankPlot, RankRow
from clau_doom.analysis.document import Block, Cell, Chart, Column, Fixed, Paragraph, PValue, Share, Table, TextTable
from clau_doom.analysis.task_blocks import TaskTerms
from clau_doom.analysis.wording import count, shared, withheld
from clau_doom.number_format import number, p_relation, percent
from clau_doom.statistics.friedman import PERMUTATIONS
from clau_doom.statistics.task_comparison import FEW_TASKS, MethodPair, TaskComparison

__all__ = ["friedman_sentence", "pair_blocks", "pair_sentences", "rank_blocks"]

_ALPHA = 0.05
_NAMED_PAIRS = 6  # with more pairs the sentences would hide the table


def rank_blocks(found: TaskComparison, terms: TaskTerms) -> tuple[Block, ...]:
    """Describe Friedman's test and the critical-difference diagram."""
    test, tasks = found.friedman, len(found.scores.tasks)
    sign = f" With two {terms.method}s it is the sign test; Wilcoxon's test has more power." if test.df == 1 else ""
    table = Table(
        title="Tests of equal ranks",
        columns=(Column("test", text=True), Column("statistic"), Column("df"), Column("p")),
        rows=(
            ("Friedman χ², permutations", number(test.chi_squared), str(test.df), PValue(test.p)),
            (
                "Iman-Davenport F",
                "infinite" if test.f is None else number(test.f),
                ", ".join(map(str, test.f_df)),
                PValue(test.p_f),
            ),
        ),
        note=(
            f"Ranks of the mean scores within each {terms.task}. χ² is corrected for ties. Its p-value is from "
            f"permutations within {terms.task}s, at most {PERMUTATIONS:,}. Kendall's W = {number(test.kendall_w)}, "
            f"between 0 and 1: the agreement of the {terms.task}s.{sign}"
        ),
    )
    few = Paragraph(
        text=(
            f"{count(tasks, terms.task)}: below {FEW_TASKS} {terms.task}s, Friedman's and Nemenyi's tests have little "
            "power. A difference that is not significant can still exist."
        ),
        kind="caution",
    )
    return (table, _rank_chart(found, terms), *((few,) if tasks < FEW_TASKS else ()))


def pair_blocks(found: TaskComparison, terms: TaskTerms) -> tuple[Block, ...]:
    """Describe the comparisons of two methods: tests, and probabilities."""
    names = [f"{pair.first}, {pair.second}" for pair in found.pairs]
    tests = _tests(found)
    tested = Table(
        title=f"Tests of two {terms.method}s",
        columns=(Column("compared", text=True), *(Column(heading) for heading, _ in tests)),
        rows=tuple((name, *cells) for name, *cells in zip(names, *(cells for _, cells in tests), strict=True)),
        note=_tests_note(found, terms),
    )
    chances = _probabilities(found)
    chance = Table(
        title="Probability of improvement, and Bayesian signed-rank test",
        columns=(Column("compared", text=True), *(Column(heading) for heading, _ in chances)),
        rows=tuple((name, *cells) for name, *cells in zip(names, *(cells for _, cells in chances), strict=True)),
        note=_probabilities_note(found, terms),
    )
    return (tested, *_unreachable(found, terms), chance)


def friedman_sentence(found: TaskComparison, terms: TaskTerms) -> str:
    """Describe the result of Friedman's test."""
    test = found.friedman
    result = f"χ²({test.df}) = {number(test.chi_squared)}, {p_relation(test.p)} by Friedman's test with permutations"
    over = f"over {count(test.tasks, terms.task)}"
    if test.p < _ALPHA:
        return f"The ranks of the {terms.method}s differ {over}: {result}."
    return f"No difference of the {terms.method}s' ranks is shown {over}: {result}."


def pair_sentences(found: TaskComparison) -> tuple[str, ...]:
    """Describe the comparisons of two methods, if they are few."""
    return tuple(map(_pair_sentence, found.pairs)) if len(found.pairs) <= _NAMED_PAIRS else ()


def _pair_sentence(pair: MethodPair) -> str:
    test = f"{p_relation(pair.p_wilcoxon_holm)} by Wilcoxon's signed-rank test, Holm-corrected"
    chance = f"a run of {pair.first} is above with a probability of {percent(pair.improvement.value)}"
    if pair.p_wilcoxon_holm >= _ALPHA:
        return f"No difference between {pair.first} and {pair.second} is shown: {test}; {chance}."
    relation = "is ahead of" if pair.posterior.better > pair.posterior.worse else "is behind"
    return f"{pair.first} {relation} {pair.second}: {test}; {chance}."


def _rank_chart(found: TaskComparison, terms: TaskTerms) -> Chart:
    rows = sorted(found.methods, key=lambda row: row.mean_rank)
    places = {row.method: at for at, row in enumerate(rows)}
    shown = tuple(RankRow(label=row.method, rank=row.mean_rank, text=f"{row.mean_rank:.2f}") for row in rows)
    groups = tuple((places[group[0]], places[group[-1]]) for group in found.groups if len(group) > 1)
    return Chart(
        name="critical-difference",
        title="Critical-difference diagram",
        caption=(
            f"Mean ranks over {count(len(found.scores.tasks), terms.task)}; 1 is the best. Two mean ranks differ "
            f"significantly at 5 % if they are {number(found.critical_difference)} apart (critical difference by "
            f"Nemenyi 1963; Demšar 2006). A bar joins {terms.method}s without a significant difference."
        ),
        alt="Mean ranks on a line, with bars over groups without a significant difference; the table has the numbers.",
        plot=RankPlot(
            label="mean rank",
            rows=shown,
            difference=found.critical_difference,
            groups=groups,
        ),
        table=Table(
            title="Mean ranks",
            columns=(Column(terms.method, text=True), Column("mean rank"), Column("groups", text=True)),
            rows=tuple(
                (
                    row.method,
                    Fixed(row.mean_rank, 2),
                    " ".join(str(at) for at, group in enumerate(found.groups, start=1) if row.method in group),
                )
                for row in rows
            ),
            note=f"{terms.method.capitalize()}s that share a group do not differ significantly.",
        ),
        text_table=TextTable.NEVER,
    )


def _tests(found: TaskComparison) -> list[tuple[str, list[Cell]]]:
    """Return the tests by heading: of mean ranks by Nemenyi or with the control, and of signed ranks."""
    signed: list[tuple[str, list[Cell]]] = [
        ("p, Wilcoxon", [PValue(pair.p_wilcoxon) for pair in found.pairs]),
        ("p, Holm", [PValue(pair.p_wilcoxon_holm) for pair in found.pairs]),
    ]
    ranks: list[tuple[str, list[Cell]]] = [("ranks ahead", [Fixed(pair.rank_difference, 2) for pair in found.pairs])]
    if found.control is None:
        return [*ranks, ("p, Nemenyi", [PValue(pair.p_nemenyi) for pair in found.pairs]), *signed]
    return [
        *ranks,
        ("z", [Fixed(each.z, 2) for each in found.control_ranks]),
        ("p, ranks, Holm", [PValue(each.p_holm) for each in found.control_ranks]),
        *signed,
    ]


def _tests_note(found: TaskComparison, terms: TaskTerms) -> str:
    pairs = count(len(found.pairs), "comparison")
    ranks = (
        f"Nemenyi's p-values are corrected for all pairs; they depend on the other {terms.method}s, too."
        if found.control is None
        else f"z tests of mean ranks against {found.control}, corrected by Holm (1979)."
    )
    return (
        f"Ranks ahead: by how much the first mean rank is better. {ranks} Wilcoxon's signed-rank test compares the "
        f"mean scores on the {terms.task}s; Holm's correction covers {pairs}."
    )


def _unreachable(found: TaskComparison, terms: TaskTerms) -> Sequence[Block]:
    tasks, pairs = len(found.scores.tasks), len(found.pairs)
    if pairs * 2.0 ** (1 - tasks) < _ALPHA:
        return ()
    text = (
        f"With {count(tasks, terms.task)} and {count(pairs, 'comparison')}, the corrected p-value of Wilcoxon's test "
        "cannot be below 0.05."
    )
    return (Paragraph(text=text, kind="caution"),)


def _probabilities(found: TaskComparison) -> list[tuple[str, list[Cell]]]:
    columns: list[tuple[str, list[Cell]]] = [
        ("improvement [95 %]", [shared(pair.improvement) for pair in found.pairs]),
        ("first better", [Share(value=pair.posterior.better) for pair in found.pairs]),
        ("second better", [Share(value=pair.posterior.worse) for pair in found.pairs]),
    ]
    if found.margin:
        columns.insert(2, ("equivalent", [Share(value=pair.posterior.equivalent or 0.0) for pair in found.pairs]))
    return columns


def _probabilities_note(found: TaskComparison, terms: TaskTerms) -> str:
    margin = f" above {number(found.margin)}" if found.margin else ""
    improvement = (
        f"Improvement: the probability that a run of the first is above one of the second on the same {terms.task}, as "
        f"a mean over these {terms.task}s; ties count half."
    )
    better = (
        f"First better: the posterior probability that differences of the mean scores{margin} in its favour prevail on "
        f"{terms.task}s like these (Benavoli et al. 2017)."
    )
    return f"{improvement} {better} {withheld(pair.improvement for pair in found.pairs)}".strip()

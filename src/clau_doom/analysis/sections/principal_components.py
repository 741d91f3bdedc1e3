"""Principal components of all genomes."""

from collections.abc import Sequence

from clau_doom.analysis.charts import Colour, Marker, Panel, Series, XYPlot
from clau_doom.analysis.document import Block, Cell, Chart, Column, Fixed, Section, Table, TextTable
from clau_doom.analysis.experiment_data import ExperimentData
from clau_doom.analysis.genome_encoding import encode
from clau_doom.analysis.pca import Components, Score, gene_components
from clau_doom.analysis.sections.diversity import variable_space
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.domain import AgentRef
from clau_doom.number_format import fixed, percent

__all__ = ["TITLE", "compute", "describe"]

TITLE = "Principal components of genomes"

_ROWS = 500  # of the table of agents; JSON has the others
_LOADINGS = 5
_AGES = (Colour.AGE_0, Colour.AGE_1, Colour.AGE_2, Colour.AGE_3, Colour.AGE_4)


def compute(data: ExperimentData) -> Components | Unavailable:
    """Compute the principal components of all genomes."""
    space = data.result(variable_space)
    if isinstance(space, Unavailable):
        return space
    agents = [each for row in data.finished_generations for each in row]
    return gene_components(
        encode(space, [each.agent.genome for each in agents]),
        tuple(each.agent.ref for each in agents),
        tuple(each.fitness for each in agents),
    )


def describe(data: ExperimentData) -> Section:
    """Describe the loadings of the components, and the agents on the first two."""
    found = data.result(compute)
    return Section(
        name="principal-components",
        title=TITLE,
        blocks=(found,) if isinstance(found, Unavailable) else _blocks(data, found),
        data={"components": found},
    )


def _blocks(data: ExperimentData, found: Components) -> tuple[Block, ...]:
    if len(found.explained) > 1:
        return _chart(data, found), _loadings_table(found)
    return Unavailable(missing="genomes differ in one direction only, and a chart needs two"), _loadings_table(found)


def _chart(data: ExperimentData, found: Components) -> Chart:
    first, second = (f"component {at} ({percent(found.explained[at - 1])} of the variance)" for at in (1, 2))
    champions = tuple((score.values[0], score.values[1]) for score in found.scores if score.agent == data.champion)
    champion = Series(label="champion", points=champions, colour=Colour.RED, line=False, marker=Marker.RING, size=8.0)
    return Chart(
        name="components",
        title="Genomes on their two leading components",
        caption=(
            f"n = {len(found.scores):,} agents of all generations, each gene as a share of its range. The two "
            f"components explain {percent(sum(found.explained[:2]))} of the variance. Seed {data.seed}."
        ),
        marks="Each dot is an agent.",
        alt="A cloud of agents, coloured by generation; the table below has the numbers.",
        plot=XYPlot(
            label=first,
            panels=(Panel(label=second, series=(*_ages(found.scores), champion), height=350.0),),
            whole=False,
        ),
        table=_scores_table(found.scores, data.champion),
        text_table=TextTable.NEVER,
    )


def _ages(scores: Sequence[Score]) -> list[Series]:
    """Return the agents as series, one for each fifth of the generations."""
    last = max(score.agent.generation for score in scores)
    ages = [min(len(_AGES) * score.agent.generation // (last + 1), len(_AGES) - 1) for score in scores]
    found = []
    for age, colour in enumerate(_AGES):
        members = [score for score, at in zip(scores, ages, strict=True) if at == age]
        if members:
            oldest, youngest = members[0].agent.generation, members[-1].agent.generation
            span = str(oldest) if oldest == youngest else f"{oldest}-{youngest}"
            found.append(
                Series(
                    label=f"generation {span}",
                    points=tuple((score.values[0], score.values[1]) for score in members),
                    colour=colour,
                    line=False,
                    marker=Marker.DOT,
                    size=6.5,
                )
            )
    return found


def _scores_table(scores: Sequence[Score], champion: AgentRef | None) -> Table:
    youngest, more = scores[-_ROWS:], len(scores) - _ROWS
    return Table(
        title="Agents on the components" + (", the youngest" if more > 0 else ""),
        columns=(
            Column("agent", text=True),
            Column("fitness"),
            *(Column(f"component {at}") for at in range(1, len(scores[0].values) + 1)),
        ),
        rows=tuple(
            (
                score.agent.label + (" (champion)" if score.agent == champion else ""),
                score.fitness,
                *(Fixed(value, 3) for value in score.values),
            )
            for score in youngest
        ),
        note=f"{more:,} more agents are in the JSON document." if more > 0 else "",
    )


def _loadings_table(found: Components) -> Table:
    rows: list[tuple[Cell, ...]] = []
    total = 0.0
    for at, (part, loadings) in enumerate(zip(found.explained, found.loadings, strict=True), start=1):
        total += part
        ranked = sorted(zip(loadings, found.terms, strict=True), key=lambda pair: -abs(pair[0]))[:_LOADINGS]
        named = ", ".join(f"{term}\N{NO-BREAK SPACE}{fixed(loading, 2)}" for loading, term in ranked)
        rows.append((at, f"{100.0 * part:.1f} %", f"{100.0 * total:.1f} %", named))
    return Table(
        title="Components and their largest loadings",
        columns=(Column("component"), Column("explains"), Column("in total"), Column("largest loadings", text=True)),
        rows=tuple(rows),
        note="The sign of a component is arbitrary; here its largest loading is positive.",
    )

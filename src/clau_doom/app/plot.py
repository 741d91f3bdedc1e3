"""Plot of an experiment's training fitness with its held-out results."""

from typing import TYPE_CHECKING

from clau_doom.config import kind_label
from clau_doom.errors import WrongState
from clau_doom.number_format import counted

if TYPE_CHECKING:
    from clau_doom.analysis.experiment_data import ExperimentData
    from clau_doom.analysis.fitness_plot import FitnessFigure

__all__ = ["plot_experiment"]


def plot_experiment(analysis: "ExperimentData") -> "FitnessFigure":
    """Draw the training fitness of the generations and the held-out results of an experiment.

    Raises:
        WrongState: No generation has a fitness yet.
    """
    from clau_doom.analysis.fitness_plot import fitness_figure  # noqa: PLC0415 - matplotlib, which no run needs
    from clau_doom.analysis.sections import generations, held_out  # noqa: PLC0415 - as above

    config, results, axis = analysis.stored.config, analysis.result(held_out.table_of), analysis.axis()
    made = (
        f"{kind_label(config.evolution)} · {kind_label(config.policy)} policy · {counted(config.population, 'agent')}"
    )
    played = f"{counted(config.episodes, 'episode')} each · {counted(config.holdout.episodes, 'held-out episode')}"
    try:
        return fitness_figure(
            analysis.result(generations.rows_of),
            results.rows if results else (),
            places=axis.places(analysis.stored.snapshot),
            axis=axis.label,
            title=f"{config.name}: {config.scenario.name}",
            subtitle=f"{made} · {played} · seed {config.seed}",
            fitness=f"fitness ({config.fitness})" if isinstance(config.fitness, str) else "fitness",
        )
    except ValueError as error:
        raise WrongState(f"experiment {config.name} cannot be plotted: {error}") from error

"""Stored experiment: status, tables, champion, analysis, plot and report."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from clau_doom.api.analysis import Analysis
from clau_doom.api.event_loop import run_blocking
from clau_doom.api.experiment_reading import ExperimentReading
from clau_doom.api.experiment_status import ExperimentStatus, status_of
from clau_doom.api.notebook_html import facts_html
from clau_doom.api.stored_agent import StoredAgent, agent_of
from clau_doom.api.table import Table
from clau_doom.api.user_paths import expanded_path
from clau_doom.app.catalog.folder_source import ExperimentSource, FolderSource
from clau_doom.config import ExperimentConfig
from clau_doom.domain import AgentRef
from clau_doom.errors import ConfigError

if TYPE_CHECKING:
    from clau_doom.analysis.fitness_plot import FitnessFigure
    from clau_doom.api.loaded_agent import LoadedAgent
    from clau_doom.app.export import TableFormat
    from clau_doom.app.tracking.tracker_follower import WrittenCounts
    from clau_doom.ports import StoredExperiment

__all__ = ["Experiment", "current_state", "open_experiment"]


class Experiment:
    """A stored experiment, in a folder or at a server.

    Reading executes no code of the experiment: the module of its policy is not needed. A property shows the state at
    the moment of its use, also while another process runs the experiment. Results are read again only after a change.
    Keep the value of a property to work with one state.

    Example:
        >>> import clau_doom as cd
        >>> experiment = cd.open("quickstart")  # doctest: +SKIP
        >>> experiment.status.state  # doctest: +SKIP
        <ExperimentState.COMPLETED: 'completed'>
        >>> experiment.episodes.to_pandas().groupby("generation").fitness.mean()  # doctest: +SKIP
    """

    def __init__(self, source: ExperimentSource, experiment: str) -> None:
        """Use `cd.open`, `cd.experiments` or `cd.connect` in place of the constructor."""
        self._reading = ExperimentReading(source, experiment)

    @property
    def id(self) -> str:
        """Id of the experiment, which is the name of its folder."""
        return self._reading.id

    @property
    def location(self) -> tuple[str, Path]:
        """Id and output folder of the experiment.

        Raises:
            ConfigError: The experiment is at a server.
        """
        source = self._reading.source
        if not isinstance(source, FolderSource):
            raise ConfigError(f"experiment {self.id} is at a server, which runs it: it has no local folder")
        return self.id, source.output_dir

    @property
    def config(self) -> ExperimentConfig:
        """Resolved configuration of the last run."""
        return self._reading.stored(measured=False).config

    @property
    def status(self) -> ExperimentStatus:
        """State and progress."""
        return status_of(self._reading.stored(measured=False), self.id)

    @property
    def generations(self) -> Table:
        """Finished generations, one in each row: fitness, failed agents, and training episodes and tics so far."""
        from clau_doom.app.experiment_tables import generations_table  # noqa: PLC0415 - pyarrow

        return Table(generations_table(self._reading.stored(measured=False)), name="generations")

    @property
    def agents(self) -> Table:
        """Agents, one in each row: fitness, status, operator, parents, and a column ``gene_NAME`` for each gene."""
        from clau_doom.app.experiment_tables import agents_table  # noqa: PLC0415 - pyarrow

        return Table(agents_table(self._reading.stored()), name="agents")

    @property
    def episodes(self) -> Table:
        """Training, validation and held-out episodes, one in each row: seed, fitness, measures and timing."""
        from clau_doom.app.experiment_tables import episodes_table  # noqa: PLC0415 - pyarrow

        return Table(episodes_table(*self._reading.episodes()), name="episodes")

    @property
    def events(self) -> Table:
        """Event log, one event in each row: sequence, time, code, and the event as JSON."""
        from clau_doom.app.experiment_tables import events_table  # noqa: PLC0415 - pyarrow

        return Table(run_blocking(events_table(self._reading.source, self.id)), name="events")

    @property
    def champion(self) -> StoredAgent | None:
        """Agent with the best fitness on the validation seeds, or None before its selection."""
        stored = self._reading.stored()
        if stored.snapshot.champion is None:
            return None
        return agent_of(stored, stored.snapshot.champion[0].agent_id(stored.snapshot.experiment.id))

    def check(self) -> None:
        """Check that the experiment still exists and can be opened.

        Raises:
            ExperimentNotFound: The experiment does not exist.
            ServerUnreachable: Its server does not answer.
            StorageFailed: The experiment cannot be read.
        """
        self._reading.check()

    def agent(self, agent: str | tuple[int, int]) -> StoredAgent:
        """Return an agent with its genome and results.

        Args:
            agent: Id such as ``quickstart-g003-a017``, or generation and index, both from 0.

        Raises:
            AgentNotFound: The experiment does not have the agent.
        """
        stored = self._reading.stored()
        return agent_of(stored, _agent_id(agent, stored.snapshot.experiment.id))

    def load_agent(
        self,
        agent: str | tuple[int, int] | StoredAgent | None = None,
        *,
        trust: Iterable[str] = (),
        address: str | None = None,
    ) -> "LoadedAgent":
        """Load an agent to play further episodes, to make films, or to step it in your own loop; see `cd.load_agent`.

        Args:
            agent: Id, generation and index, or the agent. None: the champion.
            trust: Policy classes, measures and addresses of remote agents that a server may name.
            address: Current address of a remote agent's program, if it has changed since the run.

        Raises:
            AgentNotFound: The experiment does not have the agent, or does not have a champion yet.
            ConfigError: The experiment of a server names a class or an address that is not in `trust`.
        """
        from clau_doom.api.stored_agent_loading import load_stored_agent  # noqa: PLC0415 - engine and policies

        name = agent.id if isinstance(agent, StoredAgent) else self.id if agent is None else _agent_id(agent, self.id)
        return load_stored_agent(self._reading.source, name, trust=trust, address=address)

    def lineage(self, agent: str | tuple[int, int] | StoredAgent) -> Table:
        """Return an agent and all of its ancestors, the latest first, with the columns of `agents`.

        Args:
            agent: Id, generation and index, or the agent, such as the champion.

        Raises:
            AgentNotFound: The experiment does not have the agent.
        """
        from clau_doom.app.experiment_tables import lineage_table  # noqa: PLC0415 - pyarrow

        stored = self._reading.stored()
        name = agent.id if isinstance(agent, StoredAgent) else _agent_id(agent, stored.snapshot.experiment.id)
        return Table(lineage_table(stored, name), name=f"lineage of {name}")

    def analyze(self, *, criteria: Mapping[str, float] | str | None = None, x: str | None = None) -> Analysis:
        """Analyse the experiment in its current state, as `clau-doom analyze ID` does.

        Args:
            criteria: Measures with weights for a ranking of the agents, such as ``{"kills": 1, "damage_taken": -2}``. A
                negative weight prefers less. None: no ranking.
            x: Unit of the horizontal axis of curves and of their tables: ``generations``, ``episodes`` or ``tics``.
                None: the unit of the budget. Without a budget in episodes or tics, the curve on validation seeds is by
                episodes, and the others are by generation.

        Raises:
            ConfigError: A criterion, a weight or the unit is not valid.
        """
        from clau_doom.api.documents import analyze_experiment  # noqa: PLC0415 - scipy

        return analyze_experiment(self._reading.stored(), criteria, x)

    def report(
        self,
        path: str | os.PathLike[str],
        *,
        criteria: Mapping[str, float] | str | None = None,
        x: str | None = None,
        force: bool = False,
    ) -> Path:
        """Write a report with figures to an HTML file, as `clau-doom analyze ID --report FILE` does.

        Args:
            path: The file, which ends in ``.html``. An older report is replaced.
            criteria: Measures with weights for a ranking of the agents; see `analyze`.
            x: Unit of the horizontal axis; see `analyze`.
            force: Replace a file that is not a report.

        Returns:
            Path of the file.

        Raises:
            ConfigError: A criterion or the unit is not valid, or the file cannot be replaced.
            StorageFailed: The file cannot be written.
        """
        return self.analyze(criteria=criteria, x=x).report(path, force=force)

    def track(self, kind: str, **options: object) -> "WrittenCounts":
        """Write the experiment to a tracker, as `clau-doom track ID --to KIND` does. A second call repeats nothing.

        An experiment that runs in another process is followed to its end. For an experiment of a server, the tracker
        works on this machine. Its files are in ``_tracked`` in the output folder of `cd.connect`.

        Args:
            kind: ``tensorboard``, ``mlflow``, ``wandb``, ``jsonl``, ``webhook`` or ``class``.
            **options: Fields of the tracker's section, such as ``folder="logs"``; see docs/trackers.md.

        Returns:
            The target, and the numbers of new events and generations.

        Raises:
            ConfigError: An option is not valid, or a package is missing.
            TrackerUnavailable: The target failed. The next call continues.

        Example:
            >>> experiment.track("tensorboard", folder="logs")  # doctest: +SKIP
        """
        from clau_doom.app.track import track_experiment, tracker_config  # noqa: PLC0415 - statistics

        return run_blocking(track_experiment(self._reading.source, self.id, tracker_config(kind, options)))

    def export(
        self,
        folder: str | os.PathLike[str],
        *,
        format: "TableFormat" = "csv",  # noqa: A002 - as on the command line
        force: bool = False,
    ) -> dict[str, Path]:
        """Write the tables to files, as `clau-doom export ID --to DIR` does. A failed export leaves no file.

        Args:
            folder: Folder to write to, created if it is missing.
            format: ``csv`` or ``parquet``.
            force: Replace existing files.

        Returns:
            The files of ``episodes``, ``agents``, ``generations`` and ``events``.

        Raises:
            ConfigError: A file exists already, or the format is unknown.
            StorageFailed: The folder cannot be written.

        Example:
            >>> experiment.export("tables", format="parquet")["episodes"]  # doctest: +SKIP
            PosixPath('tables/episodes.parquet')
        """
        from clau_doom.app.export import FORMATS, export_experiment  # noqa: PLC0415 - pyarrow

        if format not in FORMATS:
            raise ConfigError(f"format={format!r} is unknown: choose {' or '.join(map(repr, FORMATS))}")
        source, experiment = self._reading.source, self._reading.id
        written = run_blocking(export_experiment(source, experiment, expanded_path(folder), format, force=force))
        return {path.stem: path for path, _ in written}

    def plot(self, *, x: str | None = None) -> "FitnessFigure":
        """Draw the training fitness of the generations, and the held-out results next to it.

        Args:
            x: Unit of the horizontal axis: ``generations``, ``episodes`` or ``tics``. None: the unit of the budget.

        Returns:
            A matplotlib Figure that is not registered with pyplot. Notebooks show it as an image. ``savefig`` writes it
            to a file.

        Raises:
            WrongState: No generation has a fitness yet.
            ConfigError: The unit is not valid.
        """
        from clau_doom.analysis.evolution_axis import axis_unit  # noqa: PLC0415 - as below
        from clau_doom.app.analyze import analyse  # noqa: PLC0415 - scipy
        from clau_doom.app.plot import plot_experiment  # noqa: PLC0415 - matplotlib

        return plot_experiment(analyse(self._reading.stored(), x=axis_unit(x)))

    def __repr__(self) -> str:
        return f"<Experiment {self.id}>"

    def _repr_html_(self) -> str:
        """Return the status for a notebook."""
        return facts_html(f"experiment {self.id}", self.status.facts())


def open_experiment(experiment: str, output_dir: Path) -> Experiment:
    """Return an experiment of a folder.

    Raises:
        ExperimentNotFound: The experiment does not exist.
        StorageFailed: The experiment cannot be read.
    """
    found = Experiment(FolderSource(output_dir.absolute()), experiment)
    found.check()
    return found


def current_state(experiment: Experiment) -> "StoredExperiment":
    """Return the stored data of an experiment in its current state."""
    return experiment._reading.stored()  # noqa: SLF001 - for the other modules of the library


def _agent_id(agent: str | tuple[int, int], experiment: str) -> str:
    return agent if isinstance(agent, str) else AgentRef(*agent).agent_id(experiment)

"""Results of the finished generations that a run keeps, and the seeds of a generation."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from clau_doom.config import ExperimentConfig
from clau_doom.domain import Agent, AgentRef, Evaluation, Purpose, episode_seeds
from clau_doom.domain.experiment import GenerationSummary
from clau_doom.errors import GenerationFailed, ShutdownRequested, StorageFailed

__all__ = ["CompletedGenerations", "seeds_of"]


@dataclass
class CompletedGenerations:
    """Results of the finished generations. Episodes are not kept, because a run may have a million.

    Attributes:
        summaries: Summary of each generation.
        best: Best agent of each generation.
    """

    summaries: list[GenerationSummary] = field(default_factory=list)
    best: dict[AgentRef, Agent] = field(default_factory=dict)

    def add(self, evaluations: Sequence[Evaluation], summary: GenerationSummary) -> None:
        """Add a finished generation."""
        self.summaries.append(summary)
        self.best[summary.best] = evaluations[summary.best.index].agent

    @property
    def generation(self) -> int:
        """Number of the current generation, or of the next one between two generations."""
        return len(self.summaries)

    @contextmanager
    def converting_errors(self) -> Iterator[None]:
        """Convert errors into a failure of the current generation, except requests to stop and storage errors.

        Raises:
            GenerationFailed: Another error occurred; it is chained.
        """
        try:
            yield
        except (ShutdownRequested, GenerationFailed, StorageFailed):
            raise
        except Exception as error:
            raise GenerationFailed(f"generation {self.generation} failed") from error


def seeds_of(config: ExperimentConfig, generation: int) -> tuple[int, ...]:
    """Return the engine seeds of a generation's training episodes."""
    own = generation if config.seeds == "per_generation" else None
    return episode_seeds(config.seed, Purpose.TRAINING, config.episodes, generation=own)

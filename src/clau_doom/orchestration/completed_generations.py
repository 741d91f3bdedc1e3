"""What a run keeps of the generations that are finished, and what each of them plays on."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from clau_doom.config import ExperimentConfig
from clau_doom.domain import Agent, AgentRef, Evaluation, Purpose, episode_seeds
from clau_doom.domain.experiment import GenerationSummary
from clau_doom.errors import GenerationFailed, ShutdownRequested, StorageFailed

__all__ = ["Finished", "seeds_of"]


@dataclass
class Finished:
    """What is kept of the finished generations: little, for a run may have a million episodes.

    Attributes:
        summaries: What they came to.
        best: The best agent of each of them.
    """

    summaries: list[GenerationSummary] = field(default_factory=list)
    best: dict[AgentRef, Agent] = field(default_factory=dict)

    def add(self, evaluations: Sequence[Evaluation], summary: GenerationSummary) -> None:
        """Keep what is still needed of a generation."""
        self.summaries.append(summary)
        self.best[summary.best] = evaluations[summary.best.index].agent

    @property
    def generation(self) -> int:
        """The generation that is under way, or that would come next."""
        return len(self.summaries)

    @contextmanager
    def failing(self) -> Iterator[None]:
        """Turn what goes wrong into the failure of the generation under way, but for a stop and what is the store's.

        Raises:
            GenerationFailed: Something else went wrong; it is chained.
        """
        try:
            yield
        except (ShutdownRequested, GenerationFailed, StorageFailed):
            raise
        except Exception as error:
            raise GenerationFailed(f"generation {self.generation} failed") from error


def seeds_of(config: ExperimentConfig, generation: int) -> tuple[int, ...]:
    """Return the engine's seeds of a generation's training, one an episode."""
    own = generation if config.seeds == "per_generation" else None
    return episode_seeds(config.seed, Purpose.TRAINING, config.episodes, generation=own)

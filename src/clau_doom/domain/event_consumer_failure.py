"""Failure of a reader of an experiment's log, such as the metrics or the relay to NATS."""

from dataclasses import dataclass

__all__ = ["LogReaderFailure"]


@dataclass(frozen=True, kw_only=True, slots=True)
class LogReaderFailure:
    """Failures of one reader of one experiment since the process started.

    Attributes:
        reader: The reader, such as ``metrics``.
        experiment: The experiment's id; empty for a reader of no experiment's log.
        failures: Number of failures, at least 1.
        failing: Whether the reader has made no progress since its last failure.
        error: The last failure on one line.
    """

    reader: str
    experiment: str
    failures: int
    failing: bool
    error: str

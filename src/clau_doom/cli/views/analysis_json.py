"""JSON of an analysis: agents as ids, unavailable results as ``{"missing": reason}``."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, is_dataclass
from enum import Enum
from typing import TYPE_CHECKING

from clau_doom.analysis import GenerationRow, ResultTable
from clau_doom.domain import AgentRef, agent_id
from clau_doom.statistics.intervals import CONFIDENCE

if TYPE_CHECKING:
    from clau_doom.analysis.comparison import ExperimentComparison
    from clau_doom.analysis.experiment_analysis import ExperimentAnalysis, HeldOut
    from clau_doom.statistics.effects import Contrast

__all__ = ["analysis_json", "comparison_json"]


def analysis_json(analysis: "ExperimentAnalysis") -> dict[str, object]:
    """Return the complete analysis of an experiment, except episodes, which `agent show` has."""
    name, results = analysis.id, analysis.results

    def plain(value: object) -> object:
        return _plain(value, name)

    return {
        "id": name,
        "state": analysis.state.value,
        "seed": analysis.seed,
        "scenario": analysis.scenario,
        "fitness": analysis.fitness,
        "confidence": CONFIDENCE,
        "deviations": {**asdict(analysis.deviations), "total": analysis.deviations.total},
        "racing": plain(analysis.racing),
        "champion": plain(analysis.champion),
        "validation_fitness": analysis.validation_fitness,
        "generations": [_generation_json(name, row) for row in analysis.generations],
        "held_out": _held_out_json(results, analysis.held_out),
        "comparisons": _comparisons_json(results, analysis.contrasts),
        "selection_bias": (asdict(results.bias) | {"value": results.bias.value}) if results and results.bias else None,
        "learning_curve": plain(analysis.curve),
        "plateau": plain(analysis.plateau),
        "control_chart": plain(analysis.chart),
        "diversity": plain(analysis.diversity),
        "genes": plain(analysis.genes),
        "regression": plain(analysis.regression),
        "components": plain(analysis.components),
        "lineage": plain(analysis.lineage),
        "archive": plain(analysis.archive),
        "ranking": plain(analysis.ranking),
    }


def comparison_json(comparison: "ExperimentComparison") -> dict[str, object]:
    """Return the complete comparison of several experiments."""
    whole = _plain(comparison, "")
    assert isinstance(whole, dict)
    return {"confidence": CONFIDENCE, **whole}


def _held_out_json(results: ResultTable | None, held_out: "Sequence[HeldOut]") -> list[object]:
    return [
        {
            "role": row.role,
            "agent": row.agent,
            "fitness": asdict(row.fitness),
            "measures": {measure: asdict(value) for measure, value in row.measures},
            **{name: asdict(getattr(robust.aggregates, name)) for name in ("median", "iqm")},
            "mean_by_bootstrap": asdict(robust.aggregates.mean),
            "profile": asdict(robust.profile),
        }
        for row, robust in zip(results.rows if results else (), held_out, strict=True)
    ]


def _comparisons_json(results: ResultTable | None, contrasts: "Sequence[Contrast]") -> list[object]:
    overlaps = {row.role: row.overlap for row in (results.comparisons if results else ())}
    return [
        {
            "role": each.theirs,
            **{field.name: _plain(getattr(each, field.name), "") for field in fields(each) if field.name != "theirs"},
            "intervals_overlap": overlaps.get(each.theirs),
        }
        for each in contrasts
    ]


def _generation_json(name: str, row: GenerationRow) -> dict[str, object]:
    return {
        "index": row.index,
        "best_agent": _plain(row.best, name),
        "best_fitness": row.best_fitness,
        "best_interval": _plain(row.best_interval, name),
        "mean_fitness": _plain(row.mean, name),
        "worst_fitness": row.worst_fitness,
        "worst_interval": _plain(row.worst_interval, name),
        "agents": row.agents,
        "failed": row.failed,
    }


def _plain(value: object, experiment: str) -> object:
    """Return a value for JSON; infinite and NaN values (such as an infinite condition number) become null."""
    if isinstance(value, AgentRef):
        return agent_id(experiment, value.generation, value.index)
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name), experiment) for field in fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _plain(item, experiment) for key, item in value.items()}
    return [_plain(item, experiment) for item in value] if isinstance(value, tuple | list) else value

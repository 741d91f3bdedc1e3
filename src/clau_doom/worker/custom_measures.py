"""Measures of users in a worker: import, computation from a finished episode, and checks of the values."""

import struct
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from traceback import extract_tb

import numpy as np

from clau_doom.config import import_target
from clau_doom.domain import Measures
from clau_doom.domain.measure_declaration import MeasureDeclaration
from clau_doom.error_description import error_text
from clau_doom.errors import MeasureFailed
from clau_doom.policies.source_digest import digest_sources
from clau_doom.ports import Engine
from clau_doom.ports.measure import EpisodeRecord, MeasureFunction, declaration_of_measure

__all__ = ["CustomMeasure", "load_measures", "measure_facts", "with_custom_measures"]

_GROUP = "clau_doom.measures"


@dataclass(frozen=True, kw_only=True, slots=True)
class CustomMeasure:
    """Measure of a user.

    Attributes:
        name: Name in the configuration.
        function: Function of an episode's record.
        declaration: Type and range of its values.
        digest: SHA-256 of the source of its module.
    """

    name: str
    function: MeasureFunction
    declaration: MeasureDeclaration
    digest: str


def load_measures(targets: Mapping[str, str]) -> tuple[CustomMeasure, ...]:
    """Import the measures of a configuration, sorted by name.

    Args:
        targets: Functions as ``module:function`` or names of plugins, by the names of the measures.

    Raises:
        ConfigError: A module or function does not exist or cannot be imported.
    """
    return tuple(_load(name, targets[name]) for name in sorted(targets))


def measure_facts(measures: tuple[CustomMeasure, ...]) -> dict[str, str]:
    """Return the facts of the provenance: the digest of each measure's module."""
    return {f"source.measures.{each.name}": each.digest for each in measures}


def with_custom_measures(engine: Engine, measures: tuple[CustomMeasure, ...]) -> Measures:
    """Return all measures of the finished episode of an engine.

    Raises:
        MeasureFailed: A measure raised an error, or its value is not in its declared range.
    """
    bundled = engine.measures()
    if not measures:
        return bundled
    record = _record(engine, bundled)
    return replace(bundled, custom=tuple((each.name, _value(each, record)) for each in measures))


def _load(name: str, target: str) -> CustomMeasure:
    found = import_target(target, field=f"measures.{name}", group=_GROUP, functions=True)
    return CustomMeasure(
        name=name,
        function=found.value,
        declaration=declaration_of_measure(found.value),
        digest=digest_sources([found.source]),
    )


def _record(engine: Engine, bundled: Measures) -> EpisodeRecord:
    facts = engine.facts
    actions = [*struct.iter_unpack(f"<{len(facts.buttons)}dq", engine.actions())]
    buttons = np.array([action[:-1] for action in actions]).reshape(len(actions), len(facts.buttons))
    held, variables = np.array([action[-1] for action in actions], dtype=np.int64), engine.history()
    for values in (buttons, held, variables):
        values.flags.writeable = False
    return EpisodeRecord(scenario=facts, measures=bundled, variables=variables, buttons=buttons, held=held)


def _value(measure: CustomMeasure, record: EpisodeRecord) -> float:
    try:
        value = measure.function(record)
        if isinstance(value, np.generic):
            value = value.item()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a call of sys.exit included
        place = extract_tb(error.__traceback__)[-1]
        where = f"{Path(place.filename).name}, line {place.lineno}"
        raise MeasureFailed(
            f"measure {measure.name} raised {type(error).__name__} ({where}): {error_text(error)}"
        ) from error
    if problem := measure.declaration.problem(value):
        raise MeasureFailed(f"measure {measure.name} {problem}")
    return float(value)

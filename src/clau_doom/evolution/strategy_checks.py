"""Checks of the offspring that a strategy returns, and reports of errors in its code.

A strategy may be the code of a user. Each fault becomes one `StrategyFailed` that names the class and the generation.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from clau_doom.domain import AgentRef, Genome, GenomeSpace
from clau_doom.error_description import error_text
from clau_doom.errors import InvalidGenome, StrategyFailed
from clau_doom.evolution.coordinates import row_slices
from clau_doom.evolution.offspring import INJECTED, Offspring
from clau_doom.user_traceback import innermost_line, user_traceback

__all__ = ["Caller", "checked_offspring", "reporting_errors"]

_LONGEST_OPERATOR = 64
"""Most characters of an operator."""


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Origin of a fault, for messages.

    Attributes:
        strategy: The strategy's class, as ``module:Class``.
        where: The call, such as ``ask of generation 3``.
    """

    strategy: str
    where: str

    def fault(self, text: str) -> StrategyFailed:
        """Return the error for a fault."""
        return StrategyFailed(f"strategy {self.strategy}, {self.where}: {text}")


@contextmanager
def reporting_errors(caller: Caller) -> Iterator[None]:
    """Report any error of the strategy's code, including `sys.exit`, as `StrategyFailed` with its traceback.

    Raises:
        StrategyFailed: The block raised an error; it is chained.
    """
    try:
        yield
    except (KeyboardInterrupt, MemoryError, StrategyFailed):
        raise
    except BaseException as error:
        line = innermost_line(error)
        at = f" ({line})" if line else ""
        failure = caller.fault(f"{type(error).__name__}{at}: {error_text(error)}")
        failure.traceback = user_traceback(error)
        raise failure from error


def checked_offspring(
    returned: object, space: GenomeSpace, is_earlier: Callable[[AgentRef], bool], expected: range, caller: Caller
) -> tuple[Offspring, ...]:
    """Return the offspring of a generation if they are valid.

    Args:
        returned: Value that the strategy returned.
        space: Gene space.
        is_earlier: Whether an agent was asked in an earlier generation, so that it may be a parent.
        expected: Allowed numbers of offspring.
        caller: Origin of a fault.

    Raises:
        StrategyFailed: The number of offspring, a genome, a parent or an operator is not valid.
    """
    if not isinstance(returned, Sequence):
        raise caller.fault(f"returned {type(returned).__name__}: return a sequence of Offspring")
    if len(returned) not in expected:
        most = expected.stop - 1
        wanted = f"exactly {most}" if len(expected) == 1 else f"{expected.start} to {most}"
        raise caller.fault(f"returned {len(returned)} offspring: return {wanted}, the size of its population")
    for index, offspring in enumerate(returned):
        _check(offspring, index, space, is_earlier, caller)
    _check_values([offspring.genome for offspring in returned], space, caller)
    return tuple(returned)


def _check(
    offspring: object, index: int, space: GenomeSpace, is_earlier: Callable[[AgentRef], bool], caller: Caller
) -> None:
    name = f"offspring {index}"
    if not isinstance(offspring, Offspring):
        raise caller.fault(f"{name} is of type {type(offspring).__name__}: return Offspring(genome, parents, operator)")
    genome: object = offspring.genome  # the code of a user may use values of any type
    parents: object = offspring.parents
    operator: object = offspring.operator
    if not isinstance(genome, Genome):
        raise caller.fault(f"the genome of {name} is of type {type(genome).__name__}: use Genome(values)")
    if len(genome) != len(space):
        raise caller.fault(f"the genome of {name} has {len(genome)} numbers: use one for each of {len(space)} genes")
    if not isinstance(parents, tuple) or not all(
        isinstance(parent, AgentRef) and is_earlier(parent) for parent in parents
    ):
        raise caller.fault(f"the parents of {name} are {parents!r:.200}: use a tuple of AgentRef of evaluated agents")
    printable = isinstance(operator, str) and operator.isprintable() and 0 < len(operator) <= _LONGEST_OPERATOR
    if not printable or operator == INJECTED:
        limits = f"1 to {_LONGEST_OPERATOR} printable characters other than {INJECTED!r}"
        raise caller.fault(f"the operator of {name} is {operator!r:.200}: use {limits}")


def _check_values(genomes: Sequence[Genome], space: GenomeSpace, caller: Caller) -> None:
    # In blocks, because a generation may have billions of numbers.
    for rows in row_slices((len(genomes), max(len(space), 1))):
        try:
            space.check_all(genomes[rows])
        except InvalidGenome as error:
            raise caller.fault(f"{error}: keep each gene within its bounds") from None

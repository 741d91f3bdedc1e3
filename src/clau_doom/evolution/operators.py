"""Variation operators by kind of gene, on rows of coordinates (see `coordinates`)."""

import numpy as np
from numpy.typing import NDArray

from clau_doom.evolution.coordinates import Coordinates, Mask, Matrix, reflect, row_slices
from clau_doom.evolution.reproducible_math import standard_normal

__all__ = ["Indices", "blend", "line", "mutate"]

Indices = NDArray[np.intp]


def blend(
    space: Coordinates, parents: Matrix, first: Indices, second: Indices, rng: np.random.Generator, *, alpha: float
) -> Matrix:
    """Return one child for each pair: real genes by BLX-alpha, the others from either parent.

    BLX-alpha draws a gene uniformly between its parents' values, widened by `alpha` of their distance on both sides
    (Eshelman and Schaffer, Real-coded genetic algorithms and interval-schemata, FOGA 2, 1993).

    Args:
        space: The genes.
        parents: Possible parents, shape (parents, genes).
        first: The row of one parent of each child, shape (children,).
        second: The row of the other parent, shape (children,).
        rng: Random generator.
        alpha: Extension beyond the parents, in units of their distance.
    """
    children = np.empty((len(first), parents.shape[1]))
    for rows in row_slices(children.shape):
        one, other = parents[first[rows]], parents[second[rows]]
        drawn = rng.random(one.shape)
        share = drawn * (1.0 + 2.0 * alpha) - alpha
        children[rows] = np.where(drawn < 0.5, one, other)
        children[rows, space.real] = reflect((one + share * (other - one))[:, space.real], 1.0)
    return children


def line(
    space: Coordinates, parents: Matrix, first: Indices, second: Indices, rng: np.random.Generator, *, sigma: float
) -> Matrix:
    """Return one child for each pair: real genes on the line through both, the others from either parent.

    The step along the line is Gaussian, in units of the parents' distance: the directional half of the iso+line
    operator (Vassiliades and Mouret, Discovering the elite hypervolume by leveraging interspecies correlation, GECCO
    2018); `mutate` is the isotropic half.

    Args:
        space: The genes.
        parents: Possible parents, shape (parents, genes).
        first: The row of the parent at the start of each child's step, shape (children,).
        second: The row of the other parent; children move towards it or away from it.
        rng: Random generator.
        sigma: Standard deviation of the step; 0.2 in the paper.
    """
    steps = sigma * standard_normal(rng, (len(first), 1))
    children = np.empty((len(first), parents.shape[1]))
    for rows in row_slices(children.shape):
        one, other = parents[first[rows]], parents[second[rows]]
        children[rows] = np.where(rng.random(one.shape) < 0.5, one, other)
        children[rows, space.real] = reflect((one + steps[rows] * (other - one))[:, space.real], 1.0)
    return children


def mutate(space: Coordinates, rows: Matrix, chosen: Mask, rng: np.random.Generator, *, sigma: float) -> Matrix:
    """Return the rows with the chosen genes changed; genes that are not free never change.

    A real gene takes a Gaussian step, reflected at its bounds. An integer gene takes a rounded Gaussian step of at
    least one. A choice gene takes another of its choices.

    Args:
        space: The genes.
        rows: Shape (count, genes).
        chosen: Mask of genes to change, bool, the same shape.
        rng: Random generator.
        sigma: Standard deviation of the step, in gene ranges.
    """
    normal = standard_normal(rng, rows.shape)
    changed = np.empty(rows.shape)
    for at in row_slices(rows.shape):
        drawn = rng.random(normal[at].shape)
        changed[at] = np.where(chosen[at], _mutated(space, rows[at], normal[at], drawn, sigma), rows[at])
    return changed


def _mutated(space: Coordinates, rows: Matrix, normal: Matrix, drawn: Matrix, sigma: float) -> Matrix:
    """Return the rows with every free gene changed, for standard normal numbers and numbers from 0 to 1."""
    changed = rows.copy()
    real, integer, choice = space.real, space.integer, space.choice
    changed[:, real] = reflect(rows[:, real] + sigma * normal[:, real], 1.0)
    top = space.steps[integer]
    steps = np.copysign(np.maximum(np.rint(np.abs(sigma * top * normal[:, integer])), 1.0), normal[:, integer])
    changed[:, integer] = reflect(rows[:, integer] + steps, top)
    top = space.steps[choice]
    others = 1.0 + np.minimum(np.floor(drawn[:, choice] * top), top - 1.0)
    changed[:, choice] = np.mod(rows[:, choice] + others, top + 1.0)
    return changed

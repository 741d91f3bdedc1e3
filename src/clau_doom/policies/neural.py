"""Small neural network with the genome as weights.

Weights, inputs and activations are multiples of 2⁻¹⁰. Products are then multiples of 2⁻²⁰, and sums are exact in double
precision. Any order of summation, and therefore any BLAS, gives the same bits. The activation is x / (1 + |x|), which
needs no library function.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from clau_doom.config import NeuralPolicyConfig
from clau_doom.domain import GeneBlock, Genome, GenomeSpace
from clau_doom.policies.features import Features, to_grid
from clau_doom.ports import Action, Decide, Needs, Observation, ScenarioFacts

__all__ = ["NeuralPolicy"]

_AXES = (
    ("TURN_LEFT", "TURN_RIGHT", "TURN_LEFT_RIGHT_DELTA"),
    ("MOVE_LEFT", "MOVE_RIGHT", "MOVE_LEFT_RIGHT_DELTA"),
    ("MOVE_FORWARD", "MOVE_BACKWARD", "MOVE_FORWARD_BACKWARD_DELTA"),
    ("LOOK_UP", "LOOK_DOWN", "LOOK_UP_DOWN_DELTA"),
    ("MOVE_UP", "MOVE_DOWN", "MOVE_UP_DOWN_DELTA"),
)
_DEAD_ZONE = 0.25
_DELTA_SCALE = 8.0  # degrees or map units per tic


class NeuralPolicy:
    """Feed-forward network over features; its outputs are the buttons and the tics to hold them."""

    def __init__(self, facts: ScenarioFacts, config: NeuralPolicyConfig) -> None:
        self._needs = Needs(objects=True, screen=config.screen is not None)
        self._features = Features(facts, config.bins, config.screen)
        self._head = _Head(facts)
        sizes = (self._features.size, *(units + 1 for units in config.layers), self._head.size + 1)
        self._shapes = tuple((after - 1, before) for before, after in pairwise(sizes))
        self._space = _weight_space(self._shapes, config.weight_limit)

    @property
    def needs(self) -> Needs:
        """Visible objects, and the screen if it is configured."""
        return self._needs

    @property
    def space(self) -> GenomeSpace:
        """One gene for each weight, by layer and unit; the last weight of a unit belongs to the constant 1."""
        return self._space

    def begin(self, genome: Genome, rng: np.random.Generator) -> Decide:  # noqa: ARG002 - the network draws no random numbers
        """Return the agent for one episode."""
        layers = _layers(self._space.check(genome), self._shapes)
        reader = self._features.watch()
        head = self._head

        def decide(observation: Observation) -> Action:
            return head.action(_forward(layers, reader.read(observation)))

        return decide


class _Head:
    """Interpretation of outputs: one for each pair of opposite buttons, one for each other button, one for the tics."""

    def __init__(self, facts: ScenarioFacts) -> None:
        places = {name: place for place, name in enumerate(facts.buttons)}
        self._count = len(facts.buttons)
        self._frame_skip = facts.frame_skip
        self._pairs: list[tuple[int, int]] = []
        self._deltas: list[int] = []
        for first, second, delta in _AXES:
            if first in places and second in places:
                self._pairs.append((places.pop(first), places.pop(second)))
                places.pop(delta, None)
            elif delta in places:
                self._deltas.append(places.pop(delta))
        self._singles = sorted(places.values())
        self.size = len(self._pairs) + len(self._deltas) + len(self._singles) + 1

    def action(self, outputs: Sequence[float]) -> Action:
        """Return the action for outputs between -1 and 1."""
        buttons = [0.0] * self._count
        values = iter(outputs)
        for (first, second), value in zip(self._pairs, values, strict=False):
            if value > _DEAD_ZONE:
                buttons[first] = 1.0
            elif value < -_DEAD_ZONE:
                buttons[second] = 1.0
        for place, value in zip(self._deltas, values, strict=False):
            buttons[place] = value * _DELTA_SCALE
        for place, value in zip(self._singles, values, strict=False):
            buttons[place] = 1.0 if value > 0.0 else 0.0
        held = int((outputs[-1] + 1.0) / 2.0 * self._frame_skip)
        return Action(buttons, min(held, self._frame_skip - 1) + 1)


def _weight_space(shapes: Sequence[tuple[int, int]], limit: float) -> GenomeSpace:
    axes = ("unit", "input")
    return GenomeSpace(
        [
            GeneBlock(name=f"layer{layer}", shape=shape, axes=axes, low=-limit, high=limit)
            for layer, shape in enumerate(shapes)
        ]
    )


def _layers(genome: Genome, shapes: Sequence[tuple[int, int]]) -> list[NDArray[np.float64]]:
    """Return the weights of each layer, shape (units, inputs), rounded to multiples of 2⁻¹⁰."""
    weights = to_grid(genome.array())
    ends = np.cumsum([units * inputs for units, inputs in shapes])[:-1]
    return [part.reshape(shape) for part, shape in zip(np.split(weights, ends), shapes, strict=True)]


def _forward(layers: Sequence[NDArray[np.float64]], inputs: NDArray[np.float64]) -> list[float]:
    """Return the outputs, each between -1 and 1."""
    for weights in layers[:-1]:
        sums = weights @ inputs
        inputs = np.ones(len(sums) + 1)
        inputs[:-1] = to_grid(sums / (1.0 + np.abs(sums)))
    sums = layers[-1] @ inputs
    outputs: list[float] = to_grid(sums / (1.0 + np.abs(sums))).tolist()
    return outputs

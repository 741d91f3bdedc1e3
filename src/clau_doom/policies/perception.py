"""From an observation to where things are, relative to the player: bearings, distances and motion.

Angles come from `math.atan2` rounded to multiples of 2⁻¹⁰ degrees, because the last bits of transcendental functions
differ between machines; everything else is IEEE arithmetic, which does not.
"""

import math
from dataclasses import dataclass

from clau_doom.ports import Observation, ScenarioFacts, SeenObject

__all__ = ["Perception", "Target", "View", "rounded"]

_GRID = 1024.0
_WINDOW = 8
_FORGET = 35
_EYE_HEIGHT = 56.0


def rounded(value: float) -> float:
    """Return the multiple of 2⁻¹⁰ nearest to `value`."""
    return math.floor(value * _GRID + 0.5) / _GRID


@dataclass(slots=True)
class Target:
    """One visible object.

    Attributes:
        id: The engine's id.
        name: The engine's class name.
        dx, dy: Where it is on the map, from the player, in map units.
        vx, vy: Its motion, in map units a tic.
        distance: Along the ground, in map units.
        bearing: Degrees from the line of sight, positive to the left.
    """

    id: int
    name: str
    dx: float
    dy: float
    vx: float
    vy: float
    distance: float
    bearing: float


@dataclass(slots=True)
class View:
    """Everything that the rules look at in one decision.

    Attributes:
        tic: Tics since the episode began.
        health: Health points; 100 when the scenario does not say.
        ammo: Rounds for the selected weapon; negative when the weapon needs none or the scenario does not say.
        ready: Whether the weapon can fire.
        angle: The line of sight on the map, degrees counter-clockwise from east.
        vx, vy: The player's own motion, in map units a tic.
        enemies, projectiles, pickups: What is in sight, in the observation's order.
    """

    tic: int
    health: float
    ammo: float
    ready: bool
    angle: float
    vx: float
    vy: float
    enemies: list[Target]
    projectiles: list[Target]
    pickups: list[Target]


@dataclass(slots=True)
class _Track:
    name: str
    x: float
    y: float
    tic: int
    vx: float = 0.0
    vy: float = 0.0


class Perception:
    """One episode's eyes: it remembers where things were, in order to know how they move."""

    def __init__(self, facts: ScenarioFacts) -> None:
        place = {name: index for index, name in enumerate(facts.variables)}
        self._health = place.get("HEALTH")
        self._ammo = place.get("SELECTED_WEAPON_AMMO", place.get("AMMO2"))
        self._ready = place.get("ATTACK_READY")
        pose = tuple(place[name] for name in ("POSITION_X", "POSITION_Y", "ANGLE") if name in place)
        self._pose = pose if len(pose) == 3 else None
        self._middle = facts.resolution[0] / 2.0
        self._tracks: dict[int, _Track] = {}
        self._own = _Track("", 0.0, 0.0, -1)
        self._angle = 0.0

    def look(self, observation: Observation) -> View:
        """Return what is in sight."""
        values = observation.variables.tolist()
        tic = observation.tic
        x, y, angle = (values[place] for place in self._pose) if self._pose else (0.0, 0.0, 0.0)
        self._angle = angle
        own = self._own
        if own.tic >= 0 and tic > own.tic:
            own.vx, own.vy = (x - own.x) / (tic - own.tic), (y - own.y) / (tic - own.tic)
        own.x, own.y, own.tic = x, y, tic
        view = View(
            tic=tic,
            health=100.0 if self._health is None else values[self._health],
            ammo=-1.0 if self._ammo is None else values[self._ammo],
            ready=self._ready is None or values[self._ready] > 0.0,
            angle=angle,
            vx=own.vx,
            vy=own.vy,
            enemies=[],
            projectiles=[],
            pickups=[],
        )
        for seen in observation.objects:
            kind = seen.kind
            if kind == "enemy":
                view.enemies.append(self._target(seen, x, y, tic))
            elif kind == "projectile":
                view.projectiles.append(self._target(seen, x, y, tic))
            elif kind == "pickup":
                view.pickups.append(self._target(seen, x, y, tic))
        return view

    def bearing(self, dx: float, dy: float) -> float:
        """Return the direction of a point, given from the player, in degrees left of the line of sight: ±180."""
        off = rounded(math.degrees(math.atan2(dy, dx))) - self._angle
        return off - 360.0 * math.floor(off / 360.0 + 0.5)

    def _target(self, seen: SeenObject, x: float, y: float, tic: int) -> Target:
        if self._pose is None:
            return self._boxed(seen)
        at_x, at_y, _ = seen.position
        dx, dy = at_x - x, at_y - y
        bearing = self.bearing(dx, dy)
        if seen.kind == "enemy":
            vx, vy = self._motion(seen, at_x, at_y, tic)
        else:
            vx, vy, _ = seen.velocity
        return Target(seen.id, seen.name, dx, dy, vx, vy, math.sqrt(dx * dx + dy * dy), bearing)

    def _boxed(self, seen: SeenObject) -> Target:
        """Return where an object must be by its box, for scenarios that do not say where the player is."""
        slope = (self._middle - seen.x - seen.width / 2.0) / self._middle
        distance = _EYE_HEIGHT * self._middle / max(seen.height, 1)
        bearing = rounded(math.degrees(math.atan2(slope, 1.0)))
        return Target(seen.id, seen.name, distance, distance * slope, 0.0, 0.0, distance, bearing)

    def _motion(self, seen: SeenObject, x: float, y: float, tic: int) -> tuple[float, float]:
        """Return how a monster moves: the engine gives it no velocity, and it steps only every few tics."""
        track = self._tracks.get(seen.id)
        if track is None or track.name != seen.name or tic - track.tic > _FORGET:
            self._tracks[seen.id] = _Track(seen.name, x, y, tic)
            return 0.0, 0.0
        elapsed = tic - track.tic
        if elapsed >= _WINDOW:
            track.vx, track.vy = (x - track.x) / elapsed, (y - track.y) / elapsed
            track.x, track.y, track.tic = x, y, tic
        return track.vx, track.vy

"""Positions of objects relative to the player: bearings, distances and motion.

Angles from `math.atan2` are rounded to multiples of 2⁻¹⁰ degrees, because the last bits of transcendental functions
differ between machines. All other operations are IEEE arithmetic, which is exact across machines.
"""

import math
from dataclasses import dataclass

from clau_doom.ports import Observation, ScenarioFacts, SeenObject

__all__ = ["Perception", "PlayerView", "Target", "rounded"]

_GRID = 1024.0
_WINDOW = 8
_FORGET = 35
_EYE_HEIGHT = 56.0


def rounded(value: float) -> float:
    """Return the multiple of 2⁻¹⁰ nearest to `value`."""
    return math.floor(value * _GRID + 0.5) / _GRID


@dataclass(slots=True)
class Target:
    """Visible object.

    Attributes:
        id: Id in the engine.
        name: Class name in the engine.
        dx, dy: Position relative to the player, in map units.
        vx, vy: Velocity in map units per tic.
        distance: Horizontal distance in map units.
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
class PlayerView:
    """Inputs of the rules for one decision.

    Attributes:
        tic: Tics since the episode began.
        health: Health points; 100 if the scenario does not provide them.
        ammo: Ammunition of the selected weapon; negative if the weapon needs none or the value is unavailable.
        ready: Whether the weapon can fire.
        angle: Viewing direction in degrees, counter-clockwise from east.
        vx, vy: Velocity of the player in map units per tic.
        enemies, projectiles, pickups: Visible objects, in the order of the observation.
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
    """Perception during one episode; remembers positions of objects to estimate their motion."""

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

    def look(self, observation: Observation) -> PlayerView:
        """Return the view of an observation."""
        values = observation.variables.tolist()
        tic = observation.tic
        x, y, angle = (values[place] for place in self._pose) if self._pose else (0.0, 0.0, 0.0)
        self._angle = angle
        own = self._own
        if own.tic >= 0 and tic > own.tic:
            own.vx, own.vy = (x - own.x) / (tic - own.tic), (y - own.y) / (tic - own.tic)
        own.x, own.y, own.tic = x, y, tic
        view = PlayerView(
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
        """Return the direction of a point relative to the player, in degrees left of the viewing direction: ±180."""
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
        """Estimate an object's position from its box, for scenarios without the player's position."""
        slope = (self._middle - seen.x - seen.width / 2.0) / self._middle
        distance = _EYE_HEIGHT * self._middle / max(seen.height, 1)
        bearing = rounded(math.degrees(math.atan2(slope, 1.0)))
        return Target(seen.id, seen.name, distance, distance * slope, 0.0, 0.0, distance, bearing)

    def _motion(self, seen: SeenObject, x: float, y: float, tic: int) -> tuple[float, float]:
        """Estimate a monster's velocity: the engine reports none, and monsters move only every few tics."""
        track = self._tracks.get(seen.id)
        if track is None or track.name != seen.name or tic - track.tic > _FORGET:
            self._tracks[seen.id] = _Track(seen.name, x, y, tic)
            return 0.0, 0.0
        elapsed = tic - track.tic
        if elapsed >= _WINDOW:
            track.vx, track.vy = (x - track.x) / elapsed, (y - track.y) / elapsed
            track.x, track.y, track.tic = x, y, tic
        return track.vx, track.vy

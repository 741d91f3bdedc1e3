"""Sideways movement: dodging of projectiles, and strafing to be a harder target."""

import math

from clau_doom.policies.perception import PlayerView, Target, rounded

__all__ = ["Evasion"]

_SPEED = 6.0  # map units per tic, after a few tics of strafing
_STILL = 0.3  # map units per tic
_START = 10  # tics that a sideways movement may need before it shows
_MEMORY = 35  # tics for which a wall is remembered


class Evasion:
    """Sideways movement during one episode.

    For each option (left, right, stay) it predicts the distance at which each projectile will pass, and takes the
    option with the largest clearance.
    """

    def __init__(self, horizon: float, clearance: float, commitment: float, sides: tuple[int, ...] = (1, -1)) -> None:
        """Begin an episode.

        Args:
            horizon: Dodge projectiles that arrive within this many tics.
            clearance: Desired distance of passing projectiles, in map units.
            commitment: Tics for which a direction is kept.
            sides: Available directions: 1 left, -1 right.
        """
        self._horizon = horizon
        self._clearance = clearance
        self._commitment = commitment
        self._sides = sides
        self._side = sides[0] if sides else 1
        self._since = 0
        self._wall = 0
        self._met = 0

    def sidestep(self, view: PlayerView) -> int | None:
        """Return the direction to dodge projectiles (1 left, -1 right, 0 stay), or None if none is close."""
        self._feel(view)
        if not view.projectiles:
            return None
        left = _left(view.angle)
        best, least, most = 0, math.inf, 0.0
        for side in (*(side for side in (self._side, -self._side) if side in self._sides), 0):
            danger = self._danger(view, 0.0 if side == self._wall else side * _SPEED, left)
            most = max(most, danger)
            if danger < least:
                best, least = side, danger
        if most == 0.0:
            return None
        if best:
            self._go(best, view.tic)
        return best

    def drift(self, view: PlayerView) -> int:
        """Return the current strafing direction, which changes at walls and after `commitment` tics."""
        ends = self._side == self._wall or view.tic - self._since > self._commitment
        if ends and -self._side in self._sides:
            self._go(-self._side, view.tic)
        return self._side

    def _go(self, side: int, tic: int) -> None:
        if side != self._side:
            self._side, self._since = side, tic

    def _feel(self, view: PlayerView) -> None:
        """Detect a wall: sideways movement without a change of position."""
        if view.tic - self._since > _START and abs(view.vx) + abs(view.vy) < _STILL:
            self._wall, self._met = self._side, view.tic
        elif view.tic - self._met > _MEMORY:
            self._wall = 0

    def _danger(self, view: PlayerView, speed: float, left: tuple[float, float]) -> float:
        own_x, own_y = speed * left[0], speed * left[1]
        return sum(self._threat(shot, shot.vx - own_x, shot.vy - own_y) for shot in view.projectiles)

    def _threat(self, shot: Target, vx: float, vy: float) -> float:
        """Return by how much a projectile violates the clearance; earlier arrivals count double."""
        squared = vx * vx + vy * vy
        if squared == 0.0:
            return 0.0
        arrival = -(shot.dx * vx + shot.dy * vy) / squared
        if not 0.0 < arrival < self._horizon:
            return 0.0
        x, y = shot.dx + vx * arrival, shot.dy + vy * arrival
        inside = self._clearance - math.sqrt(x * x + y * y)
        return inside * (2.0 - arrival / self._horizon) if inside > 0.0 else 0.0


def _left(angle: float) -> tuple[float, float]:
    """Return the map direction of the player's left."""
    turn = math.radians(angle)
    return rounded(-math.sin(turn)), rounded(math.cos(turn))

"""Hand-written rules with an interpretable genome.

Each decision considers enemies, items and projectiles in a fixed order; the genes are thresholds and weights. Rules
that need an unavailable button are skipped, so that all scenarios share one gene space.
"""

from dataclasses import dataclass

import numpy as np

from clau_doom.domain import Gene, Genome, GenomeSpace
from clau_doom.errors import ConfigError
from clau_doom.policies.burst_fire import BurstFire
from clau_doom.policies.button_mapping import ButtonMapping, Intent, scan_step
from clau_doom.policies.evasion import Evasion
from clau_doom.policies.perception import Perception, PlayerView, Target
from clau_doom.policies.unreachable_items import ItemPursuit
from clau_doom.ports import Action, Decide, Needs, Observation, ScenarioFacts

__all__ = ["GENES", "RulesPolicy"]

SCANS = ("left", "right", "sweep", "last_seen")

GENES = GenomeSpace(
    (
        Gene.real("aim_tolerance", 0.0, 5.0, "Largest error of the aim at which to fire, in half-widths of the enemy."),
        Gene.real("aim_gain", 0.0, 3.0, "Share of the remaining angle that one aiming movement covers."),
        Gene.real("lead", 0.0, 35.0, "Tics of relative motion to aim ahead."),
        Gene.real("fire_range", 0.0, 2000.0, "Largest distance of an enemy to attack, in map units."),
        Gene.real("thrift", 0.0, 1.0, "Reduction of range and tolerance as ammunition runs out."),
        Gene.integer("burst", 1, 12, "Rounds fired for one pull of the trigger; the first is the most accurate."),
        Gene.real("pause", 0.0, 70.0, "Tics between releasing the trigger and pulling it again."),
        Gene.real("nearness", 0.0, 1.0, "Preferred target: 0 is the smallest turn, 1 the nearest enemy."),
        Gene.choice("scan", SCANS, "Direction to look in without a target."),
        Gene.real("dodge_horizon", 0.0, 105.0, "Time to impact below which projectiles are dodged, in tics."),
        Gene.real("dodge_clearance", 0.0, 250.0, "Distance by which a projectile should miss, in map units."),
        Gene.real("strafe", 0.0, 1.0, "Share of the time spent moving sideways while enemies are in sight."),
        Gene.real("retreat_health", 0.0, 100.0, "Health below which to retreat from enemies and fetch items first."),
        Gene.real("item_priority", 0.0, 1.0, "Above one half, prefer items to enemies; also the range for items."),
        Gene.real("commitment", 0.0, 140.0, "Tics to keep a target or a sideways direction."),
        Gene.real("exploration", 0.0, 1.0, "Share of walking in a search for targets."),
    )
)
"""Genes of the policy, in order."""

_RADIUS_DEGREES = 1146.0  # the half-width of a monster of radius 20, in degrees times map units: 20 · 180/π
_SEARCH_PERIOD = 105  # tics; a full turn takes about 103
_SWEEP = 100.0  # degrees
_STRAFE_PERIOD = 64  # tics
_ITEM_RANGE = 2000.0
_APPROACH_CONE = 20.0  # degrees
_FLANK_CONE = 60.0
_FLANK_DISTANCE = 300.0
_STUCK_SPEED = 0.5
_STUCK_TICS = 10
_TURN_AWAY = 30  # tics, enough to turn by about 100 degrees
_DANGER = 400.0


@dataclass(frozen=True, slots=True)
class _Genes:
    aim_tolerance: float
    aim_gain: float
    lead: float
    fire_range: float
    thrift: float
    burst: float
    pause: float
    nearness: float
    scan: float
    dodge_horizon: float
    dodge_clearance: float
    strafe: float
    retreat_health: float
    item_priority: float
    commitment: float
    exploration: float


class RulesPolicy:
    """Rules tuned by 16 named genes."""

    def __init__(self, facts: ScenarioFacts) -> None:
        """Prepare for a scenario.

        Raises:
            ConfigError: The scenario has no button for the rules.
        """
        self._facts = facts
        self._mapping = ButtonMapping(facts)
        if not self._mapping.usable:
            raise ConfigError(
                f"the policy rules cannot use the buttons of {facts.name} ({', '.join(facts.buttons)}): add ATTACK, "
                "or a button that turns or moves, to available_buttons, or use the policy neural"
            )

    @property
    def needs(self) -> Needs:
        """Visible objects."""
        return Needs(objects=True)

    @property
    def space(self) -> GenomeSpace:
        """Genes, the same for all scenarios."""
        return GENES

    def begin(self, genome: Genome, rng: np.random.Generator) -> Decide:  # noqa: ARG002 - the rules draw no random numbers
        """Return the agent for one episode."""
        return _Agent(self._facts, self._mapping, _Genes(*GENES.check(genome).values)).decide


class _Agent:
    def __init__(self, facts: ScenarioFacts, mapping: ButtonMapping, genes: _Genes) -> None:
        self._mapping = mapping
        self._genes = genes
        self._sight = Perception(facts)
        self._trigger = BurstFire(int(genes.burst), genes.pause)
        self._evasion = Evasion(genes.dodge_horizon, genes.dodge_clearance, genes.commitment, mapping.strafe_sides)
        self._frame_skip = facts.frame_skip
        self._scan_step = scan_step(facts.frame_skip)
        self._ahead = 1 if mapping.can_advance else -1 if mapping.can_retreat else 0
        self._scan_side = -1 if SCANS[int(genes.scan)] == "right" else 1
        self._swept = 0.0
        self._turned = 0
        self._full = 0.0
        self._target = -1
        self._chosen = 0
        self._walked = 0
        self._turning = 0
        self._pursuit = ItemPursuit()

    def decide(self, observation: Observation) -> Action:
        """Return the next action."""
        view = self._sight.look(observation)
        self._full = max(self._full, view.ammo)
        intent = Intent(tics=self._frame_skip)
        weak = view.health < self._genes.retreat_health
        enemies = self._enemies(view) if self._mapping.can_attack else []
        items = self._items(view) if self._mapping.can_advance else []
        if items and (weak or not enemies or self._genes.item_priority > 0.5):
            self._fetch(view, self._choose(items, view.tic), intent)
        elif enemies:
            self._fight(view, self._choose(enemies, view.tic), intent)
        else:
            self._target = -1
            self._search(view, intent)
        self._trigger.pull(view, intent)
        self._keep_moving(view, intent, enemies, weak=weak)
        action, self._turned = self._mapping.act(intent, self._turned)
        return action

    def _enemies(self, view: PlayerView) -> list[Target]:
        """Return the enemies within firing range."""
        if view.ammo == 0.0:
            return []
        reach = self._genes.fire_range * self._plenty(view)
        return [enemy for enemy in view.enemies if enemy.distance <= reach]

    def _items(self, view: PlayerView) -> list[Target]:
        """Return the items within range."""
        reach = _ITEM_RANGE if view.health < self._genes.retreat_health else _ITEM_RANGE * self._genes.item_priority
        return [item for item in view.pickups if item.distance <= reach and item.id not in self._pursuit.given_up]

    def _choose(self, candidates: list[Target], tic: int) -> Target:
        """Return the candidate with the lowest cost of turning and distance, or the committed target."""
        if tic - self._chosen < self._genes.commitment or self._trigger.firing:
            for candidate in candidates:
                if candidate.id == self._target:
                    return candidate
        best = min(candidates, key=self._cost)
        if best.id != self._target:
            self._target, self._chosen = best.id, tic
        return best

    def _cost(self, target: Target) -> float:
        nearness = self._genes.nearness
        return nearness * target.distance / 500.0 + (1.0 - nearness) * abs(target.bearing) / 45.0

    def _plenty(self, view: PlayerView) -> float:
        """Return the ammunition factor: 1 at the episode's maximum, lower with less ammunition by `thrift`."""
        if view.ammo < 0.0 or self._full <= 0.0:
            return 1.0
        return 1.0 - self._genes.thrift * (1.0 - view.ammo / self._full)

    def _fight(self, view: PlayerView, enemy: Target, intent: Intent) -> None:
        """Aim at an enemy by turning, else by moving sideways, and fire within tolerance."""
        genes = self._genes
        dx = enemy.dx + genes.lead * (enemy.vx - view.vx)
        dy = enemy.dy + genes.lead * (enemy.vy - view.vy)
        off = self._sight.bearing(dx, dy)
        half_width = _RADIUS_DEGREES / max(enemy.distance, 20.0)
        aimed = abs(off) <= genes.aim_tolerance * self._plenty(view) * half_width
        intent.attack = aimed
        if self._mapping.can_turn:
            intent.turn = genes.aim_gain * off
        elif self._mapping.can_strafe and not aimed:
            intent.lateral = 1 if off > 0.0 else -1
            intent.tics = max(1, int(genes.aim_gain * abs(off) / half_width + 0.5))
        self._scan_side = self._side_after(off)

    def _side_after(self, off: float) -> int:
        if SCANS[int(self._genes.scan)] == "last_seen" and off:
            return 1 if off > 0.0 else -1
        return self._scan_side

    def _fetch(self, view: PlayerView, item: Target, intent: Intent) -> None:
        """Walk to an item; turn on the spot first if it lies too far to the side."""
        self._pursuit.go(item, view.tic)
        intent.turn = item.bearing
        off = abs(item.bearing)
        if off < _APPROACH_CONE or (off < _FLANK_CONE and item.distance > _FLANK_DISTANCE):
            intent.forward = 1
            intent.hurry = True

    def _search(self, view: PlayerView, intent: Intent) -> None:
        """Scan, and walk for the share `exploration` of the time; turn away from walls."""
        walk = self._ahead and view.tic % _SEARCH_PERIOD < self._genes.exploration * _SEARCH_PERIOD
        if walk and view.tic >= self._turning and not self._stuck(view):
            intent.forward, intent.hurry = self._ahead, True
            return
        intent.turn = self._scan_side * self._scan_step
        self._swept += intent.turn
        if SCANS[int(self._genes.scan)] == "sweep" and abs(self._swept) > _SWEEP:
            self._scan_side = -1 if self._swept > 0.0 else 1

    def _stuck(self, view: PlayerView) -> bool:
        """Return whether walking makes no progress; the agent then turns away before it walks on."""
        still = abs(view.vx) + abs(view.vy) < _STUCK_SPEED
        self._walked = self._walked + self._frame_skip if still else 0
        if self._walked <= _STUCK_TICS:
            return False
        self._walked, self._turning = 0, view.tic + _TURN_AWAY
        return True

    def _keep_moving(self, view: PlayerView, intent: Intent, enemies: list[Target], *, weak: bool) -> None:
        """Dodge projectiles, strafe while enemies are visible, and retreat at low health."""
        if self._mapping.can_strafe:
            dodge = self._evasion.sidestep(view)
            moving = view.enemies and view.tic % _STRAFE_PERIOD < self._genes.strafe * _STRAFE_PERIOD
            if dodge is not None:
                intent.lateral = dodge
            elif moving and not intent.lateral and (self._mapping.can_turn or not enemies):
                intent.lateral = self._evasion.drift(view)
        close = any(enemy.distance < _DANGER for enemy in enemies)
        if weak and close and self._mapping.can_retreat and intent.forward == 0:
            intent.forward = -1

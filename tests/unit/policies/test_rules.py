"""Tests of the rule policy: the effect of each gene."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
import pytest

from clau_doom.domain import Genome, generator
from clau_doom.errors import ConfigError, InvalidGenome
from clau_doom.policies import GENES, RulesPolicy
from clau_doom.policies.rules import SCANS
from clau_doom.ports import Action, Observation, ScenarioFacts, SeenObject

VARIABLES = ("HEALTH", "SELECTED_WEAPON_AMMO", "ATTACK_READY", "POSITION_X", "POSITION_Y", "ANGLE")
SHOOTER = ("TURN_LEFT", "TURN_RIGHT", "ATTACK")
DODGER = ("MOVE_LEFT", "MOVE_RIGHT")
WALKER = ("TURN_LEFT", "TURN_RIGHT", "MOVE_FORWARD")
MARKSMAN = ("MOVE_LEFT", "MOVE_RIGHT", "ATTACK")
SOLDIER = (*SHOOTER, *DODGER, "MOVE_FORWARD", "MOVE_BACKWARD", "SPEED")
PLAIN = {
    "aim_tolerance": 0.5,
    "aim_gain": 1.0,
    "lead": 0.0,
    "fire_range": 1000.0,
    "thrift": 0.0,
    "burst": 1.0,
    "pause": 0.0,
    "nearness": 0.5,
    "scan": float(SCANS.index("left")),
    "dodge_horizon": 60.0,
    "dodge_clearance": 50.0,
    "strafe": 0.0,
    "retreat_health": 0.0,
    "item_priority": 0.5,
    "commitment": 0.0,
    "exploration": 0.0,
}


def thing(kind: str, x: float, y: float, *, number: int = 1, velocity: tuple[float, float] = (0.0, 0.0)) -> SeenObject:
    """Return an object at map coordinates. The player stands at the origin and looks along x."""
    return SeenObject(number, kind, kind, 80, 60, 10, 10, (x, y, 0.0), (*velocity, 0.0))


def seen(
    *objects: SeenObject,
    tic: int = 0,
    health: float = 100.0,
    ammo: float = 50.0,
    ready: bool = True,
    at: tuple[float, float] = (0.0, 0.0),
) -> Observation:
    """Return an observation of a player who looks along x."""
    return Observation(np.array([health, ammo, float(ready), *at, 0.0]), tic, objects)


def play(buttons: Sequence[str], observations: Iterable[Observation], **genes: float) -> list[tuple[set[str], int]]:
    """Return the buttons pressed and the tics held, decision by decision."""
    facts = scenario(buttons)
    genome = Genome(tuple({**PLAIN, **genes}[gene.name] for gene in GENES.genes))
    decide = RulesPolicy(facts).begin(genome, generator(1, "test"))
    return [_pressed(buttons, decide(observation)) for observation in observations]


def values(buttons: Sequence[str], observation: Observation, **genes: float) -> tuple[dict[str, float], int]:
    """Return the first decision's non-zero button values and its tics."""
    facts = scenario(buttons)
    genome = Genome(tuple({**PLAIN, **genes}[gene.name] for gene in GENES.genes))
    action = RulesPolicy(facts).begin(genome, generator(1, "test"))(observation)
    return {name: value for name, value in zip(buttons, action.buttons, strict=True) if value}, action.tics


def scenario(buttons: Sequence[str]) -> ScenarioFacts:
    """Return a scenario's facts with these buttons."""
    return ScenarioFacts(
        name="made up",
        buttons=tuple(buttons),
        variables=VARIABLES,
        frame_skip=4,
        timeout=2100,
        resolution=(160, 120),
        doom_skill=3,
    )


def _pressed(buttons: Sequence[str], action: Action) -> tuple[set[str], int]:
    return {name for name, value in zip(buttons, action.buttons, strict=True) if value}, action.tics


def test_fires_with_a_good_aim_and_turns_otherwise() -> None:
    """The agent shoots at an enemy straight ahead, and first turns to an enemy on the left."""
    assert play(SHOOTER, [seen(thing("enemy", 300.0, 0.0))]) == [({"ATTACK"}, 4)]
    assert play(SHOOTER, [seen(thing("enemy", 300.0, 300.0))]) == [({"TURN_LEFT"}, 4)]
    assert play(SHOOTER, [seen(thing("enemy", 300.0, -300.0))]) == [({"TURN_RIGHT"}, 4)]


@pytest.mark.parametrize(("off", "tics"), [(-1.8, 1), (3.5, 2), (5.3, 3), (7.0, 4), (30.0, 4)])
def test_tics_of_a_turn_depend_on_the_angle(off: float, tics: int) -> None:
    """The first tic turns by 1.76 degrees. A small angle takes fewer tics than the frame skip."""
    y = 500.0 * float(np.tan(np.radians(off)))
    (pressed, held), *_ = play(SHOOTER, [seen(thing("enemy", 500.0, y))], aim_tolerance=0.1)
    assert (pressed, held) == ({"TURN_LEFT" if off > 0 else "TURN_RIGHT"}, tics)


def test_continued_turn_is_faster() -> None:
    """The rules use the game's turn speed, which doubles after five tics."""
    looks = [seen(thing("enemy", 500.0, 500.0)), seen(thing("enemy", 500.0, 80.0), tic=4)]
    assert [held for _, held in play(SHOOTER, looks, aim_tolerance=0.1)] == [4, 3]


def test_aim_gain_scales_the_turn() -> None:
    """Half the gain gives half the turn."""
    look = [seen(thing("enemy", 500.0, 62.0))]
    assert play(SHOOTER, look, aim_tolerance=0.1)[0][1] == 4
    assert play(SHOOTER, look, aim_tolerance=0.1, aim_gain=0.5)[0][1] == 2


def test_aim_tolerance_is_in_half_widths_of_the_enemy() -> None:
    """The same angle suffices for a near enemy and not for a far one."""
    near, far = seen(thing("enemy", 100.0, 8.0)), seen(thing("enemy", 800.0, 64.0))
    assert "ATTACK" in play(SHOOTER, [near])[0][0]
    assert "ATTACK" not in play(SHOOTER, [far])[0][0]
    assert "ATTACK" in play(SHOOTER, [far], aim_tolerance=5.0)[0][0]


def test_lead_aims_ahead_of_a_moving_enemy() -> None:
    """With lead, the agent aims ahead of an enemy that walks across."""
    walk = [seen(thing("enemy", 300.0, 8.0 * step), tic=4 * step) for step in range(4)]
    assert "TURN_RIGHT" not in play(SHOOTER, walk[::-1], lead=0.0)[-1][0]
    follow = [seen(thing("enemy", 300.0, 24.0 - 8.0 * step), tic=4 * step, ready=False) for step in range(4)]
    assert play(SHOOTER, follow, lead=0.0)[-1][0] == set()
    assert play(SHOOTER, follow, lead=20.0)[-1][0] == {"TURN_RIGHT"}


def test_enemies_beyond_the_range_are_ignored() -> None:
    """The agent scans as without enemies."""
    look = [seen(thing("enemy", 900.0, 0.0))]
    assert play(SHOOTER, look)[0][0] == {"ATTACK"}
    assert play(SHOOTER, look, fire_range=800.0)[0][0] == {"TURN_LEFT"}


def test_thrift_reduces_the_range_at_low_ammunition() -> None:
    """Only a thrifty agent with few rounds lets a distant enemy come closer."""
    looks = [seen(), seen(thing("enemy", 500.0, 0.0), ammo=5.0, tic=4)]
    assert "ATTACK" in play(SHOOTER, looks)[1][0]
    assert "ATTACK" not in play(SHOOTER, looks, thrift=1.0)[1][0]


def test_does_not_fire_without_ammunition() -> None:
    assert "ATTACK" not in play(SHOOTER, [seen(thing("enemy", 300.0, 0.0), ammo=0.0)])[0][0]


@pytest.mark.parametrize(("burst", "held"), [(1, 1), (2, 4), (4, 11)])
def test_burst_holds_the_trigger(burst: int, held: int) -> None:
    """A burst of one is a tap. Each further round holds the trigger for 14 more tics."""
    looks = [seen(thing("enemy", 300.0, 0.0), tic=4 * step, ready=step == 0) for step in range(12)]
    assert sum("ATTACK" in pressed for pressed, _ in play(SHOOTER, looks, burst=float(burst))) == held


def test_pause_keeps_the_trigger_released() -> None:
    """After a burst, the agent does not fire for the configured pause."""
    looks = [seen(thing("enemy", 300.0, 0.0), tic=4 * step) for step in range(20)]
    quick, slow = (
        [step for step, (pressed, _) in enumerate(play(SHOOTER, looks, pause=pause)) if "ATTACK" in pressed]
        for pause in (0.0, 40.0)
    )
    assert quick[1] - quick[0] < 4
    assert slow[1] - slow[0] >= 10


def test_trigger_waits_for_the_weapon() -> None:
    """A weapon that is not ready is not fired, even with a good aim."""
    assert play(SHOOTER, [seen(thing("enemy", 300.0, 0.0), ready=False)])[0][0] == set()


def test_nearness_prefers_the_near_enemy_over_the_one_ahead() -> None:
    """The gene decides between a far enemy ahead and a near one at the side."""
    look = [seen(thing("enemy", 900.0, 0.0), thing("enemy", 100.0, -80.0, number=2))]
    assert play(SHOOTER, look, nearness=0.0)[0][0] == {"ATTACK"}
    assert play(SHOOTER, look, nearness=1.0)[0][0] == {"TURN_RIGHT"}


def test_commitment_keeps_the_target() -> None:
    """A committed agent keeps its target when a better one appears."""
    looks = [
        seen(thing("enemy", 300.0, 200.0)),
        seen(thing("enemy", 300.0, 200.0), thing("enemy", 100.0, -50.0, number=2), tic=4),
    ]
    assert play(SHOOTER, looks, commitment=0.0)[1][0] == {"TURN_RIGHT"}
    assert play(SHOOTER, looks, commitment=100.0)[1][0] == {"TURN_LEFT"}


@pytest.mark.parametrize(
    ("scan", "expected"), [("left", {"TURN_LEFT"}), ("right", {"TURN_RIGHT"}), ("sweep", {"TURN_LEFT", "TURN_RIGHT"})]
)
def test_scan_selects_the_search_direction(scan: str, expected: set[str]) -> None:
    """Without objects in sight, the agent turns in one direction or to and fro."""
    looks = [seen(tic=4 * step) for step in range(40)]
    pressed = play(SHOOTER, looks, scan=float(SCANS.index(scan)))
    assert set().union(*(names for names, _ in pressed)) == expected


def test_scan_last_seen_turns_to_the_lost_enemy() -> None:
    """The enemy left to the right, so the agent turns right."""
    looks = [seen(thing("enemy", 300.0, -250.0)), seen(tic=4)]
    assert play(SHOOTER, looks, scan=float(SCANS.index("last_seen")))[1][0] == {"TURN_RIGHT"}


def test_aims_by_moving_sideways_when_it_cannot_turn() -> None:
    """Without turn buttons, the agent moves left to aim at an enemy on the left."""
    look = [seen(thing("enemy", 300.0, 60.0))]
    assert play(MARKSMAN, look)[0][0] == {"MOVE_LEFT"}
    assert play(MARKSMAN, [seen(thing("enemy", 300.0, 0.0))])[0][0] == {"ATTACK"}


def test_dodges_a_close_projectile() -> None:
    """The agent sidesteps a projectile to the side with the larger distance."""
    left, right = (thing("projectile", 200.0, y, velocity=(-10.0, 0.0)) for y in (12.0, -12.0))
    assert play(DODGER, [seen(left)], dodge_clearance=150.0)[0][0] == {"MOVE_RIGHT"}
    assert play(DODGER, [seen(right)], dodge_clearance=150.0)[0][0] == {"MOVE_LEFT"}


@pytest.mark.parametrize("gene", [{"dodge_horizon": 10.0}, {"dodge_clearance": 5.0}])
def test_ignores_a_projectile_outside_horizon_or_clearance(gene: dict[str, float]) -> None:
    """The agent ignores projectiles that arrive after the horizon or pass outside the clearance."""
    shot = thing("projectile", 200.0, 12.0, velocity=(-10.0, 0.0))
    assert play(DODGER, [seen(shot)], **gene)[0][0] == set()


def test_strafes_for_its_share_of_the_time() -> None:
    """The strafing gene is the share of decisions with a sideways movement while enemies are in sight."""
    looks = [seen(thing("enemy", 300.0, 0.0), tic=4 * step, at=(0.0, 5.0 * step)) for step in range(160)]
    shares = [
        sum("MOVE_LEFT" in names or "MOVE_RIGHT" in names for names, _ in play(DODGER, looks, strafe=strafe)) / 160
        for strafe in (0.0, 0.5, 1.0)
    ]
    assert shares == pytest.approx([0.0, 0.5, 1.0], abs=0.05)


def test_commitment_decides_when_a_sideways_direction_changes() -> None:
    """A more committed agent changes sides less often."""
    looks = [seen(thing("enemy", 300.0, 0.0), tic=4 * step, at=(0.0, 5.0 * step)) for step in range(100)]

    def changes(commitment: float) -> int:
        sides = [names for names, _ in play(DODGER, looks, strafe=1.0, commitment=commitment)]
        return sum(one != other for one, other in pairwise(sides))

    assert changes(10.0) > 2 * changes(80.0) > 0


def test_changes_direction_at_a_wall() -> None:
    """A player who moves sideways without progress changes direction."""
    looks = [seen(thing("enemy", 300.0, 0.0), tic=4 * step) for step in range(8)]
    sides = [names for names, _ in play(DODGER, looks, strafe=1.0, commitment=140.0)]
    assert sides[0] == {"MOVE_LEFT"}
    assert {"MOVE_RIGHT"} in sides


def test_retreats_when_weak() -> None:
    """Below its gene's health, the agent retreats from a near enemy."""
    look = [seen(thing("enemy", 200.0, 0.0), health=30.0)]
    assert "MOVE_BACKWARD" not in play(SOLDIER, look)[0][0]
    assert "MOVE_BACKWARD" in play(SOLDIER, look, retreat_health=50.0)[0][0]


def test_item_priority_decides_between_items_and_enemies() -> None:
    """Above 0.5, or with low health, items come first."""
    enemy, item = thing("enemy", 300.0, 0.0), thing("pickup", 300.0, 200.0, number=2)
    look, weak = [seen(enemy, item)], [seen(enemy, item, health=20.0)]
    assert "ATTACK" in play(SOLDIER, look, item_priority=0.4)[0][0]
    assert "TURN_LEFT" in play(SOLDIER, look, item_priority=0.6)[0][0]
    assert "TURN_LEFT" in play(SOLDIER, weak, item_priority=0.4, retreat_health=50.0)[0][0]


def test_item_priority_is_the_range_for_items() -> None:
    """An agent with high item priority fetches a distant item."""
    look = [seen(thing("pickup", 700.0, 0.0))]
    assert "MOVE_FORWARD" in play(WALKER, look, item_priority=0.5)[0][0]
    assert "MOVE_FORWARD" not in play(WALKER, look, item_priority=0.2)[0][0]


def test_turns_to_a_near_item_before_walking() -> None:
    """Otherwise the agent would circle around the item."""
    assert play(WALKER, [seen(thing("pickup", 80.0, 70.0))])[0][0] == {"TURN_LEFT"}
    assert play(WALKER, [seen(thing("pickup", 80.0, 0.0))])[0][0] == {"MOVE_FORWARD"}


def test_unreachable_item_is_given_up() -> None:
    """The agent gives up an item behind a wall for the next one, but not while the distance shrinks."""
    walled, other = thing("pickup", 300.0, 0.0, number=1), thing("pickup", 100.0, 300.0, number=2)
    stuck = play(WALKER, [seen(walled, other, tic=tic) for tic in range(0, 60, 4)])
    assert [pressed == {"MOVE_FORWARD"} for pressed, _ in stuck] == [True] * 10 + [False] * 5
    assert all("TURN_LEFT" in pressed for pressed, _ in stuck[10:])
    going = play(WALKER, [seen(walled, other, tic=tic, at=(2.0 * tic, 0.0)) for tic in range(0, 60, 4)], nearness=0.0)
    assert all(pressed == {"MOVE_FORWARD"} for pressed, _ in going)


def test_exploration_is_the_share_of_walking() -> None:
    """Without objects in sight, the agent walks for the gene's share of the time and scans for the rest."""
    looks = [seen(tic=4 * step, at=(30.0 * step, 0.0)) for step in range(210)]
    for share in (0.0, 0.3, 1.0):
        walked = sum("MOVE_FORWARD" in names for names, _ in play(WALKER, looks, exploration=share))
        assert walked / 210 == pytest.approx(share, abs=0.05)


def test_turns_away_from_a_wall() -> None:
    """An explorer without progress turns for a while and tries again."""
    looks = [seen(tic=4 * step) for step in range(20)]
    pressed = [names for names, _ in play(WALKER, looks, exploration=1.0)]
    turned = pressed.index({"TURN_LEFT"})
    assert pressed[:turned] == [{"MOVE_FORWARD"}] * turned
    assert pressed[turned : turned + 8] == [{"TURN_LEFT"}] * 8
    assert pressed[turned + 8] == {"MOVE_FORWARD"}


def test_runs_when_it_does_not_aim() -> None:
    """The agent presses the speed button on the way to an item."""
    assert "SPEED" in play(SOLDIER, [seen(thing("pickup", 300.0, 0.0))])[0][0]
    assert "SPEED" not in play(SOLDIER, [seen(thing("enemy", 300.0, 0.0))])[0][0]


def test_turns_exactly_with_a_delta_button() -> None:
    """With only a delta button, the whole angle is turned at once. Positive values turn right, as in the game."""
    facts = ScenarioFacts(
        name="made up",
        buttons=("TURN_LEFT_RIGHT_DELTA", "ATTACK"),
        variables=VARIABLES,
        frame_skip=4,
        timeout=2100,
        resolution=(160, 120),
        doom_skill=3,
    )
    decide = RulesPolicy(facts).begin(Genome(tuple(PLAIN.values())), generator(1, "test"))
    action = decide(seen(thing("enemy", 300.0, 300.0)))
    assert (list(action.buttons), action.tics) == ([-45.0, 0.0], 1)


def test_boxes_give_directions_without_the_players_position() -> None:
    """Without the player's position and angle, the screen box gives the direction."""
    facts = ScenarioFacts(
        name="made up",
        buttons=SHOOTER,
        variables=("HEALTH",),
        frame_skip=4,
        timeout=2100,
        resolution=(160, 120),
        doom_skill=3,
    )
    decide = RulesPolicy(facts).begin(Genome(tuple(PLAIN.values())), generator(1, "test"))
    right = SeenObject(1, "Demon", "enemy", 130, 50, 10, 20, (0.0, 0.0, 0.0), (0.0, 0.0, 0.0))
    assert _pressed(SHOOTER, decide(Observation(np.array([100.0]), 0, [right]))) == ({"TURN_RIGHT"}, 4)


def test_genome_outside_the_space_is_refused() -> None:
    """The error names the gene that exceeds its bounds."""
    with pytest.raises(InvalidGenome, match="aim_tolerance"):
        play(SHOOTER, [], aim_tolerance=9.0)


DELTAS = ("TURN_LEFT_RIGHT_DELTA", "MOVE_FORWARD_BACKWARD_DELTA", "MOVE_LEFT_RIGHT_DELTA")


@pytest.mark.parametrize(
    ("buttons", "observation", "genes", "expected"),
    [
        # Delta buttons: positive values turn and move to the right, and move forwards.
        (DELTAS, seen(thing("pickup", 300.0, 0.0)), {}, {"MOVE_FORWARD_BACKWARD_DELTA": 50.0}),
        (DELTAS, seen(thing("pickup", 0.0, 300.0)), {}, {"TURN_LEFT_RIGHT_DELTA": -45.0}),
        (DELTAS, seen(), {"exploration": 1.0}, {"MOVE_FORWARD_BACKWARD_DELTA": 50.0}),
        ((*DELTAS[2:], "ATTACK"), seen(thing("enemy", 300.0, 100.0)), {}, {"MOVE_LEFT_RIGHT_DELTA": -25.0}),
        ((*DELTAS[2:], "ATTACK"), seen(thing("enemy", 300.0, -100.0)), {}, {"MOVE_LEFT_RIGHT_DELTA": 25.0}),
        # A delta button replaces a missing direction button.
        (("MOVE_LEFT", "MOVE_LEFT_RIGHT_DELTA", "ATTACK"), seen(thing("enemy", 300.0, 100.0)), {}, {"MOVE_LEFT": 1.0}),
        (
            ("MOVE_LEFT", "MOVE_LEFT_RIGHT_DELTA", "ATTACK"),
            seen(thing("enemy", 300.0, -100.0)),
            {},
            {"MOVE_LEFT_RIGHT_DELTA": 25.0},
        ),
        # One button for one direction.
        (("MOVE_LEFT", "ATTACK"), seen(thing("enemy", 300.0, 100.0)), {}, {"MOVE_LEFT": 1.0}),
        (("MOVE_RIGHT", "ATTACK"), seen(thing("enemy", 300.0, -100.0)), {}, {"MOVE_RIGHT": 1.0}),
        (("MOVE_RIGHT",), seen(thing("enemy", 300.0, 0.0)), {"strafe": 1.0}, {"MOVE_RIGHT": 1.0}),
        (("TURN_LEFT", "ATTACK"), seen(thing("enemy", 300.0, 100.0)), {}, {"TURN_LEFT": 1.0}),
        (("TURN_RIGHT", "ATTACK"), seen(thing("enemy", 300.0, 100.0)), {}, {"TURN_RIGHT": 1.0}),
        (("TURN_RIGHT", "ATTACK"), seen(), {}, {"TURN_RIGHT": 1.0}),
        (("MOVE_BACKWARD",), seen(), {"exploration": 1.0}, {"MOVE_BACKWARD": 1.0}),
    ],
)
def test_delta_and_single_direction_buttons(
    buttons: Sequence[str], observation: Observation, genes: dict[str, float], expected: dict[str, float]
) -> None:
    """Delta and single buttons work like pairs of buttons."""
    assert values(buttons, observation, **genes)[0] == expected


def test_pairs_have_precedence_over_delta_buttons() -> None:
    """With both, the rules press the pair. Histories of bundled scenarios depend on it."""
    observations = [seen(thing("enemy", 300.0, 100.0)), seen(thing("pickup", 300.0, 20.0), tic=4), seen(tic=8)]
    genes = {"strafe": 1.0, "exploration": 0.5}
    assert play((*SOLDIER, *DELTAS), observations, **genes) == play(SOLDIER, observations, **genes)


def test_single_turn_button_turns_the_long_way() -> None:
    """The enemy is on the side without a button."""
    observations = [seen(thing("enemy", 300.0, 60.0), tic=tic) for tic in (0, 4, 8)]
    assert play(("TURN_RIGHT", "ATTACK"), observations) == [({"TURN_RIGHT"}, 4)] * 3


def test_dodges_with_a_single_sideways_button() -> None:
    shot = seen(thing("projectile", 300.0, 5.0, velocity=(-20.0, 0.0)))
    assert play(("MOVE_RIGHT",), [shot]) == [({"MOVE_RIGHT"}, 4)]
    assert play(("MOVE_LEFT",), [shot]) == [({"MOVE_LEFT"}, 4)]


@pytest.mark.parametrize("buttons", [("USE", "TURN180", "SELECT_NEXT_WEAPON"), ("SPEED",), ("LOOK_UP_DOWN_DELTA",)])
def test_scenario_without_usable_buttons_is_refused(buttons: Sequence[str]) -> None:
    """The error lists the buttons."""
    with pytest.raises(ConfigError, match=rf"cannot use the buttons of made up \({', '.join(buttons)}\): add ATTACK"):
        RulesPolicy(scenario(buttons))

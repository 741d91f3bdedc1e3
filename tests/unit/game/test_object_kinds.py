"""Tests of kinds of visible objects in the bundled scenarios."""

import pytest

from clau_doom.game import kind_of

# (category, class name) pairs as ViZDoom 1.3.2 labelled them in random play of every bundled scenario.
SEEN = {
    "enemy": [
        ("Monster", "Cacodemon"),
        ("Monster", "ChaingunGuy"),
        ("Monster", "Demon"),
        ("Monster", "DoomImp"),
        ("Monster", "HellKnight"),
        ("Monster", "MarineChainsawVzd"),
        ("Monster", "ShotgunGuy"),
        ("Monster", "Zombieman"),
    ],
    "projectile": [
        ("Explosive", "BaronBall"),
        ("Explosive", "DoomImpBall"),
        ("Explosive", "Rocket"),
        ("Internal", "CustomRocket"),
    ],
    "pickup": [
        ("Ammo", "CellPack"),
        ("Ammo", "Clip"),
        ("Ammo", "ClipBox"),
        ("Ammo", "RocketBox"),
        ("Ammo", "Shell"),
        ("Ammo", "ShellBox"),
        ("Armor", "ArmorBonus"),
        ("Armor", "BlueArmor"),
        ("Armor", "GreenArmor"),
        ("Health", "CustomMedikit"),
        ("Health", "HealthBonus"),
        ("Health", "Medikit"),
        ("Health", "Soulsphere"),
        ("Health", "Stimpack"),
        ("Weapon", "Chaingun"),
        ("Weapon", "Chainsaw"),
        ("Weapon", "PlasmaRifle"),
        ("Weapon", "RocketLauncher"),
        ("Weapon", "Shotgun"),
        ("Weapon", "SuperShotgun"),
    ],
    "hazard": [("Hazard", "ExplosiveBarrel"), ("Health", "Poison")],
    "other": [
        ("Decoration", "Stalagtite"),
        ("Decoration", "TechPillar"),
        ("LightSource", "Column"),
        ("Vegetation", "BigTree"),
        ("Vegetation", "TorchTree"),
    ],
    None: [
        ("Explosive", "BulletPuff"),
        ("Gibs", "Blood"),
        ("Gore", "DeadCacodemon"),
        ("Gore", "DeadDemon"),
        ("Gore", "DeadDoomImp"),
        ("Gore", "DeadMarine"),
        ("Gore", "DeadShotgunGuy"),
        ("Gore", "DeadZombieman"),
        ("EpisodeScheduler", "DoomPlayer"),
        ("SFX", "RocketSmokeTrail"),
        ("SFX", "TeleportFog"),
        ("ScriptThing", "PatrolPoint"),
        ("Self", "DoomPlayer"),
    ],
}
CASES = [(category, name, kind) for kind, pairs in SEEN.items() for category, name in pairs]


@pytest.mark.parametrize(("category", "name", "kind"), CASES)
def test_kinds_of_visible_objects(category: str, name: str, kind: str | None) -> None:
    """Enemies, projectiles, pick-ups and hazards have kinds. Corpses, effects and the player are left out."""
    assert kind_of(category, name) == kind

"""Classification of visible objects by category and class name of ViZDoom's labels."""

from collections.abc import Iterable

import vizdoom as vzd

from clau_doom.ports import SeenObject

__all__ = ["kind_of", "seen_objects"]

_KINDS = {
    "Monster": "enemy",
    "Explosive": "projectile",
    "Ammo": "pickup",
    "Armor": "pickup",
    "Health": "pickup",
    "Key": "pickup",
    "Powerup": "pickup",
    "Weapon": "pickup",
    "Hazard": "hazard",
}
# Corpses, gibs, smoke and fog; the player's own body; objects of the map's scripts.
_LEFT_OUT = frozenset({"Gibs", "Gore", "EpisodeScheduler", "SFX", "ScriptThing", "Self"})
_HARMFUL_PICKUPS = frozenset({"Poison"})
_MISSILE_MARKS = ("Rocket", "Ball", "Missile", "Plasma", "Bolt")
_TRACE_MARKS = ("Puff", "Trail", "Smoke", "Fog", "Blood", "Debris")


def kind_of(category: str, name: str) -> str | None:
    """Return ``enemy``, ``projectile``, ``pickup``, ``hazard`` or ``other``, or None for ignored objects.

    Args:
        category: ViZDoom's category, such as ``Monster``.
        name: Class name in the engine, such as ``Cacodemon``.
    """
    if category in _LEFT_OUT or any(mark in name for mark in _TRACE_MARKS):
        return None
    if name in _HARMFUL_PICKUPS:
        return "hazard"
    if category == "Internal":  # classes defined by a scenario's scripts
        return "projectile" if any(mark in name for mark in _MISSILE_MARKS) else None
    return _KINDS.get(category, "other")


def seen_objects(labels: Iterable[vzd.Label], kinds: dict[tuple[str, str], str | None]) -> list[SeenObject]:
    """Return the labelled objects that have a kind, in the order of the labels.

    Args:
        labels: Labels of one state.
        kinds: Cache of `kind_of`; new classes are added.
    """
    seen = []
    for label in labels:
        name = label.object_name
        key = (label.object_category, name)
        try:
            kind = kinds[key]
        except KeyError:
            kind = kinds[key] = kind_of(*key)
        if kind is None:
            continue
        seen.append(
            SeenObject(
                label.object_id,
                name,
                kind,
                label.x,
                label.y,
                label.width,
                label.height,
                (label.object_position_x, label.object_position_y, label.object_position_z),
                (label.object_velocity_x, label.object_velocity_y, label.object_velocity_z),
            )
        )
    return seen

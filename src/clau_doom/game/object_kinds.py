"""What a visible object is to a player, from the category and the class name that ViZDoom's labels carry."""

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
# Corpses, gibs, smoke and fog; the player's own body; things of the map's scripts.
_LEFT_OUT = frozenset({"Gibs", "Gore", "EpisodeScheduler", "SFX", "ScriptThing", "Self"})
_HARMFUL_PICKUPS = frozenset({"Poison"})
_MISSILE_MARKS = ("Rocket", "Ball", "Missile", "Plasma", "Bolt")
_TRACE_MARKS = ("Puff", "Trail", "Smoke", "Fog", "Blood", "Debris")


def kind_of(category: str, name: str) -> str | None:
    """Return ``enemy``, ``projectile``, ``pickup``, ``hazard`` or ``other``, or None for what is to be left out.

    Args:
        category: ViZDoom's category of the object, such as ``Monster``.
        name: The engine's class name of the object, such as ``Cacodemon``.
    """
    if category in _LEFT_OUT or any(mark in name for mark in _TRACE_MARKS):
        return None
    if name in _HARMFUL_PICKUPS:
        return "hazard"
    if category == "Internal":  # classes that a scenario's own scripts define
        return "projectile" if any(mark in name for mark in _MISSILE_MARKS) else None
    return _KINDS.get(category, "other")


def seen_objects(labels: Iterable[vzd.Label], kinds: dict[tuple[str, str], str | None]) -> list[SeenObject]:
    """Return the labelled objects that `kind_of` keeps, in the labels' order.

    Args:
        labels: The labels of one state.
        kinds: What `kind_of` has answered so far; filled as new classes are seen.
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

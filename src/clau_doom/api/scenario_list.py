"""List of the bundled scenarios."""

from dataclasses import asdict

from clau_doom.api.table import Table

__all__ = ["scenarios"]


def scenarios() -> Table:
    """List the bundled scenarios, as `clau-doom scenarios` does.

    Returns:
        A scenario in each row: `name`, `description` with task and rewards, `buttons`, `timeout` in tics, `doom_skill`,
        and the `measures` of its episodes.

    Example:
        >>> import clau_doom as cd
        >>> cd.scenarios()["name"][:3]
        ['basic', 'basic_audio', 'basic_notifications']
    """
    from clau_doom.app.scenario_catalog import bundled_scenarios  # noqa: PLC0415 - the engine

    rows = [asdict(offer) for offer in bundled_scenarios()]
    return Table({name: [row[name] for row in rows] for name in rows[0]}, name="scenarios")

"""Command `clau-doom scenarios`: list the bundled scenarios."""

from dataclasses import asdict

from rich import box
from rich.table import Table
from rich.text import Text

from clau_doom.cli.console import data_console, print_json
from clau_doom.cli.shared_options import AsJson

__all__ = ["scenarios"]


def scenarios(*, as_json: AsJson = False) -> None:
    """List the bundled scenarios with their tasks and buttons."""
    from clau_doom.app.scenario_catalog import bundled_scenarios

    offers = bundled_scenarios()
    if as_json:
        print_json({"scenarios": [asdict(offer) for offer in offers]})
        return
    table = Table(box=box.SIMPLE_HEAD, header_style="dim", pad_edge=False, show_lines=True)
    table.add_column("scenario", style="bold", no_wrap=True)
    table.add_column("task and rewards", ratio=3)
    table.add_column("buttons", ratio=2)
    table.add_column("tics", justify="right")
    table.add_column("skill", justify="right")
    for offer in offers:
        buttons = Text(", ".join(button.lower() for button in offer.buttons), "cyan")
        table.add_row(offer.name, offer.description, buttons, str(offer.timeout), str(offer.doom_skill))
    console = data_console()
    console.print(table)
    console.print(f"Measures of each episode: {', '.join(offers[0].measures)}.", style="dim")
    console.print("For your own scenario, use the path of its .cfg file.", style="dim")

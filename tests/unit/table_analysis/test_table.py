"""Tables of named columns."""

import pytest

from clau_doom.errors import ConfigError
from clau_doom.table_analysis import make_column, make_table


@pytest.mark.parametrize(("count", "end"), [(30, r"c28, c29\)$"), (32, r"c28, c29 and 2 more\)$")])
def test_unknown_column_lists_thirty_columns(count: int, end: str) -> None:
    table = make_table("t.csv", [make_column(f"c{place}", [1]) for place in range(count)])
    with pytest.raises(ConfigError, match=r"t\.csv has no column 'kills' \(it has c0, c1, .*" + end):
        table.column("kills")


def test_unknown_column_suggests_the_closest() -> None:
    """Upper and lower case do not matter."""
    table = make_table("t.csv", [make_column(name, [1]) for name in ("Kills", "seed")])
    with pytest.raises(ConfigError, match=r"has no column 'kill', did you mean 'Kills'\? \(it has Kills, seed\)"):
        table.column("kill")

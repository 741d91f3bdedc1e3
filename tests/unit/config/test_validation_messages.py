"""Tests of the exact messages for typical mistakes."""

from pathlib import Path

import pytest

from clau_doom.config import load_config
from clau_doom.errors import ConfigError

_SEVERAL = """\
name: My First Run
generation: 10
population: 20
seeds: per-generation
max_duration: 2 hours
evolution:
  kind: genetic
  elites: 25
  sigma: 5
workers: 2
"""


@pytest.mark.parametrize(
    ("text", "environ", "message"),
    [
        (None, {}, "cannot read config.yaml: No such file or directory"),
        (
            "scenario:\n  name: basic\n frame_skip: 4\n",
            {},
            (
                "config.yaml is not valid YAML: line 3: while parsing a block mapping expected <block end>, "
                "but found '<block mapping start>'"
            ),
        ),
        (
            "policy: neural\nscenario:\nepisodes: 8\n",
            {},
            (
                "config.yaml: 2 problems:\n"
                "  policy (line 1): 'neural' is not a section: write `kind: neural` on a line below it\n"
                "  scenario (line 2): is empty: write its fields on indented lines below it, or leave it out"
            ),
        ),
        (
            _SEVERAL,
            {},
            (
                "config.yaml: 7 problems:\n"
                "  name (line 1): 'My First Run' is not an experiment id: use 1 to 40 of a-z, 0-9, '_' and '-', "
                "the first a letter or digit\n"
                "  generation (line 2): is an unknown field: did you mean generations?\n"
                "  seeds (line 4): 'per-generation' is not one of the choices: did you mean per_generation? "
                "use fixed, per_generation\n"
                "  max_duration (line 5): '2 hours' is not a duration: write 90s, 15m, 2h or 1h30m\n"
                "  evolution.elites (line 8): 25 leaves no agents to evolve: "
                "use fewer elites than the population (20)\n"
                "  evolution.sigma (line 9): 5 is too large: use 1.0 or less\n"
                "  workers (line 10): is an unknown field in this section: did you mean execution.workers?"
            ),
        ),
        (
            "seed: 3\n",
            {"CLAU_DOOM_SCENARIO_FRAMESKIP": "2", "CLAU_DOOM_POPULATION": "many"},
            (
                "config.yaml: 2 problems:\n"
                "  environment CLAU_DOOM_SCENARIO_FRAMESKIP is an unknown variable: "
                "did you mean CLAU_DOOM_SCENARIO_FRAME_SKIP?\n"
                "  population (environment CLAU_DOOM_POPULATION): 'many' is not a whole number"
            ),
        ),
    ],
)
def test_messages_for_typical_mistakes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None, environ: dict[str, str], message: str
) -> None:
    """Reading, parsing and validation errors have their kind, location and remedy."""
    monkeypatch.chdir(tmp_path)
    if text is not None:
        Path("config.yaml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_config(Path("config.yaml"), environ=environ, overrides={})
    assert str(caught.value) == message

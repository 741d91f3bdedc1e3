"""What the dashboard's pages are drawn from."""

import json

from clau_doom.bootstrap.planning import make_fitness
from clau_doom.config import ExperimentConfig, ScenarioConfig, StoredExperiment, to_yaml
from clau_doom.domain.experiment import Experiment, ExperimentState, Provenance
from clau_doom.domain.snapshot import Snapshot
from clau_doom.web.views import experiment_view


def test_texts_from_outside_are_short_and_escaped() -> None:
    """Names, reasons and facts of a stranger's experiment are shortened and escaped; its configuration is exact."""
    name = "\x1b[2J\u202e" + "x" * 1_000
    config = ExperimentConfig(name="a", scenario=ScenarioConfig(name=name + ".cfg"))
    facts = Provenance(facts=((name, name),))
    experiment = Experiment(id="a", uuid="4f8", seed=7, config_yaml=to_yaml(config), provenance=facts)
    snapshot = Snapshot(
        experiment=experiment,
        config_yaml=experiment.config_yaml,
        state=ExperimentState.FAILED,
        reason=name,
        generations=(),
        summaries=(),
    )
    stored = StoredExperiment(snapshot=snapshot, config=config, state=ExperimentState.FAILED, last_activity=0.0)
    view = experiment_view(stored, make_fitness(config), here=False)
    assert view.pop("config_yaml") == experiment.config_yaml
    text = json.dumps(view, ensure_ascii=False)
    assert not {"\x1b", "\u202e"} & set(text)
    assert "x" * 201 not in text
    assert view["reason"].startswith(r"\x1b[2J\u202exxx")

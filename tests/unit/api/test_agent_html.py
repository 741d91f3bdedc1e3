"""Tests of the HTML of loaded agents."""

from clau_doom.api.agent_html import agent_html
from clau_doom.config import NeuralPolicyConfig, ScenarioConfig
from clau_doom.domain import Gene, Genome, GenomeSpace
from clau_doom.domain.experiment import Provenance
from clau_doom.replay import ReplayedAgent, Setting


def shown(genes: int, *, baseline: bool = False) -> str:
    setting = Setting(
        scenario=ScenarioConfig(name="basic"),
        policy=NeuralPolicyConfig(),
        contained=False,
        provenance=Provenance(facts=()),
        space=GenomeSpace([Gene(name=f"<g{number}>", low=0.0, high=1.0) for number in range(genes)]),
    )
    genome = Genome((0.5,) * genes)
    agent = ReplayedAgent(id="<i>", genome=genome, baseline=baseline, champion=True, episodes=())
    return agent_html(setting, agent)


def test_table_is_escaped() -> None:
    html = shown(2)
    for text in ("agent &lt;i&gt;", "&lt;g0&gt;", "&lt;g1&gt;", "champion", "neural", "basic", "0.5"):
        assert text in html
    assert "<i>" not in html
    assert "<g0>" not in html


def test_only_the_first_genes_are_shown() -> None:
    html = shown(30)
    assert "genome, first 20 of 30 genes" in html
    assert "&lt;g19&gt;" in html
    assert "&lt;g20&gt;" not in html
    assert "first" not in shown(20)


def test_baseline_has_no_genome() -> None:
    html = shown(2, baseline=True)
    assert "random" in html
    assert "genome" not in html

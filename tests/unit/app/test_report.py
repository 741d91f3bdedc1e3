"""Tests of reports of whole experiments with scripted episodes."""

import asyncio
import re
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest

from clau_doom.analysis.comparison_document import comparison_document
from clau_doom.analysis.genome_encoding import GeneHistory
from clau_doom.analysis.ranking import criteria_of
from clau_doom.analysis.sections import (
    control_charts,
    diversity,
    elite_map,
    gene_distributions,
    gene_regression,
    generations,
    held_out,
    learning,
    lineage,
    multicriteria_ranking,
)
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.app.analyze import analyse, compare
from clau_doom.app.report import check_report_target, report_comparison, report_experiment
from clau_doom.config import ExperimentConfig, HoldoutConfig, MapElitesConfig, config_from_yaml, to_yaml
from clau_doom.domain import AgentStatus, EpisodeOutcome, GeneKind, Genome
from clau_doom.domain.experiment import Deviations, ExperimentState, Provenance
from clau_doom.domain.history_hash import history_sha256
from clau_doom.domain.run_environment import RunEnvironment, SourceCommit
from clau_doom.errors import ConfigError
from clau_doom.policies import GENES
from clau_doom.ports import StoredExperiment
from clau_doom.statistics.two_sample_comparison import Contrast
from clau_doom.testing import ScriptedBackend, scripted_outcome
from clau_doom.testing.scripted_run import scripted_run, scripted_store

CONFIG = ExperimentConfig(
    name="one", generations=12, population=6, episodes=2, holdout=HoldoutConfig(validation=3, episodes=12)
)
HOSTILE = "</pre></script><script>alert(1)</script><img src=x onerror=alert(2)>&\"'"
VOID = {"meta", "path", "rect", "circle"}  # what has no end, and what our pictures close at once


def outcome(genome: Genome, seed: int) -> EpisodeOutcome:
    """Return an episode with a reward that decreases with the square of the genes, plus noise."""
    noise = scripted_outcome(genome, seed)
    shares = [(v - g.low) / (g.high - g.low) for v, g in zip(genome.values, GENES.genes, strict=False)]
    reward = 20.0 - 4.0 * sum(share * share for share in shares or [3.0]) + noise.measures.health / 40.0
    return replace(noise, measures=replace(noise.measures, reward=reward, distance=40.0 * len(shares) * reward))


@cache
def _stored(config_yaml: str) -> StoredExperiment:
    config = config_from_yaml(config_yaml, name="the test's configuration")

    async def play() -> StoredExperiment:
        store = scripted_store(config)
        await scripted_run(config, store, ScriptedBackend(outcome=outcome), space=GENES).run()
        snapshot = await store.snapshot()
        return StoredExperiment(snapshot=snapshot, config=config, state=snapshot.state, last_activity=0.0)

    # The result is cached, so it is computed in a loop of its own.
    return asyncio.run(play())


def experiment(name: str = "one", **changes: object) -> StoredExperiment:
    return _stored(to_yaml(CONFIG.model_copy(update={"name": name, **changes})))


class Page(HTMLParser):
    """Parsed content of a page; raises if an element is closed that is not open."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
        self.words: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.inside: list[tuple[str, tuple[str, ...]]] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), attrs
        self.elements.append((tag, dict(attrs)))
        self.inside.append((tag, tuple(self._open)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self._open:
            self.words.append(data)

    @property
    def said(self) -> str:
        """Return the page's text, with each run of white space as one blank."""
        return " ".join("".join(self.words).split())

    def count(self, tag: str, within: str | None = None) -> int:
        return sum(name == tag and (within is None or within in around) for name, around in self.inside)


@cache
def page(name: str = "one") -> Page:
    return Page(report_experiment(experiment(name), criteria_of("reward:2,shots:-1")))


def test_every_figure_has_caption_data_table_and_text_alternative() -> None:
    """Each figure is one picture with a description, a caption and a data table, numbered in order."""
    figures = page().count("figure")
    assert figures >= 11
    for part in ("figcaption", "details", "table", "summary"):
        assert page().count(part, within="figure") == figures
    pictures = [attrs for tag, attrs in page().elements if tag == "svg" and attrs.get("role") == "img"]
    assert len(pictures) == figures
    assert all(attrs["aria-label"] for attrs in pictures)
    for number in range(1, figures + 1):
        assert f"Figure {number}. " in page().said
    assert page().count("caption") == page().count("table")


def test_ids_are_unique_and_links_have_targets() -> None:
    """Each id is unique, and the table of contents links to existing sections."""
    ids = [attrs["id"] for _, attrs in page().elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    links = [attrs["href"] or "" for tag, attrs in page().elements if tag == "a"]
    assert len(links) >= 14
    assert {link.removeprefix("#") for link in links} <= set(ids)


def test_page_has_no_scripts_and_no_external_resources() -> None:
    """A strict content policy allows the page."""
    for text in (page().text, report_comparison([experiment(), experiment("two", seed=2)], "one")):
        assert not {tag for tag, _ in Page(text).elements} & {
            "script",
            "link",
            "img",
            "iframe",
            "object",
            "form",
            "base",
        }
        names = {name for _, attrs in Page(text).elements for name in attrs}
        assert not {name for name in names if name.startswith("on")} | names & {"style", "src", "srcset", "action"}
        for word in ("http:", "https:", "url(", "@import", "//"):
            assert word not in text.replace("nats://localhost:4222", "")


def test_equal_experiments_have_equal_reports() -> None:
    """The bytes depend only on the stored data, not on the time or the user."""
    one = experiment()
    assert report_experiment(one) == report_experiment(replace(one, last_activity=1e9))
    assert report_experiment(one) == report_experiment(one, analysis=analyse(one))
    assert report_experiment(one) != report_experiment(experiment("two", seed=2))


def test_summary_has_the_values_of_the_analysis() -> None:
    """The champion's held-out mean, lead, n, seed and p are those of the analysis."""
    found = analyse(experiment())
    results = found.result(held_out.table_of)
    assert results is not None
    champion, contrast = results.rows[0], found.result(held_out.contrasts_of)[1]
    said = page().said
    assert champion.agent in said
    assert (
        f"has a mean fitness of {champion.fitness.mean:.2f} [{champion.fitness.low:.2f}, {champion.fitness.high:.2f}]"
        in said
    )
    lead = contrast.difference
    interval = f"{lead.mean:.2f} [{lead.low:.2f}, {lead.high:.2f}]"
    assert f"ahead of random play by {interval} (uncorrected 95 % interval, 12 pairs" in said
    assert "12 of 12 generations of 6 agents, 2 episodes each, from seed 1" in said
    assert "None of 72 agents failed" in said
    assert "one experiment is one run of it" in said


def test_summary_claims_no_unproven_advantage() -> None:
    """With a corrected p-value above 5 %, the summary and the cautions state that no advantage is shown."""
    found = analyse(experiment())
    first, second = found.result(held_out.contrasts_of)
    unsure = replace(first, p_holm=0.051)
    contrasts: tuple[Contrast, ...] = (unsure, second)
    changed = found.having(held_out.contrasts_of, contrasts)
    read = Page(report_experiment(experiment(), analysis=changed)).said
    assert "No difference between the champion and generation 0's best is shown" in read
    assert "The data do not show that the champion is better than generation 0's best" in read
    assert "ahead of generation 0's best by 0" not in read


def test_appendix_allows_reproduction() -> None:
    """The appendix has the commands, the exact configuration, versions, the history's hash and every seed."""
    stored = experiment()
    said = page().said
    assert "clau-doom run -c one.yaml --output-dir again" in said
    assert "clau-doom analyze one --output-dir again --criteria reward:2,shots:-1 --report one.html" in said
    assert " ".join(stored.snapshot.config_yaml.split()) in said
    digest = history_sha256(stored.snapshot.finished_generations)
    assert f"# history_sha256 must be # {digest}" in said
    assert f"history SHA-256{digest}" in said
    assert "scripted" in said
    for row in stored.snapshot.judging.values():
        assert all(str(episode.outcome.seed) in said for episode in row)


def test_appendix_has_commits_and_packages() -> None:
    """Commits with their state, and a collapsed list of the packages; equal environments of resumes appear once."""
    stored = experiment()
    packages = (("numpy", "2.4"), ("vizdoom", "1.3.2"))
    dirty = SourceCommit(folder="working folder", commit="ab" * 20, dirty=True)
    unknown = SourceCommit(folder="working folder", commit=None, dirty=None, unavailable="git is not installed")
    runs = [RunEnvironment(commits=(each,), packages=packages) for each in (dirty, dirty, unknown)]
    read = Page(report_experiment(replace(stored, snapshot=replace(stored.snapshot, environments=tuple(runs)))))
    assert read.said.count("ab" * 20) == 1
    assert f"working folder{'ab' * 20}changed (dirty)" in read.said
    assert "unknown: git is not installed" in read.said
    assert read.said.count(f"Installed packages of one: 2, SHA-256 {runs[0].packages_sha256}") == 1
    assert "numpy==2.4 vizdoom==1.3.2" in read.said


def test_unavailable_parts_have_a_reason() -> None:
    """Before the first generation is finished, every part has a sentence that states the missing data."""
    whole = experiment()
    early = replace(whole.snapshot, summaries=(), judging={}, champion=None, state=ExperimentState.RUNNING)
    read = Page(report_experiment(replace(whole, snapshot=early, state=ExperimentState.RUNNING)))
    found = analyse(replace(whole, snapshot=early, state=ExperimentState.RUNNING))
    for compute in (
        learning.curve_of,
        control_charts.compute,
        diversity.compute,
        gene_regression.compute,
        lineage.compute,
        multicriteria_ranking.compute,
    ):
        part = found.result(compute)
        assert isinstance(part, Unavailable)
        assert f"Not shown: {part.missing}." in read.said
    assert "No champion has played the held-out seeds yet" in read.said
    assert "The experiment is running" in read.said
    assert read.count("figure") == 0


def test_failed_agents_and_deviations_are_reported() -> None:
    """A failed agent has its reason, a mean without it its n, and a deviation its count and caution."""
    stored = _with_failures("it divided by nought")
    read = Page(report_experiment(stored)).said
    assert "2 of 72 agents failed; 3 deviations entered the history" in read
    assert "it divided by nought" in read
    assert "A repeated run can differ" in read


def _with_failures(reason: str) -> StoredExperiment:
    """Return an experiment with failures of the last generation's first two agents."""
    whole = experiment()
    last = [
        replace(each, status=AgentStatus.FAILED, fitness=None, failure=reason) if at < 2 else each
        for at, each in enumerate(whole.snapshot.generations[-1])
    ]
    generations = (*whole.snapshot.generations[:-1], tuple(last))
    deviations = Deviations(missed_deadlines=1, interventions=2)
    return replace(whole, snapshot=replace(whole.snapshot, generations=generations, deviations=deviations))


def test_untrusted_text_is_not_markup() -> None:
    """Reasons, gene names, configuration and versions are shown as text, not as markup."""
    stored = _with_failures(HOSTILE)
    facts = Provenance(facts=((f"fact{HOSTILE}", HOSTILE),))
    snapshot = replace(
        stored.snapshot,
        config_yaml=f"# {HOSTILE}\n",
        reason=HOSTILE,
        experiment=replace(stored.snapshot.experiment, provenance=facts, uuid=HOSTILE),
    )
    stored = replace(stored, snapshot=snapshot)
    gene = GeneHistory(
        gene=HOSTILE, kind=GeneKind.CHOICE, means=(0.5, 0.7), spreads=(0.1, 0.2), commonest=(HOSTILE,) * 2
    )
    history: tuple[GeneHistory, ...] | Unavailable = (gene,)
    found = replace(analyse(stored), fitness_name=HOSTILE, scenario=HOSTILE).having(gene_distributions.compute, history)
    read = Page(report_experiment(stored, analysis=found))
    assert not {tag for tag, _ in read.elements} & {"script", "img"}
    assert not any(name.startswith("on") for _, attrs in read.elements for name in attrs)
    assert read.said.count(HOSTILE) >= 8


def test_behaviour_map_is_drawn() -> None:
    """A MAP-Elites archive has a rectangle and a row for each filled cell."""
    stored = experiment("elites", evolution=MapElitesConfig(kind="map-elites"))
    found, read = analyse(stored), Page(report_experiment(stored))
    archive = found.result(elite_map.compute)
    assert not isinstance(archive, Unavailable)
    filled = [attrs for tag, attrs in read.elements if tag == "rect" and "fill-opacity" in attrs]
    assert len(filled) == len(archive.cells) + 20  # and the scale beside it
    assert f"{len(archive.cells)} of 100 cells are filled" in read.said


def test_report_of_several_experiments_compares_them() -> None:
    """Champions, comparisons, profiles, curves and conditions have figures, remarks and the data to repeat them."""
    stored = [
        experiment("a"),
        experiment("b", seed=2),
        experiment("c", population=4),
        experiment("d", seed=2, population=4),
    ]
    compared = compare(stored, "a")
    comparison = compared.comparison
    read = Page(report_comparison(stored, "a", comparison=compared))
    assert read.count("figure") >= 7
    assert read.count("figcaption") == read.count("table", within="figure") == read.count("figure")
    for each in comparison.contrasts:
        assert each.ours in read.said
    for sentence in comparison_document(compared).sections[0].summary:
        assert sentence.partition(":")[0] in read.said
    for remark in comparison.remarks:
        assert remark[1:] in read.said
    assert "population = 6" in read.said
    assert "population = 4" in read.said
    assert "clau-doom analyze a b c d --output-dir again --baseline a --report comparison.html" in read.said
    assert read.text == report_comparison(stored, "a")


def test_report_replaces_only_an_older_report(tmp_path: Path) -> None:
    """Another file is replaced only with force."""
    target = tmp_path / "one.html"
    check_report_target(target, force=False)
    target.write_text(page().text)
    check_report_target(target, force=False)
    other = tmp_path / "thesis.html"
    other.write_text("<html>four years of work</html>")
    with pytest.raises(ConfigError, match="is not a report: choose another name, or replace it with force=True"):
        check_report_target(other, force=False)
    check_report_target(other, force=True)
    (tmp_path / "folder.html").mkdir()
    for path, complaint in (
        ("folder.html", "is a folder"),
        ("one.pdf", "is not an .html file"),
        ("nowhere/one.html", "nowhere not found"),
    ):
        with pytest.raises(ConfigError, match=complaint):
            check_report_target(tmp_path / path, force=True)


def test_figure_data_equal_the_analysis() -> None:
    """The rows of the fitness curve are the generations, with their agents, means and best fitness."""
    text = page().text.replace("\n", "")
    for row in analyse(experiment()).result(generations.rows_of):
        assert row.mean is not None
        cell = re.search(rf"<tr><td>{row.index}</td><td>0\sof\s6</td><td>(.*?)</td>", text)
        assert cell is not None
        shown = [float(each) for each in re.findall(r"-?[0-9.]+", cell[1].replace("\N{MINUS SIGN}", "-"))]
        ends = [each for each in (row.mean.low, row.mean.high) if each is not None]
        assert shown == pytest.approx([row.mean.mean, *ends], abs=0.05 + 1e-9)

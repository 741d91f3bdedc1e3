"""Tests of the reading commands on a stored experiment."""

import json
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clau_doom.domain import Purpose
from clau_doom.domain.events import EpisodeFinished, Event, ExperimentStarted, GenerationStarted
from clau_doom.domain.run_environment import RunEnvironment, SourceCommit

Run = Callable[..., Any]
Keep = Callable[..., None]


def document(run: Run, *arguments: str) -> Any:
    done = run(*arguments, "--json")
    assert done.code == 0, done.err
    loaded = json.loads(done.out)
    assert loaded["schema_version"] == 1
    return loaded


def test_status_lists_experiments(run: Run, keep: Keep, story: list[Event]) -> None:
    """Each experiment has its state, its generations and its best fitness."""
    keep(story)
    (entry,) = document(run, "status")["experiments"]
    assert (entry["id"], entry["state"], entry["best_fitness"]) == ("tiny", "completed", 9.0)
    assert (entry["generations_finished"], entry["generations_planned"]) == (2, 2)
    shown = run("status")
    assert "tiny" in shown.out
    assert "completed" in shown.out
    assert "9.00" in shown.out
    assert shown.err == ""


def test_killed_run_is_interrupted(run: Run, keep: Keep, story: list[Event]) -> None:
    """An experiment that is stored as running without a process was killed and can be resumed."""
    keep(story[:-1])
    assert document(run, "status")["experiments"][0]["state"] == "interrupted"
    shown = run("status", "tiny").out
    assert "interrupted" in shown
    assert "clau-doom run --resume tiny" in shown


def test_unreadable_experiment_does_not_hide_other_experiments(
    run: Run, keep: Keep, story: list[Event], tmp_path: Path
) -> None:
    """The unreadable experiment is listed with its error."""
    keep(story)
    (tmp_path / "runs/broken").mkdir()
    (tmp_path / "runs/broken/results.sqlite").write_bytes(b"no database, but something else of some length" * 40)
    found = document(run, "status")
    assert [entry["id"] for entry in found["experiments"]] == ["tiny"]
    assert [entry["id"] for entry in found["unreadable"]] == ["broken"]
    assert "unreadable: broken" in run("status").err


def test_status_of_an_empty_folder_succeeds(run: Run) -> None:
    """The list on stdout is empty. A hint is on stderr."""
    assert document(run, "status")["experiments"] == []
    done = run("status")
    assert (done.code, done.out) == (0, "")
    assert "no experiments in runs" in done.err


def test_status_of_an_experiment_has_hash_and_deviations(run: Run, keep: Keep, story: list[Event]) -> None:
    """The hash covers finished generations only. A new generation does not change it."""
    keep(story)
    found = document(run, "status", "tiny")
    assert len(found["history_sha256"]) == 64
    kinds = ("exhausted_attempts", "missed_deadlines", "interventions", "repeated_actions", "total")
    assert found["deviations"] == dict.fromkeys(kinds, 0)
    assert found["champion"] == {"agent": "tiny-g001-a000", "validation_fitness": 8.0}
    assert found["failed_agents"] == 1
    assert [row["best_agent"] for row in found["generations"]] == ["tiny-g000-a001", "tiny-g001-a000"]
    assert found["unfinished_generation"] is None


def test_status_has_commit_packages_and_processor_time(run: Run, keep: Keep, story: list[Event]) -> None:
    """The text has the commit of the last run. JSON has the environments of all runs."""
    commit = SourceCommit(folder="import_paths[0]", commit="0123456789ab" + "c" * 28, dirty=True)
    environment = RunEnvironment(commits=(commit,), packages=(("numpy", "2.4"),))
    costs = {Purpose.TRAINING: 0.5, Purpose.VALIDATION: None, Purpose.HELD_OUT: 2.0}
    for place, event in enumerate(story):
        if isinstance(event, ExperimentStarted):
            story[place] = replace(event, environment=environment)
        if isinstance(event, EpisodeFinished):
            played = event.episode
            timing = replace(played.timing, processor_seconds=costs[played.purpose])
            story[place] = EpisodeFinished(episode=replace(played, timing=timing))
    keep(story)
    found = document(run, "status", "tiny")
    assert found["processor_seconds"] == {
        "training": 5.0,
        "validation": 0.0,
        "held_out": 30.0,
        "total": 35.0,
        "unmeasured_episodes": 2,
    }
    assert found["environments"] == [
        {
            "commits": [{"folder": "import_paths[0]", "commit": commit.commit, "dirty": True, "unavailable": None}],
            "packages_sha256": environment.packages_sha256,
            "packages": {"numpy": "2.4"},
        }
    ]
    shown = run("status", "tiny").out
    assert "0123456789ab, with uncommitted changes (import_paths[0])" in shown
    assert "5.0 s training, 0.0 s validation, 30.0 s held out; 2 episodes not measured" in shown


def test_unfinished_generation_is_shown_and_not_hashed(
    run: Run, keep: Keep, story: list[Event], tmp_path: Path
) -> None:
    """A run that stopped within a generation keeps the hash of the generation before."""
    second = next(i for i, event in enumerate(story) if isinstance(event, GenerationStarted) and event.generation == 1)
    keep(story[:second])
    before = document(run, "status", "tiny")
    (tmp_path / "runs").rename(tmp_path / "before")
    keep(story[: second + 3])
    after = document(run, "status", "tiny")
    assert after["history_sha256"] == before["history_sha256"]
    assert (before["unfinished_generation"], after["generations_finished"]) == (None, 1)
    assert after["unfinished_generation"] == {
        "index": 1,
        "agents": 3,
        "agents_finished": 0,
        "episodes": 6,
        "episodes_finished": 2,
    }
    assert "generation 1: 2 of 6 episodes" in run("status", "tiny").out


def test_analyze_compares_on_held_out_seeds(run: Run, keep: Keep, story: list[Event]) -> None:
    """The champion, generation 0's best and random play have means, differences and the selection bias."""
    keep(story)
    found = document(run, "analyze", "tiny")
    assert [(row["role"], row["fitness"]["mean"]) for row in found["held_out"]] == [
        ("champion", 9.0),
        ("generation 0", 5.0),
        ("random", 2.0),
    ]
    assert [row["difference"]["mean"] for row in found["comparisons"]] == [4.0, 7.0]
    bias = found["selection_bias"]
    assert (bias["training"], bias["held_out"], bias["value"], bias["n"]) == (9.0, 9.0, 0.0, 5)
    # The five held-out fitnesses are 7 to 11, with the quantile of 98.5 % for five values: 4.0880 · 1.5811 / √5.
    assert (bias["low"], bias["high"]) == pytest.approx((-2.8906, 2.8906), abs=1e-3)
    assert found["generations"][1]["failed"] == 1
    assert found["generations"][0]["mean_fitness"]["mean"] == pytest.approx(7 / 3)
    shown = run("analyze", "tiny").out
    assert "random play" in shown
    assert "Selection bias" in shown


def test_analyze_before_the_end_has_no_champion(run: Run, keep: Keep, story: list[Event]) -> None:
    """Without held-out results, the generations are shown with a note."""
    keep(story[:11])
    assert document(run, "analyze", "tiny")["held_out"] == []
    assert "no agent has played the held-out seeds yet" in " ".join(run("analyze", "tiny").out.split())


def test_analyze_writes_a_plot(run: Run, keep: Keep, story: list[Event], tmp_path: Path) -> None:
    """The plot is written in addition to the analysis, and stdout is one JSON document."""
    keep(story)
    document(run, "analyze", "tiny", "--plot", "curve.svg")
    assert "held-out" in (tmp_path / "curve.svg").read_text()
    refused = run("analyze", "tiny", "--plot", "curve.gif")
    assert refused.code == 2
    assert "curve.gif" in refused.err
    assert run("analyze", "tiny", "--plot", "no/such/folder/curve.png").code == 1


def test_analyze_by_training_episodes_or_tics(
    run: Run, keep: Keep, story: list[Event], twin: list[Event], tmp_path: Path
) -> None:
    """Tables have the amount, and the report's command has the option. Generation 1 has an agent without a fitness."""
    keep(story)
    keep(twin, "twin")
    found = document(run, "analyze", "tiny", "--x", "episodes", "--report", "tiny.html", "--plot", "curve.svg")
    assert found["x"] == "episodes"
    assert [row["episodes_total"] for row in found["generations"]] == [6, 10]
    assert "analyze tiny --output-dir again --x episodes --report tiny.html" in (tmp_path / "tiny.html").read_text()
    assert "<!-- training episodes" in (tmp_path / "curve.svg").read_text()
    table = run("analyze", "tiny", "--x", "episodes", "--section", "generations").out
    assert re.search(r"generation +episodes +failed", table)
    assert not re.search(r"generation +episodes", run("analyze", "tiny", "--section", "generations").out)
    assert document(run, "analyze", "tiny", "twin", "--x", "tics")["x"] == "tics"
    assert document(run, "analyze", "tiny", "twin")["x"] == "episodes"
    refused = run("analyze", "tiny", "--x", "seconds")
    assert refused.code == 2
    assert "'generations', 'episodes', 'tics'" in refused.err


def test_analyze_writes_a_report(run: Run, keep: Keep, story: list[Event], twin: list[Event], tmp_path: Path) -> None:
    """The page of one or several experiments is written with the analysis, and replaces an older page."""
    keep(story)
    keep(twin, name="twin")
    document(run, "analyze", "tiny", "--report", "tiny.html")
    page = (tmp_path / "tiny.html").read_text()
    assert page.startswith("<!doctype html>")
    assert "clau-doom run -c tiny.yaml" in page
    done = run("analyze", "tiny", "--criteria", "kills:1", "--report", "tiny.html")
    assert done.code == 0
    assert "wrote tiny.html" in done.err
    assert "closeness to the ideal" in (tmp_path / "tiny.html").read_text()
    document(run, "analyze", "tiny", "twin", "--report", "both.html")
    assert "--baseline tiny --report comparison.html" in (tmp_path / "both.html").read_text()


def test_analyze_replaces_other_files_only_by_force(run: Run, keep: Keep, story: list[Event], tmp_path: Path) -> None:
    """An unwritable path is refused before the analysis."""
    keep(story)
    (tmp_path / "thesis.html").write_text("four years of work")
    refused = run("analyze", "tiny", "--report", "thesis.html")
    assert (refused.code, refused.out) == (2, "")
    assert "thesis.html is not a report" in refused.err
    assert (tmp_path / "thesis.html").read_text() == "four years of work"
    assert run("analyze", "tiny", "--report", "thesis.html", "--force").code == 0
    assert (tmp_path / "thesis.html").read_text().startswith("<!doctype html>")
    assert run("analyze", "tiny", "--force").code == 2
    for target, complaint in (("a.pdf", "is not an .html file"), ("no/such/a.html", "folder no/such not found")):
        refused = run("analyze", "tiny", "--report", target)
        assert (refused.code, complaint in refused.err) == (2, True)


def test_analyze_gives_reasons_for_unavailable_parts(run: Run, keep: Keep, story: list[Event]) -> None:
    """Two generations have neither learning curve nor regression: JSON and text give both reasons."""
    keep(story)
    found = document(run, "analyze", "tiny")
    assert found["learning_curve"] == {"missing": "2 generations are too few for a learning curve: 10 are needed"}
    assert "are needed" in found["regression"]["missing"]
    assert found["archive"] == {"missing": "genetic does not keep an archive"}
    assert [each["agent"] for each in found["lineage"]] == ["tiny-g001-a000", "tiny-g000-a001"]
    assert found["lineage"][0]["parents"] == ["tiny-g000-a000", "tiny-g000-a001"]
    assert [row["best_interval"]["mean"] for row in found["generations"]] == [4.0, 9.0]
    assert [point["generation"] for point in found["control_chart"]["points"]] == [0, 1]
    assert found["held_out"][0]["iqm"]["value"] == 9.0
    shown = run("analyze", "tiny").out
    assert "2 generations are too few for a learning curve" in " ".join(shown.split())
    assert "--section validation | gene-distributions" in " ".join(shown.split())


def test_analyze_shows_selected_sections(run: Run, keep: Keep, story: list[Event]) -> None:
    """One section, several or all are shown, and an unknown section is a usage error."""
    keep(story)
    lineage = run("analyze", "tiny", "--section", "lineage").out
    assert "g001-a000" in lineage
    assert "random play" not in lineage
    both = run("analyze", "tiny", "--section", "control-charts", "--section", "gene-distributions").out
    assert "Western Electric" in both
    assert "aim_tolerance" in both
    everything = run("analyze", "tiny", "--all", "--criteria", "kills:1,shots:-1").out
    for word in ("Western Electric", "aim_tolerance", "does not keep an archive", "TOPSIS over", "Selection bias"):
        assert word in everything
    assert run("analyze", "tiny", "--section", "luck").code == 2


def test_analyze_ranks_by_criteria(run: Run, keep: Keep, story: list[Event]) -> None:
    """The two candidates are ranked by validation episodes, and an unknown criterion is refused."""
    keep(story)
    ranking = document(run, "analyze", "tiny", "--criteria", "kills:1")["ranking"]
    assert [(row["name"], row["rank"], row["values"]) for row in ranking["rows"]] == [
        ("tiny-g001-a000", 1, [8.0]),
        ("tiny-g000-a001", 2, [3.0]),
    ]
    assert "TOPSIS over" in run("analyze", "tiny", "--criteria", "kills:1").out
    refused = run("analyze", "tiny", "--criteria", "bravery:1")
    assert refused.code == 2
    assert "'bravery' is not a criterion" in refused.err


def test_analyze_compares_experiments(run: Run, keep: Keep, story: list[Event], twin: list[Event]) -> None:
    """A run with the same condition and seed has no difference and is reported as the same run."""
    keep(story)
    keep(twin, "twin")
    found = document(run, "analyze", "tiny", "twin", "--criteria", "kills:1")
    assert (found["baseline"], [row["id"] for row in found["entrants"]]) == ("tiny", ["tiny", "twin"])
    (contrast,) = found["champion_contrasts"]
    assert (contrast["ours"], contrast["paired"], contrast["difference"]["mean"]) == ("twin", True, 0.0)
    assert contrast["improvement"]["value"] == 0.5
    (condition,) = found["conditions"]
    assert (condition["experiments"], condition["repeats"]) == (["tiny"], ["twin"])
    assert found["condition_comparison"] == {"missing": "all experiments are runs of one condition"}
    assert found["conclusions"] == ["No methods are compared: all experiments are runs of one condition."]
    shown = run("analyze", "tiny", "twin", "--baseline", "twin").out
    assert "champions against twin-g" in shown
    assert "repeats a run of the same condition and seed" in " ".join(shown.split())


def test_analyze_gives_running_times_to_targets(
    run: Run, keep: Keep, story: list[Event], twin: list[Event], tmp_path: Path
) -> None:
    """The targets reach the section and the report. One validation episode cannot choose and measure an agent."""
    keep(story)
    keep(twin, "twin")
    found = document(run, "analyze", "tiny", "twin", "--target", "8", "--target", "-1", "--target", "9")
    assert found["targets"] == {"values": [-1.0, 8.0, 9.0], "given": True}
    reason = "generation 0's best agent of tiny has fewer than two validation episodes"
    assert found["runtimes"] == {"missing": reason}
    shown = run("analyze", "tiny", "twin", "--section", "anytime", "--target", "8").out
    assert reason in " ".join(shown.split())
    assert "Champions" not in shown
    assert "anytime" in run("analyze", "tiny", "twin").out.split("more: --section")[1]
    assert "Learning curves over runs" in run("analyze", "tiny", "twin", "--all").out
    document(run, "analyze", "tiny", "twin", "--target", "2.5", "--report", "both.html")
    assert "--target 2.5 --report comparison.html" in (tmp_path / "both.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("tiny", "--target", "3"), "--target needs several experiments"),
        (("tiny", "twin", "--target", "nan"), "the target nan is not a finite number"),
        (("tiny", "--equivalence", "2"), "--equivalence needs several experiments: give two or more"),
        (("tiny", "twin", "--equivalence", "0"), "0 is not a margin: give a number above 0"),
        (("tiny", "twin", "--equivalence", "nan"), "nan is not a margin"),
        (("tiny", "twin", "--section", "lineage"), "lineage is a section of one experiment: choose one of conditions"),
        (("tiny", "--section", "anytime"), "anytime is a section of several experiments: choose one of held-out"),
        (("tiny", "tiny"), "tiny is given twice"),
        (("tiny", "--baseline", "tiny"), "needs other experiments"),
        (("tiny", "twin", "--baseline", "other"), "the baseline other is not one of tiny, twin"),
        (("tiny", "twin", "--plot", "curve.png"), "--plot needs exactly one experiment"),
        (("tiny", "nobody"), "nobody"),
    ],
)
def test_analyze_refuses_incomparable_experiments(
    run: Run, keep: Keep, request: pytest.FixtureRequest, arguments: tuple[str, ...], message: str
) -> None:
    """The error is one line, and the exit code is 2."""
    for fixture, name in (("story", "tiny"), ("twin", "twin")):
        keep(request.getfixturevalue(fixture), name)
    done = run("analyze", *arguments)
    assert (done.code, done.out) == (2, "")
    assert message in done.err
    assert "Traceback" not in done.err


def test_agents_are_listed(run: Run, keep: Keep, story: list[Event]) -> None:
    """All agents, or those of one generation, have fitness, operator and parents."""
    keep(story)
    agents = document(run, "agent", "list", "tiny")["agents"]
    assert [agent["fitness"] for agent in agents] == [1.0, 4.0, 2.0, 9.0, 5.0, None]
    assert agents[3]["parents"] == ["tiny-g000-a000", "tiny-g000-a001"]
    assert agents[5]["failure"] == "division by zero"
    assert len(document(run, "agent", "list", "tiny", "-g", "1")["agents"]) == 3
    assert "tiny-g001-a002" in run("agent", "list", "tiny").out


def test_agent_is_shown_with_genes_ancestors_and_episodes(run: Run, keep: Keep, story: list[Event]) -> None:
    keep(story)
    found = document(run, "agent", "show", "tiny-g001-a000")
    assert found["genome"]["aim_tolerance"] == 1.0
    assert [ancestor["agent"] for ancestor in found["ancestors"]] == ["tiny-g000-a000", "tiny-g000-a001"]
    purposes = [episode["purpose"] for episode in found["episodes"]]
    assert purposes == ["training"] * 2 + ["validation"] + ["held_out"] * 5
    shown = run("agent", "show", "tiny-g001-a000").out
    assert "aim_tolerance" in shown
    assert "├─╴  g000-a000      1.00  draw" in shown
    assert "●    g000-a001      4.00  draw" in shown


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("status", "tinny"), "did you mean tiny?"),
        (("agent", "show", "tiny-g001-a009"), "generation 1 has 3 agents"),
        (("agent", "show", "tiny-g009-a000"), "has 2 generations"),
        (("agent", "show", "tiny"), "is not an agent id"),
        (("analyze", "../etc"), "is not an experiment id"),
    ],
)
def test_unknown_names_are_usage_errors(
    run: Run, keep: Keep, story: list[Event], arguments: tuple[str, ...], message: str
) -> None:
    """One line on stderr lists the available choices."""
    keep(story)
    done = run(*arguments)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("error: ")
    assert message in done.err
    assert "Traceback" not in done.err


def test_precedence_of_output_folders(
    run: Run, keep: Keep, story: list[Event], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The order is: the command's flag, the root command's flag, the environment, the default."""
    keep(story)
    (tmp_path / "runs").rename(tmp_path / "here")
    assert document(run, "--output-dir", "here", "status")["experiments"]
    assert document(run, "status", "--output-dir", "here")["experiments"]
    assert not document(run, "status")["experiments"]
    monkeypatch.setenv("CLAU_DOOM_OUTPUT_DIR", "here")
    assert document(run, "status")["experiments"]
    assert not document(run, "--output-dir", "there", "status")["experiments"]
    assert document(run, "--output-dir", "there", "status", "--output-dir", "here")["experiments"]


def test_scenarios_are_listed(run: Run) -> None:
    """Every bundled scenario has its buttons and its measures."""
    found = {entry["name"]: entry for entry in document(run, "scenarios")["scenarios"]}
    assert found["defend_the_center"]["buttons"] == ["TURN_LEFT", "TURN_RIGHT", "ATTACK"]
    assert "kills" in found["defend_the_center"]["measures"]
    assert "defend_the_center" in run("scenarios").out


def test_reading_commands_do_not_write(run: Run, keep: Keep, story: list[Event], tmp_path: Path) -> None:
    """No reading command writes to the results."""
    keep(story)
    results = tmp_path / "runs/tiny/results.sqlite"

    def rows() -> list[object]:
        with closing(sqlite3.connect(results)) as connection:
            return connection.execute("SELECT * FROM events").fetchall()

    before = rows()
    for arguments in (("status",), ("status", "tiny"), ("analyze", "tiny"), ("agent", "list", "tiny")):
        assert run(*arguments).code == 0
    assert rows() == before


def test_untrusted_provenance_and_genes_are_escaped(
    run: Run, keep: Keep, story: list[Event], twin: list[Event]
) -> None:
    """The values in JSON are exact."""
    keep(story)
    keep(twin, "twin", facts=(("clau-doom", "0.1.0\x1b[2J[/x]"),))
    shown = run("analyze", "tiny", "twin")
    assert shown.code == 0, shown.err
    assert r"0.1.0\x1b[2J" in shown.out
    assert "\x1b" not in shown.out + shown.err
    assert document(run, "status", "twin")["provenance"]["clau-doom"] == "0.1.0\x1b[2J[/x]"


def test_home_folder_in_variables_and_flags_is_expanded(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Shells do not expand `~` in a variable or after `--option=`."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home" / "mine" / "broken").mkdir(parents=True)
    (tmp_path / "home" / "mine" / "broken" / "results.sqlite").write_bytes(b"no database")
    flag = run("status", "--output-dir=~/mine")
    monkeypatch.setenv("CLAU_DOOM_OUTPUT_DIR", "~/mine")
    assert "broken" in run("status").out + run("status").err
    assert "broken" in flag.out + flag.err
    monkeypatch.setenv("CLAU_DOOM_OUTPUT_DIR", "~nosuchuser/mine")
    refused = run("status")
    assert refused.code == 2
    assert "begins with an unknown home folder" in refused.err
    assert not (tmp_path / "~").exists()

"""Tests of `clau-doom serve` and its command-line client with real engines."""

import json
import re
import signal
import socket
import urllib.request
from typing import Any

import pytest

pytestmark = pytest.mark.engine

QUICK = """
name: quick
seed: 5
generations: 3
population: 6
episodes: 2
scenario: {name: defend_the_center, timeout: 400}
fitness: kills
holdout: {validation: 2, episodes: 2}
"""
LONG = QUICK.replace("generations: 3", "generations: 1000")


def events(service: Any, name: str) -> list[dict[str, object]]:
    lines = service.run("events", name, "--json", local=True).stdout.splitlines()
    return [json.loads(line) for line in lines]


def test_served_run_has_the_result_of_a_local_run(service: Any) -> None:
    """The server's answers equal the stored files."""
    (service.folder / "config.yaml").write_text(QUICK)
    service.start()
    submitted = service.run("run")
    assert submitted.returncode == 0, submitted.stderr
    assert "champion" in submitted.stdout
    assert "generation 2" in submitted.stderr
    alone = service.run("run", "--name", "alone", local=True)
    assert alone.returncode == 0, alone.stderr
    there, here = service.status("quick"), service.status("quick", local=True)
    assert there["history_sha256"] == here["history_sha256"] == service.status("alone", local=True)["history_sha256"]
    assert {**there, "last_activity": ""} == {**here, "last_activity": ""}
    for words in (
        ["status"],
        ["agent", "list", "quick"],
        ["agent", "show", "quick-g002-a003"],
        ["analyze", "quick"],
        ["events", "quick"],
    ):
        asked, read = service.run(*words), service.run(*words, local=True)
        assert (asked.returncode, asked.stderr) == (0, ""), words
        if words != ["status"]:
            assert asked.stdout == read.stdout
    unknown = service.run("status", "nix")
    assert (unknown.returncode, "experiment nix not found in <output folder>" in unknown.stderr) == (2, True), (
        unknown.stderr
    )
    again = service.run("run")
    assert (again.returncode, again.stdout) == (2, "")
    assert "quick exists already" in again.stderr


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGKILL])
def test_restarted_server_resumes_its_experiments(service: Any, sign: signal.Signals) -> None:
    """The history equals that of an undisturbed run after a stop and after a kill."""
    (service.folder / "config.yaml").write_text(QUICK.replace("generations: 3", "generations: 30"))
    service.start()
    following = service.begin("run", "-c", "config.yaml")
    service.until(lambda: len(events(service, "quick")) > 40)
    code = service.stop(sign)
    assert code == (143 if sign is signal.SIGTERM else -9), service.log.read_text()
    service.start("--port", service.address.rpartition(":")[2])
    service.until(lambda: service.status("quick")["state"] == "completed")
    text, complaint = following.communicate(timeout=60)
    if sign is signal.SIGKILL:  # who follows waits for the server, and misses nothing
        assert (following.returncode, "champion" in text) == (0, True), complaint
    else:  # the log text that the run was interrupted
        assert following.returncode == 130
    assert service.stop(signal.SIGTERM) == 143
    alone = service.run("run", "--name", "alone", local=True)
    assert alone.returncode == 0, alone.stderr
    ended = service.status("quick", local=True)
    assert ended["history_sha256"] == service.status("alone", local=True)["history_sha256"]
    assert ended["deviations"]["total"] == 0
    sequences = [int(str(event["sequence"])) for event in events(service, "quick")]
    assert sequences == [*range(1, len(sequences) + 1)]


def paused_with_agents_pending(service: Any, name: str) -> tuple[int, list[str]]:
    """Pause an experiment within a generation. Return the experiment and its agents without all episodes."""
    for _ in range(20):
        assert service.run("pause", name).returncode == 0
        status = service.status(name)
        assert status["state"] == "paused"
        if under_way := status["unfinished_generation"]:
            generation = int(under_way["index"])
            listed = json.loads(service.run("agent", "list", name, "-g", str(generation), "--json").stdout)["agents"]
            if pending := [agent["agent"] for agent in listed if agent["status"] == "pending"]:
                return generation, pending
        assert service.run("resume", name).returncode == 0
    raise AssertionError("every pause came at a generation's end")


def test_clients_control_a_running_experiment(service: Any) -> None:
    """Ctrl-C on a following client leaves the experiment running, and prints how to follow it again."""
    (service.folder / "config.yaml").write_text(LONG.replace("population: 6", "population: 24"))
    service.start()
    following = service.begin("run")
    service.until(lambda: service.run("status", "quick", "--json").returncode == 0)
    service.until(lambda: service.status("quick")["generations_finished"] != 0)
    following.send_signal(signal.SIGINT)
    _, text = following.communicate(timeout=30)
    assert following.returncode == 130
    assert f"clau-doom run --attach quick --server {service.address}" in text
    generation, pending = paused_with_agents_pending(service, "quick")
    for verb in ("pause", "resume", "stop", "restart"):
        done = service.run("agent", verb, pending[-1])
        assert done.returncode == 0, done.stderr
        assert "done, event" in done.stdout
    shown = service.run("agent", "show", pending[-1], "--json").stdout
    (service.folder / "shown.json").write_text(shown)
    values = ",".join(map(str, json.loads(shown)["genome"].values()))
    injected = service.run("agent", "inject", "quick", "--genome", "shown.json")
    assert injected.returncode == 0, injected.stderr
    full = service.run("agent", "inject", "quick", "--genome", values)
    assert (full.returncode, "evolution.immigrants" in full.stderr) == (1, True), full.stderr
    assert service.run("resume", "quick").returncode == 0
    service.until(lambda: service.status("quick")["generations_finished"] > generation + 1)
    listed = json.loads(service.run("agent", "list", "quick", "-g", str(generation + 1), "--json").stdout)["agents"]
    assert [agent["operator"] for agent in listed].count("injected") == 1
    assert service.run("cancel", "quick").returncode == 0
    over = service.run("cancel", "quick")
    assert (over.returncode, over.stderr) == (2, "error: experiment quick is cancelled already\n")
    assert service.status("quick")["deviations"]["interventions"] == 3


def test_several_experiments_share_the_workers(service: Any) -> None:
    """Two long experiments run, and a later short one does not wait for them."""
    service.start("--workers", "2")
    for name in ("one", "two"):
        (service.folder / "config.yaml").write_text(LONG.replace("quick", name))
        follower = service.begin("run")
        service.until(lambda name=name: service.run("status", name).returncode == 0)
        follower.send_signal(signal.SIGINT)
        follower.communicate(timeout=30)
    (service.folder / "config.yaml").write_text(QUICK)
    assert service.run("run").returncode == 0
    finished = {name: int(str(service.status(name)["generations_finished"])) for name in ("one", "two")}
    assert min(finished.values()) > 0
    assert max(finished.values()) < 4 * min(finished.values()) + 4


def test_second_server_of_a_folder_or_port_is_refused(service: Any) -> None:
    """The message names the first server or the taken port."""
    service.start()
    second = service.run("serve", "--port", "0", local=True)
    assert second.returncode == 2
    assert re.search(r"runs is in use by server process \d+", second.stderr)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        third = service.run("serve", "--port", port, "--output-dir", "others", local=True)
    assert third.returncode == 2
    assert port in third.stderr
    assert service.stop(signal.SIGTERM) == 143
    for line in [*service.log.read_text().splitlines(), *second.stderr.splitlines(), *third.stderr.splitlines()]:
        assert "event" in json.loads(line), "a log of JSON objects holds nothing else"
    assert "Traceback" not in second.stderr + third.stderr


def test_missing_server_is_one_line_with_its_address(service: Any) -> None:
    """The exit code is 1."""
    service.address = "127.0.0.1:1"
    (service.folder / "config.yaml").write_text(QUICK)
    for words in (["status"], ["run"], ["events", "quick"], ["agent", "pause", "quick-g000-a000"]):
        done = service.run(*words)
        assert (done.returncode, done.stdout) == (1, ""), words
        assert done.stderr.count("\n") == 1
        assert "no server responds at 127.0.0.1:1" in done.stderr


def test_metrics_and_health_are_served(service: Any) -> None:
    (service.folder / "config.yaml").write_text(QUICK)
    service.start()
    assert service.run("run").returncode == 0

    def fetch(path: str) -> str:
        with urllib.request.urlopen(f"{service.metrics}{path}", timeout=10) as response:
            return str(response.read().decode())

    service.until(lambda: 'clau_doom_experiments{state="completed"} 1.0' in fetch("/metrics"))
    assert 'clau_doom_episodes_total{experiment="quick",outcome="finished",purpose="training"} 36.0' in fetch(
        "/metrics"
    )
    assert fetch("/healthz")
    assert fetch("/readyz")


def test_local_run_is_controlled_through_its_socket(service: Any) -> None:
    """Without a running process the command is refused, with a hint to --server."""
    (service.folder / "config.yaml").write_text(LONG)
    run = service.begin("run", "--server", "")
    service.until((service.folder / "runs" / "quick" / "control.sock").exists)
    service.until(lambda: service.status("quick", local=True)["generations_finished"] != 0)
    assert service.run("pause", "quick", local=True).returncode == 0
    assert service.status("quick", local=True)["state"] == "paused"
    budget = service.run("resume", "quick", "-g", "2000", local=True)
    assert (budget.returncode, "clau-doom run --resume quick" in budget.stderr) == (2, True), budget.stderr
    assert "experiment quick is running" in service.run("resume", "quick", local=True).stdout
    assert "is ending" in service.run("cancel", "quick", local=True).stdout
    _, text = run.communicate(timeout=60)
    assert run.returncode == 130
    assert "quick was cancelled" in text
    gone = service.run("pause", "quick", local=True)
    assert gone.returncode == 2
    assert "--server" in gone.stderr
    assert not (service.folder / "runs" / "quick" / "control.sock").exists()

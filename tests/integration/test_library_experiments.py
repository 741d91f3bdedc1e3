"""Tests of experiments in the library: equal to the output of commands, at a server, and after a real run."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from pyarrow import parquet

import clau_doom as cd
from clau_doom.config import ExecutionConfig, ExperimentConfig, HoldoutConfig, ScenarioConfig, to_yaml
from clau_doom.errors import ConfigError, ExperimentNotFound, NotAuthenticated, ServerUnreachable
from tests.support.served_folder import served
from tests.support.stored_experiments import SMALL, store_experiment

TABLES = ("episodes", "agents", "generations", "events")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with two completed experiments."""
    folder = tmp_path_factory.mktemp("runs")
    store_experiment(folder)
    store_experiment(folder, SMALL.model_copy(update={"name": "other", "seed": 2}))
    return folder


def command(*words: str, folder: Path) -> str:
    """Run a command, and return its output."""
    whole = [sys.executable, "-m", "clau_doom", *words, "--output-dir", str(folder)]
    environment = {**os.environ, "COLUMNS": "100"}
    return subprocess.run(whole, check=True, capture_output=True, text=True, timeout=120, env=environment).stdout


def test_tables_are_those_of_an_export(folder: Path, tmp_path: Path) -> None:
    command("export", "lab", "--to", str(tmp_path), "--format", "parquet", folder=folder)
    experiment = cd.open("lab", output_dir=folder)
    for name in TABLES:
        table = getattr(experiment, name).to_arrow()
        exported = parquet.read_table(tmp_path / f"{name}.parquet")
        assert table.schema.equals(exported.schema)
        assert table.equals(exported), name


def test_analyses_are_those_of_the_command(folder: Path) -> None:
    experiment = cd.open(folder / "lab")
    assert experiment.analyze().to_dict() == json.loads(command("analyze", "lab", "--json", folder=folder))
    criteria = ["--criteria", "kills:1,shots:-2"]
    ranked = experiment.analyze(criteria={"kills": 1, "shots": -2})
    assert ranked.to_dict() == json.loads(command("analyze", "lab", "--json", *criteria, folder=folder))
    compared = cd.compare(["lab", "other"], baseline="other", output_dir=folder, margin=2.0)
    options = ["--baseline", "other", "--equivalence", "2", "--json"]
    assert compared.to_dict() == json.loads(command("analyze", "lab", "other", *options, folder=folder))
    text = command("analyze", "lab", folder=folder).split("\nmore: ")[0]
    assert experiment.analyze().text(width=100) == "\n".join(line.rstrip() for line in text.splitlines())


def test_reports_are_those_of_the_command(folder: Path, tmp_path: Path) -> None:
    command("analyze", "lab", "--report", str(tmp_path / "command.html"), folder=folder)
    cd.open(folder / "lab").report(tmp_path / "library.html")
    assert (tmp_path / "library.html").read_bytes() == (tmp_path / "command.html").read_bytes()


def test_a_server_gives_the_same_objects_as_the_folder(folder: Path, tmp_path: Path) -> None:
    with served(folder) as addresses, cd.connect(addresses.grpc, token_file=addresses.token_file) as server:
        assert repr(server) == f"<Server {addresses.grpc}>"
        assert server.experiments(state="completed").ids == ["other", "lab"]
        assert server.experiments(pattern="l*").ids == ["lab"]
        there, here = server.open("lab"), cd.open("lab", output_dir=folder)
        assert there.config == here.config
        for name in TABLES:
            assert getattr(there, name).to_arrow().equals(getattr(here, name).to_arrow()), name
        assert there.champion == here.champion
        assert there.status == here.status
        assert there.lineage((2, 0)).to_arrow().equals(here.lineage((2, 0)).to_arrow())
        assert there.analyze().to_dict() == here.analyze().to_dict()
        assert there.report(tmp_path / "there.html").read_bytes() == here.report(tmp_path / "here.html").read_bytes()
        assert (
            cd.compare(server.experiments().open()[::-1]).to_dict()
            == cd.compare(["lab", "other"], output_dir=folder).to_dict()
        )
        with pytest.raises(ExperimentNotFound):
            server.open("nothing")


def test_experiment_of_a_server_is_tracked_on_this_machine(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Curves and results are those of the folder. The second command writes nothing. No experiment appears locally."""
    monkeypatch.setenv("CLAU_DOOM_SERVER", "")
    here = cd.open("lab", output_dir=folder).track("jsonl", folder=str(tmp_path / "here"))
    with served(folder) as addresses:
        options = ["--server", addresses.grpc, "--to", "jsonl", "--json"]
        monkeypatch.setenv("CLAU_DOOM_TOKEN_FILE", str(addresses.token_file))
        first = json.loads(command("track", "lab", *options, folder=tmp_path / "runs"))
        second = json.loads(command("track", "lab", *options, folder=tmp_path / "runs"))
        with cd.connect(addresses.grpc, token_file=addresses.token_file, output_dir=tmp_path / "library") as server:
            written = server.open("lab").track("jsonl")
    assert (first["events"], first["generations"], first["results"]) == (here.events, here.generations, True)
    assert (second["events"], written.events) == (0, here.events)
    (local,) = (tmp_path / "here").glob("lab.jsonl")
    (tracked,) = (tmp_path / "runs/_tracked").glob("lab-*/lab.jsonl")
    (library,) = (tmp_path / "library/_tracked").glob("lab-*/lab.jsonl")
    parts = [
        [line for line in map(json.loads, file.read_text().splitlines()) if line["type"] in {"curves", "results"}]
        for file in (local, tracked, library)
    ]
    assert parts[0] == parts[1] == parts[2]
    assert json.loads(command("status", "--json", folder=tmp_path / "runs"))["experiments"] == []


def test_connections_fail_with_the_reason(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "token").write_text("wrong-token-wrong-token-wrong-token-1234")
    (tmp_path / "token").chmod(0o600)
    monkeypatch.delenv("CLAU_DOOM_TOKEN", raising=False)
    monkeypatch.delenv("CLAU_DOOM_SERVER", raising=False)
    with served(folder) as addresses:
        with pytest.raises(NotAuthenticated):
            cd.connect(addresses.grpc, token_file=tmp_path / "token")
        with pytest.raises(NotAuthenticated):
            cd.connect(addresses.grpc, output_dir=tmp_path / "no-such-folder")
        monkeypatch.setenv("CLAU_DOOM_SERVER", addresses.grpc)
        with cd.connect(output_dir=folder) as server:
            experiment = server.open("lab")
        with pytest.raises(ServerUnreachable, match="was closed: connect again"):
            _ = experiment.status
    with pytest.raises(ServerUnreachable):
        cd.connect(f"unix:{tmp_path}/nothing.sock")
    monkeypatch.delenv("CLAU_DOOM_SERVER")
    with pytest.raises(ConfigError, match="connect needs an address"):
        cd.connect()
    with pytest.raises(ConfigError, match="not a server address"):
        cd.connect("localhost")


@pytest.mark.engine
def test_a_real_run_is_read_while_it_grows_and_after_its_end(tmp_path: Path) -> None:
    config = ExperimentConfig(
        name="real",
        generations=2,
        population=3,
        episodes=1,
        scenario=ScenarioConfig(name="basic", timeout=40),
        execution=ExecutionConfig(workers=1),
        holdout=HoldoutConfig(validation=1, episodes=2),
    )
    (tmp_path / "real.yaml").write_text(to_yaml(config))
    runs = tmp_path / "runs"
    whole = [sys.executable, "-m", "clau_doom", "run", "-c", str(tmp_path / "real.yaml"), "--output-dir", str(runs)]
    with subprocess.Popen(whole, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as program:
        seen = []
        while program.poll() is None:
            seen += [each.generations_finished for each in cd.experiments(output_dir=runs)]
        assert program.returncode == 0
    assert seen == sorted(seen)
    experiment = cd.open("real", output_dir=runs)
    assert (experiment.status.state, experiment.status.generations_finished) == ("completed", 2)
    episodes = experiment.episodes.to_pandas()
    assert episodes.groupby("purpose").size()["training"] == 6
    assert (episodes.tics > 0).all()
    champion = experiment.champion
    assert champion is not None
    assert champion.held_out is not None
    assert champion.held_out.mean == pytest.approx(
        episodes[(episodes.purpose == "held_out") & (episodes.agent == champion.id)].fitness.mean()
    )
    assert set(champion.genome) == {name.removeprefix("gene_") for name in experiment.agents.columns if "gene_" in name}
    assert experiment.plot()._repr_png_().startswith(b"\x89PNG")

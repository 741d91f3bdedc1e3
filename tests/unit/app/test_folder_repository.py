"""Tests of the policies, scenarios, images and folders that a server allows its clients to name."""

import sys
from pathlib import Path

import pytest

from clau_doom.app.folder_repository import FolderRepository
from clau_doom.app.run_planning import plan_config
from clau_doom.backends.docker.configuration import DockerConfig
from clau_doom.backends.ray.configuration import RayConfig
from clau_doom.config import (
    CustomPolicyConfig,
    CustomStrategyConfig,
    ExecutionConfig,
    ExperimentConfig,
    GeneticConfig,
    NatsConfig,
    RemotePolicyConfig,
    ScenarioConfig,
    ServerConfig,
    StartConfig,
)
from clau_doom.errors import ConfigError, DockerUnreachable, NotAllowed

POLICY = "from pathlib import Path\nPath(__file__).with_suffix('.imported').touch()\n"


def repository(folder: Path, **lists: tuple[str, ...]) -> FolderRepository:
    return FolderRepository(ExperimentConfig(server=ServerConfig(**lists)), folder / "runs")  # type: ignore[arg-type]


def test_unlisted_policy_is_not_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The refusal names the list, and a listed policy is imported."""
    (tmp_path / "sneaky.py").write_text(POLICY)
    monkeypatch.syspath_prepend(str(tmp_path))
    config = ExperimentConfig(policy=CustomPolicyConfig(target="sneaky:Policy"))
    for ask in (repository(tmp_path).plan, repository(tmp_path, policies=("other:Policy",)).space):
        with pytest.raises(NotAllowed, match=r"'sneaky:Policy' is not in the server's list server\.policies"):
            ask(config)
    assert "sneaky" not in sys.modules
    assert not (tmp_path / "sneaky.imported").exists()
    with pytest.raises(ConfigError, match="has no class 'Policy'"):
        repository(tmp_path, policies=("sneaky:Policy",)).plan(config)
    assert (tmp_path / "sneaky.imported").exists()


def test_clients_cannot_name_folders_to_import_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An allowed name is imported from the folders of the server, never from one that a client names."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    for name in ("theirs", "ours"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "sneaky_paths.py").write_text(POLICY)
    lists = ServerConfig(policies=("sneaky_paths:Policy",))
    own = ExperimentConfig(server=lists, import_paths=(str(tmp_path / "ours"),))
    config = ExperimentConfig(policy=CustomPolicyConfig(target="sneaky_paths:Policy"))
    theirs = config.model_copy(update={"import_paths": (str(tmp_path / "theirs"),)})
    for server in (own, own.model_copy(update={"import_paths": ()})):
        with pytest.raises(NotAllowed, match="import_paths is a setting of the server: omit it"):
            FolderRepository(server, tmp_path / "runs").plan(theirs)
        with pytest.raises(ConfigError):
            FolderRepository(server, tmp_path / "runs").space(theirs)
    assert not (tmp_path / "theirs" / "sneaky_paths.imported").exists()
    with pytest.raises(ConfigError, match="has no class 'Policy'"):
        FolderRepository(own, tmp_path / "runs").plan(config)
    assert (tmp_path / "ours" / "sneaky_paths.imported").exists()


def test_unlisted_measure_is_not_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The refusal names the measure and the list, with each backend."""
    (tmp_path / "sneaky_measures.py").write_text(POLICY)
    monkeypatch.syspath_prepend(str(tmp_path))
    own = {"aim": "sneaky_measures:aim"}
    for config in (ExperimentConfig(measures=own), ExperimentConfig(measures=own, execution=IN_DOCKER)):
        for ask in (repository(tmp_path).plan, repository(tmp_path, measures=("sneaky_measures:luck",)).plan):
            with pytest.raises(NotAllowed, match=r"measures\.aim 'sneaky_measures:aim' is not in .* server\.measures"):
                ask(config)
    assert "sneaky_measures" not in sys.modules
    assert not (tmp_path / "sneaky_measures.imported").exists()
    with pytest.raises(ConfigError, match="has no function 'aim'"):
        repository(tmp_path, measures=("sneaky_measures:aim",)).plan(ExperimentConfig(measures=own))


def test_unlisted_strategy_is_not_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The refusal names the list also if a backend isolates policies, because strategies run in the server."""
    (tmp_path / "sneaky_es.py").write_text(POLICY)
    monkeypatch.syspath_prepend(str(tmp_path))
    evolution = CustomStrategyConfig(target="sneaky_es:Strategy")
    for config in (ExperimentConfig(evolution=evolution), ExperimentConfig(evolution=evolution, execution=IN_DOCKER)):
        for ask in (repository(tmp_path).plan, repository(tmp_path, strategies=("other:Strategy",)).plan):
            with pytest.raises(NotAllowed, match=r"'sneaky_es:Strategy' is not in .* list server\.strategies"):
                ask(config)
    assert "sneaky_es" not in sys.modules
    with pytest.raises(ConfigError, match="has no class 'Strategy'"):
        repository(tmp_path, strategies=("sneaky_es:Strategy",)).plan(ExperimentConfig(evolution=evolution))
    assert (tmp_path / "sneaky_es.imported").exists()


@pytest.mark.parametrize("name", ["/etc/passwd.cfg", "../maze.cfg", "maze.CFG", "/etc/passwd"])
def test_unlisted_scenario_file_is_not_opened(tmp_path: Path, name: str) -> None:
    """The refusal does not depend on the existence of the scenario file."""
    with pytest.raises(NotAllowed, match=r"is not in the server's list server\.scenarios"):
        repository(tmp_path).plan(ExperimentConfig(scenario=ScenarioConfig(name=name)))
    with pytest.raises(ConfigError):
        repository(tmp_path, scenarios=(name,)).plan(ExperimentConfig(scenario=ScenarioConfig(name=name)))


def test_unknown_scenario_is_refused_with_a_suggestion(tmp_path: Path) -> None:
    """The value is not read as a file, and the error suggests the nearest name."""
    with pytest.raises(ConfigError, match="did you mean 'basic'"):
        repository(tmp_path).plan(ExperimentConfig(scenario=ScenarioConfig(name="basik")))


def test_service_configuration_is_not_stored(tmp_path: Path) -> None:
    """A password in a URL is not stored with the experiment."""
    lab = repository(tmp_path)
    plan = lab.plan(ExperimentConfig(nats=NatsConfig(url="nats://me:canary@elsewhere:4222")))
    assert plan.config.nats == NatsConfig()
    lab.create(plan, "4f8")
    assert "canary" not in (tmp_path / "runs" / "experiment" / "config.yaml").read_text()
    lab.create(plan, "4f9")  # the name is free as long as no episode was played
    assert lab.experiments() == ("experiment",)


IN_DOCKER = ExecutionConfig(backend="docker")


def test_unlisted_image_is_not_started(tmp_path: Path) -> None:
    """The server's own image is allowed without being listed, and backends without containers ignore the image."""
    for ask in (repository(tmp_path).plan, repository(tmp_path, images=("other",)).space):
        with pytest.raises(NotAllowed, match=r"docker\.image 'sneaky' is not in the server's list server\.images"):
            ask(ExperimentConfig.model_validate({"execution": IN_DOCKER, "docker": DockerConfig(image="sneaky")}))
    own = FolderRepository(ExperimentConfig.model_validate({"docker": DockerConfig(image="own")}), tmp_path / "runs")
    listed = repository(tmp_path, images=("listed",))
    for lab, image in ((own, "own"), (listed, "listed"), (listed, DockerConfig().image)):
        assert lab.space(
            ExperimentConfig.model_validate({"execution": IN_DOCKER, "docker": DockerConfig(image=image)})
        ).genes
    with pytest.raises(NotAllowed):
        own.plan(ExperimentConfig(execution=IN_DOCKER))
    local = repository(tmp_path).plan(ExperimentConfig.model_validate({"docker": DockerConfig(image="sneaky")}))
    assert local.config.section_of(DockerConfig).image == "sneaky"


def test_remote_agent_of_an_allowed_image_is_accepted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The image is looked up, and the error reports that no daemon answers."""
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nothing")
    docker = DockerConfig(image="served", port=50061)
    config = ExperimentConfig.model_validate({"execution": IN_DOCKER, "docker": docker, "policy": RemotePolicyConfig()})
    with pytest.raises(NotAllowed, match=r"server\.images"):
        repository(tmp_path).plan(config)
    with pytest.raises(DockerUnreachable):
        repository(tmp_path, images=("served",)).plan(config)
    there = config.model_copy(update={"policy": RemotePolicyConfig(address="elsewhere:1")})
    with pytest.raises(NotAllowed, match=r"server\.agents"):
        repository(tmp_path, images=("served",)).plan(there)


@pytest.mark.parametrize("own", [DockerConfig(), DockerConfig(network="own", listen="127.0.0.1:1", advertise="own:1")])
async def test_server_ignores_network_settings_of_clients(tmp_path: Path, own: DockerConfig) -> None:
    """This also holds for an experiment that another program has stored."""
    theirs = DockerConfig(network="host", listen="0.0.0.0:50052", advertise="evil:50052", memory=128 << 20)
    lab = FolderRepository(ExperimentConfig.model_validate({"docker": own}), tmp_path / "runs")
    wanted = own.model_copy(update={"memory": theirs.memory})

    planned = lab.plan(ExperimentConfig.model_validate({"name": "asked", "docker": theirs}))
    assert planned.config.section_of(DockerConfig) == wanted

    stored = plan_config(ExperimentConfig.model_validate({"name": "stored", "docker": theirs}), tmp_path / "runs")
    assert stored.config.section_of(DockerConfig) == theirs
    lab.create(stored, "4f8")
    resumed = await lab.plan_resume("stored")
    assert (resumed.resume, resumed.config.section_of(DockerConfig)) == (True, wanted)


def test_client_cannot_choose_the_cluster_of_a_ray_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients cannot choose a cluster, the files sent to it, or a policy outside the list."""
    (tmp_path / "sneaky.py").write_text(POLICY)
    monkeypatch.syspath_prepend(str(tmp_path))
    on_ray = ExecutionConfig(backend="ray")
    with pytest.raises(NotAllowed, match=r"server\.policies"):
        repository(tmp_path).plan(ExperimentConfig(execution=on_ray, policy=CustomPolicyConfig(target="sneaky:Policy")))
    own = FolderRepository(
        ExperimentConfig.model_validate({"ray": RayConfig(address="auto", modules=("mine.py",))}), tmp_path / "runs"
    )
    wanted = RayConfig(address="10.0.0.1:6379", modules=("/etc/passwd.py",), cpus=2.0)
    plan = own.plan(ExperimentConfig.model_validate({"execution": on_ray, "ray": wanted}))
    assert plan.config.section_of(RayConfig) == RayConfig(address="auto", modules=("mine.py",), cpus=2.0)


def test_ray_run_without_the_extra_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run is refused before anything is started or written."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"needs Ray, which is not installed: pip install 'clau-doom\[ray\]'$"):
        plan_config(ExperimentConfig(execution=ExecutionConfig(backend="ray")), tmp_path)


def test_limits_of_stored_experiments_are_enforced(tmp_path: Path) -> None:
    """Both the number and the size are limited, and the error names the remedy."""
    server = FolderRepository(ExperimentConfig(server=ServerConfig(max_experiments=2)), tmp_path / "runs")
    for name in ("one", "two"):
        server.create(server.plan(ExperimentConfig(name=name)), name)
    with pytest.raises(NotAllowed, match=r"has 2 experiments already: .*raise server\.max_experiments"):
        server.create(server.plan(ExperimentConfig(name="three")), "three")
    small = ServerConfig.model_validate({"max_stored": "64k"})
    server = FolderRepository(ExperimentConfig(server=small), tmp_path / "runs")
    with pytest.raises(NotAllowed, match=r"raise server\.max_stored"):
        server.create(server.plan(ExperimentConfig(name="three")), "three")


@pytest.mark.parametrize("name", ["/etc/passwd.json", "../champion.json", "champion.JSON", "runs/quick"])
def test_files_of_clients_are_never_start_agents(name: str, tmp_path: Path) -> None:
    """Ids are looked up in the server's folder."""
    evolution = GeneticConfig(start=StartConfig(agents=(name,)))
    with pytest.raises(NotAllowed, match=r"is a file: use ids of experiments or agents of this server"):
        repository(tmp_path).plan(ExperimentConfig(evolution=evolution))
    known = GeneticConfig(start=StartConfig(agents=("quick",)))
    with pytest.raises(ConfigError, match=r"evolution\.start\.agents\[0\]: experiment quick not found"):
        repository(tmp_path).plan(ExperimentConfig(evolution=known))


def test_relative_path_of_a_client_is_compared_with_absolute_paths(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    listed = (str(tmp_path / "maze.cfg"),)
    for name in ("maze.cfg", listed[0]):
        with pytest.raises(ConfigError, match="does not exist"):
            repository(tmp_path, scenarios=listed).plan(ExperimentConfig(scenario=ScenarioConfig(name=name)))
    with pytest.raises(NotAllowed):
        repository(tmp_path, scenarios=listed).plan(ExperimentConfig(scenario=ScenarioConfig(name="other/maze.cfg")))

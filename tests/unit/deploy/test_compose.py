"""Tests that the files in `deploy/` match each other and the product."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from clau_doom.backends.docker.configuration import DockerConfig
from clau_doom.config import MetricsConfig, load_config
from clau_doom.metrics import MetricsCollector, MetricsServer

DEPLOY = Path(__file__).parent.parent.parent.parent / "deploy"


def compose() -> dict[str, Any]:
    return dict(yaml.safe_load((DEPLOY / "compose.yaml").read_text()))


def schema() -> dict[str, Any]:
    return dict(json.loads((Path(__file__).parent / "schemas" / "compose.json").read_text()))


def test_compose_file_matches_the_schema() -> None:
    """The file has no misspelt or misplaced field."""
    document = compose()
    jsonschema.validate(document, schema())
    document["services"]["nats"]["health_check"] = {}
    with pytest.raises(jsonschema.ValidationError, match="health_check"):
        jsonschema.validate(document, schema())


def test_every_service_has_a_health_check() -> None:
    """The check uses loopback. Services wait for healthy dependencies."""
    services = compose()["services"]
    for service in services.values():
        assert "http://127.0.0.1:" in " ".join(service["healthcheck"]["test"])
        assert all(needed["condition"] == "service_healthy" for needed in service.get("depends_on", {}).values())
    assert f"http://127.0.0.1:{MetricsConfig().port}/readyz" in services["orchestrator"]["healthcheck"]["test"][-1]
    monitored = services["nats"]["command"][services["nats"]["command"].index("--http_port") + 1]
    assert f":{monitored}/healthz" in services["nats"]["healthcheck"]["test"][-1]


async def test_health_command_of_the_orchestrator(tmp_path: Path) -> None:
    """The command exits with 0 if /readyz answers, and with another code if no server answers."""
    command = compose()["services"]["orchestrator"]["healthcheck"]["test"][1:]
    assert command[0] == "python"
    codes = []
    config = MetricsConfig(port=0)
    async with MetricsServer(MetricsCollector(), config, ready=lambda: None) as server:
        for address in (server.address, "127.0.0.1:1"):
            code = command[2].replace("127.0.0.1:9464", address)
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-c", code, stderr=asyncio.subprocess.DEVNULL
            )
            codes.append(await process.wait())
    healthy, gone = codes
    assert (healthy, gone != 0) == (0, True)


def test_mounted_files_exist() -> None:
    """Docker would create an empty folder for a missing path."""
    services = compose()["services"]
    assert set(services) == {"orchestrator", "nats", "prometheus", "grafana"}
    mounted = [volume.split(":")[0] for service in services.values() for volume in service["volumes"]]
    files = [source for source in mounted if source.startswith(".")]
    assert files
    assert all((DEPLOY / source).exists() for source in files)
    named = {source for source in mounted if not source.startswith((".", "/"))}
    assert named == set(compose()["volumes"])


def test_orchestrator_configuration_is_valid() -> None:
    """The configuration has the Docker backend, and the addresses of NATS and Prometheus."""
    config = load_config(DEPLOY / "server.yaml", environ={}, overrides={}).config
    assert config.execution.backend == "docker"
    assert config.section_of(DockerConfig).image in config.server.images
    assert config.nats.enabled
    scraped = yaml.safe_load((DEPLOY / "prometheus.yaml").read_text())["scrape_configs"][0]["static_configs"][0]
    assert scraped["targets"] == [f"{config.metrics.host}:{config.metrics.port}"]


def test_services_listen_on_loopback_only() -> None:
    """All services use the host's network."""
    services = compose()["services"]
    assert all(service["network_mode"] == "host" for service in services.values())
    assert "127.0.0.1" in services["nats"]["command"]
    assert "--web.listen-address=127.0.0.1:9090" in services["prometheus"]["command"]
    assert services["grafana"]["environment"]["GF_SERVER_HTTP_ADDR"] == "127.0.0.1"


def test_grafana_dashboard_is_provisioned() -> None:
    """The provisioned folder is the mount point of the dashboard."""
    provider = yaml.safe_load((DEPLOY / "grafana/provisioning/dashboards/clau-doom.yaml").read_text())["providers"][0]
    volumes = compose()["services"]["grafana"]["volumes"]
    assert any(f":{provider['options']['path']}/clau-doom.json" in volume for volume in volumes)
    source = yaml.safe_load((DEPLOY / "grafana/provisioning/datasources/prometheus.yaml").read_text())
    assert source["datasources"][0]["url"] == "http://127.0.0.1:9090"
    assert json.loads((DEPLOY / "grafana/clau-doom.json").read_text())["uid"] == "clau-doom"


def test_prometheus_accepts_its_configuration(tool: Callable[[str, str], str]) -> None:
    """Prometheus's own tool accepts the configuration."""
    checked = [tool("promtool", "prometheus"), "check", "config", str(DEPLOY / "prometheus.yaml")]
    subprocess.run(checked, check=True, capture_output=True)

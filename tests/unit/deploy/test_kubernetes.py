"""Tests that the manifest in `deploy/kubernetes/` is valid and matches the server."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from clau_doom.config import config_from_yaml

MANIFEST = Path(__file__).parents[3] / "deploy" / "kubernetes" / "clau-doom.yaml"


def documents() -> dict[str, dict[str, Any]]:
    return {each["kind"]: each for each in yaml.safe_load_all(MANIFEST.read_text())}


def pod() -> dict[str, Any]:
    return dict(documents()["Deployment"]["spec"]["template"]["spec"])


def schema() -> dict[str, Any]:
    return dict(json.loads((Path(__file__).parent / "schemas" / "kubernetes.json").read_text()))


def test_manifest_matches_the_api_schema() -> None:
    """No field is misspelt or misplaced."""
    found = documents()
    assert set(found) == {"ConfigMap", "PersistentVolumeClaim", "Deployment", "Service"}
    for document in found.values():
        jsonschema.validate(document, schema())
    found["Deployment"]["spec"]["template"]["spec"]["containers"][0]["livenessprobe"] = {}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(found["Deployment"], schema())


def test_ports_of_configuration_and_container_are_equal() -> None:
    """Probes and the service use ports on which the server listens beyond loopback."""
    found = documents()
    config = config_from_yaml(found["ConfigMap"]["data"]["server.yaml"], name="server.yaml")
    (container,) = pod()["containers"]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert ports == {"grpc": config.grpc.port, "web": config.web.port, "metrics": config.metrics.port}
    assert {config.grpc.host, config.web.host, config.metrics.host} == {"0.0.0.0"}
    probes = {name: container[f"{name}Probe"]["httpGet"] for name in ("startup", "readiness", "liveness")}
    assert {probe["port"] for probe in probes.values()} == {"metrics"}
    assert {name: probe["path"] for name, probe in probes.items()} == {
        "startup": "/healthz",
        "readiness": "/readyz",
        "liveness": "/healthz",
    }
    served = {port["name"]: (port["port"], port["targetPort"]) for port in found["Service"]["spec"]["ports"]}
    assert served == {name: (number, name) for name, number in ports.items()}
    assert pod()["terminationGracePeriodSeconds"] > config.server.grace


def test_selectors_and_volumes_match() -> None:
    """Selectors match the pod, and each mounted volume exists."""
    found = documents()
    labels = found["Deployment"]["spec"]["template"]["metadata"]["labels"]
    assert found["Deployment"]["spec"]["selector"]["matchLabels"] == labels
    assert found["Service"]["spec"]["selector"] == labels
    (container,) = pod()["containers"]
    volumes = {volume["name"]: volume for volume in pod()["volumes"]}
    assert {mount["name"] for mount in container["volumeMounts"]} == set(volumes)
    claim = volumes["runs"]["persistentVolumeClaim"]["claimName"]
    assert claim == found["PersistentVolumeClaim"]["metadata"]["name"]
    assert volumes["config"]["configMap"]["name"] == found["ConfigMap"]["metadata"]["name"]
    mounted = {mount["mountPath"] for mount in container["volumeMounts"]}
    assert {"/runs", "/tmp", "/dev/shm", "/etc/clau-doom/tls", container["args"][-1]} == mounted


def test_one_unprivileged_pod_uses_the_volume() -> None:
    """Only one pod uses the volume, and Kubernetes sets no variables with the product's prefix."""
    spec = documents()["Deployment"]["spec"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})
    assert pod()["enableServiceLinks"] is False
    assert pod()["securityContext"]["runAsNonRoot"] is True
    (container,) = pod()["containers"]
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}

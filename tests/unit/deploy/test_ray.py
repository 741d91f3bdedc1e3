"""Tests that the files in `deploy/ray/` are valid for Ray's launcher and KubeRay."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import ray.autoscaler
import yaml

from clau_doom.backends.ray.configuration import RayConfig
from clau_doom.config import load_config

DEPLOY = Path(__file__).parent.parent.parent.parent / "deploy" / "ray"


def kuberay() -> tuple[dict[str, Any], dict[str, Any]]:
    claim, job = yaml.safe_load_all((DEPLOY / "kuberay.yaml").read_text())
    return claim, job


def rayjob_schema() -> dict[str, Any]:
    return dict(json.loads((Path(__file__).parent / "schemas" / "rayjob.json").read_text()))


def test_job_matches_kuberays_schema() -> None:
    """No field is misspelt or misplaced."""
    _, job = kuberay()
    jsonschema.validate(job, rayjob_schema())
    job["spec"]["entryPoint"] = "sh"
    with pytest.raises(jsonschema.ValidationError, match="entryPoint"):
        jsonschema.validate(job, rayjob_schema())


def test_cluster_file_matches_rays_schema() -> None:
    """The file matches the schema that `ray up` uses."""
    schema = json.loads((Path(next(iter(ray.autoscaler.__path__))) / "ray-schema.json").read_text())
    cluster = yaml.safe_load((DEPLOY / "cluster.yaml").read_text())
    jsonschema.validate(cluster, schema)
    assert cluster["head_node_type"] in cluster["available_node_types"]
    assert cluster["max_workers"] == len(cluster["provider"]["worker_ips"])


def test_cluster_has_resources_for_every_worker() -> None:
    config = load_config(DEPLOY / "experiment.yaml", environ={}, overrides={}).config
    assert (config.execution.backend, config.section_of(RayConfig).address) == ("ray", "auto")
    (group,) = kuberay()[1]["spec"]["rayClusterSpec"]["workerGroupSpecs"]
    (container,) = group["template"]["spec"]["containers"]
    assert config.execution.workers * config.section_of(RayConfig).cpus == group["replicas"] * int(
        container["resources"]["limits"]["cpu"]
    )


def test_restarted_job_resumes_its_experiment() -> None:
    """The head writes to a persistent volume, under the experiment's name."""
    claim, job = kuberay()
    name = load_config(DEPLOY / "experiment.yaml", environ={}, overrides={}).config.name
    assert f"--resume {name} --output-dir /runs" in job["spec"]["entrypoint"]
    head = job["spec"]["rayClusterSpec"]["headGroupSpec"]["template"]["spec"]
    assert {"name": "runs", "persistentVolumeClaim": {"claimName": claim["metadata"]["name"]}} in head["volumes"]
    mounted = {mount["mountPath"] for mount in head["containers"][0]["volumeMounts"]}
    assert mounted == {"/runs", "/config"}
    assert job["spec"]["backoffLimit"] > 0


def test_all_nodes_use_the_tested_ray_version() -> None:
    """Ray refuses a driver of another version."""
    spec = kuberay()[1]["spec"]["rayClusterSpec"]
    groups = [spec["headGroupSpec"], *spec["workerGroupSpecs"]]
    assert {group["template"]["spec"]["containers"][0]["image"] for group in groups} == {"clau-doom-ray"}
    assert spec["rayVersion"] == ray.__version__
    assert f"rayproject/ray:{ray.__version__}-" in (DEPLOY / "Dockerfile").read_text()

"""Tests of the Ray section."""

import pytest

from clau_doom.backends.ray.configuration import RayConfig
from clau_doom.config import ExperimentConfig, config_from_yaml, differences, to_yaml
from clau_doom.errors import ConfigError


@pytest.mark.parametrize("address", [None, "auto", "10.0.0.1:6379", "head.cluster.local:6379", "[::1]:6379"])
def test_valid_cluster_addresses_are_accepted(address: str | None) -> None:
    """A cluster has an address, or is found or started."""
    assert RayConfig(address=address).address == address


@pytest.mark.parametrize(
    "text", ["address: ray://head:10001", "address: head", "cpus: 0", "resources: {doom: 0.0}", "memory: 1"]
)
def test_invalid_ray_settings_are_refused(text: str) -> None:
    """An address of Ray's client protocol is refused, because a driver runs on a node."""
    with pytest.raises(ConfigError, match=rf"ray\.{text.partition(':')[0]}"):
        config_from_yaml(f"ray: {{{text}}}", name="test")


def test_ray_settings_may_change_on_a_resume() -> None:
    ray = RayConfig(address="auto", memory=1 << 30, resources={"doom": 0.5}, modules=("helpers.py",), placement="pack")
    config = ExperimentConfig.model_validate({"ray": ray})
    assert config_from_yaml(to_yaml(config), name="test") == config
    changes = differences(ExperimentConfig(), config)
    assert changes
    assert not [change for change in changes if change.refused]

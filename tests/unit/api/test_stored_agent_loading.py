"""Tests of consent to the policies of stored agents."""

import pytest

from clau_doom.api.stored_agent_loading import consent_to
from clau_doom.config import CustomPolicyConfig
from clau_doom.errors import ConfigError


def test_consent_has_names_address_and_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAU_DOOM_TRUST", "c:C d:D")
    consent = consent_to(["a:A", "b:B"], "localhost:5")
    assert consent.names == {"a:A", "b:B", "c:C", "d:D", "localhost:5"}
    monkeypatch.delenv("CLAU_DOOM_TRUST")
    with pytest.raises(ConfigError, match=r"allow it with trust=\['x:X'\]"):
        consent_to([], None).check(CustomPolicyConfig(target="x:X"), "file")

"""Tests of the service's sections."""

import pytest

from clau_doom.config import config_from_yaml
from clau_doom.errors import ConfigError


@pytest.mark.parametrize(
    "url",
    [
        "localhost",
        "localhost:4222",
        "nats://[::1]:4222",
        "nats://alice:pw@h:1,tls://token@h:2",
        "wss://h",
        "nats://a:b@c@h",
    ],
)
def test_valid_nats_addresses_are_accepted(url: str) -> None:
    """One or several servers are accepted, with or without scheme, port, user, password or token."""
    assert config_from_yaml(f"nats: {{url: '{url}'}}", name="c").nats.url == url


@pytest.mark.parametrize(
    ("url", "output"),
    [
        ("nats://alice:S3CRET@127.0.0.1:99999", "with a port from 1 to 65535"),
        ("nats://alice:S3CRET@127.0.0.1:0", "with a port from 1 to 65535"),
        ("nats://alice:S3CRET@", "is not an address of a NATS server"),
        ("nats://alice:S3/CRET@127.0.0.1:4222", "has a user or a password with '/', '#'"),
        ("nats://alice:S3#CRET@127.0.0.1:4222", "has a user or a password with '/', '#'"),
        ("nats://S3CRET[bad", "is not an address of a NATS server"),
        ("http://alice:S3CRET@h", "begin it with nats://, tls://, ws:// or wss://"),
        ("alice:S3CRET@h:1", "has a user without a scheme: write nats:// before it"),
        ("nats://a:S3CRET@h:1,tls://h:x", "with a port from 1 to 65535"),
        ("nats://S3CRET h", "is not an address of a NATS server"),
    ],
)
def test_invalid_nats_addresses_are_refused(url: str, output: str) -> None:
    """The message names the field and the remedy. It contains no password."""
    with pytest.raises(ConfigError) as refused:
        config_from_yaml(f"nats: {{url: '{url}'}}", name="c")
    text = str(refused.value)
    assert "nats.url (line 1): " in text
    assert output in text
    assert "S3CRET" not in text


def test_login_is_removed_from_misplaced_urls() -> None:
    """The login is removed from a URL in a list or in a field of another type."""
    with pytest.raises(ConfigError) as refused:
        config_from_yaml("nats: {url: ['nats://a:S3CRET@h:1']}\nname: nats://a:S3CRET@h:1", name="c")
    assert "S3CRET" not in str(refused.value)
    assert str(refused.value).count("[redacted]") == 2

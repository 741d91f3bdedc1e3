"""Registry of backends: each selectable name has traits and a factory."""

from typing import get_args

from clau_doom.app.backends.registry import FACTORIES
from clau_doom.config import ExecutionConfig
from clau_doom.config.backends import BACKENDS


def test_each_selectable_backend_has_traits_and_a_factory() -> None:
    names = set(get_args(ExecutionConfig.model_fields["backend"].annotation))
    assert names == set(BACKENDS) == set(FACTORIES)

"""Tests of seeds from users."""

import numpy as np
import pytest

from clau_doom.api.episode_seed import check_seed
from clau_doom.errors import ConfigError


@pytest.mark.parametrize("seed", [0, 7, 2**32 - 1, np.int64(7), np.uint32(2**32 - 1)])
def test_whole_numbers_are_accepted(seed: int) -> None:
    assert check_seed(seed) == int(seed)
    assert type(check_seed(seed)) is int


@pytest.mark.parametrize("seed", [-1, 2**32, 1.0, "7", None])
def test_other_values_are_refused(seed: object) -> None:
    with pytest.raises(ConfigError, match="use a whole number from 0 to 4294967295"):
        check_seed(seed)

"""Tests of the stored form of a user's measures."""

import math

import pytest

from clau_doom.domain import Measures
from clau_doom.errors import StorageFailed, StoreCorrupted
from clau_doom.storage.episode_rows import custom_of, custom_text


def test_measures_of_the_user_are_exact() -> None:
    custom = (("aim", 0.1), ("drift", -0.0), ("large", 1e100))
    text = custom_text(Measures(custom=custom))
    assert text == '{"aim":0.1,"drift":-0.0,"large":1e+100}'
    assert custom_of(text) == custom
    assert math.copysign(1.0, dict(custom_of(text) or ())["drift"]) == -1.0


def test_no_measures_are_stored_as_null() -> None:
    assert custom_text(Measures()) is None
    assert custom_of(None) is None


def test_infinite_measure_is_not_stored() -> None:
    with pytest.raises(StorageFailed, match="not finite"):
        custom_text(Measures(custom=(("aim", math.inf),)))


@pytest.mark.parametrize("text", ["[1]", "{", '{"aim": "x"}', '{"aim": NaN}', b"{}", "[" * 100_000])
def test_damaged_text_is_refused(text: object) -> None:
    with pytest.raises(StoreCorrupted):
        custom_of(text)

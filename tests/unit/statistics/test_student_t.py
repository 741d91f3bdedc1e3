"""Quantiles of Student's t distribution, against published tables and SciPy."""

from collections.abc import Iterator

import pytest
from scipy.special import stdtrit

from clau_doom.statistics.student_t import half_width


@pytest.fixture(autouse=True)
def empty_cache() -> Iterator[None]:
    """Compute each quantile, also if another test needed the same one."""
    half_width.cache_clear()
    yield
    half_width.cache_clear()


@pytest.mark.parametrize(
    ("freedom", "level", "published"),
    [
        # NIST/SEMATECH e-Handbook of Statistical Methods, section 1.3.6.7.2
        (1, 0.95, 12.706),
        (2, 0.95, 4.303),
        (4, 0.95, 2.776),
        (5, 0.99, 4.032),
        (9, 0.95, 2.262),
        (30, 0.95, 2.042),
        (99, 0.95, 1.984),
        (100, 0.998, 3.174),
    ],
)
def test_published_quantiles(freedom: int, level: float, published: float) -> None:
    assert half_width(freedom, level) == pytest.approx(published, abs=0.0005)


@pytest.mark.parametrize("level", [0.5, 0.95, 0.97, 0.999])
@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 10, 17, 99, 100, 999, 1000, 1001, 50_000, 2.5, 17.3])
def test_quantiles_of_scipy(freedom: float, level: float) -> None:
    assert half_width(freedom, level) == pytest.approx(float(stdtrit(freedom, (1 + level) / 2)), rel=1e-11)

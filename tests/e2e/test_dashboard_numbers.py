"""Tests of the dashboard's number format in a browser: it is the format of all other outputs."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

import clau_doom.web
from clau_doom.domain import generator
from clau_doom.number_format import number, number_with_interval

pytestmark = pytest.mark.engine

FORMAT = Path(clau_doom.web.__file__).parent / "static" / "format.js"
SCRIPT = """async ([source, values, estimates]) => {
  const format = await import("data:text/javascript," + encodeURIComponent(source));
  const shown = ({ mean, low, high }) =>
    `${format.numberInInterval(mean, low, high)} [${format.interval({ mean, low, high }).replace(" to ", ", ")}]`;
  return [values.map(format.number), estimates.map(shown), format.interval({ low: null, high: null, reason: "n" })];
}"""


def draws() -> tuple[list[float], list[dict[str, float]]]:
    """Return random numbers and estimates of all magnitudes. They have no ties, which languages round differently."""
    random = generator(11, "test", "numbers")
    values = [0.0, 26.0, 9.996, 12345.6, 1e150, -2.5e-9]
    values += [random.uniform(-1.0, 1.0) * 10.0 ** random.integers(-12, 12) for _ in range(400)]
    estimates = []
    for value in values[6:]:
        width = abs(value) * 10.0 ** random.uniform(-5.0, 2.0)
        estimates.append({"mean": value, "low": value - width, "high": value + 1.1 * width})
    return values, estimates


def test_dashboard_formats_numbers_like_the_terminal(chromium: Browser) -> None:
    """Numbers and intervals of 1e-14 to 1e14 have the same text in the dashboard and in Python."""
    values, estimates = draws()
    page = chromium.new_page()
    answer: list[Any] = page.evaluate(SCRIPT, [FORMAT.read_text(), values, estimates])
    page.close()
    assert answer[0] == [number(value) for value in values]
    assert answer[1] == [number_with_interval(each["mean"], each["low"], each["high"]) for each in estimates]
    assert answer[2] == "no interval: n"

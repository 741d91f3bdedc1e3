"""Tests of the plot of the fitness curve."""

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from clau_doom.analysis.fitness_plot import draw_fitness_curve
from clau_doom.analysis.result_tables import GenerationRow, ResultRow
from clau_doom.domain import AgentRef
from clau_doom.statistics.intervals import Interval


def row(index: int, mean: float | None) -> GenerationRow:
    return GenerationRow(
        index=index,
        best=None if mean is None else AgentRef(index, 0),
        best_fitness=None if mean is None else mean + 3,
        mean=None if mean is None else Interval(mean=mean, low=mean - 1, high=mean + 1, n=10),
        worst_fitness=None if mean is None else mean - 3,
        agents=10,
        failed=10 if mean is None else 0,
    )


def result(role: str, mean: float) -> ResultRow:
    return ResultRow(role=role, agent="x", fitness=Interval(mean=mean, low=mean - 1, high=mean + 1, n=9), measures=())


ROWS = [row(0, 2.0), row(1, None), row(2, 5.0)]
RESULTS = [result("champion", 7.0), result("random", 1.0)]


@pytest.mark.parametrize(("suffix", "magic"), [("png", b"\x89PNG"), ("svg", b"<?xml")])
def test_suffix_selects_the_file_format(tmp_path: Path, suffix: str, magic: bytes) -> None:
    """PNG and SVG are written, with or without held-out results, and a generation without fitness is a gap."""
    for results in ([], RESULTS):
        path = tmp_path / f"curve.{suffix}"
        draw_fitness_curve(path, ROWS, results, title="t")
        assert path.read_bytes().startswith(magic)


@pytest.mark.parametrize("suffix", ["png", "svg"])
def test_equal_data_give_equal_files(tmp_path: Path, suffix: str) -> None:
    """The same data give the same bytes: the file contains no date and no random ids."""
    paths = [tmp_path / f"{name}.{suffix}" for name in "ab"]
    for path in paths:
        draw_fitness_curve(path, ROWS, RESULTS, title="t", subtitle="s")
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_plot_contains_title_contestants_and_values(tmp_path: Path) -> None:
    path = tmp_path / "curve.svg"
    draw_fitness_curve(path, ROWS, RESULTS, title="quickstart", subtitle="sub", fitness="kills")
    text = path.read_text()
    for word in ("quickstart", "sub", "kills", "champion", "held-out", "7"):
        assert f"<!-- {word}" in text or word in text


def test_unsupported_suffix_is_refused(tmp_path: Path) -> None:
    """The error names the path and the supported suffixes. No file is written."""
    with pytest.raises(ValueError, match=r"curve\.gif' is not a \.png or \.svg file"):
        draw_fitness_curve(tmp_path / "curve.gif", ROWS, title="t")
    assert not list(tmp_path.iterdir())


def test_plot_without_fitness_is_refused(tmp_path: Path) -> None:
    """The error has the reason, and no plot is written."""
    with pytest.raises(ValueError, match="no generation has a fitness"):
        draw_fitness_curve(tmp_path / "curve.png", [row(0, None)], title="t")


def test_names_are_drawn_as_plain_text(tmp_path: Path) -> None:
    """Dollar signs and control characters in names are drawn as text."""
    path = tmp_path / "curve.svg"
    draw_fitness_curve(path, ROWS, title=r"$\frac{$x^{", subtitle="a\x1b$_$", fitness="$_$")
    written = path.read_bytes()
    ET.fromstring(written)
    assert b"\x1b" not in written

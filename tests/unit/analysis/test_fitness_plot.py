"""Tests of the plot of the fitness curve."""

import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from clau_doom.analysis.fitness_plot import fitness_figure
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
        fitness_figure(ROWS, results, title="t").write(path)
        assert path.read_bytes().startswith(magic)


@pytest.mark.parametrize("suffix", ["png", "svg"])
def test_equal_data_give_equal_files(tmp_path: Path, suffix: str) -> None:
    """The same data give the same bytes: the file contains no date and no random ids."""
    paths = [tmp_path / f"{name}.{suffix}" for name in "ab"]
    for path in paths:
        fitness_figure(ROWS, RESULTS, title="t", subtitle="s").write(path)
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_plot_distinguishes_training_from_held_out_seeds(tmp_path: Path) -> None:
    """The best agent was selected by its training fitness."""
    path = tmp_path / "curve.svg"
    fitness_figure(ROWS, RESULTS, title="t").write(path)
    text = path.read_text()
    for words in ("in training", "best agent, biased upwards", "95 % interval of the mean over agents", "on held-out"):
        assert f"<!-- {words}" in text


def test_plot_contains_title_contestants_and_values(tmp_path: Path) -> None:
    path = tmp_path / "curve.svg"
    fitness_figure(ROWS, RESULTS, title="quickstart", subtitle="sub", fitness="kills").write(path)
    text = path.read_text()
    for word in ("quickstart", "sub", "kills", "champion", "held-out", "7"):
        assert f"<!-- {word}" in text or word in text


def test_unsupported_suffix_is_refused(tmp_path: Path) -> None:
    """The error names the path and the supported suffixes. No file is written."""
    with pytest.raises(ValueError, match=r"curve\.gif' is not a \.png or \.svg file"):
        fitness_figure(ROWS, title="t").write(tmp_path / "curve.gif")
    assert not list(tmp_path.iterdir())


def test_plot_without_fitness_is_refused() -> None:
    with pytest.raises(ValueError, match="no generation has a fitness"):
        fitness_figure([row(0, None)], title="t")


def test_notebooks_show_the_figure_as_an_image_without_pyplot() -> None:
    figure = fitness_figure(ROWS, RESULTS, title="t")
    assert figure._repr_png_().startswith(b"\x89PNG")
    assert "matplotlib.pyplot" not in sys.modules or not sys.modules["matplotlib.pyplot"].get_fignums()


def test_names_are_drawn_as_plain_text(tmp_path: Path) -> None:
    """Dollar signs and control characters in names are drawn as text."""
    path = tmp_path / "curve.svg"
    fitness_figure(ROWS, title=r"$\frac{$x^{", subtitle="a\x1b$_$", fitness="$_$").write(path)
    written = path.read_bytes()
    ET.fromstring(written)
    assert b"\x1b" not in written

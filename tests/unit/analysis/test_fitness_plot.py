"""Tests of the plot of the fitness curve."""

import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex

from clau_doom.analysis.fitness_plot import FitnessFigure, fitness_figure
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


def shown_texts(figure: FitnessFigure) -> dict[str, str]:
    """Return the colour of each text but those of ticks, and check that it lies within the figure."""
    figure.draw_without_rendering()
    texts = [*figure.texts, *(text for legend in figure.legends for text in legend.get_texts())]
    for axes in figure.axes:
        if axes.get_visible():
            texts += [*axes.texts, axes.title, axes.xaxis.label, axes.yaxis.label]
    for text in texts:
        box = text.get_window_extent()
        assert not text.get_text() or figure.bbox.x0 <= box.x0 < box.x1 <= figure.bbox.x1, text.get_text()
        assert not text.get_text() or figure.bbox.y0 <= box.y0 < box.y1 <= figure.bbox.y1, text.get_text()
    return {text.get_text(): to_hex(text.get_color()) for text in texts}


@pytest.mark.parametrize("results", [[], RESULTS])
def test_all_texts_and_curves_lie_within_the_figure(results: list[ResultRow]) -> None:
    figure = fitness_figure(ROWS, results, title="quickstart", subtitle="sub", fitness="kills")
    texts = shown_texts(figure)
    assert {"quickstart", "sub", "kills", "generation", "best agent, biased upwards"} <= {*texts}
    for axes in figure.axes:
        place = axes.get_position()
        assert not axes.get_visible() or 0.0 < place.x0 < place.x1 < 1.0
        assert 0.0 < place.y0 < place.y1 < 1.0


def test_each_role_has_one_colour() -> None:
    """The level, the interval and its number have the same colour: red for the champion, grey for random play."""
    figure = fitness_figure(ROWS, RESULTS, title="t")
    texts, levels = shown_texts(figure), figure.axes[1]
    assert (texts["7.0"], texts["1.0"]) == ("#b3261e", "#4b5563")
    lines = [each for each in levels.collections if isinstance(each, LineCollection)]
    assert [str(to_hex(tuple(np.asarray(line.get_edgecolor())[0]))) for line in lines] == ["#b3261e"] * 2 + [
        "#4b5563"
    ] * 2
    assert "on held-out seeds" in texts
    assert [label.get_text() for label in levels.get_xticklabels()] == ["champion", "random\nplay"]


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

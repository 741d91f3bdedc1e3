"""Drawing of critical-difference diagrams."""

import re
import xml.etree.ElementTree as ET

from clau_doom.analysis.charts import RankPlot, RankRow
from clau_doom.analysis.report.rank_svg import draw_ranks

PLOT = RankPlot(
    label="mean rank",
    rows=tuple(
        RankRow(label=name, rank=rank, text=f"{rank:.2f}") for name, rank in zip("abc", (1.2, 2.0, 2.8), strict=True)
    ),
    difference=0.9,
    groups=((0, 1), (1, 2)),
)


def drawn(plot: RankPlot) -> ET.Element:
    return ET.fromstring(draw_ranks(plot).svg("ranks"))


def bars(plot: RankPlot) -> list[tuple[float, ...]]:
    """Return the horizontal ends of the bars that join methods."""
    paths = [each.get("d", "") for each in drawn(plot).iter("path") if "bar" in each.get("class", "").split()]
    return [tuple(float(place.split()[0]) for place in re.findall(r"[\d.]+ [\d.]+", path)) for path in paths]


def test_methods_are_named_with_their_ranks() -> None:
    """The better half is on the left, and the axis has a tick for each rank."""
    texts = ["".join(each.itertext()) for each in drawn(PLOT).iter("text")]
    assert texts[:4] == ["1", "2", "3", "critical difference 0.900"]
    assert texts[4:] == ["a  1.20", "b  2.00", "c  2.80", "mean rank"]
    ends = [each for each in drawn(PLOT).iter("text") if "end" in each.get("class", "").split()]
    assert len(ends) == 2


def test_a_bar_joins_each_group() -> None:
    """The axis runs from rank 1 at 190 to rank 3 at 530; bars reach 3 beyond the outer methods."""
    assert bars(PLOT) == [(190 + 34 - 3, 360 + 3), (360 - 3, 190 + 306 + 3)]


def test_long_names_are_shortened_and_a_wide_difference_ends_with_the_axis() -> None:
    """No mark leaves the drawing."""
    plot = RankPlot(label="r", rows=(RankRow(label="m" * 60, rank=1.0, text="1"),) * 2, difference=7.0, groups=())
    texts = ["".join(each.itertext()) for each in drawn(plot).iter("text")]
    assert max(map(len, texts)) < 30
    places = [each.get("d", "") for each in drawn(plot).iter("path") if "c9" in each.get("class", "").split()]
    assert max(float(at) for path in places for at in re.findall(r"[ML]([\d.]+)", path)) <= 530 + 8

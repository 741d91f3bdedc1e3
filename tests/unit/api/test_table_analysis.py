"""Tests of the analysis of any table in Python."""

import json
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest
from pyarrow import csv

import clau_doom as cd
from tests.support.command_line import run

__all__ = ["run"]

DATA = Path(__file__).parents[2] / "data"
TOOTH = DATA / "ToothGrowth.csv"


@pytest.mark.parametrize(
    "data",
    [
        TOOTH,
        str(TOOTH),
        pd.read_csv(TOOTH),
        pl.read_csv(TOOTH),
        csv.read_csv(TOOTH),
        cd.Table(csv.read_csv(TOOTH)),
        pd.read_csv(TOOTH).to_dict("list"),
    ],
    ids=["path", "text", "pandas", "polars", "arrow", "cd.Table", "dict"],
)
def test_all_kinds_of_tables_have_the_same_results(data: object) -> None:
    """R: t.test(len ~ supp, data = ToothGrowth) has t = 1.9153, df = 55.309, p-value = 0.06063."""
    found = cd.analyze_table(data, "len", factors="supp").to_dict()
    assert found["rows"] == 60
    (effect,) = found["effects"]
    assert effect["statistic"] == pytest.approx(1.9153**2, rel=1e-4)
    assert effect["df"] == pytest.approx([1.0, 55.309], rel=1e-5)
    assert effect["p"] == pytest.approx(0.06063, abs=5e-6)
    assert found["data"] == (str(TOOTH) if isinstance(data, str | Path) else None)


ARGUMENTS: dict[str, dict[str, Any]] = {
    "--factor supp --factor dose --where": {"factors": ["supp", "dose"], "where": "dose < 2"},
    "--factor dose --block supp --test classical --order len": {
        "factors": "dose",
        "block": "supp",
        "test": "classical",
        "order": "len",
    },
    "--factor supp --covariate dose --equivalence 4": {"factors": "supp", "covariates": "dose", "margin": 4.0},
}


@pytest.mark.parametrize("options", ARGUMENTS)
def test_the_document_is_that_of_the_command(run: Any, tmp_path: Path, options: str) -> None:
    shutil.copy(TOOTH, tmp_path)
    words = options.split()
    words += ["dose < 2"] if words[-1] == "--where" else []
    arguments = ("analyze", "--data", "ToothGrowth.csv", "--response", "len", *words)
    found = cd.analyze_table("ToothGrowth.csv", "len", **ARGUMENTS[options])
    assert found.to_dict() == json.loads(run(*arguments, "--json").out)
    text = [line.rstrip() for line in run(*arguments).out.rstrip().splitlines()]
    assert found.text(*found.sections, width=120).rstrip().splitlines() == text


def test_tasks_are_compared() -> None:
    """Interquartile means of Alonso et al. 2024, table 1; normalised by two columns."""
    found = cd.analyze_table(
        pd.read_csv(DATA / "atari_100k.csv"),
        "score",
        factors="method",
        task="game",
        normalize=("random", "human"),
        baseline="TWM",
    )
    assert [round(each["aggregates"]["iqm"]["value"], 3) for each in found.to_dict()["methods"]] == [0.641, 0.459]
    assert found.to_dict()["control"] == "TWM"


def test_an_analysis_has_text_html_and_a_report(tmp_path: Path) -> None:
    found = cd.analyze_table(TOOTH, "len", factors="supp")
    assert str(found).startswith("len by supp  60 rows of ToothGrowth.csv")
    assert found.sections == ("groups", "effects", "comparisons", "diagnostics")
    assert "Games-Howell" not in found.text("effects")
    assert "Welch&#x27;s ANOVA" in found._repr_html_()
    assert "Welch" in found.report(tmp_path / "supp.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"factors": "dose", "test": "anova"}, "test='anova': choose one of default, classical, ranks, permutation"),
        ({"factors": "dose", "sums_of_squares": "I"}, "sums_of_squares='I': choose one of II, III"),
        ({"factors": "dose", "baseline": "1.0"}, "baseline=... needs task=...: add it, or omit baseline=..."),
        ({"factors": "dose", "normalize": "range"}, "normalize=... needs task=...: add it, or omit normalize=..."),
        ({"factors": ["dose", "len"], "task": "supp"}, "task=... needs exactly one factors=..., the methods"),
        ({"factors": "dose", "task": "supp", "block": "len"}, "block=... excludes task=...: omit one of them"),
        ({"factors": ()}, "0 factors: give one to 4"),
        ({"factors": "dose", "margin": -1.0}, "margin=-1.0: give a margin above 0, in the unit of the response"),
        ({"factors": "dosis"}, "ToothGrowth.csv has no column 'dosis', did you mean 'dose'?"),
        ({"factors": "dose", "delimiter": ";;"}, "delimiter=';;': use one character, such as ';', or tab"),
        ({"factors": "dose", "skip_rows": -1}, "skip_rows=-1: give a number of lines, 0 or above"),
    ],
)
def test_errors_name_arguments_of_python(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(cd.ClauDoomError) as refused:
        cd.analyze_table(TOOTH, "len", **arguments)
    assert str(refused.value).startswith(message)


def test_options_of_csv_files_need_a_file() -> None:
    with pytest.raises(cd.ClauDoomError, match=r"options of CSV files need the path of a \.csv file"):
        cd.analyze_table({"y": [1, 2], "g": ["a", "b"]}, "y", factors="g", decimal=",")

"""Tests of the analysis of any table and of the export of an experiment's tables."""

import json
import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from clau_doom.domain.events import Event
from clau_doom.storage.export_schema import EXPORTED
from clau_doom.table_analysis import DataColumn, Value
from clau_doom.table_analysis.table_reader import read_table

Run = Callable[..., Any]
Keep = Callable[[Sequence[Event]], None]
ROOT = Path(__file__).parents[4]


@pytest.fixture
def tooth_growth(tmp_path: Path) -> str:
    shutil.copy(ROOT / "tests/data/ToothGrowth.csv", tmp_path)
    return "ToothGrowth.csv"


def test_table_analysis_is_printed(run: Run, tooth_growth: str) -> None:
    """Cells, tests, comparisons and diagnostics are printed, and stderr is empty."""
    done = run("analyze", "--data", tooth_growth, "--response", "len", "--factor", "supp", "--factor", "dose")
    assert (done.code, done.err) == (0, "")
    for words in (
        "len by supp and dose",
        "60 rows of ToothGrowth.csv",
        "Shapiro-Wilk",
        "Brown-Forsythe",
        "supp:dose",
        "Welch-James tests of unweighted marginal means",
        "Games-Howell",
        "OJ:0.5 − VC:0.5",  # noqa: RUF001
    ):
        assert words in done.out


def test_table_analysis_is_available_as_json(run: Run, tooth_growth: str) -> None:
    """The document has the same results. The condition selects rows."""
    words = ("--data", tooth_growth, "--response", "len", "--factor", "supp", "--where", "dose == 0.5", "--json")
    done = run("analyze", *words)
    assert done.code == 0, done.err
    found = json.loads(done.out)
    assert (found["schema_version"], found["rows"], found["factors"]) == (1, 20, ["supp"])
    assert [group["levels"] for group in found["groups"]] == [["OJ"], ["VC"]]
    assert [group["mean"]["mean"] for group in found["groups"]] == pytest.approx([13.23, 7.98])  # as R prints them
    assert [each["name"] for each in found["diagnostics"]] == [
        "normality",
        "equal variances",
        "saturation",
        "skewness",
    ]
    assert (found["method"], found["test"]) == ("default", "Welch's ANOVA")
    assert found["effects"][0]["p"] == pytest.approx(0.006359, abs=5e-7)  # R, t.test(len ~ supp), dose 0.5
    assert [(pair["first"], pair["second"]) for pair in found["comparisons"][0]["pairs"]] == [("OJ", "VC")]


def test_a_report_is_written(run: Run, tooth_growth: str, tmp_path: Path) -> None:
    """The page has the numbers of the text: R, t.test(len ~ supp, data = ToothGrowth, subset = dose == 0.5)."""
    words = ("--data", tooth_growth, "--response", "len", "--factor", "supp", "--where", "dose == 0.5")
    done = run("analyze", *words, "--report", "tooth.html")
    assert done.code == 0, done.err
    assert "wrote tooth.html" in done.err
    page = (tmp_path / "tooth.html").read_text()
    assert "len by supp" in page
    assert "20 rows of ToothGrowth.csv where dose == 0.5" in page
    assert "Comparisons of levels" in page
    assert "[1.7, 8.8]" in page.replace("\N{NO-BREAK SPACE}", " ")  # 1.719057 to 8.780943
    assert "0.006" in page


def test_blocking_factor_is_in_the_analysis(run: Run, tmp_path: Path) -> None:
    """A blocking factor has its own row, and the heading names it."""
    shutil.copy(ROOT / "tests/data/npk.csv", tmp_path)
    done = run(
        "analyze",
        "--data",
        "npk.csv",
        "--response",
        "yield",
        "--factor",
        "N",
        "--block",
        "block",
        "--test",
        "classical",
    )
    assert done.code == 0, done.err
    assert "yield by N, in blocks of block" in done.out
    assert "343.295" in done.out


def test_main_effect_is_compared_despite_unequal_variances(run: Run, tmp_path: Path) -> None:
    """The classical ANOVA of the file prints F(1, 116) = 58.40."""
    shutil.copy(ROOT / "tests/cases/stat_no_main_effect_comparison/doe029.csv", tmp_path)
    words = ("analyze", "--data", "doe029.csv", "--response", "kills", "--factor", "movement", "--factor", "override")
    found = json.loads(run(*words, "--json").out)
    compared = {each["effect"]: each["pairs"] for each in found["comparisons"]}
    assert [*compared] == ["movement", "override", "movement:override"]
    assert compared["movement"][0]["low"] < compared["movement"][0]["difference"] < compared["movement"][0]["high"] < 0
    shown = run(*words, "--test", "classical").out
    assert "1, 116" in shown
    assert "58.4018" in shown
    assert "classical η²" in shown
    assert "partial η²" in shown
    assert "-1.397" in shown
    classical = json.loads(run(*words, "--test", "classical", "--json").out)
    sizes = {size["name"]: size["value"] for size in classical["effects"][0]["sizes"]}
    assert sizes["eta squared"] == pytest.approx(1491.075 / (1491.075 + 20.00833 + 25.20833 + 2961.633), rel=1e-5)
    assert sizes["partial eta squared"] == pytest.approx(1491.075 / (1491.075 + 2961.633), rel=1e-5)
    residual, pooled = classical["comparisons"][0]["pairs"][0]["sizes"]
    assert (residual["symbol"], residual["standardizer"]) == ("g", "pooled standard deviation")
    assert (pooled["symbol"], pooled["standardizer"]) == ("pooled g", "pooled standard deviation of the two levels")
    assert abs(pooled["cohen_d"]) == pytest.approx(1.397, abs=5e-4)


def test_equivalence_is_printed(run: Run, tooth_growth: str) -> None:
    """R: the 90 % interval of t.test(len ~ supp) is 0.4682687 to 6.9317313; within 8 the supplements are equivalent."""
    words = ("analyze", "--data", tooth_growth, "--response", "len", "--factor", "supp")
    done = run(*words, "--equivalence", "8")
    assert done.code == 0, done.err
    assert "supp, equivalence within ±8" in done.out
    assert re.search(r"OJ − VC +3\.7 \[0\.5, 6\.9\] +0\.015 +equivalent", done.out)  # noqa: RUF001
    found = json.loads(run(*words, "--equivalence", "8", "--json").out)
    assert found["margin"] == 8.0
    assert found["comparisons"][0]["pairs"][0]["equivalence"]["test"]["p"] == pytest.approx(1.505897467e-2)
    assert found["families"][-1].startswith("Equivalence tests")
    assert "-1 is not a margin: give a number above 0" in run(*words, "--equivalence", "-1").err


def test_families_and_standardizers_are_printed(run: Run, tooth_growth: str) -> None:
    """The text names the standard deviation of Hedges' g and the families of tests."""
    done = run("analyze", "--data", tooth_growth, "--response", "len", "--factor", "supp", "--factor", "dose")
    shown = " ".join(done.out.split())
    assert "g: Hedges' g, the difference over the root of the mean variance of the compared cells" in shown
    assert "The 3 tests of effects are at 5 % each and not corrected for their number." in shown


def test_ranks_of_tiny_values_equal_those_of_their_logarithms(run: Run) -> None:
    """Errors of 1e-13 and failures of 50 have the same Kruskal-Wallis result as their logarithms."""
    folder, found = ROOT / "tests/cases/stat_rank_collapse_errors", {}
    for name in ("data", "log10"):
        words = ("--response", "err", "--factor", "alg", "--test", "ranks", "--json")
        found[name] = json.loads(run("analyze", "--data", str(folder / f"{name}.csv"), *words).out)
    assert found["data"]["effects"][0]["p"] == found["log10"]["effects"][0]["p"] < 0.01
    pairs = [[pair["p"] for pair in each["comparisons"][0]["pairs"]] for each in found.values()]
    assert pairs[0] == pairs[1]
    assert min(pairs[0]) < 0.01


def test_column_with_the_name_of_an_interaction_is_refused(run: Run) -> None:
    """The error names the column and the remedy."""
    file = ROOT / "tests/cases/stat_block_named_as_interaction/data.csv"
    done = run("analyze", "--data", str(file), "--response", "y", "--factor", "A", "--factor", "B", "--block", "A:B")
    assert (done.code, done.out) == (2, "")
    assert "the column 'A:B' has the name of an interaction: rename it" in done.err


@pytest.mark.parametrize("case", ["stat_small_scale_text", "stat_games_howell_slow", "stat_rank_collapse_errors"])
def test_digits_depend_on_the_uncertainty(run: Run, case: str) -> None:
    """Small means are not printed as 0.00, and no number has 150 digits."""
    file = min((ROOT / "tests/cases" / case).glob("*.csv"))
    columns = {
        "stat_small_scale_text": ("--response", "seconds", "--factor", "g"),
        "stat_games_howell_slow": ("--response", "ncases", "--factor", "alcgp", "--factor", "tobgp"),
        "stat_rank_collapse_errors": ("--response", "err", "--factor", "alg"),
    }
    done = run("analyze", "--data", str(file), *columns[case])
    assert (done.code, done.err) == (0, "")
    assert "0.00 [0.00, 0.00]" not in done.out
    assert max(map(len, re.findall(r"[\d.e+-]+", done.out))) < 14


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--response", "length", "--factor", "dose"], "has no column 'length', did you mean 'len'? (it has len, supp"),
        (["--response", "supp", "--factor", "dose"], "row 1: the response supp is not a number but 'VC'"),
        (["--response", "len", "--factor", "dose", "--where", "dose = 1"], "at character 6"),
        (["--response", "len", "--factor", "dose", "--where", "dose == 1"], "has only one level, '1.0'"),
        (["--response", "len"], "--data needs --response COLUMN and one or more of --factor COLUMN"),
        (
            ["--response", "len", "--factor", "dose", "tiny"],
            "--data excludes an id, --plot, --target, --criteria, --section, --all and --x: omit them",
        ),
        (["--response", "len", "--factor", "dose", "--report", "t.pdf"], "'t.pdf' is not an .html file"),
        (["--response", "len", "--factor", "dose", "--force"], "--force needs --report FILE"),
        (["--response", "len", "--factor", "dose", "--baseline", "0.5"], "--baseline needs --task COLUMN"),
        (["--response", "len", "--factor", "dose", "--normalize", "range"], "--normalize needs --task COLUMN"),
    ],
)
def test_invalid_analysis_is_refused(run: Run, tooth_growth: str, words: list[str], complaint: str) -> None:
    """The exit code is 2. One line contains the value and the remedy."""
    done = run("analyze", "--data", tooth_growth, *words)
    assert (done.code, done.out) == (2, "")
    assert complaint in done.err
    assert len(done.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ([], "give an experiment, or a table with --data"),
        (["tiny", "--where", "kills > 1"], "--where needs a table: use --data FILE"),
        (["tiny", "--factor", "dose"], "--factor needs a table"),
    ],
)
def test_options_of_tables_need_data(run: Run, words: list[str], complaint: str) -> None:
    """Without --data, options of tables and a call without arguments are refused."""
    done = run("analyze", *words)
    assert done.code == 2
    assert complaint in done.err


def typed(column: DataColumn) -> tuple[Value, ...]:
    """Return a column's values, as numbers if all of them are numbers."""
    if not column.is_number:
        return column.values
    return tuple(
        [None if text is None else int(text) if text.lstrip("-").isdigit() else float(text) for text in column.values]
    )


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_export_is_complete(run: Run, keep: Keep, story: list[Event], tmp_path: Path, kind: str) -> None:
    """The four tables contain every episode, agent, generation and event, and each file is listed with its rows."""
    keep(story)
    done = run("export", "tiny", "--to", "out", "--format", kind)
    assert (done.code, done.err) == (0, "")
    counts = {"episodes": 27, "agents": 6, "generations": 2, "events": len(story) + 1}
    assert re.findall(r"out/(\w+)\.\w+  (\d+) row", done.out) == [(name, str(n)) for name, n in counts.items()]
    tables = {name: read_table(tmp_path / f"out/{name}.{kind}") for name in counts}
    assert {name: len(table) for name, table in tables.items()} == counts
    for exported in EXPORTED:
        names = [*tables[exported.name].names]
        assert names[: len(exported.columns)] == [column.name for column in exported.columns]
        assert set(tables[exported.name].column("experiment_id").values) == {"tiny"}


def test_exported_tables_have_episodes_agents_and_events(
    run: Run, keep: Keep, story: list[Event], tmp_path: Path
) -> None:
    """Episodes have purposes and agents, agents have genes, parents and failures, and events are JSON."""
    keep(story)
    assert run("export", "tiny", "--to", "out").code == 0
    episodes, agents, generations, events = (
        [
            dict(zip(table.names, row, strict=True))
            for row in zip(*(typed(table.column(name)) for name in table.names), strict=True)
        ]
        for table in (read_table(tmp_path / f"out/{exported.name}.csv") for exported in EXPORTED)
    )
    last = next(row for row in episodes if row["agent"] == "tiny-random" and row["number"] == 4)
    assert (last["purpose"], last["generation"], last["kills"], last["fitness"]) == ("held_out", None, 4, 4)
    judged = next(row for row in episodes if row["purpose"] == "held_out" and row["agent"] == "tiny-g001-a000")
    assert (judged["generation"], judged["index"]) == (1, 0)
    assert (last["seed"], last["timing_seconds"], last["trajectory_sha256"]) == (304, 0.1, "ab" * 32)
    assert [row["purpose"] for row in episodes] == ["training"] * 10 + ["validation"] * 2 + ["held_out"] * 15
    failed = agents[5]
    assert (failed["agent"], failed["status"], failed["fitness"]) == ("tiny-g001-a002", "failed", None)
    assert failed["failure"] == "division by zero"
    assert agents[3]["parents"] == "tiny-g000-a000 tiny-g000-a001"
    assert len([name for name in agents[0] if name.startswith("gene_")]) > 5
    assert (generations[1]["best_agent"], generations[1]["failed"]) == ("tiny-g001-a000", 1)
    assert json.loads(str(events[-1]["payload"]))["experimentCompleted"] == {"generations": 2}
    assert events[-1]["kind"] == "experiment_completed"
    assert [row["sequence"] for row in events] == list(range(1, len(events) + 1))


def test_exported_episodes_can_be_analysed(run: Run, keep: Keep, story: list[Event]) -> None:
    """`analyze --data` accepts the held-out episodes of an export, by agent and in blocks of seeds."""
    keep(story)
    assert run("export", "tiny", "--to", "out", "--format", "parquet").code == 0
    words = ["--data", "out/episodes.parquet", "--response", "kills", "--factor", "agent", "--json"]
    done = run("analyze", *words, "--where", "purpose == 'held_out' and agent != 'tiny-g001-a000'")
    assert done.code == 0, done.err
    found = json.loads(done.out)
    means = {group["levels"][0]: group["mean"]["mean"] for group in found["groups"]}
    assert means == {"tiny-g000-a001": 5.0, "tiny-random": 2.0}


def test_export_replaces_files_only_by_force(run: Run, keep: Keep, story: list[Event]) -> None:
    """An unknown experiment leaves no folder."""
    keep(story)
    assert run("export", "tiny", "--to", "out").code == 0
    refused = run("export", "tiny", "--to", "out")
    assert refused.code == 2
    assert "episodes.csv exists already" in refused.err
    assert run("export", "tiny", "--to", "out", "--force").code == 0
    unknown = run("export", "tin", "--to", "elsewhere")
    assert unknown.code == 2
    assert not Path("elsewhere").exists()


def test_manual_documents_every_column() -> None:
    """docs/tables.md has a row for each exported column, with the same meaning as the code."""
    manual = (ROOT / "docs/tables.md").read_text()
    for exported in EXPORTED:
        for column in exported.columns:
            assert f"| `{column.name}` | {column.kind.value} | {column.meaning} |" in manual


@pytest.mark.parametrize(
    ("name", "factor", "response", "shown"),
    [
        ("cutbins", "bin", "score", ["(10.0, 20.0]", "[a, b)"]),
        ("head", "score[ms]", "x", ["score[ms]"]),
        ("hidden", "room", "score", ["arm[left]", "arm[right]"]),
        ("slash", "room", "score", ["north[/n]"]),
        ("tagonly", "level", "score", ["[easy]", "[hard]"]),
        ("unit", "mode[kind]", "time[ms]", ["time[ms] by mode[kind]"]),
        ("unit2", "mode", "rate [/s]", ["rate [/s] by mode"]),
        ("unit3", "speed [m/s]", "kills", ["speed [m/s]"]),
        ("unit4", "dose [/kg]", "kills", ["dose [/kg]"]),
        ("url", "page", "score", ["[/link]", "[link=http://x]"]),
    ],
)
def test_markup_in_names_and_levels_is_text(run: Run, name: str, factor: str, response: str, shown: list[str]) -> None:
    """Brackets, slashes and links of a table are printed as text in headings, cells and titles."""
    data = ROOT / "tests/cases/markup" / f"{name}.csv"
    done = run("analyze", "--data", str(data), "--factor", factor, "--response", response)
    assert (done.code, done.err) == (0, "")
    assert all(text in done.out for text in shown)


def test_control_characters_of_a_table_are_escaped(run: Run, tmp_path: Path) -> None:
    """ESC and BEL in columns and levels are escaped, in results and in errors."""
    rows = [f"{level},{value}" for level in ("a\x1b[2J", "b\x07") for value in (1, 2, 3, 5)]
    (tmp_path / "esc.csv").write_text("\n".join(["mo\x1b]0;x\x07de,y", *rows]))
    done = run("analyze", "--data", "esc.csv", "--factor", "mo\x1b]0;x\x07de", "--response", "y")
    assert done.code == 0, done.err
    assert "a\\x1b[2J" in done.out
    assert "\x1b" not in done.out + done.err
    missing = run("analyze", "--data", "esc.csv", "--factor", "z\x1b[2J", "--response", "y")
    assert missing.code == 2
    assert "mo\\x1b]0;x\\x07de" in missing.err
    assert not {"\x1b", "\x07"} & set(missing.err)


@pytest.mark.parametrize(
    ("name", "words", "shown"),
    [
        ("leadingzero", ["--factor", "subject"], ["01 ", "1 ", "02 "]),
        ("decimalcomma", ["--factor", "agent", "--decimal", ","], ["9.3 [7.6, 10.7]"]),
        ("latin1", ["--factor", "Gruppe", "--encoding", "latin-1"], ["Männer"]),
        ("level_na", ["--factor", "region", "--na", ""], ["NA "]),
        ("bigids", ["--factor", "id", "--where", "id > 18446744073709541003"], ["24 rows of bigids.csv", "9551002"]),
    ],
)
def test_csv_dialects_are_analysed(run: Run, name: str, words: list[str], shown: list[str]) -> None:
    """Levels are read as written, with the option that an error names."""
    done = run("analyze", "--data", str(ROOT / f"tests/cases/csv/{name}.csv"), "--response", "score", *words)
    assert (done.code, done.err) == (0, "")
    assert all(text in done.out for text in shown)


@pytest.mark.parametrize(
    ("name", "words", "complaint"),
    [
        ("decimalcomma", ["--factor", "agent"], "is not a number but '7,64': read decimal commas with --decimal ,"),
        ("latin1", ["--factor", "Gruppe"], "is not UTF-8 text: give its encoding, such as --encoding latin-1"),
        ("level_na", ["--factor", "region"], "the factor region is missing: exclude such rows with --where"),
        ("bigids", ["--factor", "id", "--delimiter", ";;"], "--delimiter ';;': use one character, such as ';', or tab"),
        ("bigids", ["--factor", "id", "--decimal", "x"], "--decimal x: use . or ,"),
        ("bigids", ["--factor", "id", "--encoding", "utf-5"], "unknown encoding 'utf-5': use a codec of Python"),
        ("bigids", ["--factor", "id", "--encoding", "hex"], "unknown encoding 'hex': use a codec of Python"),
    ],
)
def test_error_names_the_option_for_the_csv_dialect(run: Run, name: str, words: list[str], complaint: str) -> None:
    """The error is one line."""
    done = run("analyze", "--data", str(ROOT / f"tests/cases/csv/{name}.csv"), "--response", "score", *words)
    assert (done.code, done.out) == (2, "")
    assert complaint in done.err


MTCARS = ["--response", "mpg", "--factor", "cyl"]
TOOTH = ["--response", "len", "--factor", "supp", "--factor", "dose"]
NPK = ["--response", "yield", "--factor", "N"]

# Words of the text that are not results: headings and prepositions.
_HEADINGS = """
by and for in of where rows blocks adjusted n mean sd median df sum squares p d difference diagnostic method value
component variance standard deviation covariate slope effect error pooled equivalence within conclusion
Groups groups Tests of effects Model model Comparisons levels comparisons Diagnostics diagnostics
 residuals no interval ranks F W H
"""


def write_runs(folder: Path) -> None:
    """Write a table of three agents on eight seeds, with some rows missing."""
    rows = [
        f"{agent},{seed},{3 * seed + 2 * place + (seed * place) % 3},{(seed * 7 + place) % 5}"
        for seed in range(8)
        for place, agent in enumerate("abc")
        if (seed + place) % 4
    ]
    (folder / "runs.csv").write_text("\n".join(["agent,seed,kills,distance", *rows]))


def _leaves(value: object) -> list[object]:
    """Return the texts and numbers of a JSON value."""
    if isinstance(value, dict):
        return [leaf for each in value.values() for leaf in _leaves(each)]
    return [leaf for each in value for leaf in _leaves(each)] if isinstance(value, list) else [value]


def _unexplained(text: str, document: dict[str, object]) -> list[str]:
    """Return the words and numbers of the text that the JSON document does not hold."""
    leaves = _leaves(document)
    numbers = [float(leaf) for leaf in leaves if isinstance(leaf, int | float)]
    for word in sorted({leaf for leaf in leaves if isinstance(leaf, str) and leaf}, key=len, reverse=True):
        text = re.sub(rf"(?<![\w.]){re.escape(word)}(?![\w.])", " ", text)
    text = text.replace("[95 %]", " ").replace("[90 %]", " ").replace("±", " ").replace("− ", " ").replace(" -", " -")  # noqa: RUF001
    found = []
    for word in re.findall(r"-?\d[\d.]*(?:e[+-]?\d+)?|[^\W\d_]+", text):
        if not word.lstrip("-")[0].isdigit():
            found += [] if word in _HEADINGS.split() else [word]
            continue
        value = float(word.rstrip("."))
        digits = len(word.partition("e")[0].partition(".")[2])
        exponent = int(word.partition("e")[2] or 0)
        unit = 10.0 ** (exponent - digits)
        # p-values below 0.001 are shown as "< 0.001".
        small = value == 0.001 and any(0.0 <= number < 0.001 for number in numbers)
        if not small and not any(abs(number - value) <= 0.5001 * unit + 1e-9 * abs(value) for number in numbers):
            found.append(word)
    return found


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("ToothGrowth.csv", TOOTH),
        ("ToothGrowth.csv", [*TOOTH, "--where", "dose < 2"]),
        ("ToothGrowth.csv", [*TOOTH, "--test", "classical", "--order", "len"]),
        ("ToothGrowth.csv", [*TOOTH, "--test", "ranks"]),
        ("ToothGrowth.csv", [*TOOTH, "--equivalence", "4"]),
        ("ToothGrowth.csv", [*TOOTH[:4], "--test", "ranks"]),
        ("ToothGrowth.csv", [*TOOTH[:4], "--test", "permutation"]),
        ("ToothGrowth.csv", [*TOOTH[:4], "--covariate", "dose"]),
        ("ToothGrowth.csv", [*TOOTH[:4], "--covariate", "dose", "--test", "classical"]),
        ("npk.csv", [*NPK, "--block", "block"]),
        ("npk.csv", [*NPK, "--block", "block", "--test", "classical"]),
        ("npk.csv", [*NPK, "--factor", "P", "--block", "block"]),
        ("runs.csv", ["--response", "kills", "--factor", "agent", "--block", "seed"]),
        ("runs.csv", ["--response", "kills", "--factor", "agent", "--block", "seed", "--covariate", "distance"]),
        ("missing.csv", ["--response", "y", "--factor", "g"]),
        ("saturated.csv", ["--response", "y", "--factor", "g"]),
    ],
)
def test_json_holds_everything_that_the_text_says(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, file: str, words: list[str]
) -> None:
    """Each number of the text is a rounded number of the JSON document, and each text one of its texts."""
    monkeypatch.setenv("COLUMNS", "300")
    if (ROOT / "tests/data" / file).exists():
        shutil.copy(ROOT / "tests/data" / file, tmp_path)
    write_runs(tmp_path)
    values = [5, 5, 5, 5, 5, 5, 1] if file == "saturated.csv" else [1, 2, 4]
    made = [f"{level},{value + place}" for place, level in enumerate("ab") for value in values]
    (tmp_path / "missing.csv").write_text("\n".join(["g,y", *made]))
    (tmp_path / "saturated.csv").write_text("\n".join(["g,y", *made]))
    text = run("analyze", "--data", file, *words)
    document = run("analyze", "--data", file, *words, "--json")
    assert (text.code, document.code, document.err) == (0, 0, "")
    assert _unexplained(text.out, json.loads(document.out)) == []


def test_the_comparison_of_text_and_json_finds_missing_fields() -> None:
    """A number or a text without a field is reported."""
    document: dict[str, object] = {"p": 0.0312, "name": "dose", "small": 1e-9}
    assert _unexplained("dose  0.031  < 0.001", document) == []
    assert _unexplained("dose  0.032  supp", document) == ["0.032", "supp"]


def test_covariates_and_incomplete_blocks_are_printed(run: Run, tmp_path: Path) -> None:
    """The heading names the covariate; the model's components, slope and adjusted means have tables."""
    write_runs(tmp_path)
    words = ("analyze", "--data", "runs.csv", "--response", "kills", "--factor", "agent", "--block", "seed")
    done = run(*words, "--covariate", "distance")
    assert (done.code, done.err) == (0, "")
    for shown in (
        "kills by agent, adjusted for distance, in blocks of seed",
        "mixed model with random blocks, Kenward-Roger",
        "component",
        "covariate",
        "agent, adjusted",
        "agent, max-t",
        "homogeneity of slopes",
    ):
        assert shown in done.out
    refused = run(*words, "--test", "ranks")
    assert refused.code == 2
    assert "a block of seed has no value in some cells" in refused.err
    assert "--covariate needs a table: use --data FILE" in run("analyze", "tiny", "--covariate", "x").err

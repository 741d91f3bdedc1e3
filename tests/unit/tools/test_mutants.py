"""Tests of the tool for mutation tests: its parts, its sample, and its list of equivalent mutants."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.mutants import (
    EQUIVALENT,
    PARTS,
    ROOT,
    Mutant,
    Part,
    compare,
    describe,
    generate,
    read_equivalent,
    report,
    sample,
    select,
)

NAMES = [f"clau_doom.domain.ids.x_f__mutmut_{number}" for number in range(1, 200)]
SOURCE = """class Counter:
    def add(self, count):
        self.total += count
        return self.total > 0
"""
FIRST = Mutant(function="a.f", diff=("- x = 1", "+ x = 2"))
SECOND = Mutant(function="a.f", diff=("- x = 1", "+ x = None"))


@pytest.mark.parametrize("part", PARTS.values(), ids=PARTS)
def test_part_selects_sources_and_tests_for_mutmut(part: Part) -> None:
    """The other settings of pyproject.toml stay, and all sources and tests of the part exist."""
    before = (ROOT / "pyproject.toml").read_text()
    settings = tomllib.loads(select(before, part))["tool"]["mutmut"]
    assert settings.pop("only_mutate") == [*part.sources]
    assert settings.pop("pytest_add_cli_args_test_selection") == [*part.tests]
    assert settings == tomllib.loads(before)["tool"]["mutmut"]
    assert all([*ROOT.glob(pattern)] for pattern in part.sources)
    assert all((ROOT / folder).is_dir() for folder in part.tests)


def test_sample_depends_on_the_seed_only() -> None:
    """The order of the mutants does not matter."""
    chosen = sample(NAMES, count=20, seed=1)
    assert len(set(chosen)) == 20
    assert sample(NAMES[::-1], count=20, seed=1) == chosen
    assert sample(NAMES, count=30, seed=1)[:20] == chosen
    assert sample(NAMES, count=20, seed=2) != chosen
    assert sorted(sample(NAMES, count=1000, seed=1)) == sorted(NAMES)


def test_only_the_removed_mutant_is_replaced() -> None:
    """The other mutants of the sample stay when a function changes."""
    chosen = sample(NAMES, count=20, seed=1)
    fewer = sample([name for name in NAMES if name != chosen[0]], count=20, seed=1)
    assert fewer[:-1] == chosen[1:]


def test_mutants_are_generated_from_source_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names have the module, the class and the function. Other folders have no mutants."""
    for folder in ("domain", "web"):
        (tmp_path / "src" / "pack" / folder).mkdir(parents=True)
        (tmp_path / "src" / "pack" / folder / "counter.py").write_text(SOURCE)
    monkeypatch.chdir(tmp_path)
    mutants = generate(tmp_path, ["src/pack/domain/*"])
    assert set(mutants.values()) == {Path("src/pack/domain/counter.py")}
    assert {name.partition("__mutmut_")[0] for name in mutants} == {"pack.domain.counter.xǁCounterǁadd"}


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("pack.domain.counter.xǁCounterǁadd__mutmut_3", "pack.domain.counter.Counter.add"),
        ("pack.domain.counter.x_add__mutmut_3", "pack.domain.counter.add"),
    ],
)
def test_mutant_is_identified_by_function_and_changed_lines(name: str, function: str) -> None:
    """Number, context, positions and indentation are omitted."""
    diff = "--- a.py\n+++ a.py\n@@ -1,2 +1,2 @@\n def add(self):\n-    x = -1\n+    x = +1\n     return x"
    assert describe(name, diff) == Mutant(function=function, diff=("- x = -1", "+ x = +1"))


def test_survivors_are_compared_with_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    """A listed survivor is equivalent, another is unexplained, and a listed mutant that is killed is obsolete."""
    third = Mutant(function="a.g", diff=("- y = 1", "+ y = 2"))
    tested = [(FIRST, "killed"), (third, "timeout"), (SECOND, "survived")]
    found = compare(tested, [])
    assert (found.killed, list(found.equivalent), list(found.unexplained)) == (2, [], [SECOND])
    found = compare(tested, [SECOND, FIRST])
    assert (list(found.equivalent), list(found.unexplained), list(found.obsolete)) == ([SECOND], [], [FIRST])
    assert list(compare(tested, [third]).equivalent) == [third]
    report(found, {SECOND: "It is the same.", FIRST: ""})
    assert "equivalent: a.f\n    - x = 1\n    + x = None\n  It is the same." in capsys.readouterr().out


def functions(module: ast.Module, name: str) -> Iterator[str]:
    """Yield the dotted names of a module's functions and methods."""
    for node in module.body:
        if isinstance(node, ast.ClassDef):
            yield from (f"{name}.{node.name}.{each.name}" for each in node.body if isinstance(each, ast.FunctionDef))
        elif isinstance(node, ast.FunctionDef):
            yield f"{name}.{node.name}"


@pytest.mark.parametrize("mutant", read_equivalent(EQUIVALENT), ids=lambda mutant: mutant.function)
def test_listed_mutants_belong_to_the_source_code(mutant: Mutant) -> None:
    """The function exists and has the changed lines. Remove a mutant from the list when its function changes."""
    parts = mutant.function.split(".")
    paths = [ROOT.joinpath("src", *parts[:end]).with_suffix(".py") for end in range(len(parts))]
    path = next(path for path in paths if path.is_file())
    text = path.read_text()
    assert mutant.function in functions(ast.parse(text), ".".join(path.relative_to(ROOT / "src").with_suffix("").parts))
    lines = [line.strip() for line in text.splitlines()]
    assert [line for line in mutant.diff if line.startswith("- ") and line[2:] not in lines] == []
    assert read_equivalent(EQUIVALENT)[mutant]

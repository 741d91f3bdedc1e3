"""Mutation tests of one part of the code, on a seeded sample of mutants.

Usage: python tools/mutants.py [--part evolution|statistics] [--count N] [--seed N]

mutmut generates the mutants and runs the tests in a copy of the repository. Exits with status 1 if a mutant survives
that `tools/equivalent_mutants.toml` does not explain.
"""

import argparse
import contextlib
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.mutation.file_mutation import mutate_file_contents
from mutmut.stats import status_by_exit_code
from mutmut.utils.format_utils import get_mutant_name, orig_function_and_class_names_from_key

ROOT = Path(__file__).resolve().parent.parent
EQUIVALENT = ROOT / "tools" / "equivalent_mutants.toml"
_COPIED = ("docs", "examples", "proto", "pyproject.toml", "src", "tests")
_TABLE = "[tool.mutmut]"
_KILLED = {"killed", "timeout", "segfault"}
_SURVIVED = {"survived", "no tests"}


@dataclass(frozen=True, kw_only=True)
class Part:
    """Part of the code: patterns of its source files, and its tests. Both are relative to the root."""

    sources: Sequence[str]
    tests: Sequence[str]


PARTS: Mapping[str, Part] = {
    "evolution": Part(
        sources=("src/clau_doom/domain/*", "src/clau_doom/evolution/*"),
        tests=("tests/unit/domain", "tests/unit/evolution", "tests/unit/wire"),
    ),
    "statistics": Part(
        sources=("src/clau_doom/statistics/*", "src/clau_doom/table_analysis/*", "src/clau_doom/analysis/*"),
        tests=("tests/unit/statistics", "tests/unit/table_analysis", "tests/unit/analysis", "tests/reference"),
    ),
}


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """Changed line of a function. The lines of `diff` start with - or +; they have no indentation."""

    function: str
    diff: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Sampled mutants, compared with the list of equivalent mutants."""

    killed: int
    equivalent: Sequence[Mutant]
    """Survivors in the list."""
    unexplained: Sequence[Mutant]
    """Survivors outside the list."""
    obsolete: Sequence[Mutant]
    """Mutants in the list that a test kills."""


def generate(root: Path, patterns: Iterable[str]) -> dict[str, Path]:
    """Return the source file of each mutant's name, relative to `root`."""
    paths = sorted(
        path.relative_to(root) for pattern in patterns for path in root.glob(pattern) if path.suffix == ".py"
    )
    mutants: dict[str, Path] = {}
    for path in paths:
        source = (root / path).read_text()
        mutants |= {get_mutant_name(path, name): path for name in mutate_file_contents(str(path), source).mutant_names}
    return mutants


def sample(names: Iterable[str], *, count: int, seed: int) -> list[str]:
    """Choose mutants by a hash of seed and name, so that a changed function replaces only its own mutants."""
    return sorted(names, key=lambda name: hashlib.sha256(f"{seed} {name}".encode()).digest())[:count]


def describe(name: str, diff: str) -> Mutant:
    """Identify a mutant by its function and changed lines, because mutmut's numbers change with the function."""
    function, class_name = orig_function_and_class_names_from_key(name)
    module = name.rpartition(".")[0]
    lines = (line for line in diff.splitlines() if line[:1] in {"-", "+"} and line[:3] not in {"---", "+++"})
    return Mutant(
        function=".".join(part for part in (module, class_name, function) if part),
        diff=tuple(f"{line[0]} {line[1:].strip()}" for line in lines),
    )


def read_equivalent(path: Path) -> dict[Mutant, str]:
    """Return the reason of each equivalent mutant in a file."""
    return {
        Mutant(function=each["function"], diff=tuple(each["diff"].splitlines())): each["reason"]
        for each in tomllib.loads(path.read_text()).get("mutant", [])
    }


def compare(tested: Sequence[tuple[Mutant, str]], equivalent: Iterable[Mutant]) -> Comparison:
    """Compare tested mutants, each with the status that mutmut reports, with the listed ones.

    A time-out kills a mutant that is not in the list. On a busy machine, tests of an equivalent mutant time out too.
    """
    listed = set(equivalent)
    killed = [each for each, status in tested if status in _KILLED and not (status == "timeout" and each in listed)]
    survivors = [each for each, status in tested if status in _SURVIVED or (status == "timeout" and each in listed)]
    return Comparison(
        killed=len(killed),
        equivalent=[each for each in survivors if each in listed],
        unexplained=[each for each in survivors if each not in listed],
        obsolete=[each for each in killed if each in listed and each not in survivors],
    )


def run_mutmut(folder: Path, mutants: Mapping[str, Path]) -> list[tuple[Mutant, str]]:
    """Run mutmut in a copy of the repository and return each mutant with its status."""
    mutmut = Path(sys.executable).with_name("mutmut")
    subprocess.run([mutmut, "run", "--max-children", "1", *mutants], cwd=folder, check=True)
    statuses: dict[str, str] = {}
    for path in set(mutants.values()):
        codes = json.loads((folder / "mutants" / f"{path}.meta").read_text())["exit_code_by_key"]
        statuses |= {name: status_by_exit_code[codes[name]] for name in mutants if name in codes}
    if unclear := set(statuses.values()) - _KILLED - _SURVIVED:
        sys.exit(f"mutmut did not finish: it reports {', '.join(sorted(unclear))}")
    with contextlib.chdir(folder):
        return [
            (describe(name, get_diff_for_mutant(name, path=path)), statuses[name]) for name, path in mutants.items()
        ]


def report(comparison: Comparison, reasons: Mapping[Mutant, str]) -> None:
    """Print the numbers, then the survivors with their diffs."""
    print(f"killed       {comparison.killed:5}")
    print(f"equivalent   {len(comparison.equivalent):5}")
    print(f"unexplained  {len(comparison.unexplained):5}")
    for mutant in comparison.equivalent:
        _print_mutant("equivalent", mutant, reasons[mutant])
    for mutant in comparison.unexplained:
        _print_mutant("unexplained", mutant, f"write a test, or add the mutant to {EQUIVALENT.relative_to(ROOT)}")
    for mutant in comparison.obsolete:
        _print_mutant("killed", mutant, f"remove the mutant from {EQUIVALENT.relative_to(ROOT)}")


def _print_mutant(status: str, mutant: Mutant, note: str) -> None:
    print(f"\n{status}: {mutant.function}", *(f"    {line}" for line in mutant.diff), f"  {note}", sep="\n")


def select(configuration: str, part: Part) -> str:
    """Return the text of pyproject.toml with the part's sources and tests for mutmut."""
    selected = (
        f"only_mutate = {json.dumps(part.sources)}\npytest_add_cli_args_test_selection = {json.dumps(part.tests)}"
    )
    return configuration.replace(_TABLE, f"{_TABLE}\n{selected}\n#", 1)


def _copy(target: Path) -> None:
    for name in _COPIED:
        if (source := ROOT / name).is_dir():
            shutil.copytree(source, target / name, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
        else:
            shutil.copy2(source, target / name)


def main() -> None:
    """Test a sample of mutants and exit with status 1 if one survives unexplained."""
    parser = argparse.ArgumentParser(description="Run mutation tests on a seeded sample of mutants.")
    parser.add_argument("--part", choices=[*PARTS], default="evolution", help="part of the code (default: evolution)")
    parser.add_argument("--count", type=int, default=300, help="number of mutants (default: 300)")
    parser.add_argument("--seed", type=int, default=1, help="seed of the sample (default: 1)")
    arguments = parser.parse_args()
    reasons = read_equivalent(EQUIVALENT)
    with tempfile.TemporaryDirectory(prefix="clau-doom-mutants-") as name:
        folder = Path(name)
        _copy(folder)
        part, configuration = PARTS[arguments.part], folder / "pyproject.toml"
        configuration.write_text(select(configuration.read_text(), part))
        with contextlib.chdir(folder):
            mutants = generate(folder, part.sources)
        sampled = sample(mutants, count=arguments.count, seed=arguments.seed)
        print(f"{len(sampled)} of {len(mutants)} mutants, seed {arguments.seed}", flush=True)
        comparison = compare(run_mutmut(folder, {name: mutants[name] for name in sampled}), reasons)
    report(comparison, reasons)
    sys.exit(bool(comparison.unexplained or comparison.obsolete))


if __name__ == "__main__":
    main()

"""Test that the folders and files of unit tests mirror those of the code."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "tests/unit"
CODE = (ROOT / "src/clau_doom", ROOT)
"""Folders that `tests/unit` mirrors: the package, and the top level for `bench`, `deploy`, `tools` and `validation`."""


def test_each_unit_test_file_has_the_name_of_its_module() -> None:
    """`tests/unit/a/test_b.py` tests a module, a package or a file with the stem `b` in `a`."""
    files = sorted(UNIT.rglob("test_*.py"))
    assert len(files) > 150
    assert [str(path.relative_to(ROOT)) for path in files if not _is_mirrored(path)] == []


def _is_mirrored(test: Path) -> bool:
    stem, folder = test.stem.removeprefix("test_"), test.parent.relative_to(UNIT)
    tested = (path for root in CODE if (root / folder).is_dir() for path in (root / folder).iterdir())
    return any(path.stem.strip("_") == stem for path in tested)

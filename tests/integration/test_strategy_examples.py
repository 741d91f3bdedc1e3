"""The examples in docstrings of strategies and in docs/strategies.md run."""

import doctest
import importlib
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

DOCUMENT = Path(__file__).parents[2] / "docs/strategies.md"
MODULES = (
    "clau_doom.api.ask_tell",
    "clau_doom.api.optimization",
    "clau_doom.api.search_space",
    "clau_doom.evolution.strategy",
    "clau_doom.testing.strategy_contract",
)


@pytest.mark.parametrize("name", MODULES)
def test_examples_of_docstrings(name: str) -> None:
    found = doctest.testmod(importlib.import_module(name))
    assert found.attempted > 0
    assert found.failed == 0


def test_examples_of_the_document(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first block is a module, which a later block imports and tests."""
    blocks = re.findall(r"^```python\n(.*?)^```", DOCUMENT.read_text(), re.DOTALL | re.MULTILINE)
    assert len(blocks) == 4
    (tmp_path / "hill.py").write_text(blocks[0])
    monkeypatch.syspath_prepend(str(tmp_path))
    for number, block in enumerate(blocks[1:]):
        module = ModuleType(f"block_{number}")
        monkeypatch.setitem(sys.modules, module.__name__, module)
        exec(compile(block, f"block {number}", "exec"), vars(module))
        if "test_contract" in vars(module):
            vars(module)["test_contract"]()
    shown = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"\{'x': 0\.\d+, 'n': 7, 'kind': '[ab]'\} -?\S+ 400", shown[0])
    assert re.fullmatch(r"\{'x': \S+, 'y': \S+\}", shown[1])

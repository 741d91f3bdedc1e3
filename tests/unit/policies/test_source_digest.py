"""Tests of source digests, which depend on code and not on prose or layout."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clau_doom.policies.source_digest import digest_sources, package_sources

CODE = '''
"""Module."""

from dataclasses import dataclass

LIMIT = 1_000
"""Attribute."""


@dataclass
class Point:
    """Class."""

    x: float = 0.5

    def scaled(self, factor, *, label="a\\u00e9"):
        """Function."""
        match factor:
            case 0:
                return None
            case [first, *rest]:
                return f"{first!r:>{LIMIT}} {rest}"
        return [each * factor for each in (self.x, -1, 2j, b"x", ...) if each is not None]  # comment


async def wait(queue):
    while (item := await queue.get()) <= LIMIT:
        pass
    return item
'''
GOLDEN = "cfdecea2a17e0c47827d7d04e49260661079bd6eeca037220092dff283810872"


def digest(folder: Path, source: str | bytes, name: str = "module") -> str:
    file = folder / "source.py"
    file.write_bytes(source.encode() if isinstance(source, str) else source)
    return digest_sources([(name, file)])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sources")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"""Module."""\n', ""),
        ('"""Module."""', '"""Another text, with `code`."""'),
        ('"""Attribute."""\n', ""),
        ('"""Attribute."""', "'Another'"),
        ('"""Class."""', '"""Another class."""\n    "and a second string"'),
        ('        """Function."""\n', ""),
        ("  # comment", ""),
        ("LIMIT = 1_000", "LIMIT    =  1000  # a thousand\n\n"),
        ('label="a\\u00e9"', "label='a\u00e9'"),
        ("        pass\n", '        """Nothing."""\n'),
    ],
)
def test_prose_and_layout_do_not_change_a_digest(folder: Path, old: str, new: str) -> None:
    assert old in CODE
    assert digest(folder, CODE.replace(old, new)) == digest(folder, CODE)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("1_000", "1_001"),
        ("0.5", "0.25"),
        ("case 0:", "case 0.0:"),
        ("case 0:", "case False:"),
        ("-1", "1"),
        ("2j", "2"),
        ('b"x"', '"x"'),
        ("each * factor", "each + factor"),
        ("<= LIMIT", "< LIMIT"),
        ("is not None", "is None"),
        ("(self.x, -1", "(-1, self.x"),
        ("self.x,", "self.y,"),
        ("def scaled", "def scale"),
        ("factor, *,", "factor,"),
        ("LIMIT", "BOUND"),
        ("*rest]", "rest]"),
        ("!r", "!s"),
        (":>{", ":<{"),
        ("await queue.get()", "queue.get()"),
        ("@dataclass\n", ""),
        ('label="a', 'label="b'),
        ("return None", "return"),
        ("    return item\n", ""),
    ],
)
def test_code_changes_a_digest(folder: Path, old: str, new: str) -> None:
    assert old in CODE
    assert digest(folder, CODE.replace(old, new)) != digest(folder, CODE)


@given(st.text(st.characters(blacklist_categories=["Cs", "Cc"], blacklist_characters='"\\')))
def test_random_docstrings_and_comments_do_not_change_a_digest(folder: Path, text: str) -> None:
    changed = CODE.replace("Function.", f"{text} ").replace("# comment", f"# {text}")
    assert digest(folder, changed) == digest(folder, CODE)


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text()
        | st.binary(),
        st.lists,
        max_leaves=5,
    ),
    st.integers(),
)
def test_value_and_list_of_the_value_differ(folder: Path, value: object, other: int) -> None:
    """A value and a list with this value have different digests."""
    assert digest(folder, f"x = {value!a}") != digest(folder, f"x = {[value, other]!a}")


def test_digest_equals_the_golden_value(folder: Path) -> None:
    """The digest is the same in every supported version of Python."""
    assert digest(folder, CODE) == GOLDEN


def test_invalid_python_is_digested_as_bytes(folder: Path) -> None:
    broken: list[str | bytes] = ["def", "def # comment", b"\x7fELF\0", b"\xff\xfe", "(" * 500, "x = '\\d'"]
    assert len({digest(folder, source) for source in broken}) == len(broken)


def test_deep_and_long_expressions_have_a_digest(folder: Path) -> None:
    long = "x = " + "+".join(["1"] * 900)
    assert digest(folder, long) != digest(folder, long + "+1")
    assert digest(folder, f"x = 0x1{'0' * 6000}") != digest(folder, f"x = 0x2{'0' * 6000}")


def test_module_name_is_part_of_the_digest(folder: Path) -> None:
    """Moved code has another digest."""
    assert digest(folder, CODE, "a") != digest(folder, CODE, "b")


def test_modules_of_a_package(tmp_path: Path) -> None:
    """Names are dotted, start with the package and are sorted."""
    inner = tmp_path / "outer" / "inner"
    inner.mkdir(parents=True)
    for file in (inner / "b.py", inner / "__init__.py", inner.parent / "a.py", inner / "data.txt"):
        file.touch()
    names = [name for name, _ in package_sources(inner.parent)]
    assert names == ["outer.a", "outer.inner.__init__", "outer.inner.b"]

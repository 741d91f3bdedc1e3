"""Digests of Python source code that ignore docstrings, comments and layout.

A module is parsed, and its syntax tree is written as a sequence of tokens. Positions, comments and statements without
effect (docstrings, other bare constants, `pass`) are left out. Empty fields are left out because newer versions of
Python add such fields. The digest of several modules covers the dotted name and the tokens of each module.
"""

import ast
import gc
import hashlib
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["digest_sources", "package_sources"]


def package_sources(package: Path) -> list[tuple[str, Path]]:
    """Return the dotted name and the file of each module in the folder of a package, sorted by name.

    Names start with the name of the folder.
    """
    files = package.rglob("*.py")
    return sorted((".".join(file.relative_to(package.parent).with_suffix("").parts), file) for file in files)


def digest_sources(sources: Iterable[tuple[str, Path]]) -> str:
    """Return the SHA-256 (hexadecimal) of modules, given as dotted names and files.

    Files that cannot be parsed, such as extension modules, are digested as bytes.
    """
    digest = hashlib.sha256()
    with _no_garbage_collection():
        for name, file in sources:
            digest.update(name.encode() + b"\0" + hashlib.sha256(_content(file.read_bytes())).digest())
    return digest.hexdigest()


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    # Syntax trees hold many objects and no cycles: collections would take a third of the time.
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _content(source: bytes) -> bytes:
    try:
        with warnings.catch_warnings(action="ignore"):
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return b"bytes\0" + source
    return b"tree\0" + "\0".join(_tokens(tree)).encode("utf-8", "surrogatepass")


def _tokens(tree: ast.AST) -> list[str]:
    # A loop instead of a recursion, because the tree of a long expression is deeply nested.
    tokens: list[str] = []
    stack: list[object] = [tree]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            tokens.append(item)
        elif isinstance(item, ast.Name):
            tokens += ("Name", item.id)
        elif isinstance(item, ast.Constant):
            tokens += ("Constant", _constant(item.value))
        elif isinstance(item, ast.AST):
            tokens += ("(", type(item).__name__)
            stack.append(")")
            _push_fields(item, stack)
        elif isinstance(item, list):
            tokens.append("[")
            stack.append("]")
            stack += item
        else:
            tokens.append(str(item))
    return tokens


def _push_fields(node: ast.AST, stack: list[object]) -> None:
    for field in type(node)._fields:
        value = getattr(node, field, None)
        if isinstance(value, list):
            value = [each for each in value if not _without_effect(each)]
        if value is not None and value != [] and field != "ctx":  # the context follows from the position in the tree
            stack += (value, field)


def _constant(value: object) -> str:
    # Python limits the decimal digits of integers, and repr() depends on the version of Unicode.
    text = f"{value:x}" if type(value) is int else ascii(value)
    return f"{type(value).__name__}:{text}"


def _without_effect(node: object) -> bool:
    return isinstance(node, ast.Pass) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))

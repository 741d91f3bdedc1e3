"""Checker of prose: unclear wording in documentation and source code, and long lines in Markdown.

Usage: python tools/check_text.py [--places N] [ROOT]

Exits with status 1 when a pattern is above its limit or a Markdown line is too long.
"""

import argparse
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MARKDOWN_WIDTH = 120
_TOP_LEVEL = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")
_SOURCE_SUFFIXES = {".py", ".js", ".j2"}
_NOT_OURS = {"protos", "vendor"}  # generated and vendored source code


@dataclass(frozen=True, kw_only=True)
class Pattern:
    """Wording to avoid, with its limit in hits per 10,000 lines."""

    name: str
    expression: re.Pattern[str]
    limit: float


@dataclass(frozen=True, kw_only=True)
class Line:
    """Line of a checked file. `number` starts at 1."""

    path: Path
    number: int
    text: str


PATTERNS = (
    Pattern(
        name="vague actors and old words",
        expression=re.compile(r"\b(?:(?:no|some)body|nobody's|who(?:so)?ever|meanwhile|beside|whose doing)\b"),
        limit=4,
    ),
    Pattern(
        name='"is no X" for "is not an X"',
        expression=re.compile(r"\b(?:is|are|was|were) (?:none|no [a-z]+)\b"),
        limit=17,
    ),
    Pattern(name="programs that tell", expression=re.compile(r"\b(?:tells|told)\b"), limit=3),
    Pattern(name='"comes to"', expression=re.compile(r"\b(?:came|comes?) to\b"), limit=2),
    Pattern(
        name="clause in place of a noun",
        expression=re.compile(
            r'(?:^|[.:#"] )(?:Wh(?:at|ose|o|ere)|How) [a-z]+ (?:is|are|was|were|has|have|comes?|stands?|does)\b'
        ),
        limit=2,
    ),
    Pattern(
        name="entry that repeats its name",
        expression=re.compile(r"^\s+(\w+): (?:The|An?) \1\.$"),
        limit=10,
    ),
)


def main() -> int:
    """Print the rate of each pattern and the offending places, and return the exit status."""
    parser = argparse.ArgumentParser(description="Check the wording of prose and the width of Markdown lines.")
    parser.add_argument("root", nargs="?", type=Path, default=Path())
    parser.add_argument("--places", type=int, default=5, help="places to print for a pattern above its limit")
    arguments = parser.parse_args()
    lines = [*_checked_lines(arguments.root)]
    failed = False
    for pattern in PATTERNS:
        hits = [line for line in lines if pattern.expression.search(line.text)]
        rate = 10_000 * len(hits) / max(len(lines), 1)
        above = rate > pattern.limit
        failed |= above
        print(f"{'FAIL' if above else 'ok':4} {rate:6.1f} (limit {pattern.limit}) per 10,000 lines: {pattern.name}")
        if above:
            _print_places(hits[: arguments.places], arguments.root)
    long = [line for path in _markdown(arguments.root) for line in long_lines(path)]
    print(f"{'FAIL' if long else 'ok':4} {len(long)} Markdown lines of more than {MARKDOWN_WIDTH} characters")
    _print_places(long[: arguments.places], arguments.root)
    return int(failed or bool(long))


def long_lines(path: Path) -> list[Line]:
    """Return the lines of a Markdown file that are too long. Tables, code and lines with links are exempt."""
    found, fence = [], ""
    for line in _lines(path):
        stripped = line.text.lstrip()
        marker = re.match(r"`{3,}|~{3,}", stripped)
        if marker and not fence:
            fence = marker[0]
        elif fence:
            if stripped.startswith(fence):
                fence = ""
        elif len(line.text) > MARKDOWN_WIDTH and not stripped.startswith("|") and not _has_link(line.text):
            found.append(line)
    return found


def _has_link(text: str) -> bool:
    return bool(re.search(r"\]\(|https?://|^\[[^\]]+\]: ", text))


def _checked_lines(root: Path) -> Iterator[Line]:
    for path in _markdown(root):
        yield from _lines(path)
    for path in sorted((root / "src").rglob("*")):
        if path.suffix in _SOURCE_SUFFIXES and not _NOT_OURS & {*path.parts}:
            yield from _lines(path)


def _markdown(root: Path) -> list[Path]:
    top_level = [root / name for name in _TOP_LEVEL if (root / name).exists()]
    return top_level + sorted((root / "docs").rglob("*.md"))


def _lines(path: Path) -> list[Line]:
    text = path.read_text(encoding="utf-8", errors="replace")
    return [Line(path=path, number=number, text=line) for number, line in enumerate(text.splitlines(), 1)]


def _print_places(lines: list[Line], root: Path) -> None:
    for line in lines:
        print(f"       {line.path.relative_to(root)}:{line.number}: {line.text.strip()[:110]}")


if __name__ == "__main__":
    sys.exit(main())

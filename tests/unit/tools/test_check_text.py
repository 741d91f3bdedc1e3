from pathlib import Path

import pytest

from tools.check_text import PATTERNS, long_lines


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("vague actors and old words", "so that nobody waits"),
        ('"is no X" for "is not an X"', "the file is none of ours"),
        ("programs that tell", "the log tells the reason"),
        ('"comes to"', "the total comes to 5"),
        ("clause in place of a noun", "# What agents are"),
        ("entry that repeats its name", "        seed: The seed."),
    ],
)
def test_each_pattern_finds_its_wording(name: str, text: str) -> None:
    assert [each.name for each in PATTERNS if each.expression.search(text)] == [name]


def test_plain_wording_matches_no_pattern() -> None:
    text = "The worker retries the episode. It is not an error."
    assert not [each.name for each in PATTERNS if each.expression.search(text)]


def test_only_long_prose_lines_are_reported(tmp_path: Path) -> None:
    """Tables, links and code are exempt, and prose after a code block is checked again."""
    file, long = tmp_path / "page.md", "x" * 121
    file.write_text(f"{long}\n| {long} |\n[a](b) {long}\n```\n{long}\n```\n{long}\n{'x' * 120}\n")
    assert [line.number for line in long_lines(file)] == [1, 7]

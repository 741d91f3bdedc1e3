"""Tests of errors, exit codes and output streams."""

import io
import itertools
import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from rich.console import Group
from rich.table import Table
from rich.text import Text

from clau_doom import __version__
from clau_doom.cli.console import (
    LOG_MESSAGES,
    ExitCode,
    data_console,
    print_json,
    print_message,
    progress_console,
    report_error,
)
from clau_doom.errors import ConfigError, ExperimentFailed, GenerationFailed, PolicyFailed, StrategyFailed, UsageError
from clau_doom.logs import configure_logs

Run = Callable[..., Any]


def chained(*errors: Exception) -> Exception:
    for outer, inner in itertools.pairwise(errors):
        outer.__cause__ = inner
    return errors[0]


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (ConfigError("no such field: 'sed'"), 2, "error: no such field: 'sed'\n"),
        (
            chained(ExperimentFailed("experiment x failed"), GenerationFailed("generation 3 failed"), OSError("gone")),
            1,
            "error: experiment x failed: generation 3 failed: gone\n",
        ),
        (ExceptionGroup("two", [PolicyFailed("one"), PolicyFailed("other")]), 1, "error: one; other\n"),
        (ExceptionGroup("two", [ConfigError("one"), ConfigError("other")]), 2, "error: one; other\n"),
        (KeyboardInterrupt(), 130, "interrupted\n"),
    ],
)
def test_error_is_one_line_with_an_exit_code(
    error: BaseException, code: int, text: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """Each error class has its exit code, and its chain of causes is one line on stderr."""
    assert report_error(error) == code
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", text)


def test_error_of_a_strategy_is_printed_with_its_traceback(capfd: pytest.CaptureFixture[str]) -> None:
    """The traceback of the user's code is before the line with the reason."""
    failed = StrategyFailed("strategy a:B: ValueError: no", traceback="Traceback:\n  in _tell\nValueError: no")
    assert report_error(chained(ExperimentFailed("experiment x failed"), failed)) is ExitCode.FAILED
    text = capfd.readouterr().err
    assert text == (
        "Traceback:\n  in _tell\nValueError: no\nerror: experiment x failed: strategy a:B: ValueError: no\n"
    )


def test_unexpected_error_is_reported_as_internal(capfd: pytest.CaptureFixture[str]) -> None:
    """The message has the error's type and the option for details, but no traceback."""
    assert report_error(ExceptionGroup("mixed", [ConfigError("one"), ZeroDivisionError("two")])) is ExitCode.FAILED
    text = capfd.readouterr().err
    assert text.startswith("internal error: ExceptionGroup: one; two\nhint: ")
    assert "--debug" in text
    assert "Traceback" not in text


def test_debug_prints_the_traceback(capfd: pytest.CaptureFixture[str]) -> None:
    """With `--debug`, the traceback precedes the line."""
    report_error(ZeroDivisionError("two"), debug=True)
    lines = capfd.readouterr().err.splitlines()
    assert lines[0] == "ZeroDivisionError: two"
    assert lines[-1] == "internal error: ZeroDivisionError: two"


def test_brackets_of_a_message_are_literal(capfd: pytest.CaptureFixture[str]) -> None:
    """Brackets in a message are not read as markup, and long messages are one line."""
    report_error(ConfigError("[red]x[/red] " + "y" * 300))
    assert capfd.readouterr().err == "error: [red]x[/red] " + "y" * 300 + "\n"


def test_json_is_strict(capfd: pytest.CaptureFixture[str]) -> None:
    """A document begins with its schema version, and values that JSON lacks are refused."""
    print_json({"a": "ö"})
    assert capfd.readouterr().out == '{\n  "schema_version": 1,\n  "a": "ö"\n}\n'
    with pytest.raises(ValueError, match="not JSON compliant"):
        print_json({"a": float("nan")})


def test_no_colour_outside_a_terminal(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe has no escape codes and lines of more than 80 columns. `NO_COLOR` also applies to terminals."""
    data_console().print("x" * 150, style="red")
    assert capfd.readouterr().out == "x" * 150 + "\n"
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("FORCE_COLOR", "1")
    data_console().print("x", style="red")
    assert "31m" not in capfd.readouterr().out


def test_usage_error_exits_with_2(run: Run) -> None:
    for arguments in (("nosuch",), ("status", "--nosuch"), ("agent", "show")):
        done = run(*arguments)
        assert (done.code, done.out) == (2, "")


def test_version_and_help_of_every_command(run: Run) -> None:
    """`--version` and every command's `--help` work, and the help describes the program."""
    assert run("--version").out == f"clau-doom {__version__}\n"
    assert "Evolutionary AI agent experimentation platform" in run("--help").out
    for command in ("run", "status", "analyze", "scenarios", "doctor", "agent list", "agent show"):
        done = run(*command.split(), "--help")
        assert done.code == 0
        assert "--output-dir" in done.out or command == "scenarios"


def test_shell_completion_is_offered(run: Run) -> None:
    """The root command can install completion for the shell."""
    assert "--install-completion" in run("--help").out


def test_module_is_the_command() -> None:
    """`python -m clau_doom` is the command."""
    module = subprocess.run(
        [sys.executable, "-m", "clau_doom", "--version"], capture_output=True, text=True, check=True
    )
    assert module.stdout == f"clau-doom {__version__}\n"


OUTSIDE = "a[/b]\x1b]0;x\x9c\u202e :smile: [red]"
SHOWN = r"a[/b]\x1b]0;x\x9c\u202e :smile: [red]"


def test_untrusted_text_is_literal(capfd: pytest.CaptureFixture[str]) -> None:
    """No text in lines, cells, headings and titles is markup or controls the terminal."""
    table = Table(OUTSIDE, title=OUTSIDE)
    table.add_row(Text(OUTSIDE, "bold"))
    table.add_row(OUTSIDE)
    console = data_console()
    console.print(OUTSIDE)
    console.print(Group(OUTSIDE, Text(OUTSIDE)))
    console.print(table)
    out = capfd.readouterr().out
    assert out.count(SHOWN) == 7
    assert "\x1b" not in out


def test_control_characters_in_json_are_escaped(capfd: pytest.CaptureFixture[str]) -> None:
    """Control and invisible characters are escape sequences of JSON."""
    print_json({"name": OUTSIDE + "é\udcff"})
    out = capfd.readouterr().out
    assert json.loads(out)["name"] == OUTSIDE + "é\udcff"
    assert "é" in out
    assert not {"\x1b", "\x9c", "\u202e", "\udcff"} & set(out)


def test_long_errors_are_shortened(capfd: pytest.CaptureFixture[str]) -> None:
    """A value of a million characters, or a million words, is not echoed."""
    report_error(ConfigError(f"{'a' * 1_000_000!r} is not a number"))
    report_error(ConfigError("many " * 1_000_000))
    first, second = capfd.readouterr().err.splitlines()
    assert first.startswith("error: 'aaa")
    assert first.endswith("(1,000,002 characters) is not a number")
    assert len(first) < 300
    assert len(second) < 20_100


def test_messages_share_one_console() -> None:
    """Messages of different modules appear above one live display, even if it replaces stderr."""
    console = progress_console()
    assert progress_console() is console


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["run", "--nope"], "error: No such option: --nope (Possible options: --name): see clau-doom run --help\n"),
        (["\x1b[2J"], "error: No such command '\\x1b[2J': see clau-doom --help\n"),
        (["replay"], "error: Missing argument 'AGENT': see clau-doom replay --help\n"),
    ],
)
def test_invalid_arguments_are_an_error_on_one_line(run: Run, words: list[str], complaint: str) -> None:
    """Wrong options and arguments are reported like other mistakes of the user."""
    done = run(*words)
    assert (done.code, done.out, done.err) == (2, "", complaint)


def test_group_without_subcommand_prints_help(run: Run) -> None:
    """The group's help is printed, and no error."""
    done = run("agent")
    assert (done.code, done.err) == (2, "")
    assert "inject" in done.out


def test_error_contains_no_password(capfd: pytest.CaptureFixture[str]) -> None:
    """A URL in an error of clau-doom or a library has no user and password."""
    report_error(chained(ExperimentFailed("no bus"), OSError("cannot reach nats://alice:S3/CRET@h:1")))
    assert capfd.readouterr().err == "error: no bus: cannot reach nats://[redacted]@h:1\n"


def test_messages_are_json_records_with_json_logs(capfd: pytest.CaptureFixture[str]) -> None:
    """Each message and error is one object on a line, with its level and without the prefix."""
    stream = io.StringIO()
    configure_logs(stream, json=True)
    kept = LOG_MESSAGES.set(True)
    try:
        print_message(Text("SIGTERM: two\nlines"), "warning")
        assert report_error(UsageError("no such thing")) == 2
        assert report_error(ValueError("oops"), debug=True) == 1
    finally:
        LOG_MESSAGES.reset(kept)
        configure_logs(io.StringIO(), json=False)
    assert capfd.readouterr().err == ""
    records = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [(record["level"], record["event"]) for record in records] == [
        ("warning", "SIGTERM: two\nlines"),
        ("error", "no such thing"),
        ("error", "the command failed"),
        ("error", "internal error: ValueError: oops"),
    ]
    assert "Traceback" not in records[1].get("exception", "")
    assert "ValueError" in records[2]["exception"]

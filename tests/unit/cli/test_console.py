"""Errors, exit codes, and what goes where."""

import itertools
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from clau_doom import __version__
from clau_doom.cli.console import ExitCode, data_console, print_json, report_error
from clau_doom.errors import ConfigError, ExperimentFailed, GenerationFailed, PolicyFailed

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
def test_errors_are_one_line_and_a_code(
    error: BaseException, code: int, text: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """Each kind of error has its exit code; its chain of causes is one line on stderr."""
    assert report_error(error) == code
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", text)


def test_the_unexpected_is_called_a_bug(capfd: pytest.CaptureFixture[str]) -> None:
    """An error that nobody planned names its type and how to see more, and shows no traceback."""
    assert report_error(ExceptionGroup("mixed", [ConfigError("one"), ZeroDivisionError("two")])) is ExitCode.FAILED
    text = capfd.readouterr().err
    assert text.startswith("internal error: ExceptionGroup: one; two\nhint: ")
    assert "--debug" in text
    assert "Traceback" not in text


def test_debug_prints_the_traceback(capfd: pytest.CaptureFixture[str]) -> None:
    """With `--debug`, the traceback comes before the line."""
    report_error(ZeroDivisionError("two"), debug=True)
    lines = capfd.readouterr().err.splitlines()
    assert lines[0] == "ZeroDivisionError: two"
    assert lines[-1] == "internal error: ZeroDivisionError: two"


def test_text_in_brackets_is_text(capfd: pytest.CaptureFixture[str]) -> None:
    """What a message holds in brackets is not taken for markup, and long messages stay on one line."""
    report_error(ConfigError("[red]x[/red] " + "y" * 300))
    assert capfd.readouterr().err == "error: [red]x[/red] " + "y" * 300 + "\n"


def test_json_is_strict(capfd: pytest.CaptureFixture[str]) -> None:
    """A document begins with its schema version; what JSON has no word for is refused."""
    print_json({"a": "ö"})
    assert capfd.readouterr().out == '{\n  "schema_version": 1,\n  "a": "ö"\n}\n'
    with pytest.raises(ValueError, match="not JSON compliant"):
        print_json({"a": float("nan")})


def test_no_colour_off_a_terminal(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe gets no escape codes, and lines of more than 80 columns; `NO_COLOR` holds for terminals, too."""
    data_console().print("x" * 150, style="red")
    assert capfd.readouterr().out == "x" * 150 + "\n"
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("FORCE_COLOR", "1")
    data_console().print("x", style="red")
    assert "31m" not in capfd.readouterr().out


def test_bad_usage_is_2(run: Run) -> None:
    """An unknown command or option is bad usage, and nothing is on stdout."""
    for arguments in (("nosuch",), ("status", "--nosuch"), ("agent", "show")):
        done = run(*arguments)
        assert (done.code, done.out) == (2, "")


def test_version_and_help(run: Run) -> None:
    """`--version` and every command's `--help` work; the help says what this is."""
    assert run("--version").out == f"clau-doom {__version__}\n"
    assert "Evolutionary AI agent experimentation platform" in run("--help").out
    for command in ("run", "status", "analyze", "scenarios", "doctor", "agent list", "agent show"):
        done = run(*command.split(), "--help")
        assert done.code == 0
        assert "--output-dir" in done.out or command == "scenarios"


def test_shell_completion_is_offered(run: Run) -> None:
    """The root command can install completion for the shell."""
    assert "--install-completion" in run("--help").out


def test_the_module_is_the_command_and_imports_nothing_heavy() -> None:
    """`python -m clau_doom --version` answers without importing the engine, the statistics, the plots or NumPy."""
    code = (
        "import sys; from clau_doom.cli import run_command; status = run_command(['--help']);"
        "heavy = {'vizdoom', 'scipy', 'matplotlib', 'numpy', 'pydantic'} & set(sys.modules);"
        "sys.exit(f'imported {heavy}' if heavy or status else 0)"
    )
    light = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert light.returncode == 0, light.stderr
    module = subprocess.run(
        [sys.executable, "-m", "clau_doom", "--version"], capture_output=True, text=True, check=True
    )
    assert module.stdout == f"clau-doom {__version__}\n"

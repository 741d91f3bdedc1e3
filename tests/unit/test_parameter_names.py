"""Tests of the names of parameters in messages."""

import threading

from clau_doom.parameter_names import argument, form_for, option_names, parameter


def test_python_is_the_default() -> None:
    assert parameter("output_dir") == "output_dir=..."
    assert parameter("margin", option="equivalence", metavar="MARGIN") == "margin=..."
    assert argument("force", value=True) == "force=True"
    assert argument("where", "kills > 1") == "where='kills > 1'"
    assert argument("trust", ["a:B", "host:1"]) == "trust=['a:B', 'host:1']"
    assert form_for(command_line="clau-doom run --resume a", python="cd.resume('a')") == "cd.resume('a')"


def test_options_replace_arguments_within_a_command() -> None:
    with option_names():
        assert parameter("output_dir") == "--output-dir"
        assert parameter("margin", option="equivalence", metavar="MARGIN") == "--equivalence MARGIN"
        assert argument("force", value=True) == "--force"
        assert argument("skip_rows", 1) == "--skip-rows 1"
        assert argument("trust", ["a:B", "host:1"]) == "--trust a:B --trust host:1"
        assert form_for(command_line="clau-doom run --resume a", python="cd.resume('a')") == "clau-doom run --resume a"
    assert parameter("output_dir") == "output_dir=..."


def test_values_of_options_are_quoted_for_a_shell() -> None:
    with option_names():
        assert argument("where", '`x` != "inf"') == """--where '`x` != "inf"'"""


def test_threads_of_a_command_name_options_too() -> None:
    """An error of a worker thread has the form of the command."""
    found: list[str] = []
    with option_names():
        thread = threading.Thread(target=lambda: found.append(parameter("trust")))
        thread.start()
        thread.join()
    assert found == ["--trust"]


def test_the_form_is_restored_after_an_error() -> None:
    try:
        with option_names():
            raise KeyError
    except KeyError:
        pass
    assert parameter("trust") == "trust=..."

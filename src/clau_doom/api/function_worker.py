"""Process that evaluates a function of the user, for `optimization`.

Usage: python -m clau_doom.api.function_worker

Both directions of the standard streams carry one JSON object a line. The first line names the function and the module
path. Each later line has the values of one candidate. Output of the function goes to standard error. The process ends
when its input ends. Nothing is pickled.
"""

import importlib
import json
import os
import sys
from collections.abc import Callable
from typing import Any, TextIO

from clau_doom.error_description import error_text
from clau_doom.user_traceback import user_traceback

__all__ = ["call_function", "serve"]


def call_function(function: Callable[[dict[str, Any]], Any], values: dict[str, Any]) -> dict[str, Any]:
    """Return ``{"value": number}`` of a call, or ``{"error": text, "traceback": text}``."""
    try:
        return {"value": float(function(values))}
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return failure(error)


def failure(error: BaseException) -> dict[str, Any]:
    """Return the description of an error."""
    return {"error": f"{type(error).__name__}: {error_text(error)}", "traceback": user_traceback(error)}


def serve(requests: TextIO, answers: TextIO) -> None:
    """Answer requests until they end."""
    function: Callable[[dict[str, Any]], Any] | None = None
    for line in requests:
        request = json.loads(line)
        if function is None:
            answer, function = _begin(request)
        else:
            answer = call_function(function, request)
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _begin(request: dict[str, Any]) -> tuple[dict[str, Any], Callable[[dict[str, Any]], Any] | None]:
    sys.path[:] = request["path"]
    module, _, name = request["target"].partition(":")
    try:
        return {}, getattr(importlib.import_module(module), name)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return failure(error), None


def main() -> None:
    """Serve the standard streams. Prints of the function go to standard error."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    serve(sys.stdin, answers)


if __name__ == "__main__":
    main()

"""Evaluation of a user's function on several candidates at once, in threads or in processes."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, Literal, Self

from clau_doom.api.function_worker import failure
from clau_doom.api.importable_objects import target_of
from clau_doom.errors import FunctionFailed

__all__ = ["Executor", "Function", "FunctionPool"]

Function = Callable[[dict[str, Any]], float]
"""Function of the values of the genes by name."""
Executor = Literal["threads", "processes"]
Outcome = dict[str, Any]
"""``{"value": number}``, or ``{"error": text, "traceback": text}``, in threads with the ``exception``."""


class FunctionPool:
    """Threads that evaluate a function. With processes, each thread has a process of its own.

    A process imports the function by name. It is replaced if it ends during an evaluation.
    """

    def __init__(self, function: Function, workers: int, executor: Executor) -> None:
        """Prepare a pool. With processes, the function must be importable by name.

        Raises:
            ConfigError: Processes cannot import the function.
        """
        self._function = function
        self._target = target_of(function) if executor == "processes" else None
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="clau-doom-optimize")
        self._local = threading.local()
        self._processes: set[_FunctionProcess] = set()
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the threads after their current evaluation. Processes end at once."""
        with self._lock:
            running = [*self._processes]
        for process in running:
            process.kill()
        self._threads.shutdown(wait=True, cancel_futures=True)
        for process in self._processes:
            process.close()

    def evaluate(self, candidates: Sequence[dict[str, Any]]) -> list[Outcome]:
        """Return the outcome of each candidate, in their order.

        Raises:
            FunctionFailed: A process cannot import the function.
        """
        call = self._in_process if self._target else self._here
        return [*self._threads.map(call, map(dict, candidates))]

    def _here(self, values: dict[str, Any]) -> Outcome:
        try:
            return {"value": float(self._function(values))}
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            return {**failure(error), "exception": error}

    def _in_process(self, values: dict[str, Any]) -> Outcome:
        process: _FunctionProcess | None = getattr(self._local, "process", None)
        if process is None:
            assert self._target is not None
            process = self._local.process = _FunctionProcess(self._target)
            with self._lock:
                self._processes.add(process)
            process.begin()
        outcome = process.ask(values)
        if process.ended:
            self._local.process = None
            with self._lock:
                self._processes.discard(process)
            process.close()
        return outcome


class _FunctionProcess:
    """One process with the function; see `function_worker`."""

    def __init__(self, target: str) -> None:
        self.ended = False
        """Whether the process has ended."""
        self._target = target
        command = [sys.executable, "-m", "clau_doom.api.function_worker"]
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8", process_group=0
        )

    def begin(self) -> None:
        """Import the function.

        Raises:
            FunctionFailed: The import fails.
        """
        answer = self.ask({"target": self._target, "path": sys.path})
        if "error" in answer:
            raise FunctionFailed(
                f"a process cannot import {self._target}: {answer['error']}", traceback=answer.get("traceback", "")
            )

    def ask(self, request: dict[str, Any]) -> Outcome:
        """Send a request, and return the answer; an error if the process ends before."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except OSError:
            line = ""
        if line:
            answer: Outcome = json.loads(line)
            return answer
        self.ended = True
        return {"error": f"its process ended with status {self._process.wait()}", "traceback": ""}

    def kill(self) -> None:
        """End the process. A thread that waits for an answer receives an error."""
        self._process.kill()

    def close(self) -> None:
        """End the process, and close its streams."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()

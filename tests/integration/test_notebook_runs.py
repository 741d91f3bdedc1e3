"""Runs of the library in a real kernel of Jupyter."""

import queue
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_client.manager import KernelManager
from nbclient import NotebookClient

import clau_doom as cd
from clau_doom.domain.experiment import ExperimentState

pytestmark = [
    pytest.mark.engine,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # of the kernel's packages
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

CONFIG = """
import clau_doom as cd
config = dict(
    name="tiny", generations=2, population=4, episodes=1, scenario={"timeout": 200},
    holdout={"validation": 1, "episodes": 2}, execution={"workers": 1},
)
"""
LONGER = "generations=6, episodes=2, scenario={'timeout': 700}"
"""The run takes some seconds after its first generation, in which the test interrupts it."""
_SECONDS = 120.0


@pytest.fixture(autouse=True)
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CLAU_DOOM_OUTPUT_DIR", raising=False)
    return tmp_path


def executed(*sources: str) -> list[Any]:
    """Execute cells as nbconvert does, and return the cells with their outputs."""
    cells = [nbformat.v4.new_code_cell(source) for source in sources]  # type: ignore[no-untyped-call]
    notebook = nbformat.v4.new_notebook(cells=cells)  # type: ignore[no-untyped-call]
    NotebookClient(notebook, timeout=int(_SECONDS), kernel_name="python3", allow_errors=True).execute()
    return list(notebook.cells)


def test_run_shows_its_progress_and_its_result() -> None:
    """The display is one output with HTML, which has the generations at the end."""
    cells = executed(CONFIG, "cd.run(config)", "class Mine: pass\ncd.run(config, name='mine', policy=Mine)")
    (display,) = [output for output in cells[1].outputs if output.output_type == "display_data"]
    lines = display.data["text/plain"].splitlines()
    assert sum(line.startswith("generation ") for line in lines) == 2
    assert display.data["text/html"].startswith("<div>")
    (result,) = [output for output in cells[1].outputs if output.output_type == "execute_result"]
    assert "completed" in result.data["text/html"]
    assert cd.open("tiny").status.state is ExperimentState.COMPLETED
    (error,) = [output for output in cells[2].outputs if output.output_type == "error"]
    assert "begin its cell with %%writefile my_policy.py" in error.evalue


def test_policy_written_in_a_cell_and_start_with_await() -> None:
    """A cell may use `await`, and workers import the policy from the folder of the notebook."""
    cells = executed(
        CONFIG,
        "%%writefile my_policy.py\nfrom clau_doom.policies import RulesPolicy\nclass Mine(RulesPolicy): pass",
        "from my_policy import Mine\n"
        "async with cd.start(config, policy=Mine) as run:\n"
        "    kinds = [type(recorded.event).__name__ async for recorded in run.events()]\n"
        "print(kinds[-1], run.experiment.config.policy.target)",
    )
    assert cells[2].outputs[-1].text == "ExperimentCompleted my_policy:Mine\n"


def test_text_of_an_analysis_is_returned_and_not_displayed() -> None:
    """In a notebook, the library rich displays text by itself, unless that is turned off."""
    cells = executed(
        CONFIG, "cd.run(config, progress=False)", "text = cd.open('tiny').analyze().text('generations')\nprint(text)"
    )
    (printed,) = cells[2].outputs
    assert printed.output_type == "stream"
    assert "Fitness by generation" in printed.text


class Kernel:
    """A kernel that a test controls message by message, as the notebook in a browser does."""

    def __init__(self, manager: KernelManager) -> None:
        self._manager = manager
        self._client = manager.blocking_client()
        self._client.start_channels()
        self._client.wait_for_ready(timeout=_SECONDS)

    def execute(self, code: str, on_output: Callable[[str], None] = lambda _: None) -> dict[str, Any]:
        """Execute a cell, pass the text of each output to a function, and return the reply."""
        request = self._client.execute(code)
        end = time.monotonic() + _SECONDS
        while True:
            assert time.monotonic() < end
            try:
                message = self._client.get_iopub_msg(timeout=1.0)
            except queue.Empty:
                continue
            if message["parent_header"].get("msg_id") != request:
                continue
            content = message["content"]
            if message["msg_type"] == "status" and content["execution_state"] == "idle":
                break
            on_output(content.get("text") or content.get("data", {}).get("text/plain", ""))
        while (reply := self._client.get_shell_msg(timeout=_SECONDS))["parent_header"].get("msg_id") != request:
            pass  # an answer to an earlier request
        return dict(reply["content"])

    def interrupt(self) -> None:
        """Do what the stop button does."""
        self._manager.interrupt_kernel()

    def close(self) -> None:
        """End the kernel."""
        self._client.stop_channels()
        self._manager.shutdown_kernel(now=True)


@pytest.fixture
def kernel() -> Iterator[Kernel]:
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel()
    started = Kernel(manager)
    try:
        yield started
    finally:
        started.close()


def test_stop_button_interrupts_the_run_which_is_resumed(kernel: Kernel) -> None:
    """The kernel keeps running, and the history is that of an undisturbed run."""
    assert kernel.execute(CONFIG)["status"] == "ok"
    interrupted: list[str] = []

    def stop_once(text: str) -> None:
        if not interrupted and re.search("^generation +0 .*best", text, re.MULTILINE):
            interrupted.append(text)
            kernel.interrupt()

    reply = kernel.execute(f"cd.run(config, {LONGER})", stop_once)
    assert (reply["status"], reply["ename"]) == ("error", "KeyboardInterrupt")
    assert "continue with cd.resume('tiny')" in reply["evalue"]
    status = cd.open("tiny").status
    assert (status.state, status.reason) == (ExperimentState.INTERRUPTED, "Ctrl-C")
    assert status.generations_finished < 6
    assert kernel.execute(f"cd.resume('tiny'); cd.run(config, name='whole', {LONGER})")["status"] == "ok"
    assert cd.open("tiny").status.generations_finished == 6
    assert cd.open("tiny").status.history_sha256 == cd.open("whole").status.history_sha256

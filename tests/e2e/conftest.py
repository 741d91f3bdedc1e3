"""Fixtures that run the real command in separate folders."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.support.waiting import wait_until

ROOT = Path(__file__).parents[2]


class Service:
    """A real `clau-doom serve` on a folder, killed and started again at will."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.address = ""
        self.page = ""
        self.login = ""
        self.metrics = ""
        self._process: subprocess.Popen[bytes] | None = None
        self._begun: list[subprocess.Popen[str]] = []

    @property
    def log(self) -> Path:
        return self.folder / "serve.log"

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "clau_doom", *words]

    def environment(self, **extra: str) -> dict[str, str]:
        kept = {key: value for key, value in os.environ.items() if not key.startswith("CLAU_DOOM_")}
        return {**kept, **extra}

    def start(self, *words: str, web_port: str = "0") -> None:
        """Start the server on free ports, and wait until it serves."""
        before = self.log.read_text() if self.log.exists() else ""
        environment = self.environment(CLAU_DOOM_METRICS_PORT="0", CLAU_DOOM_WEB_PORT=web_port)
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                self.command("serve", "--port", "0", *words),
                cwd=self.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        self.until(lambda: '"event": "serving"' in self.log.read_text()[len(before) :], seconds=60.0)
        lines = self.log.read_text()[len(before) :].splitlines()
        places = next(json.loads(line) for line in lines if '"event": "serving"' in line)
        self.address, self.page = places["grpc"], places["web"]
        self.login = Path(places["login_file"]).read_text().strip()
        self.metrics = f"http://{places['metrics']}"

    def stop(self, sign: signal.Signals) -> int:
        """Send a signal and return the exit code."""
        assert self._process is not None
        self._process.send_signal(sign)
        return self._process.wait(30)

    def end(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        for process in self._begun:
            with process:
                process.kill()

    def run(self, *words: str, local: bool = False, **extra: str) -> "subprocess.CompletedProcess[str]":
        """Run a command with the server's address, or without it for `local`."""
        environment = self.environment(**({} if local else {"CLAU_DOOM_SERVER": self.address}), **extra)
        return subprocess.run(
            self.command(*words),
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )

    def begin(self, *words: str) -> "subprocess.Popen[str]":
        """Start a command with the server's address."""
        process = subprocess.Popen(
            self.command(*words),
            cwd=self.folder,
            env=self.environment(CLAU_DOOM_SERVER=self.address),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._begun.append(process)
        return process

    def status(self, name: str, *, local: bool = False) -> dict[str, Any]:
        done = self.run("status", name, "--json", local=local)
        assert done.returncode == 0, done.stderr
        return dict(json.loads(done.stdout))

    def until(self, condition: Callable[[], bool], seconds: float = 90.0) -> None:
        wait_until(condition, seconds, self.log.read_text)


@pytest.fixture(scope="module")
def lasting_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Return a server for all tests of a module that do not change its experiments."""
    made = Service(tmp_path_factory.mktemp("service"))
    yield made
    made.end()


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    made = Service(tmp_path)
    yield made
    made.end()


@pytest.fixture(scope="module")
def chromium(tool: Callable[[str, str], str]) -> Iterator[Browser]:
    """Return Debian's Chromium."""
    program = tool("chromium", "chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def axe(tool: Callable[[str, str], str], tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the JavaScript of axe-core, which checks accessibility."""
    folder = tmp_path_factory.mktemp("axe") / "axe"
    shutil.copytree(ROOT / "tests" / "axe", folder, ignore=shutil.ignore_patterns("node_modules"))
    install = [tool("npm", "npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    subprocess.run(install, cwd=folder, check=True, capture_output=True)
    return (folder / "node_modules" / "axe-core" / "axe.min.js").read_text()

"""Docker daemon for tests. Queries use the `docker` command, so that they are independent of the code under test."""

import os
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

__all__ = ["DockerHost", "PrivateDocker"]

_PATIENCE = 60.0


class DockerHost:
    """The daemon that the environment leads to."""

    def __init__(self, host: str | None = None) -> None:
        """Ask the daemon at `host`, or the one that ``DOCKER_HOST`` or the default socket leads to."""
        self.environment = {**os.environ, **({"DOCKER_HOST": host} if host else {}), "DOCKER_BUILDKIT": "0"}

    @property
    def answers(self) -> bool:
        """Whether there is one."""
        return bool(shutil.which("docker")) and self._run("version").returncode == 0

    def __call__(self, *words: str) -> str:
        """Run ``docker`` and return what it says.

        Raises:
            RuntimeError: It failed.
        """
        done = self._run(*words)
        if done.returncode:
            raise RuntimeError(f"docker {' '.join(words)}: {done.stderr.strip()}")
        return done.stdout.strip()

    def containers(self, *filters: str) -> list[str]:
        """Return the names of containers in whatever state, sorted."""
        words = [word for text in filters for word in ("--filter", text)]
        return sorted(self("ps", "--all", "--format", "{{.Names}}", *words).split())

    def networks(self) -> list[str]:
        """Return the names of the networks, sorted."""
        return sorted(self("network", "ls", "--format", "{{.Name}}").split())

    def image_with(self, files: Mapping[str, str], *, base: str = "clau-doom-agent", more: str = "") -> str:
        """Build an image that has files in ``/opt/agent``, and return its name.

        Args:
            files: Their texts, by name.
            base: The image to begin with.
            more: Further lines of the Dockerfile.
        """
        name = f"clau-doom-test-{secrets.token_hex(4)}"
        with tempfile.TemporaryDirectory() as folder:
            for file, text in files.items():
                (Path(folder) / file).write_text(text)
            copied = f"COPY {' '.join(files)} /opt/agent/\n" if files else ""
            (Path(folder) / "Dockerfile").write_text(f"FROM {base}\n{copied}{more}\n")
            self("build", "--quiet", "--network", "none", "--tag", name, folder)
        return name

    @contextmanager
    def unremovable(self, container: str) -> Iterator[None]:
        """Have a container that its daemon, on this machine, cannot remove while the context lasts. Needs root.

        Raises:
            RuntimeError: Files of this file system can always be removed.
        """
        data = self("inspect", "--format", "{{.GraphDriver.Data.UpperDir}}", container)
        kept = Path(data) / "kept"
        kept.touch()
        try:
            subprocess.run(["chattr", "+i", str(kept)], check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise RuntimeError(f"files of this file system can always be removed: {error}") from error
        try:
            yield
        finally:
            subprocess.run(["chattr", "-i", str(kept)], check=True)

    def _run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            ["docker", *words],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )


class PrivateDocker:
    """A daemon of a test's own, to be stopped and started again. Needs root; entering starts it.

    It leaves the host's packet filter alone, so that its networks do not isolate containers.
    """

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="dockerd-"))  # sockets need short paths
        self.host = f"unix://{self._folder}/docker.sock"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Start it."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it, and remove what it kept."""
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def start(self) -> None:
        """Start it and wait until it answers."""
        folder = self._folder
        command = ["dockerd", "--data-root", f"{folder}/data", "--exec-root", f"{folder}/exec"]
        command += ["--pidfile", f"{folder}/pid", "--host", self.host]
        command += ["--bridge", "none", "--iptables=false", "--ip-masq=false"]
        with (folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        end, docker = time.monotonic() + _PATIENCE, DockerHost(self.host)
        while not docker.answers:
            if time.monotonic() > end or self._process.poll() is not None:
                raise RuntimeError(f"dockerd does not start: {(folder / 'log').read_text()[-500:]}")
            time.sleep(0.2)

    def stop(self) -> None:
        """Stop it, and with it every container.

        What it leaves mounted is unmounted: it forgets the mounts of a container whose start its end interrupts, and
        cannot remove that one ever after.
        """
        if self._process is not None:
            self._process.terminate()
            self._process.wait(_PATIENCE)
            self._process = None
        mounted = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
        for place in reversed([each for each in mounted if each.startswith(f"{self._folder}/")]):
            subprocess.run(["umount", "--lazy", place], check=False, capture_output=True)

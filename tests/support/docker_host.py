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
    """Docker daemon of the environment."""

    def __init__(self, host: str | None = None) -> None:
        """Use the daemon at `host`, or else that of ``DOCKER_HOST`` or the default socket."""
        self.environment = {**os.environ, **({"DOCKER_HOST": host} if host else {}), "DOCKER_BUILDKIT": "0"}

    @property
    def answers(self) -> bool:
        """Whether the daemon can be reached."""
        return bool(shutil.which("docker")) and self._run("version").returncode == 0

    def __call__(self, *words: str) -> str:
        """Run ``docker`` and return its output.

        Raises:
            RuntimeError: The command failed.
        """
        done = self._run(*words)
        if done.returncode:
            raise RuntimeError(f"docker {' '.join(words)}: {done.stderr.strip()}")
        return done.stdout.strip()

    def containers(self, *filters: str) -> list[str]:
        """Return the names of containers in any state, sorted."""
        words = [word for text in filters for word in ("--filter", text)]
        return sorted(self("ps", "--all", "--format", "{{.Names}}", *words).split())

    def networks(self) -> list[str]:
        """Return the names of the networks, sorted."""
        return sorted(self("network", "ls", "--format", "{{.Name}}").split())

    def image_with(self, files: Mapping[str, str], *, base: str = "clau-doom-agent", more: str = "") -> str:
        """Build an image with files in ``/opt/agent``, and return its name.

        Args:
            files: Texts of the files, by name.
            base: Base image.
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
        """Prevent a local daemon from removing a container during the context. This needs the rights of root.

        Raises:
            RuntimeError: The file system does not support immutable files.
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
    """Docker daemon of one test, which can be stopped and restarted. It needs the rights of root.

    The daemon does not change the host's packet filter, so its networks do not isolate containers.
    """

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="dockerd-"))  # sockets need short paths
        self.host = f"unix://{self._folder}/docker.sock"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Start the daemon."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the daemon and remove its data."""
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def start(self) -> None:
        """Start the daemon and wait until it answers."""
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
        """Stop the daemon with all of its containers, and unmount its file systems.

        A daemon that ends during the start of a container forgets its mounts, and cannot remove the container later.
        """
        if self._process is not None:
            self._process.terminate()
            self._process.wait(_PATIENCE)
            self._process = None
        mounted = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
        for place in reversed([each for each in mounted if each.startswith(f"{self._folder}/")]):
            subprocess.run(["umount", "--lazy", place], check=False, capture_output=True)

"""Tests of the worker in a container before its connection."""

import os
import socket
import subprocess
import sys

from clau_doom.backends.docker.certificates import make_certificate

PROGRAM = """
from clau_doom.worker import container
container._CONNECT = container._LEAST = 1.0
container.main()
"""


def test_worker_without_an_orchestrator_ends() -> None:
    """The port is closed, or accepts connections and sends nothing."""
    certificate = make_certificate("127.0.0.1").certificate.decode()
    with socket.create_server(("127.0.0.1", 0)) as silent, socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        endpoints = [f"127.0.0.1:{each.getsockname()[1]}" for each in (silent, closed)]
        workers = [
            subprocess.Popen(
                [sys.executable, "-P", "-c", PROGRAM],
                env={
                    **os.environ,
                    "AGENT_ID": "x-g000-a000",
                    "GRPC_ENDPOINT": endpoint,
                    "CLAU_DOOM_TOKEN": "t",
                    "CLAU_DOOM_CA": certificate,
                },
                stdout=subprocess.PIPE,
                text=True,
            )
            for endpoint in endpoints
        ]
        for worker, endpoint in zip(workers, endpoints, strict=True):
            output, _ = worker.communicate(timeout=60)
            assert output.splitlines()[-1] == f"no orchestrator responds at {endpoint}: not connected within 1 s"
            assert worker.returncode == 69

"""Tests of the service with all its servers while it starts."""

import asyncio
import json
import socket
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from clau_doom.app.serve import open_service
from clau_doom.config import ExperimentConfig, GrpcConfig, MetricsConfig, WebConfig
from clau_doom.orchestration import Orchestrator


def readiness(port: int) -> tuple[int, object]:
    try:
        with urlopen(f"http://127.0.0.1:{port}/readyz", timeout=30) as answer:
            return answer.status, json.loads(answer.read())
    except HTTPError as error:
        return error.code, json.loads(error.read())


async def test_service_is_ready_once_it_listens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The service is not ready while it resumes experiments, because no client can connect yet."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    config = ExperimentConfig(grpc=GrpcConfig(port=0), metrics=MetricsConfig(port=port), web=WebConfig(enabled=False))
    answers: list[tuple[int, object]] = []

    async def resume_all(_self: Orchestrator) -> None:
        answers.append(await asyncio.to_thread(readiness, port))

    monkeypatch.setattr(Orchestrator, "resume_all", resume_all)
    async with open_service(config, tmp_path):
        answers.append(await asyncio.to_thread(readiness, port))
    assert answers == [(503, {"ready": False, "reason": "the server is starting"}), (200, {"ready": True})]

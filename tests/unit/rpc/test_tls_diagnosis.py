"""Tests of the causes that a client reports for failed TLS connections."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from clau_doom.access import Authenticator, TokenFiles
from clau_doom.config import GrpcConfig
from clau_doom.errors import ClauDoomError, ConfigError, NotAuthenticated, ServerUnreachable
from clau_doom.orchestration import Orchestrator
from clau_doom.rpc import RpcServer, connect
from clau_doom.testing.scripted_repository import ScriptedRepository


def by_token(folder: Path) -> Authenticator:
    return Authenticator(TokenFiles(folder / "token"))


@asynccontextmanager
async def serving_tls(tmp_path: Path, certificates: Path, *, client_ca: bool) -> AsyncIterator[str]:
    """Serve with TLS on loopback, and yield the address."""
    files = {"certificate": str(certificates / "server.pem"), "key": str(certificates / "server.key")}
    ca = str(certificates / "ca.pem") if client_ca else None
    config = GrpcConfig(port=0, client_ca=ca, **files)
    async with RpcServer(config, Orchestrator(ScriptedRepository()), authenticator=by_token(tmp_path)) as server:
        yield server.address


async def ask(address: str, tmp_path: Path, **files: Path) -> Any:
    async with connect(address, token_file=tmp_path / "token", environ={}, **files) as client:  # type: ignore[arg-type]
        return await client.experiments()


async def test_client_certificate_is_required(tmp_path: Path, certificates: Path) -> None:
    """The error names the options. A certificate of another authority is refused with the file's name."""
    ca = certificates / "ca.pem"
    pair = {"certificate": certificates / "client.pem", "key": certificates / "client.key"}
    other = {"certificate": certificates / "other.pem", "key": certificates / "other.key"}
    async with serving_tls(tmp_path, certificates, client_ca=True) as address:
        assert list(await ask(address, tmp_path, ca=ca, **pair)) == []
        with pytest.raises(
            NotAuthenticated, match=r"requires a client certificate .*give certificate=\.\.\. and key=\.\.\.,"
        ):
            await ask(address, tmp_path, ca=ca)
        with pytest.raises(
            NotAuthenticated, match=rf"refuses the client certificate {re.escape(str(other['certificate']))}"
        ):
            await ask(address, tmp_path, ca=ca, **other)


@pytest.mark.parametrize(
    ("files", "kind", "message"),
    [
        ({}, ServerUnreachable, "uses TLS: give the authority of its certificate with ca="),
        ({"ca": "other.pem"}, ServerUnreachable, "is not valid: .*use ca="),
        ({"ca": "ca.key"}, ConfigError, "ca.key cannot be used"),
        ({"ca": "ca.pem", "certificate": "client.pem"}, ConfigError, r"give key=\.\.\. \(CLAU_DOOM_KEY\), too"),
        ({"ca": "ca.pem", "key": "client.key"}, ConfigError, r"give certificate=\.\.\. \(CLAU_DOOM_CERTIFICATE\), too"),
        ({"certificate": "client.pem", "key": "other.key"}, ConfigError, "use PEM files"),
    ],
)
async def test_mismatched_files_are_named_with_a_remedy(
    tmp_path: Path, certificates: Path, files: dict[str, str], kind: type[ClauDoomError], message: str
) -> None:
    """The error is never a closed connection."""
    async with serving_tls(tmp_path, certificates, client_ca=False) as address:
        with pytest.raises(kind, match=message):
            await ask(address, tmp_path, **{name: certificates / file for name, file in files.items()})


async def test_server_without_tls_is_reported(tmp_path: Path, certificates: Path) -> None:
    """The error has the remedy."""
    async with RpcServer(
        GrpcConfig(port=0), Orchestrator(ScriptedRepository()), authenticator=by_token(tmp_path)
    ) as server:
        with pytest.raises(ServerUnreachable, match="does not use TLS: omit ca="):
            await ask(server.address, tmp_path, ca=certificates / "ca.pem")


@pytest.mark.parametrize("host", ["a..b", f"{'a' * 64}.example"])
async def test_invalid_host_name_is_unreachable(host: str, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("a-token\n")
    (tmp_path / "token").chmod(0o600)
    with pytest.raises(ServerUnreachable, match="no server responds"):
        await ask(f"{host}:50051", tmp_path)

"""Cache of the scenario's own files on a node: stored under their SHA-256, and checked at each use."""

import os
import tempfile
from collections.abc import Iterable
from hashlib import file_digest, sha256
from pathlib import Path

from clau_doom.atomic_write import write_atomically
from clau_doom.backends.work_dirs import private
from clau_doom.errors import InvalidMessage
from clau_doom.protos.claudoom.worker.v1 import worker_pb2 as pb
from clau_doom.wire import parse

__all__ = ["store"]


def store(announced: Iterable[pb.ScenarioFile], parts: Iterable[bytes]) -> "dict[pb.ScenarioFile.Role, Path]":
    """Store files on this machine, and return their paths.

    Args:
        announced: Roles and digests of the files.
        parts: For each file, a `FilePart` with its content.

    Raises:
        InvalidMessage: A file differs from the announced digest.
    """
    root = private(Path(tempfile.gettempdir()) / f"clau-doom-files-{os.getuid()}")
    return {
        file.role: _stored(root, file, parse(pb.FilePart, part).data)
        for file, part in zip(announced, parts, strict=True)
    }


def _stored(root: Path, file: pb.ScenarioFile, data: bytes) -> Path:
    digest = sha256(data)
    if digest.digest() != file.sha256:
        raise InvalidMessage(f"a scenario file arrived with the SHA-256 {digest.hexdigest()}, not {file.sha256.hex()}")
    ending = ".cfg" if file.role == pb.ScenarioFile.ROLE_CFG else ".wad"
    path = private(root / digest.hexdigest()) / f"scenario{ending}"
    if not _holds(path, file.sha256):
        # Other actors of the node may store the file at the same time. All of them write the same bytes.
        write_atomically(path, data, sync=False)
    return path


def _holds(path: Path, digest: bytes) -> bool:
    try:
        with path.open("rb") as file:
            return file_digest(file, "sha256").digest() == digest
    except FileNotFoundError:
        return False

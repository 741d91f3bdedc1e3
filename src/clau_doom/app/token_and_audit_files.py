"""Token files and audit log of a server or a run."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from clau_doom.access import AuditLog, TokenFiles
from clau_doom.config import GrpcConfig
from clau_doom.storage import ExperimentFolders

__all__ = ["audit_log", "token_files"]

_AUDIT = "audit.log"


def token_files(config: GrpcConfig, output_dir: Path) -> TokenFiles:
    """Return the tokens of the server of a folder."""
    return TokenFiles(Path(config.token_file) if config.token_file else ExperimentFolders(output_dir).token_file)


@contextmanager
def audit_log(folder: Path) -> Iterator[AuditLog]:
    """Open the audit log of a folder. A server has one for all experiments, a single run has its own."""
    log = AuditLog(folder / _AUDIT)
    try:
        yield log
    finally:
        log.close()

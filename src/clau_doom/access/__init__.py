"""Access control of a running orchestrator: named tokens, authenticated callers, and the audit log.

gRPC, the dashboard and NATS control authenticate clients with one `Authenticator`. `AuditedOrchestrator` checks the
role of the caller and records every change, for all three.
"""

from clau_doom.access.audit import AuditLog
from clau_doom.access.audited_orchestrator import AuditedOrchestrator
from clau_doom.access.authenticator import Authenticator
from clau_doom.access.caller import Caller, acting, current_caller
from clau_doom.access.path_redaction import PrivatePaths
from clau_doom.access.tokens import Role, Token, TokenFiles, is_token, read_token

__all__ = [
    "AuditLog",
    "AuditedOrchestrator",
    "Authenticator",
    "Caller",
    "PrivatePaths",
    "Role",
    "Token",
    "TokenFiles",
    "acting",
    "current_caller",
    "is_token",
    "read_token",
]

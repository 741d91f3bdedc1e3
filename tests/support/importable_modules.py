"""Names of modules that tests write and import."""

from uuid import uuid4

__all__ = ["unused_module_name"]


def unused_module_name() -> str:
    """Return a name that this process has not imported yet. Python imports a name once for each process."""
    return f"module_{uuid4().hex}"

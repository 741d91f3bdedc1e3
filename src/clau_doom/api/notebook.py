"""Detection of Jupyter, whose package may be missing."""

import sys
from typing import Any

__all__ = ["in_notebook"]


def in_notebook() -> bool:
    """Return whether the code runs in a kernel of Jupyter, which shows HTML. A terminal with IPython does not."""
    ipython: Any = sys.modules.get("IPython")  # loaded by the kernel
    shell = ipython.get_ipython() if ipython is not None else None
    return getattr(shell, "kernel", None) is not None

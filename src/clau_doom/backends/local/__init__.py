"""Episodes on this machine: one subprocess a worker, one engine and one core each, under a watchdog.

The watchdog lives in this process, because a worker whose engine has hung cannot run a line of Python. Whatever it
ends, it ends with the whole process group, so that no engine outlives its worker.
"""

from clau_doom.backends.local.backend import LocalBackend
from clau_doom.backends.local.cores import Cores
from clau_doom.backends.local.folders import WorkFolders

__all__ = ["Cores", "LocalBackend", "WorkFolders"]

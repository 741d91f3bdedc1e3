"""Episodes on this machine: one subprocess a worker, one engine and one core each, under a watchdog.

The watchdog lives in this process, because a worker whose engine has hung cannot run a line of Python. Whatever it
ends, it ends with the whole process group, so that no engine outlives its worker.
"""

from clau_doom.backends.local.backend import LocalBackend
from clau_doom.backends.local.core_allocator import CoreAllocator, Share
from clau_doom.backends.local.process import Launch, WorkerProcess
from clau_doom.backends.local.start_failure import unavailable
from clau_doom.backends.local.timeouts import overdue
from clau_doom.backends.local.work_dirs import WorkDirs, private
from clau_doom.backends.local.worker_channel import Requeued

__all__ = [
    "CoreAllocator",
    "Launch",
    "LocalBackend",
    "Requeued",
    "Share",
    "WorkDirs",
    "WorkerProcess",
    "overdue",
    "private",
    "unavailable",
]

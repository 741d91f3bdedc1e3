"""Local backend: each worker is a subprocess on this machine, with its own engine and core, monitored by a watchdog.

The watchdog runs in this process, because a worker with a hung engine cannot run Python code. The watchdog kills the
whole process group, so that no engine outlives its worker.
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

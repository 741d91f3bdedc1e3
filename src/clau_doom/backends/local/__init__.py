"""Local backend: each worker is a subprocess on this machine, with its own engine and core, monitored by a watchdog.

The watchdog runs in this process, because a worker with a hung engine cannot run Python code. The watchdog kills the
whole process group, so that no engine outlives its worker.
"""

__all__: list[str] = []

"""The gRPC face of a running orchestrator: its service, its server, and a client of it.

The service is thin: requests are checked and handed to an `Orchestrator`, and what comes back is mapped by `wire`.
Around every handler stands a guard that authenticates, turns errors into statuses in one place, logs and counts; events
reach any number of clients by a feed that keeps no queue for any of them. Nothing here knows how experiments are run.
"""

import os

# gRPC's core prints on stderr what it tells us as errors and statuses as well. It asks when it is imported.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")

from clau_doom.rpc.client import RpcClient, connect
from clau_doom.rpc.event_stream import EventStream
from clau_doom.rpc.handler_wrapper import Observe
from clau_doom.rpc.server import RpcServer

__all__ = ["EventStream", "Observe", "RpcClient", "RpcServer", "connect"]

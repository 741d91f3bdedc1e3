"""gRPC service of a running orchestrator: service, server and client.

Requests are checked and passed to an `Orchestrator`, and results are mapped by `wire`. Every handler is wrapped: the
wrapper authenticates, maps errors to statuses, logs and counts. Clients stream events at their own speed, without a
queue for each client. This package does not depend on the way in which experiments are run.
"""

import os

# gRPC's core prints errors to stderr that it also reports as exceptions and statuses. The setting is read at import.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")

from clau_doom.rpc.client import RpcClient, connect
from clau_doom.rpc.event_stream import EventStream
from clau_doom.rpc.handler_wrapper import Observe
from clau_doom.rpc.server import RpcServer

__all__ = ["EventStream", "Observe", "RpcClient", "RpcServer", "connect"]

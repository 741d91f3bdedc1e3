"""Policies in any language: an external `claudoom.agent.v1.AgentService` decides, and the engine runs locally.

Single calls use gRPC's client. `Play`, with thousands of decisions a second, uses a small client over a blocking
socket. gRPC's client passes each message to another thread and back, which takes longer than a decision
(docs/decisions/0012).
"""

from clau_doom.policies.remote.policy import RemotePolicy

__all__ = ["RemotePolicy"]

"""Agents in any language: a program behind `claudoom.agent.v1.AgentService` decides, and the game is played here.

Single calls go through gRPC's own client. `Play`, which is asked thousands of times a second, goes through a small
client of its own over a blocking socket: gRPC's hands every message to another thread and back, and that alone costs
more than a decision does (docs/decisions/0012).
"""

from clau_doom.policies.remote.policy import RemotePolicy

__all__ = ["RemotePolicy"]

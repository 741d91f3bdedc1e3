"""Web dashboard of a running orchestrator.

`WebServer` serves one HTML page, the ES modules below ``static/``, and the JSON and events for the page. `serializers`
converts snapshots to JSON. `throttled_cache` limits the reads of a store by frequent requests. `access` checks hosts,
origins and tokens, and sets security headers. The dashboard makes every change through the same `Orchestrator` as the
gRPC API.
"""

from clau_doom.web.artifact_builder_interface import FilmProgress
from clau_doom.web.server import WebServer

__all__ = ["FilmProgress", "WebServer"]

"""The dashboard: the face of a running orchestrator that people look at.

`WebServer` serves one page, made of the ES modules below ``static/``, and the JSON and the events that it is drawn
from. `views` turns snapshots into that JSON, `shelf` keeps a browser that asks often from reading a store often, and
`guard` stands before everything: hosts, origins, tokens, and the headers that keep a page's own faults small. Whatever
is changed is changed through the same `Orchestrator` that the gRPC API drives.
"""

from clau_doom.web.artifacts import FilmProgress
from clau_doom.web.server import WebServer

__all__ = ["FilmProgress", "WebServer"]

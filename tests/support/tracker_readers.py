"""Readers of targets of trackers, by the libraries of TensorBoard, MLflow and W&B, and a receiver of webhooks."""

import json
import struct
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from clau_doom.ports import TrackerUpdate

Point = tuple[str, str, int, float]
"""Experiment, curve, generation and value."""

__all__ = [
    "Point",
    "Receiver",
    "jsonl_lines",
    "jsonl_points",
    "mlflow_points",
    "receiving",
    "tensorboard_points",
    "wandb_points",
    "wandb_records",
    "with_film",
]


def with_film(updates: Sequence[TrackerUpdate], film: Path) -> list[TrackerUpdate]:
    """Return updates whose final results have a film."""
    return [replace(each, results=replace(each.results, film=film)) if each.results else each for each in updates]


def jsonl_lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def jsonl_points(folder: Path) -> list[Point]:
    return [
        (file.stem, name, line["generation"], value)
        for file in sorted(folder.glob("*.jsonl"))
        for line in jsonl_lines(file)
        if line["type"] == "curves"
        for name, value in line["values"].items()
    ]


def tensorboard_points(folder: Path) -> list[Point]:
    """Return the points of all runs of a log folder, as TensorBoard reads them."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    found: list[Point] = []
    for run in sorted(path for path in folder.iterdir() if path.is_dir()):
        events = EventAccumulator(str(run), size_guidance={"scalars": 0})
        events.Reload()
        for tag in events.Tags()["scalars"]:
            found += [(run.name, tag, each.step, each.value) for each in events.Scalars(tag)]
    return found


def mlflow_points(uri: str, experiment: str = "clau-doom") -> list[Point]:
    """Return the points of all runs of an MLflow experiment, as MLflow's client reads them."""
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=uri)
    known = client.get_experiment_by_name(experiment)
    runs = client.search_runs([known.experiment_id]) if known else []
    return [
        (run.info.run_name, name, each.step, each.value)
        for run in runs
        for name in run.data.metrics
        for each in client.get_metric_history(run.info.run_id, name)
    ]


def wandb_records(run: Path) -> Iterator[Any]:
    """Yield the records of an offline run, as messages of W&B. The file has the format of LevelDB's log.

    Version 0.31 of W&B reads these files in Go only.
    """
    from wandb.proto.wandb_internal_pb2 import Record

    (file,) = run.glob("run-*.wandb")
    content = file.read_bytes()
    assert content.startswith(b":W&B")
    position, parts = 7, b""
    while position + 7 <= len(content):
        if 32768 - position % 32768 < 7:
            position += 32768 - position % 32768
            continue
        _, length, kind = struct.unpack_from("<IHB", content, position)
        parts += content[position + 7 : position + 7 + length]
        position += 7 + length
        if kind in {1, 4}:  # a whole record, or the last part of one
            yield Record.FromString(parts)
            parts = b""


def wandb_points(folder: Path) -> list[Point]:
    """Return the points of all offline runs of a folder."""
    found: list[Point] = []
    for run in sorted((folder / "wandb").glob("offline-run-*")):
        name = ""
        for record in wandb_records(run):
            name = record.run.display_name or name
            row = {"/".join(item.nested_key) or item.key: json.loads(item.value_json) for item in record.history.item}
            found += [
                (name, key, row["generation"], value)
                for key, value in row.items()
                if isinstance(value, float | int) and "/" in key
            ]
    return found


@dataclass
class Receiver:
    """HTTP server that stores requests.

    Attributes:
        url: Address of the server.
        requests: Headers and bodies of the requests.
        statuses: Status of each of the next answers; 200 for later ones.
    """

    url: str
    requests: list[tuple[dict[str, str], dict[str, Any]]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

    @property
    def keys(self) -> list[str]:
        return [headers["Idempotency-Key"] for headers, _ in self.requests]


@contextmanager
def receiving(port: int = 0) -> Iterator[Receiver]:
    """Run a real HTTP server, on any free port by default."""
    receiver = Receiver("")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.requests.append((dict(self.headers), json.loads(body)))
            self.send_response(receiver.statuses.pop(0) if receiver.statuses else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        receiver.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()

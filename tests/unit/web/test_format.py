"""The dashboard's words for events, and its colours, as a browser computes them."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.json_format import MessageToJson, ParseDict

import clau_doom.web
from clau_doom.protos.claudoom.orchestrator.v1 import events_pb2

STATIC = Path(clau_doom.web.__file__).parent / "static"
SCRIPT = """
import { told } from "./words.mjs";
import { readFileSync } from "node:fs";
console.log(JSON.stringify(JSON.parse(readFileSync(0)).map(told)));
"""
NUMBER = 7
OF_GENERATIONS = {"generation_started", "generation_completed", "agents_asked", "genome_injected"}


def filled(descriptor: Any) -> dict[str, Any]:
    """Return the fields of a message, each with a value that shows where it appears."""
    return {field.name: value_of(field) for field in descriptor.fields if not field.is_repeated}


def value_of(field: Any) -> Any:
    if field.type == field.TYPE_MESSAGE:
        return filled(field.message_type)
    if field.type == field.TYPE_STRING:
        return "lab-g003-a017" if field.name.endswith("agent_id") else f"some {field.name}"
    return True if field.type == field.TYPE_BOOL else 1 if field.type == field.TYPE_ENUM else NUMBER


def test_every_event_has_words(tmp_path: Path, tool: Callable[[str, str], str]) -> None:
    """None is unknown, none lacks a value that it has, and the generations are named."""
    shutil.copy(STATIC / "words.js", tmp_path / "words.mjs")
    (tmp_path / "told.mjs").write_text(SCRIPT)
    kinds = events_pb2.ExperimentEvent.DESCRIPTOR.oneofs_by_name["payload"].fields
    events = []
    for kind in kinds:
        message = ParseDict({"sequence": NUMBER, kind.name: filled(kind.message_type)}, events_pb2.ExperimentEvent())
        events.append(json.loads(MessageToJson(message, preserving_proto_field_name=True)))
    later = {"sequence": "8", "moon_rose": {"agent_id": "lab-g003-a017"}}
    done = subprocess.run(
        [tool("node", "nodejs"), "told.mjs"],
        cwd=tmp_path,
        input=json.dumps([*events, later]),
        capture_output=True,
        text=True,
        check=True,
    )
    *told, unknown = json.loads(done.stdout)
    words = {each["kind"]: each["text"] for each in told}
    assert list(words) == [kind.name for kind in kinds]
    for name, text in words.items():
        assert not re.search("undefined|NaN|null|unknown", text), name
        assert text != name.replace("_", " "), f"{name} has no words of its own"
    assert all(str(NUMBER) in words[name] for name in OF_GENERATIONS)
    assert (unknown["text"], unknown["agent"]) == ("moon rose", "lab-g003-a017")


def lab(colour: str) -> tuple[float, float, float]:
    """Return an sRGB colour in CIELAB (white point D65)."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    xyz = (
        (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505,
        0.2126 * red + 0.7152 * green + 0.0722 * blue,
        (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089,
    )
    x, y, z = [t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in xyz]
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


@pytest.mark.parametrize("theme", [0, 1, 2])
def test_no_two_curves_have_colours_alike(theme: int) -> None:
    """In each theme six curves are told apart: by at least 30 units of CIELAB, and from the ground by 40."""
    style = (STATIC / "style.css").read_text()
    colours = [re.findall(rf"--series-{n}: (#[0-9a-f]{{6}})", style)[theme] for n in range(1, 7)]
    panel = re.findall(r"--panel: (#[0-9a-f]{6})", style)[theme]
    for one, other in combinations(colours, 2):
        assert sum((a - b) ** 2 for a, b in zip(lab(one), lab(other), strict=True)) ** 0.5 > 30, (one, other)
    for colour in colours:
        assert sum((a - b) ** 2 for a, b in zip(lab(colour), lab(panel), strict=True)) ** 0.5 > 40, colour

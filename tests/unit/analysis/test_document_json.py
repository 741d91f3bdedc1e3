"""Tests of documents as JSON."""

import math

from clau_doom.analysis.document import Document, Section
from clau_doom.analysis.document_json import document_json
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.domain import AgentRef, GeneKind


def test_values_of_sections_are_in_one_object() -> None:
    """Agents are ids, enumerations their values, reasons objects, and numbers without a JSON form null."""
    data = {"agents": (AgentRef(1, 2),), "kind": GeneKind.CHOICE, "by_name": {"a": math.inf, "b": 1.0}}
    section = Section(name="a", title="A", blocks=(), data=data)
    other = Section(name="b", title="B", blocks=(), data={"lineage": Unavailable(missing="no champion")})
    whole = Document(kind="k", title="t", subtitle="s", sections=(section, other), experiment="e", data={"id": "e"})
    assert document_json(whole) == {
        "id": "e",
        "agents": ["e-g001-a002"],
        "kind": "choice",
        "by_name": {"a": None, "b": 1.0},
        "lineage": {"missing": "no champion"},
    }

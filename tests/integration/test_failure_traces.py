"""Tests of the source location of a policy's exception in every view."""

import io

from rich.console import Console

from clau_doom.analysis.document import Listing
from clau_doom.analysis.sections.failures import failure_blocks
from clau_doom.app.gene_space import genome_space
from clau_doom.app.run_planning import make_fitness
from clau_doom.cli.views.agent import portrait_json, portrait_view
from clau_doom.config import ExperimentConfig, to_yaml
from clau_doom.domain import Agent, AgentRef, Genome
from clau_doom.domain.events import AgentFailed, Event, ExperimentStarted, FailureKind, GenerationStarted
from clau_doom.domain.experiment import Experiment, Provenance
from clau_doom.domain.failure_trace import FailureTrace
from clau_doom.ports import StoredExperiment
from clau_doom.testing.memory_store import MemoryStore
from clau_doom.web.serializers import agent_view
from clau_doom.wire import agent_message

CONFIG = ExperimentConfig(name="lab")
TRACE = 'Traceback (most recent call last):\n  File "own_policy.py", line 3, in decide\nKeyError: 1'


async def stored() -> StoredExperiment:
    """Return an experiment of three agents, two of which failed at the same source line."""
    space = genome_space(CONFIG)
    genome = Genome([gene.low for gene in space.genes])
    agents = [
        Agent(experiment="lab", ref=AgentRef(0, index), genome=genome, parents=(), operator="draw")
        for index in range(3)
    ]
    raised = FailureKind.POLICY_RAISED
    trace, alike = FailureTrace(digest="a", text=TRACE), FailureTrace(digest="a", text=None)
    text = to_yaml(CONFIG)
    provenance = Provenance(facts=())
    store = MemoryStore(Experiment(id="lab", uuid="u", seed=1, config_yaml=text, provenance=provenance))
    events: list[Event] = [
        ExperimentStarted(resumed=False, generations=1, config_yaml=text),
        GenerationStarted(generation=0, agents=tuple(agents)),
        AgentFailed(ref=agents[0].ref, kind=raised, reason="no", traceback=trace),
        AgentFailed(ref=agents[1].ref, kind=raised, reason="no", traceback=alike),
    ]
    await store.append(events, running_seconds=0.0)
    snapshot = await store.snapshot()
    return StoredExperiment(snapshot=snapshot, config=CONFIG, state=snapshot.state, last_activity=0.0)


async def test_every_view_of_a_failed_agent_shows_where_its_policy_raised() -> None:
    """Terminal, JSON, gRPC, dashboard and report have it for both failed agents, and for no other."""
    found, space, fitness = await stored(), genome_space(CONFIG), make_fitness(CONFIG)
    console = Console(width=100, record=True, file=io.StringIO())
    for evaluation in found.snapshot.generations[0]:
        expected = TRACE if evaluation.agent.ref.index < 2 else None
        console.print(portrait_view(found.snapshot, evaluation, space, fitness, ()))
        assert portrait_json(found.snapshot, evaluation, space, fitness)["traceback"] == expected
        assert agent_view(found, evaluation, space, fitness, here=False)["traceback"] == expected
        assert agent_message(found, evaluation, space=space, whole=True).traceback == (expected or "")
        assert agent_message(found, evaluation, space=space, whole=False).traceback == ""
    assert console.export_text().count('File "own_policy.py", line 3, in decide') == 2
    listings = [block for block in failure_blocks(found) if isinstance(block, Listing)]
    assert [(each.title, each.text) for each in listings] == [("Traceback of lab-g000-a000 and 1 more", TRACE)]

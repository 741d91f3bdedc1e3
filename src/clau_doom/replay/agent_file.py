"""Agent files: genome, setting and the record that verifies a replay."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, FiniteFloat, ValidationError, model_validator

from clau_doom.config import PolicyConfig, ScenarioConfig
from clau_doom.config.base_section import ConfigSection
from clau_doom.config.measures import MeasuresConfig, measure_clashes
from clau_doom.domain import Episode, EpisodeOutcome, EpisodeTiming, Fitness, GenomeSpace, Measures, Purpose
from clau_doom.domain.episode import MEASURES
from clau_doom.domain.experiment import Provenance
from clau_doom.errors import ConfigError, InvalidGenome
from clau_doom.regular_files import open_regular
from clau_doom.replay.episode_selection import ReplayedAgent

__all__ = ["SUFFIX", "Setting", "agent_text", "read_agent"]

SUFFIX = ".json"
"""Suffix of agent files."""

_LARGEST = 16 * 1024 * 1024
_FORMAT = "clau-doom agent 1"


@dataclass(frozen=True, kw_only=True)
class Setting:
    """Setting of an agent, which together with its genome decides its episodes.

    Attributes:
        scenario: Scenario.
        policy: Policy.
        contained: Whether the policy ran in containers, in which case it is not imported here.
        provenance: Versions and digests of sources.
        space: Genes stored with the experiment, or None.
        inputs: Folder with copies of the experiment's scenario, or None.
        fitness: Fitness of the experiment, or None for an agent file.
        measures: Functions of the user's measures, by name.
        untrusted: Reasons why some of these functions must not be imported here, by the names of the measures. A replay
            does not compare these measures.
        import_paths: Folders that modules of the user are imported from. Empty for an agent file and for agents of a
            server, which cannot name folders of this machine: the working folder.
    """

    scenario: ScenarioConfig
    policy: PolicyConfig
    contained: bool
    provenance: Provenance
    space: GenomeSpace | None = None
    inputs: Path | None = None
    fitness: Fitness | None = None
    measures: Mapping[str, str] = field(default_factory=dict)
    untrusted: Mapping[str, str] = field(default_factory=dict)
    import_paths: tuple[str, ...] = ()


class _Recorded(ConfigSection):
    purpose: Purpose
    number: int = Field(ge=0)
    seed: int = Field(ge=0, lt=2**32)
    trajectory_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    measures: dict[str, FiniteFloat]


class _Document(ConfigSection):
    format: Literal["clau-doom agent 1"]
    agent: str = Field(min_length=1, max_length=200, pattern=r"^[ -~]*$")
    champion: bool
    scenario: ScenarioConfig
    policy: PolicyConfig
    genome: dict[str, float | str]
    provenance: dict[str, str]
    measures: MeasuresConfig = Field(default_factory=dict)
    episodes: list[_Recorded]

    @model_validator(mode="after")
    def _check_measures(self) -> Self:
        for path, _, problem in measure_clashes(self.measures, "reward", ()):
            raise ValueError(f"{path} {problem}")
        for number, episode in enumerate(self.episodes):
            own = episode.measures.keys() - {*MEASURES}
            if wrong := sorted(own ^ self.measures.keys()):
                raise ValueError(f"episodes.{number}.measures: the measure {wrong[0]:.60} is missing or not declared")
        return self


def agent_text(setting: Setting, agent: ReplayedAgent, space: GenomeSpace) -> str:
    """Format an agent's file: JSON with one gene, provenance fact or episode per line.

    Args:
        setting: Setting of the agent.
        agent: The agent; its held-out episodes are written, or all episodes if it has none.
        space: Gene space of the policy.
    """
    held_out = [episode for episode in agent.episodes if episode.purpose is Purpose.HELD_OUT]
    own = {"measures": json.dumps(dict(sorted(setting.measures.items())))} if setting.measures else {}
    parts = {
        "format": json.dumps(_FORMAT),
        "agent": json.dumps(agent.id),
        "champion": json.dumps(agent.champion),
        "scenario": json.dumps(setting.scenario.model_dump(mode="json", exclude_none=True)),
        "policy": json.dumps(setting.policy.model_dump(mode="json", exclude_none=True)),
        "genome": _lines("{}", [f"{json.dumps(n)}: {json.dumps(v)}" for n, v in space.named(agent.genome).items()]),
        "provenance": _lines("{}", [f"{json.dumps(n)}: {json.dumps(v)}" for n, v in setting.provenance.facts]),
        **own,
        "episodes": _lines("[]", [json.dumps(_row(episode)) for episode in held_out or agent.episodes]),
    }
    return "{\n" + ",\n".join(f'  "{name}": {text}' for name, text in parts.items()) + "\n}\n"


def read_agent(
    path: Path, space_of: Callable[[ScenarioConfig, PolicyConfig], GenomeSpace]
) -> tuple[Setting, ReplayedAgent]:
    """Read an agent's file.

    Args:
        path: Path of the file.
        space_of: Returns the gene space of a policy in a scenario.

    Raises:
        ConfigError: The file cannot be read or is not an agent's file; the message names the place.
    """
    document = _parsed(path, _read(path))
    try:
        genome = space_of(document.scenario, document.policy).read(document.genome)
    except InvalidGenome as error:
        raise ConfigError(f"{path} is not an agent of this policy: {error}") from None
    setting = Setting(
        scenario=document.scenario,
        policy=document.policy,
        contained=False,
        provenance=Provenance(facts=tuple(sorted(document.provenance.items()))),
        measures=document.measures,
    )
    episodes = tuple(_episode(document.agent, each) for each in document.episodes)
    agent = ReplayedAgent(
        id=document.agent, genome=genome, baseline=False, champion=document.champion, episodes=episodes
    )
    return setting, agent


def _lines(ends: str, items: list[str]) -> str:
    if not items:
        return ends
    return ends[0] + "".join(f"\n    {item}," for item in items)[:-1] + f"\n  {ends[1]}"


def _row(episode: Episode) -> dict[str, object]:
    return {
        "purpose": episode.purpose.value,
        "number": episode.number,
        "seed": episode.outcome.seed,
        "trajectory_sha256": episode.outcome.trajectory_sha256,
        "measures": episode.outcome.measures.named(),
    }


def _episode(agent: str, row: _Recorded) -> Episode:
    bundled = {name: value for name, value in row.measures.items() if name in MEASURES}
    custom = tuple(sorted((name, value) for name, value in row.measures.items() if name not in MEASURES))
    measures = Measures(**bundled, custom=custom or None)
    outcome = EpisodeOutcome(seed=row.seed, measures=measures, trajectory_sha256=row.trajectory_sha256)
    return Episode(
        purpose=row.purpose, agent=agent, number=row.number, outcome=outcome, timing=EpisodeTiming(seconds=0.0)
    )


def _read(path: Path) -> bytes:
    try:
        with open_regular(path) as file:
            text = file.read(_LARGEST + 1)
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror or error}") from error
    if len(text) > _LARGEST:
        raise ConfigError(f"{path} is not an agent's file: it has more than {_LARGEST // 2**20} MB")
    return text


def _parsed(path: Path, text: bytes) -> _Document:
    try:
        return _Document.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise ConfigError(
            f"{path} is not an agent's file (clau-doom agent export writes them): "
            f"{where + ': ' if where else ''}{first['msg'].removeprefix('Value error, ')}"
        ) from None

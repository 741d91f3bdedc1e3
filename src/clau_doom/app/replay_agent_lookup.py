"""Lookup of agents for replays, in agent files, in the output folder and at servers; export to agent files."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from pydantic import ValidationError

from clau_doom.app.catalog import open_source
from clau_doom.app.catalog.folder_source import ExperimentSource, RemoteServer
from clau_doom.app.policy_output_suppression import contained_output
from clau_doom.app.run_planning import make_fitness
from clau_doom.app.trusted_code import Trust, check_import_paths
from clau_doom.config import PolicyConfig, RemotePolicyConfig, ScenarioConfig, importing_from
from clau_doom.domain import GenomeSpace, check_experiment_id, experiment_of_player, parse_agent_id
from clau_doom.errors import AgentNotFound, ConfigError, ExperimentNotFound
from clau_doom.game import resolve as resolve_scenario
from clau_doom.parameter_names import parameter
from clau_doom.policies import make_policy
from clau_doom.ports import StoredExperiment
from clau_doom.replay import SUFFIX, ReplayedAgent, Setting, agent_text, read_agent, select_agent

__all__ = ["export_agent", "find_agent", "find_stored_agent", "is_agent_file", "with_address"]


def is_agent_file(name: str) -> bool:
    """Return whether a name is the path of an agent file, rather than an agent's id."""
    return name.lower().endswith(SUFFIX)


async def find_agent(
    name: str,
    remote: RemoteServer | None,
    output_dir: Path,
    *,
    trust: Trust = Trust(),  # noqa: B008 - immutable
    address: str | None = None,
) -> tuple[Setting, ReplayedAgent]:
    """Find an agent by name, with everything that decides its play.

    Agent files and servers contain data of other people. Policy classes and measures are imported, and addresses are
    dialled, only if `trust` contains them. A replay does not compare other measures.

    Args:
        name: Id of an agent, of an experiment (stands for its champion) or of the random baseline, or path of an agent
            file.
        remote: Server to ask. None: read the folder.
        output_dir: Folder of experiments.
        trust: Policy classes and addresses that a file or a server may name.
        address: Current address of a remote agent's program, if it has changed since the run.

    Raises:
        ExperimentNotFound: The experiment does not exist.
        AgentNotFound: The experiment does not have the agent, or does not have a champion yet.
        ConfigError: The name is malformed, the file cannot be used, or a name is not in `trust`.
    """

    def space_of(scenario: ScenarioConfig, policy: PolicyConfig) -> GenomeSpace:
        policy = with_address(policy, address)
        trust.check(policy, name)
        return _space_of(scenario, policy)

    if is_agent_file(name):
        setting, agent = read_agent(Path(name), space_of)
        return replace(setting, untrusted=trust.untrusted_measures(setting.measures)), agent
    async with open_source(remote, output_dir) as source:
        origin = f"the server {remote.address}" if remote else None
        return await find_stored_agent(name, source, origin=origin, trust=trust, address=address)


async def find_stored_agent(
    name: str,
    source: ExperimentSource,
    *,
    origin: str | None,
    trust: Trust = Trust(),  # noqa: B008 - immutable
    address: str | None = None,
) -> tuple[Setting, ReplayedAgent]:
    """Find an agent of a stored experiment; see `find_agent`.

    Args:
        name: Id of an agent, of an experiment or of the random baseline.
        source: Source of the experiment.
        origin: Server of the source, whose policies need consent; None for a folder of the user.
        trust: Policy classes and addresses that a server may name.
        address: Current address of a remote agent's program, if it has changed since the run.
    """
    stored = await _experiment_of(name, source)
    setting = Setting(
        scenario=stored.config.scenario,
        policy=stored.config.policy,
        contained=stored.config.selected_backend.isolates_policies,
        provenance=stored.snapshot.experiment.provenance,
        space=stored.space,
        inputs=stored.inputs,
        fitness=make_fitness(stored.config),
        measures=stored.config.measures,
        untrusted=trust.untrusted_measures(stored.config.measures) if origin else {},
        import_paths=_import_paths(stored, local=origin is None),
    )
    agent = select_agent(stored.snapshot, name)
    if origin is not None and not agent.baseline and not setting.contained:
        trust.check(with_address(setting.policy, address), origin)
    return setting, agent


def export_agent(
    setting: Setting,
    agent: ReplayedAgent,
    trust: Trust = Trust(),  # noqa: B008 - immutable
) -> str:
    """Return an agent as the text of an agent file, which `find_agent` can read anywhere.

    Raises:
        ConfigError: The play of the agent depends on more than its genome and bundled code. Or its genes are not stored
            and its policy is not in `trust`.
        InvalidGenome: The policy has different genes here.
    """
    if agent.baseline:
        raise ConfigError(f"{agent.id} acts at random: it has no genome to export")
    if setting.contained or isinstance(setting.policy, RemotePolicyConfig):
        raise ConfigError(f"{agent.id} is an external program, which an agent file cannot contain")
    space = setting.space
    if space is None:  # stored by an older version, or at a server
        trust.check(setting.policy, agent.id)
        with importing_from(setting.import_paths):
            space = _space_of(setting.scenario, setting.policy)
        space.check(agent.genome)
    return agent_text(setting, agent, space)


def _space_of(scenario: ScenarioConfig, policy: PolicyConfig) -> GenomeSpace:
    with contained_output():
        return make_policy(policy, resolve_scenario(scenario).facts).space


async def _experiment_of(name: str, source: ExperimentSource) -> StoredExperiment:
    with suppress(AgentNotFound):  # not the id of an agent
        return await source.experiment(parse_agent_id(name)[0])
    try:
        return await source.experiment(check_experiment_id(name))
    except (ConfigError, ExperimentNotFound):
        with suppress(AgentNotFound):  # not the id of the random baseline
            return await source.experiment(experiment_of_player(name))
        raise


def with_address(policy: PolicyConfig, address: str | None) -> PolicyConfig:
    """Return a remote policy with another address of its agent."""
    if address is None:
        return policy
    if not isinstance(policy, RemotePolicyConfig):
        raise ConfigError(f"a policy of kind {policy.kind} has no address: omit {parameter('address')}")
    try:
        return RemotePolicyConfig.model_validate(policy.model_dump() | {"address": address})
    except ValidationError:
        raise ConfigError(f"{address!r} is not an address: use host:port or unix:PATH") from None


def _import_paths(stored: StoredExperiment, *, local: bool) -> tuple[str, ...]:
    """Return the folders that a local experiment names. A server cannot name folders of this machine."""
    if not local or stored.inputs is None:
        return ()
    check_import_paths(stored.config.import_paths, stored.inputs.parent)
    return stored.config.import_paths

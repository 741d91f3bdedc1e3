"""Agent outside of a run: decisions in a loop of the user, further episodes, and films."""

import os
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, SupportsIndex, overload

from clau_doom.api.agent_html import agent_html
from clau_doom.api.environment import environment_of
from clau_doom.api.episode_seed import check_seed
from clau_doom.api.event_loop import run_blocking
from clau_doom.api.observation_arrays import Arrays, action_to_arrays, observation_from_arrays
from clau_doom.api.table import Table
from clau_doom.app.input_copies import stored_scenario
from clau_doom.app.replay_agent_lookup import with_address
from clau_doom.app.replay_measures import ReplayMeasures, load_replay_measures
from clau_doom.app.trusted_code import Trust
from clau_doom.config import (
    CustomPolicyConfig,
    PolicyConfig,
    RandomPolicyConfig,
    ScenarioConfig,
    importing_from,
    kind_label,
)
from clau_doom.domain import Episode, Fitness
from clau_doom.errors import ConfigError, WrongState
from clau_doom.game import Scenario
from clau_doom.game.trajectory_recorder import ActionCheck
from clau_doom.policies import make_policy
from clau_doom.ports import Action, Decide, Needs, Observation, Policy, ScenarioFacts
from clau_doom.replay import Clip, Film, ReplayedAgent, Setting, check_target, select_episode
from clau_doom.storage import StoredInputs
from clau_doom.worker.rollout import ask_policy, begin_policy

if TYPE_CHECKING:
    from clau_doom.api.gymnasium_environment import DoomEnv

__all__ = ["LoadedAgent"]


class LoadedAgent:
    """Agent that decides as in a run, plays episodes and makes films; `load_agent` returns it.

    Args:
        setting: Everything besides the genome that decides the agent's play.
        agent: The agent with its recorded episodes.
        trust: Policy classes, measures and addresses that the user allows.
        stored_in: Folder of the agent's experiment, or None for an agent file.
        address: Current address of a remote agent's program, or None for the stored one.
    """

    def __init__(
        self, setting: Setting, agent: ReplayedAgent, *, trust: Trust, stored_in: Path | None, address: str | None
    ) -> None:
        self._setting = setting
        self._agent = agent
        self._trust = trust
        self._stored_in = stored_in
        self._address = address
        self._decide: Decide | None = None

    @property
    def id(self) -> str:
        """Id of the agent, such as ``quickstart-g003-a017``."""
        return self._agent.id

    @property
    def scenario(self) -> ScenarioConfig:
        """Scenario and settings of the game in the agent's episodes."""
        return self._setting.scenario

    @property
    def genes(self) -> dict[str, float | int | str]:
        """Genes by name; empty for the random baseline.

        Raises:
            ConfigError: The genes are not stored, and the policy cannot be loaded.
        """
        if self._agent.baseline:
            return {}
        space = self._setting.space
        return (self._policy.space if space is None else space).named(self._agent.genome)

    @property
    def episodes(self) -> Table:
        """Recorded episodes, with the columns of `Experiment.episodes`. An agent file has held-out episodes only."""
        return self._table(self._agent.episodes, self._setting.fitness, recorded=True)

    @property
    def needs(self) -> Needs:
        """Parts of the observations that the policy uses.

        Raises:
            ConfigError: The policy cannot be loaded.
        """
        return self._policy.needs

    @property
    def facts(self) -> ScenarioFacts:
        """Names of buttons and variables, and limits of the scenario."""
        return self._scenario.facts

    def reset(self, seed: SupportsIndex) -> None:
        """Begin an episode. Random draws of the policy depend on the seed, as in a run.

        Args:
            seed: Seed of the episode, 0 to 2^32 - 1, which the environment receives, too.

        Raises:
            ConfigError: The seed is out of range, or the policy cannot be loaded.
            PolicyFailed: The policy raised an error.
            AgentUnreachable: The program of a remote policy cannot be reached.
        """
        self._decide = begin_policy(self._policy, self._agent.genome, check_seed(seed))

    @overload
    def act(self, observation: Observation) -> Action: ...

    @overload
    def act(self, observation: Mapping[str, object]) -> Arrays: ...

    def act(self, observation: Observation | Mapping[str, object]) -> Action | Arrays:
        """Decide, as in a run.

        Args:
            observation: Observation of an environment of `make_env`, or an `Observation` of an engine. The
                observations of an episode must be given in order, after a `reset`.

        Returns:
            An action for `env.step`. For an `Observation`, an `Action` for `Engine.act`.

        Raises:
            WrongState: `reset` was not called.
            ConfigError: The observation has another form than those of the agent's scenario.
            PolicyFailed: The policy raised an error, or its action is not valid.
            AgentUnreachable: The program of a remote policy cannot be reached.
        """
        if self._decide is None:
            raise WrongState("the agent has no episode: call reset with the episode's seed first")
        if isinstance(observation, Observation):
            action = ask_policy(self._decide, observation)
            self._checked(action)
            return action
        action = ask_policy(self._decide, observation_from_arrays(observation, self.needs, self.facts))
        buttons, tics, _ = self._checked(action)
        return action_to_arrays(buttons, tics, self.facts)

    def make_env(self, *, render_mode: str | None = None) -> "DoomEnv":
        """Make a Gymnasium environment of the agent's scenario, with the observations that its policy uses.

        Args:
            render_mode: ``rgb_array`` for pictures, or None.

        Raises:
            ConfigError: The policy or the scenario cannot be loaded, or Gymnasium is not installed.
        """
        setting, needs, own = self._setting, self.needs, self._measures.targets
        with importing_from(setting.import_paths):
            return environment_of(setting.scenario, self._scenario, needs, measures=own, render_mode=render_mode)

    def play(
        self,
        episodes: int = 10,
        *,
        seeds: Iterable[SupportsIndex] | None = None,
        seed: int = 0,
        workers: int = 0,
    ) -> Table:
        """Play episodes in worker processes, as in a run.

        Args:
            episodes: Number of episodes, on new seeds.
            seeds: Seeds of the episodes, such as recorded ones, in place of `episodes`.
            seed: Seed that determines the new seeds.
            workers: Number of worker processes; 0: one for each core.

        Returns:
            One row for each episode, in the order of the seeds, with the columns of `Experiment.episodes`. The purpose
            is missing, and so are the fitness of an agent file and measures whose function cannot be computed here.

        Raises:
            ConfigError: An argument is not valid, or the policy cannot be loaded.
            PolicyFailed: The policy failed.
            InfrastructureFailed: The workers do not start, or an episode was lost in all attempts.

        Example:
            >>> import clau_doom as cd
            >>> agent = cd.load_agent("examples/champions/defend_the_center.json")
            >>> table = agent.play(2)
            >>> len(table), table["number"]
            (2, [0, 1])
        """
        from clau_doom.app.agent_play import Player, fresh_seeds, play_episodes  # noqa: PLC0415 - backends

        if not isinstance(episodes, int):
            raise ConfigError(f"episodes is {episodes!r}, which is not a number: give seeds as seeds=[...]")
        if episodes < 1 or workers < 0:
            raise ConfigError(f"episodes is {episodes} and workers is {workers}: use at least 1 episode and 0 workers")
        chosen = fresh_seeds(seed, episodes) if seeds is None else tuple(map(check_seed, seeds))
        if not chosen:
            raise ConfigError("seeds is empty: give at least one seed")
        player = Player(
            id=self.id,
            genome=self._agent.genome,
            config=self._config,
            policy=self._policy,
            settings=self._setting.scenario,
            scenario=self._scenario,
            measures=self._measures.targets,
            import_paths=self._setting.import_paths,
        )
        played = run_blocking(play_episodes(player, chosen, workers=workers))
        return self._table(played, self._measures.computable(self._setting.fitness), recorded=False)

    def film(
        self,
        path: str | os.PathLike[str],
        *,
        episode: int | None = None,
        purpose: str | None = None,
        seed: int | None = None,
        overlay: bool = False,
        start: float = 0.0,
        end: float | None = None,
        resolution: str = "640x480",
        force: bool = False,
    ) -> Film:
        """Write a film of an episode, after its replay was verified against the record.

        Args:
            path: File to write, .mp4 or .gif.
            episode: Number of the recorded episode. None: the first one.
            purpose: ``training``, ``validation`` or ``held_out``. None: held out if there are such episodes.
            seed: Seed of an episode, recorded or not, in place of `episode`.
            overlay: Whether to draw observations and actions.
            start: Start of the film, in seconds of game time.
            end: End of the film, in seconds of game time. None: the end of the episode.
            resolution: ``640x480``, ``800x600``, ``1024x768``, ``1280x960`` or ``1600x1200``.
            force: Whether to replace an existing file.

        Returns:
            The film, with its path, frames, size and rate.

        Raises:
            ConfigError: An argument is not valid, the file exists, or the agent cannot be played here.
            EpisodeNotFound: The agent has not finished the episode.
            ReplayDiffers: The replayed episode differs from its record.
            PolicyFailed: The policy failed.
            InfrastructureFailed: The engine crashed, or a remote agent is gone or late.
        """
        from clau_doom.app import replay  # noqa: PLC0415 - packages for drawing, which decisions do not need

        if episode is not None and seed is not None:
            raise ConfigError("episode and seed exclude each other: omit one")
        if end is not None and end <= start:
            raise ConfigError(f"end {end:g} is not after start {start:g}: choose a later end")
        target, size = Path(path), replay.to_size(resolution)
        check_target(target, force=force)
        chosen = None if purpose is None else replay.to_purpose(purpose)
        of_seed = None if seed is None else check_seed(seed)
        choice = select_episode(self._agent, purpose=chosen, number=episode, seed=of_seed)
        actions = None if self._stored_in is None else run_blocking(replay.stored_actions(choice, self._stored_in))
        plan = replay.plan_replay(self._setting, choice, actions, address=self._address)
        clip = Clip(start=start, end=end)
        return replay.film_replay(plan, replay.verify(plan), target, size, overlay=overlay, clip=clip)

    def __repr__(self) -> str:
        """Return id, scenario and policy."""
        policy = "random" if self._agent.baseline else kind_label(self._setting.policy)
        return f"<agent {self.id}: {policy} policy in {self.scenario.name}>"

    def _repr_html_(self) -> str:
        """Return a table for notebooks; genes are shown if they are stored."""
        return agent_html(self._setting, self._agent)

    def _table(self, episodes: Sequence[Episode], fitness: Fitness | None, *, recorded: bool) -> Table:
        from clau_doom.app.experiment_tables import agent_episodes_table  # noqa: PLC0415 - pyarrow

        return Table(agent_episodes_table(episodes, fitness, recorded=recorded), name="episodes")

    @cached_property
    def _measures(self) -> ReplayMeasures:
        return load_replay_measures(self._setting).logged(self.id)

    @cached_property
    def _scenario(self) -> Scenario:
        setting = self._setting
        inputs = StoredInputs(setting.inputs) if setting.inputs else None
        return stored_scenario(setting.scenario, setting.provenance, inputs, replaying=True)

    @property
    def _config(self) -> PolicyConfig:
        return RandomPolicyConfig() if self._agent.baseline else with_address(self._setting.policy, self._address)

    @cached_property
    def _policy(self) -> Policy:
        config = self._config
        if self._setting.contained and isinstance(config, CustomPolicyConfig):
            self._trust.check(config, f"{self.id}, whose experiment ran its policy in containers,")
        with importing_from(self._setting.import_paths):
            return make_policy(config, self.facts)

    @cached_property
    def _checked(self) -> ActionCheck:
        return ActionCheck(len(self.facts.buttons), self.facts.frame_skip)

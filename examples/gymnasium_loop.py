"""Play a champion in a Gymnasium loop, and compare the outcome with the record of its run.

    python examples/gymnasium_loop.py examples/champions/defend_the_center.json

The extra `clau-doom[gymnasium]` is required. The seed and the actions decide an episode, so the return of the loop is
the return of the record.
"""

import sys
from pathlib import Path

import clau_doom as cd

CHAMPION = Path(__file__).parent / "champions/defend_the_center.json"


def main(file: Path) -> None:
    """Play the first three recorded episodes of an agent file."""
    agent = cd.load_agent(file)
    env = agent.make_env()
    for record in agent.episodes[:3]:
        observation, info = env.reset(seed=record["seed"])
        agent.reset(seed=record["seed"])
        returned, over = 0.0, False
        while not over:
            action = agent.act(observation)
            observation, reward, terminated, truncated, info = env.step(action)
            returned += reward
            over = terminated or truncated
        same = info["trajectory_sha256"] == record["trajectory_sha256"]
        print(  # noqa: T201 - output of the example
            f"seed {record['seed']}: return {returned:g} (record: {record['reward']:g}), "
            f"{info['kills']:g} kills, ended by {info['end']}, same trajectory: {same}"
        )
    env.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else CHAMPION)

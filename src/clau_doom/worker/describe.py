"""Description of an image's policy: ``python -m clau_doom.worker.describe``, run once in a container.

The orchestrator plans a run with the printed description, so that it does not import untrusted code.
"""

import base64
import os
import sys

from pydantic import TypeAdapter

from clau_doom.config import PolicyConfig
from clau_doom.error_description import describe
from clau_doom.errors import ClauDoomError
from clau_doom.policies import make_policy, source_facts
from clau_doom.ports import ScenarioFacts
from clau_doom.protos.claudoom.agent.v1 import agent_pb2 as pb
from clau_doom.wire.agent_service import DESCRIBED, describe_response

_POLICY: TypeAdapter[PolicyConfig] = TypeAdapter(PolicyConfig)


def main() -> None:
    """Print the description as one line of base64 after a marker, or print the error."""
    config = _POLICY.validate_json(os.environ["CLAU_DOOM_POLICY"])
    scenario = pb.Scenario.FromString(base64.b64decode(os.environ["CLAU_DOOM_SCENARIO"]))
    try:
        policy = make_policy(config, _facts(scenario))
        sources = dict(source_facts(config, policy))
        message = describe_response(policy.space, policy.needs, version=sources["source.policy"])
    except ClauDoomError as error:
        sys.exit(describe(error))
    print(f"{DESCRIBED}{base64.b64encode(message.SerializeToString()).decode()}")  # noqa: T201 - read by the orchestrator


def _facts(scenario: pb.Scenario) -> ScenarioFacts:
    return ScenarioFacts(
        name=scenario.name,
        buttons=tuple(scenario.buttons),
        variables=tuple(scenario.variables),
        frame_skip=scenario.frame_skip,
        timeout=scenario.timeout,
        resolution=(scenario.width, scenario.height),
        doom_skill=scenario.doom_skill,
    )


if __name__ == "__main__":
    main()

"""What a policy does is the same on every processor: kernels and vector units must not show."""

import os
import subprocess
import sys
from pathlib import Path

_SCRIPT = """
from clau_doom.config import NeuralPolicyConfig, RulesPolicyConfig
from clau_doom.policies import make_policy
from clau_doom.ports import ScenarioFacts
from clau_doom.testing.policy_contract import actions_sha256, drawn_genome

facts = ScenarioFacts(
    name="made up",
    buttons=("ATTACK", "TURN_LEFT_RIGHT_DELTA", "MOVE_LEFT_RIGHT_DELTA", "MOVE_FORWARD_BACKWARD_DELTA"),
    variables=("HEALTH", "SELECTED_WEAPON_AMMO", "ATTACK_READY", "POSITION_X", "POSITION_Y", "ANGLE"),
    frame_skip=4,
    timeout=2100,
    resolution=(160, 120),
    doom_skill=3,
)
for config in (NeuralPolicyConfig(layers=(32, 16), bins=15, screen=(20, 15)), RulesPolicyConfig()):
    policy = make_policy(config, facts)
    for seed in range(4):
        print(actions_sha256(policy, facts, drawn_genome(policy.space, seed), seed, 100))
"""
_NEEDED = {"Prescott": "pni", "Nehalem": "sse4_2", "Haswell": "avx2", "Zen": "avx2", "SkylakeX": "avx512bw"}


def _flags() -> frozenset[str]:
    cpuinfo = Path("/proc/cpuinfo")
    return frozenset(cpuinfo.read_text().split()) if cpuinfo.exists() else frozenset()


def _hashes(**environment: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _SCRIPT],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return done.stdout.split()


def test_trajectories_do_not_depend_on_the_processor() -> None:
    """Neural and rules policies act alike under every OpenBLAS core type, and without NumPy's vector code.

    The scenario has buttons that take a number, so that the last bit of what is computed shows in the action.
    A processor that is no x86 offers none of the core types; the comparison without vector code is then all there is.
    """
    cores = [core for core, flag in _NEEDED.items() if flag in _flags()]
    plain = _hashes()
    assert len(set(plain)) == len(plain) == 8
    for core in cores:
        assert _hashes(OPENBLAS_CORETYPE=core) == plain
    assert _hashes(NPY_DISABLE_CPU_FEATURES="AVX2 FMA3 AVX512F AVX512_SKX") == plain

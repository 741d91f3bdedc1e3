"""A history is the same on every processor: kernels, vector units and libm variants must not show.

Policies decide actions, and strategies make genomes; both run in processes with other kernels.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

_POLICIES = """
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
_STRATEGIES = """
import hashlib, math
from clau_doom.config import CmaEsConfig, GeneticConfig, MapElitesConfig, RandomSearchConfig
from clau_doom.domain import Gene, GenomeSpace
from clau_doom.evolution import Result, make_steady_state, make_strategy

mixed = [Gene.real(f"x{i}", -3.0, 7.0 + i) for i in range(12)] + [Gene.integer("n", 0, 9), Gene.choice("c", "abc")]
spaces = [GenomeSpace(tuple(mixed)), GenomeSpace(tuple(Gene.real(f"w{i}", -4.0, 4.0) for i in range(240)))]
genetic = [GeneticConfig(shrink=False), GeneticConfig(shrink=True)]
configs = [CmaEsConfig(), *genetic, MapElitesConfig(), RandomSearchConfig()]


def result(values):
    loss = math.fsum((v - 0.3 * u) * (v - 0.3 * u) for u, v in zip(values, values[1:]))
    return Result(-loss, None, 1 + round(1_000.0 * loss) % 4, loss * loss)


for config in configs:
    for space in spaces:
        strategy, digest = make_strategy(config, space, population=14, seed=5), hashlib.sha256()
        for _ in range(25):
            asked = [offspring.genome.values for offspring in strategy.ask()]
            digest.update(repr(asked).encode())
            strategy.tell([result(values) for values in asked])
        print(digest.hexdigest())
"""
# OpenBLAS core types, and the processor's flag that each of them needs.
_KERNELS = {"Prescott": "pni", "Nehalem": "sse4_2", "Haswell": "avx2", "Zen": "avx2", "SkylakeX": "avx512bw"}


def _flags() -> frozenset[str]:
    cpuinfo = Path("/proc/cpuinfo")
    return frozenset(cpuinfo.read_text().split()) if cpuinfo.exists() else frozenset()


def _processors() -> Iterator[dict[str, str]]:
    """Yield environments that simulate other processors. Processors other than x86 have no core types."""
    for kernel, flag in _KERNELS.items():
        if flag in _flags():
            yield {"OPENBLAS_CORETYPE": kernel}
    dispatched = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
    if dispatched:
        yield {"NPY_DISABLE_CPU_FEATURES": " ".join(dispatched)}
    yield {"GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-FMA,-AVX512F"}


def _hashes(script: str, environment: dict[str, str]) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return done.stdout.split()


@pytest.mark.parametrize("script", [_POLICIES, _STRATEGIES], ids=["policies", "strategies"])
def test_histories_do_not_depend_on_the_processor(script: str) -> None:
    """Policies and strategies give the same results with every kernel, and without vector code.

    The scenario of the policies has delta buttons, so that an action shows each bit of the computation.
    """
    plain = _hashes(script, {})
    assert len(set(plain)) == len(plain) >= 8
    for environment in _processors():
        assert _hashes(script, environment) == plain, environment
